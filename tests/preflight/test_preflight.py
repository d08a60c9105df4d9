"""The look at a study before it runs: what is refused, what is remarked, and that a sound study has neither."""

import gzip
import os
import random
import shutil
from collections import namedtuple
from pathlib import Path

import pandas as pd
import pytest
from pyarrow import feather

from scripts.base.files import sha256_of
from scripts.preflight import check_study, inspect_study
from scripts.preflight.page import page
from scripts.study.load import load_study

GENES = [f"GENE{i}" for i in range(60)]
DATABASE = "hg38_10kbp_v10_clust.feather"
MOTIFS = "#motif_id\tgene_name\tmotif_similarity_qvalue\torthologous_identity\tdescription\n"
DIRECT = "\t0.0\t1.0\tgene is directly annotated\n"


def fastq(lane: str, mate: int, length: int, reads: int = 50) -> bytes:
    """Return the reads of one mate."""
    return b"".join(
        b"@%b:%d %d:N:0\n%b\n+\n%b\n" % (lane.encode(), i, mate, b"ACGT" * (length // 4), b"F" * (length // 4 * 4))
        for i in range(reads)
    )


def write_study(draft) -> None:
    """Write every file that the draft names: small, and right."""
    folder = draft.folder
    for name in ("reads", "data"):
        (folder / name).mkdir()
    for lane in ("a_L001", "a_L002", "b_L001"):
        for mate, length in ((1, 28), (2, 92)):
            (folder / "reads" / f"{lane}_R{mate}.fastq.gz").write_bytes(gzip.compress(fastq(lane, mate, length)))
    for sample in ("B_untreated", "B_AC"):
        (folder / "data" / f"{sample}.h5ad").write_bytes(inspect_study.HDF5 + bytes(100))
    (folder / "data" / "B.tsv").write_text("gene\tcontrol1\ttreated1\nGENE1\t1\t2\n")
    gtf = '1\tx\tgene\t1\t9\t.\t+\t.\tgene_id "{0}"; gene_name "{0}";\n'
    for species, genes in (("human", GENES[:40]), ("mouse", [gene.capitalize() for gene in GENES])):
        (folder / f"{species}.fa.gz").write_bytes(gzip.compress(b">1\nACGT\n"))
        (folder / f"{species}.gtf.gz").write_bytes(gzip.compress(("#!x\n" + "".join(map(gtf.format, genes))).encode()))
    for name in (DATABASE, "hg38_500bp_v10_clust.feather"):
        table = pd.DataFrame({gene: range(3) for gene in GENES}).assign(motifs=["m1", "m2", "m3"])
        feather.write_feather(table, folder / name)
    (folder / "motifs-v10nr_clust-nr.hgnc-m0.001-o0.0.tbl").write_text(f"{MOTIFS}m1\tGENE1{DIRECT}m9\tGENE2{DIRECT}")
    (folder / "allTFs_hg38.txt").write_text("GENE1\nGENE2\n")
    draft.set("regulons.rank_threshold", 20)
    draft.set("regulons.auc_threshold", 0.1)
    draft.set("regulons.min_groups", 2)


@pytest.fixture
def study(draft, monkeypatch):
    """Return a function that looks at the study as it is by then."""
    write_study(draft)
    monkeypatch.chdir(draft.folder)
    return lambda: load_study(draft.write(), check_files=False)


def test_a_sound_study_has_nothing_refused(study):
    found = inspect_study.inspect(study())
    assert {finding.verdict for finding in found} == {"ok"}
    subjects = {finding.check: finding.subject for finding in found}
    assert list(subjects) == ["reads", "matrices", "genomes", "databases", "thresholds"]
    said = {(finding.check, finding.subject): finding.message for finding in found}
    assert said["reads", "A_untreated L002"].startswith("28 + 92 bp")
    # Two factors are listed and one has a motif of the databases; they rank all of the annotation's genes.
    assert said["databases", "together"] == (
        "1 of 2 factors have a motif; 100% of the annotation's first 40 genes are ranked"
    )


def cut(path: Path) -> None:
    """Cut a file in its middle."""
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


BROKEN = {
    "cut read": ("reads/a_L002_R2.fastq.gz", cut, "reads", "truncated, the gzip stream ends early"),
    "not gzip": ("reads/b_L001_R1.fastq.gz", lambda p: p.write_bytes(fastq("b", 1, 28)), "reads", "not gzip although"),
    "other lane": (
        "reads/a_L001_R2.fastq.gz",
        lambda p: shutil.copy(p.parent / "b_L001_R2.fastq.gz", p),
        "reads",
        "names differ (a_L001:0 and b_L001:0)",
    ),
    "gone": ("reads/a_L001_R1.fastq.gz", Path.unlink, "reads", "no such file"),
    "empty matrix": ("data/B_AC.h5ad", lambda p: p.write_bytes(b""), "matrices", "the file is empty"),
    "no HDF5": ("data/B_AC.h5ad", lambda p: p.write_bytes(b"x"), "matrices", "not an HDF5 file"),
    "no FASTA": ("human.fa.gz", lambda p: p.write_bytes(gzip.compress(b"ACGT\n")), "genomes", "doesn't begin with '>'"),
    "no GTF": ("mouse.gtf.gz", lambda p: p.write_bytes(gzip.compress(b">1\n")), "genomes", "nine columns of a GTF"),
    "mouse as graft": (
        "human.gtf.gz",
        lambda p: shutil.copy(p.parent / "mouse.gtf.gz", p),
        "databases",
        "of its first 60 genes (Gene0, Gene1, Gene2 …) the databases rank 0%",
    ),
    "no gene in an annotation": (
        "human.gtf.gz",
        lambda p: p.write_bytes(gzip.compress(b"1\tx\texon\t1\t9\t.\t+\t.\tID=1\n")),
        "databases",
        "no gene_id in its first lines; give a GTF",
    ),
    "no database": (DATABASE, lambda p: p.write_bytes(b"x" * 99), "databases", "can't be read as a Feather file"),
    "other motifs": (
        "motifs-v10nr_clust-nr.hgnc-m0.001-o0.0.tbl",
        lambda p: p.write_text(f"{MOTIFS}m8\tGENE1{DIRECT}"),
        "databases",
        "none of its motifs (m8 …) is in the databases",
    ),
}


@pytest.mark.parametrize(("path", "harm", "check", "words"), BROKEN.values(), ids=BROKEN.keys())
def test_a_broken_file_is_refused_by_name(draft, study, path, harm, check, words):
    harm(draft.folder / path)
    refused = [finding for finding in inspect_study.inspect(study()) if finding.verdict != "ok"]
    # One library's file holds up that library alone.
    assert [(f.check, f.verdict) for f in refused] == [
        (check, "broken" if check in ("reads", "matrices") else "refused")
    ]
    assert words in refused[0].message
    assert "\n" not in refused[0].message


def test_genes_go_by_their_identifier_where_an_annotation_names_none(draft, study):
    """As NCBI writes them, with `gene` for a name, and UCSC, without a line per gene."""
    line = '1\tx\texon\t1\t9\t.\t+\t.\tgene_id "{0}"; transcript_id "T"; gene "{0}";\n'
    (draft.folder / "human.gtf.gz").write_bytes(gzip.compress("".join(map(line.format, GENES[:30])).encode()))
    (said,) = (finding for finding in inspect_study.inspect(study()) if finding.subject == "together")
    assert said.verdict == "ok" and "100% of the annotation's first 30 genes are ranked" in said.message


def test_an_annotation_that_ends_early_is_told_in_one_line(draft, study):
    """Its beginning is sound; the end is missed when its genes are looked for."""
    path = draft.folder / "human.gtf.gz"
    lines = gzip.decompress(path.read_bytes()) + b"".join(
        b"#%032x\n" % random.Random(i).getrandbits(128) for i in range(9999)
    )
    path.write_bytes(gzip.compress(lines)[:-2000])
    refused = [finding for finding in inspect_study.inspect(study()) if finding.verdict != "ok"]
    assert [finding.check for finding in refused] == ["databases"]
    assert "human.gtf.gz: can't be read" in refused[0].message and "\n" not in refused[0].message


def test_a_wrong_sum_and_ranks_beyond_the_database_are_refused(draft, study):
    right = sha256_of(draft.folder / DATABASE)
    draft.set("regulons.databases.0.sha256", right)
    assert "SHA-256 as given" in str(inspect_study.inspect(study()))
    draft.set("regulons.databases.0.sha256", right[::-1])
    draft.set("regulons.rank_threshold", 60)
    refused = [f.message for f in inspect_study.inspect(study()) if f.verdict == "refused"]
    assert len(refused) == 1 and f"SHA-256 is {right}" in refused[0]
    draft.set("regulons.databases.0.sha256", ...)
    refused = [f.message for f in inspect_study.inspect(study()) if f.verdict == "refused"]
    assert len(refused) == 1 and "60 ranks of 60 genes" in refused[0]


def test_networks_and_gene_sets_must_name_the_study_s_genes(draft, study):
    """Symbols are taken; UniProt or Ensembl identifiers, a list that is missing, and a workbook are refused by name."""
    (draft.folder / "net.tsv").write_text("source\ttarget\tmor\nGENE1\tGENE2\t1\nGENE1\tGENE3\t-1\n")
    (draft.folder / "sets.gmt").write_text("A\thttp\tGENE1\tGENE2\n")
    draft.set("activity", {"network": {"path": "net.tsv"}})
    draft.set("expression", {"gene_sets": [{"path": "sets.gmt"}]})

    def said() -> list[tuple[str, str]]:
        return [(f.verdict, f.message) for f in inspect_study.inspect(study()) if f.check == "gene lists"]

    assert said() == [
        ("ok", "1 sets; 100% of the genes are known to the annotation"),
        ("ok", "1 factors, 2 edges; 100% of the genes are known to the annotation"),
    ]
    (draft.folder / "net.tsv").write_text("source\ttarget\tmor\nP1\tP2\t1\nP1\tP3\t-1\n")
    (draft.folder / "sets.gmt").unlink()
    (sets, network) = said()
    assert sets == ("refused", sets[1]) and "gene_sets[0].path: there is no 'sets.gmt'; correct the path" in sets[1]
    assert network[0] == "refused" and "net.tsv: has 0% of its genes in common with the annotation" in network[1]
    (draft.folder / "net.tsv").write_bytes(b"PK\x03\x04\x14\x00")
    assert "net.tsv: not text in UTF-8 (an Excel workbook" in said()[1][1]


def test_rankings_perturbations_and_labels_are_read_before_the_run(draft, study):
    """They are read late by their stages; a mistake would show after hours."""
    texts = {"own.tsv": "tf\tscore\nA\t1\nB\tinf\n", "p.tsv": "gene\tlog_fc\nGENE1\t1\nGENE2\t-1\n"}
    texts["labels.tsv"] = "sample\tbarcode\tlabel\nA_untreated\tAAAC\tT cell\nA-untreated\tAAAG\tB cell\n"
    for name, text in texts.items():
        (draft.folder / name).write_text(text)
    draft.set("published", {"regulators": [{"path": "own.tsv"}]})
    entry = {"name": "x", "factor": "FOSL1", "direction": "gain", "table": {"path": "p.tsv"}}
    draft.set("perturbations", [entry])
    draft.set("cells.annotation", "labels.tsv")

    def said() -> list[tuple[str, str]]:
        return [
            (f.verdict, f.message) for f in inspect_study.inspect(study()) if f.check in ("gene lists", "annotation")
        ]

    found = dict(enumerate(said()))
    assert sorted(verdict for verdict, _ in found.values()) == ["ok", "refused", "refused"]
    messages = " | ".join(message for _, message in found.values())
    assert "own.tsv, row 3, column score: 'inf' is not a finite number" in messages
    assert "2 genes with a change" in messages
    assert "labels.tsv, column sample: 'A-untreated' is not a library of the study; correct it" in messages
    draft.set("perturbations", [{**entry, "p_column": "padj"}])
    assert any("p.tsv (perturbation x), row 1: has no column padj" in message for _, message in said())


def test_a_small_disk_is_remarked_and_a_large_one_told(study, monkeypatch):
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage(0, 0, 10**6))
    finding, free = inspect_study.look_at_disk(study(), Path("."))
    assert finding.verdict == "note" and "1.0 MB are free" in finding.message and not free
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage(0, 0, 10**15))
    finding, free = inspect_study.look_at_disk(study(), Path("."))
    # What is free differs from time to time, and stays out of the table of findings.
    assert finding.verdict == "ok" and "free" not in finding.message and free == "1000000.0 GB are free"


def test_what_lies_in_the_results_is_weighed_while_other_jobs_write(tmp_path, monkeypatch):
    """Links to databases take no room, and a file that has gone by the time it is looked at is no error."""
    (tmp_path / "cells").mkdir()
    (tmp_path / "cells" / "a.h5ad").write_bytes(bytes(1000))
    (tmp_path / "db.feather").write_bytes(bytes(10**6))
    (tmp_path / "cells" / "link.feather").symlink_to(tmp_path / "db.feather")
    monkeypatch.setattr(os, "walk", lambda _: [(str(tmp_path / "cells"), [], ["a.h5ad", "link.feather", "gone"])])
    assert inspect_study.taken_by(tmp_path) == 1000


def test_room_is_asked_for_as_many_libraries_as_are_counted_at_once(study, monkeypatch):
    """What lies in the results already isn't asked for again."""
    given = study()
    monkeypatch.setattr(inspect_study, "estimate_disk", lambda _: (5e9, 1e9))
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage(0, 0, 7e9))
    assert [inspect_study.look_at_disk(given, Path("."), n)[0].verdict for n in (1, 2, 3)] == ["ok", "ok", "note"]
    assert (
        "1.0 GB for each library while it is counted (3 at once)"
        in inspect_study.look_at_disk(given, Path("."), 3)[0].message
    )
    monkeypatch.setattr(inspect_study, "taken_by", lambda _: 2e9)
    assert inspect_study.look_at_disk(given, Path("."), 3)[0].verdict == "ok"


def test_the_page_says_what_runs_and_what_can_not_be_answered(draft, study):
    draft.set("regulons.min_groups", 1)
    given = study()
    findings = [*inspect_study.inspect(given), inspect_study.look_at_disk(given, Path("."))[0]]
    text = page(given, findings, inspect_study.design_of(given), {"reads": 7, "counts": 4}, "9 GB", "out")
    assert "4 libraries (2 from reads, 3 lanes; 2 from count matrices) of 2 models; 2 profiles" in text
    assert "Checked: 3 lanes, 3 matrices or tables of counts, 4 genome files, " in text and "things" not in text
    assert "What will run: 11 jobs" in text and "     7 reads" in text
    assert "persister vs untreated, cisplatin: 1 model (1 with single cells)" in text
    assert "with 2 models sign flips cannot give a family-wise error below 0.5" in text
    assert "note: thresholds, consensus: an edge needs 3 of 5 seeds and 1 of 2 models: one of the models is" in text


def test_jobs_are_counted_by_stage():
    table = "job         count\n--------  -------\nkeep         3\ncount        2\nall          1\ntotal        6\n"
    said = f"Building DAG of jobs...\nJob stats:\n{table}\nReasons:\n"
    jobs = check_study.jobs_of(said)
    assert jobs == {"keep": 3, "count": 2, "all": 1}
    assert check_study.count_jobs(jobs, {"count": "counts", "keep": "cells"}) == {"counts": 2, "cells": 3}
    assert check_study.jobs_of("Nothing to be done.") == {}


def test_cells_of_one_species_are_remarked_on_and_a_cell_line_is_not(draft, study):
    draft.set("references.host", None)
    (said,) = (finding for finding in inspect_study.inspect(study()) if finding.check == "composition")
    assert said.verdict == "note" and said.message.startswith("4 libraries hold cells of one species")
    draft.set("cells.composition", "pure")
    assert "composition" not in {finding.check for finding in inspect_study.inspect(study())}


def test_without_databases_the_study_is_said_to_end_at_expression(draft, study):
    draft.set("regulons", {})
    (said,) = (finding for finding in inspect_study.inspect(study()) if finding.check == "databases")
    assert said.verdict == "note" and "`snakemake expression` is the last target" in said.message


def test_a_study_of_matrices_has_neither_lanes_nor_room_for_counting(draft, study):
    """Nothing is said of reads that there aren't."""
    head, *rows = draft.samples.splitlines(keepends=True)
    draft.samples = "".join([head, *(row for row in rows if "data/" in row)])
    draft.units = draft.units.splitlines(keepends=True)[0]
    draft.set("regulons.min_groups", 1)
    given = study()
    finding, free = inspect_study.look_at_disk(given, Path("."))
    text = page(given, [finding], inspect_study.design_of(given), {}, free, "out")
    assert "2 libraries (2 from count matrices)" in text
    assert "lane" not in text and "counted" not in text and "0.0" not in text.split("What the design")[0]

"""Both counters on reads of a few transcripts whose true molecules are known."""

from __future__ import annotations

import gzip
import json
import random
import shutil
import subprocess
from types import SimpleNamespace

import anndata
import numpy as np
import pandas as pd
import pytest

from scripts.base.job import UserError
from scripts.counts import audit_bam, audit_bus, collect_counts, count_kb, count_starsolo
from scripts.reads import check_reads
from scripts.references import index_star
from scripts.references.barcodes import distinct, pack, unpack

GENES = ["H_A", "H_B", "M_C"]
SPECIES = ["graft", "graft", "host"]
CHEMISTRIES = ["v2", "v3"]


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    """Return reference, reads of two lanes and the true counts: 40 barcodes, 1 to 3 reads a molecule, one in 20
    barcodes misread in a base.
    """
    folder = tmp_path_factory.mktemp("library")
    rng = random.Random(11)
    bases = lambda n: "".join(rng.choice("ACGT") for _ in range(n))  # noqa: E731
    transcripts = {gene: bases(600) for gene in GENES}
    # Each gene has a contig of its own with 200 bp around it.
    flanks = {gene: (bases(200), bases(200)) for gene in GENES}
    (folder / "genome.fa").write_text(
        "".join(f">{g}c\n{flanks[g][0]}{t}{flanks[g][1]}\n" for g, t in transcripts.items())
    )
    (folder / "transcripts.fa").write_text("".join(f">t{g}\n{t}\n" for g, t in transcripts.items()))
    (folder / "annotation.gtf").write_text(
        "".join(
            f'{g}c\tx\texon\t201\t800\t.\t+\t.\tgene_id "{g}"; transcript_id "t{g}"; gene_name "{g}";\n' for g in GENES
        )
    )
    (folder / "t2g.txt").write_text("".join(f"t{g}\t{g}\t{g}\n" for g in GENES))
    pd.DataFrame({"gene_id": GENES, "symbol": [g[2:] for g in GENES], "species": SPECIES, "mitochondrial": 0}).to_csv(
        folder / "genes.tsv", sep="\t", index=False
    )
    # Barcodes that differ in many bases, so that a misread one has one neighbour on the list.
    whitelist = [bases(16) for _ in range(2000)]
    np.save(folder / "v3.npy", distinct(pack(np.array(whitelist, dtype="S16"))[0]))
    np.save(folder / "v2.npy", distinct(pack(np.array([bases(16) for _ in range(10)], dtype="S16"))[0]))
    cells = whitelist[:40]
    truth = pd.DataFrame(0, index=sorted(cells), columns=GENES)
    pairs = []
    for cell in cells:
        for gene in GENES:
            for umi in {bases(12) for _ in range(rng.randrange(0, 6))}:
                truth.loc[cell, gene] += 1
                for copy in range(rng.randrange(1, 4)):
                    start = rng.randrange(0, 510)
                    read = list(cell)
                    # The first copy is read right, so that every cell's barcode is seen exactly, as STAR asks.
                    if copy and rng.random() < 0.15:
                        at = rng.randrange(16)
                        read[at] = {"A": "C", "C": "G", "G": "T", "T": "A"}[read[at]]
                    pairs.append(("".join(read) + umi, transcripts[gene][start : start + 90]))
    pairs += [(whitelist[50] + bases(12), bases(90)) for _ in range(30)]
    rng.shuffle(pairs)
    half = len(pairs) // 2
    for lane, part in (("1", pairs[:half]), ("2", pairs[half:])):
        for mate in (0, 1):
            text = "".join(f"@l{lane}r{i}\n{p[mate]}\n+\n{'F' * len(p[mate])}\n" for i, p in enumerate(part))
            (folder / f"L{lane}_R{mate + 1}.fq.gz").write_bytes(gzip.compress(text.encode()))
        seen = check_reads.check_pair(*(str(folder / f"L{lane}_R{mate}.fq.gz") for mate in "12"))
        (folder / f"L{lane}.check.json").write_text(json.dumps({"unit": lane, **seen}))
    (folder / "chemistry.json").write_text(
        json.dumps({"chemistry": "v3", "kb": "10XV3", "barcode_length": 16, "umi_length": 12})
    )
    return SimpleNamespace(folder=folder, truth=truth[truth.sum(axis=1) > 0], pairs=len(pairs), reads=len(pairs) - 30)


def inputs(library, **more):
    """Return what both counters are given."""
    folder = library.folder
    return {
        "chemistry": folder / "chemistry.json",
        "whitelists": [folder / f"{name}.npy" for name in CHEMISTRIES],
        "checks": [folder / f"L{lane}.check.json" for lane in "12"],
        "fq1": [folder / f"L{lane}_R1.fq.gz" for lane in "12"],
        "fq2": [folder / f"L{lane}_R2.fq.gz" for lane in "12"],
        **more,
    }


PARAMS = {
    "chemistries": CHEMISTRIES, "introns": False, "strand": "auto", "sample_reads": 100_000, "max_short_read1": 0.05
}  # fmt: skip
RAW = {"matrix": "m.mtx", "barcodes": "b.txt", "features": "f.txt", "info": "info", "library": "library.json"}


def collect(library, make_job, aligner, tmp_path):
    """Bring raw counts into the contract; return the AnnData."""
    job = make_job(
        input={name: tmp_path / RAW[name] for name in ("matrix", "barcodes", "features", "library")}
        | {"chemistry": library.folder / "chemistry.json", "genes": library.folder / "genes.tsv"},
        output={"_": [tmp_path / "c.h5ad"]},
        params={"aligner": aligner},
        wildcards={"sample": "S"},
    )
    collect_counts.main(job)
    return anndata.read_h5ad(tmp_path / "c.h5ad")


def check(library, counts, report):
    """Compare counts and audit with the truth."""
    found = pd.DataFrame(counts.X.toarray(), index=counts.obs_names, columns=counts.var_names)
    pd.testing.assert_frame_equal(found, library.truth, check_dtype=False, check_names=False)
    umis = {"graft": int(library.truth[GENES[:2]].to_numpy().sum()), "host": int(library.truth[GENES[2]].sum())}
    assert report["umis_per_species"] == umis
    assert report["reads"] == library.pairs
    assert report["reads_mapped"] == report["reads_valid_barcode"] == report["reads_in_genes"] == library.reads
    assert sum(report["reads_per_species"].values()) == library.reads and report["reads_per_species"]["both"] == 0
    assert report["sequencing_saturation"] == pytest.approx(1 - sum(umis.values()) / library.reads, abs=1e-6)


@pytest.mark.parametrize("threads", [1, 2])
def test_kb_finds_every_molecule(library, tmp_path, make_job, threads):
    """All true counts, misread barcodes corrected, on one thread or two."""
    index = tmp_path / "kb.idx"
    command = [
        count_kb.find_tool("kallisto"),
        "index",
        "-i",
        index,
        "-T",
        tmp_path / "tmp",
        library.folder / "transcripts.fa",
    ]
    subprocess.run(command, check=True, capture_output=True)
    output = {"bus": "o.bus", "ec": "ec", "transcripts": "t.txt", **RAW}
    job = make_job(
        input=inputs(library, index=index, t2g=library.folder / "t2g.txt"),
        output={name: tmp_path / file for name, file in output.items()},
        params=PARAMS,
        wildcards={"sample": "S"},
        threads=threads,
    )
    count_kb.main(job)
    counts = collect(library, make_job, "kb", tmp_path)
    audit_bus.main(
        make_job(
            input={"counts": tmp_path / "c.h5ad", "t2g": library.folder / "t2g.txt"}
            | {name: tmp_path / output[name] for name in ("bus", "ec", "transcripts", "info", "library")},
            output={"audit": tmp_path / "a.json", "saturation": tmp_path / "s.tsv"},
            params={"expected_cells": 10},
            wildcards={"sample": "S"},
        )
    )
    check(library, counts, json.loads((tmp_path / "a.json").read_text()))


@pytest.mark.skipif(shutil.which("STAR") is None, reason="STAR is not installed")
def test_starsolo_finds_every_molecule(library, tmp_path, make_job):
    """The same truth through the other counter; the BAM is kept with its tags."""
    job = make_job(
        input={"fasta": library.folder / "genome.fa", "gtf": library.folder / "annotation.gtf"},
        output={"index": tmp_path / "star"},
        params={"sjdb_overhang": 100},
    )
    index_star.main(job)
    job = make_job(
        input=inputs(library, index=tmp_path / "star"),
        output={name: tmp_path / file for name, file in {"bam": "a.bam", **RAW}.items()},
        params=PARAMS,
        wildcards={"sample": "S"},
        threads=2,
    )
    count_starsolo.main(job)
    counts = collect(library, make_job, "starsolo", tmp_path)
    audit_bam.main(
        make_job(
            input={
                "counts": tmp_path / "c.h5ad",
                "chemistry": library.folder / "chemistry.json",
                "bam": tmp_path / "a.bam",
            }
            | {"info": tmp_path / "info", "library": tmp_path / "library.json"},
            output={"audit": tmp_path / "a.json", "saturation": tmp_path / "s.tsv"},
            params={"prefixes": {"graft": "H_", "host": "M_"}, "expected_cells": 10},
            wildcards={"sample": "S"},
        )
    )
    check(library, counts, json.loads((tmp_path / "a.json").read_text()))


def test_reads_of_nothing_are_an_error(library, tmp_path, make_job):
    """The message asks whether reads and references are of one species."""
    (tmp_path / "t.fa").write_text(">t\n" + "ACGGTCATTGCA" * 20 + "\n")
    command = [
        count_kb.find_tool("kallisto"),
        "index",
        "-i",
        tmp_path / "kb.idx",
        "-T",
        tmp_path / "tmp",
        tmp_path / "t.fa",
    ]
    subprocess.run(command, check=True, capture_output=True)
    job = make_job(
        input=inputs(library, index=tmp_path / "kb.idx", t2g=library.folder / "t2g.txt"),
        output={name: tmp_path / name for name in ("bus", "ec", "transcripts", *RAW)},
        params=PARAMS,
        wildcards={"sample": "S"},
    )
    with pytest.raises(UserError, match="sample S: no read maps to the references"):
        count_kb.main(job)


def test_the_whitelist_is_reduced_only_where_that_is_quicker():
    """Beyond the limit bustools reads all of it."""
    rng = np.random.default_rng(0)
    whitelist = distinct(rng.integers(0, 2**32, 10_000, dtype=np.uint32))
    observed = whitelist[:50] ^ np.uint32(1)
    reduced = count_kb.choose_whitelist(observed, whitelist, limit=100)
    assert set(whitelist[:50]) <= set(reduced) < set(whitelist)
    assert count_kb.choose_whitelist(observed, whitelist, limit=10) is whitelist
    assert len(unpack(reduced)) == len(reduced)


def test_the_sort_buffer_has_the_size_of_the_file(tmp_path):
    """Room for all, but never more than the job has."""
    path = tmp_path / "a.bus"
    path.write_bytes(bytes(10_000_000))
    assert count_kb.sort_memory(path, 4000) == "84M"
    assert count_kb.sort_memory(path, 70) == "70M"
    path.write_bytes(b"")
    assert count_kb.sort_memory(path, 10) == "64M"


def test_kallisto_knows_v4_as_v3():
    """kb-python 0.30 hands 10XV4 on as 10XV3."""
    assert [count_kb.kallisto_technology(f"10XV{n}") for n in (2, 3, 4)] == ["10XV2", "10XV3", "10XV3"]

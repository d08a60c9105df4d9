"""Pools: whose a cell is by assignments of other tools and by counts of tags, of known truth; a pool end to end."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import anndata
import h5py
import in_process
import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from scripts.base import job
from scripts.cells import assign_pool, count_tags, fates, tags
from scripts.cells.call_tags import call_tags

TRUTH = ["HTO1"] * 3 + ["HTO2"] * 3
WRITERS = {
    "own": "barcode\ttag\nAAAC\tHTO1\nCCCC\tHTO2\nGGGG\tdoublet\nTTTT\tunassigned\n",
    "comma": "Barcode,Assignment\nAAAC,HTO1\nCCCC,HTO2\nGGGG,Multiplet\nTTTT,Blank\n",
    "vireo": "cell\tdonor_id\tprob_max\nAAAC\tHTO1\t1\nCCCC\tHTO2\t1\nGGGG\tdoublet\t0\nTTTT\tunassigned\t0\n",
    "souporcell": "barcode\tstatus\tassignment\tlog_prob_singleton\nAAAC\tsinglet\tHTO1\t-1\nCCCC\tsinglet\tHTO2\t-1\n"
    "GGGG\tdoublet\tHTO1/HTO2\t-1\nTTTT\tunassigned\tHTO1\t-1\n",
    "demuxlet": "BARCODE\tBEST\tSNG.1ST\nAAAC\tSNG-HTO1\tHTO1\nCCCC\tSNG-HTO2\tHTO2\nGGGG\tDBL-HTO1-HTO2-0.5\tHTO1\n"
    "TTTT\tAMB-HTO1-HTO2\tHTO1\n",
    "popscle": "INT_ID\tBARCODE\tDROPLET.TYPE\tSNG.BEST.GUESS\n0\tAAAC\tSNG\tHTO1\n1\tCCCC\tSNG\tHTO2\n"
    "2\tGGGG\tDBL\tHTO1\n3\tTTTT\tAMB\tHTO1\n",
}


@pytest.mark.parametrize("text", WRITERS.values(), ids=WRITERS)
def test_tables_of_all_tools_say_the_same(tmp_path, text):
    path = tmp_path / "table.tsv"
    path.write_text(text)
    found = tags.read_assignments(path)
    assert found.to_dict() == {"AAAC": "HTO1", "CCCC": "HTO2", "GGGG": fates.TWO, "TTTT": fates.UNASSIGNED}


def check_refusal(path, text: str, said: str, read) -> None:
    """A reader refuses a file with this text by a message that names the file."""
    path.write_text(text)
    with pytest.raises(job.UserError) as refused:
        read(path)
    assert str(refused.value).startswith(f"{path}") and said in str(refused.value)


BAD = {
    "no barcodes": ("name\ttag\nA\tB\n", "row 1: no column of barcodes (name, tag); give a table of barcodes and tags"),
    "no tags": ("barcode\tx\nA\tB\n", "row 1: no column of tags (barcode, x)"),
    "twice": ("barcode\ttag\nA\tB\nA\tC\n", "row 3, column barcode: 'A' occurs twice; keep one row"),
    "empty": ("barcode\ttag\n\tB\n", "row 2, column barcode: is empty"),
    "wide": ("barcode\ttag\nA\tB\tC\n", "row 2: 3 columns, the header has 2; correct it"),
}


@pytest.mark.parametrize("text, said", BAD.values(), ids=BAD)
def test_tables_that_cannot_be_read_are_refused_with_their_row(tmp_path, text, said):
    check_refusal(tmp_path / "table.tsv", text, said, tags.read_assignments)


def test_a_tag_that_the_file_lacks_is_named_with_its_sample(tmp_path):
    with pytest.raises(job.UserError, match=r"no tag 'HTO9' of sample S9 \(it has HTO1, HTO2\); correct column tag"):
        tags.check_tags("table.tsv", {"HTO1": "S1", "HTO9": "S9"}, ["HTO1", "HTO2", "HTO1"])


def test_barcodes_with_and_without_the_number_of_their_well_match():
    cells = pd.Series(["AAAC", "CCCC", "GGGG"])
    labels = pd.Series({"AAAC-1": "HTO1", "CCCC-1": "HTO2", "TTTT-1": "HTO1"})
    assert assign_pool.match(cells, labels, "x").tolist() == ["HTO1", "HTO2", fates.UNASSIGNED]
    with pytest.raises(job.UserError, match="it has 0 of the pool's 3 cells"):
        assign_pool.match(cells, labels.set_axis(["X", "Y", "Z"]), "x")


def simulated_tags(rng, n_tags: int, n_each: int = 120, doublets: int = 25, negative: int = 15):
    """Return counts of tags (cells × tags) and the truth: signal of about 300 over noise of about 10, log-normal."""
    names = [f"HTO{i + 1}" for i in range(n_tags)]
    truth = [name for name in names for _ in range(n_each)] + [fates.TWO] * doublets + [fates.UNASSIGNED] * negative
    counts = rng.poisson(rng.lognormal(np.log(10), 0.4, (len(truth), n_tags)))
    for row, name in enumerate(truth):
        own = [names.index(name)] if name in names else []
        own = rng.choice(n_tags, 2, replace=False) if name == fates.TWO else own
        for column in own:
            counts[row, column] += rng.poisson(rng.lognormal(np.log(300), 0.4))
    index = [f"c{i}" for i in range(len(truth))]
    return pd.DataFrame(counts, index, names), pd.Series(truth, index)


@pytest.mark.parametrize("n_tags", [2, 3, 4, 8])
def test_tags_are_called_as_they_are(n_tags):
    counts, truth = simulated_tags(np.random.default_rng(n_tags), n_tags)
    called = call_tags(counts)
    singles = ~truth.isin([fates.TWO, fates.UNASSIGNED])
    assert (called[singles] == truth[singles]).mean() >= 0.97
    assert (called[truth == fates.TWO] == fates.TWO).mean() >= 0.9
    # A cell of one sample that is given to another harms most: there is none.
    wrong = singles & called.ne(truth) & called.isin(counts.columns)
    assert not wrong.any()


def test_cells_without_any_count_have_no_tag():
    counts, _ = simulated_tags(np.random.default_rng(0), 3)
    counts.iloc[:5] = 0
    assert (call_tags(counts).iloc[:5] == fates.UNASSIGNED).all()
    assert (call_tags(counts.head(3)) == fates.UNASSIGNED).all()


@pytest.mark.parametrize("turned", [False, True])
def test_counts_of_tags_are_read_whichever_way_they_lie(tmp_path, turned):
    counts, _ = simulated_tags(np.random.default_rng(0), 3)
    path = tmp_path / "tags.csv"
    (counts.T if turned else counts).to_csv(path)
    found = tags.read_counts(path, {"HTO1": "S1", "HTO2": "S2"})
    assert found.loc[counts.index, counts.columns].to_numpy().tolist() == counts.to_numpy().tolist()


@pytest.mark.parametrize("other", ["CD3", "unmapped"])
def test_antibodies_and_sums_are_no_tags(tmp_path, other):
    counts, truth = simulated_tags(np.random.default_rng(0), 3)
    path = tmp_path / "tags.csv"
    counts.assign(**{other: np.random.default_rng(1).poisson(300, len(counts))}).to_csv(path)
    found = tags.read_counts(path, {"HTO1": "S1", "HTO2": "S2"})
    assert list(found) == list(counts) and (call_tags(found) == truth).mean() > 0.9


def test_types_of_demuxlet_are_read_in_any_letters():
    row = {"barcode": "A", "droplet.type": "sng", "sng.best.guess": "S1"}
    assert tags.label_of(row, "sng.best.guess") == "S1"
    assert tags.label_of(row | {"droplet.type": "DBL"}, "sng.best.guess") == fates.TWO
    assert tags.label_of(row | {"droplet.type": "other"}, "sng.best.guess") == fates.UNASSIGNED


def test_a_tag_of_no_sample_is_no_samples_and_doublets_left_are_expected():
    labels = pd.Series(["HTO1"] * 60 + ["HTO2"] * 30 + ["HTO3"] * 5 + [fates.TWO] * 8 + [fates.UNASSIGNED] * 2)
    cells = assign_pool.assign(labels, {"HTO1": "S1", "HTO2": "S2"})
    table = assign_pool.summarise("P", cells, 1000, {"HTO1": "S1", "HTO2": "S2"}).set_index(["fate", "sample"])
    assert table["barcodes"].to_dict() == {
        ("empty", ""): 1000, ("unassigned", ""): 2, ("two tags", ""): 8, ("another tag", ""): 5,
        ("sample", "S1"): 60, ("sample", "S2"): 30,
    }  # fmt: skip
    assert table.loc[("sample", "S1"), "doublets_left"] == pytest.approx(8 * (4 / 9) / (4 / 9))
    assert table.loc[("sample", "S2"), "doublets_left"] == pytest.approx(8 * (1 / 9) / (4 / 9))


SAMPLES = {"M1_untreated": "HTO1", "M1_persister": "HTO2", "M2_untreated": "HTO3"}
N_GENES, N_EACH, N_EMPTY = 200, 90, 900


def simulate_pool(folder, tags_inside: bool) -> pd.Series:
    """Write pool.h5 as Cell Ranger does; return the true sample (or two tags) of each cell's barcode."""
    rng = np.random.default_rng(7)
    counts, truth = simulated_tags(rng, 3, N_EACH, doublets=20, negative=0)
    profiles = rng.dirichlet(np.full(N_GENES, 0.3), 3)
    soup, expression = profiles.mean(axis=0), []
    for row, name in enumerate(truth):
        mine = [int(name[-1]) - 1] if name in SAMPLES.values() else list(np.argsort(counts.iloc[row])[-2:])
        expression.append(sum(rng.multinomial(rng.poisson(600), profiles[i]) for i in mine))
    empty = np.array([rng.multinomial(rng.poisson(15) + 1, soup) for _ in range(N_EMPTY)])
    genes = np.vstack([expression, empty])
    letters = np.array(list("ACGT"))
    barcodes = list(dict.fromkeys("".join(rng.choice(letters, 16)) + "-1" for _ in range(2 * len(genes))))[: len(genes)]
    noise = rng.poisson(1, (N_EMPTY, 3))
    whole = np.hstack([genes, np.vstack([counts.to_numpy(), noise])]) if tags_inside else genes
    kinds = ["Gene Expression"] * N_GENES + (["Antibody Capture"] * 3 if tags_inside else [])
    names = [f"GENE{i}" for i in range(N_GENES)] + (list(counts.columns) if tags_inside else [])
    matrix = sparse.csr_matrix(whole)
    with h5py.File(folder / "pool.h5", "w") as file:
        group = file.create_group("matrix")
        for key, values in {"data": matrix.data, "indices": matrix.indices, "indptr": matrix.indptr}.items():
            group[key] = values
        group["shape"] = [whole.shape[1], whole.shape[0]]
        group["barcodes"] = np.array(barcodes, dtype="S")
        for key, values in {"id": names, "name": names, "feature_type": kinds}.items():
            group[f"features/{key}"] = np.array(values, dtype="S")
    return truth.set_axis([barcode.removesuffix("-1") for barcode in barcodes[: len(truth)]])


def run_cells(folder, cells: str) -> in_process.Said:
    """Write the study of the pool; run the target cells."""
    header = "sample\tmodel\ttimepoint\tarm\treplicate\tassay\tmatrix\tpool\ttag\tage"
    rows = []
    for sample, tag in SAMPLES.items():
        model, timepoint = sample.split("_")
        arm = "control" if timepoint == "untreated" else "drug"
        rows.append(f"{sample}\t{model}\t{timepoint}\t{arm}\t1\tscrna\tpool.h5\tP1\t{tag}\t61")
    (folder / "samples.tsv").write_text("\n".join([header, *rows]) + "\n")
    (folder / "config.yaml").write_text(
        f"""samples: samples.tsv
timepoints: [untreated, persister]
contrast: {{baseline: untreated, persister: persister}}
arms: [{{arm: control, drugs: []}}, {{arm: drug, drugs: [x]}}]
models: [{{model: M1, arms: [control, drug]}}, {{model: M2, arms: [control]}}]
cells:
  composition: pure
  expected_cells: 290
  empty_drops: {{min_counts: 100, simulations: 1000}}
  qc: {{min_counts: 50, min_genes: 10}}
  doublets: {{enabled: false}}
  {cells}
"""
    )
    wanted = [f"results/cells/{sample}.h5ad" for sample in SAMPLES]
    wanted += ["results/cells/libraries.tsv", "results/cells/P1.pool.tsv", "results/counts/P1.saturation.tsv"]
    arguments = [
        "--snakefile",
        str(Path(__file__).parents[2] / "Snakefile"),
        "--directory",
        str(folder),
        "--cores",
        "1",
        "--configfile",
    ]
    return in_process.snakemake(folder, *arguments, str(folder / "config.yaml"), "--", *wanted)


SEQUENCES = {"HTO1": "ACCCACCAGTAAGAC", "HTO2": "GGTCGAGAGCATTCA", "HTO3": "CTTGCCGCATGTCAT", "HTO4": "AAAGCATTCTTCACG"}


def write_tag_reads(folder, barcodes: list[str]) -> pd.DataFrame:
    """Write the tags' reads of the pool's cells and the tags' sequences; return the true UMIs, cells × tags.

    As in TotalSeq-B, two letters of the barcode are complemented and the tag follows ten bases. One molecule in two
    is read twice; one tag in twenty and one barcode in fifty have a wrong letter.
    """
    rng = np.random.default_rng(7)
    counts, _ = simulated_tags(rng, 3, N_EACH, doublets=20, negative=0)
    letters, lines = np.array(list("ACGT")), ([], [])

    def misread(sequence: str, share: float) -> str:
        if rng.random() >= share:
            return sequence
        at = rng.integers(len(sequence))
        return sequence[:at] + "ACGT"[("ACGT".index(sequence[at]) + rng.integers(1, 4)) % 4] + sequence[at + 1 :]

    for row, barcode in enumerate(barcodes):
        bead = count_tags.translate(barcode)
        for column, number in enumerate(counts.iloc[row]):
            for _ in range(number):
                umi, rest = "".join(rng.choice(letters, 12)), "".join(rng.choice(letters, 10))
                for _ in range(1 + (rng.random() < 0.5)):
                    lines[0].append(misread(bead, 0.02) + umi)
                    lines[1].append(rest + misread(list(SEQUENCES.values())[column], 0.05) + "GCTTTAAGGCCGG")
    for name, reads in zip(("tags_R1.fastq.gz", "tags_R2.fastq.gz"), lines, strict=True):
        with gzip.open(folder / name, "wt", compresslevel=1) as file:
            file.writelines(f"@r{i}\n{read}\n+\n{'F' * len(read)}\n" for i, read in enumerate(reads))
    table = "".join(f"{name},{name},R2,5PNNNNNNNNNN(BC),{own},Antibody Capture\n" for name, own in SEQUENCES.items())
    (folder / "tags.csv").write_text("id,name,read,pattern,sequence,feature_type\n" + table)
    return counts.set_axis(barcodes, axis=0)


READS = "pools: {P1: {hashtag_reads: {fq1: [tags_R1.fastq.gz], fq2: [tags_R2.fastq.gz], sequences: tags.csv}}}"


@pytest.mark.parametrize(
    "told", ["in the matrix", "by assignments", pytest.param("by reads of tags", marks=pytest.mark.full)]
)
def test_a_pool_ends_as_cells_of_its_samples(tmp_path, told):
    inside = told != "by assignments"
    truth = simulate_pool(tmp_path, told == "in the matrix")
    settings, umis = "", None
    if told == "by reads of tags":
        umis, settings = write_tag_reads(tmp_path, list(truth.index)), READS
    if not inside:
        table = truth.replace({fates.TWO: "doublet"}).rename("donor_id").rename_axis("cell")
        table.to_csv(tmp_path / "donor_ids.tsv", sep="\t")
        settings = "pools: {P1: {assignments: donor_ids.tsv}}"
    said = run_cells(tmp_path, settings)
    assert said.code == 0, said.text
    results = tmp_path / "results" / "cells"
    pool = pd.read_csv(results / "P1.pool.tsv", sep="\t", keep_default_na=False).set_index(["fate", "sample"])
    numbers = pool["barcodes"].astype(int)
    if umis is not None:
        found = pd.read_csv(results / "P1.tags.tsv", sep="\t", index_col=0)
        assert list(found) == list(SEQUENCES) and not found["HTO4"].any()
        off = (found.reindex(umis.index, fill_value=0)[list(umis)] - umis).abs().to_numpy().sum()
        # A wrong letter in a tag or a barcode is forgiven; chance alone makes another's of it.
        assert off <= 0.002 * umis.to_numpy().sum()
    assert numbers[("two tags", "")] == pytest.approx(20, abs=0 if not inside else 4)
    for sample, tag in SAMPLES.items():
        cells = anndata.read_h5ad(results / f"{sample}.h5ad")
        barcodes = cells.obs_names.str.removeprefix(f"{sample}:").str.removesuffix("-1")
        own = set(truth.index[truth == tag])
        assert len(set(barcodes) & own) >= 0.95 * N_EACH
        assert len(set(barcodes) - own) <= (3 if inside else 0)
        assert set(cells.obs["pool"]) == {"P1"} and set(cells.obs["tag"]) == {tag} and set(cells.obs["age"]) == {61.0}
        assert not set(cells.var_names) & set(SAMPLES.values()), "tags are no genes"
        summary = json.loads((results / f"{sample}.summary.json").read_text())
        assert summary["library"] == "P1" and summary["cells"] == numbers[("sample", sample)]
        steps = pd.DataFrame(summary["attrition"]).set_index("step")
        assert steps.at["untagged", "removed"] == numbers[("unassigned", "")]
        assert steps.at["two_tags", "removed"] == numbers[("two tags", "")]
        others = [numbers[("sample", name)] for name in SAMPLES if name != sample]
        assert steps.at["other_sample", "removed"] == sum(others) + numbers[("another tag", "")]
        assert steps.at["empty", "remaining"] == numbers[("sample", sample)]
        assert steps["barcodes_before"].iloc[0] == numbers.sum()
    libraries = pd.read_csv(results / "libraries.tsv", sep="\t")
    assert list(libraries["sample"]) == list(SAMPLES) and libraries["umis"].nunique() == 1


BAD_SEQUENCES = {
    "no sequences": ("tag\tx\nHTO1\tA\n", "row 1: no column of tags or of sequences (tag, x)"),
    "no letters": (
        "tag\tsequence\nHTO1\tACGTNACGTACG\n",
        "'ACGTNACGTACG' is not a sequence of at least 9",
    ),
    "twice": (
        "tag\tsequence\nHTO1\tACGTAACGTACG\nHTO2\tACGTAACGTACG\n",
        "'HTO2' or its sequence occurs twice",
    ),
    "missing": ("tag\tsequence\nHTO2\tACGTAACGTACG\n", "no tag 'HTO1' of sample S1 (it has HTO2)"),
}


@pytest.mark.parametrize("text, said", BAD_SEQUENCES.values(), ids=BAD_SEQUENCES)
def test_sequences_that_cannot_be_read_are_refused_with_their_row(tmp_path, text, said):
    check_refusal(tmp_path / "tags.tsv", text, said, lambda path: tags.read_sequences(path, {"HTO1": "S1"}))


def test_a_table_of_another_library_ends_the_run_in_one_line(tmp_path):
    simulate_pool(tmp_path, tags_inside=False)
    (tmp_path / "donors.tsv").write_text("cell\tdonor_id\n" + "".join(f"X{i}\tHTO{i % 3 + 1}\n" for i in range(9)))
    said = run_cells(tmp_path, "pools: {P1: {assignments: donors.tsv}}")
    assert said.code != 0
    log = (tmp_path / "results" / "logs" / "assign_pool" / "P1.log").read_text()
    assert "pool P1: donors.tsv: it has 0 of the pool's 290 cells" in log and "Traceback" not in log


def test_a_matrix_without_tags_ends_the_run_in_one_line(tmp_path):
    simulate_pool(tmp_path, tags_inside=False)
    said = run_cells(tmp_path, "")
    assert said.code != 0
    log = (tmp_path / "results" / "logs" / "assign_pool" / "P1.log").read_text()
    assert "pool P1: pool.h5: no feature is a tag" in log and "Traceback" not in log

"""Sheets and configs that can be read but make no design: one message each, with place and remedy."""

from __future__ import annotations

import errno
import os
import re
from pathlib import Path

import pytest

# A cell changed: sheet, row, column, new value, and some words of the message about it.
BAD_CELLS = {
    "sample twice": ("samples", 5, "sample", "B_untreated", "already the sample of row 4; give each its own name"),
    "model unknown": ("samples", 3, "model", "C", "not among models of the config; known are A, B"),
    "timepoint unknown": ("samples", 3, "timepoint", "week3", "not among timepoints"),
    "timepoint misspelt": ("samples", 3, "timepoint", "persistor", "did you mean 'persister'?"),
    "arm unknown": ("samples", 3, "arm", "placebo", "not among arms of the config"),
    "arm misspelt": ("samples", 7, "arm", "cisplatine", "did you mean 'cisplatin'?"),
    "arm of another model": ("samples", 3, "arm", "cisplatin", "A has no arm 'cisplatin' (it has untreated, AC)"),
    "treated at the baseline": ("samples", 2, "arm", "AC", "is a treatment, but 'untreated' is before it"),
    "untreated under treatment": ("samples", 3, "arm", "untreated", "has no drugs, but 'persister' is under"),
    "matrix and reads": ("samples", 2, "matrix", "a.h5", "has a matrix and reads (units.tsv, row 2); keep one"),
    "neither matrix nor reads": ("samples", 4, "matrix", "", "neither a matrix nor reads; give the matrix or add"),
    "profile without matrix": ("samples", 6, "matrix", "", "the assay is profile; give the table"),
    "profile without column": ("samples", 6, "column", "", "the assay is profile; give the sample's column"),
    "column of a library": ("samples", 4, "column", "x", "is for assay profile only; empty the cell"),
    "profile column twice": ("samples", 7, "column", "control1", "of this matrix is already row 6"),
    "matrix of cells twice": ("samples", 5, "matrix", "data/B_untreated.h5ad", "already the matrix of row 4"),
    "barcodes of a library of reads": (
        "samples",
        2,
        "barcodes",
        "-2",
        "is for a matrix of assay scrna only; empty the cell",
    ),
    "species of a profile": ("samples", 6, "species", "graft", "is for a matrix of assay scrna only; empty the cell"),
    "lane of an unknown sample": ("units", 4, "sample", "C_AC", "'C_AC' is not in samples.tsv"),
    "lane of a misspelt sample": ("units", 2, "sample", "A_untreatd", "did you mean 'A_untreated'?"),
    "lane of a profile": ("units", 4, "sample", "B_bulk1", "has assay profile in samples.tsv; remove the lane"),
    "lane twice": ("units", 3, "unit", "L001", "of its sample is already row 2; give each its own name"),
    "same file for both reads": ("units", 2, "fq2", "reads/a_L001_R1.fastq.gz", "already used in row 2, column fq1"),
    "file of another lane": ("units", 4, "fq2", "./reads//a_L002_R2.fastq.gz", "already used in row 3, column fq2"),
}
# A key changed: key, new value (... removes it), place of the message, and some of its words.
BAD_KEYS = {
    "baseline no timepoint": ("contrast.baseline", "before", "contrast.baseline", "give one of untreated, persister"),
    "recovered misspelt": ("contrast.relapse", "relaps", "contrast.relapse", "did you mean 'relapse'?"),
    "roles out of order": ("contrast.persister", "relapse", "contrast.relapse", "doesn't come after persister"),
    "persister is baseline": ("contrast.persister", "untreated", "contrast.persister", "doesn't come after baseline"),
    "arm twice": (
        "arms",
        [{"arm": arm, "drugs": ["x"] * (arm != "untreated")} for arm in ("untreated", "AC", "AC", "cisplatin")],
        "arms[2].arm",
        "is also arms[1]; remove or rename one",
    ),
    "model called as the figures": ("models.1.model", "figures", "models[1].model", "rename the model"),
    "model twice": ("models.1.model", "A", "models[1].model", "is also models[0]; remove or rename one"),
    "model's arm unknown": ("models.0.arms", ["untreated", "CA"], "models[0].arms", "'CA' is not among arms"),
    "no graft": ("references.graft", ..., "references.graft", "is missing; give species, prefix"),
    "graft null": ("references.graft", None, "references.graft", "is missing; give species, prefix"),
    "no host": ("references.host", ..., "references.host", "is missing; give the stroma's genome, or null"),
    "no graft annotation": ("references.graft.gtf", ..., "references.graft.gtf", "is missing; give the file, or both"),
    "no host sequence": ("references.host.fasta", ..., "references.host.fasta", "is missing; give the file, or both"),
    "no prefix": ("references.host.prefix", ..., "references.host.prefix", "is missing; give a prefix"),
    "prefixes alike": (
        "references.host.prefix",
        "GRCh38_mouse_",
        "references.host.prefix",
        "begin with the same letters",
    ),
    "reads without genomes": ("references", None, "references", "is missing, but units.tsv, row 2 has reads"),
    "few cells drawn": ("stroma.max_cells", 10, "stroma.max_cells", "10 is less than min_cells, 20"),
    "graft below host": ("cells.species.graft_min", 0.2, "cells.species.graft_min", "is not above host_max, 0.25"),
    "counts crossed": (
        "cells.qc",
        {"method": "fixed", "min_counts": 2000, "max_counts": 1500},
        "cells.qc.min_counts",
        "2000 is not below max_counts, 1500",
    ),
    "genes crossed": ("cells.qc.min_genes", 9000, "cells.qc.min_genes", "9000 is not below max_genes, 9000"),
    "crossed for one sample": (
        "cells.overrides.A_AC",
        {"qc": {"method": "fixed", "min_genes": 2000, "max_genes": 1000}},
        "cells.overrides.A_AC.qc.min_genes",
        "2000 is not below max_genes, 1000",
    ),
    "override of no sample": (
        "cells.overrides.A_ACC",
        {"expected_cells": 10},
        "cells.overrides.A_ACC",
        "no scrna sample of samples.tsv has this name; did you mean 'A_AC'?",
    ),
    "override of a profile": ("cells.overrides.B_bulk1", {}, "cells.overrides.B_bulk1", "no scrna sample"),
    "override of overrides": (
        "cells.overrides.A_AC",
        {"overrides": {}},
        "cells.overrides.A_AC.overrides",
        "is not a key of a single sample; remove it",
    ),
    "resolutions unsorted": ("clusters.resolutions", [0.2, 0.1], "clusters.resolutions", "0.1 doesn't rise above 0.2"),
    "resolution twice": (
        "clusters.resolutions",
        [0.1, 0.1],
        "clusters.resolutions",
        "list each once, from low to high",
    ),
    "more seeds than runs": ("regulons.min_seeds", 6, "regulons.min_seeds", "but seeds lists 5; lower min_seeds"),
    "more groups than models": ("regulons.min_groups", 3, "regulons.min_groups", "the study has 2 with single cells"),
    "database twice": (
        "regulons.databases.1.path",
        "other/hg38_10kbp_v10_clust.feather",
        "regulons.databases[1]",
        "'hg38_10kbp_v10_clust' is already regulons.databases[0]; remove it or rename the file",
    ),
    "database no feather": ("regulons.databases.0.path", "db.tbl", "regulons.databases[0]", "is not a .feather file"),
    "database without a file": ("regulons.databases.0", {}, "regulons.databases[0]", "names no file; give its path"),
    "path and url": (
        "regulons.tfs.url",
        "https://example.org/tfs.txt",
        "regulons.tfs",
        "keep one, set the other to null",
    ),
    "address without a sha256": (
        "regulons.tfs",
        {"url": "https://example.org/tfs.txt"},
        "regulons.tfs",
        "is fetched from 'https://example.org/tfs.txt' without a sha256; give the file's",
    ),
    "no motif table": ("regulons.motif_annotations", {}, "regulons.motif_annotations", "names no file"),
    "collections differ": (
        "regulons.motif_annotations.path",
        "motifs-v9-nr.hgnc-m0.001-o0.0.tbl",
        "regulons.motif_annotations",
        "is of motif collection v9, regulons.databases[0] of v10; give files of one release",
    ),
    "database of the host": (
        "regulons.databases.1.path",
        "mm10_500bp_v10_clust.feather",
        "regulons.databases[1]",
        "is of species mouse, references.graft of human",
    ),
}


def only(problems: list[str]) -> str:
    """Return the one message; check that it is a line with a place, a cause and a remedy."""
    assert len(problems) == 1, problems
    assert re.fullmatch(r"(\w+\.tsv, row \d+, column \w+|config, [\w.\[\]]+): [^:;]{9,}[;:?].*", problems[0]), problems
    return problems[0]


@pytest.mark.parametrize(("sheet", "row", "column", "value", "words"), BAD_CELLS.values(), ids=BAD_CELLS.keys())
def test_mistake_in_a_sheet_is_named_with_row_and_column(draft, sheet, row, column, value, words):
    draft.put(sheet, row, column, value)
    message = only(draft.problems())
    assert message.startswith(f"{sheet}.tsv, row {row}, column {column}: ")
    assert words in message


@pytest.mark.parametrize(("key", "value", "place", "words"), BAD_KEYS.values(), ids=BAD_KEYS.keys())
def test_mistake_in_the_config_is_named_with_its_key(draft, key, value, place, words):
    draft.set(key, value)
    message = only(draft.problems())
    assert message.startswith(f"config, {place}: ")
    assert words in message


def test_the_study_itself_is_right(draft):
    assert draft.load().libraries == ["A_untreated", "A_AC", "B_untreated", "B_AC"]


@pytest.mark.parametrize(
    ("row", "column"),
    [(2, "timepoint"), (4, "timepoint")],
    ids=["no baseline at all", "baseline of the other assay only"],
)
def test_treated_model_needs_a_baseline_of_its_assay(draft, row, column):
    draft.put("samples", row, "timepoint", "relapse")
    draft.put("samples", row, "arm", "AC")
    message = only(draft.problems())
    assert message.startswith(f"samples.tsv, row {row}, column {column}: ")
    assert "has no 'untreated' sample of assay scrna for comparison; add one" in message


def test_replicates_are_numbered(draft):
    draft.append("samples", "B_AC2 B persister AC 1 scrna b2.h5ad")
    assert only(draft.problems()).startswith(
        "samples.tsv, row 8, column replicate: '1' of its model, timepoint and arm"
    )


def test_sheet_without_samples(draft):
    draft.samples = draft.samples.splitlines()[0]
    assert draft.problems() == ["samples.tsv, row 2: the sheet has no samples; add a row for each"]


def test_groups_that_read_alike(draft):
    draft.config["models"] = [
        {"model": name, "arms": ["untreated", "AC", "cisplatin"]} for name in ("A", "A_late", "B")
    ]
    draft.config["timepoints"] = ["untreated", "persister", "late_persister"]
    draft.config["contrast"] = {"baseline": "untreated", "persister": "persister"}
    draft.config["regulons"]["group_by"] = ["model", "timepoint"]
    draft.append("samples", "x A late_persister AC 1 scrna x.h5ad")
    draft.append("samples", "y A_late persister AC 1 scrna y.h5ad")
    draft.append("samples", "z A_late untreated untreated 1 scrna z.h5ad")
    message = only(draft.problems())
    assert message.startswith("samples.tsv, row 9, column model: 'A_late' joined to its timepoint by '_'")
    draft.config["regulons"]["group_by"] = ["model"]
    assert draft.load().groups == ["A", "A_late", "B"]


def test_units_sheet_is_not_needed_without_reads(draft):
    for row in (2, 3):
        draft.put("samples", row, "matrix", f"a{row}.h5")
    draft.set("references", None)
    draft.units = "sample\tunit\tfq1\tfq2\n"
    assert draft.load().sequenced == []
    draft.config["units"] = None
    study = draft.load()
    assert study.imported == study.libraries and study.units.empty


def test_reads_without_a_units_sheet(draft):
    draft.config["units"] = None
    assert [line.split(":")[0] for line in draft.problems()] == [
        f"samples.tsv, row {row}, column matrix" for row in (2, 3)
    ]


def test_models_must_agree_however_many_groups_each_has(draft):
    draft.config["regulons"] |= {"group_by": ["model", "timepoint"], "min_groups": 2}
    assert draft.load().groups == ["A_untreated", "A_persister", "B_untreated", "B_persister"]
    draft.config["regulons"]["min_groups"] = 3
    assert "the study has 2 with single cells" in only(draft.problems())


def test_first_mistakes_are_told_and_the_rest_counted(draft):
    draft.samples = draft.samples.replace("\tA\t", "\tC\t").replace("\tB\t", "\tD\t")
    problems = draft.problems()
    assert len(problems) == 6 and problems[-1] == "1 more mistakes; these are the first 5"
    assert [line.split(":")[0] for line in problems[:5]] == [
        f"samples.tsv, row {row}, column model" for row in range(2, 7)
    ]


def test_mistakes_of_both_sheets_are_told_together(draft):
    draft.put("samples", 2, "assay", "atac")
    draft.put("units", 2, "fq1", "a.bam")
    places = [line.split(":")[0] for line in draft.problems()]
    assert places == ["samples.tsv, row 2, column assay", "units.tsv, row 2, column fq1"]


def test_a_folder_that_may_not_be_entered_is_one_message(draft, monkeypatch):
    """A colleague's, of mode 700: Python asks whether the file exists, and is refused."""
    barred = "reads/a_L002_R1.fastq.gz"

    def enter(path):
        if str(path) == barred:
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))
        return True

    draft.config["check_files"] = True
    draft.write()
    monkeypatch.setattr(Path, "exists", enter)
    (message,) = draft.problems()
    assert message.startswith(f"units.tsv, row 3, column fq1: {barred!r} can't be reached (Permission denied)")


def test_missing_files_are_one_message(draft, monkeypatch):
    monkeypatch.chdir(draft.folder)
    draft.config["check_files"] = True
    (message,) = draft.problems()
    # six reads, three matrices (two profiles share one), four genomes
    assert message.startswith("units.tsv, row 2, column fq1: there is no 'reads/a_L001_R1.fastq.gz'; correct the path")
    assert message.endswith("13 files are missing, next units.tsv, row 2, column fq2 and units.tsv, row 3, column fq1")


def test_last_missing_file_is_named_alone(draft, monkeypatch):
    monkeypatch.chdir(draft.folder)
    draft.config["check_files"] = True
    for folder in ("reads", "data"):
        (draft.folder / folder).mkdir()
    for lane in ("a_L001", "a_L002", "b_L001"):
        for read in ("R1", "R2"):
            (draft.folder / "reads" / f"{lane}_{read}.fastq.gz").touch()
    for name in ("human.fa.gz", "human.gtf.gz", "mouse.fa.gz", "data/B.tsv", "data/B_AC.h5ad", "data/B_untreated.h5ad"):
        (draft.folder / name).touch()
    (message,) = draft.problems()
    assert (
        message.startswith("config, references.host.gtf: there is no 'mouse.gtf.gz'") and "are missing" not in message
    )
    (draft.folder / "mouse.gtf.gz").touch()
    assert draft.load().models == ["A", "B"]


@pytest.mark.parametrize(
    ("first", "second", "taken"),
    [("-1", "-2", True), ("-1", "-1", False), ("", "-2", False), ("all", "-2", False), ("S1_", "S2_", True)],
)
def test_one_matrix_may_hold_several_libraries_that_the_sheet_tells_apart(draft, first, second, taken):
    """Barcodes of the one are none of the other; where one sample has all, no other may name the matrix."""
    header, *rows = draft.samples.splitlines()
    cells = [row.split("\t") for row in rows]
    for row, barcodes in zip((cells[2], cells[3]), (first, second), strict=True):
        row[6:] = ["data/both.h5ad", "", barcodes]
    draft.samples = "\n".join([f"{header}\tbarcodes", *("\t".join(row) for row in cells)]) + "\n"
    if taken:
        assert draft.load().all_samples.loc["B_AC", "barcodes"] == second
    else:
        assert "is already the matrix of row 4; correct the path, or state in column barcodes" in draft.problems()[0]

"""What tells the cells of a pool apart: every form of the table in resources/docs/formats.md is written and read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import test_pools as pools
from docs_table import lines_of
from scipy import sparse
from scipy.io import mmwrite
from test_tag_barcodes import GEM_X

from scripts.base import job
from scripts.cells import assign_pool, count_tags, fates, tags

SAID = {"AAAC": "HTO1", "CCCC": "HTO2", "GGGG": fates.TWO, "TTTT": fates.UNASSIGNED}
CELL_RANGER = (
    "Barcodes,HTO1,HTO2,Multiplet,Blank,Assignment,Assignment_Probability\nAAAC,1,0,0,0,HTO1,1\nCCCC,0,1,0,0,HTO2,1\n"
    "GGGG,0,0,1,0,Multiplet,1\nTTTT,0,0,0,1,Blank,1\n"
)
COUNTS = pd.DataFrame([[90, 2], [3, 80]], index=["AAAC", "CCCC"], columns=["HTO1", "HTO2"])
SHEET = {"HTO1": "S1", "HTO2": "S2"}


def assigned(text: str) -> Callable[[Path], None]:
    """Return a case of a table of assignments that says :data:`SAID`."""

    def case(folder: Path) -> None:
        (folder / "table.tsv").write_text(text)
        assert tags.read_assignments(folder / "table.tsv").to_dict() == SAID

    return case


def features(folder: Path) -> None:
    pools.simulate_pool(folder, True)
    found = tags.read_counts(folder / "pool.h5", SHEET | {"HTO3": "S3"})
    assert set(found.columns) == {"HTO1", "HTO2", "HTO3"} and len(found) > 1_000


def barcodes(folder: Path) -> None:
    cells = pd.Series(["AAAC", "CCCC"])
    assert assign_pool.match(cells, pd.Series({"AAAC-1": "HTO1", "CCCC-1": "HTO2"}), "x").tolist() == ["HTO1", "HTO2"]
    assert assign_pool.match(cells + "-1", pd.Series({"AAAC": "HTO1"}), "x").tolist() == ["HTO1", fates.UNASSIGNED]


def few(folder: Path) -> None:
    assign_pool.match(pd.Series(["AAAC", "CCCC", "GGGG"]), pd.Series({"AAAC": "HTO1"}), "x")


def folder_of_10x(folder: Path) -> None:
    mmwrite(folder / "matrix.mtx", sparse.csc_matrix(np.vstack([[5, 7], COUNTS.to_numpy().T])))
    (folder / "barcodes.tsv").write_text("AAAC\nCCCC\n")
    kinds = [("GENE1", "Gene Expression"), ("HTO1", "Antibody Capture"), ("HTO2", "Antibody Capture")]
    (folder / "features.tsv").write_text("".join(f"{name}\t{name}\t{kind}\n" for name, kind in kinds))
    pd.testing.assert_frame_equal(tags.read_counts(folder, SHEET), COUNTS, check_dtype=False, check_names=False)


def text(folder: Path) -> None:
    for number, table in enumerate((COUNTS, COUNTS.T)):
        path = folder / f"{number}.csv"
        table.to_csv(path)
        pd.testing.assert_frame_equal(tags.read_counts(path, SHEET), COUNTS, check_dtype=False, check_names=False)


def reads(folder: Path) -> None:
    """Reads are counted end to end in test_pools; here what is read of them before kb."""
    umis = pools.write_tag_reads(folder, [f"{'ACGT' * 3}{a}{b}{c}{d}" for a in "ACGT" for b in "ACGT" for c in "ACGT"
                                          for d in "ACGT"] + ["A" * 16] * 34)  # fmt: skip
    seen, shortest = count_tags.first_barcodes([str(folder / "tags_R1.fastq.gz")])
    assert shortest == 28 and len(umis) == 290 and seen.total() > 10_000


def sequences(folder: Path) -> None:
    for name, header, row in (
        ("a", "tag,sequence", "{0},{1}"),
        ("b", "id,name,read,pattern,sequence", "x{0},{0},R2,p,{1}"),
    ):
        rows = [row.format(tag, sequence) for tag, sequence in pools.SEQUENCES.items()]
        (folder / name).write_text("\n".join([header, *rows]) + "\n")
        assert tags.read_sequences(folder / name, SHEET) == pools.SEQUENCES


def translated(folder: Path) -> None:
    own = ["ACGTACGTACGTACGT", "TTTTACGTACGTACGG"]
    seen = Counter(count_tags.translate(barcode) for barcode in own)
    assert sorted(count_tags.choose_list(seen, own, "x").values()) == sorted(own)


def by_table(folder: Path) -> None:
    """Pairs of GEM-X 3' v4 as Cell Ranger's table has them, whichever barcode stands first."""
    for order in (1, -1):
        rows = [(feature, gene)[::order] for gene, feature in GEM_X.items()]
        (folder / "pairs.txt").write_text("".join(f"{a}\t{b}\n" for a, b in rows))
        table = count_tags.read_translation(str(folder / "pairs.txt"), list(GEM_X)[:2])
        found = count_tags.choose_list(Counter(GEM_X.values()), list(GEM_X)[:2], "x", table)
        assert found == {GEM_X[gene]: gene for gene in list(GEM_X)[:2]}


def without_a_sample(folder: Path) -> None:
    COUNTS.to_csv(folder / "a.csv")
    tags.read_counts(folder / "a.csv", {"HTO9": "S9"})


CASES = {
    "tags among the features of the pool's matrix": features,
    "table of vireo (`donor_ids.tsv`)": assigned(pools.WRITERS["vireo"]),
    "table of souporcell (`clusters.tsv`)": assigned(pools.WRITERS["souporcell"]),
    "table of demuxlet (`.best`), BEST and SNG.1ST or DROPLET.TYPE": lambda folder: [
        assigned(pools.WRITERS[name])(folder) for name in ("demuxlet", "popscle")
    ],
    "table of Cell Ranger multi (`assignment_confidence_table.csv`, `multiplexing_analysis/`)": assigned(CELL_RANGER),
    "table of your own, columns barcode and tag": assigned(pools.WRITERS["own"]),
    "on-chip multiplexing (OCM), whose tag is in the barcode itself": assigned(pools.WRITERS["own"]),
    "barcodes with or without the number of their GEM well": barcodes,
    "table that names a barcode twice": assigned("barcode\ttag\nAAAC\tHTO1\nAAAC\tHTO2\n"),
    "table that knows fewer than half of the pool's cells": few,
    "counts of tags as 10x folder or .h5": folder_of_10x,
    "counts of tags as text, barcodes × tags or tags × barcodes": text,
    "FASTQ of the tags' own library": reads,
    "sequences of tags as a table (tag, sequence), or Cell Ranger's feature reference": sequences,
    "barcodes of TotalSeq-B and CellPlex reads with 3' v3 and v3.1, which differ from those of the genes in two "
    "bases": translated,
    "barcodes of TotalSeq-B reads with GEM-X 3' v4, which no rule relates to those of the genes": by_table,
    "counts or reads of tags without the tag of a sample": without_a_sample,
}
FORMS = lines_of("Pools")


def test_the_page_and_the_cases_are_the_same():
    assert set(FORMS) == set(CASES)


@pytest.mark.parametrize("form", CASES)
def test_forms_are_read_or_refused_as_the_page_says(tmp_path, form):
    if FORMS[form]:
        CASES[form](tmp_path)
    else:
        with pytest.raises(job.UserError):
            CASES[form](tmp_path)

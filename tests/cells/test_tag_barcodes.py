"""Barcodes of tags and of genes of the same beads: equal, translated by a rule, or by a table."""

from __future__ import annotations

import gzip
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from scripts.base import job
from scripts.cells import count_tags
from scripts.references.chemistries import CHEMISTRIES

GEM_X = {
    "AAACCAAAGAACCAGG": "AATGAGGTCCATGTCC",
    "AAACCAAAGAAGCATA": "AATGAGGTCCTGGTAG",
    "AAACCAAAGAACGGAT": "AATGAGGTCTCTAGGG",
}
"""Feature barcode by gene barcode of three beads of GEM-X 3' v4 (Cell Ranger's table)."""


def test_gem_x_tags_need_their_table(tmp_path):
    genes, seen = list(GEM_X), Counter(GEM_X.values())
    with pytest.raises(job.UserError, match=r"r1: 0% .*GEM-X 3' v4 .*_NXT.txt.gz\) as translation"):
        count_tags.choose_list(seen, genes, "r1")
    path = tmp_path / "pairs.txt"
    for text, said in (
        ("A\tC\nG\n", "row 2: 1 columns; give Cell Ranger's table"),
        ("A\tC\n", "holds none of the pool's barcodes"),
    ):
        path.write_text(text)
        with pytest.raises(job.UserError, match=said):
            count_tags.read_translation(str(path), genes)


@pytest.mark.full
@pytest.mark.parametrize("name, same", [("v3", True), ("v4", False)])
def test_the_rule_of_two_bases_is_that_of_3_prime_v3_alone(name, same):
    """The lists hold both barcodes of each bead: all are on v3's again with two bases complemented, none on v4's."""
    import ngs_tools

    path = next(Path(ngs_tools.__file__).parent.rglob(CHEMISTRIES[name].whitelist))
    with gzip.open(path, "rt") as file:
        barcodes = set(file.read().split())
    again = [count_tags.translate(barcode) in barcodes for barcode in list(barcodes)[:100_000]]
    assert np.mean(again) == same


def test_barcodes_of_tags_are_as_they_are_or_translated():
    # First pair of 10x Genomics' list for 3' v3.
    assert count_tags.translate("AAACCCAAGAAACACT") == "AAACCCATCAAACACT"
    genes = ["AAACCCAAGAAACACT", "TTTTTTTCATTTTTTT"]
    for seen in (genes, [count_tags.translate(name) for name in genes]):
        found = count_tags.choose_list(Counter(seen), genes, "r1")
        assert [found[name] for name in seen] == genes
    with pytest.raises(job.UserError, match="r1: 0% of its first barcodes are those of the pool's counts"):
        count_tags.choose_list(Counter(["C" * 16]), genes, "r1")
    assert count_tags.umi_length(28, None, "r1") == 12 and count_tags.umi_length(26, None, "r1") == 10
    with pytest.raises(job.UserError, match="a read 1 of 26 bases is too short for barcode and UMI of 28"):
        count_tags.umi_length(26, 12, "r1")

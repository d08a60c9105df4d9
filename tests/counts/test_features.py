"""What is judged of an imported matrix: its values, its names, which way it lies, and its species."""

from __future__ import annotations

import logging

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import sparse

from scripts.base.job import UserError
from scripts.counts import features
from scripts.counts.matrices import Table

BARCODES = ["AAACCTGAGAAACCAT-1", "AAACCTGAGAAACCGC-1"]
SYMBOLS = ["ACTB", "MT-CO1", "GAPDH"]
PREFIXES = {"graft": "GRCh38_", "host": "mm10_"}


def table(counts=((1, 0, 2), (0, 3, 0)), barcodes=BARCODES, ids=SYMBOLS, symbols=None, **more):
    """Return a table of few counts."""
    return Table(sparse.csr_matrix(np.array(counts)), list(barcodes), list(ids), symbols, "text", **more)


def test_sound_counts_become_int32():
    """Whole numbers in floating point are counts."""
    checked = features.check(table(((1.0, 0, 2), (0, 3, 0))), "m.txt")
    assert checked.matrix.dtype == np.int32 and checked.matrix.toarray().tolist() == [[1, 0, 2], [0, 3, 0]]


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (-2, "gene GAPDH, barcode AAACCTGAGAAACCGC-1: -2 is negative; give raw UMI counts, not normalised"),
        (2.5, "gene GAPDH, barcode AAACCTGAGAAACCGC-1: 2.5 is not a whole number; give raw UMI counts, not normalised"),
        (float("inf"), "gene GAPDH, barcode AAACCTGAGAAACCGC-1: inf is not a finite number"),
        (float("nan"), "gene GAPDH, barcode AAACCTGAGAAACCGC-1: nan is not a finite number"),
        (3e9, "gene GAPDH, barcode AAACCTGAGAAACCGC-1: 3e+09 is too large for a count"),
    ],
)
def test_what_is_no_count_is_named_with_its_place(value, message):
    """Negative, fractional, infinite, missing, too large."""
    with pytest.raises(UserError) as error:
        features.check(table(((1, 0, 2), (0, 3, value))), "m.txt")
    assert str(error.value).startswith(f"m.txt, {message}")


@given(st.integers(0, 3), st.integers(0, 4), st.sampled_from([-1.0, 0.5]))
def test_the_place_is_right_wherever_it_lies(row, column, value):
    """Also behind empty rows and columns."""
    counts = np.zeros((4, 5))
    counts[3, 4] = 1
    counts[row, column] = value
    with pytest.raises(UserError, match=f"gene g{column}, barcode b{row}: "):
        features.check(table(counts, [f"b{i}" for i in range(4)], [f"g{i}" for i in range(5)]), "m.txt")


@pytest.mark.parametrize(
    ("given_table", "message"),
    [
        (
            table(barcodes=[BARCODES[0]] * 2),
            r"1 barcodes occur more than once \(AAACCTGAGAAACCAT-1\); each barcode must",
        ),
        (
            table(ids=["ACTB", "TBCE", "TBCE"]),
            r"1 genes occur more than once \(TBCE\); give gene ids in addition",
        ),
        (table(((0, 0, 0), (0, 0, 0))), "2 barcodes × 3 genes and no count; fetch the file again"),
    ],
)
def test_names_twice_and_no_count_are_said(given_table, message):
    """The first names are listed."""
    with pytest.raises(UserError, match=message):
        features.check(given_table, "m.txt")


def test_symbols_may_occur_twice_beside_ids():
    """As in every 10x annotation."""
    assert features.check(table(ids=["E1", "E2", "E3"], symbols=["ACTB", "TBCE", "TBCE"]), "m.h5").symbols[2] == "TBCE"


ENSEMBL = [f"ENSG0000007562{i}" for i in range(3)]
TURNED = {
    "known genes as columns": (["ACTB", "GAPDH", "XIST"], ["c1", "c2"]),
    "known genes of two species as columns": (["GRCh38_ACTB", "mm10_Actb", "mm10_Xist"], ["c1", "c2"]),
    "Ensembl ids as columns": (ENSEMBL, ["c1", "c2"]),
    "barcodes as rows": (["A1BG", "A2M", "NAT1"], BARCODES),
    "barcodes of samples as rows": (["A1BG", "A2M", "NAT1"], ["S1_AAACCTGAGAAACCAT", "S1_AAACCTGAGAAACCGC"]),
}


@pytest.mark.parametrize("name", TURNED)
def test_a_turned_matrix_is_recognised(name):
    """The message lists what the columns are called, and says which way they belong."""
    columns, rows = TURNED[name]
    with pytest.raises(UserError, match=rf"the columns have .* \(e\.g\. {columns[0]}.*transpose"):
        features.check(table(((1, 1), (1, 1), (1, 1)), columns, rows), "m.txt")
    with pytest.raises(UserError, match=r"the obs have names of genes .* genes belong in the var"):
        features.check(table(((1, 1), (1, 1), (1, 1)), columns, rows, genes_are="var"), "m.h5ad")


@pytest.mark.parametrize(
    ("barcodes", "genes"),
    [
        (BARCODES, SYMBOLS),
        (["cell_1", "cell_2"], SYMBOLS),
        (["S1:AAACCTGAGAAA", "S1:AAACCTGAGAAC"], ENSEMBL),
        (["plate1_A01", "plate1_A02"], ["A1BG", "A2M", "NAT1"]),
        (["ACTB_guide_cell", "cell_2"], ["A1BG", "A2M", "NAT1"]),
    ],
)
def test_a_matrix_that_lies_right_is_let_pass(barcodes, genes):
    """Barcodes needn't look like barcodes."""
    features.check(table(barcodes=barcodes, ids=genes), "m.txt")


def test_prefixed_names_tell_the_species():
    """By id or by symbol; symbols lose the prefix, ids keep it."""
    ids, symbols = ["GRCh38_E1", "mm10_E2", "E3"], ["GRCh38_MT-CO1", "mm10_mt-Co1", "GRCh38_MTOR"]
    genes = features.tabulate(table(ids=ids, symbols=symbols), PREFIXES, "m.h5")
    assert genes.index.tolist() == ids
    assert genes["symbol"].tolist() == ["MT-CO1", "mt-Co1", "MTOR"]
    assert genes["species"].tolist() == ["graft", "host", "graft"]
    assert genes["mitochondrial"].tolist() == [1, 1, 0]


def test_cell_ranger_2_puts_underscores_behind_the_prefix():
    """hg19_ and mm10___ in its barnyard references."""
    genes = features.tabulate(
        table(ids=["hg19_ACTB", "hg19_A", "mm10___Actb"]), {"graft": "hg19_", "host": "mm10_"}, "m.h5"
    )
    assert genes["symbol"].tolist() == ["ACTB", "A", "Actb"] and genes["species"].tolist() == ["graft", "graft", "host"]


@pytest.mark.parametrize("prefixes", [PREFIXES, {"graft": "GRCh38_"}, {}])
def test_names_without_any_prefix_are_of_the_graft(caplog, prefixes):
    """A cell line, or human genes alone; said where a host is configured, and refused unless the sheet says so."""
    with caplog.at_level(logging.WARNING, "persister-regulons"):
        genes = features.tabulate(table(), prefixes, "m.txt", graft_only=True)
    if "host" in prefixes:
        with pytest.raises(UserError, match=r"no gene is of the host \(mm10_….*write graft in column species"):
            features.tabulate(table(), prefixes, "m.txt")
        with pytest.raises(UserError, match=r"no gene is of the host \(mm10_…"):
            features.tabulate(table(ids=[f"GRCh38_{name}" for name in SYMBOLS]), prefixes, "m.txt")
    assert set(genes["species"]) == {"graft"} and genes["symbol"].tolist() == SYMBOLS
    assert ("all are taken for the graft's" in caplog.text) == ("host" in prefixes)


MOUSE = [f"ENSMUSG0000002958{i}" for i in range(3)]
TWO_SPECIES = {
    "ids": ([ENSEMBL[0], MOUSE[0], MOUSE[1]], None, f"{ENSEMBL[0]}, {MOUSE[0]}"),
    "ids beside symbols": ([ENSEMBL[0], MOUSE[0], MOUSE[1]], ["ACTB", "Gapdh", "Xist"], f"{ENSEMBL[0]}, {MOUSE[0]}"),
    "ids as symbols": (["g1", "g2", "g3"], [ENSEMBL[0], MOUSE[0], MOUSE[1]], f"{ENSEMBL[0]}, {MOUSE[0]}"),
    "symbols": (["ACTB", "Actb", "GAPDH"], None, "ACTB, Actb"),
}


@pytest.mark.parametrize("name", TWO_SPECIES)
@pytest.mark.parametrize("prefixes", [PREFIXES, {"graft": "GRCh38_"}, {}])
def test_two_species_without_prefixes_are_never_taken_for_the_graft(name, prefixes):
    """Whatever the config knows: the host's cells would be the tumour's."""
    ids, symbols, examples = TWO_SPECIES[name]
    with pytest.raises(UserError, match=rf"genes of two species without prefixes \(e\.g\. {examples}\); prefix all"):
        features.tabulate(table(ids=ids, symbols=symbols), prefixes, "m.h5")


@pytest.mark.parametrize(
    ("ids", "organisms", "refused"),
    [
        (MOUSE, {"graft": "human", "host": "mouse"}, True),
        (MOUSE, {"graft": "Human", "host": "Mouse"}, True),
        (MOUSE, {"graft": "mouse", "host": "rat"}, False),
        (MOUSE, {"graft": "", "host": "mouse"}, False),
        (MOUSE, {}, False),
        (ENSEMBL, {"graft": "human", "host": "mouse"}, False),
    ],
)
def test_the_hosts_genes_without_prefixes_are_not_the_grafts(ids, organisms, refused):
    """Told by Ensembl's ids, where the config says what graft and host are."""
    if not refused:
        assert set(features.tabulate(table(ids=ids), PREFIXES, "m.h5", organisms, graft_only=True)["species"]) == {
            "graft"
        }
        return
    with pytest.raises(UserError, match=r"are the host's \(mouse, e\.g\. ENSMUSG00000029580\), but the graft is human"):
        features.tabulate(table(ids=ids), PREFIXES, "m.h5", organisms)


def test_a_few_symbols_that_differ_in_case_alone_are_of_one_species():
    """One in twenty, as spelling has it."""
    ids = [*(f"GENE{i}" for i in range(19)), "Gene1"]
    features.tabulate(table([[1] * 20] * 2, ids=ids), PREFIXES, "m.h5", graft_only=True)


def test_prefixes_that_the_config_has_not_are_said():
    """Another release's, and names with and without."""
    with pytest.raises(UserError, match="genes have the prefixes hg38_, mm39_, the config knows GRCh38_, mm10_"):
        features.tabulate(table(ids=["hg38_ACTB", "hg38_B2M", "mm39_Actb"]), PREFIXES, "m.txt")
    with pytest.raises(
        UserError, match=r"1 of 3 genes have no species prefix \(e\.g\. MYC\); give all of them a prefix"
    ):
        features.tabulate(table(ids=["GRCh38_ACTB", "mm10_Actb", "MYC"]), PREFIXES, "m.txt")


def test_names_that_later_stages_do_not_know_are_warned_of(caplog):
    """Ensembl ids without symbols, and symbols that a spreadsheet turned into dates."""
    with caplog.at_level(logging.WARNING, "persister-regulons"):
        features.tabulate(table(ids=ENSEMBL), {}, "m.txt")
        features.tabulate(table(ids=["1-Mar", "2-Sep", "ACTB"]), {}, "m.txt")
    assert "genes are named by Ensembl ids" in caplog.text
    assert "2 symbols became dates in a spreadsheet (e.g. 1-Mar)" in caplog.text

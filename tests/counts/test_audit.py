"""The audit: expectations over subsamples, and the words both counters share."""

from __future__ import annotations

import json
import logging

import numpy as np
import pytest

from scripts.counts import audit


def molecules(rng, barcodes=30, genes=20, number=3000):
    """Return molecules with one to many reads."""
    return audit.merge(
        rng.integers(0, barcodes, number),
        rng.integers(0, 400, number),
        rng.integers(0, genes, number),
        rng.geometric(0.4, number),
    )


def test_merge_adds_reads_of_the_same_molecule():
    """Barcode, UMI and gene must all agree."""
    barcode, umi, gene = np.array([1, 1, 1, 2, 1]), np.array([7, 7, 8, 7, 7]), np.array([3, 3, 3, 3, 4])
    merged = audit.merge(barcode, umi, gene, np.array([1, 2, 4, 8, 16], np.uint32))
    rows = list(
        zip(merged.barcode.tolist(), merged.umi.tolist(), merged.gene.tolist(), merged.reads.tolist(), strict=True)
    )
    assert rows == [(1, 7, 3, 3), (1, 7, 4, 16), (1, 8, 3, 4), (2, 7, 3, 8)]
    assert len(audit.merge(*(np.empty(0, np.int64) for _ in range(4))).reads) == 0


def test_the_curve_is_the_mean_of_many_subsamples():
    """Against 300 binomial subsamples at 0.3; the tolerance is four standard errors of their mean."""
    rng = np.random.default_rng(5)
    all_molecules = molecules(rng)
    top = np.array([2, 5, 11])
    split = all_molecules.barcode < 10
    pieces = [
        audit.Molecules(all_molecules.barcode[s], all_molecules.umi[s], all_molecules.gene[s], all_molecules.reads[s])
        for s in (split, ~split)
    ]
    curve, in_top = audit.trace_saturation(iter(pieces), top)
    row = curve.set_index("fraction").loc[0.3]
    umis, genes = [], []
    for _ in range(300):
        left = rng.binomial(all_molecules.reads, 0.3)
        seen = left > 0
        umis.append(seen.sum())
        of_top = seen & np.isin(all_molecules.barcode, top)
        genes.append(len(set(zip(all_molecules.barcode[of_top], all_molecules.gene[of_top], strict=True))) / len(top))
    for expected, drawn in ((row["umis"], umis), (row["genes_per_cell"], genes)):
        assert abs(expected - np.mean(drawn)) < 4 * np.std(drawn) / np.sqrt(300)
    total = int(all_molecules.reads.sum())
    assert row["reads"] == pytest.approx(0.3 * total)
    last = curve.iloc[-1]
    assert (last["reads"], last["umis"]) == (total, len(all_molecules.reads))
    assert last["saturation"] == pytest.approx(1 - len(all_molecules.reads) / total)
    assert in_top == all_molecules.reads[np.isin(all_molecules.barcode, top)].sum()
    assert curve["saturation"].is_monotonic_increasing


def test_no_reads_make_an_empty_curve_and_null_shares():
    """Nothing to divide by is null, not zero."""
    curve, in_top = audit.trace_saturation(iter([]), np.array([1]))
    assert curve.empty and list(curve.columns) == audit.CURVE_COLUMNS and in_top == 0
    report = audit.of_matrix("S", {"graft": 3, "host": 1}, 4)
    assert (report["umis"], report["host_fraction_of_umis"], report["barcodes"], report["aligner"]) == (
        4,
        0.25,
        4,
        "matrix",
    )
    assert report["reads"] is None and report["sequencing_saturation"] is None


def test_cells_are_told_by_order_of_magnitude():
    """A tenth of the largest of few expected cells; a library of few cells isn't filled up with empty droplets."""
    totals = np.array([9, 1_000, 12, 90, 100, 950, 8])
    assert audit.cell_rows(totals, 3).tolist() == [1, 4, 5]
    assert audit.cell_rows(totals, 3_000).tolist() == [1, 4, 5]
    assert audit.cell_rows(np.array([2, 1]), 10).tolist() == [0, 1]


@pytest.mark.parametrize(("fraction", "odd"), [(0.05, True), (0.199, True), (0.2, False), (0.94, False), (None, False)])
def test_a_library_with_few_reads_in_genes_is_suspect(tmp_path, caplog, fraction, odd):
    """Nuclei without introns lose most of theirs; a matrix tells nothing."""
    report = audit.of_matrix("S", {"graft": 3, "host": 1}, 4) | {"reads_in_genes_fraction": fraction}
    with caplog.at_level(logging.WARNING, "persister-regulons"):
        audit.write(report, audit.empty_curve(), tmp_path / "a.json", tmp_path / "s.tsv")
    assert ("nuclei (counts.introns)" in caplog.text) == odd
    assert ("only 5.0% of the reads have a valid barcode" in caplog.text) == (fraction == 0.05)


def test_written_files_keep_their_header(tmp_path):
    """An empty curve is a table with its columns."""
    audit.write(
        audit.of_matrix("S", {"graft": 0, "host": 0}, 0), audit.empty_curve(), tmp_path / "a.json", tmp_path / "s.tsv"
    )
    assert (tmp_path / "s.tsv").read_text().split() == audit.CURVE_COLUMNS
    assert json.loads((tmp_path / "a.json").read_text())["host_fraction_of_umis"] is None

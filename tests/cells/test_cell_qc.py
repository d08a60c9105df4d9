"""Quality cuts, attrition and gene names."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import sparse

from scripts.cells.qc import (
    STEPS,
    attrition,
    measure_cells,
    mitochondrial_genes,
    quality_limits,
    quality_verdict,
    unique_symbols,
)
from scripts.cells.tabulate_attrition import attrition_by_arm, attrition_by_sample, species_rules

NO_FLOOR = {"min_counts": 0, "min_genes": 0}
STUDY = {
    "min_counts": 2_000,
    "max_counts": 100_000,
    "min_genes": 2_000,
    "max_genes": 9_000,
    "max_pct_mt": 25,
    "mads": 5,
}


def test_mitochondrial_genes_by_flag_or_symbol():
    symbols = pd.DataFrame({"symbol": ["MT-CO1", "mt-Nd1", "MTOR", "MTA1", "Mt1", "MTRNR2L12", "GRCh38"]})
    assert list(mitochondrial_genes(symbols)) == [True, True] + [False] * 5
    flagged = symbols.assign(mitochondrial=[0, 0, 0, 0, 0, 0, 1])
    assert list(mitochondrial_genes(flagged)) == [False] * 6 + [True]


def test_measures_by_hand():
    counts = sparse.csr_matrix([[5, 0, 5], [0, 0, 0], [1, 2, 0]])
    cells = measure_cells(counts, np.array([False, False, True]))
    assert list(cells["total_counts"]) == [10, 0, 3]
    assert list(cells["n_genes"]) == [2, 0, 2]
    assert list(cells["pct_counts_mt"]) == [50, 0, 0]
    assert measure_cells(counts, np.zeros(3, bool))["pct_counts_mt"].isna().all()


def test_fixed_cuts_at_their_edges_and_in_their_order():
    rows = [
        (2_000, 2_000, 24.9, ""),
        (100_000, 9_000, 0, ""),
        (1_999, 100, 90, "low_counts"),
        (100_001, 9_500, 90, "high_counts"),
        (5_000, 1_999, 90, "few_genes"),
        (50_000, 9_001, 90, "many_genes"),
        (5_000, 3_000, 25, "high_mt"),
        (5_000, 3_000, np.nan, ""),
    ]
    cells = pd.DataFrame(rows, columns=["total_counts", "n_genes", "pct_counts_mt", "verdict"])
    verdict = quality_verdict(cells, quality_limits(cells, method="fixed", **STUDY))
    assert list(verdict) == list(cells["verdict"])


def test_mads_cut_outliers_on_both_sides():
    rng = np.random.default_rng(1)
    cells = pd.DataFrame(
        {
            "total_counts": rng.lognormal(9, 0.3, 500),
            "n_genes": rng.lognormal(8, 0.2, 500),
            "pct_counts_mt": rng.normal(6, 1, 500),
        }
    ).round()
    cells.loc[0, "total_counts"], cells.loc[1, "total_counts"], cells.loc[2, "pct_counts_mt"] = 500, 200_000, 30
    limits = quality_limits(cells, method="mads", **STUDY | NO_FLOOR)
    verdict = quality_verdict(cells, limits)
    assert list(verdict[:3]) == ["low_counts", "high_counts", "high_mt"]
    assert (verdict[3:] == "").mean() > 0.99
    # Five standard deviations of the log-normal on each side; MADs of 500 values scatter by 4 %.
    assert limits["min_counts"] == pytest.approx(np.exp(9 - 5 * 0.3), rel=0.3)


def test_mads_have_floors():
    # A wide library: five MADs reach below any cell.
    cells = pd.DataFrame({"total_counts": [400, 500, 1_500, 9_000], "n_genes": [350, 299, 800, 3_000]})
    limits = quality_limits(
        cells.assign(pct_counts_mt=5.0), method="mads", **STUDY | {"min_counts": 500, "min_genes": 300}
    )
    assert (limits["min_counts"], limits["min_genes"]) == (500, 300)
    verdict = quality_verdict(cells.assign(pct_counts_mt=5.0), limits)
    assert list(verdict) == ["low_counts", "few_genes", "", ""]


@pytest.mark.parametrize("values", [[300] * 6, [300] * 5 + [301]])
def test_mads_keep_cells_that_dont_differ(values):
    cells = pd.DataFrame({"total_counts": values, "n_genes": 50, "pct_counts_mt": 0.0})
    verdict = quality_verdict(cells, quality_limits(cells, method="mads", **STUDY | NO_FLOOR))
    assert list(verdict[:5]) == [""] * 5
    empty = quality_limits(cells[:0], method="mads", **STUDY | NO_FLOOR)
    assert list(quality_verdict(cells, empty)) == [""] * 6


def test_unknown_method_is_named():
    with pytest.raises(ValueError, match="unknown quality method zscore"):
        quality_limits(pd.DataFrame(columns=["total_counts", "n_genes", "pct_counts_mt"]), method="zscore", **STUDY)


@given(st.lists(st.sampled_from(["", *STEPS]), max_size=60))
def test_attrition_adds_up(verdicts):
    table = attrition(np.array(verdicts, dtype=object))
    assert list(table["step"]) == list(STEPS)
    assert (table["barcodes_before"] - table["removed"] == table["remaining"]).all()
    assert list(table["barcodes_before"])[1:] == list(table["remaining"])[:-1]
    assert table["remaining"].iloc[-1] == verdicts.count("")


def test_gene_names_are_unique_by_the_rule():
    symbols = pd.Series(["TBCE", "ACTB", "TBCE", None, " "], index=["ENSG2", "ENSG3", "ENSG1", "ENSG4", "ENSG5"])
    assert list(unique_symbols(symbols)) == ["TBCE_ENSG2", "ACTB", "TBCE", "ENSG4", "ENSG5"]
    # The order of the genes doesn't matter.
    assert list(unique_symbols(symbols[::-1])) == list(unique_symbols(symbols))[::-1]


def summary_of(sample, arm, removed, *, rule="ambient"):
    """Return a library's summary with ``removed`` barcodes per step of 1,000."""
    before, steps = 1_000, []
    for step in STEPS:
        n = removed.get(step, 0)
        steps.append({"step": step, "barcodes_before": before, "removed": n, "remaining": before - n})
        before -= n
    rules = [
        {"rule": r, "droplets": 100, "graft": 60, "host": 30, "mixed": 10, "ambient_alone": 0, "note": ""}
        for r in ("threshold", "ambient")
    ]
    labels = {
        "sample": sample,
        "model": "M",
        "timepoint": "untreated" if arm == "untreated" else "persister",
        "arm": arm,
    }
    return {**labels, "attrition": steps, "species_rules": rules, "species_method": rule}


def test_attrition_by_sample_and_arm():
    summaries = [
        summary_of("a", "untreated", {"empty": 900, "host": 40, "high_mt": 6}),
        summary_of("b", "cisplatin", {"empty": 800, "host": 20}),
        summary_of("c", "untreated", {"empty": 700, "host": 60, "high_mt": 14}),
    ]
    table = attrition_by_sample(summaries)
    assert list(table.columns) == [
        "sample",
        "model",
        "timepoint",
        "arm",
        "step",
        "barcodes_before",
        "removed",
        "remaining",
        "lost_share",
        "warning",
    ]
    assert len(table) == 3 * len(STEPS)
    arms = attrition_by_arm(table).set_index(["arm", "step"])
    assert list(arms.loc[("untreated", "host"), ["samples", "barcodes_before", "removed", "remaining"]]) == [
        2,
        400,
        100,
        300,
    ]
    assert arms.loc[("untreated", "high_mt"), "removed_share"] == pytest.approx(20 / 400)
    assert np.isnan(arms.loc[("cisplatin", "empty"), "removed_share"])
    rules = species_rules(summaries)
    assert len(rules) == 6 and list(rules["used"]) == [0, 1] * 3


def test_study_without_single_cells_gives_headers():
    table = attrition_by_sample([])
    assert table.empty and "arm" in table.columns
    assert "removed_share" in attrition_by_arm(table).columns
    assert "rule" in species_rules([]).columns

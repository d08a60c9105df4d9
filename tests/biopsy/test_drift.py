"""What few training models let one say of a biopsy: nothing, rather than that all is well."""

import numpy as np
import pandas as pd
import pytest

from scripts.biopsy import describe, draw_biopsy, drift, figures, freeze
from scripts.biopsy.score_biopsy import rows_of_checks
from scripts.stats import intervals

LEVELS = (drift.CAUTION_LEVEL, drift.OUT_LEVEL)


@pytest.mark.parametrize("n", [0, 1, 2])
def test_too_few_models_give_no_limit(n):
    assert np.isnan(intervals.upper_limits(np.full(n, 0.1), LEVELS)).all()
    assert np.isfinite(intervals.upper_limits(np.array([0.1, 0.2, 0.15]), LEVELS)).all()


@pytest.mark.parametrize("n", [0, 1, 2])
def test_without_limits_nothing_is_like_training(n):
    training = pd.Series(np.full(n, 0.1), dtype=float)
    calibration = pd.DataFrame({"model": [f"P{i}" for i in range(n)], "misfit": 0.1})
    checks = [
        drift.check_expression(0.9, training),
        drift.check_far_cells(0.9, training),
        drift.check_fit(0.9, 100, calibration),
    ]
    assert {check.verdict for check in checks} == {"not judged"}
    assert all(f"can't be judged: {n} training model" in check.note for check in checks)
    verdict = rows_of_checks(checks).iloc[0]
    assert verdict["call"] == "not judged" and "like the training samples" not in verdict["note"]


def test_what_is_wrong_for_sure_outweighs_what_is_not_judged():
    few = drift.check_expression(0.1, pd.Series([0.1]))
    genes = drift.check_genes(0.6, 60, ["TP53"])
    assert drift.worst([few, genes]) == "caution" and drift.worst([few]) == "not judged"
    three = drift.check_expression(0.1, pd.Series([0.1, 0.12, 0.11]))
    assert drift.worst([three]) == "ok"


def test_what_intervals_suppose_withholds_them():
    """Normal cells and a patient unlike those of training, not missing genes, few reads or few training models."""
    three, few = pd.Series([0.1, 0.12, 0.11]), pd.Series([0.1])
    marked = np.array(["immune"] * 10 + [""] * 90, dtype=object)
    other = drift.check_composition(marked, {"composition": "tumour"})
    assert drift.unreliable([other, drift.check_expression(0.9, three)]) == "non-tumour cells, expression"
    assert drift.unreliable([drift.check_genes(0.6, 60, ["TP53"]), drift.check_expression(0.9, few)]) == ""
    assert drift.unreliable([drift.check_depth(10.0, pd.Series([1000.0])), drift.check_expression(0.1, three)]) == ""


def test_withheld_rows_keep_their_values_and_say_why():
    rows = [
        ("check", "expression", 0.9, np.nan, 0.2, np.nan, np.nan, "caution", "further off"),
        ("fraction", "persister-like cells", 0.3, 0.2, 0.4, np.nan, np.nan, "", "part of 100 tumour cells"),
        ("switch", "FOSL1", 0.9, -0.2, 0.3, 0.0, 1.0, "active", ""),
        ("switch", "YAP1", np.nan, np.nan, np.nan, 0.0, 1.0, "not scored", "too few targets"),
        ("nearest", "P1", 0.4, np.nan, np.nan, np.nan, np.nan, "untreated", "P1, drug"),
    ]
    table = pd.DataFrame(rows, columns=describe.ROWS)
    pd.testing.assert_frame_equal(describe.withhold(table, ""), table)
    found = describe.withhold(table, "expression")
    kept = found["section"].isin(["check", "nearest"]) | (found["item"] == "YAP1")
    pd.testing.assert_frame_equal(found[kept], table[kept])
    assert found["value"].equals(table["value"])
    assert found.loc[~kept, ["low", "high"]].isna().all(axis=None)
    assert found.loc[~kept, "call"].tolist() == ["", "unreliable"]
    assert found.loc[~kept, "note"].tolist() == [
        "part of 100 tumour cells; unreliable: expression",
        "unreliable: expression",
    ]
    assert figures.headline(found)[0] == "30 % persister-like cells (unreliable)"
    drawn = figures.draw_switches(found, figures.STYLE)
    assert drawn.n == "Active: not judged (the values are unreliable)." and len(drawn.data["switches"]) == 1


def test_figures_of_models_left_out_are_told_to_be_optimistic():
    manifest = {
        "study": {"contrast": {"baseline": "untreated", "persister": "persister"}},
        "training": {"cells": 1, "profiles": 1, "models": 3},
    }
    calibration = pd.DataFrame({"fraction": [0.1], "planted": [0.0]})
    words = "learned from all models, the left-out one included"
    assert words in freeze.readme(manifest, calibration)
    assert words not in freeze.readme(manifest, calibration.iloc[:0]), "nothing was measured there"
    assert words in draw_biopsy.TABLES["check"][2]

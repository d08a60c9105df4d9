"""What few training models let one say of a biopsy: nothing, rather than that all is well."""

import numpy as np
import pandas as pd
import pytest

from scripts.biopsy import draw_biopsy, drift, freeze
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

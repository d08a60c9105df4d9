"""What depth and platforms do to a switch: columns, verdict and notes."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from scripts.profiles import platforms
from scripts.stats import between
from scripts.switches import checks, verdicts
from scripts.switches.switches import judge

ROW = {"n": 5, "same_direction": 0.99, "fdr": 0.01, "fdr_least": 0.01, "activity_change_sd": 1.0}


@pytest.mark.parametrize(
    ("share", "fdr", "verdict"),
    [
        (0.9, 0.02, verdicts.SHARED), (1.4, 0.001, verdicts.SHARED), (np.nan, np.nan, verdicts.SHARED),
        (0.4, 0.02, verdicts.DEPTH), (0.8, 0.2, verdicts.DEPTH), (-0.6, 0.01, verdicts.DEPTH),
    ],
)  # fmt: skip
def test_a_shared_change_must_be_left_at_equal_depth(share, fdr, verdict):
    row = pd.Series(ROW | {"depth_share": share, "fdr_at_equal_depth": fdr})
    assert judge(row, "", [], fdr=0.05) == verdict.name
    assert judge(pd.Series({**row, "fdr": 0.5}), "", [], fdr=0.05) == verdicts.UNCLEAR.name


def test_change_at_equal_depth_is_that_of_the_thinned_activity():
    rows = []
    for i, model in enumerate(["A", "B", "C", "D"]):
        for timepoint, value in (("u", 0.1), ("p", 0.3 + 0.01 * i)):
            rows.append((f"{model}_{timepoint}", model, timepoint, "a", "1", "R(+)", value))
    table = pd.DataFrame(rows, columns=["sample", "model", "timepoint", "arm", "replicate", "regulon", "activity"])
    one = pd.Series({"R(+)": 1.0})
    found = checks.at_equal_depth(table, pd.Series({"R(+)": 0.43}), one, "u", "p").loc["R(+)"]
    assert found["effect_at_equal_depth"] == pytest.approx(0.215) and found["depth_share"] == pytest.approx(0.5)
    assert found["p_at_equal_depth"] == found["fdr_at_equal_depth"] < 0.001
    assert checks.at_equal_depth(table.iloc[:0], one, one, "u", "p").empty


def test_a_factor_that_rises_in_bulk_and_falls_in_single_cells_is_seen():
    """JUN in the study's 87 profiles, next to factors that don't differ."""
    names = [f"m{i}" for i in range(8)]
    of_model = pd.Series(["single-cell"] * 5 + ["bulk", "array", "array"], index=names)
    changes = pd.DataFrame(np.random.default_rng(0).normal(size=(8, 40)), names, [f"r{i}" for i in range(40)])
    changes["JUN"] = [-2.0, -1.5, 0.8, -2.4, -0.7, 2.7, 3.9, 6.0]
    found = checks.by_platform(changes, of_model, pd.Series(1.0, index=changes.columns))
    jun = found.loc["JUN"]
    assert jun["by_platform"] == "single-cell -1.16 (5); bulk +2.70 (1); array +4.95 (2)"
    assert jun["platform_difference"] == pytest.approx(-1.16 - 4.2) and jun["platform_ci_high"] < 0
    assert found["platform_p"].idxmin() == "JUN" and checks.note_on_platform(jun, 1.0).startswith("differs by platform")
    few = checks.by_platform(changes.iloc[:7], of_model, pd.Series(1.0, index=changes.columns)).loc["JUN"]
    assert np.isnan(few["platform_fdr"]) and "confounded with platform" in checks.note_on_platform(few, 0.05)
    alone = checks.by_platform(changes.iloc[:5], of_model, pd.Series(1.0, index=changes.columns))
    assert alone.empty and checks.note_on_platform(pd.Series({"by_platform": np.nan}), 0.05) == ""


def test_platforms_of_a_design_are_named_and_confounded_where_no_model_has_two():
    samples = pd.DataFrame({"model": list("AABB"), "platform": ["bulk", "bulk", "array", "array"]})
    text, note = platforms.describe(samples)
    assert text == "bulk (A); array (B)" and note == platforms.CONFOUNDED
    assert platforms.describe(samples.assign(platform=["bulk", "array"] * 2))[1] == ""
    assert platforms.describe(samples.assign(platform="bulk")) == platforms.describe(samples[["model"]]) == ("", "")


def test_groups_of_models_are_compared_by_welchs_t():
    """Fewer than thirty features: their own variances, and the smaller group's degrees of freedom."""
    from scipy import stats

    rng = np.random.default_rng(1)
    first, second = (pd.DataFrame(rng.normal(size=(n, 3)), columns=list("abc")) for n in (4, 6))
    found = between.compare(first, second, pd.Series(1.0, index=list("abc")))
    t = stats.ttest_ind(first, second, equal_var=False).statistic
    np.testing.assert_allclose(found["p"], 2 * stats.t.sf(np.abs(t), 3))
    np.testing.assert_allclose((found["ci_low"] + found["ci_high"]) / 2, found["difference"])

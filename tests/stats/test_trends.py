"""Slopes over days: by hand, with replicates, missing values and models without two days."""

import numpy as np
import pandas as pd
import pytest

from scripts.stats import trends

CONTRAST = {"baseline": "d0", "persister": "d32", "further": ["d64", "d128"]}


def sheet(rows: list[tuple]) -> tuple[pd.DataFrame, dict[str, float]]:
    """Return samples and days of rows (sample, model, timepoint, arm, day)."""
    table = pd.DataFrame(rows, columns=["sample", "model", "timepoint", "arm", "day"]).set_index("sample")
    return table.drop(columns="day"), table["day"].dropna().to_dict()


def slopes(values: pd.DataFrame, samples: pd.DataFrame, days: dict) -> pd.DataFrame:
    """Return the slopes of the persisters of :data:`CONTRAST`."""
    return trends.slopes(values, trends.with_days(samples, days, trends.persisters_of(CONTRAST)))


def test_slope_is_per_doubling_and_knows_no_baseline():
    rows = [("a0", "A", "d0", "none", 0), ("a1", "A", "d32", "x", 32), ("a2", "A", "d64", "x", 64)]
    samples, days = sheet([*rows, ("a3", "A", "d128", "x", 128)])
    values = pd.DataFrame({"step": [0, 5.0, 5, 5], "rise": [0, 1.0, 2, 3]}, index=samples.index)
    found = slopes(values, samples, days)
    assert found.loc[("A", "x")].tolist() == pytest.approx([0.0, 1.0])


def test_slope_equals_numpy_with_replicates_averaged_first():
    rng = np.random.default_rng(1)
    plan = [("d32", 30, 3), ("d64", 55, 1), ("d128", 140, 2)]
    rows = [(f"{t}{i}", "A", t, "x", day) for t, day, n in plan for i in range(n)]
    samples, days = sheet(rows)
    values = pd.DataFrame(rng.normal(size=(6, 4)), samples.index)
    means = values.groupby(samples["timepoint"], sort=False).mean()
    expected = np.polyfit(np.log2([30, 55, 140]), means.to_numpy(), 1)[0]
    assert slopes(values, samples, days).to_numpy() == pytest.approx(expected[None, :])


def test_a_feature_that_a_day_lacks_uses_the_others():
    samples, days = sheet([(f"a{d}", "A", f"d{d}", "x", d) for d in (32, 64, 128)])
    values = pd.DataFrame({"gap": [1.0, np.nan, 5.0], "one": [1.0, np.nan, np.nan]}, index=samples.index)
    found = slopes(values, samples, days).loc[("A", "x")]
    assert found["gap"] == pytest.approx(2.0) and np.isnan(found["one"])


def test_models_without_two_days_have_no_row():
    rows = [("a", "A", "d32", "x", 32), ("b", "B", "d32", "x", 32), ("b2", "B", "d64", "y", 64)]
    samples, days = sheet(
        [*rows, ("c", "C", "d32", "x", None), ("c2", "C", "d64", "x", 64), ("d", "D", "d32", "x", -1)]
    )
    values = pd.DataFrame({"f": range(6)}, index=samples.index, dtype=float)
    found = slopes(values, samples, days)
    assert found.empty and list(found.columns) == ["f"] and found.index.names == ["model", "arm"]


def test_names():
    assert trends.persisters_of({"persister": "p"}) == ["p"]
    assert trends.trend_of(CONTRAST) == "trend over d32, d64, d128"

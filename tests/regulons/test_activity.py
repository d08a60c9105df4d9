"""Regulon activity described."""

import numpy as np
import pandas as pd
import pytest

from scripts.regulons import activity as act


@pytest.fixture
def cells():
    rng = np.random.default_rng(1)
    n = 400
    label = np.repeat(["untreated", "persister"], n // 2)
    on = (label == "persister") & (rng.random(n) < 0.8)
    table = pd.DataFrame(
        {
            "sample": np.where(label == "untreated", "S1", "S2"),
            "model": "M",
            "timepoint": label,
            "arm": np.where(label == "untreated", "untreated", "AC"),
            "replicate": "1",
            "switch(+)": rng.normal(0.02, 0.005, n) + 0.1 * on,
            "flat(+)": rng.normal(0.05, 0.01, n).clip(0),
            "silent(+)": 0.0,
        },
        index=[f"c{i}" for i in range(n)],
    )
    table["switch(+)"] = table["switch(+)"].clip(0)
    return table, on


REGULONS = ["switch(+)", "flat(+)", "silent(+)"]


def test_threshold_lies_between_two_modes(cells):
    table, on = cells
    found = act.threshold(table["switch(+)"].to_numpy(), seed=0)
    assert found["bimodal"] and 0.04 < found["threshold"] < 0.11
    assert ((table["switch(+)"] > found["threshold"]).to_numpy() == on).mean() > 0.99


def test_one_mode_and_skew_are_not_called_a_switch(cells):
    table, _ = cells
    flat = act.threshold(table["flat(+)"].to_numpy(), seed=0)
    values = table["flat(+)"].to_numpy()
    assert not flat["bimodal"] and flat["threshold"] == pytest.approx(values.mean() + 2 * values.std())
    skewed = np.random.default_rng(3).gamma(2.0, 0.01, 2000)
    assert not act.threshold(skewed, seed=0)["bimodal"]


def test_no_activity_or_few_cells_give_the_plain_threshold(cells):
    assert not act.threshold(np.zeros(100), seed=0)["bimodal"]
    assert not act.threshold(np.array([0.0, 0.1, 0.2]), seed=0)["bimodal"]


def test_samples_count_cells_and_share_on(cells):
    table, on = cells
    cuts = act.thresholds(table[REGULONS], seed=0).set_index("regulon")["threshold"]
    found = act.by_sample(table, REGULONS, cuts).set_index(["sample", "regulon"])
    assert found.loc[("S2", "switch(+)"), "n_cells"] == 200
    assert found.loc[("S2", "switch(+)"), "on"] == pytest.approx(on[200:].mean(), abs=0.02)
    assert found.loc[("S1", "switch(+)"), "activity"] == pytest.approx(table["switch(+)"][:200].mean())


def test_histograms_hold_every_cell(cells):
    table, _ = cells
    bins = act.histograms(table, REGULONS)
    assert (bins.groupby(["regulon", "timepoint"])["cells"].sum() == 200).all()


def test_no_regulon_keeps_the_headers(cells):
    table, _ = cells
    assert act.thresholds(table[[]], seed=0).columns.tolist() == act.THRESHOLDS
    assert act.by_sample(table, [], pd.Series(dtype=float)).columns.tolist() == act.SAMPLES
    assert act.histograms(table, []).empty

"""Figures of regulon activity."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from scripts.regulons import activity as act
from scripts.regulons import plot_activity as plots

ORDERS = {
    "timepoint": ["untreated", "persister", "relapse"],
    "model": ["P1", "P2", "P3"],
    "arm": ["untreated", "AC"],
}


@pytest.fixture
def samples():
    rng = np.random.default_rng(0)
    rows = []
    for model in ("P1", "P2", "P3"):
        for timepoint, on in (("untreated", 0.1), ("persister", 0.8)):
            labels = (f"{model}_{timepoint}", model, timepoint, "untreated" if on < 0.5 else "AC", "1", 100)
            rows += [(*labels, f"switch{i}(+)", 0.05 + 0.1 * on, on + rng.normal(0, 0.01)) for i in range(3)]
            rows += [(*labels, "flat(+)", 0.05, 0.1)]
    return pd.DataFrame(rows, columns=act.SAMPLES)


def test_scaling_is_within_the_regulon_and_flat_ones_stay_flat(samples):
    scores = plots.standardise(samples)
    assert scores.loc["flat(+)"].eq(0).all()
    np.testing.assert_allclose(scores.loc["switch0(+)"].abs(), 1)


def test_the_most_variable_come_first(samples):
    assert set(plots.most_variable(samples, 3)) == {"switch0(+)", "switch1(+)", "switch2(+)"}


def test_heatmap_orders_samples_by_timepoint_then_model(samples):
    figure = plots.draw_heatmap(samples, ORDERS, "")
    labels = [text.get_text().split(" ")[0] for text in figure.axes[1].get_xticklabels()]
    assert labels == [f"{m}_{t}" for t in ("untreated", "persister") for m in ("P1", "P2", "P3")]
    assert "stand-in" in plots.draw_heatmap(samples, ORDERS, "stand-in motifs")._suptitle.get_text()
    plt.close("all")


@pytest.mark.parametrize("n_samples", [1, 2])
def test_few_samples_and_regulons_can_be_drawn(samples, n_samples):
    few = samples[samples["sample"].isin(samples["sample"].unique()[:n_samples]) & samples["regulon"].isin(["flat(+)"])]
    plots.draw_heatmap(few, ORDERS, "")
    plt.close("all")


def test_distributions_have_a_panel_per_regulon_and_group():
    rng = np.random.default_rng(0)
    table = pd.DataFrame(
        {"timepoint": np.repeat(["untreated", "persister"], 50), "a(+)": rng.random(100), "b(+)": rng.random(100)}
    )
    bins = pd.concat([act.histograms(table, ["a(+)", "b(+)"]).assign(group=group) for group in ("P1", "P2")])
    cuts = pd.concat([act.thresholds(table[["a(+)", "b(+)"]], 0).assign(group=group) for group in ("P1", "P2")])
    figure = plots.draw_on_off(bins, cuts, ["a(+)", "b(+)"], ["P1", "P2"], ORDERS["timepoint"], "")
    assert len(figure.axes) == 4
    plt.close("all")

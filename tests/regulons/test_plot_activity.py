"""Figures of regulon activity."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from scripts.base.tables import read_labelled
from scripts.regulons import activity as act
from scripts.regulons import plot_activity as plots
from scripts.regulons import tabulate_activity

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


def test_what_a_group_does_not_measure_is_shown_as_missing(samples):
    some = samples[~((samples["model"] == "P2") & (samples["regulon"] == "switch1(+)"))]
    scores = plots.standardise(some)
    assert scores.loc["switch1(+)", scores.columns.str.startswith("P2")].isna().all()
    assert scores.loc["flat(+)"].eq(0).all() and scores.isna().sum().sum() == 2
    figure = plots.draw_heatmap(some, ORDERS, "")
    assert "not measured" in [text.get_text() for text in figure.legends[0].get_texts()]
    assert sorted(plots.order_rows(scores)) == sorted(scores.index)
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
    bins, cuts = (table[(table["group"] != "P2") | (table["regulon"] != "b(+)")] for table in (bins, cuts))
    figure = plots.draw_on_off(bins, cuts, ["a(+)", "b(+)"], ["P1", "P2"], ORDERS["timepoint"], "")
    assert [len(axes.texts) for axes in figure.axes] == [0, 0, 0, 1]
    plt.close("all")


def test_labels_that_look_like_numbers_or_nothing_are_joined_and_drawn(samples, make_job, tmp_path):
    called = {"timepoint": {"untreated": "0", "persister": "21"}, "arm": {"untreated": "null", "AC": "NA"}}
    called |= {"model": {"P1": "1040", "P2": "None", "P3": "021"}}
    table = samples.replace(called).assign(group=samples.replace(called)["model"])
    kinds = {"rss": [], "thresholds": [], "samples": []}
    histograms = []
    for group, own in table.groupby("group"):
        paths = {kind: tmp_path / f"{group}.{kind}.tsv" for kind in (*kinds, "histograms")}
        own.to_csv(paths["samples"], sep="\t", index=False)
        cells = own.assign(**{name: rows["activity"] for name, rows in own.groupby("regulon")}).fillna(0.1)
        names = sorted(own["regulon"].unique())
        cuts = act.thresholds(cells[names], 0).assign(group=group)
        cuts.to_csv(paths["thresholds"], sep="\t", index=False)
        cuts.assign(label="NA").to_csv(paths["rss"], sep="\t", index=False)
        act.histograms(cells, names).assign(group=group).to_csv(paths["histograms"], sep="\t", index=False)
        for kind, found in kinds.items():
            found.append(paths[kind])
        histograms.append(paths["histograms"])
    joined = {kind: tmp_path / f"{kind}.tsv" for kind in kinds}
    tabulate_activity.main(make_job(input=kinds, output=joined))
    assert (read_labelled(joined["rss"], "label")["label"] == "NA").all()
    whole = read_labelled(joined["samples"])
    assert set(whole["arm"]) == {"null", "NA"} and set(whole["model"]) == {"1040", "None", "021"}
    drawn = {"heatmap": tmp_path / "heatmap.png", "on_off": tmp_path / "on_off.png"}
    params = {"timepoints": ["0", "21"], "models": ["1040", "None", "021"], "arms": ["null", "NA"], "note": ""}
    files = {"samples": joined["samples"], "thresholds": joined["thresholds"], "histograms": histograms}
    plots.main(make_job(input=files, output=drawn, params=params))
    assert all(path.stat().st_size for path in drawn.values())
    plt.close("all")

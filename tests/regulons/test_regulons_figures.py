"""Figures of the regulons from small tables: what they show, and what is missing where a group measures less."""

import numpy as np
import pandas as pd
import pytest

from scripts.base.tables import read_labelled
from scripts.figure import draw
from scripts.figure.style import Style
from scripts.regulons import activity as act
from scripts.regulons import consensus, distributions, figures, network_changes, tabulate_activity, variability

STYLE = Style(
    models=("P1", "P2", "P3"),
    arms=("untreated", "AC"),
    timepoints=("untreated", "persister", "relapse"),
    settings={"seeds": 3, "note": ""},
)


@pytest.fixture
def samples() -> pd.DataFrame:
    """Return regulons/samples.tsv: three regulons that are on in persisters, one that never changes."""
    rng = np.random.default_rng(0)
    rows = []
    for model in ("P1", "P2", "P3"):
        for timepoint, on in (("untreated", 0.1), ("persister", 0.8)):
            labels = (f"{model}_{timepoint}", model, timepoint, "untreated" if on < 0.5 else "AC", "1", 100)
            rows += [(*labels, f"switch{i}(+)", 0.05 + 0.1 * on, on + rng.normal(0, 0.01)) for i in range(3)]
            rows += [(*labels, "flat(+)", 0.05, 0.1)]
    table = pd.DataFrame(rows, columns=act.SAMPLES)
    return table.assign(group=table["model"])


def encodings(made, panel: int = 0) -> list[dict]:
    """Return the encodings of a panel's layers."""
    return [layer["encoding"] for layer in made.panels[panel].chart.to_dict()["layer"]]


def test_scaling_is_within_the_regulon_and_flat_ones_stay_flat(samples):
    scores = variability.standardise(samples)
    assert scores.loc["flat(+)"].eq(0).all()
    np.testing.assert_allclose(scores.loc["switch0(+)"].abs(), 1)


def test_the_most_variable_come_first(samples):
    table = variability.tabulate(samples)[1]
    assert set(table["regulon"][:3]) == {"switch0(+)", "switch1(+)", "switch2(+)"}
    assert table["variability_rank"].tolist() == [1, 2, 3, 4] and sorted(table["row"]) == [1, 2, 3, 4]


def test_only_the_most_variable_are_ordered_by_likeness(samples, monkeypatch):
    monkeypatch.setattr(variability, "MAX_REGULONS", 3)
    standardised, table = variability.tabulate(samples)
    assert table["row"].isna().tolist() == [False, False, False, True]
    made = figures.draw_heatmap(samples, standardised, table, STYLE)
    assert "flat(+)" not in set(made.data["activity_heatmap"]["regulon"])
    assert made.n == "6 libraries of 3 models; the 3 most variable of 4 regulons."


def test_like_regulons_are_next_to_each_other():
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=6), rng.normal(size=6)
    scores = pd.DataFrame([a, b, a + 0.01, b - 0.01], index=["a1", "b1", "a2", "b2"])
    order = variability.order_rows(scores)
    assert {frozenset(order[:2]), frozenset(order[2:])} == {frozenset({"a1", "a2"}), frozenset({"b1", "b2"})}


def test_heatmap_orders_samples_by_timepoint_then_model_and_says_what_stands_in(samples):
    made = figures.draw_heatmap(samples, *variability.tabulate(samples), STYLE)
    expected = [f"{m}_{t}" for t in ("untreated", "persister") for m in ("P1", "P2", "P3")]
    assert all(encoding["x"]["sort"] == expected for encoding in encodings(made)) and not made.notes
    assert made.data["activity_heatmap"]["strip"].sum() == 6
    noted = Style(STYLE.models, STYLE.arms, STYLE.timepoints, settings={"note": "stand-in motifs"})
    made = figures.draw_heatmap(samples, *variability.tabulate(samples), noted)
    assert made.notes == {"synthetic": {"note": "stand-in motifs"}}


@pytest.mark.parametrize("n_samples", [1, 2])
def test_few_samples_and_regulons_can_be_drawn(samples, n_samples):
    few = samples[samples["sample"].isin(samples["sample"].unique()[:n_samples]) & samples["regulon"].isin(["flat(+)"])]
    made = figures.draw_heatmap(few, *variability.tabulate(few), STYLE)
    assert len(made.data["activity_heatmap"]) == n_samples


def test_what_a_group_does_not_measure_is_missing(samples):
    some = samples[~((samples["model"] == "P2") & (samples["regulon"] == "switch1(+)"))]
    scores = variability.standardise(some)
    assert scores.loc["switch1(+)", scores.columns.str.startswith("P2")].isna().all()
    assert scores.loc["flat(+)"].eq(0).all() and scores.isna().sum().sum() == 2
    table = figures.draw_heatmap(some, *variability.tabulate(some), STYLE).data["activity_heatmap"]
    assert len(table) == len(some) == 22 and table["z"].notna().all()
    assert set(table.loc[table["model"] == "P2", "regulon"]) == {"switch0(+)", "switch2(+)", "flat(+)"}


def distribution_tables(groups=("P1", "P2")) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Return histograms, thresholds, variability and samples of two regulons in each group."""
    rng = np.random.default_rng(0)
    names = ["a(+)", "b(+)"]
    table = pd.DataFrame(
        {"timepoint": np.repeat(["untreated", "persister"], 50), **{n: rng.random(100) for n in names}}
    )
    bins = pd.concat([act.histograms(table, names).assign(group=group) for group in groups])
    cuts = pd.concat([act.thresholds(table[names], 0).assign(group=group, mrna_r=0.1) for group in groups])
    rows = [(g, f"{g}_{t}", g, r, i + j / 9) for g in groups for i, t in enumerate("up") for j, r in enumerate(names)]
    samples = pd.DataFrame(rows, columns=["group", "sample", "model", "regulon", "on"]).assign(activity=0.1)
    return bins, cuts, variability.tabulate(samples)[1], samples


def test_distributions_have_a_panel_per_regulon_and_group():
    bins, cuts, table, samples = distribution_tables()
    made = distributions.draw_on_off(bins, cuts, table, samples, STYLE)
    assert {panel.title for panel in made.panels} == {f"{r} · {g}" for r in ("a(+)", "b(+)") for g in ("P1", "P2")}
    assert [panel.model for panel in made.panels] == ["P1", "P2", "P1", "P2"]
    shares = made.data["cells"].groupby(["panel", "timepoint"])["share"].sum()
    assert shares.tolist() == pytest.approx([1] * 8)


def test_the_legend_of_thresholds_lists_the_kinds_that_there_are():
    bins, cuts, table, samples = distribution_tables()
    for bimodal, kinds in ((False, ["mean + 2 sd"]), (True, ["two modes"])):
        made = distributions.draw_on_off(bins, cuts.assign(bimodal=bimodal), table, samples, STYLE)
        line = made.panels[0].chart.to_dict()["layer"][1]
        assert line["encoding"]["strokeDash"]["scale"]["domain"] == kinds


def test_a_group_that_does_not_measure_a_regulon_has_no_distribution_of_it():
    bins, cuts, table, samples = distribution_tables()
    bins, cuts = (rows[(rows["group"] != "P2") | (rows["regulon"] != "b(+)")] for rows in (bins, cuts))
    made = distributions.draw_on_off(bins, cuts, table, samples, STYLE)
    assert {panel.title for panel in made.panels} == {"a(+) · P1", "b(+) · P1", "a(+) · P2"}


def specific(kinds: dict[str, list[str]]) -> pd.DataFrame:
    """Return regulons/rss.tsv of group P1: four regulons for each label of each kind."""
    rows = [
        ("P1", kind, label, 50, f"r{i}(+)", i / 10)
        for kind, labels in kinds.items()
        for label in labels
        for i in range(4)
    ]
    return pd.DataFrame(rows, columns=["group", "kind", "label", "n_cells", "regulon", "rss_adjusted"]).assign(
        rss=0.5, rss_z=1.0
    )


def test_regulons_are_ranked_within_a_timepoint_or_where_there_is_one_within_a_cluster(samples):
    both = {"timepoint": ["untreated", "persister"], "cluster": ["untreated:0", "untreated:1"]}
    table = figures.draw_specificity(specific(both), samples, STYLE).data["specificity"]
    assert set(table["kind"]) == {"timepoint"} and len(table) == 8
    assert set(table.loc[table["rank"] == 1, "regulon"]) == {"r3(+)"}
    one = specific(both | {"timepoint": ["untreated"]})
    assert set(figures.draw_specificity(one, samples, STYLE).data["specificity"]["kind"]) == {"cluster"}


def test_agreement_of_groups_and_seeds():
    edges = pd.DataFrame(
        [("A(+)", "A", "x", 2.0, 6, 2), ("A(+)", "A", "y", 1.0, 3, 1), ("B(+)", "B", "x", 1.0, 2, 2)],
        columns=consensus.GROUPS,
    )
    rows = [
        ("A(+)", "A", "P1", 2, 2, 0.001, 0.01),
        ("A(+)", "A", "P2", 1, 2, 0.01, 0.06),
        ("B(+)", "B", "P1", 1, 1, 0.002, 0.02),
        ("B(+)", "B", "P2", 1, 1, np.nan, np.nan),
    ]
    support = pd.DataFrame(rows, columns=consensus.SUPPORT)
    summary = consensus.summarise(edges, support, seeds=3)
    assert list(summary.columns) == consensus.SUMMARY and summary["all_targets"].tolist() == ["x, y", "x"]
    first = summary.set_index("regulon").loc["A(+)"]
    assert first[["targets", "groups", "runs", "run_share", "group_share"]].tolist() == [2, 1.5, 4.5, 1.0, 0.75]
    made = figures.draw_agreement(support, summary, STYLE)
    assert made.data["seeds"]["regulon"].tolist() == ["B(+)", "A(+)"]  # the best supported first
    assert made.data["models"]["share"].tolist() == [1, 0.5, 1, 1]
    assert made.n == "2 consensus regulons, 3 edges; 2 groups of cells × 3 seeds."
    assert made.notes == {"exchanged": {"share": "6.0%"}}
    untested = support.assign(p=np.nan, false_share=np.nan)
    assert figures.draw_agreement(untested, summary, STYLE).notes == {"not_tested": {}}


def test_without_a_regulon_there_is_no_figure_but_whole_tables():
    edges, support = pd.DataFrame(columns=consensus.GROUPS), pd.DataFrame(columns=consensus.SUPPORT)
    summary = consensus.summarise(edges, support, seeds=3)
    assert list(summary.columns) == consensus.SUMMARY and summary.empty
    samples = pd.DataFrame(columns=["group", *act.SAMPLES])
    standardised, table = variability.tabulate(samples)
    assert list(standardised.columns) == variability.STANDARDISED and list(table.columns) == variability.VARIABILITY
    assert figures.draw_agreement(support, summary, STYLE) is None
    assert figures.draw_heatmap(samples, standardised, table, STYLE) is None
    assert figures.draw_specificity(specific({}), samples, STYLE) is None
    bins = pd.DataFrame(columns=["regulon", "timepoint", "left", "right", "cells", "group"])
    cuts = pd.DataFrame(columns=["group", "regulon", "threshold", "bimodal", "separation", "bic_gain", "on", "mrna_r"])
    assert distributions.draw_on_off(bins, cuts, table, samples, STYLE) is None


def test_labels_that_look_like_numbers_or_nothing_are_joined_and_drawn(samples, make_job, tmp_path):
    called = {"timepoint": {"untreated": "0", "persister": "21"}, "arm": {"untreated": "null", "AC": "NA"}}
    called |= {"model": {"P1": "1040", "P2": "None", "P3": "021"}}
    table = samples.replace(called)
    table = table.assign(group=table["model"])
    kinds = {"rss": [], "thresholds": [], "samples": []}
    for group, own in table.groupby("group"):
        paths = {kind: tmp_path / f"{group}.{kind}.tsv" for kind in kinds}
        own.to_csv(paths["samples"], sep="\t", index=False)
        cells = own.assign(**{name: rows["activity"] for name, rows in own.groupby("regulon")}).fillna(0.1)
        cuts = act.thresholds(cells[sorted(own["regulon"].unique())], 0).assign(group=group, mrna_r=0.1)
        cuts.to_csv(paths["thresholds"], sep="\t", index=False)
        cuts.assign(label="NA").to_csv(paths["rss"], sep="\t", index=False)
        for kind, found in kinds.items():
            found.append(paths[kind])
    joined = {kind: tmp_path / f"{kind}.tsv" for kind in (*kinds, "standardised", "variability")}
    tabulate_activity.main(make_job(input=kinds, output=joined))
    assert (read_labelled(joined["rss"], "label")["label"] == "NA").all()
    read = {kind: draw.read_table(path) for kind, path in joined.items()}
    assert set(read["samples"]["arm"]) == {"null", "NA"} and set(read["samples"]["model"]) == {"1040", "None", "021"}
    style = Style(models=("1040", "None", "021"), arms=("null", "NA"), timepoints=("0", "21"), settings={"note": ""})
    made = figures.draw_heatmap(read["samples"], read["standardised"], read["variability"], style)
    assert len(made.data["activity_heatmap"]) == len(table) and made.data["activity_heatmap"]["z"].notna().all()


def test_factors_whose_edges_change_are_drawn_strongest_first_and_only_where_networks_were_compared():
    rows = [
        (f"T{i:02d}", 5, 5, 1.0, 0.0, i - 20.0, i - 21.0, i - 19.0, 0.01, 0.02, 0.95, "loses targets")
        for i in range(60)
    ]
    table = pd.DataFrame(rows, columns=network_changes.FACTORS)
    made = figures.draw_network_changes(table, STYLE)
    shown = made.data["network_changes"]
    assert len(shown) == figures.FACTORS and shown["effect"].iloc[0] == 39 and shown["effect"].is_monotonic_decreasing
    assert made.n == "5 models; the 30 largest changes of 60 factors."
    assert figures.draw_network_changes(None, STYLE).reason == "not_compared"
    assert figures.draw_network_changes(table[:0], STYLE) is None

"""Figures of the clusters from small tables: what they show, and what they say where there is little to show."""

import pandas as pd
import pytest

from scripts.clusters import figures, flow, link_clusters
from scripts.clusters.links import COLUMNS
from scripts.figure import palette
from scripts.figure.figure import Absent
from scripts.figure.style import Style

STYLE = Style(
    models=("A", "B"),
    arms=("untreated", "AC"),
    timepoints=("untreated", "persister", "relapse"),
    settings={"max_points": 10, "min_stability": 0.6, "subsamples": 8},
)


def cells(model="A", sizes=None) -> pd.DataFrame:
    """Return clusters/{model}/cells.tsv.gz; ``sizes``: cells by timepoint and cluster."""
    sizes = sizes or {("untreated", "0"): 6, ("persister", "0"): 3, ("persister", "1"): 1}
    rows = [
        {"model": model, "cell": f"{model}{t}{c}{i}", "sample": f"{model}_{t}", "timepoint": t, "arm": "AC",
         "cluster": c, "umap_1": i, "umap_2": -i, "phase": "G1" if i else None, "stress": 0.1 * i,
         "hypoxia": float("nan")}
        for (t, c), n in sizes.items()
        for i in range(n)
    ]  # fmt: skip
    return pd.DataFrame(rows)


def links(*rows: tuple) -> pd.DataFrame:
    """Return clusters/{model}/links.tsv of model A from (from, cluster, to, cluster, status, nearest, basis)."""
    table = pd.DataFrame(
        [(a, b, c, d, 0.5, status, 1, 1, nearest, basis, 0.01) for a, b, c, d, status, nearest, basis in rows],
        columns=COLUMNS,
    )
    return table.assign(model="A")


LINKS = links(
    ("untreated", "0", "persister", "0", "kept", "0", "contrast"),
    ("untreated", "", "persister", "1", "emerged", "0", "contrast"),
)


def listed(of: pd.DataFrame, table: pd.DataFrame = LINKS) -> pd.DataFrame:
    """Return clusters/{model}/clusters.tsv of all models."""
    parts = [
        link_clusters.tabulate_clusters(own, table[table["model"] == model]).assign(model=model)
        for model, own in of.groupby("model")
    ]
    return pd.concat(parts, ignore_index=True)


def test_cells_are_coloured_by_what_is_known_of_them():
    made = figures.draw_umap(cells(), listed(cells()), STYLE)
    titles = [panel.title for panel in made.panels]
    assert titles == [f"A: {name}" for name in ("timepoint", "arm", "cluster", "phase", "stress")]
    assert made.columns == 5 and {panel.model for panel in made.panels} == {"A"}
    table = made.data["umap"]
    assert set(table["cluster"]) == {"unt·0", "per·0", "per·1"} and set(table["phase"]) == {"G1", figures.UNKNOWN}
    colours = made.panels[2].chart.to_dict()["encoding"]["color"]["scale"]
    assert dict(zip(colours["domain"], colours["range"], strict=True))["unt·0"] == palette.BRIGHT[0]
    assert colours["range"][0] == colours["range"][1] != colours["range"][2]  # linked ones share a colour


def test_many_cells_are_drawn_in_part_and_the_number_of_all_is_said():
    both = pd.concat([cells("A", {("untreated", "0"): 40}), cells("B")], ignore_index=True)
    made = figures.draw_umap(both, listed(both), STYLE)
    assert made.data["umap"]["model"].value_counts().to_dict() == {"A": 10, "B": 10}
    assert made.n.startswith("50 cells of 2 models (20 of them drawn, at most 10 a model")
    again = figures.draw_umap(both, listed(both), STYLE)
    pd.testing.assert_frame_equal(made.data["umap"], again.data["umap"])


def curve(**columns) -> pd.DataFrame:
    """Return clusters/{model}/{timepoint}.stability.tsv of A, untreated."""
    table = pd.DataFrame({"model": "A", "timepoint": "untreated", "resolution": [0.1, 0.3, 0.6], "clusters": [1, 2, 3],
                          "ari_mean": [1, 0.9, 0.95], "ari_sd": [0, 0.1, 0.2], "chosen": [0, 0, 1]})  # fmt: skip
    return table.assign(**columns)


def test_stability_has_a_panel_a_model_and_spreads_end_at_one():
    made = figures.draw_stability(curve(), listed(cells()), STYLE)
    table = made.data["stability"]
    assert table["high"].max() == 1 and table["low"].tolist() == pytest.approx([1, 0.8, 0.75])
    assert set(table["n_cells"]) == {6}
    # Two timepoints have cells; the other one was too small to be divided.
    assert made.n == "1 model, 2 clusterings, 8 subsamples each; a resolution was chosen in 1."


def test_stability_that_was_not_measured_is_told():
    assert figures.draw_stability(curve().head(0), listed(cells()), STYLE) == Absent("not_tried")


def test_blocks_are_stacked_from_the_top_with_gaps():
    (low1, high1), (low2, high2) = flow.stack([30, 10])
    assert high1 == 0.75 and high2 == 0.25
    assert low2 == pytest.approx(0) and low1 == pytest.approx(0.25 + flow.GAP)
    assert flow.stack([1000, 1])[1][1] == flow.LEAST


def test_links_are_ribbons_between_blocks_and_what_emerges_is_named():
    made = figures.draw_flow(listed(cells()), LINKS, STYLE)
    blocks, ribbons = made.data["blocks"].set_index("label"), made.data["ribbons"]
    assert blocks["fate"].to_dict() == {"unt·0": "", "per·0": "", "per·1": "emerged"}
    assert blocks.at["per·1", "nearest"] == "unt·0 (0.50)" and blocks.at["per·0", "share"] == 0.75
    assert ribbons["link"].nunique() == 1 and ribbons.iloc[-1]["label"] == "0.50"
    for end, name in ((0, "unt·0"), (-1, "per·0")):
        assert ribbons.iloc[end][["low", "high"]].tolist() == pytest.approx(blocks.loc[name, ["low", "high"]].tolist())
    assert made.n == "1 model, 3 clusters (1 kept, 0 lost, 1 emerged)."


def test_ribbons_that_end_at_one_block_have_labels_at_heights_of_their_own():
    sizes = {("untreated", "0"): 6, ("untreated", "1"): 4, ("persister", "0"): 3}
    both = links(*(("untreated", c, "persister", "0", "kept", "0", "position") for c in "01"))
    ribbons = figures.draw_flow(listed(cells(sizes=sizes), both), both, STYLE).data["ribbons"]
    assert ribbons.groupby("link")["y"].first().is_unique


def test_a_link_of_two_undivided_timepoints_has_no_similarity():
    one = links(("untreated", "0", "persister", "0", "kept", "0", "undivided"))
    sizes = {("untreated", "0"): 6, ("persister", "0"): 3}
    ribbons = figures.draw_flow(listed(cells(sizes=sizes), one), one, STYLE).data["ribbons"]
    assert set(ribbons["label"]) == {""} and set(ribbons["colour"]) == {palette.ABSENT}


def test_blocks_end_below_the_heads_however_many_they_are():
    blocks = pd.DataFrame(
        {"timepoint": ["u"] * 3 + ["p"], "n_cells": 1, "low": [0.0, 0.5, 1.0, 0.1], "high": [0.4, 0.9, 1.4, 1.1]}
    )
    made = flow.flow_chart(blocks, pd.DataFrame(), ["u", "p"]).to_dict()
    domains = [layer["encoding"]["y"].get("scale", {}).get("domain") for layer in made["layer"]]
    assert [0, 1.4] in domains, "the axis with the heads is above the highest block"
    heads = [axis for layer in made["layer"] if (axis := layer["encoding"]["x"].get("axis"))]
    assert {axis["labelPadding"] for axis in heads} == {flow.LINE}, "room for the second line of a head"


def test_one_timepoint_has_no_flow():
    table = cells(sizes={("untreated", "0"): 6})
    assert figures.draw_flow(listed(table, LINKS.head(0)), LINKS.head(0), STYLE) is None


def test_a_study_without_a_cell_has_no_figure():
    empty = listed(cells()).head(0)
    assert figures.draw_umap(cells().head(0), empty, STYLE) is None
    assert figures.draw_flow(empty, LINKS.head(0), STYLE) is None


def test_labels_are_as_long_as_they_have_to_be():
    assert flow.short_names(["untreated", "persister"]) == {"untreated": "unt", "persister": "per"}
    assert list(flow.short_names(["day 1", "day 21", "day 2"]).values()) == ["day 1", "day 21", "day 2"]
    assert flow.short_names(["0", "21"]) == {"0": "0", "21": "21"}


def test_the_ten_best_markers_of_each_cluster_are_listed():
    rows = [("A", t, c, f"G{i}", 1.0) for t in ("untreated", "persister") for c in "01" for i in range(12)]
    table = pd.DataFrame(rows, columns=["model", "timepoint", "cluster", "gene", "log_fc"])
    frame = figures.list_markers(table, STYLE).frame
    assert len(frame) == 40 and list(frame.columns[:4]) == ["gene", "model", "timepoint", "cluster"]
    assert figures.list_markers(table.head(0), STYLE) is None

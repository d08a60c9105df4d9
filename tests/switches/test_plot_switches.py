"""Figures of the switches: everything is shown once, in its place, and nothing is claimed where nothing is."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from scripts.figure import palette
from scripts.switches import plot_switches as plots
from scripts.switches import switches, verdicts
from scripts.switches.rank_switches import BY_MODEL

COLOURS = palette.colours_of("model", ["P1", "P2", "P3", "unused"])


@pytest.fixture
def table():
    rows = pd.DataFrame(
        {
            "tf": ["A", "B", "C"],
            "verdict": [verdicts.SHARED.name, verdicts.SHARED.name, "stress"],
            "direction": ["up", "down", "up"],
            "activity_change_sd": [1.0, -0.8, 0.3],
            "mrna_log2fc": [0.1, -0.9, np.nan],
            "n": 3,
            "k": 3,
            "p": 0.25,
        }
    )
    rows["regulon"] = rows["tf"] + "(+)"
    rows = rows.assign(
        activity_change_sd_low=rows["activity_change_sd"] - 0.2,
        activity_change_sd_high=rows["activity_change_sd"] + 0.2,
        mrna_ci_low=rows["mrna_log2fc"] - 0.3,
        mrna_ci_high=rows["mrna_log2fc"] + 0.3,
    )
    return rows.reindex(columns=switches.SWITCHES)


@pytest.fixture
def differences(table):
    rows = [
        {"model": model, "arm": arm, "regulon": row.regulon, "activity_change_sd": row.activity_change_sd + shift}
        for row in table.itertuples()
        for model, arm, shift in (("P1", "X", -0.1), ("P2", "X", 0.0), ("P3", "X", 0.0), ("P3", "Y", 0.2))
    ]
    return pd.DataFrame(rows)


@pytest.fixture
def models(table):
    rows = [
        {"model": model, "regulon": row.regulon, "mrna_log2fc": row.mrna_log2fc}
        for row in table.itertuples()
        for model in ("P1", "P2", "P3")
    ]
    return pd.DataFrame(rows).reindex(columns=BY_MODEL)


@pytest.fixture
def activity(table):
    rows = []
    for model, timepoint, arm in (
        ("P1", "untreated", "none"), ("P1", "persister", "X"), ("P1", "relapse", "X"), ("P2", "untreated", "none"),
        ("P2", "persister", "X"), ("P2", "persister", "Y"), ("P3", "persister", "Y"), ("P4", "untreated", "none"),
    ):  # fmt: skip
        rows += [
            {"model": model, "timepoint": timepoint, "arm": arm, "regulon": r, "activity": 0.1}
            for r in table["regulon"]
        ]
    return pd.DataFrame(rows)


def points_of(axis) -> int:
    return sum(len(collection.get_offsets()) for collection in axis.collections)


def test_forest_has_a_row_per_regulon_best_on_top_and_a_point_per_model_and_arm(table, differences, models):
    figure = plots.draw_forest(table, differences, models, COLOURS, ["none", "X", "Y"], "title")
    left, right, words = figure.axes
    assert [text.get_text() for text in left.get_yticklabels()] == ["A(+)", "B(+)", "C(+)"]
    assert left.get_ylim()[0] > left.get_ylim()[1]
    assert points_of(left) == 3 * 4 and points_of(right) == 3 * 3
    assert [text.get_text() for text in words.texts] == [
        "shared switch  (3 of 3, p 0.25)",
        "shared switch  (3 of 3, p 0.25)",
        "stress  (3 of 3, p 0.25)",
    ]
    assert [text.get_text().strip() for text in right.texts] == ["not measured"]
    legend = [text.get_text() for text in figure.legends[0].get_texts()]
    assert legend == ["P1", "P2", "P3", "X", "Y"]  # no model without a point; arms since there are two


def test_points_lie_at_the_differences(table, differences, models):
    left = plots.draw_forest(table, differences, models, COLOURS, ["X", "Y"], "").axes[0]
    found = sorted(round(float(x), 6) for collection in left.collections for x in collection.get_offsets()[:, 0])
    assert found == sorted(round(x, 6) for x in differences["activity_change_sd"])


def test_only_shared_switches_are_coloured(table):
    colours = [plots.colour_of(row) for row in table.itertuples()]
    assert colours == [plots.UP, plots.DOWN, palette.ABSENT]


def test_one_model_is_drawn_without_intervals(table, differences, models):
    unknown = ("p", "activity_change_sd_low", "activity_change_sd_high", "mrna_ci_low", "mrna_ci_high")
    one = table.assign(n=1, k=1, verdict=verdicts.FEW.name, **dict.fromkeys(unknown, np.nan))
    figure = plots.draw_forest(
        one, differences[differences["model"] == "P1"], models[models["model"] == "P1"], COLOURS, ["X"], ""
    )
    assert figure.axes[2].texts[0].get_text() == "too few models  (1 of 1)"
    assert {line.get_linewidth() for line in figure.axes[0].lines} == {0.8, 1.5}  # zero and means, no bands
    plots.draw_scatter(one, "")


def test_many_regulons_are_cut_to_the_best(table, differences, models):
    many = pd.concat([table.assign(regulon=f"r{i}(+)") for i in range(20)], ignore_index=True)
    assert (
        len(plots.draw_forest(many, differences, models, COLOURS, ["X", "Y"], "").axes[0].get_yticks())
        == plots.MAX_ROWS
    )


def test_timecourse_joins_each_model_and_arm_from_its_own_baseline(table, activity):
    colours = palette.colours_of("model", ["P1", "P2", "P3", "P4"])
    figure = plots.draw_timecourse(
        table, activity, ["untreated", "early", "persister", "relapse"], colours, ["none", "X", "Y"], ""
    )
    axis = figure.axes[0]
    lines = sorted(line.get_xdata().tolist() for line in axis.lines)
    # P1 to relapse, P2 by two arms, P3 without a baseline a point; P4 has a dot only; "early" has no sample, so no
    # place
    assert lines == [[0, 1], [0, 1], [0, 1, 2], [1]]
    assert [text.get_text() for text in axis.get_xticklabels()] == ["untreated", "persister", "relapse"]
    assert points_of(axis) == 8


def test_untreated_only_study_has_dots(table, activity):
    own = activity[activity["timepoint"] == "untreated"]
    colours = palette.colours_of("model", ["P1", "P2", "P3", "P4"])
    axis = plots.draw_timecourse(table, own, ["untreated", "persister"], colours, ["none", "X"], "").axes[0]
    assert not axis.lines and points_of(axis) == 3


def test_scatter_shows_measured_factors_only(table):
    axis = plots.draw_scatter(table, "").axes[0]
    assert points_of(axis) == 2 and [text.get_text() for text in axis.texts] == ["A(+)", "B(+)"]


def test_scatter_says_what_mrna_was_measured_in(table):
    assert "(pseudobulk)" in plots.draw_scatter(table, "").axes[0].get_xlabel()
    assert "(profiles)" in plots.draw_scatter(table, "", mrna="profiles").axes[0].get_xlabel()


def test_labels_lie_neither_on_each_other_nor_on_points():
    rng = np.random.default_rng(0)
    points, widths, height = rng.uniform(200, 420, size=(25, 2)), np.full(25, 50.0), 10.0
    corners = plots.place_labels(points, widths, height)
    boxes = [(x, y, x + width, y + height) for (x, y), width in zip(corners, widths, strict=True)]
    for i, one in enumerate(boxes):
        assert not any(plots._overlap(one, other) for other in boxes[:i])
        assert not any(one[0] < x < one[2] and one[1] < y < one[3] for x, y in points)
    assert np.abs(corners - points).max() < 200


def test_note_on_stand_ins_is_in_the_title():
    assert plots.with_note("a", "") == "a" and plots.with_note("a", "stand-in motifs") == "a\nstand-in motifs"

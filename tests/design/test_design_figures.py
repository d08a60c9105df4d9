"""The design's figure and sentences, made from the sheet and the config alone."""

import pytest

from scripts.design.figures import FIGURES, count_conditions, draw_design, tell_question, tell_source
from scripts.figure.style import Style

SHEET = [
    ("B2", "B", "persister", "AC", "scrna"),
    ("A1", "A", "untreated", "untreated", "scrna"),
    ("A2", "A", "persister", "AC", "scrna"),
    ("A3", "A", "persister", "AC", "profile"),
    ("A4", "A", "persister", "AC", "profile"),
    ("B3", "B", "persister", "cisplatin", "scrna"),
]


def style(relapse: str | None = "relapse", **settings) -> Style:
    """Return the study's names, with the sheet as a setting."""
    rows = [dict(zip(("sample", "model", "timepoint", "arm", "assay"), row, strict=True)) for row in SHEET]
    given = {"samples": rows, "drugs": ["AC", "cisplatin"], "demo": None, "note": ""}
    contrast = {"baseline": "untreated", "persister": "persister", "relapse": relapse}
    times = ("untreated", "persister", "relapse")
    return Style(("A", "B"), ("untreated", "cisplatin", "AC"), times, contrast, settings=given | settings)


def test_conditions_are_counted_in_the_order_of_the_config():
    table = count_conditions(style())
    assert list(dict.fromkeys(table["condition"])) == ["untreated", "persister, cisplatin", "persister, AC"]
    both = table[(table["model"] == "A") & (table["condition"] == "persister, AC")]
    assert dict(zip(both["assay"], both["samples"], strict=True)) == {"single cells": 1, "profiles": 2}
    assert table["samples"].sum() == len(SHEET)


def test_the_figure_says_how_many_there_are_and_needs_no_table():
    figure = draw_design(style())
    assert figure.n == "2 models, 6 samples (4 single-cell libraries, 2 profiles)."
    assert set(figure.data) == {"study_design"} and all(tables == [] for _, tables in FIGURES.values())


def test_a_study_without_relapse_does_not_ask_about_it():
    keys = [[key for key, _ in tell_question(style(relapse)).parts] for relapse in ("relapse", None)]
    assert keys == [["measured", "question", "relapse", "shared"], ["measured", "question", "shared"]]
    assert tell_question(style()).parts[0][1]["drugs"] == "cisplatin and AC"


@pytest.mark.parametrize(
    "settings, said",
    [({}, None), ({"demo": {"seed": 7}}, ["demo"]), ({"demo": {"seed": 7}, "note": "n"}, ["demo", "note"])],
)
def test_what_was_simulated_is_said(settings, said):
    made = tell_source(style(**settings))
    assert made is None if said is None else [key for key, _ in made.parts] == said

"""The page's parts: what is escaped, how data are carried, and what is refused."""

import re
from pathlib import Path

import altair as alt
import numpy as np
import pandas as pd
import pytest

from scripts.figure.export import static_spec
from scripts.figure.figure import Figure, Panel, columnar, to_rows
from scripts.figure.style import count, listed, thin
from scripts.report.page import Drawn, Section, Table, dump, inline, render, show
from scripts.report.source import Source

TEMPLATES = Path(__file__).parents[2] / "resources" / "report"


def figure() -> Figure:
    """Return a figure of two panels."""
    chart = alt.Chart(alt.NamedData("t")).mark_point().encode(x="x:Q").properties(width="container")
    table = pd.DataFrame({"g": ["a", "b", "a"], "x": [1.0, 2.0, np.nan]})
    return Figure(tuple(Panel(chart, name, {"g": name}) for name in "ab"), {"t": table}, "n = 2")


@pytest.mark.parametrize("change", [{"question": "No question"}, {"alt": ""}, {"n": ""}, {"name": "With space"}])
def test_a_figure_without_question_n_or_alternative_text_is_refused(change, tmp_path):
    words = {"name": "one", "title": "T", "question": "Why?", "caption": "c", "interpretation": "", "alt": "a"}
    given = words | {"n": "n = 2"} | change
    with pytest.raises(ValueError, match="figure"):
        Drawn(**{key: given[key] for key in words}, note="", drawn={"n": given["n"]}, folder=tmp_path)


def test_text_is_escaped_and_its_marks_are_not():
    assert inline("a < b & `c`, **d**, *e*") == "a &lt; b &amp; <code>c</code>, <strong>d</strong>, <em>e</em>"
    assert "<script" not in inline("<script>alert(1)</script>")
    assert "</script" not in dump({"text": "</script><script>"})


def test_columns_are_coded_where_that_is_shorter():
    table = pd.DataFrame({"name": ["x", "y"] * 20, "n": range(40), "v": np.linspace(0, 1, 40) / 3})
    found = columnar(table)
    assert found["name"] == {"levels": ["x", "y"], "codes": [0, 1] * 20}
    assert found["n"] == list(range(40)) and found["v"][1] == pytest.approx(1 / 117, rel=1e-4)
    assert columnar(pd.DataFrame({"v": [np.nan, np.inf, 1.5]})) == {"v": [None, None, 1.5]}


def test_a_panel_shows_its_own_rows_and_missing_values_as_null():
    table = figure().data["t"]
    assert to_rows(table, {"g": "a"}) == [{"g": "a", "x": 1}, {"g": "a", "x": None}]
    assert len(to_rows(table, {"other": 1})) == 3


def test_the_figure_for_papers_holds_each_panel_with_its_data():
    spec = static_spec(figure())
    assert len(spec["concat"]) == 2
    rows = [spec["datasets"][panel["data"]["name"]] for panel in spec["concat"]]
    assert [len(part) for part in rows] == [2, 1]
    assert all(isinstance(panel["width"], int) for panel in spec["concat"])


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (None, ""),
        (np.nan, ""),
        (True, "yes"),
        (12345, "12,345"),
        (-3, "−3"),
        (-0.12345, "−0.123"),
        (1e-12, "1e−12"),
        ("a", "a"),
    ],
)
def test_cells_are_shown_as_a_reader_wants_them(value, said):
    assert show(value) == said


def test_a_long_table_is_cut_and_says_so():
    table = Table("t", "T", "c", pd.DataFrame({"a": range(9)}), "a.tsv", limit=4)
    assert len(table.rows) == 4


def test_cells_are_thinned_the_same_each_time():
    table = pd.DataFrame({"x": range(1000)})
    first, second = thin(table, 100), thin(table, 100)
    assert first.equals(second) and len(first) == 100 and first.index.is_monotonic_increasing
    assert thin(table, 2000) is table


def test_what_a_study_lacks_is_none_rather_than_an_error(tmp_path):
    source = Source(tmp_path, frozenset(), {}, pd.DataFrame())
    assert source.table("switches/switches.tsv") is None and source.json("x.json") is None


def test_numbers_have_their_nouns():
    assert (
        count(1, "library") == "1 library" and count(2, "library") == "2 libraries" and count(0, "model") == "0 models"
    )
    assert listed(["a", "b", "c"]) == "a, b and c" and listed([]) == "none"


def test_a_head_has_label_and_unit_and_explains_the_column(tmp_path):
    """A column that no row describes keeps its name."""
    path = "switches/switches.tsv"
    frame = pd.DataFrame({"activity_change_sd": [1.0], "own_one": [2]})
    meaning = Source(tmp_path, frozenset(), {}, pd.DataFrame()).meanings(path)
    section = Section("s", "S", "", (Table("t", "T", "c", frame, path, meaning=meaning),))
    made = render([section], title="R", models={}, templates=TEMPLATES, bundle="", config={})
    heads = re.findall(r'<button type="button" data-sort="(\w+)"(?: title="([^"]+)")?>([^<]+)</button>', made)
    assert [(name, text) for name, _, text in heads] == [
        ("activity_change_sd", "change in activity (sd)"), ("own_one", "own one"),
    ]  # fmt: skip
    assert heads[0][1].startswith("change in activity in units of sd") and not heads[1][1]


def test_a_section_names_what_it_has_and_not_what_it_lacks():
    table = Table("t", "T", "c", pd.DataFrame({"a": [1]}), "a.tsv")
    assert Section("s", "S", "", (table,)).contents == "1 table"
    assert Section("s", "S", "", (table, table)).contents == "2 tables"
    assert Section("s", "S", "", ("text",)).contents == "the text"


def test_cells_of_tables_have_minus_signs_and_lists_that_can_break():
    """Members of a family without spaces made a column wider than the page."""
    assert show("E2F1,E2F2,TFDP1") == "E2F1, E2F2, TFDP1"
    assert show("SREBF1 -4.69; SREBF2 -5.50") == "SREBF1 −4.69; SREBF2 −5.50"
    assert show("137 of 9,394") == "137 of 9,394" and show("HBCx-1") == "HBCx-1" and show("2024-05-01") == "2024-05-01"
    assert (
        inline("mean over models with its 95 % interval (-1.2)")
        == "mean over models with its 95\u00a0% interval (−1.2)"
    )

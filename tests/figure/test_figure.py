"""A figure's parts: what is refused, how its data are carried, and the files it becomes."""

import json
import re
import xml.etree.ElementTree as ET

import altair as alt
import numpy as np
import pandas as pd
import pytest

from scripts.figure import export
from scripts.figure.figure import Figure, Panel, Table, columnar, from_columnar, to_rows
from scripts.figure.heights import height_of
from scripts.figure.style import Style, below, count, listed, thin

POINTS = alt.Chart(alt.NamedData("t")).mark_point().encode(x="x:Q", color="g:N").properties(width="container")


def table(groups: str = "aba", **columns) -> pd.DataFrame:
    """Return rows of groups."""
    return pd.DataFrame({"g": list(groups), "x": np.arange(1.0, len(groups) + 1)} | columns)


def figure(groups: str = "aba", **options) -> Figure:
    """Return a figure with a panel per group."""
    return Figure.by("g", POINTS, {"t": table(groups)}, **{"n": "3 points.", "columns": 2} | options)


@pytest.mark.parametrize("change", [{"n": ""}, {"panels": ()}, {"data": {"other": table()}}])
def test_a_figure_without_n_panel_or_the_data_of_its_panels_is_refused(change):
    given = {"panels": (Panel(POINTS),), "data": {"t": table()}, "n": "3 points."}
    assert Figure(**given).columns == 1
    with pytest.raises(ValueError, match="figure"):
        Figure(**given | change)


def test_a_panel_per_value_in_the_order_of_rows_or_as_told():
    assert [panel.title for panel in figure("bab").panels] == ["b", "a"]
    made = figure("bab", values="ab", titles={"a": "first"}, models={"b": "B"}, columns=5)
    assert [(panel.title, panel.model, panel.where) for panel in made.panels] == [
        ("first", "", {"g": "a"}),
        ("b", "B", {"g": "b"}),
    ]
    assert made.columns == 2, "no more columns than panels"
    by_model = Figure.by("model", POINTS, {"t": table(model=["A", "B", "A"])}, n="3")
    assert [panel.model for panel in by_model.panels] == ["A", "B"]


def test_columns_are_coded_where_that_is_shorter_and_come_back_as_they_were():
    whole = pd.DataFrame({"name": ["x", "y"] * 20, "n": range(40), "v": np.linspace(0, 1, 40) / 3})
    found = columnar(whole)
    assert found["name"] == {"levels": ["x", "y"], "codes": [0, 1] * 20}
    assert found["n"] == list(range(40)) and found["v"][1] == pytest.approx(1 / 117, rel=1e-4)
    assert columnar(pd.DataFrame({"v": [np.nan, np.inf, 1.5]})) == {"v": [None, None, 1.5]}
    pd.testing.assert_frame_equal(from_columnar(found), whole, rtol=1e-4)


def test_a_panel_shows_its_own_rows_and_missing_values_as_null():
    rows = table().assign(x=[1.0, 2.0, np.nan])
    assert to_rows(rows, {"g": "a"}) == [{"g": "a", "x": 1}, {"g": "a", "x": None}]
    assert len(to_rows(rows, {"other": 1})) == 3


def test_the_figure_for_papers_holds_each_panel_with_its_data():
    spec = export.static_spec(figure())
    rows = [spec["datasets"][panel["data"]["name"]] for panel in spec["concat"]]
    assert [len(part) for part in rows] == [2, 1]
    assert all(isinstance(panel["width"], int) for panel in spec["concat"])


def test_files_hold_the_specification_the_picture_and_the_rows(tmp_path):
    export.save("one", figure(notes={"gap": {"value": 2}}), tmp_path, title="A & B", alt="Points < 4.")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["one.json", "one.pdf", "one.png", "one.svg", "one.tsv"]
    made = json.loads((tmp_path / "one.json").read_text())
    assert made["n"] == "3 points." and made["notes"] == {"gap": {"value": 2}} and made["columns"] == 2
    assert [(panel["title"], panel["where"]) for panel in made["panels"]] == [("a", {"g": "a"}), ("b", {"g": "b"})]
    assert made["data"]["t"]["g"] == ["a", "b", "a"]
    root = ET.parse(tmp_path / "one.svg").getroot()
    texts = {child.tag.rsplit("}", 1)[1]: child.text for child in root}
    assert texts["title"] == "A & B" and texts["desc"] == "Points < 4. 3 points."
    assert (tmp_path / "one.png").read_bytes().startswith(b"\x89PNG")
    assert pd.read_csv(tmp_path / "one.tsv", sep="\t", dtype={"x": float}).equals(table())


@pytest.mark.parametrize("values", ["a", "ab"])
def test_a_warning_stands_above_the_picture_itself(tmp_path, values):
    export.save("one", figure(values), tmp_path, title="T", alt="A.", warning="stand-in motifs")
    svg = (tmp_path / "one.svg").read_text()
    assert svg.count(">stand-in motifs<") == 1
    assert all(f">{value}<" in svg for value in values)
    assert "stand-in" not in (tmp_path / "one.json").read_text()


def test_files_are_the_same_whatever_was_drawn_before(tmp_path):
    """The renderer numbers gradients and clip paths over all figures of a process."""
    heat = alt.Chart(alt.NamedData("t")).mark_rect(clip=True).encode(x="g:N", y="x:O", color="x:Q")
    made = Figure(panels=(Panel(heat, "a"), Panel(heat, "b")), data={"t": table()}, n="3 cells.", columns=2)
    texts = []
    for name in ("first", "second"):
        (tmp_path / name).mkdir()
        export.save("heat", made, tmp_path / name, title="T", alt="A.")
        texts.append((tmp_path / name / "heat.svg").read_text())
    ids = re.findall(r'\bid="([^"]+)"', texts[0])
    used = re.findall(r"url\(#([^)]+)\)", texts[0])
    assert len(ids) > 1 and len(set(ids)) == len(ids) and set(used) <= set(ids) and used
    assert texts[0] == texts[1]
    assert (tmp_path / "first" / "heat.png").read_bytes() == (tmp_path / "second" / "heat.png").read_bytes()


def test_many_panels_come_on_pages_and_many_marks_as_png_alone(tmp_path, monkeypatch):
    letters = "abcdefghijklmnopqrstuvwxyz"
    export.save("many", figure(letters, columns=4), tmp_path, title="T", alt="A.")
    assert {"many.svg", "many-2.svg", "many-2.png"} <= {path.name for path in tmp_path.iterdir()}
    assert not (tmp_path / "many-3.svg").exists()
    monkeypatch.setattr(export, "MAX_MARKS", 2)
    export.save("dense", figure(), tmp_path, title="T", alt="A.")
    assert (tmp_path / "dense.png").exists() and not (tmp_path / "dense.svg").exists()
    assert not (tmp_path / "dense.pdf").exists()


def test_a_table_keeps_which_columns_are_numbers(tmp_path):
    export.save_table("t", Table(table().assign(none=np.nan), "a/b.tsv"), tmp_path)
    made = json.loads((tmp_path / "t.json").read_text())
    assert made["kind"] == "table" and made["source"] == "a/b.tsv" and made["numeric"] == ["x", "none"]


def test_colours_go_by_the_order_of_the_config_and_the_legend_by_what_is_there():
    style = Style(models=("A", "B", "C"), timepoints=("untreated", "persister"))
    whole, some = style.scale("model").to_dict(), style.scale("model", ["C", "A"]).to_dict()
    assert some["domain"] == ["A", "C"] and some["range"] == [whole["range"][0], whole["range"][2]]
    assert style.in_order("timepoint", ["persister", "untreated", "other"]) == ["untreated", "persister"]


def test_rows_are_thinned_the_same_each_time():
    rows = pd.DataFrame({"x": range(1000)})
    first, second = thin(rows, 100), thin(rows, 100)
    assert first.equals(second) and len(first) == 100 and first.index.is_monotonic_increasing
    assert thin(rows, 2000) is rows


def test_numbers_have_their_nouns():
    assert [count(n, "library") for n in (0, 1, 2)] == ["0 libraries", "1 library", "2 libraries"]
    assert listed(["a", "b", "c"]) == "a, b and c" and listed([]) == "none"


def test_a_legend_lists_only_what_its_panel_shows():
    """A model without a relapse has none in its legend; the colours stay those of the whole study."""
    table = pd.DataFrame({"group": ["A", "A", "B"], "timepoint": ["untreated", "relapse", "untreated"], "x": [1, 2, 3]})
    scale = alt.Scale(domain=["untreated", "persister", "relapse"], range=["#111111", "#222222", "#333333"])
    point = alt.Chart(alt.NamedData("cells")).mark_point().encode(x="x:Q", color=alt.Color("timepoint:N", scale=scale))
    bare = alt.layer(point.encode(color=alt.Color("timepoint:N", scale=scale, legend=alt.Legend(orient="bottom"))))
    figure = Figure.by("group", bare, {"cells": table}, n="3 cells.")
    specs = [export.drawn_spec(figure, panel)["layer"][0]["encoding"]["color"] for panel in figure.panels]
    assert [spec["legend"]["values"] for spec in specs] == [["untreated", "relapse"], ["untreated"]]
    assert all(spec["scale"]["domain"] == ["untreated", "persister", "relapse"] for spec in specs)


def legend_chart(**legends: alt.Legend) -> dict:
    """Return a chart with a legend for colours (models) and one for shapes (arms)."""
    channels = {
        "color": alt.Color("model:N", legend=legends.get("color")),
        "shape": alt.Shape("arm:N", legend=legends.get("shape")),
    }
    base = alt.Chart(alt.NamedData("t")).mark_point().encode(x="x:Q", **channels)
    return base.properties(width="container", height=60).to_dict()


LEGENDS = {"t": [{"x": i, "model": f"HBCx{i}", "arm": f"carboplatin {i}"} for i in range(4)]}


def test_a_legend_of_one_column_has_one_in_a_narrow_panel():
    """It had two, of which the second was cut."""
    one, two = (height_of(legend_chart(shape=below(None, columns)), LEGENDS, 340) for columns in (1, 2))
    assert one > two + 20


def test_two_legends_of_a_panel_in_a_column_are_below_each_other():
    """Side by side they extended beyond the panel: names of treatments were cut."""
    spec = legend_chart(color=below(), shape=below(None, 2))
    assert height_of(spec, LEGENDS, 504) > height_of(spec, LEGENDS, 1024) + 10

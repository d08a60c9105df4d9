"""A stage's figures drawn from its tables: how tables are found and read, and what is said of a missing figure."""

import json
import logging
from pathlib import Path
from types import SimpleNamespace

import altair as alt
import pandas as pd
import pytest

from scripts.figure import draw
from scripts.figure.figure import Absent, Figure, Panel, Table, Text

WORDS = {name: {"title": name, "alt": "Points."} for name in ("points", "several")}


def draw_points(table, style):
    """Return a figure, or why there is none."""
    if table.empty:
        return Absent("empty", {"models": len(style.models)})
    chart = alt.Chart(alt.NamedData("t")).mark_point().encode(x="x:Q")
    return Figure(panels=(Panel(chart),), data={"t": table}, n=f"{len(table)} points.")


class Inputs(dict):
    """A job's inputs or params, by name as attributes too."""

    __getattr__ = dict.__getitem__


@pytest.fixture
def drawn(tmp_path):
    """Return a function that writes tables, draws a stage's figures and returns what their JSON files hold."""

    def run(figures, tables, words=WORDS, **settings):
        paths = []
        for name, table in tables.items():
            paths.append(tmp_path / name)
            paths[-1].parent.mkdir(parents=True, exist_ok=True)
            if name.endswith(".parquet"):
                table.to_parquet(paths[-1])
            else:
                table.to_csv(paths[-1], sep="\t", index=False)
        style = {"models": ["A"], "timepoints": ["untreated"], "contrast": {"baseline": "untreated"}}
        job = SimpleNamespace(
            input=Inputs(tables=[str(path) for path in paths]),
            output=[str(tmp_path / "cells" / "figures")],
            params=Inputs(figures={"style": style, "words": words, "code": ""}, settings=settings),
        )
        draw.main(figures, job)
        folder = tmp_path / "cells" / "figures"
        return {path.stem: json.loads(path.read_text()) for path in sorted(folder.glob("*.json"))}

    return run


def test_a_figure_is_drawn_from_the_tables_that_it_names(drawn, tmp_path):
    figures = {"points": (draw_points, "cells/a.tsv")}
    made = drawn(figures, {"cells/a.tsv": pd.DataFrame({"x": [1, 2]}), "cells/b.tsv": pd.DataFrame({"x": [9]})})
    assert made["points"]["n"] == "2 points." and made["points"]["data"] == {"t": {"x": [1, 2]}}
    suffixes = {path.suffix for path in (tmp_path / "cells" / "figures").iterdir()}
    assert suffixes == {".json", ".svg", ".pdf", ".png", ".tsv"}
    (heights,) = (panel["heights"] for panel in made["points"]["panels"])
    assert len(heights) == 2 and min(heights) > 40
    # What an earlier run drew doesn't stay.
    assert list(drawn({}, {})) == []


def test_what_is_not_drawn_says_why(drawn, caplog):
    figures = {
        "points": (draw_points, "cells/a.tsv"),
        "missing": (draw_points, "cells/none.tsv"),
        "nothing": (lambda table, style: None, "cells/a.tsv"),
    }
    with caplog.at_level(logging.INFO):
        made = drawn(figures, {"cells/a.tsv": pd.DataFrame({"x": []})})
    assert made["points"] == {"kind": "absent", "reason": "empty", "values": {"models": 1}}
    assert made["missing"]["reason"] == "no_table" and made["missing"]["values"] == {"table": "cells/none.tsv"}
    assert made["nothing"]["reason"] == "nothing"
    assert all(f"{name} isn't drawn" in caplog.text for name in figures)


def test_texts_and_tables_are_carried_without_words(drawn):
    figures = {
        "verdict": (lambda table, style: Text((("size", {"n": len(table)}),), "warning"), "cells/a.tsv"),
        "rows": (lambda table, style: Table(table.head(1), "cells/a.tsv"), "cells/a.tsv"),
    }
    made = drawn(figures, {"cells/a.tsv": pd.DataFrame({"x": [1, 2]})})
    assert made["verdict"] == {"kind": "text", "as": "warning", "parts": [["size", {"n": 2}]]}
    assert made["rows"]["data"] == {"x": [1]} and made["rows"]["source"] == "cells/a.tsv"


def test_a_figure_without_words_is_refused(drawn):
    with pytest.raises(KeyError, match="points: no words"):
        drawn({"points": (draw_points, "cells/a.tsv")}, {"cells/a.tsv": pd.DataFrame({"x": [1]})}, words={})


def test_tables_of_a_pattern_are_joined_in_the_order_of_the_inputs(drawn):
    seen = []
    figures = {"points": (lambda table, style: seen.append(table), "counts/{sample}.curve.tsv")}
    tables = {f"counts/{sample}.curve.tsv": pd.DataFrame({"x": [i]}) for i, sample in enumerate(["S2", "S1", "007"])}
    tables["counts/S3.curve.tsv"] = pd.DataFrame({"x": []})
    drawn(figures, {**tables, "counts/more/S4.curve.tsv": pd.DataFrame({"x": [9]})})
    assert seen[0].to_dict("list") == {"sample": ["S2", "S1", "007"], "x": [0, 1, 2]}


def test_a_column_is_not_overwritten_by_a_name_of_the_path(drawn):
    seen = []
    figures = {"points": (lambda table, style: seen.append(table), "clusters/{model}/cells.tsv")}
    drawn(figures, {"clusters/folder/cells.tsv": pd.DataFrame({"model": ["A"], "x": [1]})})
    assert seen[0].to_dict("list") == {"model": ["A"], "x": [1]}


def test_labels_stay_text_and_a_table_may_be_optional(drawn):
    seen = []
    figures = {"points": (lambda *given: seen.append(given), ["cells/a.tsv", "?cells/none.tsv", "cells/b.parquet"])}
    table = pd.DataFrame({"sample": ["007", "NA"], "note": ["1", None], "x": [1, 2]})
    drawn(figures, {"cells/a.tsv": table, "cells/b.parquet": pd.DataFrame({"y": [1]})}, fdr=0.05)
    labels, absent, parquet, style = seen[0]
    assert list(labels["sample"]) == ["007", "NA"] and labels["note"].isna().tolist() == [False, True]
    assert absent is None and list(parquet["y"]) == [1] and style.settings == {"fdr": 0.05}


@pytest.mark.parametrize("results", ["results/demo", "/data/results"])
def test_tables_are_found_where_a_job_run_by_hand_writes_elsewhere(results):
    """The outputs keep, below another folder, the path that they have in the workflow; inputs stay where they are."""
    tables = [Path(results, "cells", name) for name in ("a.tsv", "b/c.parquet")]
    place = Path(results, "cells", "figures")
    assert draw.find_root(place, tables) == Path(results)
    elsewhere = Path("/tmp/trial", place.relative_to(place.anchor))
    assert draw.find_root(elsewhere, tables) == Path(results)
    with pytest.raises(ValueError, match="lie in no folder that its path ends with"):
        draw.find_root(Path("/tmp/trial/cells/figures"), tables)

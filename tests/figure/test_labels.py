"""Names beside points: none lies on another, and the first have their choice."""

import altair as alt
import numpy as np
import pandas as pd

from scripts.figure import labels


def boxes(names, x, y, sides):
    """Return the boxes of the names that were placed."""
    found = []
    for name, left, top in zip(names, x, y, strict=True):
        if name in sides:
            right, below = labels.SIDES[sides[name]]
            ends = sorted([left + right * labels.ACROSS, left + right * (labels.ACROSS + labels.LETTER * len(name))])
            middle = top + below * labels.DOWN
            found.append([ends[0], middle - labels.LINE / 2, ends[1], middle + labels.LINE / 2])
    return np.array(found)


def test_no_name_lies_on_another_and_the_first_is_above_right():
    rng = np.random.default_rng(1)
    names = [f"TF{i:02d}" for i in range(60)]
    x, y = rng.normal(250, 50, 60), rng.normal(150, 30, 60)
    sides = labels.place(names, x, y, np.column_stack([x, y]), (500, 300))
    found = boxes(names, x, y, sides)
    assert names[0] in sides and 10 < len(sides) < 60, "some have no room"
    assert all(labels.overlap(box, np.delete(found, i, axis=0)) == 0 for i, box in enumerate(found))
    assert labels.place(["A"], [100.0], [100.0], np.array([[100.0, 100.0]]), (500, 300)) == {"A": "above right"}


def test_names_stay_in_the_panel_and_off_points():
    point = np.array([[495.0, 5.0]])
    assert labels.place(["JUNB"], *point.T, point, (500, 300)) == {"JUNB": "below left"}
    near = np.array([[100.0, 100.0], [115.0, 92.0]])
    assert labels.place(["JUNB"], *near[:1].T, near, (500, 300)) == {"JUNB": "above left"}


def test_names_are_drawn_by_side_where_the_data_say():
    """Two points at one place: the second name goes elsewhere; a point at the right edge has its name on the left."""
    table = pd.DataFrame({"name": ["A1", "B1", "C1", ""], "x": [1.0, 1, 9, 5], "y": [1.0, 1, 1, -1]}).assign(
        high=np.nan
    )
    base = alt.Chart(alt.NamedData("t"))
    x, y = (["x", "high"], alt.X("x:Q")), (["y"], alt.Y("y:Q"))
    layers = [layer.to_dict() for layer in labels.draw_names(base, table[table["name"] != ""], table, "name", x, y)]
    marks = {name: layer["mark"] for layer in layers for name in layer["transform"][0]["filter"]["oneOf"]}
    assert marks["A1"]["align"] == "left" and marks["C1"]["align"] == "right" and len(marks) == 3
    assert (marks["A1"]["dx"], marks["A1"]["dy"]) != (marks["B1"]["dx"], marks["B1"]["dy"])
    assert labels.draw_names(base, table[:0], table, "name", x, y) == []

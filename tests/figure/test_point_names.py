"""Names next to points: none over another name, and over as few other points as can be."""

import pandas as pd

from scripts.figure.labels import place_names

PLACES = {"above": -9, "below": 12}


def placed(rows: list[tuple[str, float, float]], weight: list[float]) -> dict[str, str]:
    """Return name → place ("" for none) in a plot of 640 × 360 pixels."""
    table = pd.DataFrame(rows, columns=["tf", "x", "y"])
    corners = ([0.0, 640.0], [0.0, 360.0])
    named = place_names(table, "tf", "x", "y", pd.Series(weight), PLACES, corners)
    return {row.tf: next((place for place in PLACES if getattr(row, place)), "") for row in named.itertuples()}


def test_a_name_goes_below_its_point_where_it_would_cover_another_above():
    rows = [("SREBF2", 300, 200), ("MYC", 310, 209)]
    assert placed(rows, [2, float("nan")]) == {"SREBF2": "below", "MYC": ""}
    assert placed([rows[0], ("MYC", 310, 260)], [2, float("nan")])["SREBF2"] == "above"


def test_where_every_place_covers_a_point_the_name_covers_the_fewest():
    nan = float("nan")
    crowd = [("SREBF2", 300, 200), ("A", 290, 210), ("B", 310, 210), ("C", 300, 188)]
    assert placed(crowd, [1, nan, nan, nan])["SREBF2"] == "below"


def test_names_never_lie_over_one_another():
    rows = [("SREBF1", 300, 200), ("SREBF2", 305, 200), ("SREBF3", 302, 200)]
    assert placed(rows, [3, 2, 1]) == {"SREBF1": "above", "SREBF2": "below", "SREBF3": ""}


def test_a_name_in_a_cloud_of_points_is_left_out():
    """It would not be seen which of the points it names."""
    nan = float("nan")
    cloud = [(f"g{i}", 288 + 8 * (i % 4), 188 + 22 * (i // 4)) for i in range(8)]
    assert placed([("SREBF2", 300, 200), *cloud], [1, *[nan] * 8])["SREBF2"] == ""
    assert placed([("SREBF2", 300, 200), *cloud[:6]], [1, *[nan] * 6])["SREBF2"] == "above"

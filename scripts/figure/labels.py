"""Names next to points: selection of those that do not overlap."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

SIZE = (640, 360)
"""Width and height of the plot that the room is measured in (pixels)."""
ROOM = (70, 12)
"""Least distance between two names, horizontal or vertical (pixels): eight letters, one line."""
LETTER, POINT = (6.2, 10), 3
"""Width and height of a letter, and radius of a point (pixels)."""
MOST = 2
"""Other points that a name may cover: in a cloud of points it would not be seen whose it is."""


def place_names(
    table: pd.DataFrame,
    name: str,
    x: str,
    y: str,
    weight: pd.Series,
    places: Mapping[str, int],
    held: tuple[np.ndarray, np.ndarray] = (np.empty(0), np.empty(0)),
    size: tuple[int, int] = SIZE,
) -> pd.DataFrame:
    """Choose the points that are named, and the places of the names.

    Parameters
    ----------
    table
        One row per point.
    name, x, y
        Columns with the name of a point and its place.
    weight
        Points in the order of their weight are named first; those with a missing weight have no name.
    places
        New column → height of a name above its point (pixels, negative is above, as in Vega-Lite), the best first.
    held
        What else the axes ``x`` and ``y`` hold, such as the ends of bars; missing values count for nothing.
    size
        Width and height of the plot (pixels).

    Returns
    -------
    DataFrame
        The table with the columns ``places``: the name in at most one of them, "" in the others. A point whose name
        would lie over another's, or over more than :data:`MOST` other points, has none. Of the places left, the one
        that covers the fewest other points is taken.
    """
    at = table[[x, y]].to_numpy(dtype=float)
    values = [np.append(at[:, i], more) for i, more in enumerate(held)]
    low = np.array([np.nanmin(found, initial=np.inf) for found in values])
    span = np.array([np.nanmax(found, initial=-np.inf) for found in values]) - low
    at = (at - low) / np.where(span > 0, span, 1.0) * size
    weight = weight.to_numpy(dtype=float)
    names = {place: [""] * len(table) for place in places}
    taken: list[tuple[float, float]] = []
    for i in np.argsort(-weight, kind="stable"):
        if np.isnan(weight[i]):
            continue
        spots = {place: (at[i, 0], at[i, 1] - offset) for place, offset in places.items()}
        free = [place for place, spot in spots.items() if _apart(spot, taken)]
        if free:
            text = str(table[name].iloc[i])
            others = np.delete(at, i, axis=0)
            # The first of equals: min keeps the order.
            best = min(free, key=lambda place: _covered(spots[place], text, others))
            if _covered(spots[best], text, others) > MOST:
                continue
            names[best][i] = text
            taken.append(spots[best])
    return table.assign(**names)


def _apart(spot: tuple[float, float], taken: list[tuple[float, float]]) -> bool:
    """Return whether a name at ``spot`` lies over none of those already placed."""
    return all(abs(spot[0] - left) > ROOM[0] or abs(spot[1] - up) > ROOM[1] for left, up in taken)


def _covered(spot: tuple[float, float], text: str, points: np.ndarray) -> int:
    """Return the number of points (n × 2, pixels) that a name centred at ``spot`` covers."""
    reach = (len(text) * LETTER[0] / 2 + POINT, LETTER[1] / 2 + POINT)
    return int((np.abs(points - spot) < reach).all(axis=1).sum())

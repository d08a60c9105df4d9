"""Names beside points, placed so that they don't lie on each other."""

from __future__ import annotations

from collections.abc import Sequence

import altair as alt
import numpy as np
import pandas as pd

SIDES = {"above right": (1, -1), "above left": (-1, -1), "below right": (1, 1), "below left": (-1, 1)}
"""Where a name may stand, in the order of preference → direction across and down. Beside a cross of bars corners are
free.
"""
ACROSS, DOWN = 4, 8
"""Pixels from a point to the near end of its name, and to the middle of its line."""
LETTER, LINE = 6.2, 11
"""Width of a letter and height of a line (px) of text of 10 px."""
SIZE = (500, 300)
"""Width and height (px) of the panel that names are placed for: smaller than those drawn, since axes end at round
numbers beyond the data, and a page may be narrow.
"""
Axis = tuple[Sequence[str], alt.X | alt.Y]
POINT = 4
"""Radius of a point (px)."""


def overlap(box: np.ndarray, others: np.ndarray) -> float:
    """Return the area (px²) that a box shares with others; each is left, top, right, bottom."""
    if not len(others):
        return 0.0
    sides = np.minimum(box[2:], others[:, 2:]) - np.maximum(box[:2], others[:, :2])
    return float(np.prod(np.clip(sides, 0, None), axis=1).sum())


def place(
    names: Sequence[str], x: np.ndarray, y: np.ndarray, points: np.ndarray, size: tuple[float, float]
) -> dict[str, str]:
    """Return name → side (:data:`SIDES`) for the names that have room; those given first choose first.

    Parameters
    ----------
    names
        What stands beside the points at ``x`` and ``y`` (px from the left and from the top).
    points
        All points of the panel, named or not (n × 2, px).
    size
        Width and height of the panel (px): names don't leave it.

    A name takes the side on which it covers the least of points and stays within the panel. Where it would lie on
    another name on every side it is left out.
    """
    marks = np.column_stack([points - POINT, points + POINT])
    panel = np.array([[0, 0, *size]])
    taken = np.empty((0, 4))
    found = {}
    for name, left, top in zip(names, x, y, strict=True):
        best = None
        for side, (across, down) in SIDES.items():
            ends = sorted([left + across * ACROSS, left + across * (ACROSS + LETTER * len(name))])
            middle = top + down * DOWN
            box = np.array([ends[0], middle - LINE / 2, ends[1], middle + LINE / 2])
            if overlap(box, taken) > 0:
                continue
            outside = LETTER * len(name) * LINE - overlap(box, panel)
            cost = overlap(box, marks) + 10 * outside
            if best is None or cost < best[0] - 1e-6:
                best = (cost, side, box)
        if best is not None:
            found[name] = best[1]
            taken = np.vstack([taken, best[2]])
    return found


def draw_names(
    base: alt.Chart, named: pd.DataFrame, every: pd.DataFrame, name: str, across: Axis, up: Axis,
    size: tuple[float, float] = SIZE,
) -> list[alt.Chart]:  # fmt: skip
    """Return layers of text, one for each side at which names stand; see :func:`place`.

    Parameters
    ----------
    base
        Chart of the points, whose data have the column ``name``.
    named, every
        Rows with a name, of which the first chooses its side first; and all rows.
    across, up
        Columns of the values and what else the axis must hold (ends of bars, which may be missing), and the encoding.
    size
        Width and height (px) of the panel for which names are placed.
    """
    at, points = [], []
    for (columns, _), length, is_up in zip((across, up), size, (False, True), strict=True):
        low, high = (float(end(every[list(columns)].to_numpy(float), initial=0.0)) for end in (np.nanmin, np.nanmax))
        for table, found in ((named, at), (every, points)):
            share = (table[columns[0]].to_numpy(float) - low) / ((high - low) or 1.0)
            found.append(length * (1 - share if is_up else share))
    sides = place(named[name].tolist(), *at, np.column_stack(points), size)
    layers = []
    for side, (right, below) in SIDES.items():
        if names := [one for one, at in sides.items() if at == side]:
            text = base.transform_filter(alt.FieldOneOfPredicate(field=name, oneOf=names)).mark_text(
                align="left" if right > 0 else "right",
                baseline="middle",
                dx=right * ACROSS,
                dy=below * DOWN,
                fontSize=10,
            )
            layers.append(text.encode(x=across[1], y=up[1], text=f"{name}:N", color=alt.value("#1B1F24")))
    return layers

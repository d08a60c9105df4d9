"""Changes of log ratios over timepoints, with intervals over models: a row per part of a whole."""

from __future__ import annotations

import altair as alt
import pandas as pd

from scripts.base.columns import axis_title
from scripts.figure.figure import Figure, Panel
from scripts.figure.style import MEAN, Style, below, count, rows_high, tooltips


def draw(
    changes: pd.DataFrame, file: str, part: str, order: list[str], noun: str, numbers: tuple[str, ...], style: Style
) -> Figure:
    """Return the change of each part's log ratio with its interval, a colour per timepoint.

    Parameters
    ----------
    changes
        Rows with contrast ("persister vs untreated"), n_models, effect, ci_low and ci_high; effects are known.
    file
        The table that they are of, for the words of its columns.
    part, order, noun
        Column with the names of the parts, these names from above to below, and what a part is called.
    numbers
        Columns that a point tells.
    style
        The study's timepoints and colours.
    """
    table = changes.assign(timepoint=changes["contrast"].str.replace(r" vs .*$", "", regex=True))
    points = style.in_order("timepoint", table["timepoint"])
    title = axis_title(file, "effect")
    base = alt.Chart(alt.NamedData("changes")).encode(
        y=alt.Y(f"{part}:N", sort=order, title=None, axis=alt.Axis(grid=True, labelLimit=260)),
        yOffset=alt.YOffset("timepoint:N", sort=points),
        color=style.colour("timepoint", points, legend=below(None)),
        tooltip=[alt.Tooltip(f"{part}:N", title=noun), *tooltips(file, "contrast", *numbers)],
    )
    layers = [
        alt.Chart(alt.NamedData("changes")).mark_rule(color=MEAN, strokeDash=[4, 3]).encode(x=alt.datum(0)),
        base.mark_point(filled=True, size=60, opacity=1).encode(x=alt.X("effect:Q", title=title)),
    ]
    if table["ci_low"].notna().any():
        bars = base.transform_filter("isValid(datum.ci_low)").mark_rule(strokeWidth=1.8)
        layers.insert(1, bars.encode(x=alt.X("ci_low:Q", title=title), x2="ci_high:Q"))
    models = table.groupby("timepoint", sort=False)["n_models"].max()
    n = ", ".join(f"{point}: {count(int(models[point]), 'model')}" for point in points)
    chart = alt.layer(*layers).properties(width="container", height=rows_high(len(order), 14 + 14 * len(points)))
    columns = [part, "contrast", "timepoint", *numbers]
    return Figure((Panel(chart),), {"changes": table[columns]}, f"{n}; {count(len(order), noun)}.")

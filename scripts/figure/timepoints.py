"""Figure of several persister timepoints: change of each feature at each of them, and its trend over days."""

from __future__ import annotations

from dataclasses import dataclass

import altair as alt
import pandas as pd

from scripts.base.columns import axis_title
from scripts.figure.figure import Figure, Panel
from scripts.figure.style import MEAN, Style, below, count, rows_high, tooltips


@dataclass(frozen=True)
class Columns:
    """Where the table (path) has what is drawn: feature, its change with limits, number of models; and ``slope``, the
    title of the trend's axis.
    """

    table: str
    feature: str
    value: str
    low: str
    high: str
    models: str
    slope: str


def draw(table: pd.DataFrame, columns: Columns, order: list[str], one: str, some: str, style: Style) -> Figure:
    """Return changes against the baseline by timepoint, and the slope over days where models have one.

    Parameters
    ----------
    table
        Changes over all arms, a row per comparison and feature; ``timepoint`` is empty for the trend.
    order
        Features to draw, from above.
    one, some
        What a feature is called, and which of them these are ("the 20 largest changes of "; empty if all).
    """
    total = table[columns.feature].nunique()
    shown_rows = table[table[columns.feature].isin(order)]
    changes, trend = shown_rows[shown_rows["timepoint"] != ""], shown_rows[shown_rows["timepoint"] == ""]
    points = style.in_order("timepoint", changes["timepoint"])
    names = (columns.feature, "comparison", columns.models, columns.value, columns.low, columns.high)
    tips = tooltips(columns.table, *names, "fdr", "same_direction")
    shown = [("changes", changes, "change against the baseline", axis_title(columns.table, columns.value))]
    if len(trend):
        shown.append(("trend", trend, "trend over days", columns.slope))
    panels = []
    for name, own, head, title in shown:
        base = alt.Chart(alt.NamedData(name)).encode(
            y=alt.Y(f"{columns.feature}:N", sort=order, title=None, axis=alt.Axis(grid=True)), tooltip=tips
        )
        if name == "changes":
            base = base.encode(
                yOffset=alt.YOffset("timepoint:N", sort=points),
                color=style.colour("timepoint", points, legend=below(None)),
            )
        else:
            base = base.encode(color=alt.value(MEAN))
        x = alt.X(f"{columns.value}:Q", title=title)
        layers = [
            alt.Chart(alt.NamedData(name)).mark_rule(color="#888888").encode(x=alt.datum(0)),
            base.mark_point(filled=True, size=40, opacity=1).encode(x=x),
        ]
        # A layer without rows would leave the scale without an extent.
        if own[columns.low].notna().any():
            bars = base.transform_filter(f"isValid(datum.{columns.low})").mark_rule(strokeWidth=1.6, opacity=0.6)
            layers.insert(1, bars.encode(x=alt.X(f"{columns.low}:Q", title=title), x2=f"{columns.high}:Q"))
        height = rows_high(len(order), 10 + 6 * len(points))
        panels.append(Panel(alt.layer(*layers).properties(width="container", height=height), head))
    numbers = changes.groupby("timepoint", sort=False)[columns.models].max()
    models = ", ".join(f"{point}: {count(int(numbers[point]), 'model')}" for point in points)
    over = f"; trend: {count(int(trend[columns.models].max()), 'model')}" if len(trend) else ""
    return Figure(
        panels=tuple(panels),
        data={name: own for name, own, _, _ in shown},
        n=f"{models}{over}; {some}{count(total, one)}.",
        columns=2,
        min_width=300,
    )

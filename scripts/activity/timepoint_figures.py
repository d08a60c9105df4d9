"""Figure of several persister timepoints: change of each regulon or factor at each of them, and its trend over days."""

from __future__ import annotations

import altair as alt
import pandas as pd

from scripts.base.columns import axis_title
from scripts.base.tables import ALL_ARMS
from scripts.figure.figure import Figure, Panel
from scripts.figure.style import MEAN, Style, below, count, rows_high, tooltips

TABLE = "activity/persister_timepoints.tsv"
MOST = 20
"""Regulons drawn: those whose change is largest at any of the timepoints."""
VALUE, LOW, HIGH = "activity_change_sd", "activity_change_sd_low", "activity_change_sd_high"


def choose(table: pd.DataFrame) -> list[str]:
    """Return the regulons to draw, those that rise most first; ``table``: changes over all arms."""
    largest = table.groupby("regulon", sort=False)[VALUE].agg(lambda own: own.abs().max()).nlargest(MOST)
    mean = table[table["regulon"].isin(largest.index)].groupby("regulon", sort=False)[VALUE].mean()
    return list(mean.sort_values(ascending=False, kind="stable").index)


def draw_timepoints(table: pd.DataFrame, style: Style) -> Figure | None:
    """Return changes against the baseline by timepoint, and the slope over days where models have one.

    ``table``: activity/persister_timepoints.tsv.
    """
    whole = table[(table["arm"] == ALL_ARMS) & table[VALUE].notna()]
    changes, trend = whole[whole["timepoint"] != ""], whole[whole["timepoint"] == ""]
    if changes.empty:
        return None
    order = choose(changes)
    changes, trend = (part[part["regulon"].isin(order)] for part in (changes, trend))
    points = style.in_order("timepoint", changes["timepoint"])
    tips = tooltips(TABLE, "regulon", "comparison", "n", VALUE, LOW, HIGH, "fdr", "same_direction")
    shown = [("changes", changes, "change against the baseline", axis_title(TABLE, VALUE))]
    if len(trend):
        shown.append(("trend", trend, "trend over days", "change per doubling of the days (sd)"))
    panels = []
    for name, own, head, title in shown:
        base = alt.Chart(alt.NamedData(name)).encode(
            y=alt.Y("regulon:N", sort=order, title=None, axis=alt.Axis(grid=True)), tooltip=tips
        )
        if name == "changes":
            base = base.encode(
                yOffset=alt.YOffset("timepoint:N", sort=points),
                color=style.colour("timepoint", points, legend=below(None)),
            )
        else:
            base = base.encode(color=alt.value(MEAN))
        x = alt.X(f"{VALUE}:Q", title=title)
        layers = [
            alt.Chart(alt.NamedData(name)).mark_rule(color="#888888").encode(x=alt.datum(0)),
            base.mark_point(filled=True, size=40, opacity=1).encode(x=x),
        ]
        # A layer without rows would leave the scale without an extent.
        if own[LOW].notna().any():
            bars = base.transform_filter(f"isValid(datum.{LOW})").mark_rule(strokeWidth=1.6, opacity=0.6)
            layers.insert(1, bars.encode(x=alt.X(f"{LOW}:Q", title=title), x2=f"{HIGH}:Q"))
        height = rows_high(len(order), 10 + 6 * len(points))
        panels.append(Panel(alt.layer(*layers).properties(width="container", height=height), head))
    numbers = changes.groupby("timepoint", sort=False)["n"].max()
    models = ", ".join(f"{point}: {count(int(numbers[point]), 'model')}" for point in points)
    over = f"; trend: {count(int(trend['n'].max()), 'model')}" if len(trend) else ""
    total, one = whole["regulon"].nunique(), "regulon" if style.cells else "factor"
    some = f"the {len(order)} largest changes of " if len(order) < total else ""
    return Figure(
        panels=tuple(panels),
        data={name: own for name, own, _, _ in shown},
        n=f"{models}{over}; {some}{count(total, one)}.",
        columns=2,
        min_width=300,
    )

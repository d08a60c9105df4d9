"""Figure of several persister timepoints: change of each regulon or factor at each timepoint, and trend over days."""

from __future__ import annotations

import pandas as pd

from scripts.base.tables import ALL_ARMS
from scripts.figure import timepoints
from scripts.figure.figure import Figure
from scripts.figure.style import Style

TABLE = "activity/persister_timepoints.tsv"
MOST = 20
"""Regulons drawn: those whose change is largest at any of the timepoints."""
VALUE = "activity_change_sd"
COLUMNS = timepoints.Columns(
    TABLE, "regulon", VALUE, f"{VALUE}_low", f"{VALUE}_high", "n", "change per doubling of the days (sd)"
)


def choose(table: pd.DataFrame) -> list[str]:
    """Return the regulons to draw, the largest increases first; ``table``: changes over all arms."""
    largest = table.groupby("regulon", sort=False)[VALUE].agg(lambda own: own.abs().max()).nlargest(MOST)
    mean = table[table["regulon"].isin(largest.index)].groupby("regulon", sort=False)[VALUE].mean()
    return list(mean.sort_values(ascending=False, kind="stable").index)


def draw_timepoints(table: pd.DataFrame, style: Style) -> Figure | None:
    """Return changes from the baseline by timepoint, and the slope over days if models have one.

    ``table``: activity/persister_timepoints.tsv.
    """
    whole = table[(table["arm"] == ALL_ARMS) & table[VALUE].notna()]
    changes = whole[whole["timepoint"] != ""]
    if changes.empty:
        return None
    order, total = choose(changes), whole["regulon"].nunique()
    some = f"the {len(order)} largest changes of " if len(order) < total else ""
    return timepoints.draw(whole, COLUMNS, order, "regulon" if style.cells else "factor", some, style)

"""Figure of several persister timepoints: fold change of genes at each timepoint, and their trend over days."""

from __future__ import annotations

import pandas as pd

from scripts.figure import timepoints
from scripts.figure.figure import Figure
from scripts.figure.style import Style

TABLE = "expression/persister_timepoints.tsv"
MOST = 20
"""Genes drawn: those with the smallest p-values at any of the timepoints or over days."""
COLUMNS = timepoints.Columns(
    TABLE, "gene", "log_fc", "ci_low", "ci_high", "n_models", "fold change per doubling of the days (log2)"
)


def choose(table: pd.DataFrame) -> tuple[list[str], str]:
    """Return the genes to draw, the largest increases first, and the criterion of their selection.

    By the smallest p-value of a gene over the comparisons or, with too few models, by the largest change.
    ``table``: expression/persister_timepoints.tsv without rows that lack a change.
    """
    by_gene = table.assign(size=table["log_fc"].abs()).groupby("gene", sort=False)
    if table["p"].notna().any():
        chosen, what = by_gene["p"].min().nsmallest(MOST).index, "smallest p-values"
    else:
        chosen, what = by_gene["size"].max().nlargest(MOST).index, "largest changes"
    mean = table[table["gene"].isin(chosen) & (table["timepoint"] != "")].groupby("gene", sort=False)["log_fc"].mean()
    return list(mean.sort_values(ascending=False, kind="stable").index), what


def draw_timepoints(table: pd.DataFrame, style: Style) -> Figure | None:
    """Return fold changes from the baseline by timepoint, and the slope over days if models have one.

    ``table``: expression/persister_timepoints.tsv.
    """
    known = table[table["log_fc"].notna()]
    if not (known["timepoint"] != "").any():
        return None
    order, what = choose(known)
    some = f"the {len(order)} {what} of " if len(order) < known["gene"].nunique() else ""
    return timepoints.draw(known, COLUMNS, order, "gene", some, style)

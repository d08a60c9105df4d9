"""Shares of lineages among stromal cells, and their change over treatment with the model as the replicate.

They are compared as log ratios to a stated reference (scripts/stats/composition.py).
"""

from __future__ import annotations

import pandas as pd

from scripts.base import job
from scripts.stats import composition
from scripts.stroma.terms import OTHER
from scripts.stroma.verdicts import VERDICTS

SHARES = ["sample", "model", "timepoint", "arm", "lineage", "cells", "share", "used"]
CHANGES = ["contrast", "lineage", "reference", "verdict", "n_models", "k", "effect", "ci_low", "ci_high", "p", "fdr"]
ALL = "all lineages"
"""Reference: the geometric mean of all lineages' shares (centred log ratio)."""
MIN_SHARE = 0.01
"""Share of all stromal cells that a lineage needs; rarer ones are counted as :data:`OTHER`."""


def check_reference(reference: str, known: set[str]) -> None:
    """Raise :class:`job.UserError` if the reference is neither all lineages nor one that cells can have.

    ``known``: lineages with markers, and the user's labels.
    """
    if reference != ALL and reference not in known:
        raise job.UserError(
            f"config: stroma.reference: no cell can be of the lineage {reference!r}; give {ALL!r}, or one of "
            f"{', '.join(sorted(known))}"
        )


def join_rare(lineage: pd.Series, sample: pd.Series, reference: str = ALL) -> pd.Series:
    """Return the lineages of cells, with those below :data:`MIN_SHARE` of a sample's cells on average as other.

    ``reference``: stays, however rare it is. Raises :class:`job.UserError` if no cell has it.
    """
    if reference != ALL and len(lineage) and not (lineage == reference).any():
        found = ", ".join(sorted(set(lineage) - {OTHER})) or "none"
        raise job.UserError(
            f"config: stroma.reference: no stromal cell is of the lineage {reference!r} (lineages found: {found}); "
            f"give one of these, or {ALL!r}"
        )
    table = pd.crosstab(sample, lineage, normalize="index")
    rare = table.columns[table.mean() < MIN_SHARE].difference([reference])
    return lineage.where(~lineage.isin(rare), OTHER)


def count(lineage: pd.Series, labels: pd.DataFrame, min_cells: int) -> pd.DataFrame:
    """Return :data:`SHARES`: cells of each lineage in each sample; ``used``: whether the sample has ``min_cells``.

    ``lineage``: by cell. ``labels``: sample, model, timepoint and arm of each cell, as text.
    """
    return composition.count(lineage.rename("lineage"), labels, min_cells)[SHARES]


def log_ratios(shares: pd.DataFrame, reference: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return samples × lineages log2 ratios to the reference at the model's smallest number of cells; and labels.

    Parameters
    ----------
    shares
        :data:`SHARES`; samples that aren't used are left out.
    reference
        :data:`ALL`, or a lineage (which then has no column). NaN everywhere if the study lacks that lineage.
    """
    table, labels = composition.counts_of(shares, "lineage")
    named = [name for name in table.columns if name != OTHER]
    given = None if reference == ALL else reference
    return composition.expected_ratios(table, labels["model"], named, given), labels


def compare(
    shares: pd.DataFrame, baseline: str, others: list[str], *, reference: str = ALL, limit: float
) -> pd.DataFrame:
    """Return :data:`CHANGES`: the change of each lineage's log ratio from the baseline to each other timepoint.

    Replicates and arms of a model are averaged first. Interval and p are those of a t over models; false discovery
    rates over the lineages of a contrast. A single lineage has no ratio to others.
    """
    parts = []
    ratios, labels = log_ratios(shares, reference) if len(shares) else (pd.DataFrame(), pd.DataFrame())
    for timepoint in others if ratios.shape[1] > (reference == ALL) else []:
        found = composition.changes(ratios, labels, baseline, timepoint, VERDICTS, limit)
        found = found.rename_axis("lineage").reset_index().assign(reference=reference)
        parts.append(found[CHANGES])
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=CHANGES)

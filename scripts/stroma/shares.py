"""Shares of lineages among stromal cells, and their change over treatment with the model as the replicate.

Shares add up to one, so that one lineage that grows makes all others fall. They are therefore compared as log ratios to
a stated reference (Aitchison 1982): all lineages' geometric mean, or one lineage that is taken as stable.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from scripts.base import job
from scripts.base.verdicts import decide
from scripts.stats import paired
from scripts.stroma.terms import OTHER
from scripts.stroma.verdicts import VERDICTS, Evidence

SHARES = ["sample", "model", "timepoint", "arm", "lineage", "cells", "share", "used"]
CHANGES = ["contrast", "lineage", "reference", "verdict", "n_models", "k", "effect", "ci_low", "ci_high", "p", "fdr"]
ALL = "all lineages"
"""Reference: the geometric mean of all lineages' shares (centred log ratio)."""
PRIOR = 0.5
"""Cells added to each count before the logarithm."""
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
    keys = ["sample", "model", "timepoint", "arm"]
    samples = labels[keys].drop_duplicates("sample").set_index("sample")
    table = pd.crosstab(labels["sample"], lineage).reindex(samples.index)
    total = table.sum(axis=1)
    rows = table.rename_axis(index="sample", columns="lineage").stack().rename("cells").reset_index()
    rows = rows.join(samples, on="sample")
    n = rows["sample"].map(total)
    return rows.assign(share=rows["cells"] / n, used=np.where(n >= min_cells, "yes", "no"))[SHARES]


def expected_logs(cells: np.ndarray, total: int, depth: int) -> np.ndarray:
    """Return the mean log2 of a lineage's cells (plus :data:`PRIOR`) in all draws of ``depth`` of a sample's cells.

    Without this, samples with few cells differ from those with many where nothing has changed: the logarithm of small
    counts is biased. Draws are without replacement (hypergeometric), and their mean is exact.

    Parameters
    ----------
    cells
        Cells of each lineage.
    total
        Cells of the sample.
    depth
        Cells of a draw, at most ``total``.
    """
    from scipy import stats

    k = np.arange(depth + 1)
    table = stats.hypergeom.pmf(k[None, :], total, np.asarray(cells, dtype=int)[:, None], depth)
    return table @ np.log2(k + PRIOR)


def log_ratios(shares: pd.DataFrame, reference: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return samples × lineages log2 ratios to the reference at the model's smallest number of cells; and labels.

    Parameters
    ----------
    shares
        :data:`SHARES`; samples that aren't used are left out.
    reference
        :data:`ALL`, or a lineage (which then has no column). NaN everywhere if the study lacks that lineage.
    """
    used = shares[shares["used"] == "yes"]
    order = list(dict.fromkeys(used["sample"]))
    table = used.pivot(index="sample", columns="lineage", values="cells").reindex(order).fillna(0).astype(int)
    labels = used.drop_duplicates("sample").set_index("sample")[["model", "timepoint", "arm"]]
    named = [name for name in table.columns if name != OTHER]
    depth = table.sum(axis=1).groupby(labels["model"]).transform("min")
    logs = pd.DataFrame(
        [expected_logs(table.loc[sample, named], int(table.loc[sample].sum()), depth[sample]) for sample in order],
        index=order,
        columns=named,
    )
    if reference == ALL:
        return logs.sub(logs.mean(axis=1), axis=0), labels
    if reference not in logs:
        return logs * np.nan, labels
    return logs.drop(columns=reference).sub(logs[reference], axis=0), labels


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
        change = paired.over_arms(paired.differences(ratios, labels, baseline, timepoint))
        # Lineages are few, and their variances depend on their shares: they have none in common to moderate by.
        found = paired.summarise(change, pd.Series(1.0, index=change.columns), moderated=False)
        found = found.rename(columns={"n": "n_models"}).rename_axis("lineage").reset_index()
        found = found.assign(contrast=f"{timepoint} vs {baseline}", reference=reference)
        found["verdict"] = [
            decide(VERDICTS, Evidence(row.n_models, row.effect, row.fdr, limit)).name for row in found.itertuples()
        ]
        parts.append(found[CHANGES])
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=CHANGES)

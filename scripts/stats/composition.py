"""Log ratios of parts of a whole, and their change over timepoints with the model as the replicate.

Shares add up to one, so that one part that grows makes all others fall. They are therefore compared as log ratios to
a stated reference (Aitchison 1982, J R Stat Soc B 44:139): the geometric mean of all parts, or one part that is taken
as stable.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from scripts.stats import paired

PRIOR = 0.5
"""Cells added to each count before the logarithm."""


def expected_logs(cells: np.ndarray, total: int, depth: int) -> np.ndarray:
    """Return the mean log2 of a part's cells (plus :data:`PRIOR`) in all draws of ``depth`` of a sample's cells.

    Without this, samples with few cells differ from those with many where nothing has changed: the logarithm of small
    counts is biased. Draws are without replacement (hypergeometric), and their mean is exact.

    Parameters
    ----------
    cells
        Cells of each part.
    total
        Cells of the sample.
    depth
        Cells of a draw, at most ``total``.
    """
    from scipy import stats

    k = np.arange(depth + 1)
    table = stats.hypergeom.pmf(k[None, :], total, np.asarray(cells, dtype=int)[:, None], depth)
    return table @ np.log2(k + PRIOR)


def expected_ratios(
    counts: pd.DataFrame,
    model: pd.Series,
    parts: list[str],
    reference: str | None = None,
    of: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Return samples × parts: log2 ratios to the reference at the model's smallest number of cells.

    Parameters
    ----------
    counts
        Samples × parts (cells), with those that are not compared, which count among all cells.
    model
        Model of each sample.
    parts
        Parts that are compared.
    reference
        Part that others are compared with, which then has no column; the geometric mean of all ``parts`` if None.
        All is NaN if the counts lack it.
    of
        Models × parts: whether the model has the part at all (default: every model has every part). Others are NaN,
        and do not count in the mean.
    """
    total = counts.sum(axis=1).astype(int)
    depth = total.groupby(model).transform("min")
    logs = pd.DataFrame(
        [expected_logs(counts.loc[sample, parts], total[sample], depth[sample]) for sample in counts.index],
        index=counts.index,
        columns=parts,
    )
    if of is not None:
        logs = logs.where(of.reindex(index=model.reindex(logs.index), columns=parts).to_numpy(dtype=bool))
    if reference is None:
        return logs.sub(logs.mean(axis=1), axis=0)
    if reference not in logs:
        return logs * np.nan
    return logs.drop(columns=reference).sub(logs[reference], axis=0)


def changes(ratios: pd.DataFrame, samples: pd.DataFrame, baseline: str, timepoint: str) -> pd.DataFrame:
    """Return the change of each log ratio from the baseline to a timepoint: a row per part, in log2 units.

    Replicates and arms of a model are averaged first. Interval and p are those of a t over models; false discovery
    rates over the parts. Variances are not moderated: parts are few, and their variances depend on their shares.

    ``samples``: indexed by sample, with model, timepoint and arm.
    """
    change = paired.over_arms(paired.differences(ratios, samples, baseline, timepoint))
    found = paired.summarise(change, pd.Series(1.0, index=change.columns), moderated=False)
    return found.rename(columns={"n": "n_models"})

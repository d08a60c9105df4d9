"""Log ratios of parts of a whole, and their change over timepoints with the model as the replicate.

Shares add up to one, so that one part that grows makes all others fall. They are therefore compared as log ratios to
a stated reference (Aitchison 1982, J R Stat Soc B 44:139): the geometric mean of all parts, or one part that is taken
as stable.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd

from scripts.base.shares import Evidence
from scripts.base.verdicts import Verdict, decide
from scripts.stats import paired

LABELS = ["sample", "model", "timepoint", "arm"]
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


def count(part: pd.Series, labels: pd.DataFrame, min_cells: int) -> pd.DataFrame:
    """Return a row per sample and part: cells and share, n_cells of the sample, and ``used`` if it has ``min_cells``.

    ``part``: of each cell; its name is that of the column. ``labels``: sample, model, timepoint and arm of each cell.
    """
    samples = labels[LABELS].drop_duplicates("sample").set_index("sample")
    table = pd.crosstab(labels["sample"], part).reindex(samples.index)
    total = table.sum(axis=1)
    rows = table.rename_axis(index="sample", columns=part.name).stack().rename("cells").reset_index()
    rows = rows.join(samples, on="sample")
    n = rows["sample"].map(total)
    return rows.assign(n_cells=n, share=rows["cells"] / n, used=np.where(n >= min_cells, "yes", "no"))


def counts_of(shares: pd.DataFrame, part: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return samples × parts (cells) of the samples that are used, and their model, timepoint and arm.

    ``shares``: as from :func:`count`, with the parts in a column of that name.
    """
    used = shares[shares["used"] == "yes"]
    samples = used.drop_duplicates("sample").set_index("sample")[LABELS[1:]]
    counts = used.pivot(index="sample", columns=part, values="cells").reindex(samples.index)
    return counts.fillna(0).astype(int), samples


def changes(
    ratios: pd.DataFrame,
    samples: pd.DataFrame,
    baseline: str,
    timepoint: str,
    verdicts: Iterable[Verdict],
    limit: float,
) -> pd.DataFrame:
    """Return the change of each log ratio from the baseline to a timepoint: a row per part, in log2 units.

    Replicates and arms of a model are averaged first. Interval and p are those of a t over models; false discovery
    rates over the parts. Variances are not moderated: parts are few, and their variances depend on their shares.

    Parameters
    ----------
    ratios
        Samples × parts (:func:`expected_ratios`).
    samples
        Indexed by sample, with model, timepoint and arm.
    baseline, timepoint
        What is compared.
    verdicts, limit
        Rules (:func:`scripts.base.shares.make_verdicts`), and the limit of their false discovery rate.
    """
    change = paired.over_arms(paired.differences(ratios, samples, baseline, timepoint))
    found = paired.summarise(change, pd.Series(1.0, index=change.columns), moderated=False)
    found = found.rename(columns={"n": "n_models"})
    found["verdict"] = [
        decide(verdicts, Evidence(row.n_models, row.effect, row.fdr, limit)).name for row in found.itertuples()
    ]
    return found.assign(contrast=f"{timepoint} vs {baseline}")

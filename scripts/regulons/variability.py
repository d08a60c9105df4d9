"""Differences of regulons between samples: standardised activity, the most variable regulons, ordered by similarity."""

from __future__ import annotations

import numpy as np
import pandas as pd

STANDARDISED = ["regulon", "sample", "z"]
VARIABILITY = ["regulon", "on_variance", "variability_rank", "row"]
MAX_REGULONS = 60
"""Regulons, the most variable first, that are ordered by similarity for a heat map."""


def standardise(samples: pd.DataFrame) -> pd.DataFrame:
    """Return regulons × samples: mean activity, each regulon scaled to mean 0 and sd 1 over the samples. NaN if the
    sample's group does not measure the regulon.
    """
    wide = samples.pivot(index="regulon", columns="sample", values="activity")
    spread = wide.std(axis=1, ddof=0)
    spread[spread < 1e-9] = np.nan  # values equal in all samples differ by rounding only
    return wide.sub(wide.mean(axis=1), axis=0).div(spread, axis=0).fillna(0.0).where(wide.notna())


def variances(samples: pd.DataFrame) -> pd.Series:
    """Return the variance between samples of each regulon's share of active cells, largest first."""
    return samples.groupby("regulon")["on"].var().fillna(0).sort_values(ascending=False, kind="stable")


def order_rows(scores: pd.DataFrame) -> list[str]:
    """Return the regulons, ordered so that similar ones are adjacent (average linkage of correlation distance).

    ``scores``: regulons × samples, see :func:`standardise`.
    """
    from scipy.cluster.hierarchy import leaves_list, linkage

    if len(scores) < 3 or scores.shape[1] < 2:
        return scores.index.tolist()
    with np.errstate(invalid="ignore"):
        distance = 1 - np.nan_to_num(np.corrcoef(scores.fillna(0.0).to_numpy()))
    condensed = np.clip(distance[np.triu_indices(len(scores), 1)], 0, None)
    return scores.index[leaves_list(linkage(condensed, "average", optimal_ordering=True))].tolist()


def tabulate(samples: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the standardised activity (:data:`STANDARDISED`) and the variability of regulons (:data:`VARIABILITY`).

    Parameters
    ----------
    samples
        regulons/samples.tsv: one row per sample and regulon.

    Returns
    -------
    tuple
        One row per sample and regulon measured in it; one row per regulon, the most variable first. ``row`` is the
        position in the order of similarity, from 1, for the first :data:`MAX_REGULONS`; missing for the others.
    """
    wide = standardise(samples)
    found = variances(samples)
    first = set(found.index[:MAX_REGULONS])
    rows = {regulon: row for row, regulon in enumerate(order_rows(wide[wide.index.isin(first)]), 1)}
    long = samples[["regulon", "sample"]].merge(wide.stack().rename("z").reset_index(), how="left")
    table = found.rename("on_variance").rename_axis("regulon").reset_index()
    table = table.assign(variability_rank=range(1, len(table) + 1), row=table["regulon"].map(rows).astype("Int64"))
    return long[STANDARDISED], table[VARIABILITY]

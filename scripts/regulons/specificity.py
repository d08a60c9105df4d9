"""Specificity of a regulon's activity to a label of cells, beyond that of a random label of the same size."""

from __future__ import annotations

import numpy as np
import pandas as pd

VALUES = 4_000_000
"""Values of activity at once (cells × regulons; 32 MB a matrix)."""
SPECIFICITY = ["label", "n_cells", "regulon", "rss", "rss_expected", "rss_adjusted", "rss_z"]


def score(auc: pd.DataFrame, labels: pd.Series) -> pd.DataFrame:
    """Return one row (:data:`SPECIFICITY`) per label and regulon; labels are sorted, regulons in the order of ``auc``.

    ``rss`` is the regulon specificity score of Suo et al. 2018 (Cell Reports 25:1436): one minus the Jensen-Shannon
    distance (natural logarithm, as pySCENIC) between a regulon's activity over the cells and the label's indicator,
    each scaled to sum to one. It increases with the label's share of the cells for any regulon.

    The other columns compare it with labels exchanged between the cells. The divergence is a sum over the label's
    cells. A sum over cells drawn without replacement has a known mean and variance (Cochran 1977, section 2.5). These
    are exact over all exchanges, so none is drawn. ``rss_expected``: mean of the score under exchange.
    ``rss_adjusted``: (rss − expected) ÷ (1 − expected), as in the adjusted Rand index: 0 for a regulon without relation
    to the label, 1 for one that is evenly active in its cells alone. ``rss_z``: standard deviations of the divergence
    below its mean under exchange. Cells are not replicates: z is descriptive and increases with the number of cells.
    NaN for regulons without activity; with a single label nothing can be exchanged.

    Parameters
    ----------
    auc
        Activity, cells × regulons. Negative activities, as of ULM, are measured from the regulon's lowest value.
    labels
        Label of each cell.
    """
    codes, names = pd.factorize(labels.to_numpy(), sort=True)
    sizes = np.bincount(codes, minlength=len(names))
    members = [np.flatnonzero(codes == number) for number in range(len(names))]
    found = np.full((4, len(names), auc.shape[1]), np.nan)
    step = max(1, VALUES // max(1, len(auc)))
    for start in range(0, auc.shape[1], step):
        block = auc.iloc[:, start : start + step].to_numpy(dtype=np.float64)
        block -= np.minimum(block.min(axis=0, initial=0.0), 0)
        total = block.sum(axis=0)
        active = np.flatnonzero(total > 0)
        if len(active):
            found[:, :, start + active] = _scores(block[:, active] / total[active], members, sizes)
    rows = {"label": np.repeat(names, auc.shape[1]), "n_cells": np.repeat(sizes, auc.shape[1])}
    rows |= {"regulon": np.tile(auc.columns.to_numpy(), len(names))}
    return pd.DataFrame(rows | dict(zip(SPECIFICITY[3:], found.reshape(4, -1), strict=True)))


def _scores(p: np.ndarray, members: list[np.ndarray], sizes: np.ndarray) -> np.ndarray:
    """Return score, expected score, adjusted score and z (4 × labels × regulons) of activities that sum to one.

    With q = 1 ÷ n in the label's n cells, a cell outside contributes p·log 2 ÷ 2 to the divergence. A cell inside
    contributes KL(p, m) ÷ 2 + KL(q, m) ÷ 2 with m = (p + q) ÷ 2. The divergence is therefore log 2 ÷ 2 plus the sum
    over the label's cells of the difference between these terms.
    """
    from scipy.special import rel_entr

    cells, out = len(p), np.full((4, len(members), p.shape[1]), np.nan)
    for n in np.unique(sizes):
        mean = (p + 1 / n) / 2
        inside = (rel_entr(p, mean) + rel_entr(1 / n, mean)) / 2
        excess = inside - p * (np.log(2) / 2)
        expected = np.log(2) / 2 + n * excess.mean(axis=0)
        variance = n * (1 - n / cells) * excess.var(axis=0, ddof=1) if cells > 1 else np.zeros(p.shape[1])
        for label in np.flatnonzero(sizes == n):
            own = members[label]
            outside = (1 - p[own].sum(axis=0)).clip(0) if n < cells else 0.0
            divergence = (inside[own].sum(axis=0) + outside * (np.log(2) / 2)).clip(0)
            out[0, label] = 1 - np.sqrt(divergence)
            if n == cells:
                continue
            # Mean of a square root, to second order.
            chance = 1 - np.sqrt(expected) * (1 - variance / (8 * expected**2))
            out[1, label] = chance
            out[2, label] = (out[0, label] - chance) / (1 - chance)
            with np.errstate(divide="ignore", invalid="ignore"):
                # The variance of equal activities consists of rounding errors only.
                spread = np.where(variance > 1e-20 * expected**2, np.sqrt(variance), np.nan)
                out[3, label] = (expected - divergence) / spread
    return out

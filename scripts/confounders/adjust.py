"""Persister − untreated within one model, before and after adjustment for a confounder.

Cells (or profiles) estimate; they are never the replicate: what comes out is one number per model and feature.
"""

from __future__ import annotations

import numpy as np
from scipy import sparse

from scripts.base import expression

MIN_CELLS = 20
"""Cells of either timepoint that a restricted comparison needs."""
MIN_SPARE = 3
"""Cells or profiles beyond samples and covariates that a slope needs."""


def dense_mean(values, rows: np.ndarray) -> np.ndarray:
    """Return the mean over rows of cells × features, CSR or dense."""
    return np.asarray(values[rows].mean(axis=0), dtype=np.float64).ravel()


def mean_of_samples(values, sample: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """Return the mean of the samples' means over the chosen rows: samples weigh the same whatever their size."""
    names = np.unique(sample[rows])
    return np.mean([dense_mean(values, rows & (sample == name)) for name in names], axis=0)


def difference(values, sample: np.ndarray, treated: np.ndarray, untreated: np.ndarray) -> np.ndarray:
    """Return treated − untreated by feature. ``treated``, ``untreated``: masks of rows."""
    return mean_of_samples(values, sample, treated) - mean_of_samples(values, sample, untreated)


def slopes(values, covariates: np.ndarray, sample: np.ndarray) -> np.ndarray | None:
    """Return how features vary with covariates inside samples (covariates × features), pooled over the samples.

    Inside samples, since between them all effects of treatment are confounded with each other. None where
    too few rows are left. A covariate that doesn't vary has a slope of 0.
    """
    names, code = np.unique(sample, return_inverse=True)
    sums = np.zeros((len(names), covariates.shape[1]))
    np.add.at(sums, code, covariates)
    centred = covariates - (sums / np.bincount(code, minlength=len(names))[:, None])[code]
    spare = len(sample) - len(names) - covariates.shape[1]
    if spare < MIN_SPARE or not np.isfinite(centred).all():
        return None
    # The covariates are centred, so the features needn't be.
    cross = np.asarray((values.T @ centred).T if sparse.issparse(values) else centred.T @ values, dtype=np.float64)
    return np.linalg.pinv(centred.T @ centred, rcond=1e-8, hermitian=True) @ cross


def adjusted(
    values, covariates: np.ndarray, sample: np.ndarray, treated: np.ndarray, untreated: np.ndarray
) -> np.ndarray | None:
    """Return treated − untreated by feature at equal covariates (analysis of covariance); None where slopes can't be
    estimated.

    Measured with noise, a covariate explains less than what it stands for: what remains is an upper bound.
    """
    used = treated | untreated
    slope = slopes(values[used], covariates[used], sample[used])
    if slope is None:
        return None
    gap = difference(covariates, sample, treated, untreated)
    return difference(values, sample, treated, untreated) - gap @ slope


def indicator(labels: np.ndarray) -> np.ndarray:
    """Return a column per label but the first: covariates of a grouping."""
    names = np.unique(labels)[1:]
    return (labels[:, None] == names[None, :]).astype(np.float64)


def restricted(
    values, sample: np.ndarray, treated: np.ndarray, untreated: np.ndarray, kept: np.ndarray
) -> np.ndarray | None:
    """Return treated − untreated among the kept rows; None where either has fewer than :data:`MIN_CELLS`."""
    if min((treated & kept).sum(), (untreated & kept).sum()) < MIN_CELLS:
        return None
    return difference(values, sample, treated & kept, untreated & kept)


def thin(counts: sparse.csr_matrix, sample: np.ndarray, seed: int) -> sparse.csr_matrix:
    """Return the counts with every sample thinned to the lowest median UMIs per cell among them (binomial)."""
    rng = np.random.default_rng(seed)
    totals = np.asarray(counts.sum(axis=1), dtype=np.float64).ravel()
    medians = {name: np.median(totals[sample == name]) for name in np.unique(sample)}
    least = min(medians.values(), default=0.0)
    share = np.array([min(1.0, least / medians[name]) if medians[name] else 1.0 for name in sample])
    return expression.thin(counts, share, rng)


def matched(
    values, sample: np.ndarray, treated: np.ndarray, untreated: np.ndarray, *, draws: int, seed: int
) -> np.ndarray:
    """Return treated − untreated with as many cells of each sample as the smallest has, one row per draw."""
    rng = np.random.default_rng(seed)
    used = np.flatnonzero(treated | untreated)
    names, counts = np.unique(sample[used], return_counts=True)
    least = counts.min()
    found = []
    for _ in range(draws):
        kept = np.zeros(len(sample), dtype=bool)
        for name in names:
            kept[rng.choice(used[sample[used] == name], least, replace=False)] = True
        found.append(difference(values, sample, treated & kept, untreated & kept))
    return np.array(found)

"""Test whether a set of genes has a property more often than genes with similar covariates, if neighbours share it.

Peaks cover neighbouring genes, and targets are clustered in the genome (keratins, chemokines). Genes are therefore not
independent. The null distribution rotates the residuals of all genes along the genome by every number of positions.
This keeps the order of both residuals and targets, as in circular genomic permutation (Cabrera et al. 2012, G3 2:1067).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import special, stats

STEPS, RIDGE = 25, 1e-3
"""Most Newton steps of a fit; penalty on covariates of unit variance, which keeps separated data finite."""
LEAST = 1e-4
"""Least probability of a gene, so that no gene alone decides."""
CONFIDENCE = 0.95
MOST_LOG_ODDS = 12.0
MIN_P = 1e-12


@dataclass(frozen=True)
class Found:
    """``expected`` number of genes with the property, ``log_odds`` with limits (natural log; infinite if no limit
    exists), one-sided ``p`` of more than expected, ``z``, and ``inflation`` of the variance by neighbours.
    """

    expected: float
    log_odds: float
    low: float
    high: float
    p: float
    z: float
    inflation: float


def fit_logistic(x: np.ndarray, y: np.ndarray, start: np.ndarray | None = None) -> np.ndarray:
    """Return the coefficients of a logistic model; ``x``: genes × covariates, the first of them 1; ``y``: 0 or 1."""
    penalty = np.r_[0.0, np.full(x.shape[1] - 1, RIDGE * len(y) / 100)]
    beta = np.zeros(x.shape[1]) if start is None else start.copy()
    if start is None:
        beta[0] = special.logit((y.sum() + 0.5) / (len(y) + 1.0))
    for _ in range(STEPS):
        p = special.expit(x @ beta)
        weight = np.maximum(p * (1 - p), 1e-8)
        step = np.linalg.solve((x * weight[:, None]).T @ x + np.diag(penalty), x.T @ (y - p) - penalty * beta)
        beta += np.clip(step, -2, 2)
        if np.abs(step).max() < 1e-6:
            break
    return beta


def covariates_of(*columns: np.ndarray) -> np.ndarray:
    """Return genes × covariates: 1, and a cubic polynomial of each column's rank; constant columns are left out.

    A missing value has the middle rank.
    """
    found = [np.ones(len(columns[0]))]
    for column in columns:
        values = np.asarray(column, dtype=float)
        rank = stats.rankdata(values, nan_policy="omit")
        known = np.isfinite(rank)
        if known.sum() < 2 or np.nanstd(values) == 0:
            continue
        u = np.where(known, 2 * (rank - 0.5) / known.sum() - 1, 0.0)
        for power in range(1, 1 + min(3, len(np.unique(values[known])) - 1)):
            curve = special.eval_legendre(power, u)
            found.append((curve - curve.mean()) / curve.std())
    return np.column_stack(found)


def rotate(weights: np.ndarray, residuals: np.ndarray) -> np.ndarray:
    """Return Σ weights[g] · residuals[g + k] for every shift of k positions, starting at 0."""
    n = len(residuals)
    return np.fft.irfft(np.conj(np.fft.rfft(weights)) * np.fft.rfft(residuals), n)


def tail(observed: float, null: np.ndarray) -> float:
    """Return the upper tail probability: Pearson's type III with mean, variance and skewness of the null.

    Its tail extends beyond the largest of the rotations (Kazi-Aoual et al. 1995, Comput Stat Data Anal 20:643).
    """
    sd = null.std()
    if not sd > 0:
        return 1.0
    skew = float(np.clip(stats.skew(null), -4, 4))
    return float(np.clip(stats.pearson3.sf((observed - null.mean()) / sd, skew), MIN_P, 1.0))


def solve(score, low: float = -MOST_LOG_ODDS, high: float = MOST_LOG_ODDS) -> float:
    """Return the zero of a decreasing function of the log odds; infinite if it is not within the range."""
    if score(low) <= 0:
        return -np.inf
    if score(high) >= 0:
        return np.inf
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if score(middle) > 0 else (low, middle)
    return (low + high) / 2


def estimate(y: np.ndarray, expected: np.ndarray, inflation: float) -> tuple[float, float, float]:
    """Return the log odds of the targets relative to expectation, with limits.

    ``y``: whether each target has the property; ``expected``: probability for a similar gene. The estimate is Firth's;
    the limits are those of the score test, with its variance multiplied by ``inflation``.
    """
    offset = special.logit(expected)

    def parts(beta: float) -> tuple[float, np.ndarray]:
        p = special.expit(offset + beta)
        return (y - p).sum(), p * (1 - p)

    def firth(beta: float) -> float:
        u, v = parts(beta)
        return u + (v * (0.5 - special.expit(offset + beta))).sum() / v.sum()

    def limit(sign: float):
        bound = sign * stats.norm.ppf((1 + CONFIDENCE) / 2)

        def score(beta: float) -> float:
            u, v = parts(beta)
            return u - bound * np.sqrt(inflation * v.sum())

        return score

    return solve(firth), solve(limit(1.0)), solve(limit(-1.0))


def compare(property_of: np.ndarray, targets: np.ndarray, x: np.ndarray, start: np.ndarray | None = None) -> Found:
    """Return whether targets have a property more often than genes with similar covariates.

    Parameters
    ----------
    property_of, targets
        Whether each gene, in the order of the genome, has the property, and whether it is a target.
    x
        Genes × covariates (:func:`covariates_of`).
    start
        Coefficients of all genes, used as the start of the fit without the targets.
    """
    y = property_of.astype(float)
    others = ~targets
    expected = np.clip(special.expit(x @ fit_logistic(x[others], y[others], start)), LEAST, 1 - LEAST)
    variance = expected * (1 - expected)
    residual = (y - expected) / np.sqrt(variance)
    # The targets' residuals are included with those of other genes: the test concerns the targets' own property.
    null = rotate(np.where(targets, np.sqrt(variance), 0.0), residual)
    observed = null[0]
    independent = variance[targets].sum()
    inflation = max(1.0, float(null.var() / independent))
    log_odds, low, high = estimate(y[targets], expected[targets], inflation)
    p = tail(observed, null)
    z = float((observed - null.mean()) / null.std()) if null.std() > 0 else 0.0
    return Found(float(expected[targets].sum()), log_odds, low, high, p, z, inflation)


def trend(property_of: np.ndarray, value: np.ndarray, x: np.ndarray) -> tuple[float, float]:
    """Return the increase in log odds of a property per unit of ``value`` among genes with similar covariates, and p.

    The estimate is one step of the score equations; the two-sided p is the tail of the score among rotations.
    """
    y = property_of.astype(float)
    expected = np.clip(special.expit(x @ fit_logistic(x, y)), LEAST, 1 - LEAST)
    variance = expected * (1 - expected)
    # Part of the value that the covariates do not explain.
    weighted = x * variance[:, None]
    rest = value - x @ np.linalg.solve(weighted.T @ x + RIDGE * np.eye(x.shape[1]), weighted.T @ value)
    null = rotate(rest * np.sqrt(variance), (y - expected) / np.sqrt(variance))
    information = (variance * rest**2).sum()
    upper = tail(null[0], null)
    lower = tail(-null[0], -null)
    return float(null[0] / information) if information > 0 else 0.0, float(min(1.0, 2 * min(upper, lower)))

"""Variances of features squeezed towards a common prior: empirical Bayes after Smyth (2004), with caution.

Implemented here, since limma (:mod:`scripts.stats.squeeze`) takes its estimate of their spread unchanged: with few
features tails are then too heavy. Without caution the two are equal (tests/expression/test_expression_limma.py).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import special

MIN_SHARE = 1e-5
"""Variances below this share of the median are raised to it, since their logarithm is taken."""


@dataclass(frozen=True)
class Moderated:
    """Variances moderated over features: ``variance`` and ``df`` by feature; NaN and 0 without information.
    ``prior_df``: how many observations the prior is worth.
    """

    variance: np.ndarray
    df: np.ndarray
    prior_df: float


def trigamma_inverse(x: float) -> float:
    """Return y with trigamma(y) = x, x > 0; 1 / x for small x and 1 / sqrt(x) for large ones, where y is that."""
    if x > 1e7:
        return float(1 / np.sqrt(x))
    if x < 1e-6:
        return float(1 / x)

    from scipy.optimize import brentq

    def gap(log_y: float) -> float:
        return float(np.log(special.polygamma(1, np.exp(log_y))) - np.log(x))

    return float(np.exp(brentq(gap, -20.0, 20.0, xtol=1e-12)))


def cautious_prior(variance: np.ndarray, df: np.ndarray, caution: float) -> tuple[float, float]:
    """Return the prior variance and its degrees of freedom (infinite where features don't differ beyond chance).

    Moments of log variances, which follow a scaled F distribution (Smyth 2004, section 6.2). ``caution``: standard
    errors by which the spread of the log variances is taken larger than estimated, so that the prior weighs less where
    few features determine it.
    """
    raised = np.maximum(variance, MIN_SHARE * (np.median(variance) or 1.0))
    e = np.log(raised) - special.digamma(df / 2) + np.log(df / 2)
    squares = (e - e.mean()) ** 2
    spread = squares.sum() / (len(e) - 1) + caution * squares.std() / np.sqrt(len(e))
    spread -= special.polygamma(1, df / 2).mean()
    if spread > 0:
        prior_df = 2 * trigamma_inverse(float(spread))
        return float(np.exp(e.mean() + special.digamma(prior_df / 2) - np.log(prior_df / 2))), prior_df
    return float(raised.mean()), np.inf


def moderate(variance: np.ndarray, df: np.ndarray, caution: float = 0.0) -> Moderated:
    """Return posterior variances and their degrees of freedom; the latter are at most the sum over features (limma).

    ``caution``: see :func:`cautious_prior`; 0 is limma's estimate.
    """
    usable = np.isfinite(variance) & (df > 0)
    posterior, total = np.full(len(variance), np.nan), np.zeros(len(variance))
    if not usable.any():
        return Moderated(posterior, total, np.nan)
    own, own_df = variance[usable].astype(float), df[usable].astype(float)
    if len(own) < 2:
        posterior[usable], total[usable] = own, own_df
        return Moderated(posterior, total, 0.0)
    prior, prior_df = cautious_prior(own, own_df, caution)
    squeezed = (
        np.full(len(own), prior) if np.isinf(prior_df) else (prior_df * prior + own_df * own) / (prior_df + own_df)
    )
    posterior[usable], total[usable] = squeezed, np.minimum(own_df + prior_df, own_df.sum())
    return Moderated(posterior, total, float(prior_df))

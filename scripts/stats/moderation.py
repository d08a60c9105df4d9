"""Variances of genes squeezed towards what they have in common: empirical Bayes after Smyth (2004)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import special

MIN_SHARE = 1e-5
"""Variances below this share of the median are raised to it, since their logarithm is taken."""
KNOT_SHARES = (1 / 3, 2 / 3)
"""Quantiles of mean expression at which the trend of the prior may bend (limma: four degrees of freedom)."""
MIN_FOR_TREND = 30
"""Genes that a trend of the prior needs; with fewer the prior is the same for all."""


@dataclass(frozen=True)
class Moderated:
    """Variances moderated over genes: ``variance`` and ``df`` by gene; NaN and 0 where there is nothing to go by.
    ``prior_df``: how many observations the prior is worth.
    """

    variance: np.ndarray
    df: np.ndarray
    prior_df: float


def trigamma_inverse(x: float) -> float:
    """Return y with trigamma(y) = x, by Newton's method on 1/trigamma, which is nearly straight (Smyth 2004)."""
    if x > 1e7:
        return 1 / np.sqrt(x)
    if x < 1e-6:
        return 1 / x
    y = 0.5 + 1 / x
    for _ in range(50):
        trigamma = special.polygamma(1, y)
        step = trigamma * (1 - trigamma / x) / special.polygamma(2, y)
        y += step
        if -step / y < 1e-8:
            break
    return float(y)


def natural_spline(x: np.ndarray) -> np.ndarray:
    """Return a basis of natural cubic splines (points × functions, constant included), linear beyond the range of x.

    Knots at the range and at :data:`KNOT_SHARES`, truncated powers (Hastie, Tibshirani & Friedman 2009, eq. 5.4): the
    same space as that of R's ``ns``, so that fitted values agree.
    """
    knots = np.unique([x.min(), *np.quantile(x, KNOT_SHARES), x.max()])
    scale = np.ptp(knots) or 1.0
    z, knots = (x - knots[0]) / scale, (knots - knots[0]) / scale

    def bend(k: int) -> np.ndarray:
        return (np.maximum(z - knots[k], 0) ** 3 - np.maximum(z - knots[-1], 0) ** 3) / (knots[-1] - knots[k])

    last = bend(len(knots) - 2) if len(knots) > 2 else None
    return np.column_stack([np.ones_like(z), z, *(bend(k) - last for k in range(len(knots) - 2))])


def prior_of(
    variance: np.ndarray, df: np.ndarray, covariate: np.ndarray | None, caution: float = 0.0
) -> tuple[np.ndarray, float]:
    """Return the prior variance by gene and its degrees of freedom (infinite where genes don't differ beyond chance).

    Moments of log variances, which follow a scaled F distribution (Smyth 2004, section 6.2); ``covariate``: the prior
    follows it by a natural spline (limma-trend; Law et al. 2014). ``caution``: standard errors by which the spread of
    the log variances is taken larger than estimated, so that the prior weighs less where few features tell it.
    """
    middle = np.median(variance) or 1.0
    raised = np.maximum(variance, MIN_SHARE * middle)
    e = np.log(raised) - special.digamma(df / 2) + np.log(df / 2)
    if covariate is not None and len(e) >= MIN_FOR_TREND and len(np.unique(covariate)) > len(KNOT_SHARES) + 1:
        basis = natural_spline(covariate)
        coefficients, _, rank, _ = np.linalg.lstsq(basis, e, rcond=None)
        mean = basis @ coefficients
        freedom = len(e) - rank
    else:
        covariate, mean = None, np.full(len(e), e.mean())
        freedom = len(e) - 1
    squares = (e - mean) ** 2
    spread = squares.sum() / freedom + caution * squares.std() / np.sqrt(len(e))
    spread -= special.polygamma(1, df / 2).mean()
    if spread > 0:
        prior_df = 2 * trigamma_inverse(spread)
        return np.exp(mean + special.digamma(prior_df / 2) - np.log(prior_df / 2)), prior_df
    return (np.full(len(e), raised.mean()) if covariate is None else np.exp(mean)), np.inf


def moderate(
    variance: np.ndarray, df: np.ndarray, covariate: np.ndarray | None = None, caution: float = 0.0
) -> Moderated:
    """Return posterior variances and their degrees of freedom; the latter are at most the sum over genes (limma).

    ``caution``: see :func:`prior_of`; 0 is limma's estimate.
    """
    usable = np.isfinite(variance) & (df > 0)
    posterior, total = np.full(len(variance), np.nan), np.zeros(len(variance))
    if not usable.any():
        return Moderated(posterior, total, np.nan)
    own, own_df = variance[usable].astype(float), df[usable].astype(float)
    if len(own) < 2:
        posterior[usable], total[usable] = own, own_df
        return Moderated(posterior, total, 0.0)
    prior, prior_df = prior_of(own, own_df, None if covariate is None else covariate[usable], caution)
    squeezed = prior if np.isinf(prior_df) else (prior_df * prior + own_df * own) / (prior_df + own_df)
    posterior[usable], total[usable] = squeezed, np.minimum(own_df + prior_df, own_df.sum())
    return Moderated(posterior, total, float(prior_df))

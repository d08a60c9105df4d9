"""Variances of genes squeezed towards what they have in common: empirical Bayes after Smyth (2004)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import special

MIN_SHARE = 1e-5
"""Variances below this share of the median are raised to it, since their logarithm is taken."""


@dataclass(frozen=True)
class Moderated:
    """Variances moderated over genes: ``variance`` and ``df`` by gene; NaN and 0 where there is nothing to go by.
    ``prior_df``: how many observations the prior is worth.
    """

    variance: np.ndarray
    df: np.ndarray
    prior_df: float


def cautious_prior(variance: np.ndarray, df: np.ndarray, caution: float) -> tuple[float, float]:
    """Return the prior variance and its degrees of freedom (infinite where features don't differ beyond chance).

    Moments of log variances, which follow a scaled F distribution (Smyth 2004, section 6.2). ``caution``: standard
    errors by which the spread of the log variances is taken larger than estimated, so that the prior weighs less where
    few features tell it. limma has no such margin, hence not pylimma's; with 0 it is limma's prior.
    """
    from pylimma.utils import trigamma_inverse

    raised = np.maximum(variance, MIN_SHARE * (np.median(variance) or 1.0))
    e = np.log(raised) - special.digamma(df / 2) + np.log(df / 2)
    squares = (e - e.mean()) ** 2
    spread = squares.sum() / (len(e) - 1) + caution * squares.std() / np.sqrt(len(e))
    spread -= special.polygamma(1, df / 2).mean()
    if spread > 0:
        prior_df = 2 * float(trigamma_inverse(spread))
        return float(np.exp(e.mean() + special.digamma(prior_df / 2) - np.log(prior_df / 2))), prior_df
    return float(raised.mean()), np.inf


def moderate(
    variance: np.ndarray, df: np.ndarray, covariate: np.ndarray | None = None, caution: float = 0.0
) -> Moderated:
    """Return posterior variances and their degrees of freedom; the latter are at most the sum over genes (limma).

    ``covariate``: the prior follows it (limma-trend; Law et al. 2014). ``caution``: see :func:`cautious_prior`; with 0
    it is limma's ``squeezeVar``, by pylimma. Both at once are not asked for.
    """
    usable = np.isfinite(variance) & (df > 0)
    posterior, total = np.full(len(variance), np.nan), np.zeros(len(variance))
    if not usable.any():
        return Moderated(posterior, total, np.nan)
    own, own_df = variance[usable].astype(float), df[usable].astype(float)
    if len(own) < 2:
        posterior[usable], total[usable] = own, own_df
        return Moderated(posterior, total, 0.0)
    if caution:
        prior, prior_df = cautious_prior(own, own_df, caution)
        squeezed = (
            np.full(len(own), prior) if np.isinf(prior_df) else (prior_df * prior + own_df * own) / (prior_df + own_df)
        )
    else:
        from pylimma.squeeze_var import squeeze_var

        found = squeeze_var(own, own_df, covariate=None if covariate is None else covariate[usable])
        squeezed, prior_df = np.asarray(found["var_post"], dtype=float), np.asarray(found["df_prior"], dtype=float)
    posterior[usable], total[usable] = squeezed, np.minimum(own_df + prior_df, own_df.sum())
    return Moderated(posterior, total, float(np.median(prior_df)))

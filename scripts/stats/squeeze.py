"""Variances of genes squeezed towards a common prior: limma's squeezeVar, by pylimma."""

from __future__ import annotations

import numpy as np

from scripts.stats.moderation import Moderated


def squeeze(variance: np.ndarray, df: np.ndarray, covariate: np.ndarray | None = None) -> Moderated:
    """Return posterior variances and their degrees of freedom; the latter are at most the sum over genes (limma).

    ``variance``, ``df``: by gene; NaN and 0 without information. ``covariate``: the prior follows it
    (limma-trend; Law et al. 2014).
    """
    from pylimma.squeeze_var import squeeze_var

    usable = np.isfinite(variance) & (df > 0)
    posterior, total = np.full(len(variance), np.nan), np.zeros(len(variance))
    if not usable.any():
        return Moderated(posterior, total, np.nan)
    own, own_df = variance[usable].astype(float), df[usable].astype(float)
    found = squeeze_var(own, own_df, covariate=None if covariate is None else covariate[usable])
    prior_df = np.asarray(found["df_prior"], dtype=float)
    posterior[usable], total[usable] = found["var_post"], np.minimum(own_df + prior_df, own_df.sum())
    return Moderated(posterior, total, float(np.median(prior_df)))

"""Separate kinds of evidence joined by the product of their ranks, and how far that depends on single models."""

from __future__ import annotations

import numpy as np
import pandas as pd

MIN_COMMON = 10
"""Rows that two kinds of evidence must share before their correlation is estimated."""


def rank_product(evidence: pd.DataFrame) -> pd.DataFrame:
    """Return per row ``rank_product`` (small is good), ``n_evidence`` and ``evidence_rank`` (1 is best; NaN without any
    evidence).

    Parameters
    ----------
    evidence
        Rows × kinds of evidence, more is better, NaN where there is none: it is left out of the row's product rather
        than guessed. A kind that no row has plays no part. Ties share the mean rank.

    Returns
    -------
    DataFrame
        ``rank_product`` is the share of random rankings whose product over as many kinds is as small. Minus the
        logarithms of uniform ranks sum to a gamma distribution (Koziol 2010, FEBS Letters 584:941, of the rank product
        of Breitling et al. 2004, FEBS Letters 573:83); where kinds are correlated, their sum varies more, and the
        distribution is fitted to the variance that the kinds' own correlation gives (empirical Brown's method: Poole et
        al. 2016, Bioinformatics 32:i430). So a row with one kind reaches the first tenth by chance as often as one with
        all. It orders rows; it is no test of any.
    """
    from scipy import stats

    known = evidence.notna()
    n = known.sum(axis=1)
    ranks = evidence.rank(ascending=False, method="average")
    loss = -np.log(ranks / (known.sum() + 1))
    together = loss.corr(min_periods=MIN_COMMON).fillna(0.0).clip(lower=0.0).to_numpy(copy=True)
    np.fill_diagonal(together, 1.0)
    mask = known.to_numpy(dtype=float)
    # Each has mean 1 and variance 1; a gamma distribution with the mean and variance of their sum.
    total, variance = n.to_numpy(dtype=float), np.einsum("ri,ij,rj->r", mask, together, mask)
    with np.errstate(divide="ignore", invalid="ignore"):
        product = stats.gamma.sf(loss.sum(axis=1), total**2 / variance, scale=variance / total)
    product = pd.Series(product, index=evidence.index).where(n > 0)
    table = pd.DataFrame({"rank_product": product, "n_evidence": n}, index=evidence.index)
    table["evidence_rank"] = product.rank(method="min")
    return table


def rank_interval(evidence: dict[str, pd.DataFrame], index: pd.Index) -> pd.DataFrame:
    """Return the best and the worst ``evidence_rank`` of each row when models are left out, one at a time.

    ``evidence``: by the model left out. Fewer than two: NaN.
    """
    if len(evidence) < 2:
        return pd.DataFrame(np.nan, index=index, columns=["rank_best", "rank_worst"])
    ranks = pd.DataFrame({model: rank_product(table)["evidence_rank"] for model, table in evidence.items()})
    ranks = ranks.reindex(index)
    return pd.DataFrame({"rank_best": ranks.min(axis=1), "rank_worst": ranks.max(axis=1)})

"""Separate kinds of evidence joined by the product of their ranks, and how far that hangs on single models."""

from __future__ import annotations

import numpy as np
import pandas as pd


def rank_product(evidence: pd.DataFrame) -> pd.DataFrame:
    """Return per row ``rank_product`` (geometric mean of its relative ranks, small is good), ``n_evidence`` and
    ``evidence_rank`` (1 is best; NaN without any evidence).

    ``evidence``: rows × kinds of evidence, more is better, NaN where there is none: it is left out of the row's product
    rather than guessed. A kind that no row has plays no part. Ties share the mean rank. After Breitling et al. 2004
    (FEBS Letters 573:83), the root taken over the kinds that a row has.
    """
    ranks = evidence.rank(ascending=False, method="average")
    relative = ranks / evidence.notna().sum().replace(0, np.nan)
    n = relative.notna().sum(axis=1)
    product = np.exp(np.log(relative).mean(axis=1))
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

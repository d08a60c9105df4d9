"""Whether less than half of a change within models remains when another difference between the samples is held."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy import stats

from scripts.base.verdicts import KEPT, MIN_MODELS
from scripts.stats.paired import MIN_P, moderated_errors

BEFORE, COMPOSITION = "|before", "composition|"
"""Columns of confounders/models/*.parquet: the change as measured; the start of those at constant composition."""


def by_feature(tables: dict[str, pd.DataFrame], kind: str, column: str) -> pd.DataFrame:
    """Return models × features of one column, of the models that have it."""
    rows = {}
    for model, table in tables.items():
        own = table[table["kind"] == kind]
        # A way that only regulons (or only genes) were measured by has an empty column for the others.
        if column in own and own[column].notna().any():
            rows[model] = own.set_index("feature")[column]
    return pd.DataFrame(rows).T


def p_of_less(before: np.ndarray, after: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return, by feature, the p-value of half or more of a rise remaining, and the number of models it is of.

    Both: models × features, NaN where a model has no measurement. Half is :data:`~scripts.base.verdicts.KEPT`.
    One-sided t over models of after − KEPT · before, with variances moderated over the features
    (:func:`scripts.stats.paired.moderated_errors`). NaN below :data:`~scripts.base.verdicts.MIN_MODELS` models, and
    where the mean before is no rise.
    """
    both = np.isfinite(before) & np.isfinite(after)
    n = both.sum(axis=0).astype(float)
    told = (n >= MIN_MODELS) & (np.where(both, before, 0.0).sum(axis=0) > 0)
    rest = np.where(both, after - KEPT * before, 0.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = rest.sum(axis=0) / n
        spread = np.sqrt((np.where(both, rest - mean, 0.0) ** 2).sum(axis=0) / (n - 1))
        error = np.where(told, spread / np.sqrt(n), np.nan)
        error, df = moderated_errors(mean, error, n)
        t = mean / error
    p = np.maximum(stats.t.cdf(t, np.where(df > 0, df, np.nan)), MIN_P)
    return np.where(told, p, np.nan), np.where(told, n, np.nan)

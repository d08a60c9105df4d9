"""Effects of several platforms joined by the inverse of their variances."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy import stats


def join(tables: list[pd.DataFrame]) -> pd.DataFrame:
    """Return one table by gene of tables with log_fc, se, df, t_contrasts_fit and mean_expression (rows: same genes).

    Fixed effects: every platform measures the same shift, with errors of its own. Degrees of freedom after
    Satterthwaite. A platform without an error (no replicates, gene missing) is left out. Whether platforms differ is
    not tested here: patients of different platforms are different patients.
    """
    effect, se, df = (
        np.array([table[name].to_numpy(dtype=float) for table in tables]) for name in ("log_fc", "se", "df")
    )
    speaks = np.isfinite(effect) & np.isfinite(se) & (se > 0)
    with np.errstate(divide="ignore", invalid="ignore"):
        weight = np.where(speaks, se**-2.0, 0.0)
        total = weight.sum(axis=0)
        known = np.where(speaks, effect, 0.0)
        joined = np.where(total > 0, (weight * known).sum(axis=0) / total, np.nan)
        error = np.where(total > 0, total**-0.5, np.nan)
        freedom = total**2 / np.where(speaks, weight**2 / np.maximum(df, 1e-300), 0.0).sum(axis=0)
        n = speaks.sum(axis=0)
        t = joined / error
        reach = stats.t.ppf(0.975, freedom) * error
        mean = np.array([table["mean_expression"].to_numpy(dtype=float) for table in tables])
        mean = np.where(speaks, mean, 0.0).sum(axis=0) / n
    columns = {"log_fc": joined, "se": error, "ci_low": joined - reach, "ci_high": joined + reach, "t": t}
    columns |= {"p": 2 * stats.t.sf(np.abs(t), freedom), "df": freedom, "t_contrasts_fit": np.full(len(t), np.nan)}
    return pd.DataFrame(columns | {"mean_expression": mean}, index=tables[0].index)

"""Whether cells have a regulon on or off: share of cells on, two modes, and how stable the threshold is."""

from __future__ import annotations

import numpy as np
import pandas as pd

from scripts.regulons.activity import threshold

MAX_CELLS = 2_000
"""Most cells of a draw: enough for a mode of 5 % to hold a hundred."""


def resample_thresholds(activity: pd.DataFrame, cuts: pd.Series, *, resamples: int, seed: int) -> pd.DataFrame:
    """Return per regulon how stable its threshold is: n_cells, bimodal_share, agreement.

    ``activity``: cells × regulons of one model; ``cuts``: the threshold in force by regulon. The threshold is found
    again in ``resamples`` random halves of the cells: ``bimodal_share`` is how often two modes were found,
    ``agreement`` the mean share of all cells that the new threshold calls as the one in force does. Not drawn with
    replacement: cells that are drawn twice look like small modes.
    """
    rng = np.random.default_rng(seed)
    n = len(activity)
    draws = [rng.choice(n, min((n + 1) // 2, MAX_CELLS), replace=False) for _ in range(resamples)] if n else []
    rows = []
    for regulon in activity.columns:
        values = activity[regulon].to_numpy(dtype=np.float64)
        on = values > cuts[regulon]
        found = [threshold(values[draw], seed) for draw in draws]
        rows.append(
            {
                "regulon": regulon,
                "n_cells": n,
                "bimodal_share": np.mean([one["bimodal"] for one in found]) if found else np.nan,
                "agreement": np.mean([((values > one["threshold"]) == on).mean() for one in found])
                if found
                else np.nan,
            }
        )
    return pd.DataFrame(rows, columns=["regulon", "n_cells", "bimodal_share", "agreement"])


def is_comparable(samples: pd.DataFrame, groups: dict[str, str]) -> bool:
    """Return whether all samples of each model were scored in one group: shares above different thresholds, one for
    each timepoint, can't be compared.
    """
    group = pd.Series({sample: groups.get(sample, "") for sample in samples.index}, dtype=object)
    return bool((group.groupby(samples["model"].to_numpy()).nunique() <= 1).all())


def shares(table: pd.DataFrame, samples: pd.DataFrame, timepoint: str) -> pd.Series:
    """Return by regulon the share of cells that are on at a timepoint: mean over models of the mean of their samples.

    ``table``: samples × regulons.
    """
    rows = samples.index[(samples["timepoint"] == timepoint) & samples.index.isin(table.index)]
    if not len(rows):
        return pd.Series(np.nan, index=table.columns)
    return table.loc[rows].groupby(samples.loc[rows, "model"].to_numpy(), sort=False).mean().mean()


def summarise_stability(table: pd.DataFrame) -> pd.DataFrame:
    """Return by regulon: in how many models of how many it has two modes, and the mean agreement of thresholds."""
    groups = table.groupby("regulon")
    return pd.DataFrame(
        {
            "bimodal_models": (table["bimodal"].astype(bool)).groupby(table["regulon"]).sum(),
            "bimodal_share": groups["bimodal_share"].mean(),
            "threshold_agreement": groups["agreement"].mean(),
        }
    )

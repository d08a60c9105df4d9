"""Trends over days under treatment: one slope per model and arm, to be joined over models as paired differences are."""

from __future__ import annotations

import numpy as np
import pandas as pd

MIN_DAYS = 2
"""Different days that a model's slope needs."""


def persisters_of(contrast: dict) -> list[str]:
    """Return the timepoints of persisters, the headline first."""
    return [contrast["persister"], *(contrast.get("further") or [])]


def trend_of(contrast: dict) -> str:
    """Return the name of the trend, as tables have it beside ``d50 vs d0``."""
    return "trend over " + ", ".join(persisters_of(contrast))


def with_days(samples: pd.DataFrame, days: dict[str, float], timepoints: list[str]) -> pd.DataFrame:
    """Return the samples of these timepoints whose day is after the start of treatment, with ``log_day`` (log2 days).

    ``samples``: indexed by sample, with timepoint; ``days``: by sample.
    """
    own = samples[samples["timepoint"].isin(timepoints)]
    day = own.index.to_series().map(days).astype(float)
    kept = own[(day > 0).to_numpy()]
    return kept.assign(log_day=np.log2(day[kept.index]))


def slopes(values: pd.DataFrame, samples: pd.DataFrame, within: str = "model") -> pd.DataFrame:
    """Return the slope over log2 days per model and arm (rows) and feature (columns): change per doubling of the days.

    ``values``: samples × features, NaN where a sample doesn't measure a feature; ``samples``: as :func:`with_days`
    returns them, with model, arm and ``within`` (what samples must share to be compared, such as model and platform).
    Replicates of a day are averaged first, so that each day has the same weight; the line is by least squares. The
    baseline is no part of it: a change that has come by the first day and stays has a slope of 0. A model with one day
    has no row; one measured on several platforms has the mean of their slopes.
    """
    found: dict[tuple[str, str], list[np.ndarray]] = {}
    rows = samples[samples.index.isin(values.index)]
    for (_, arm), own in rows.groupby([within, "arm"], sort=False):
        means = values.loc[own.index].groupby(own["log_day"].to_numpy()).mean()
        if len(means) >= MIN_DAYS:
            slope = _slope(means.index.to_numpy(dtype=float), means.to_numpy(dtype=float))
            found.setdefault((own["model"].iloc[0], arm), []).append(slope)
    empty = pd.MultiIndex.from_arrays([[], []], names=["model", "arm"])
    index = pd.MultiIndex.from_tuples(list(found), names=["model", "arm"]) if found else empty
    each = [np.mean(parts, axis=0) for parts in found.values()]
    return pd.DataFrame(np.array(each).reshape(len(found), values.shape[1]), index, values.columns)


def _slope(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Return the least-squares slope of each column of ``y`` (days × features) over ``x``; NaN below two days."""
    present = np.isfinite(y)
    n = present.sum(axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        centred = np.where(present, x[:, None] - (present * x[:, None]).sum(axis=0) / n, 0.0)
        spread = (centred**2).sum(axis=0)
        slope = (centred * np.where(present, y, 0.0)).sum(axis=0) / spread
    return np.where((n >= MIN_DAYS) & (spread > 0), slope, np.nan)

"""Distribution of regulon activity: the threshold between on and off, and differences between samples."""

from __future__ import annotations

import numpy as np
import pandas as pd

MIN_SEPARATION = 2.0
"""Ashman's D (distance of two modes in units of their spread) from which a mixture counts as two (Ashman et al.
1994).
"""
MIN_SHARE = 0.05
"""Share of the cells that the smaller mode must hold."""
MIN_CELLS = 20
LEVEL = 0.05
"""Level at which one mode is rejected."""
TAILS = (0.5, 0.25, 0.1)
"""Lower and upper parts of the cells that are tested for themselves. A mode that holds 10 % of the cells hardly moves
the dip of the whole; it does that of the part in which it lies.
"""
MOST_CELLS = 50_000
"""Cells that are tested; the table of the dip's null distribution ends at 72,000."""
BINS = 40
THRESHOLDS = ["regulon", "threshold", "bimodal", "p_one_mode", "separation", "bic_gain", "on"]
SAMPLES = ["sample", "model", "timepoint", "arm", "replicate", "n_cells", "regulon", "activity", "on"]


def one_mode_p(values: np.ndarray, seed: int) -> float:
    """Return the p-value of unimodal activity; NaN with fewer than :data:`MIN_CELLS` distinct values.

    The dip test (Hartigan & Hartigan 1985) uses the null distribution of the uniform, which has the largest dips of all
    unimodal distributions, however skewed. The tails of a unimodal distribution are also unimodal. They are therefore
    tested too (:data:`TAILS`), and the smallest p-value is multiplied by the number of tests (Bonferroni). Cells with
    activity 0 are left out: none of their targets is among the ranked genes, as in any cell of low depth. The p-value
    is conservative for all unimodal distributions except the uniform.
    """
    import diptest

    values = values[values != 0]
    if len(np.unique(values)) < MIN_CELLS:
        return np.nan
    if len(values) > MOST_CELLS:
        values = np.random.default_rng(seed).choice(values, MOST_CELLS, replace=False)
    ordered, n = np.sort(values), len(values)
    parts = [ordered]
    for share in TAILS:
        size = int(n * share)
        parts += [ordered[:size], ordered[n - size :]]
    found = [diptest.diptest(part)[1] for part in parts if len(part) >= MIN_CELLS]
    return float(min(1.0, len(found) * min(found)))


def threshold(values: np.ndarray, seed: int) -> dict:
    """Return the threshold at which a regulon is on: between two modes if there are two, else mean + 2 sd.

    Two modes are accepted under four conditions: unimodality is rejected (:func:`one_mode_p`), two Gaussians fit better
    than one by BIC, they lie :data:`MIN_SEPARATION` apart, and the smaller contains :data:`MIN_SHARE` of the cells with
    activity. The Gaussians only place the threshold; without the test they find two modes in every skewed distribution.
    """
    values = np.asarray(values, dtype=np.float64)
    single = {
        "threshold": values.mean() + 2 * values.std(),
        "bimodal": False,
        "p_one_mode": one_mode_p(values, seed),
        "separation": np.nan,
        "bic_gain": np.nan,
    }
    if not single["p_one_mode"] <= LEVEL:
        return single
    tested = values[values != 0]
    data = tested[:, None]
    from sklearn.mixture import GaussianMixture

    # Activities are small: the default lower limit of a variance (1e-6) would be as wide as a mode.
    floor = 1e-4 * tested.var()
    one, two = (GaussianMixture(k, random_state=seed, reg_covar=floor).fit(data) for k in (1, 2))
    low, high = np.argsort(two.means_.ravel())
    means, variances, weights = two.means_.ravel(), two.covariances_.ravel(), two.weights_
    separation = np.sqrt(2) * (means[high] - means[low]) / np.sqrt(variances[low] + variances[high])
    gain = one.bic(data) - two.bic(data)
    found = single | {"separation": separation, "bic_gain": gain}
    if gain <= 0 or separation < MIN_SEPARATION or weights.min() < MIN_SHARE:
        return found
    grid = np.linspace(means[low], means[high], 512)
    odds = [
        np.log(weights[k]) - 0.5 * np.log(variances[k]) - 0.5 * (grid - means[k]) ** 2 / variances[k]
        for k in (low, high)
    ]
    return found | {"threshold": grid[np.argmin(np.abs(odds[0] - odds[1]))], "bimodal": True}


def thresholds(auc: pd.DataFrame, seed: int) -> pd.DataFrame:
    """Return one row (:data:`THRESHOLDS`) per regulon; ``on`` is the share of cells above the threshold."""
    rows = []
    for regulon in auc.columns:
        values = auc[regulon].to_numpy(dtype=np.float64)
        found = threshold(values, seed)
        rows.append({"regulon": regulon, **found, "on": float((values > found["threshold"]).mean())})
    return pd.DataFrame(rows, columns=THRESHOLDS)


def by_sample(activity: pd.DataFrame, regulons: list[str], cuts: pd.Series) -> pd.DataFrame:
    """Return one row (:data:`SAMPLES`) per sample and regulon: mean activity, share of cells above ``cuts`` (on)."""
    rows = []
    for keys, cells in activity.groupby(SAMPLES[:5], sort=True, observed=True):
        auc = cells[regulons].to_numpy(dtype=np.float64)
        on = (auc > cuts[regulons].to_numpy()[None, :]).mean(axis=0)
        mean = auc.mean(axis=0)
        rows += [(*keys, len(cells), r, a, s) for r, a, s in zip(regulons, mean, on, strict=True)]
    return pd.DataFrame(rows, columns=SAMPLES)


def histograms(activity: pd.DataFrame, regulons: list[str]) -> pd.DataFrame:
    """Return the distribution of each regulon per timepoint: regulon, timepoint, left, right, cells."""
    tables = []
    for regulon in regulons:
        values = activity[regulon].to_numpy(dtype=np.float64)
        edges = np.linspace(values.min(), max(values.max(), values.min() + 1e-9), BINS + 1)
        for timepoint, rows in activity.groupby("timepoint", sort=True, observed=True).indices.items():
            count = np.histogram(values[rows], edges)[0]
            tables.append(
                pd.DataFrame(
                    {"regulon": regulon, "timepoint": timepoint, "left": edges[:-1], "right": edges[1:], "cells": count}
                )
            )
    columns = ["regulon", "timepoint", "left", "right", "cells"]
    return pd.concat(tables, ignore_index=True) if tables else pd.DataFrame(columns=columns)

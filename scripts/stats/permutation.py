"""Differences between timepoints against swapped labels: p-values that are calibrated, for one feature and for all.

Without an effect of the treatment the labels of a model's samples are exchangeable: its untreated and its treated
samples could have been each other. All ways to deal the labels out within every model are tried where they are few, or
drawn. The features keep their own correlation in every one of them, so that the error rates over all features come from
the joint null and not from an assumption about it (Westfall & Young 1993; Tusher et al. 2001, PNAS 98:5116).
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from math import factorial, prod

import numpy as np
import pandas as pd

MAX_EXACT = 20_000
"""Up to this number of deals all are tried."""
DRAWS = 9_999
"""Deals drawn where there are more, beside the observed one."""
BLOCK = 512
"""Deals at once: 512 deals × 20,000 features are 80 MB."""
TOLERANCE = 1e-9
MIN_MODELS = 2
"""Models below which no p-value is given, however many tumours they have: those are what is exchanged."""
PERMUTATIONS = ["n_permutations", "exact", "p_perm", "p_perm_min", "fwer", "fdr_perm"]


@dataclass(frozen=True)
class Deals:
    """Contrast weights, deals × samples, the observed deal first; whether these are all deals."""

    weights: np.ndarray
    exact: bool


def contrast_weights(samples: pd.DataFrame, baseline: str, treated: str) -> pd.DataFrame:
    """Return the weight of each sample (index) in each model's difference (columns), as :func:`contrasts.differences`
    and :func:`contrasts.over_arms` make it: replicates averaged, then arms. Models without both timepoints have none.
    """
    models = {}
    for model, own in samples.groupby("model", sort=False):
        before, after = own[own["timepoint"] == baseline], own[own["timepoint"] == treated]
        if before.empty or after.empty:
            continue
        weight = pd.Series(0.0, index=samples.index)
        weight[before.index] = -1.0 / len(before)
        arms = after["arm"].value_counts()
        weight[after.index] = [1.0 / (len(arms) * arms[arm]) for arm in after["arm"]]
        models[model] = weight
    return pd.DataFrame(models, index=samples.index)


def count_orders(values: np.ndarray) -> int:
    """Return in how many different orders the values can stand."""
    _, counts = np.unique(values, return_counts=True)
    return factorial(len(values)) // prod(factorial(int(n)) for n in counts)


def all_orders(values: np.ndarray) -> np.ndarray:
    """Return every different order of the values, the given one first."""
    kinds, codes = np.unique(values, return_inverse=True)
    left = np.bincount(codes)
    found: list[list[int]] = []

    def fill(prefix: list[int]) -> None:
        if len(prefix) == len(values):
            found.append(prefix)
            return
        for kind in range(len(kinds)):
            if left[kind]:
                left[kind] -= 1
                fill([*prefix, kind])
                left[kind] += 1

    fill([])
    orders = np.array(found)
    first = (orders == codes).all(axis=1)
    return kinds[np.concatenate([orders[first], orders[~first]])]


def deal(weights: pd.DataFrame, seed: int) -> Deals:
    """Return all deals of the labels within the models, or :data:`DRAWS` of them after the observed one.

    ``weights``: samples × models (:func:`contrast_weights`). A deal's weights are averaged over the models.
    """
    values = weights.to_numpy()
    own = [np.flatnonzero(column) for column in values.T]
    n = values.shape[1]
    if not n:
        return Deals(np.zeros((0, len(values))), True)
    if prod(count_orders(values[rows, model]) for model, rows in enumerate(own)) <= MAX_EXACT:
        orders = [all_orders(values[rows, model]) for model, rows in enumerate(own)]
        dealt = np.zeros((prod(map(len, orders)), len(values)))
        for number, choice in enumerate(product(*orders)):
            for rows, order in zip(own, choice, strict=True):
                dealt[number, rows] = order / n
        return Deals(dealt, True)
    rng = np.random.default_rng(seed)
    dealt = np.zeros((DRAWS + 1, len(values)))
    for model, rows in enumerate(own):
        dealt[:, rows] = values[rows, model] / n
        dealt[1:, rows] = rng.permuted(dealt[1:, rows], axis=1)
    return Deals(dealt, False)


def spread_within(values: np.ndarray, weights: pd.DataFrame) -> np.ndarray:
    """Return each feature's standard deviation within models, whatever the labels: swapping them doesn't change it.

    The mean over models of the variance around the model's own mean, since models count alike.
    """
    variances = []
    for column in weights.to_numpy().T:
        rows = np.flatnonzero(column)
        variances.append(values[rows].var(axis=0, ddof=1))
    return np.sqrt(np.mean(variances, axis=0))


def test(values: pd.DataFrame, samples: pd.DataFrame, baseline: str, treated: str, *, seed: int) -> pd.DataFrame:
    """Return one row (:data:`PERMUTATIONS`) a feature: treated − baseline, joined over models, against swapped labels.

    ``values``: samples × features; ``samples``: indexed by sample, with model, timepoint and arm. The statistic is the
    mean of the models' differences, divided by the feature's spread within models plus the median spread of all (so
    that a feature that hardly varies doesn't come first by that alone). ``p_perm``: share of deals that reach the
    observed statistic, which is one of them. ``fwer``: chance of one or more false calls among all features at this
    statistic (step-down maximum). ``fdr_perm``: expected share of false calls among those made at it. With a sample
    per model and timepoint the deals are the flips of the models' signs. NaN where the deals can't tell (features
    missing in a model), and with a single model: its tumours could be told apart, but nothing be said of patients.
    """
    rows = samples.loc[samples.index.isin(values.index)]
    weights = contrast_weights(rows, baseline, treated)
    table = values.loc[rows.index].to_numpy(dtype=float)
    result = pd.DataFrame(np.nan, index=values.columns, columns=PERMUTATIONS)
    deals = deal(weights, seed)
    n = len(deals.weights)
    result["n_permutations"], result["exact"] = n, "yes" if deals.exact else "no"
    used = (weights != 0).any(axis=1).to_numpy() if weights.shape[1] else np.zeros(len(rows), dtype=bool)
    complete = np.isfinite(table[used]).all(axis=0)
    # A mirrored deal has the same absolute statistic: with two deals nothing can be told.
    if n <= 2 or weights.shape[1] < MIN_MODELS or not complete.any():
        return result
    known = np.where(np.isfinite(table), table, 0.0)[:, complete]
    spread = spread_within(known, weights)
    scale = spread + np.median(spread)
    scale[scale <= 0] = np.nan
    observed = np.abs(deals.weights[0] @ known) / scale
    testable = np.isfinite(observed)
    observed = np.where(testable, observed, -1.0)
    order = np.argsort(-observed, kind="stable")
    slack = observed * (1 - TOLERANCE)
    reached, stepped = np.zeros(len(order)), np.zeros(len(order))
    false = np.zeros(len(order))
    ascending = np.sort(slack)
    for start in range(0, n, BLOCK):
        null = np.abs(deals.weights[start : start + BLOCK] @ known) / scale
        null = np.where(testable, null, -1.0)
        reached += (null >= slack).sum(axis=0)
        # Step-down: the maximum is taken over the features that are not yet called.
        highest = np.maximum.accumulate(null[:, order[::-1]], axis=1)[:, ::-1]
        stepped += (highest >= slack[order]).sum(axis=0)
        # How many features of the null reach each observed statistic.
        place = np.searchsorted(ascending, null.ravel(), side="right")
        counts = np.bincount(place, minlength=len(order) + 1)
        false += counts[::-1].cumsum()[::-1][1:]
    p, fwer, fdr = (np.full(len(order), np.nan) for _ in range(3))
    p[:] = reached / n
    fwer[order] = np.maximum.accumulate(stepped / n)
    called = len(order) - np.arange(len(order))
    rate = np.minimum(false / n / called, 1.0)
    fdr[np.argsort(slack, kind="stable")] = np.minimum.accumulate(rate)
    for name, found in (("p_perm", p), ("fwer", fwer), ("fdr_perm", fdr)):
        column = np.full(len(complete), np.nan)
        column[complete] = np.where(testable, found, np.nan)
        result[name] = column
    mirrored = 2.0 if is_mirrored(weights) else 1.0
    result.loc[complete, "p_perm_min"] = (mirrored if deals.exact else 1.0) / n
    return result


def is_mirrored(weights: pd.DataFrame) -> bool:
    """Return whether every deal has a mirror image, in which all weights have the opposite sign."""
    return all(
        np.array_equal(np.sort(column[column != 0]), np.sort(-column[column != 0])) for column in weights.to_numpy().T
    )

"""Labels permuted within models: all permutations where they are few, else a random draw.

Where the labels of a model's samples are exchangeable, its untreated and its treated samples could have been each
other.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from math import factorial, prod

import numpy as np
import pandas as pd

MAX_EXACT = 20_000
"""Up to this number of permutations all are tried."""
DRAWS = 9_999
"""Permutations drawn where there are more, in addition to the observed one."""


@dataclass(frozen=True)
class Deals:
    """Contrast weights, permutations × samples, the observed one first; whether these are all permutations."""

    weights: np.ndarray
    exact: bool


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
    """Return all permutations of the labels within the models, or :data:`DRAWS` of them after the observed one.

    ``weights``: samples × models, 0 for samples of other models. A permutation's weights are averaged over the models.
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

"""Simulated expression of factors and targets, and the kernel called as the inference of networks does."""

from __future__ import annotations

import numpy as np
from scipy import sparse

from scripts.scenic import grnboost


def simulate(kind: str, n_cells: int, n_tfs: int, n_targets: int, seed: int = 0):
    """Return (cells × genes, genes, tfs): targets follow two or three factors each, with noise, and are never negative.

    ``umi`` is sparse and log-normalised, ``counts`` has few distinct values, ``dense`` has none twice and no zero.
    """
    rng = np.random.default_rng(seed)
    activity = rng.normal(size=(n_cells, n_tfs))
    weights = np.zeros((n_tfs, n_targets))
    for target in range(n_targets):
        weights[rng.choice(n_tfs, 3, replace=False), target] = [1.0, 0.7, -0.7]
    level = np.hstack([activity, activity @ weights + 0.3 * rng.normal(size=(n_cells, n_targets))])
    level += rng.normal(-1.0, 0.7, size=n_tfs + n_targets)
    if kind == "dense":
        x = np.exp(0.5 * level)
    else:
        x = rng.poisson(np.exp(level - 0.5)).astype(float)
        if kind == "umi":
            x = np.log1p(x / rng.lognormal(0, 0.3, size=(n_cells, 1)))
    x = x.astype(np.float32).astype(float)
    genes = [f"TF{i:02d}" for i in range(n_tfs)] + [f"GENE{i:02d}" for i in range(n_targets)]
    return x, genes, genes[:n_tfs]


def boost(
    x,
    y,
    seed=1,
    *,
    learning_rate=0.01,
    max_depth=3,
    max_features=0.1,
    subsample=0.9,
    max_rounds=5000,
    window=25,
    itself=-1,
):
    """Call the kernel as infer_network does; return (gains in and out of the bag, trees, prediction)."""
    n_cells, n_tfs = x.shape
    factors = grnboost.bin_factors(sparse.csc_matrix(x), range(n_tfs), [f"TF{i:03d}" for i in range(n_tfs)])
    gains, prediction = np.zeros((2, n_tfs)), np.empty(n_cells)
    n_drawn = max(1, int(max_features * (n_tfs - (itself >= 0))))
    trees = grnboost.boost(
        y, *factors.arrays, itself, np.uint64(seed), learning_rate, max_depth, n_drawn,
        max(1, int(subsample * n_cells)), max_rounds, window, *gains, prediction,
    )  # fmt: skip
    return gains, trees, prediction

"""How many clusters the cells support: Leiden over resolutions, each judged by clustering again without some cells."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from scripts.clusters import communities

COLUMNS = ["resolution", "clusters", "runs", "ari_mean", "ari_sd", "ari_se", "clusters_of_runs", "chosen"]


@dataclass(frozen=True)
class Clustering:
    """``labels`` per cell, 0 the largest cluster; the ``curve``; ``resolution`` NaN where there is one cluster."""

    labels: np.ndarray
    curve: pd.DataFrame
    resolution: float
    note: str


def one_cluster(n: int, note: str, curve: pd.DataFrame | None = None) -> Clustering:
    """Return all cells as one cluster, with the reason."""
    return Clustering(
        np.zeros(n, dtype=np.int64), pd.DataFrame(columns=COLUMNS) if curve is None else curve, float("nan"), note
    )


def choose_resolution(curve: pd.DataFrame, min_stability: float) -> float | None:
    """Return the finest resolution that is as stable as the most stable one, or None.

    Only resolutions with two clusters or more and a mean index of at least ``min_stability`` count. As stable: the mean
    is within one standard error of the best (the rule of Breiman et al. 1984 for choosing a model).
    """
    fit = curve[(curve["clusters"] >= 2) & (curve["ari_mean"] >= min_stability)]
    if fit.empty:
        return None
    best = fit.loc[fit["ari_mean"].idxmax()]
    return float(fit.loc[fit["ari_mean"] >= best["ari_mean"] - best["ari_se"], "resolution"].max())


def find_clusters(
    partition: Callable[[np.ndarray], dict[float, np.ndarray]],
    n: int,
    resolutions: list[float],
    *,
    subsamples: int,
    fraction: float,
    min_stability: float,
    seed: int,
) -> Clustering:
    """Return the clustering of n cells at the resolution that ``choose_resolution`` takes.

    ``partition(cells)`` gives labels per resolution for the cells with these (sorted) indices. It is called for all
    cells and for ``subsamples`` random ``fraction``\\ s of them; a run's agreement is the adjusted Rand index of its
    labels with those of all cells, on its own cells.
    """
    everything = partition(np.arange(n))
    rng = np.random.default_rng(seed)
    agreement = {resolution: [] for resolution in resolutions}
    numbers = {resolution: [] for resolution in resolutions}
    for _ in range(subsamples):
        cells = np.sort(rng.choice(n, size=round(fraction * n), replace=False))
        for resolution, labels in partition(cells).items():
            agreement[resolution].append(communities.adjusted_rand(everything[resolution][cells], labels))
            numbers[resolution].append(labels.max() + 1)
    rows = []
    for resolution in sorted(resolutions):
        found = np.array(agreement[resolution])
        sd = found.std(ddof=1) if len(found) > 1 else 0.0
        rows.append(
            {
                "resolution": resolution,
                "clusters": int(everything[resolution].max() + 1),
                "runs": len(found),
                "ari_mean": found.mean(),
                "ari_sd": sd,
                "ari_se": sd / np.sqrt(len(found)),
                "clusters_of_runs": float(np.mean(numbers[resolution])),
                "chosen": 0,
            }
        )
    curve = pd.DataFrame(rows, columns=COLUMNS)
    chosen = choose_resolution(curve, min_stability)
    if chosen is None:
        return one_cluster(n, f"no resolution gives two clusters with a mean index of {min_stability:g} or more", curve)
    curve.loc[curve["resolution"] == chosen, "chosen"] = 1
    return Clustering(everything[chosen], curve, chosen, "")

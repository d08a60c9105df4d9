"""Counts as log expression with precision weights: limma's voom (Law et al. 2014), and the genes worth testing."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from scripts.stats import linear

LARGE_GROUP, LARGE_SHARE = 10, 0.7
"""A smallest group above 10 samples counts with 70 % of its surplus (edgeR's filterByExpr)."""
MIN_TOTAL = 15
"""Least sum of a gene's counts over all samples (edgeR's filterByExpr)."""


@dataclass(frozen=True)
class Voom:
    """``values``: log2 CPM, samples × genes; ``weights``: as many."""

    values: np.ndarray
    weights: np.ndarray


def norm_factors(counts: np.ndarray) -> np.ndarray:
    """Return TMM factors of the samples (rows), geometric mean 1 (Robinson & Oshlack 2010); 1 for a single sample."""
    from rnanorm import TMM

    if len(counts) < 2:
        return np.ones(len(counts))
    return np.asarray(TMM().fit(counts).get_norm_factors(counts), dtype=float)


def log_cpm(counts: np.ndarray, size: np.ndarray) -> np.ndarray:
    """Return log2 counts per million as voom takes them: half a count added, one to the effective library size."""
    return np.log2((counts + 0.5) / (size[:, None] + 1) * 1e6)


def expressed(counts: np.ndarray, size: np.ndarray, groups: pd.Series, min_count: float) -> np.ndarray:
    """Return, by gene, whether enough samples show it (edgeR's filterByExpr; Chen, Lun & Smyth 2016).

    Enough: as many as the smallest group has, at the CPM that ``min_count`` is in a library of median size; a gene
    that a platform lacks (NaN) is judged by the others. ``min_count`` 0 keeps all genes that any sample shows.
    """
    known = np.nan_to_num(counts)
    if not len(counts) or min_count <= 0:
        return known.sum(axis=0) > 0
    smallest = groups.value_counts().min()
    if smallest > LARGE_GROUP:
        smallest = LARGE_GROUP + (smallest - LARGE_GROUP) * LARGE_SHARE
    cut = min_count / np.median(size) * 1e6
    shown = (known / size[:, None] * 1e6 >= cut).sum(axis=0)
    present = np.isfinite(counts).sum(axis=0)
    needed = np.minimum(smallest, np.maximum(present * smallest / len(counts), 1))
    return (shown >= needed - 1e-14) & (known.sum(axis=0) >= MIN_TOTAL - 1e-14)


def voom(counts: np.ndarray, size: np.ndarray, design: np.ndarray) -> Voom:
    """Return log expression and the weight of every value, from the trend of the residual sd over the mean count.

    ``counts``: samples × genes, NaN where a platform lacks a gene; ``size``: effective library sizes. Computed by
    pylimma from the genes that all samples have. It takes no missing values: the other genes' weights are read off the
    same curve, at their own fitted values. Without residual degrees of freedom all weights are 1.
    """
    import pylimma

    values = log_cpm(counts, size)
    complete = np.isfinite(values).all(axis=0)
    weights = np.where(np.isfinite(values), 1.0, np.nan)
    kept = linear.independent_columns(design)
    if complete.sum() < 2 or len(design) <= len(kept):
        return Voom(values, weights)
    x = design[:, kept]
    found = pylimma.voom(counts[:, complete].T, design=x, lib_size=size, adaptive_span=False, save_plot=True)
    weights[:, complete] = found["weights"].T
    if not complete.all():
        curve = found["voom_line"]
        fitted = linear.fit(values[:, ~complete], design, np.zeros((0, design.shape[1]))).fitted
        log_count = fitted + np.log2(size + 1)[:, None] - np.log2(1e6)
        read_off = np.interp(log_count, curve["x"], curve["y"]) ** -4.0
        weights[:, ~complete] = np.where(np.isfinite(values[:, ~complete]), read_off, np.nan)
    return Voom(values, weights)

"""Jackknife over blocks of unequal size: the error of a statistic whose observations depend on each other in blocks."""

from __future__ import annotations

import numpy as np

LARGEST = 0.9999
"""Largest correlation that is taken to Fisher's scale."""


def to_fisher(correlation: np.ndarray | float) -> np.ndarray | float:
    """Return a correlation on Fisher's scale (the inverse hyperbolic tangent), finite also for 1 and −1."""
    return np.arctanh(np.clip(correlation, -LARGEST, LARGEST))


def block_variance(whole: float, left: np.ndarray, sizes: np.ndarray) -> float:
    """Return the variance of a statistic (Busing et al. 1999, Statistics and Computing 9:3).

    Parameters
    ----------
    whole
        Value for all observations.
    left, sizes
        By block: value without its observations, and their number.
    """
    h = np.sum(sizes) / np.asarray(sizes, dtype=float)
    pseudo = h * whole - (h - 1) * left
    centre = len(h) * whole - ((1 - 1 / h) * left).sum()
    return float(((pseudo - centre) ** 2 / (h - 1)).mean())

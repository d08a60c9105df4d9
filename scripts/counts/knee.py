"""The knee: the number of UMIs from which a barcode is a cell without further test."""

from __future__ import annotations

import numpy as np

KNEE_QUANTILE = 0.99
KNEE_RATIO = 0.1
"""Cell Ranger's order-of-magnitude rule: a tenth of the 99th percentile of the expected cells' totals."""
GRID = 200
"""Candidate numbers of cells."""
STRAY = 100
"""Maximum UMIs of a barcode without a cell, if nothing else is known about the empty droplets."""


def order_of_magnitude_cut(totals: np.ndarray, expected_cells: int) -> int:
    """Return the UMI count at or above which a barcode is a cell without further test (at least 1)."""
    ranked = np.sort(totals[totals > 0])[::-1]
    if not len(ranked):
        return 1
    top = min(len(ranked), expected_cells)
    baseline = ranked[min(top - 1, round(top * (1 - KNEE_QUANTILE)))]
    return max(1, round(float(baseline) * KNEE_RATIO))


def estimate_cells(totals: np.ndarray) -> int:
    """Estimate the number of cells in a library, from the totals of the barcodes above its empty droplets (at least 1).

    As in Cell Ranger ≥ 7, it is the number x whose order-of-magnitude cut (:func:`order_of_magnitude_cut`) finds about
    x barcodes, with minimum (found − x)² / x.
    """
    ranked = np.sort(totals[totals > 0])
    if not len(ranked):
        return 1
    tried = np.unique(np.round(np.geomspace(1, len(ranked), GRID)).astype(int))
    cuts = np.array([order_of_magnitude_cut(ranked, int(x)) for x in tried])
    found = len(ranked) - np.searchsorted(ranked, cuts, side="left")
    return int(tried[np.argmin((found - tried) ** 2 / tried)])

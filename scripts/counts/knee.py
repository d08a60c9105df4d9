"""The knee: from which number of UMIs on a barcode is a cell without further test."""

from __future__ import annotations

import numpy as np

KNEE_QUANTILE = 0.99
KNEE_RATIO = 0.1
"""Cell Ranger's order-of-magnitude rule: a tenth of the 99th percentile of the expected cells' totals."""


def order_of_magnitude_cut(totals: np.ndarray, expected_cells: int) -> int:
    """Return the UMI count at or above which a barcode is a cell without further test (at least 1)."""
    ranked = np.sort(totals[totals > 0])[::-1]
    if not len(ranked):
        return 1
    top = min(len(ranked), expected_cells)
    baseline = ranked[min(top - 1, round(top * (1 - KNEE_QUANTILE)))]
    return max(1, round(float(baseline) * KNEE_RATIO))

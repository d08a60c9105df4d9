"""The plateau of empty droplets: the UMIs per empty droplet, if there are more than a few.

Empty droplets contain similar numbers of ambient UMIs, so they form a peak in the distribution of the barcodes' totals.
Small cells can also form a peak. But empty droplets are samples from one pool, whereas each cell has its own state.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from scripts.cells.ambient_test import monte_carlo_pvalues

FROM = 10
"""Minimum UMIs of the barcodes examined. Barcodes with fewer UMIs are sequencing errors."""
BINS, SMOOTH = 50, 3
"""Bins per factor of ten in UMIs, and the standard deviation (bins) of the smoothing kernel."""
PROMINENCE = 0.2
"""Minimum prominence of a peak above the neighbouring valleys, as a fraction of its height."""
FEWEST = 50
"""Minimum number of barcodes in a peak."""
TRIED, ROUNDS = 200, 199
"""Number of a peak's barcodes that are compared with the pool of the others, and of Monte-Carlo simulations."""
LEVEL, ALIKE = 0.05, 0.25
"""Significance level at which a barcode differs from the pool, and the share of differing barcodes below which barcodes
are samples from one pool. The share separates simulated peaks of empty droplets (up to 30 % debris) from peaks of cells
with fewest errors, over five depth distributions (tests/benchmarks/plateau.py). In PC9, 10–19 % of the empty droplets
of a size differ, and 47–54 % of the cells."""
REACH = 4.0
"""Standard deviations above the peak within which empty droplets are expected (one in 30,000 lies beyond)."""


@dataclass(frozen=True)
class Plateau:
    """UMIs at the peak of empty droplets, and the limit above which none is expected (``edge``)."""

    mode: int
    edge: int


def peaks(totals: np.ndarray) -> list[tuple[int, int, int]]:
    """Return the peaks of the totals, largest first: UMIs at the lower valley, the peak and the upper valley."""
    from scipy.ndimage import gaussian_filter1d
    from scipy.signal import find_peaks

    logs = np.log10(totals[totals >= FROM])
    if len(logs) < FEWEST:
        return []
    # Bins are added on both sides, so that a truncated peak is still detected.
    first = np.floor(logs.min() * BINS) - 4 * SMOOTH
    number = int(np.ceil(logs.max() * BINS) - first) + 4 * SMOOTH + 1
    counts = np.bincount((np.floor(logs * BINS) - first).astype(int), minlength=number)
    height = gaussian_filter1d(counts.astype(float), SMOOTH, mode="constant")
    tops, shape = find_peaks(height, prominence=0)
    found = []
    for top, prominence, left, right in zip(
        tops, shape["prominences"], shape["left_bases"], shape["right_bases"], strict=True
    ):
        sides = height[left:top], height[top + 1 : right + 1]
        if not min(map(len, sides)):
            continue
        low = left + int(np.flatnonzero(sides[0] == sides[0].min())[-1])
        high = top + 1 + int(np.flatnonzero(sides[1] == sides[1].min())[0])
        if prominence >= PROMINENCE * height[top] and counts[low : high + 1].sum() >= FEWEST:
            found.append(tuple(round(10 ** ((first + at + 0.5) / BINS)) for at in (low, top, high)))
    return found[::-1]


def share_unlike(counts: sparse.csr_matrix, rows: np.ndarray, *, seed: int) -> float:
    """Return the share of barcodes (rows of barcodes × genes) that differ from the pool of the others at
    :data:`LEVEL`, or are more likely than all simulated draws.

    The latter are cells of the species that most cells are of: its genes are the pool's most abundant, so that a cell
    without the other species' genes is no unlikely draw, but a too likely one.
    """
    rng = np.random.default_rng(seed)
    order = rng.permutation(rows)
    tried, pool = order[: min(TRIED, len(order) // 2)], order[min(TRIED, len(order) // 2) :]
    soup = np.asarray(counts[pool].sum(axis=0)).ravel().astype(np.int64)
    seen = np.asarray(counts[rows].sum(axis=0)).ravel() > 0
    pvalues = monte_carlo_pvalues(counts[np.sort(tried)][:, seen], soup[seen], simulations=ROUNDS, seed=seed)
    return float(((pvalues <= LEVEL) | (pvalues >= 1)).mean())


def find(counts: sparse.csr_matrix, totals: np.ndarray, *, above: int, seed: int) -> Plateau | None:
    """Return the plateau of empty droplets if its peak lies above ``above`` UMIs.

    It is the largest peak whose barcodes are samples from one pool. Its edge above the peak is calculated from the
    spread of the lower flank, since the upper flank may contain cells.
    """
    for low, mode, high in peaks(totals):
        if mode <= above:
            break
        near = np.flatnonzero((totals >= max(low, round(mode / 1.5))) & (totals <= min(high, round(mode * 1.5))))
        if len(near) < FEWEST or share_unlike(counts, near, seed=seed) >= ALIKE:
            continue
        # There may be no barcode at the middle of the peak's bin, or none below it if all totals are equal.
        mode = int(totals[near][np.argmin(np.abs(totals[near] - mode))])
        flank = np.log(mode / totals[(totals >= low) & (totals <= mode)])
        # 68 % of a half-normal distribution lie within one standard deviation.
        spread = float(np.quantile(flank, 0.68))
        return Plateau(mode, round(mode * float(np.exp(REACH * spread))))
    return None

"""Binned expression of the factors for the kernel of GRNBoost2: sparse, from the highest bin down, and dense."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import sparse

N_BINS = 256  # bin 0: cells without expression; 1–255: expressed values


@dataclass(frozen=True)
class Factors:
    """The factors' binned expression: non-zero cells per factor from the highest bin down, and a dense look-up."""

    names: list[str]
    indptr: np.ndarray  # int64, factors + 1
    cells: np.ndarray  # uint32, the non-zero cells of each factor, highest bin first
    runs: np.ndarray  # uint8, in addition to ``cells``: 0 for the factor's highest bin, 1 for the next lower …
    n_runs: np.ndarray  # int64, occupied bins of each factor, zero not counted; run r is bin n_runs − r
    dense: np.ndarray  # uint8, factors × cells: the bin
    low: np.ndarray  # float64, factors × 256: smallest value in a bin
    high: np.ndarray  # float64, factors × 256: largest value in a bin

    @property
    def arrays(self) -> tuple:
        """Return the arguments of :func:`boost`."""
        return self.indptr, self.cells, self.runs, self.n_runs, self.dense, self.low, self.high


def bin_values(values: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return bins 1–255 of positive ``values`` and each bin's smallest and largest value (arrays of 256; [0] is 0).

    Every distinct value has its own bin if there are at most 255. Otherwise bins contain equal shares of the cells, and
    equal values are in the same bin.
    """
    low, high = np.zeros(N_BINS), np.zeros(N_BINS)
    if len(values) == 0:
        return np.empty(0, dtype=np.uint8), low, high
    distinct, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    if len(distinct) < N_BINS:
        bin_of = np.arange(1, len(distinct) + 1)
    else:
        before = np.cumsum(counts) - counts
        bin_of = 1 + (before * (N_BINS - 1)) // len(values)
        bin_of = 1 + np.unique(bin_of, return_inverse=True)[1]
    low[bin_of[::-1]] = distinct[::-1]
    high[bin_of] = distinct
    return bin_of[inverse].astype(np.uint8), low, high


def bin_factors(expression: sparse.csc_matrix, columns: Sequence[int], names: Sequence[str]) -> Factors:
    """Return the binned expression of the factors that are in ``columns``, sorted by name."""
    order = np.argsort(np.array(names, dtype=object), kind="stable")
    columns, names = [int(columns[i]) for i in order], [names[i] for i in order]
    n_factors, n_cells = len(columns), expression.shape[0]
    indptr = np.zeros(n_factors + 1, dtype=np.int64)
    indptr[1:] = np.cumsum([expression.indptr[c + 1] - expression.indptr[c] for c in columns])
    cells, runs = np.empty(indptr[-1], dtype=np.uint32), np.empty(indptr[-1], dtype=np.uint8)
    n_runs = np.zeros(n_factors, dtype=np.int64)
    dense = np.zeros((n_factors, n_cells), dtype=np.uint8)
    low, high = np.zeros((n_factors, N_BINS)), np.zeros((n_factors, N_BINS))
    for factor, column in enumerate(columns):
        here = slice(expression.indptr[column], expression.indptr[column + 1])
        rows = expression.indices[here]
        bins, low[factor], high[factor] = bin_values(expression.data[here].astype(np.float32))
        n_runs[factor] = bins.max(initial=0)
        downwards = np.argsort(np.uint8(255) - bins, kind="stable")
        out = slice(indptr[factor], indptr[factor + 1])
        cells[out] = rows[downwards]
        runs[out] = n_runs[factor] - bins[downwards]
        dense[factor, rows] = bins
    return Factors(names, indptr, cells, runs, n_runs, dense, low, high)

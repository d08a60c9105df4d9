"""GRNBoost2: which transcription factors explain each gene's expression, by stochastic gradient boosting.

After Moerman et al. 2019 (Bioinformatics 35:2159). For every target a boosted ensemble of shallow regression trees
predicts its expression from the factors' expression; an edge's weight is what the factor's splits contribute. The
settings are the published ones (learning rate 0.01, depth 3, 10 % of the factors drawn at every split, 90 % of the
cells for every tree, at most 5,000 trees, stop as soon as the mean out-of-bag improvement of the last 25 trees is
negative) and so is their meaning: the improvement compares the *same* out-of-bag cells before and after a tree.
scikit-learn 1.3 and later compares two different draws, which ends the boosting after a few dozen trees.

Pure functions: no files, no Snakemake. The kernel exploits that expression is sparse: it walks a factor's non-zero
cells only and finds what the cells without expression contribute by subtraction; in small nodes it looks up the node's
cells instead. Residuals are summed as integers, together with their number in one 64-bit word, so no sum depends on an
order of addition.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numba import njit
from scipy import sparse

from scripts.base import job
from scripts.scenic.errors import ScenicInputError

MIN_CELLS = 50
N_BINS = 256  # bin 0 holds the cells without expression, 1–255 the expressed values
IMPORTANCES = ("published", "explained", "validated")
IMPORTANCE = "validated"  # the default: nearest to the truth, or as near as any, on what has a known truth

# No split that lowers the variance by less, like scikit-learn, which leaves nodes of less variance alone.
_EPSILON = np.finfo(np.float64).eps
# Gains closer than this are equal: the factor drawn first wins, not a rounding error.
_TIE = 1e-9


@dataclass(frozen=True)
class Network:
    """Edges and, per target, the number of trees that were grown (0 for a target that cannot be explained)."""

    adjacencies: pd.DataFrame  # TF, target, importance > 0; largest first, then by names
    rounds: pd.Series  # index target, in the order asked for


@dataclass(frozen=True)
class Factors:
    """The factors' binned expression: non-zero cells per factor from the highest bin down, and a dense look-up."""

    names: list[str]
    indptr: np.ndarray  # int64, factors + 1
    cells: np.ndarray  # uint32, the non-zero cells of each factor, highest bin first
    runs: np.ndarray  # uint8, beside ``cells``: 0 for the factor's highest bin, 1 for the next lower …
    n_runs: np.ndarray  # int64, occupied bins of each factor, zero not counted; run r is bin n_runs − r
    dense: np.ndarray  # uint8, factors × cells: the bin
    low: np.ndarray  # float64, factors × 256: smallest value in a bin
    high: np.ndarray  # float64, factors × 256: largest value in a bin

    @property
    def arrays(self) -> tuple:
        """What :func:`boost` takes."""
        return self.indptr, self.cells, self.runs, self.n_runs, self.dense, self.low, self.high


def bin_values(values: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return bins 1–255 of positive ``values`` and each bin's smallest and largest value (arrays of 256; [0] is 0).

    Every distinct value has its own bin if there are at most 255 of them; otherwise bins hold equal shares of the
    cells, and equal values stay together.
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
    """Return the binned expression of the factors that sit in ``columns``, sorted by name."""
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


# A *word* is an in-bag cell's residual and its being there in one integer: fixed-point residual << bits, + 1. Sums of
# words hold the sum of residuals above and the number of cells below ``bits``; they are exact in any order of addition.
# The innermost loops run over slices: numba then knows that an index isn't negative, which makes them twice as fast.


@njit(nogil=True, cache=True, inline="always")
def _random(state):
    """Advance the random state (an array of one uint64; splitmix64) and return 32 random bits as int64."""
    state[0] += np.uint64(0x9E3779B97F4A7C15)
    z = state[0]
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    z = z ^ (z >> np.uint64(31))
    return np.int64(z >> np.uint64(32))


@njit(nogil=True, cache=True)
def _fill_words(residual, limit, bits, word, inside):
    """Write each cell's word into ``word`` and ``inside``; return ``limit``, doubled until no residual is beyond it."""
    n = residual.size
    while True:
        beyond = 0
        for i in range(n):
            beyond += abs(residual[i]) > limit
        if beyond == 0:
            break
        limit *= 2.0
    scale = float(1 << (62 - bits)) / (n * limit)
    for i in range(n):
        x = residual[i] * scale
        w = (np.int64(x + (0.5 if x > 0.0 else -0.5)) << bits) + 1
        word[i] = w
        inside[i] = w
    return limit


@njit(nogil=True, cache=True)
def _walk(inside, cells, runs, sums):
    """Write into ``sums`` the words' sum over a factor's non-zero cells down to each run."""
    total = np.int64(0)
    for k in range(cells.size):
        total += inside[cells[k]]
        sums[runs[k]] = total


@njit(nogil=True, cache=True)
def _look_up(column, rows, word, histogram, sums, bins):
    """Like :func:`_walk`, over a node's ``rows``: write the occupied ``bins`` and the sums down to them; count them."""
    n_hits = 0
    for k in range(rows.size):  # the non-zero rows, found without a branch; ``sums`` and ``bins`` have room for all
        bin_ = column[rows[k]]
        bins[n_hits] = bin_
        sums[n_hits] = word[rows[k]]
        n_hits += bin_ > 0
    if n_hits <= 24:
        for k in range(1, n_hits):
            bin_, w = bins[k], sums[k]
            j = k
            while j > 0 and bins[j - 1] < bin_:
                bins[j], sums[j] = bins[j - 1], sums[j - 1]
                j -= 1
            bins[j], sums[j] = bin_, w
        n_runs, total = 0, np.int64(0)
        for k in range(n_hits):
            total += sums[k]
            bins[n_runs], sums[n_runs] = bins[k], total
            n_runs += k + 1 == n_hits or bins[k + 1] != bins[k]
        return n_runs
    histogram[:] = 0
    for k in range(n_hits):
        histogram[bins[k]] += sums[k]
    n_runs, total = 0, np.int64(0)
    for bin_ in range(255, 0, -1):
        total += histogram[bin_]
        bins[n_runs], sums[n_runs] = bin_, total
        n_runs += histogram[bin_] != 0
    return n_runs


@njit(nogil=True, cache=True)
def _any_better(sums, n_runs, mask, mean, size, best):
    """Return whether a split between two runs gains more than ``best`` (the innermost loop: no division, no branch)."""
    better = 0
    for r in range(n_runs):
        n_right = sums[r] & mask
        d = float(sums[r] - n_right) - float(n_right) * mean
        better += d * d > best * (float(n_right) * (size - float(n_right)))
    return better > 0


@njit(nogil=True, cache=True)
def _best_run(sums, n_runs, mask, mean, size, best):
    """Return the best split's gain if above ``best``, and its run (−1 if none is)."""
    found = -1
    for r in range(n_runs):
        n_right = sums[r] & mask
        if 0 < n_right < size:
            d = float(sums[r] - n_right) - float(n_right) * mean
            gain = d * d / (float(n_right) * float(size - n_right))
            if gain > best:
                best, found = gain, r
    return best, found


@njit(nogil=True, cache=True)
def _is_informative(sums, n_runs, mask, size):
    """Return whether the node's cells differ in the factor."""
    for r in range(n_runs):  # noqa: SIM110 (numba has no generators)
        if 0 < sums[r] & mask < size:
            return True
    return False


@njit(nogil=True, cache=True)
def _clear(inside, cells):
    for k in range(cells.size):
        inside[cells[k]] = 0


@njit(nogil=True, cache=True)
def _copy(word, cells, inside):
    for k in range(cells.size):
        inside[cells[k]] = word[cells[k]]


@njit(nogil=True, cache=True)
def _keep_in_bag(word, cells, rows):
    """Write the in-bag ones of ``cells`` into ``rows``; return their number."""
    n_rows = 0
    for k in range(cells.size):
        rows[n_rows] = cells[k]
        n_rows += word[cells[k]] != 0
    return n_rows


@njit(nogil=True, cache=True)
def _step(residual, cells, step):
    for k in range(cells.size):
        residual[cells[k]] -= step


@njit(nogil=True, cache=True)
def _step_apart(residual, cells, column, first_right, step_left, step_right):
    for k in range(cells.size):
        i = cells[k]
        residual[i] -= step_right if column[i] >= first_right else step_left


@njit(nogil=True, cache=True)
def _part(cells, column, first_right, aside):
    """Move the cells that go left to the front, all in their order; return how many they are."""
    left, n_aside = 0, 0
    for k in range(cells.size):  # without a branch: both places are written, one of them counts
        i = cells[k]
        goes_right = np.int64(column[i] >= first_right)
        cells[left] = i
        aside[n_aside] = i
        n_aside += goes_right
        left += 1 - goes_right
    for k in range(n_aside):
        cells[left + k] = aside[k]
    return left


@njit(nogil=True, cache=True)
def _improve(residual, cells, column, first_right, step, step_left, step_right):
    """Return how much squared error of ``cells`` the steps of a split's two sides remove beyond the node's ``step``."""
    total = 0.0
    for k in range(cells.size):
        i = cells[k]
        x = residual[i]
        apart = x - (step_right if column[i] >= first_right else step_left)
        total += (x - step) * (x - step) - apart * apart
    return total


@njit(nogil=True, cache=True)
def boost(
    y, indptr, cells, runs, n_runs, dense, low, high, itself, seed,
    learning_rate, max_depth, n_drawn, n_inbag, max_rounds, window,
    gain_of, validated_of, prediction,
):  # fmt: skip
    """Boost one target; return the number of trees.

    ``itself`` is the target's own row among the factors or −1. Adds to ``gain_of`` (float64, factors) the squared error
    that each factor's splits remove from the cells in the bag, were the leaves' means added whole; to ``validated_of``
    what the splits, shrunk by the learning rate, remove from the cells out of the bag. Both are means over those cells,
    summed over trees. Writes the fit into ``prediction``.
    """
    n, n_factors = y.size, indptr.size - 1
    n_oob = n - n_inbag
    pool = np.empty(n_factors, dtype=np.int32)  # the factors on offer: a permutation that every draw shuffles further
    n_pool = 0
    for f in range(n_factors):
        if f != itself:
            pool[n_pool] = f
            n_pool += 1
    mean_nonzero = max(1.0, indptr[n_factors] / n_factors)
    state = np.empty(1, dtype=np.uint64)
    state[0] = seed

    mean = 0.0
    for i in range(n):
        mean += y[i]
    mean /= n
    residual = np.empty(n)
    limit = 0.0
    for i in range(n):
        residual[i] = y[i] - mean
        limit = max(limit, abs(residual[i]))
    prediction[:] = mean
    if n_pool == 0 or limit == 0.0:
        return 0

    bits = 1
    while (1 << bits) <= n:
        bits += 1
    mask = (1 << bits) - 1

    shuffled = np.arange(n).astype(np.uint32)  # out-of-bag cells are drawn to its end
    natural = np.arange(n).astype(np.uint32)
    order = np.empty(n, dtype=np.uint32)  # the cells, in and out of the bag, node by node
    out = np.empty(n_oob, dtype=np.uint32)  # the cells out of the bag, node by node
    aside = np.empty(n, dtype=np.uint32)
    rows = np.empty(n, dtype=np.uint32)
    word = np.zeros(n, dtype=np.int64)  # 0 for cells out of the bag
    inside = np.zeros(n, dtype=np.int64)  # ``word`` of the cells of one node, 0 elsewhere
    histogram = np.zeros(256, dtype=np.int64)
    sums = np.zeros(max(n, 255) + 1, dtype=np.int64)
    bins = np.zeros(max(n, 255) + 1, dtype=np.int64)
    # nodes that wait for their split
    start, stop = np.empty(max_depth + 2, dtype=np.int64), np.empty(max_depth + 2, dtype=np.int64)
    out_start, out_stop = np.empty(max_depth + 2, dtype=np.int64), np.empty(max_depth + 2, dtype=np.int64)
    words, depths = np.empty(max_depth + 2, dtype=np.int64), np.empty(max_depth + 2, dtype=np.int64)
    recent = np.zeros(max(window, 1))

    n_trees = 0
    while n_trees < max_rounds:
        limit = _fill_words(residual, limit, bits, word, inside)
        unit = float(1 << (62 - bits)) / (n * limit) * float(1 << bits)  # of a word per unit of expression
        before = 0.0
        for k in range(n_oob):
            last = n - 1 - k
            j = (_random(state) * (last + 1)) >> 32
            i = shuffled[j]
            shuffled[j] = shuffled[last]
            shuffled[last] = i
            before += residual[i] * residual[i]
            word[i] = 0
            inside[i] = 0
        total = np.int64(0)
        for i in range(n):
            total += word[i]
        order[:] = natural
        out[:] = shuffled[n_inbag:]
        start[0], stop[0], words[0], depths[0] = 0, n, total, 0
        out_start[0], out_stop[0] = 0, n_oob
        within_a, within_b = 0, n  # the part of ``order`` that ``inside`` holds
        n_open = 1
        while n_open > 0:
            n_open -= 1
            a, b, total, depth = start[n_open], stop[n_open], words[n_open], depths[n_open]
            out_a, out_b = out_start[n_open], out_stop[n_open]
            size = total & mask
            mean_word = float(total - size) / size
            # The node's cells are looked up if few, else its factors' non-zero cells are walked.
            walks = 1.5 * size > mean_nonzero
            n_rows = 0
            if not walks or size < n // 3:
                n_rows = _keep_in_bag(word, order[a:b], rows)
            if walks:
                if within_a <= a and b <= within_b:
                    _clear(inside, order[within_a:a])
                    _clear(inside, order[b:within_b])
                else:
                    _clear(inside, order[within_a:within_b])
                    _copy(word, order[a:b], inside)
                within_a, within_b = a, b

            best = bar = _EPSILON * unit * unit
            best_factor, best_bin, next_bin, best_word = -1, 0, 0, np.int64(0)
            visited, informative = 0, False
            while visited < n_pool and (visited < n_drawn or not informative):
                j = visited + ((_random(state) * (n_pool - visited)) >> 32)
                f = pool[j]
                pool[j] = pool[visited]
                pool[visited] = f
                visited += 1
                first, last = indptr[f], indptr[f + 1]
                if first == last:
                    continue
                walked = walks and (n_rows == 0 or last - first < 3 * size)
                if walked:
                    _walk(inside, cells[first:last], runs[first:last], sums)
                    n_sums = n_runs[f]
                else:
                    n_sums = _look_up(dense[f], rows[:n_rows], word, histogram, sums, bins)
                if not informative:
                    informative = _is_informative(sums, n_sums, mask, size)
                if _any_better(sums, n_sums, mask, mean_word, float(size), bar):
                    gain, r = _best_run(sums, n_sums, mask, mean_word, size, bar)
                    if r >= 0:
                        best, bar = gain, gain * (1.0 + _TIE)
                        best_factor, best_word = f, sums[r]
                        below = r + 1
                        while below < n_sums and sums[below] == best_word:
                            below += 1
                        if walked:
                            best_bin = n_runs[f] - r
                            next_bin = n_runs[f] - below
                        else:
                            best_bin = bins[r]
                            next_bin = bins[below] if below < n_sums else 0

            step = learning_rate * mean_word / unit
            if best_factor < 0:
                _step(residual, order[a:b], step)
                continue

            # The threshold lies half-way between the node's values on either side: out-of-bag cells may fall between.
            f, first_right = best_factor, best_bin
            threshold = 0.5 * high[f, next_bin] + 0.5 * low[f, best_bin]
            while first_right - 1 > next_bin and 0.5 * (low[f, first_right - 1] + high[f, first_right - 1]) > threshold:
                first_right -= 1
            gain_of[f] += best / (unit * unit) * size / n_inbag
            n_right = best_word & mask
            n_left = size - n_right
            step_right = learning_rate * float(best_word - n_right) / n_right / unit
            step_left = learning_rate * float((total - best_word) - n_left) / n_left / unit
            if n_oob > 0:
                removed = _improve(residual, out[out_a:out_b], dense[f], first_right, step, step_left, step_right)
                validated_of[f] += removed / n_oob
            depth += 1
            if depth == max_depth or (n_left == 1 and n_right == 1):
                _step_apart(residual, order[a:b], dense[f], first_right, step_left, step_right)
                continue
            left = a + _part(order[a:b], dense[f], first_right, aside)
            out_left = out_a + _part(out[out_a:out_b], dense[f], first_right, aside)
            # The larger child goes next: ``inside`` then only loses the smaller one's cells.
            for turn in range(2):
                if (turn == 0) == (n_right <= n_left):
                    c, d, w, step = left, b, best_word, step_right
                    out_start[n_open], out_stop[n_open] = out_left, out_b
                else:
                    c, d, w, step = a, left, total - best_word, step_left
                    out_start[n_open], out_stop[n_open] = out_a, out_left
                if w & mask < 2:
                    _step(residual, order[c:d], step)
                else:
                    start[n_open], stop[n_open], words[n_open], depths[n_open] = c, d, w, depth
                    n_open += 1

        n_trees += 1
        if n_oob > 0 and window > 0:
            after = 0.0
            for k in range(n_inbag, n):
                after += residual[shuffled[k]] * residual[shuffled[k]]
            recent[n_trees % window] = (before - after) / n_oob
            if n_trees >= window and recent.mean() < 0.0:
                break
    for i in range(n):
        prediction[i] = y[i] - residual[i]
    return n_trees


def seed_of(seed: int, target: str) -> int:
    """Return the 64-bit seed of one target, which depends on nothing but ``seed`` and the target's name."""
    return int.from_bytes(hashlib.blake2b(f"{seed}\t{target}".encode(), digest_size=8).digest(), "little")


def looks_like_ensembl(names: Sequence[str]) -> bool:
    """Return whether most of ``names`` are Ensembl gene ids."""
    return len(names) > 0 and sum(bool(re.match(r"ENS[A-Z]*G\d{6,}", name)) for name in names) > len(names) / 2


def check_input(
    expression, genes: Sequence[str], tfs: Sequence[str], targets: Sequence[str] | None
) -> sparse.csc_matrix:
    """Return ``expression`` as CSC without stored zeros; ScenicInputError if no network can be inferred from it."""
    matrix = sparse.csc_matrix(expression, copy=False)
    n_cells, n_genes = matrix.shape
    if n_genes != len(genes):
        raise ScenicInputError(f"expression has {n_genes} genes, but {len(genes)} gene names are given")
    if n_cells < MIN_CELLS:
        raise ScenicInputError(f"{n_cells} cells are too few to infer a network: at least {MIN_CELLS} are needed")
    names = pd.Index(genes)
    if names.has_duplicates:
        twice = names[names.duplicated()].unique()
        raise ScenicInputError(
            f"{len(twice)} genes occur more than once ({shorten(twice)}): add up or rename their columns first"
        )
    if not np.isfinite(matrix.data).all():
        gene = genes[np.searchsorted(matrix.indptr, np.flatnonzero(~np.isfinite(matrix.data))[0], side="right") - 1]
        raise ScenicInputError(f"expression of {gene} is NaN or infinite: remove or impute such values first")
    if matrix.nnz and matrix.data.min() < 0:
        gene = genes[np.searchsorted(matrix.indptr, np.flatnonzero(matrix.data < 0)[0], side="right") - 1]
        raise ScenicInputError(
            f"expression of {gene} is negative: give counts or log-normalised expression, not scaled values"
        )
    if matrix.nnz and not matrix.data.all():
        matrix = matrix.copy()
        matrix.eliminate_zeros()
    if not names.isin(list(tfs)).any():
        hint = "do species and naming of genes and factors agree?"
        if looks_like_ensembl(genes) != looks_like_ensembl(tfs):
            ids, symbols = ("genes", "factors") if looks_like_ensembl(genes) else ("factors", "genes")
            hint = f"the {ids} are Ensembl ids, the {symbols} are symbols: translate one of them"
        raise ScenicInputError(
            f"none of {len(tfs)} transcription factors is among the {n_genes} genes "
            f"(genes: {shorten(genes)}; factors: {shorten(tfs)}): {hint}"
        )
    if targets is not None:
        unknown = pd.Index(targets).difference(names, sort=False)
        if len(unknown):
            raise ScenicInputError(f"{len(unknown)} targets are not among the genes: {shorten(unknown)}")
        twice = pd.Index(targets)[pd.Index(targets).duplicated()]
        if len(twice):
            raise ScenicInputError(f"{len(twice)} targets are asked for more than once: {shorten(twice)}")
    return matrix


def shorten(names: Sequence[str], most: int = 3) -> str:
    """Return the first few names for a message."""
    return ", ".join(map(str, names[:most])) + (" …" if len(names) > most else "")


@dataclass(frozen=True)
class Fit:
    """One target's edges (rows among the factors, ascending, and importances > 0) and how it was boosted."""

    factors: np.ndarray
    importances: np.ndarray
    trees: int
    constant: bool = False


def fit_target(
    expression: sparse.csc_matrix,
    column: int,
    factors: Factors,
    target: str,
    *,
    seed: int,
    importance: str = IMPORTANCE,
    max_rounds: int = 5000,
    learning_rate: float = 0.01,
    max_depth: int = 3,
    max_features: float = 0.1,
    subsample: float = 0.9,
    early_stop_window: int = 25,
) -> Fit:
    """Boost the target in ``column`` of ``expression`` (cells × genes, no stored zeros); see :func:`infer_network`."""
    n_cells = expression.shape[0]
    here = slice(expression.indptr[column], expression.indptr[column + 1])
    y = np.zeros(n_cells)
    y[expression.indices[here]] = expression.data[here]
    gain, validated = np.zeros(len(factors.names)), np.zeros(len(factors.names))
    if y.min() == y.max():
        return Fit(np.empty(0, dtype=np.int32), np.empty(0), 0, constant=True)
    itself = factors.names.index(target) if target in factors.names else -1
    n_drawn = max(1, int(max_features * (len(factors.names) - (itself >= 0))))
    n_inbag = max(1, int(subsample * n_cells))
    trees = boost(
        y, *factors.arrays, itself, np.uint64(seed_of(seed, target)), learning_rate, max_depth, n_drawn, n_inbag,
        max_rounds, early_stop_window, gain, validated, np.empty(n_cells),
    )  # fmt: skip
    if importance == "validated":
        kept = np.maximum(validated, 0.0)
        weight = kept / np.sqrt(kept.sum() * y.var()) if kept.any() else kept
    elif importance == "explained":
        weight = gain * (2 * learning_rate - learning_rate**2) / y.var()
    else:
        weight = gain * (trees / gain.sum()) if gain.any() else gain
    found = np.flatnonzero(weight > 0).astype(np.int32)
    return Fit(found, weight[found], trees)


def infer_network(
    expression,
    genes: Sequence[str],
    tfs: Sequence[str],
    targets: Sequence[str] | None = None,
    *,
    seed: int,
    importance: str = IMPORTANCE,
    threads: int = 1,
    max_rounds: int = 5000,
    learning_rate: float = 0.01,
    max_depth: int = 3,
    max_features: float = 0.1,
    subsample: float = 0.9,
    early_stop_window: int = 25,
    progress: Callable[[int, int], None] | None = None,
) -> Network:
    """Return the network of ``targets`` (default: all genes) from ``expression``: cells × genes, sparse or dense, ≥ 0.

    importance: ``published`` is arboreto's (a factor's share of the squared error that all trees remove, × the number
    of trees). ``explained`` is the share of the target's variance that the factor's splits explain in the cells that
    they were made from. ``validated`` asks for the same in the cells kept out of the bag, where noise gains nothing on
    average (a factor that gains nothing there has no edge), and puts it on the scale of a correlation: a target's
    weights are in proportion to what its factors explain and add up to the root of it.
    max_features: share of the factors drawn at every split; subsample: share of the cells drawn for every tree (at 1,
    or with early_stop_window 0, nothing stops the boosting before max_rounds). progress: called with the number of
    targets done and the number of all.
    A constant target has no edges. If all are, or for other input nothing can be learnt from, ScenicInputError.
    Results depend on the seed and the data alone, not on ``threads`` or on which targets are asked for together.
    """
    if importance not in IMPORTANCES:
        raise ScenicInputError(f"importance is {importance!r}, not one of {', '.join(IMPORTANCES)}")
    for name, value in {"learning_rate": learning_rate, "max_features": max_features, "subsample": subsample}.items():
        if not 0 < value <= 1:
            raise ScenicInputError(f"{name} is {value}: it has to lie above 0 and at most at 1")
    if importance == "validated" and int(subsample * expression.shape[0]) == expression.shape[0]:
        raise ScenicInputError(f"validated importances need cells out of the bag, but subsample is {subsample}")
    for name, value in {"threads": threads, "max_rounds": max_rounds, "max_depth": max_depth}.items():
        if value < 1:
            raise ScenicInputError(f"{name} is {value}: it has to be at least 1")
    genes = list(genes)
    matrix = check_input(expression, genes, tfs, targets)
    column_of = {gene: column for column, gene in enumerate(genes)}
    measured = [tf for tf in dict.fromkeys(tfs) if tf in column_of]
    factors = bin_factors(matrix, [column_of[tf] for tf in measured], measured)
    targets = genes if targets is None else list(targets)

    def fit(target: str) -> Fit:
        return fit_target(
            matrix,
            column_of[target],
            factors,
            target,
            seed=seed,
            importance=importance,
            max_rounds=max_rounds,
            learning_rate=learning_rate,
            max_depth=max_depth,
            max_features=max_features,
            subsample=subsample,
            early_stop_window=early_stop_window,
        )

    fits: list = [None] * len(targets)
    for done, (index, fitted) in enumerate(_in_threads(fit, targets, threads), start=1):
        fits[index] = fitted
        if progress is not None:
            progress(done, len(targets))
    constant = [target for target, fitted in zip(targets, fits, strict=True) if fitted.constant]
    if targets and len(constant) == len(targets):
        raise ScenicInputError(
            f"all {len(targets)} targets are constant over {matrix.shape[0]} cells: {shorten(constant)}; "
            "leave this group out, or look at what its cells were normalised by"
        )
    if constant:
        job.log.info(
            "%d of %d targets are constant and get no edges: %s", len(constant), len(targets), shorten(constant)
        )
    trees = [fitted.trees for fitted in fits]
    rounds = pd.Series(trees, index=pd.Index(targets, name="target"), name="trees", dtype=np.int64)
    return Network(_tabulate(factors.names, targets, fits), rounds)


def _in_threads(fit: Callable[[str], Fit], targets: Sequence[str], threads: int) -> Iterator[tuple[int, Fit]]:
    """Yield (index, result) of every target as it is done, never working on more than ``threads`` at once."""
    if threads <= 1 or len(targets) <= 1:
        for index, target in enumerate(targets):
            yield index, fit(target)
        return
    with ThreadPoolExecutor(threads) as executor:
        ahead = iter(enumerate(targets))
        running: dict = {}
        try:
            while True:
                while len(running) < 2 * threads and (item := next(ahead, None)) is not None:
                    running[executor.submit(fit, item[1])] = item[0]
                if not running:
                    return
                for future in wait(running, return_when=FIRST_COMPLETED).done:
                    yield running.pop(future), future.result()
        finally:
            for future in running:
                future.cancel()


def _tabulate(factors: Sequence[str], targets: Sequence[str], fits: Sequence[Fit]) -> pd.DataFrame:
    """Return the edges of all targets, largest importance first, ties by names (TF, then target)."""
    tf = np.concatenate([fitted.factors for fitted in fits] or [np.empty(0, dtype=np.int32)])
    weight = np.concatenate([fitted.importances for fitted in fits] or [np.empty(0)])
    rank_of = np.empty(len(targets), dtype=np.int32)
    rank_of[np.argsort(np.array(targets, dtype=object), kind="stable")] = np.arange(len(targets))
    target = np.repeat(np.arange(len(targets), dtype=np.int32), [len(fitted.factors) for fitted in fits])
    order = np.lexsort((rank_of[target], tf, -weight))
    return pd.DataFrame(
        {
            "TF": np.array(factors, dtype=object)[tf[order]],
            "target": np.array(targets, dtype=object)[target[order]],
            "importance": weight[order],
        }
    )

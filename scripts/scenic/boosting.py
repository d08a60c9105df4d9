"""The kernel of GRNBoost2: one target's boosted trees, in numba. See :mod:`scripts.scenic.grnboost`.

All functions that call each other are in this file. Numba invalidates a compiled function only when the file of that
function changes; it does not check the files of the functions that it calls.
"""

from __future__ import annotations

import numpy as np
from numba import njit

# Splits that lower the variance by less are not made, as in scikit-learn, which does not split nodes of less variance.
_EPSILON = np.finfo(np.float64).eps
# Gains closer than this are equal: the factor drawn first is taken, so that rounding errors do not decide.
_TIE = 1e-9


# A *word* stores an in-bag cell's residual and its presence in one integer: fixed-point residual << bits, + 1. The sum
# of words contains the sum of residuals in the high bits and the number of cells in the low ``bits``. Sums are exact in
# any order. Innermost loops use slices: numba then knows that indices are not negative, which doubles the speed.


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
    """Write each cell's word into ``word`` and ``inside``; return ``limit``, doubled until no residual exceeds it."""
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
    """Write into ``sums`` the cumulative sum of the words over a factor's non-zero cells, up to each run."""
    total = np.int64(0)
    for k in range(cells.size):
        total += inside[cells[k]]
        sums[runs[k]] = total


@njit(nogil=True, cache=True)
def _look_up(column, rows, word, histogram, sums, bins):
    """As :func:`_walk` for a node's ``rows``: write and count the occupied ``bins``, and write the cumulative sums."""
    n_hits = 0
    for k in range(rows.size):  # non-zero rows, without a branch; ``sums`` and ``bins`` have room for all
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
    """Return whether a split between two runs gains more than ``best`` (innermost loop: no division, no branch)."""
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
    """Return whether the factor differs between cells of the node."""
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
    """Write the in-bag ``cells`` into ``rows``; return their number."""
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
    """Move the cells of the left child to the front, keeping the order of both groups; return their number."""
    left, n_aside = 0, 0
    for k in range(cells.size):  # without a branch: both positions are written, one is used
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
    """Return the squared error of ``cells`` removed by the steps of a split's two sides beyond the node's ``step``."""
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

    ``itself`` is the target's own row among the factors, or −1. The function adds to ``gain_of`` (float64, factors) the
    squared error that each factor's splits remove in in-bag cells if the leaf means are added unshrunk. It adds to
    ``validated_of`` the squared error that the splits, shrunk by the learning rate, remove in out-of-bag cells. Both
    are means over cells, summed over trees. The fit is written into ``prediction``.
    """
    n, n_factors = y.size, indptr.size - 1
    n_oob = n - n_inbag
    pool = np.empty(n_factors, dtype=np.int32)  # candidate factors: a permutation that every draw shuffles further
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

    shuffled = np.arange(n).astype(np.uint32)  # drawn out-of-bag cells are moved to its end
    natural = np.arange(n).astype(np.uint32)
    order = np.empty(n, dtype=np.uint32)  # all cells, by node
    out = np.empty(n_oob, dtype=np.uint32)  # out-of-bag cells, by node
    aside = np.empty(n, dtype=np.uint32)
    rows = np.empty(n, dtype=np.uint32)
    word = np.zeros(n, dtype=np.int64)  # 0 for out-of-bag cells
    inside = np.zeros(n, dtype=np.int64)  # ``word`` of the cells of one node, 0 elsewhere
    histogram = np.zeros(256, dtype=np.int64)
    sums = np.zeros(max(n, 255) + 1, dtype=np.int64)
    bins = np.zeros(max(n, 255) + 1, dtype=np.int64)
    # nodes that are still to be split
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
        within_a, within_b = 0, n  # the part of ``order`` that is in ``inside``
        n_open = 1
        while n_open > 0:
            n_open -= 1
            a, b, total, depth = start[n_open], stop[n_open], words[n_open], depths[n_open]
            out_a, out_b = out_start[n_open], out_stop[n_open]
            size = total & mask
            mean_word = float(total - size) / size
            # In small nodes the node's cells are looked up; in others the factors' non-zero cells are scanned.
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

            # The threshold is halfway between the node's values on either side: out-of-bag cells may fall between them.
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
            # The larger child is processed next: only the smaller child's cells are then removed from ``inside``.
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

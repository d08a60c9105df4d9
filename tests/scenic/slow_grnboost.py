"""GRNBoost2 said plainly: numpy on raw values, no bins, no sparsity, no fixed point; but the kernel's random numbers.

With the same draws the kernel has to grow the same trees, so it is compared number by number, early stopping included.
"""

from __future__ import annotations

import numpy as np

TIE = 1e-9


class Random:
    """splitmix64 (Steele et al. 2014), 32 bits a time."""

    def __init__(self, seed: int):
        """Start at ``seed``."""
        self.state = seed

    def below(self, n: int) -> int:
        """Return a number from 0 to n − 1."""
        self.state = (self.state + 0x9E3779B97F4A7C15) % 2**64
        z = self.state
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9 % 2**64
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB % 2**64
        return ((z ^ (z >> 31)) >> 32) * n >> 32


def best_split(values: np.ndarray, residual: np.ndarray) -> tuple[float, float, float] | None:
    """Return (gain, largest value on the left, smallest on the right) of the best split, or None for equal values.

    The gain is the squared error that the split removes. The highest threshold wins a tie, as in the kernel.
    """
    order = np.argsort(values, kind="stable")
    v, r = values[order], residual[order]
    ends = np.flatnonzero(v[1:] > v[:-1]) + 1  # so many go left
    if len(ends) == 0:
        return None
    n, left = len(v), np.cumsum(r)[ends - 1]
    gap = left / ends - (r.sum() - left) / (n - ends)
    gains = gap**2 * ends * (n - ends) / n
    best = np.flatnonzero(gains >= gains.max() * (1 - 1e-12))[-1]
    return gains[best], v[ends[best] - 1], v[ends[best]]


def boost_slowly(
    x,
    y,
    seed,
    *,
    learning_rate=0.01,
    max_depth=3,
    max_features=0.1,
    subsample=0.9,
    max_rounds=5000,
    window=25,
    itself=-1,
):
    """Return (gains in and out of the bag, trees, prediction, improvements, those by roots) for factors ``x``."""
    random, n = Random(seed), len(y)
    pool = [f for f in range(x.shape[1]) if f != itself]
    n_drawn, n_inbag = max(1, int(max_features * len(pool))), max(1, int(subsample * n))
    prediction, gains, improvements = np.full(n, y.mean()), np.zeros((2, x.shape[1])), []
    shuffled, by_roots = list(range(n)), 0.0
    for _ in range(max_rounds):
        for last in range(n - 1, n_inbag - 1, -1):
            j = random.below(last + 1)
            shuffled[last], shuffled[j] = shuffled[j], shuffled[last]
        in_bag, out = np.ones(n, dtype=bool), shuffled[n_inbag:]
        in_bag[out] = False
        residual = y - prediction
        before = np.mean(residual[out] ** 2) if out else 0.0
        if out:
            by_roots += before - np.mean((residual[out] - learning_rate * residual[in_bag].mean()) ** 2)
        waiting = [(np.ones(n, dtype=bool), 0)]
        while waiting:
            node, depth = waiting.pop()
            bag = node & in_bag
            size, found, visited, informative = bag.sum(), None, 0, False
            if depth < max_depth and size >= 2:
                while visited < len(pool) and (visited < n_drawn or not informative):
                    j = visited + random.below(len(pool) - visited)
                    pool[visited], pool[j] = pool[j], pool[visited]
                    f = pool[visited]
                    visited += 1
                    split = best_split(x[bag, f], residual[bag])
                    if split is None:
                        continue
                    informative = True
                    if split[0] / size > (np.finfo(float).eps if found is None else found[1][0] / size * (1 + TIE)):
                        found = f, split
            if found is None:
                prediction[node] += learning_rate * residual[bag].mean()
                continue
            f, (gain, below, above) = found
            gains[0, f] += gain / n_inbag
            right = node & (x[:, f] > (below + above) / 2)
            left = node & ~right
            for child in (left, right):
                step, its_step = (learning_rate * residual[part & in_bag].mean() for part in (node, child))
                r = residual[child & ~in_bag]
                gains[1, f] += ((r - step) ** 2 - (r - its_step) ** 2).sum() / max(len(out), 1)
            smaller_first = sorted([right, left], key=lambda child: (child & in_bag).sum())
            waiting += [(child, depth + 1) for child in smaller_first]
        if out and window:
            improvements.append(before - np.mean((y - prediction)[out] ** 2))
            if len(improvements) >= window and np.mean(improvements[-window:]) < 0:
                break
        else:
            improvements.append(0.0)
    return gains, len(improvements), prediction, np.array(improvements), by_roots

"""Signs of whole models flipped: without an effect a patient's change is as likely to be the opposite."""

from __future__ import annotations

import numpy as np

MAX_EXACT = 16
"""Up to this number of models all sign flips are tried (65,536); beyond, :data:`DRAWS` of them are drawn."""
DRAWS = 100_000
BLOCK = 256
"""Flips at once: 256 flips × 20,000 features are 40 MB."""
TOLERANCE = 1e-9
"""Sums that differ by less, relative to the largest possible, are equal: they differ by rounding only."""


def signs(n: int, seed: int, draws: int | None = None) -> tuple[np.ndarray, bool]:
    """Return flips × n signs (±1) and whether these are all flips.

    Only half of all flips: the other half are their mirror images, with the same absolute sum. The first leaves all
    signs. ``draws``: all flips where they are at most so many, else so many of them; without it :data:`DRAWS` beyond
    :data:`MAX_EXACT` models.
    """
    if n <= MAX_EXACT if draws is None else 2 ** (n - 1) <= draws:
        bits = (np.arange(2 ** (n - 1))[:, None] >> np.arange(n - 1)[None, :]) & 1
        return np.column_stack([np.ones(len(bits)), 1.0 - 2.0 * bits]), True
    rng = np.random.default_rng(seed)
    drawn = rng.choice([-1.0, 1.0], size=(draws or DRAWS, n))
    drawn[0] = 1.0
    return drawn, False


def sign_flip_p(table: np.ndarray, seed: int) -> np.ndarray:
    """Return the two-sided p-value of each column of ``table`` (models × features, no NaN) by flipping models' signs.

    Without an effect a model's difference is as likely to be the opposite. The p-value is the share of flips whose
    absolute sum reaches the observed one, which is itself one of them: it is never 0, and exact where all flips are
    tried. The smallest possible value is 2 / 2^n. One model: NaN, since both flips have the same absolute sum.
    """
    n, n_features = table.shape
    if n < 2:
        return np.full(n_features, np.nan)
    flips, _ = signs(n, seed)
    slack = TOLERANCE * np.abs(table).sum(axis=0)
    observed = np.abs(table.sum(axis=0)) - slack
    reached = np.zeros(n_features, dtype=np.int64)
    for start in range(0, len(flips), BLOCK):
        reached += (np.abs(flips[start : start + BLOCK] @ table) >= observed).sum(axis=0)
    return reached / len(flips)


def smallest_p(n: int) -> float:
    """Return the smallest p-value that flipping the signs of ``n`` models can give (NaN below two)."""
    if n < 2:
        return np.nan
    return 2.0 / 2.0**n if n <= MAX_EXACT else 1.0 / DRAWS

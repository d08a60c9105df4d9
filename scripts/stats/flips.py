"""Signs of whole models flipped: without an effect a patient's change is as likely to be the opposite."""

from __future__ import annotations

import numpy as np

MAX_EXACT = 16
"""Up to this number of models all sign flips are tried (65,536); beyond, :data:`DRAWS` of them are drawn."""
DRAWS = 100_000
BLOCK = 256
"""Flips at once: 256 flips × 20,000 features are 40 MB."""
MIN_FLIPPED = 6
"""Models from which flips give a one-sided p-value below .05 to a signature: 1 / 2^5."""
MAX_LEARNED = 512
"""Flips or rotations where a signature is learned again on each: all flips of up to ten models."""
TOLERANCE = 1e-9
"""Sums that differ by less, relative to the largest possible, are equal: they differ by rounding only."""


def signs(n: int, seed: int) -> tuple[np.ndarray, bool]:
    """Return flips × n signs (±1) and whether these are all flips.

    Only half of all flips: the other half are their mirror images, with the same absolute sum. The first leaves all
    signs.
    """
    if n <= MAX_EXACT:
        bits = (np.arange(2 ** (n - 1))[:, None] >> np.arange(n - 1)[None, :]) & 1
        return np.column_stack([np.ones(len(bits)), 1.0 - 2.0 * bits]), True
    rng = np.random.default_rng(seed)
    drawn = rng.choice([-1.0, 1.0], size=(DRAWS, n))
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


def orthogonal(n: int, seed: int, draws: int) -> tuple[np.ndarray, str]:
    """Return draws × n × n matrices that make other studies of a study's models (rows) without a shared change, and
    what they are.

    The first leaves all as it is. From :data:`MIN_FLIPPED` models on the others flip the signs of whole models: all
    flips where they are no more than ``draws`` (half of them, since the mirror image of a flip learns the mirror image
    of a signature and scores the same). With fewer models flips can't give a p-value below .05; rotations can, which
    take the models' changes as normal, alike in variance (Langsrud 2005).
    """
    if n < MIN_FLIPPED:
        rng = np.random.default_rng(seed)
        square, triangle = np.linalg.qr(rng.normal(size=(draws, n, n)))
        rotations = square * np.sign(np.einsum("dii->di", triangle))[:, None, :]
        rotations[0] = np.eye(n)
        return rotations, f"{draws} rotations"
    if 2 ** (n - 1) <= draws + 1:
        flips = signs(n, seed)[0]
        method = f"all {len(flips)} flips"
    else:
        flips = np.random.default_rng(seed).choice([-1.0, 1.0], size=(draws, n))
        flips[0] = 1.0
        method = f"{draws} flips"
    return flips[:, :, None] * np.eye(n), method

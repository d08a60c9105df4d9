"""Whether patients share a programme: a signature learned in all models but one, scored in that one, against chance.

The scores of the models left out depend on one another, since each was learned from the others: a t over them says
p < .05 in 7 to 18 % of studies of three to twelve models without a programme. Here whatever was done is done again on
data in which no programme can be shared, the signature learned anew each time.
"""

from __future__ import annotations

import numpy as np

MIN_MODELS = 3
"""Models that a test needs: with two the signature is learned from one, which has no spread."""
MIN_FLIPPED = 6
"""Models from which signs are flipped: the smallest p-value is then 1/32. Fewer models are rotated."""
MAX_EXACT = 10
"""Up to this number of models all flips are tried (512, their mirror images give the same)."""
FLIPS, ROTATIONS = 499, 999
"""Random flips beyond :data:`MAX_EXACT`, and random rotations below :data:`MIN_FLIPPED`."""
VALUES_AT_ONCE = 1_000_000
"""Values of moved tables in memory: 8 MB, and a few times that while they are scored."""
TOLERANCE = 1e-9
"""Means that differ by less, relative to the observed one, are equal: they differ by rounding only."""


def left_out_scores(tables: np.ndarray, size: int) -> np.ndarray:
    """Return, by model, the score of its own change under the signature of the other models.

    Parameters
    ----------
    tables
        (… ×) models × genes, treated − untreated (log2); two models or more, no NaN. One table, or several at once.
    size
        Genes of each direction: those with the largest and those with the smallest mean over the other models, divided
        by its standard error plus the median standard error of all genes (Tusher et al. 2001; the same as
        :func:`scripts.switches.evidence.reach.learn_signature`).

    Returns
    -------
    ndarray
        (… ×) models: mean of the genes that rise minus mean of those that fall (log2).
    """
    n, n_genes = tables.shape[-2:]
    mean = (tables.sum(axis=-2, keepdims=True) - tables) / (n - 1)
    if n > 2:
        squares = tables**2
        variance = (squares.sum(axis=-2, keepdims=True) - squares - (n - 1) * mean**2) / (n - 2)
        error = np.sqrt(np.maximum(variance, 0) / (n - 1))
    else:
        error = np.zeros_like(mean)
    offset = np.median(error, axis=-1, keepdims=True)
    ratio = mean / (error + np.where(offset > 0, offset, 1.0))
    size = min(size, n_genes)
    order = np.argpartition(ratio, [size - 1, n_genes - size], axis=-1)
    scores = np.zeros(tables.shape[:-1])
    for side, chosen in ((1.0, order[..., n_genes - size :]), (-1.0, order[..., :size])):
        counts = side * np.take_along_axis(ratio, chosen, axis=-1) > 0
        values = np.take_along_axis(tables, chosen, axis=-1)
        scores += side * (values * counts).sum(axis=-1) / np.maximum(counts.sum(axis=-1), 1)
    return scores


def flips(n: int, seed: int) -> np.ndarray:
    """Return flips × n signs (±1), the first of which leaves all: all flips up to :data:`MAX_EXACT` models, random ones
    beyond. A flip of all models together changes nothing, so that the first model keeps its sign where all are tried.
    """
    if n <= MAX_EXACT:
        bits = (np.arange(2 ** (n - 1))[:, None] >> np.arange(n - 1)[None, :]) & 1
        return np.column_stack([np.ones(len(bits)), 1.0 - 2.0 * bits])
    drawn = np.random.default_rng(seed).choice([-1.0, 1.0], size=(FLIPS + 1, n))
    drawn[0] = 1.0
    return drawn


def rotations(n: int, seed: int) -> np.ndarray:
    """Return n × n rotations (with reflections), uniformly distributed but for the first, which changes nothing."""
    rng = np.random.default_rng(seed)
    basis, triangle = np.linalg.qr(rng.normal(size=(ROTATIONS, n, n)))
    uniform = basis * np.sign(np.diagonal(triangle, axis1=1, axis2=2))[:, None, :]
    return np.concatenate([np.eye(n)[None], uniform])


def programme_p(table: np.ndarray, size: int, seed: int) -> float:
    """Return the p-value of the mean score of the models left out; NaN below :data:`MIN_MODELS` models.

    Without a shared programme a model's changes are as likely to be the opposite: signs of whole models are flipped, so
    that correlated genes stay correlated. Below :data:`MIN_FLIPPED` models, whose few flips can't be rare, the models'
    changes are rotated into one another (Langsrud 2005; Wu et al. 2010), which supposes of each gene that its changes
    vary normally around zero, and alike in all models. The p-value is the share of flips or rotations whose mean score
    reaches the observed one, which is one of them.

    ``table``, ``size``: as for :func:`left_out_scores`.
    """
    n = len(table)
    if n < MIN_MODELS or not table.size:
        return np.nan
    observed = left_out_scores(table, size).mean()
    least = observed - TOLERANCE * abs(observed)
    drawn = rotations(n, seed) if n < MIN_FLIPPED else flips(n, seed)
    at_once = max(1, VALUES_AT_ONCE // table.size)
    reached = 0
    for start in range(0, len(drawn), at_once):
        part = drawn[start : start + at_once]
        moved = part @ table if n < MIN_FLIPPED else part[:, :, None] * table
        reached += int((left_out_scores(moved, size).mean(axis=-1) >= least).sum())
    return reached / len(drawn)

"""Change of the signature's score in left-out models, and its null distribution: all steps of learning are repeated."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from scripts.base.verdicts import MIN_MODELS
from scripts.stats.flips import MAX_LEARNED, orthogonal
from scripts.stats.moderation import moderate
from scripts.stats.paired import CAUTION


@dataclass(frozen=True)
class Null:
    """``p``: one-sided, NaN below three models; ``method``: operation on the models' changes, and number of draws."""

    p: float
    method: str


def order_of(changes: np.ndarray) -> np.ndarray:
    """Return, by gene, the t that orders genes for a signature; ``changes``: models (two or more) × genes, no NaN.

    This is the moderated t over models. Two models also give an order, but no p-value.
    """
    n = len(changes)
    variance = changes.var(axis=0, ddof=1)
    moderated = moderate(variance, np.full(changes.shape[1], n - 1.0), caution=CAUTION)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.nan_to_num(changes.mean(axis=0) / np.sqrt(moderated.variance / n))


def chosen(t: np.ndarray, size: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the genes (positions) with the ``size`` largest positive and the ``size`` smallest negative t."""
    size = min(size, len(t))
    top = np.argpartition(-t, size - 1)[:size]
    bottom = np.argpartition(t, size - 1)[:size]
    return top[t[top] > 0], bottom[t[bottom] < 0]


def score_change(change: np.ndarray, up: np.ndarray, down: np.ndarray) -> float:
    """Return mean change of the up genes minus that of the down genes; a direction without genes counts as 0."""
    return float((change[up].mean() if len(up) else 0.0) - (change[down].mean() if len(down) else 0.0))


def changes_left_out(changes: np.ndarray, sizes: list[int]) -> np.ndarray:
    """Return, by size and model, the change of the score of a signature learned from the other models.

    ``changes``: models × genes without NaN, three models or more; ``sizes``: numbers of genes of each direction.
    """
    orders = [order_of(np.delete(changes, number, axis=0)) for number in range(len(changes))]
    return np.array(
        [[score_change(own, *chosen(t, size)) for own, t in zip(changes, orders, strict=True)] for size in sizes]
    )


def alike(changes: np.ndarray) -> np.ndarray:
    """Return each model's changes divided by their root mean square, so that no noisy model dominates."""
    scale = np.sqrt((changes**2).mean(axis=1, keepdims=True))
    return changes / np.where(scale > 0, scale, 1.0)


def nulls_of(changes: np.ndarray, sizes: list[int], seed: int, draws: int = MAX_LEARNED) -> list[Null]:
    """Return, by size, how often models without a shared change reach the mean change of the score in left-out models.

    Scores of left-out models depend on one another, since each model is used to learn the signatures of the others. A
    t-test over them is invalid. Here, signs are assigned to the changes of whole models
    (:func:`~scripts.stats.flips.orthogonal`). The correlation between genes is kept, and the signatures are learned
    again. If there are too few models for sign flips, they are rotated (Langsrud 2005; ROAST, Wu et al. 2010). After
    each draw models are scaled equally (:func:`alike`). Rotations are exact if models are equally noisy, and
    conservative if they are not. If models were scaled before rotation, p would be ≤ .05 in 9 % of studies
    without a change.

    ``changes``: models × genes without NaN. The p-value counts the observed changes as one of the draws.
    """
    if len(changes) < MIN_MODELS or not changes.shape[1]:
        return [Null(np.nan, "") for _ in sizes]
    matrices, method = orthogonal(len(changes), seed, draws)
    observed = changes_left_out(alike(changes), sizes).mean(axis=1) - 1e-9
    reached = np.ones(len(sizes))
    for matrix in matrices[1:]:
        reached += changes_left_out(alike(matrix @ changes), sizes).mean(axis=1) >= observed
    return [Null(float(number), method) for number in reached / len(matrices)]


def null_of(changes: np.ndarray, size: int, seed: int, draws: int = MAX_LEARNED) -> Null:
    """Return the null of one size of the signature; see :func:`nulls_of`."""
    return nulls_of(changes, [size], seed, draws)[0]

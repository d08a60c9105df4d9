"""Small gene panels that separate persister from untreated in left-out patients.

All choices (genes, direction, scale, panel size) are made in the other models. An outer loop leaves out each model once
for evaluation; an inner loop over the remaining models chooses the size. The unit is the patient model, for any number
of samples.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from scripts.markers.composition import Held
from scripts.stats import flips
from scripts.switches.evidence.reach import expression_bins

MIN_MODELS = 3
"""Two models for learning and one for evaluation."""
TOLERANCE = 0.01
"""A smaller panel is taken if its inner AUC is within this of the best."""
DIRECTIONS = {1.0: "up", -1.0: "down"}


@dataclass(frozen=True)
class Pairs:
    """Samples × genes with their labels: ``values``; ``state`` +1 persister, −1 untreated; ``model`` codes from 0.

    ``held``: the models' changes at constant composition, where they were measured.
    """

    values: np.ndarray
    state: np.ndarray
    model: np.ndarray
    held: Held | None = None

    @property
    def n_models(self) -> int:
        """Number of models."""
        return int(self.model.max()) + 1 if len(self.model) else 0


def make_pairs(values: pd.DataFrame, samples: pd.DataFrame, baseline: str, treated: str) -> tuple[Pairs, list[str]]:
    """Return the samples of models that have both timepoints, and these models."""
    rows = samples.loc[values.index.intersection(samples.index, sort=False)]
    rows = rows[rows["timepoint"].isin([baseline, treated])]
    both = [model for model, own in rows.groupby("model", sort=False) if own["timepoint"].nunique() == 2]
    rows = rows[rows["model"].isin(both)]
    code = rows["model"].map({model: i for i, model in enumerate(both)}).to_numpy(dtype=int)
    state = np.where(rows["timepoint"] == treated, 1.0, -1.0)
    return Pairs(values.loc[rows.index].to_numpy(dtype=float), state, code), both


def state_means(pairs: Pairs) -> tuple[np.ndarray, np.ndarray]:
    """Return the mean of each model's untreated and of its persister samples (models × genes)."""
    means = []
    for side in (-1.0, 1.0):
        member = (pairs.model[None, :] == np.arange(pairs.n_models)[:, None]) & (pairs.state == side)[None, :]
        means.append(member @ pairs.values / np.maximum(member.sum(axis=1), 1)[:, None])
    return means[0], means[1]


@dataclass(frozen=True)
class Ranking:
    """Result of training for all genes: ``order`` (best first), ``direction`` (±1), ``scale`` (sd used as divisor),
    ``centre`` (midpoint between the states, mean over models).
    """

    order: np.ndarray
    direction: np.ndarray
    scale: np.ndarray
    centre: np.ndarray


def learn(untreated: np.ndarray, persister: np.ndarray) -> Ranking:
    """Return the ranking of genes by the models' differences (models × genes, both)."""
    change = persister - untreated
    score, scale = statistics(change.sum(axis=0), (change**2).sum(axis=0), len(change))
    order = np.argsort(-np.abs(score), kind="stable")
    return Ranking(order, np.where(score >= 0, 1.0, -1.0), scale, (untreated + persister).mean(axis=0) / 2)


def statistics(total: np.ndarray, squares: np.ndarray, n: int) -> tuple[np.ndarray, np.ndarray]:
    """Return each gene's statistic and scale, from the sums over ``n`` models of its changes and of their squares.

    The statistic is the mean divided by its standard error plus the median standard error (Tusher et al. 2001). The
    scale is the typical difference between the models' means of a state. Sums suffice, so that leaving out a model is a
    subtraction.
    """
    mean = total / n
    variance = np.maximum(squares / n - mean**2, 0.0)
    error = np.sqrt(variance / max(n - 1, 1))
    return mean / (error + (np.median(error) or 1.0)), np.sqrt(variance + np.median(variance) + 1e-12)


def first(score: np.ndarray, pool: np.ndarray, n: int) -> np.ndarray:
    """Return the ``n`` genes of a pool (mask) with the largest absolute statistic, the best first; the earlier of two
    equal ones.
    """
    genes = np.flatnonzero(pool)
    size = np.abs(score[genes])
    if n < len(genes):
        genes = genes[size >= np.partition(size, len(genes) - n)[len(genes) - n]]
        size = np.abs(score[genes])
    return genes[np.argsort(-size, kind="stable")[:n]]


def score(values: np.ndarray, ranking: Ranking, genes: np.ndarray) -> np.ndarray:
    """Return each sample's score: mean position of the genes towards persister, in units of the training samples."""
    if not len(genes):  # composition explains all genes of a small pool: nothing tells the samples apart
        return np.zeros(len(values))
    own = (values[:, genes] - ranking.centre[genes]) * (ranking.direction[genes] / ranking.scale[genes])
    return own.mean(axis=1)


def auc(scores: np.ndarray, state: np.ndarray) -> float:
    """Return the probability that a persister sample scores above an untreated one (ties count half)."""
    difference = scores[state > 0][:, None] - scores[state < 0][None, :]
    return float(((difference > 0) + 0.5 * (difference == 0)).mean()) if difference.size else np.nan


def choose_size(untreated: np.ndarray, persister: np.ndarray, sizes: list[int], pool: np.ndarray) -> int:
    """Return the smallest panel size that performs as well as any in the inner loop over the training models.

    Two conditions define this: the inner AUC is within :data:`TOLERANCE` of the best, and the mean score change (in
    units of its spread over the models) is at least half the best one's. With few models many sizes have the same AUC.
    Inside training the means of the states suffice: the AUC of a model is whether its mean persister scores above its
    mean untreated (1, 0.5 or 0).
    """
    n = len(untreated)
    if n < 2 or not pool.any():
        return sizes[0]
    change = persister - untreated
    total, squares = change.sum(axis=0), (change**2).sum(axis=0)
    reach = np.zeros((n, len(sizes)))
    for left, own in enumerate(change):
        score, scale = statistics(total - own, squares - own**2, n - 1)
        best = first(score, pool, max(sizes))
        towards = np.cumsum(own[best] * np.where(score[best] >= 0, 1.0, -1.0) / scale[best])
        used = np.minimum(sizes, len(best))
        reach[left] = towards[used - 1] / used
    right = (0.5 + 0.5 * np.sign(reach)).mean(axis=0)
    firm = reach.mean(axis=0) / (reach.std(axis=0) + np.median(reach.std(axis=0)) + 1e-12)
    best = right >= right.max() - TOLERANCE
    most = firm[best].max()
    good = best & (firm >= most - 0.5 * abs(most))
    return sizes[int(np.flatnonzero(good)[0])]


@dataclass(frozen=True)
class Fold:
    """One left-out model: the size chosen without it, the panel per size, and the scores of the left-out samples;
    ``allowed``: mask of the genes that composition does not explain in the other models.
    """

    chosen: int
    panels: dict[int, np.ndarray]
    scores: dict[int, np.ndarray]
    ranking: Ranking
    allowed: np.ndarray


def eligible(pairs: Pairs, ranking: Ranking, models: np.ndarray, pool: np.ndarray) -> np.ndarray:
    """Return the mask of ``pool`` without the genes that composition explains in ``models``, which ranked the genes."""
    if pairs.held is None:
        return pool
    return pool & ~pairs.held.carried(ranking.order[pool[ranking.order]], ranking.direction, models)


def nested(pairs: Pairs, sizes: list[int], pool: np.ndarray) -> list[Fold]:
    """Return one fold per model. ``pool``: mask of the genes that may be chosen."""
    untreated, persister = state_means(pairs)
    folds = []
    for left in range(pairs.n_models):
        rest = np.arange(pairs.n_models) != left
        ranking = learn(untreated[rest], persister[rest])
        allowed = eligible(pairs, ranking, rest, pool)
        best = ranking.order[allowed[ranking.order]]
        panels = {size: best[:size] for size in sizes}
        own = pairs.values[pairs.model == left]
        scores = {size: score(own, ranking, genes) for size, genes in panels.items()}
        chosen = choose_size(untreated[rest], persister[rest], sizes, allowed)
        folds.append(Fold(chosen, panels, scores, ranking, allowed))
    return folds


def judge(pairs: Pairs, folds: list[Fold], size: int | None) -> dict[str, float]:
    """Return the performance of panels of one size (None: the size chosen in each fold) in the left-out models.

    ``auc``: within the left-out model, with its own untreated tumour as the reference; mean over models.
    ``auc_across``: any persister sample of any left-out model against any untreated one, by absolute score.
    ``sensitivity``, ``specificity``: at the cutoff midway between the states of the training models.
    """
    within, scores = [], np.zeros(len(pairs.state))
    for model, fold in enumerate(folds):
        own = pairs.model == model
        scores[own] = fold.scores[fold.chosen if size is None else size]
        within.append(auc(scores[own], pairs.state[own]))
    # Each model has the same weight, for any number of samples.
    by_model = [
        (
            (scores[(pairs.model == m) & (pairs.state > 0)] > 0).mean(),
            (scores[(pairs.model == m) & (pairs.state < 0)] <= 0).mean(),
        )
        for m in range(len(folds))
    ]
    sensitivity, specificity = np.mean(by_model, axis=0)
    return {
        "auc": float(np.mean(within)),
        "auc_across": across(scores, pairs),
        "sensitivity": float(sensitivity),
        "specificity": float(specificity),
    }


def across(scores: np.ndarray, pairs: Pairs) -> float:
    """Return the AUC over pairs of samples of any models, with equal weight for each pair of models."""
    above, below = (
        [scores[(pairs.model == model) & (pairs.state == side)] for model in range(pairs.n_models)]
        for side in (1.0, -1.0)
    )
    found = [auc(np.concatenate([a, b]), np.repeat([1.0, -1.0], [len(a), len(b)])) for a in above for b in below]
    return float(np.mean(found))


def margin(pairs: Pairs, folds: list[Fold], size: int | None) -> float:
    """Return the mean over left-out models of the difference of mean scores, divided by its standard error plus one
    unit. This is the statistic of the permutation test; unlike the AUC, it is not coarse with few samples.
    """
    gaps = []
    for model, fold in enumerate(folds):
        own, state = fold.scores[fold.chosen if size is None else size], pairs.state[pairs.model == model]
        gaps.append(own[state > 0].mean() - own[state < 0].mean())
    gaps = np.array(gaps)
    return float(gaps.mean() / (gaps.std(ddof=1) / np.sqrt(len(gaps)) + 0.1)) if len(gaps) > 1 else float(gaps.mean())


def flipped(pairs: Pairs, seed: int, n: int) -> Iterator[Pairs]:
    """Give the samples with the states of whole models exchanged: all permutations, or ``n`` random ones.

    The model is the replicate: without a shared change, its change has either sign with equal probability. Samples of a
    model are reflected at the midpoint between the means of its states. States thus keep their samples, and samples
    their scatter. Of two permutations that mirror each other one suffices: panels of the opposite direction separate
    the samples equally well.
    """
    untreated, persister = state_means(pairs)
    middle = ((untreated + persister) / 2)[pairs.model]
    if 2 ** (pairs.n_models - 1) <= n + 1:
        signs = flips.signs(pairs.n_models, seed)[0][1:]
    else:
        signs = np.random.default_rng(seed).choice([-1.0, 1.0], size=(n, pairs.n_models))
    for sign in signs:
        # Changes at constant composition turn with their models: genes are excluded again in every permutation.
        held = None if pairs.held is None else pairs.held.turned(sign)
        values = middle + sign[pairs.model][:, None] * (pairs.values - middle)
        yield Pairs(values, pairs.state, pairs.model, held)


def permutation_p(pairs: Pairs, sizes: list[int], pool: np.ndarray, *, seed: int, n: int) -> tuple[float, int]:
    """Return the p-value over models of the whole procedure, including the choice of genes and size, by exchange of the
    states of whole models, and the number of permutations, including the observed one.
    """
    observed = margin(pairs, nested(pairs, sizes, pool), None)
    null = [margin(other, nested(other, sizes, pool), None) for other in flipped(pairs, seed, n)]
    return (1 + sum(value >= observed - 1e-12 for value in null)) / (1 + len(null)), 1 + len(null)


def random_aucs(
    pairs: Pairs, size: int, pool: np.ndarray, *, seed: int, n: int, chosen: list[np.ndarray]
) -> np.ndarray:
    """Return the within-model AUC of ``n`` panels of random genes that are expressed as highly as the chosen ones.

    Direction and scale are learned without the left-out model, as for the chosen genes. Only the genes are random.
    """
    rng = np.random.default_rng(seed)
    places = np.flatnonzero(pool)
    bins = expression_bins(pd.Series(pairs.values[:, places].mean(axis=0))).to_numpy()
    bin_of = dict(zip(places, bins, strict=True))
    members = {b: places[bins == b] for b in np.unique(bins)}
    untreated, persister = state_means(pairs)
    found = np.zeros((n, pairs.n_models))
    for left in range(pairs.n_models):
        rest = np.arange(pairs.n_models) != left
        ranking = learn(untreated[rest], persister[rest])
        own, state = pairs.values[pairs.model == left], pairs.state[pairs.model == left]
        z = (own - ranking.centre) * (ranking.direction / ranking.scale)
        wanted = [bin_of[gene] for gene in chosen[left][:size]]
        for draw in range(n):
            genes = [rng.choice(members[b]) for b in wanted]
            found[draw, left] = auc(z[:, genes].mean(axis=1), state)
    return found.mean(axis=1)

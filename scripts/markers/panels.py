"""Small gene panels that separate persister from untreated in left-out patients.

All choices (genes, direction, scale, panel size) are made in the other models. An outer loop leaves out each model once
for evaluation; an inner loop over the remaining models chooses the size. The unit is the patient model, for any number
of samples.
"""

from __future__ import annotations

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
    """Return the ranking of genes by the models' differences (models × genes, both). The statistic is the mean divided
    by its standard error plus the median standard error (Tusher et al. 2001). ``scale``: typical difference between the
    models' means of a state.
    """
    change = persister - untreated
    mean = change.mean(axis=0)
    n = len(change)
    error = change.std(axis=0, ddof=1) / np.sqrt(n) if n > 1 else np.zeros(change.shape[1])
    score = mean / (error + (np.median(error) or 1.0))
    scale = np.sqrt(((change - mean) ** 2).mean(axis=0) + np.median(change.var(axis=0)) + 1e-12)
    order = np.argsort(-np.abs(score), kind="stable")
    return Ranking(order, np.where(mean >= 0, 1.0, -1.0), scale, (untreated + persister).mean(axis=0) / 2)


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


def within_auc(change: np.ndarray, ranking: Ranking, sizes: list[int], pool: np.ndarray) -> np.ndarray:
    """Return, per size, whether the left-out model's mean persister scores above its mean untreated (1, 0.5 or 0).

    ``change``: that of the left-out model, by gene; ``pool``: genes that may be chosen. Used inside training, where
    means by state suffice.
    """
    best = ranking.order[pool[ranking.order]][: max(sizes)]
    towards = change[best] * ranking.direction[best] / ranking.scale[best]
    sums = np.cumsum(towards)
    return np.array([0.5 + 0.5 * np.sign(sums[min(size, len(best)) - 1]) if len(best) else np.nan for size in sizes])


def choose_size(untreated: np.ndarray, persister: np.ndarray, sizes: list[int], pool: np.ndarray) -> int:
    """Return the smallest panel size that performs as well as any in the inner loop over the training models.

    Two conditions define this: the inner AUC is within :data:`TOLERANCE` of the best, and the mean score change (in
    units of its spread over the models) is at least half the best one's. With few models many sizes have the same AUC.
    """
    n = len(untreated)
    if n < 2 or not pool.any():
        return sizes[0]
    right, reach = [], []
    for left in range(n):
        rest = np.arange(n) != left
        ranking = learn(untreated[rest], persister[rest])
        change = persister[left] - untreated[left]
        right.append(within_auc(change, ranking, sizes, pool))
        best = ranking.order[pool[ranking.order]][: max(sizes)]
        towards = np.cumsum(change[best] * ranking.direction[best] / ranking.scale[best])
        reach.append([towards[min(size, len(best)) - 1] / min(size, len(best)) if len(best) else 0.0 for size in sizes])
    right, reach = np.mean(right, axis=0), np.array(reach)
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
    return pool & ~pairs.held.of_models(models).carried(ranking.order[pool[ranking.order]], ranking.direction)


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
    n = pairs.n_models
    found = [
        auc(
            np.concatenate(
                [scores[(pairs.model == a) & (pairs.state > 0)], scores[(pairs.model == b) & (pairs.state < 0)]]
            ),
            np.concatenate(
                [
                    np.ones(((pairs.model == a) & (pairs.state > 0)).sum()),
                    -np.ones(((pairs.model == b) & (pairs.state < 0)).sum()),
                ]
            ),
        )
        for a in range(n)
        for b in range(n)
    ]
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


def flipped(pairs: Pairs, seed: int, n: int) -> list[Pairs]:
    """Return the samples with the states of whole models exchanged: all permutations, or ``n`` random ones.

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
    every = np.ones(pairs.n_models, dtype=bool)

    def turned(sign: np.ndarray) -> Pairs:
        # Changes at constant composition turn with their models: genes are excluded again in every permutation.
        held = None if pairs.held is None else pairs.held.of_models(every, sign[:, None])
        return Pairs(middle + sign[pairs.model][:, None] * (pairs.values - middle), pairs.state, pairs.model, held)

    return [turned(sign) for sign in signs]


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

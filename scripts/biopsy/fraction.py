"""The fraction of persister cells in a biopsy: a mixture of two known score distributions that may lie elsewhere in a
new patient.

Counting cells above a cut is biased wherever the states overlap, and a mean of scores is biased by whatever shifts the
patient. Here the biopsy's scores are a mixture (1 − f) · U(s − a) + f · P(s − b): U and P are the training cells'
distributions of the untreated and the persister state, a and b the patient's own shifts. The shifts are not known, but
training models left out one at a time show how large and how correlated they are: that is their prior. The
posterior of f, shifts integrated out, gives the estimate and its interval; it holds the sampling of cells and the
difference between patients. The regulons and the signature that scores are made of were learned from all models, the
left-out one included: results of models left out are somewhat optimistic.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.stats import norm

from scripts.stats.intervals import MIN_MODELS

NODES = 21
"""Shifts tried along each of their two axes, first over all that the prior allows, then where the cells may lie."""
REACH = {3: 10.0, 4: 7.0, 6: 5.5, 9: 4.0}
"""How far they go (standard deviations) from so many models on: the fewer models, the further off a patient may be."""
NEGLIGIBLE = 12.0
"""Shifts whose log posterior is lower than the best one's by this are dropped."""
COARSE = np.linspace(0, 1, 26)
"""Fractions of the first search."""
GRID = np.linspace(0, 1, 201)
"""Fractions tried."""
STRAYS = 0.005
"""Part of the cells that may be of neither state, spread over all scores: one odd cell must not decide."""
BINS = 400
"""Bins of the scores: some 1/50 of a state's spread each."""


@dataclass(frozen=True)
class States:
    """The two states' score distributions: ``grid`` of scores around each state's mean, and densities on it.

    ``cells``: training cells of the state that has fewer.
    """

    means: tuple[float, float]
    grid: np.ndarray
    densities: tuple[np.ndarray, np.ndarray]
    cells: int

    def density(self, scores: np.ndarray, state: int, shift: np.ndarray) -> np.ndarray:
        """Return shifts × scores: the density of a state (0 or 1) once it is shifted."""
        at = scores[None, :] - self.means[state] - np.atleast_1d(shift)[:, None]
        width = self.grid[-1] - self.grid[0]
        inside = np.interp(at, self.grid, self.densities[state], left=0.0, right=0.0)
        return (1 - STRAYS) * inside + STRAYS / width


@dataclass(frozen=True)
class Estimate:
    """A fraction with its interval, the shifts that were found, and the posterior over :data:`GRID`.

    ``chance`` is each cell's probability of being a persister; ``misfit`` the largest distance between the scores' and
    the fitted mixture's distribution functions.
    """

    fraction: float
    low: float
    high: float
    shift: tuple[float, float]
    posterior: np.ndarray
    chance: np.ndarray
    misfit: float


def learn_states(groups: tuple[list[np.ndarray], list[np.ndarray]]) -> States:
    """Return the distributions of two states from their models' scores (a list of arrays for each state).

    Each model's scores are centred first (where a model lies is the prior's matter) and weigh the same. Kernel density
    with Silverman's bandwidth.
    """
    means, centred, weights = [], [], []
    for parts in groups:
        means.append(float(np.mean([part.mean() for part in parts])))
        centred.append(np.concatenate([part - part.mean() for part in parts]))
        weights.append(np.concatenate([np.full(len(part), 1 / len(part) / len(parts)) for part in parts]))
    reach = max(np.abs(values).max() for values in centred) + 1.0
    grid = np.linspace(-reach, reach, 801)
    densities = []
    for values, weight in zip(centred, weights, strict=True):
        spread = np.sqrt((weight * values**2).sum())
        low, high = np.quantile(values, [0.25, 0.75])
        bandwidth = 0.9 * min(spread, (high - low) / 1.34 or spread) * len(values) ** -0.2 or 1e-3
        density = (weight * norm.pdf((grid[:, None] - values[None, :]) / bandwidth)).sum(axis=1) / bandwidth
        densities.append(density / np.trapezoid(density, grid))
    return States((means[0], means[1]), grid, (densities[0], densities[1]), min(map(len, centred)))


@dataclass(frozen=True)
class Prior:
    """What is known of a patient's shifts: ``axes`` (rows: one standard deviation along each), ``freedom``, ``reach``.

    Where one more model lies if models are drawn from a bivariate normal distribution: a bivariate t with n − 2 degrees
    of freedom (Hotelling 1931). With few models, a patient further off than any is not excluded. Without, no shift.
    """

    axes: np.ndarray
    freedom: int
    reach: float

    @classmethod
    def of(cls, shifts: np.ndarray) -> Prior:
        """Return the prior that the shifts of models left out (models × 2) give."""
        shifts = np.asarray(shifts, dtype=float).reshape(-1, 2)
        n = len(shifts)
        if n == 0:
            return cls(np.zeros((2, 2)), 1, 0.0)
        few = max(n, MIN_MODELS)
        # A model lies further from the mean of the others than a new one from that of all.
        wider = (few + 1) * (few - 1) ** 2 / (few**2 * (few - 2))
        values, axes = np.linalg.eigh(wider * shifts.T @ shifts / n)
        reach = next((far for least, far in sorted(REACH.items(), reverse=True) if n >= least), REACH[min(REACH)])
        return cls(np.sqrt(np.maximum(values, 1e-6))[:, None] * axes.T, few - 2, reach)

    def grid(self, low: np.ndarray, high: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return nodes between two corners (in standard deviations), their shifts, and their log prior."""
        if not self.reach:
            return np.zeros((1, 2)), np.zeros((1, 2)), np.zeros(1)
        steps = [np.linspace(one, other, NODES) for one, other in zip(low, high, strict=True)]
        z = np.stack(np.meshgrid(*steps, indexing="ij"), axis=-1).reshape(-1, 2)
        return z, z @ self.axes, -(self.freedom + 2) / 2 * np.log1p((z**2).sum(axis=1) / self.freedom)


def estimate(scores: np.ndarray, states: States, shifts: np.ndarray, level: float) -> Estimate:
    """Return the fraction of persister cells among ``scores`` (one a cell, at least one).

    ``shifts``: models left out × the two states; ``level``: probability that the interval (highest posterior density)
    holds; NaN ends with fewer than :data:`~scripts.stats.intervals.MIN_MODELS` models. Prior of the fraction: uniform.
    """
    prior = Prior.of(shifts)
    edges = np.linspace(scores.min() - 1e-9, scores.max() + 1e-9, BINS + 1)
    number, _ = np.histogram(scores, edges)
    filled = np.flatnonzero(number)
    # The states' densities are known from so many cells only: the noise of both samples adds up.
    weight = number[filled] / (1 + len(scores) / states.cells)
    middle = (edges[filled] + edges[filled + 1]) / 2

    def posterior_at(low: np.ndarray, high: np.ndarray, fractions: np.ndarray) -> tuple:
        z, nodes, log_prior = prior.grid(low, high)
        parts = [states.density(middle, state, nodes[:, state]) for state in (0, 1)]
        log = np.array([np.log((1 - f) * parts[0] + f * parts[1]) @ weight + log_prior for f in fractions])
        return z, nodes, parts, log

    # The cells determine their shifts far more exactly than the prior: a second grid covers where they may be.
    corners = np.full(2, -prior.reach), np.full(2, prior.reach)
    z, _, _, log = posterior_at(*corners, COARSE)
    likely = z[(log > log.max() - NEGLIGIBLE).any(axis=0)]
    step = 2 * prior.reach / (NODES - 1)
    _, nodes, (untreated, persister), log = posterior_at(likely.min(axis=0) - step, likely.max(axis=0) + step, GRID)
    joint = np.exp(log - log.max())
    joint /= joint.sum()
    posterior = joint.sum(axis=1)
    chance = np.zeros(len(middle))
    for f, by_node in zip(GRID, joint, strict=True):
        chance += by_node @ (f * persister / ((1 - f) * untreated + f * persister))
    low, high = highest_density(posterior, level) if len(shifts) >= MIN_MODELS else (np.nan, np.nan)
    fraction = float(posterior @ GRID)
    shift = joint.sum(axis=0) @ nodes
    of_cell = np.searchsorted(filled, np.clip(np.digitize(scores, edges) - 1, 0, BINS - 1))
    fitted = misfit(scores, states, fraction, shift)
    return Estimate(fraction, low, high, (float(shift[0]), float(shift[1])), posterior, chance[of_cell], fitted)


def widened(found: Estimate, by: float) -> tuple[float, float]:
    """Return the ends of the interval moved outwards by a share of cells that may be none of the tumour's."""
    low, high = np.clip([found.low - by, found.high + by], 0.0, 1.0)
    return float(low), float(high)


def highest_density(posterior: np.ndarray, level: float) -> tuple[float, float]:
    """Return the ends of the shortest set of :data:`GRID` that holds ``level`` of the posterior."""
    order = np.argsort(-posterior, kind="stable")
    held = order[: int(np.searchsorted(np.cumsum(posterior[order]), level - 1e-12)) + 1]
    return float(GRID[held.min()]), float(GRID[held.max()])


def misfit(scores: np.ndarray, states: States, fraction: float, shift: np.ndarray) -> float:
    """Return the Kolmogorov-Smirnov distance between scores and fitted mixture (0 to 1)."""
    ordered = np.sort(scores)
    cumulative = np.zeros(len(ordered))
    for state, share in ((0, 1 - fraction), (1, fraction)):
        density = states.densities[state]
        step = np.concatenate([[0.0], np.cumsum((density[1:] + density[:-1]) / 2 * np.diff(states.grid))])
        cumulative += share * np.interp(ordered - states.means[state] - shift[state], states.grid, step / step[-1])
    n = len(ordered)
    return float(max(np.abs(cumulative - np.arange(n) / n).max(), np.abs(np.arange(1, n + 1) / n - cumulative).max()))


def groups_of_states(
    scores: np.ndarray, groups: dict[tuple[str, str], np.ndarray], states: tuple[str, str]
) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Return the scores of each state's models, as :func:`learn_states` takes them."""
    low, high = ([scores[rows] for key, rows in groups.items() if key[1] == state] for state in states)
    return low, high


def calibrate(
    features: pd.DataFrame, labels: pd.DataFrame, states: tuple[str, str], *, level: float, seed: int
) -> pd.DataFrame:
    """Return what is estimated for mixtures of cells of a model that the states and their shifts weren't learned from.

    The features come from all models: the regulons and the signature were learned with the left-out one included, so
    that these figures are somewhat optimistic. One row per model left out and planted fraction: model, planted, cells,
    fraction, low, high. The cells are drawn without replacement from the model's own untreated and persister cells.
    """
    from scripts.biopsy import discriminant

    found = discriminant.groups(labels, states)
    models = discriminant.paired(found, states)
    rows = []
    for model in models if len(models) > 2 else []:
        others = (labels["model"].astype(str) != model).to_numpy()
        known, of_known = features[others], labels[others]
        rule = discriminant.learn(known, of_known, states)
        of_states = learn_states(groups_of_states(rule.score(known), discriminant.groups(of_known, states), states))
        shifts = discriminant.shifts(known, of_known, states).to_numpy()
        scores = rule.score(features)
        pools = [scores[found[model, state]] for state in states]
        for planted in PLANTED:
            rng = np.random.default_rng([seed, models.index(model), round(1000 * planted)])
            n = int(min(len(pools[0]) / max(1 - planted, 1e-9), len(pools[1]) / max(planted, 1e-9)))
            many = [n - round(n * planted), round(n * planted)]
            drawn = [rng.choice(pool, k, replace=False) for pool, k in zip(pools, many, strict=True)]
            found_here = estimate(np.concatenate(drawn), of_states, shifts, level)
            rows.append(
                (model, many[1] / n, n, found_here.fraction, found_here.low, found_here.high, found_here.misfit)
            )
    return pd.DataFrame(rows, columns=CALIBRATION)


PLANTED = (0.0, 0.05, 0.2, 0.6, 1.0)
"""Fractions that the calibration plants."""
CALIBRATION = ["model", "planted", "cells", "fraction", "low", "high", "misfit"]

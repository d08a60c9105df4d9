"""Enrichment of regulons in the signature: beyond random genes, and beyond what patients without a shared change show.

Random sets of genes alone are too lenient a null: genes of a regulon change together (Goeman & Bühlmann 2007,
Bioinformatics 23:980), so that a few patients' chance fills the signature with them. Therefore the models' changes are
also flipped or rotated as wholes (:func:`scripts.stats.flips.orthogonal`; Langsrud 2005, Statistics and Computing
15:53; Wu et al. 2010, Bioinformatics 26:2176), which keeps their correlation; signature and directions are learned
again each time, and each regulon is compared with its own values. A flip may leave part of a programme in the
signature, but its genes then agree less; targets hence count by the square of their t. A regulon has to pass both.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import sparse, stats

from scripts.base.verdicts import MIN_MODELS
from scripts.stats import flips, paired

MIN_ROTATED = 5
"""Models below which there is no p-value: the calibration was measured from five models on."""
DRAWS = 199
"""Flips or rotations: all flips of up to eight models."""
MIN_FLIPPED = 8
"""Models from which signs are flipped; fewer are rotated. Of the 32 flips of six models only one has p ≤ .05."""
TOLERANCE = 1e-9


def moderated_t(changes: np.ndarray) -> np.ndarray:
    """Return the moderated paired t by gene, as :func:`scripts.stats.paired.summarise`; NaN below three models.

    ``changes``: models × genes, log2; NaN where a model doesn't measure a gene, which then is absent there.
    """
    present = np.isfinite(changes)
    n = present.sum(axis=0).astype(float)
    enough = np.where(n >= MIN_MODELS, n, np.nan)
    known = np.where(present, changes, 0.0)
    mean = known.sum(axis=0) / enough
    squares = (np.where(present, changes - mean, 0.0) ** 2).sum(axis=0)
    error = np.sqrt(squares / (enough - 1) / enough)
    error[error <= paired.TOLERANCE * np.abs(mean)] = 0.0
    error, _ = paired.moderated_errors(mean, error, n)
    with np.errstate(divide="ignore", invalid="ignore"):
        return mean / error


def extremes(t: np.ndarray, size: int) -> tuple[np.ndarray, np.ndarray]:
    """Return masks of the ``size`` genes that rise and of those that fall most; ties by position."""
    found = []
    for sign in (1.0, -1.0):
        score = np.where(np.isfinite(t), sign * t, 0.0)
        mask = np.zeros(len(t), dtype=bool)
        mask[np.argsort(-score, kind="stable")[:size]] = True
        found.append(mask & (score > 0))
    return found[0], found[1]


@dataclass(frozen=True)
class Sets:
    """The regulons of a pool as matrices, all in the order of the pool.

    ``in_bin``: genes × bins of expression, 1 where a gene belongs; ``totals``: genes of each bin; ``members``: by sign
    genes × regulons, 1 for a target of this sign; ``drawn``: by sign bins × regulons, the number of such targets.
    """

    in_bin: sparse.csr_matrix
    totals: np.ndarray
    members: dict[float, sparse.csr_matrix]
    drawn: dict[float, np.ndarray]


def sets_of(pool) -> Sets:
    """Return the matrices of a :class:`scripts.switches.evidence.reach.Pool`."""
    bins, totals = pool.bins.to_numpy(), pool.totals
    in_bin = sparse.csr_matrix((np.ones(len(bins)), (np.arange(len(bins)), bins)), shape=(len(bins), len(totals)))
    members = {}
    for sign in (1.0, -1.0):
        own = [places[signs == sign] for places, signs in pool.targets.values()]
        rows = np.concatenate(own) if own else np.zeros(0, dtype=int)
        columns = np.repeat(np.arange(len(own)), [len(places) for places in own])
        members[sign] = sparse.csr_matrix((np.ones(len(rows)), (rows, columns)), shape=(len(bins), len(own)))
    drawn = {sign: (in_bin.T @ own).toarray() for sign, own in members.items()}
    return Sets(in_bin, totals, members, drawn)


def excess(sets: Sets, rising: np.ndarray, falling: np.ndarray, side: np.ndarray) -> np.ndarray:
    """Return by how much a regulon's reached targets weigh more than random ones would, by regulon.

    Parameters
    ----------
    sets
        Regulons.
    rising, falling
        Weight of each gene in the signature, 0 for genes that aren't in it; with 1 the excess is a number of targets.
    side
        Direction of each regulon, ±1; 0 or NaN gives NaN.
    """
    means = [weight @ sets.in_bin / np.maximum(sets.totals, 1) for weight in (rising, falling)]
    found = []
    for way in (0, 1):
        # Where the regulon's activity rises, its activated targets are reached by genes that rise.
        total = 0.0
        for sign, which in ((1.0, way), (-1.0, 1 - way)):
            total = total + (rising, falling)[which] @ sets.members[sign] - means[which] @ sets.drawn[sign]
        found.append(total)
    return np.where(side > 0, found[0], np.where(side < 0, found[1], np.nan))


def spread(sets: Sets, up: np.ndarray, down: np.ndarray, side: np.ndarray) -> np.ndarray:
    """Return the standard deviation of the number of reached targets of random regulons (drawn without replacement from
    the regulon's bins), by regulon. ``up``, ``down``: masks of the signature's genes; ``side``: see :func:`excess`.
    """
    shares = [mask @ sets.in_bin / np.maximum(sets.totals, 1) for mask in (up.astype(float), down.astype(float))]
    variances = []
    for way in (0, 1):
        variance = 0.0
        for sign, which in ((1.0, way), (-1.0, 1 - way)):
            drawn = sets.drawn[sign]
            left = np.maximum(sets.totals[:, None] - drawn, 0) / np.maximum(sets.totals[:, None] - 1, 1)
            variance = variance + shares[which] * (1 - shares[which]) @ (drawn * left)
        variances.append(variance)
    # As in the ratio, half a target is added: less than one expected target is little evidence.
    return np.sqrt(np.where(side > 0, *variances) + 0.5)


def enrichment(sets: Sets, up: np.ndarray, down: np.ndarray, side: np.ndarray) -> np.ndarray:
    """Return how far the reached targets exceed those of random regulons, in standard deviations, by regulon.

    ``up``, ``down``: masks of the signature's genes; ``side``: see :func:`excess`.
    """
    return excess(sets, up.astype(float), down.astype(float), side) / spread(sets, up, down, side)


def learn(changes: np.ndarray, activity: np.ndarray, size: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the squared t of the genes of the signature that these changes give (0 elsewhere), of those which rise and
    of those which fall, and the direction of each regulon.

    ``changes``: models × genes; ``activity``: models × regulons; ``size``: genes of each direction.
    """
    t = moderated_t(changes)
    up, down = extremes(t, size)
    return np.where(up, t, 0.0) ** 2, np.where(down, t, 0.0) ** 2, np.sign(activity.mean(axis=0))


def test(pool, changes: pd.DataFrame, activity: pd.DataFrame, size: int, seed: int) -> pd.Series:
    """Return the p-value of each regulon's enrichment in the signature, by regulon.

    Parameters
    ----------
    pool
        :class:`scripts.switches.evidence.reach.Pool`.
    changes
        Models × genes, log2 fold changes within each model; genes that aren't in the pool, or that a model doesn't
        measure, play no part.
    activity
        Models × regulons, differences of the same models.
    size
        Genes of the signature in each direction.
    seed
        Of the rotations, or of the flips where not all are tried.

    Returns
    -------
    Series
        One-sided p-values, the larger of two: that of the number of reached targets against random genes of the same
        expression (:func:`enrichment`, normal), and the share of flips or rotations in which the regulon's reached
        targets, weighed by their squared t, exceed chance by as much (:func:`excess`), the observed one among them. NaN
        below :data:`MIN_ROTATED` models.
    """
    regulons = list(pool.targets)
    result = pd.Series(np.nan, index=regulons, dtype=float)
    models = [model for model in changes.index if model in activity.index]
    if len(models) < MIN_ROTATED or not regulons or not size:
        return result
    table = changes.loc[models].reindex(columns=pool.bins.index).to_numpy(dtype=float)
    table[:, ~np.isfinite(table).all(axis=0)] = np.nan
    own = activity.loc[models].reindex(columns=regulons)
    own = own.fillna(own.mean()).fillna(0.0).to_numpy(dtype=float)
    sets = sets_of(pool)
    rising, falling, side = learn(table, own, size)
    random = stats.norm.sf(enrichment(sets, rising > 0, falling > 0, side))
    matrices, _ = flips.orthogonal(len(models), seed, DRAWS, MIN_FLIPPED)
    least = excess(sets, rising, falling, side) - TOLERANCE
    reached = np.ones(len(regulons))
    for matrix in matrices[1:]:
        reached += excess(sets, *learn(matrix @ table, matrix @ own, size)) >= least
    usable = np.isfinite(least) & np.array([len(places) > 0 for places, _ in pool.targets.values()])
    result[usable] = np.maximum(random, reached / len(matrices))[usable]
    return result

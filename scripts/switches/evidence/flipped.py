"""Enrichment of regulons in the signature against studies in which whole models' signs are flipped.

Without a treatment effect that patients share, a patient's changes are as likely to be the opposite, all together. So
the signs of whole models are flipped, and all is repeated: the signature is learned again, the direction of each
regulon too, and the enrichment is counted again. Genes and regulons keep their correlation within a model, which
random sets of genes do not (Goeman & Bühlmann 2007, Bioinformatics 23:980).
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy import sparse

from scripts.base.verdicts import MIN_MODELS
from scripts.stats import flips, paired

DRAWS = 512
"""Flips: all of them up to ten models, so many with more."""
BLOCK = 64
"""Flips at once: 64 flips × 20,000 genes are 10 MB."""


def moderated_t(changes: np.ndarray, signs: np.ndarray) -> np.ndarray:
    """Return the moderated paired t of every gene under every flip, flips × genes; NaN below :data:`MIN_MODELS` models.

    Parameters
    ----------
    changes
        Models × genes, log2; NaN where a model doesn't measure a gene, which then is absent there.
    signs
        Flips × models, ±1. The variance is that of :func:`scripts.stats.paired.summarise`, moderated over the genes of
        the same flip.
    """
    present = np.isfinite(changes)
    n = present.sum(axis=0).astype(float)
    enough = np.where(n >= MIN_MODELS, n, np.nan)
    known = np.where(present, changes, 0.0)
    squares = (known**2).sum(axis=0)
    mean = signs @ known / enough
    error = np.sqrt(np.maximum(squares - enough * mean**2, 0.0) / (enough - 1) / enough)
    error[error <= paired.TOLERANCE * np.abs(mean)] = 0.0
    for number, own in enumerate(error):
        error[number] = paired.moderated_errors(own, n)[0]
    with np.errstate(divide="ignore", invalid="ignore"):
        return mean / error


def extremes(t: np.ndarray, size: int) -> tuple[np.ndarray, np.ndarray]:
    """Return masks (flips × genes) of the ``size`` genes that rise and of those that fall most; ties by position."""
    found = []
    for sign in (1.0, -1.0):
        score = np.where(np.isfinite(t), sign * t, 0.0)
        first = np.argsort(-score, axis=1, kind="stable")[:, :size]
        mask = np.zeros(t.shape, dtype=bool)
        np.put_along_axis(mask, first, True, axis=1)
        found.append(mask & (score > 0))
    return found[0], found[1]


def _members(targets: dict[str, tuple[np.ndarray, np.ndarray]], n_genes: int, sign: float) -> sparse.csr_matrix:
    """Return genes × regulons: 1 where a regulon has the gene as a target of this sign."""
    own = [places[signs == sign] for places, signs in targets.values()]
    rows = np.concatenate(own) if own else np.zeros(0, dtype=int)
    columns = np.repeat(np.arange(len(own)), [len(places) for places in own])
    return sparse.csr_matrix((np.ones(len(rows)), (rows, columns)), shape=(n_genes, len(own)))


def enrichment(pool, up: np.ndarray, down: np.ndarray, side: np.ndarray) -> np.ndarray:
    """Return how far the reached targets exceed those of random regulons, in standard deviations, flips × regulons.

    Parameters
    ----------
    pool
        :class:`scripts.switches.evidence.reach.Pool` of the genes (columns of the masks) and regulons.
    up, down
        Signature of each flip, flips × genes.
    side
        Direction of each regulon, flips × regulons, ±1; 0 or NaN gives NaN.
    """
    bins, totals = pool.bins.to_numpy(), pool.totals
    in_bin = sparse.csr_matrix((np.ones(len(bins)), (np.arange(len(bins)), bins)), shape=(len(bins), len(totals)))
    masks = [sparse.csr_matrix(mask, dtype=float) for mask in (up, down)]
    shares = [(mask @ in_bin).toarray() / np.maximum(totals, 1) for mask in masks]
    found = []
    for way in (0, 1):
        # Where the regulon's activity rises, its activated targets are reached by genes that rise.
        reached, expected, variance = 0.0, 0.0, 0.0
        for sign, which in ((1.0, way), (-1.0, 1 - way)):
            members = _members(pool.targets, len(bins), sign)
            drawn = (in_bin.T @ members).toarray()
            left = np.maximum(totals[:, None] - drawn, 0) / np.maximum(totals[:, None] - 1, 1)
            reached = reached + (masks[which] @ members).toarray()
            expected = expected + shares[which] @ drawn
            variance = variance + shares[which] * (1 - shares[which]) @ (drawn * left)
        # As in the ratio, half a target is added: less than one expected target says little.
        found.append((reached - expected) / np.sqrt(variance + 0.5))
    return np.where(side > 0, found[0], np.where(side < 0, found[1], np.nan))


def test(pool, changes: pd.DataFrame, activity: pd.DataFrame, size: int, seed: int) -> pd.Series:
    """Return the p-value of each regulon's enrichment in the signature, by regulon.

    Parameters
    ----------
    pool
        :class:`scripts.switches.evidence.reach.Pool`.
    changes
        Models × genes, log2 fold changes within each model; genes that aren't in the pool play no part.
    activity
        Models × regulons, differences of the same models.
    size
        Genes of the signature in each direction.
    seed
        Of the flips, where they are drawn.

    Returns
    -------
    Series
        One-sided p-values. Each regulon's enrichment is standardised by its own mean and standard deviation over the
        flips (to which the regulons' median is added: Tusher et al. 2001, PNAS 98:5116); the p-value is the share of
        all flips of all regulons that reach it, the observed ones among them. So the share of regulons with p ≤ .05 is
        .05 on average, since without an effect each flip may have been the observed one; and few models, whose flips
        are few, still give p-values that can be told apart. NaN below :data:`flips.MIN_RELEARNED` models.
    """
    regulons = list(pool.targets)
    result = pd.Series(np.nan, index=regulons, dtype=float)
    models = [model for model in changes.index if model in activity.index]
    if len(models) < flips.MIN_RELEARNED or not regulons or not size:
        return result
    table = changes.loc[models].reindex(columns=pool.bins.index).to_numpy(dtype=float)
    own = np.nan_to_num(activity.loc[models].reindex(columns=regulons).to_numpy(dtype=float))
    signs, _ = flips.signs(len(models), seed, DRAWS)
    parts = []
    for start in range(0, len(signs), BLOCK):
        some = signs[start : start + BLOCK]
        up, down = extremes(moderated_t(table, some), size)
        parts.append(enrichment(pool, up, down, np.sign(some @ own)))
    return pooled_p(np.concatenate(parts), np.array([len(places) > 0 for places, _ in pool.targets.values()]), result)


def pooled_p(statistic: np.ndarray, usable: np.ndarray, result: pd.Series) -> pd.Series:
    """Return the share of the standardised statistics of all flips and columns that reach the first row's, by column.

    Parameters
    ----------
    statistic
        Flips × columns, the observed one first; NaN where a column has none.
    usable
        Columns that are compared.
    result
        Series by column that is filled.
    """
    usable = usable & np.isfinite(statistic).all(axis=0)
    if not usable.any():
        return result
    known = statistic[:, usable]
    spread = known.std(axis=0)
    scale = spread + np.median(spread)
    if not np.median(spread):
        scale = np.where(scale > 0, scale, np.nan)
    score = (known - known.mean(axis=0)) / scale
    every = np.sort(np.nan_to_num(score).ravel())
    observed = np.nan_to_num(score[0])
    reached = len(every) - np.searchsorted(every, observed - flips.TOLERANCE, side="left")
    result[usable] = reached / len(every)
    return result

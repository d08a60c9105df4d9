"""Signs of whole models flipped: without an effect a patient's change is as likely to be the opposite."""

from __future__ import annotations

import numpy as np
import pandas as pd

from scripts.base.verdicts import MIN_MODELS

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
"""Sums that differ by less, relative to the largest possible, count as equal: the difference is rounding only."""
JOINT_DRAWS = 10_000
"""Flips of all features together: all of them up to 14 models."""
FLIPS = ["n_flips", "exact", "fwer", "fwer_min"]


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


def smallest_p(n: int) -> float:
    """Return the smallest p-value that flipping the signs of ``n`` models can give (NaN below two)."""
    if n < 2:
        return np.nan
    return 2.0 / 2.0**n if n <= MAX_EXACT else 1.0 / DRAWS


def rotations(n: int, draws: int, rng: np.random.Generator) -> np.ndarray:
    """Return draws × n × n orthogonal matrices, uniformly distributed.

    They are the Q of QR decompositions of normal numbers; the signs of R's diagonal make them uniform (Mezzadri 2007,
    Notices of the AMS 54:592).
    """
    square, triangle = np.linalg.qr(rng.normal(size=(draws, n, n)))
    return square * np.sign(np.einsum("dii->di", triangle))[:, None, :]


def orthogonal(n: int, seed: int, draws: int, min_flipped: int = MIN_FLIPPED) -> tuple[np.ndarray, str]:
    """Return draws × n × n matrices that make other studies of a study's models (rows) without a shared change, and
    what they are.

    The first leaves all as it is. From ``min_flipped`` models on the others flip the signs of whole models: all
    flips where they are no more than ``draws`` (half of them, since the mirror image of a flip learns the mirror image
    of a signature and scores the same). With fewer models flips can't give a p-value below .05; rotations can, which
    assume normal changes of equal variance in the models (Langsrud 2005).
    """
    if n < min_flipped:
        matrices = rotations(n, draws, np.random.default_rng(seed))
        matrices[0] = np.eye(n)
        return matrices, f"{draws} rotations"
    if 2 ** (n - 1) <= draws + 1:
        flips = signs(n, seed)[0]
        method = f"all {len(flips)} flips"
    else:
        flips = np.random.default_rng(seed).choice([-1.0, 1.0], size=(draws, n))
        flips[0] = 1.0
        method = f"{draws} flips"
    return flips[:, :, None] * np.eye(n), method


def studentised(table: np.ndarray, flips: np.ndarray) -> np.ndarray:
    """Return the mean over models divided by its standard error, flips × features.

    Parameters
    ----------
    table
        Models × features in comparable units; NaN where a model doesn't measure a feature, which then is absent there.
    flips
        Flips × models, ±1. To the standard error the median of all features is added, flip by flip, so that a feature
        whose few differences are similar by chance doesn't come first (Tusher et al. 2001, PNAS 98:5116). NaN below
        :data:`MIN_MODELS` models and for a feature that never changes.
    """
    present = np.isfinite(table)
    n = present.sum(axis=0).astype(float)
    n[n < MIN_MODELS] = np.nan
    known = np.where(present, table, 0.0)
    mean = flips @ known / n
    error = np.sqrt(np.maximum((known**2).sum(axis=0) - n * mean**2, 0.0) / (n - 1) / n)
    usable = np.isfinite(n) & (known != 0).any(axis=0)
    middle = np.median(error[:, usable], axis=1) if usable.any() else np.zeros(len(flips))
    scale = error + middle[:, None]
    return np.where(usable & (scale > 0), mean / np.where(scale > 0, scale, 1.0), np.nan)


def family_wise(table: pd.DataFrame, seed: int) -> pd.DataFrame:
    """Return one row (:data:`FLIPS`) a feature: its mean difference over models against flipped signs of whole models.

    Parameters
    ----------
    table
        Models × features, in comparable units.
    seed
        Of the flips where they are drawn.

    Returns
    -------
    DataFrame
        ``fwer``: chance of one or more false calls among all features at this statistic (:func:`studentised`, step-down
        maximum; Westfall & Young 1993). Features keep their correlation in every flip. ``fwer_min``: the smallest value
        that so many models can give. Empty below :data:`MIN_MODELS` models. Tumours of a model are averaged before,
        hence neither their number nor their spread matters.
    """
    result = pd.DataFrame(np.nan, index=table.columns, columns=FLIPS)
    n = len(table)
    if n < MIN_MODELS:
        result["n_flips"], result["exact"] = 0, "yes"
        return result
    drawn, exact = signs(n, seed, JOINT_DRAWS)
    result["n_flips"], result["exact"] = len(drawn), "yes" if exact else "no"
    values = table.to_numpy(dtype=float)
    first = np.abs(studentised(values, drawn[:1]))[0]
    usable = np.isfinite(first)
    if not usable.any():
        return result
    values, observed = values[:, usable], first[usable]
    order = np.argsort(-observed, kind="stable")
    slack = observed[order] * (1 - TOLERANCE)
    reached = np.zeros(len(order))
    for start in range(0, len(drawn), BLOCK):
        null = np.nan_to_num(np.abs(studentised(values, drawn[start : start + BLOCK])))
        # Step-down: the maximum is taken over the features that are not yet called.
        highest = np.maximum.accumulate(null[:, order[::-1]], axis=1)[:, ::-1]
        reached += (highest >= slack).sum(axis=0)
    fwer = np.empty(len(order))
    fwer[order] = np.maximum.accumulate(reached / len(drawn))
    result.loc[usable, "fwer"], result.loc[usable, "fwer_min"] = fwer, 1 / len(drawn)
    return result

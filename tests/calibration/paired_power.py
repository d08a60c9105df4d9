"""Power of changes over models (scripts/stats/paired.py) against that of limma's moderated paired t."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy import stats

from calibration import designs
from calibration.paired import EFFECT, FDR, LEVEL, QUICK_DESIGNS, SPREADS, TRUE_SHARE, words
from calibration.row import AT_LEAST, POWER, REPORTED, Row, clustered
from scripts.stats import moderation, paired

RESAMPLES = 200
"""Resamples of studies, for the Monte-Carlo error of a difference of powers."""
NOTE = "should be: limma's moderated paired t at its own cut-off of the same kind"


def headline_fdr(differences: np.ndarray) -> np.ndarray:
    """Return the FDR that :func:`paired.summarise` gives; differences: models × features without NaN."""
    n, features = differences.shape
    mean, error = differences.mean(axis=0), differences.std(axis=0, ddof=1) / np.sqrt(n)
    return paired.false_discovery_rate(
        paired.p_beyond(mean, *paired.moderated_errors(mean, error, np.full(features, float(n))))
    )


def plain_fdr(differences: np.ndarray) -> np.ndarray:
    """Return the FDR of a paired t with limma's moderated variances (Smyth 2004)."""
    n = len(differences)
    shrunk = moderation.moderate(differences.var(axis=0, ddof=1), np.full(differences.shape[1], n - 1.0))
    t = differences.mean(axis=0) / np.sqrt(shrunk.variance / n)
    return paired.false_discovery_rate(2 * stats.t.sf(np.abs(t), shrunk.df))


METHODS: tuple[Callable[[np.ndarray], np.ndarray], ...] = (headline_fdr, plain_fdr)


def draw(name: str, rng: np.random.Generator, studies: int, **truth) -> list[np.ndarray]:
    """Return the differences of each study, drawn 50 studies at a time."""
    return [
        own
        for start in range(0, studies, 50)
        for own in designs.draw_differences(designs.DESIGNS[name], rng, studies=min(50, studies - start), **truth)
    ]


def size_adjusted(smallest: np.ndarray, found: np.ndarray) -> np.ndarray:
    """Return the share of true features found by each method at its own cut-off, by which it calls something in 5 % of
    the studies without an effect.

    Parameters
    ----------
    smallest
        Methods × studies without an effect: the smallest FDR of each.
    found
        Methods × studies × true features: their FDR.
    """
    cuts = np.quantile(smallest, LEVEL, axis=1)
    return (found <= cuts[:, None, None]).mean(axis=(1, 2))


def power_rows(name: str, between: float, r: float, nulls: int, studies: int, seed: int) -> list[Row]:
    """Return power at the nominal level, and at cut-offs that give both methods the same family-wise error."""
    rng = np.random.default_rng(seed)
    n_true = round(TRUE_SHARE * designs.FEATURES)
    effect = np.zeros(designs.FEATURES)
    effect[:n_true] = np.where(np.arange(n_true) % 2, -EFFECT, EFFECT)
    without = draw(name, rng, nulls, between=between, r=r)
    smallest = np.array([[fdr_of(own).min() for own in without] for fdr_of in METHODS])
    changed = draw(name, rng, studies, between=between, effect=effect, r=r)
    found = np.array([[fdr_of(own)[:n_true] for own in changed] for fdr_of in METHODS])
    truth = f"{EFFECT:g} log2 in {n_true} of {len(effect)} features; {words(between, r)}"
    raw, errors = (found <= LEVEL).mean(axis=(1, 2)), (smallest <= LEVEL).mean(axis=1)
    note = f"limma's moderated paired t {raw[1]:.3f}; family-wise error where nothing changes {errors[0]:.3f}, "
    note += f"limma's {errors[1]:.3f}"
    rates = clustered((found[0] <= LEVEL).sum(axis=1), n_true)
    rows = [Row(FDR, name, truth, POWER, None, **rates, bound=REPORTED, note=note)]
    own, other = size_adjusted(smallest, found)
    drawn = np.empty(RESAMPLES)
    for number in range(RESAMPLES):
        places = (rng.integers(nulls, size=nulls), rng.integers(studies, size=studies))
        ours, theirs = size_adjusted(smallest[:, places[0]], found[:, places[1]])
        drawn[number] = ours - theirs
    rates = {"hits": own * n_true * studies, "trials": n_true * studies, "error": float(drawn.std(ddof=1))}
    return [*rows, Row(FDR, name, f"{truth}; size-adjusted", POWER, float(other), **rates, bound=AT_LEAST, note=NOTE)]


def rows(quick: bool) -> list[Row]:
    """Return the rates of this topic."""
    found = []
    for place, name in enumerate(QUICK_DESIGNS if quick else tuple(designs.DESIGNS)):
        slow = len(designs.DESIGNS[name]) > 25
        nulls, studies = (100, 30) if quick else (200, 30) if slow else (600, 80)
        for number, (between, r) in enumerate(SPREADS):
            if not quick or number in (1, 2):
                found += power_rows(name, between, r, nulls, studies, 60_000 + 1000 * place + 10 * number)
    return found

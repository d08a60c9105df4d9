"""The rule for "shared" (scripts/stats/paired.py) by the number of patients: power for what all or most of them show.

Features of interest are one in ten of a table, the others don't change, as in tables of regulons or genes. (Where a
quarter of the features change in 85 % of the patients and a quarter in opposite directions, see topic paired.)
"""

from __future__ import annotations

import numpy as np

from calibration import designs
from calibration.row import AT_LEAST, AT_MOST, POWER, VERDICT, Row, clustered
from scripts.stats.paired import is_shared

SHARED = ("paired: shared", "* mrna")
LEVEL, EFFECT, BETWEEN, NOISE = 0.05, 1.2, 0.3, 0.4
SIZE, TABLE = 30, 300
ALL, MOST, HALF = "all patients change", "85 % of the patients change", "half of the patients rise, half fall"
LEAST = {
    8: {ALL: 0.97, MOST: 0.68},
    25: {ALL: 0.99, MOST: 0.80},
    100: {ALL: 0.995, MOST: 0.90},
}
"""Models → truth → power that the rule must have; no less with more patients."""
FALSE = 0.06
"""Largest share of features that may be called where half of the patients go either way."""


def called(n: int, truth: str, rng: np.random.Generator) -> np.ndarray:
    """Return which of the features of interest are called shared in one study of ``n`` models."""
    way = np.ones((n, SIZE))
    if truth == MOST:
        way = (rng.random((n, SIZE)) < 0.85).astype(float)
    elif truth == HALF:
        way[n // 2 :] = -1.0
    changes = np.zeros((n, TABLE))
    changes[:, :SIZE] = (way != 0) * (EFFECT * way + BETWEEN * rng.normal(size=way.shape))
    changes += NOISE * rng.normal(size=changes.shape)
    return is_shared(designs.summarise(changes), LEVEL).to_numpy()[:SIZE]


def rows(quick: bool) -> list[Row]:
    """Return the rates of this topic."""
    found = []
    for n, powers in LEAST.items():
        studies = 10 if quick else 40 if n == 100 else 100
        for number, truth in enumerate((*powers, HALF)):
            rng = np.random.default_rng([n, number, 43])
            hits = np.array([called(n, truth, rng).sum() for _ in range(studies)])
            about = f"{truth}, {EFFECT:g} ± {BETWEEN:g}, in {SIZE} of {TABLE} features; noise {NOISE:g}"
            quantity, level, bound = (POWER, powers[truth], AT_LEAST) if truth in powers else (VERDICT, FALSE, AT_MOST)
            found.append(Row(SHARED, f"{n} × (1+1)", about, quantity, level, **clustered(hits, SIZE), bound=bound))
    return found

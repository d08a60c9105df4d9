"""Markers: AUCs over left-out models, their interval, and the p-value over models of the whole procedure."""

from __future__ import annotations

import numpy as np

from calibration.row import COVERAGE, POWER, TYPE_1, Row
from scripts.markers import genes, panels
from scripts.stats.intervals import share_interval

PANELS = "markers/markers_panels.tsv"
N_GENES, SIZES, WAYS = 60, [1, 5], 39


def study(rng, n: int, replicates: tuple[int, int], *, differ: float, r: float, effect: float = 0.0) -> panels.Pairs:
    """Return untreated and persister samples of ``n`` models; changes differ by ``differ``, genes
    correlate by ``r``, and the first five rise by ``effect``.
    """
    rows = [(m, s) for m in range(n) for s, k in zip((-1.0, 1.0), replicates, strict=True) for _ in range(k)]
    model, state = np.array([m for m, _ in rows]), np.array([s for _, s in rows])
    noise = np.sqrt(r) * rng.normal(size=(len(rows), 1)) + np.sqrt(1 - r) * rng.normal(size=(len(rows), N_GENES))
    own = np.sqrt(r) * rng.normal(size=(n, 1)) + np.sqrt(1 - r) * rng.normal(size=(n, N_GENES))
    change = differ * own + effect * (np.arange(N_GENES) < 5)
    values = rng.normal(size=(n, N_GENES))[model] + 0.4 * noise + (state > 0)[:, None] * change[model]
    return panels.Pairs(values, state, model)


def p_rows(trials: int, seed: int) -> list[Row]:
    """Return how often the p-value is .05 or less without a shared change, and with one."""
    found = []
    pool = np.ones(N_GENES, dtype=bool)
    designs = ((3, (1, 1)), (5, (1, 1)), (8, (1, 1)), (8, (3, 3)), (4, (5, 1)), (25, (1, 1)))
    for number, (n, replicates) in enumerate(designs):
        for effect in (0.0, 1.5):
            rng = np.random.default_rng([seed, number, int(10 * effect)])
            runs = max(10, trials * 6 // n // (2 if effect else 1))
            p = [
                panels.permutation_p(
                    study(rng, n, replicates, differ=0.6, r=0.1, effect=effect), SIZES, pool, seed=i, n=WAYS
                )[0]
                for i in range(runs)
            ]
            few = "fewer than six models cannot reach .05" if n < 6 else ""
            truth = "five genes rise by 1.5 ± 0.6" if effect else "no shared change; models differ by sd 0.6, r = .1"
            quantity, bound = (POWER, "reported") if effect else (TYPE_1, "at most" if n < 6 else "around")
            found.append(
                Row(
                    (f"{PANELS} p",), f"{n} × ({replicates[0]}+{replicates[1]})", truth, quantity,
                    None if effect else 0.05, int(np.sum(np.array(p) <= 0.05)), runs, bound, few,
                )
            )  # fmt: skip
    return found


def interval_rows(trials: int, seed: int) -> list[Row]:
    """Return how often the interval of a mean AUC over models holds the true mean, also near 1."""
    found = []
    for n in (3, 5, 8, 25, 100):
        for name, truth, draw in (
            ("half", 0.5, lambda rng, size: (rng.random(size) < 0.5).astype(float)),
            ("0.95, each 0 or 1", 0.95, lambda rng, size: (rng.random(size) < 0.95).astype(float)),
            ("0.99, each 0 or 1", 0.99, lambda rng, size: (rng.random(size) < 0.99).astype(float)),
            ("0.9, each between 0 and 1", 0.9, lambda rng, size: rng.beta(9, 1, size)),
        ):
            means = draw(np.random.default_rng([seed, n, round(100 * truth)]), (trials, n)).mean(axis=1)
            ends = np.array([share_interval(mean, n) for mean in means])
            hits = int(((ends[:, 0] <= truth) & (truth <= ends[:, 1])).sum())
            columns = tuple(f"{t} {c}" for t, c in ((PANELS, "ci_low"), ("*", "across_low"), ("*", "auc_low")))
            note = "conservative: exact for AUCs of 0 and 1, too wide for those between"
            found.append(
                Row(columns, f"{n} × (1+1)", f"mean AUC {name}", COVERAGE, 0.95, hits, trials, "at least", note)
            )
    return found


def nested_rows(trials: int, seed: int) -> list[Row]:
    """Return how often the interval of panels judged in left-out models holds one half where no gene changes."""
    found = []
    pool = np.ones(N_GENES, dtype=bool)
    for n, replicates in ((3, (1, 1)), (5, (1, 1)), (8, (3, 3)), (25, (1, 1))):
        rng = np.random.default_rng([seed, n])
        runs = max(20, trials * 5 // n)
        within, across = [], []
        for _ in range(runs):
            pairs = study(rng, n, replicates, differ=0.6, r=0.1)
            row = panels.judge(pairs, panels.nested(pairs, SIZES, pool), None)
            for values, name in ((within, "auc"), (across, "auc_across")):
                low, high = share_interval(row[name], n)
                values.append(low <= 0.5 <= high)
        for column, held in ((f"{PANELS} ci_low", within), ("* across_low", across)):
            found.append(
                Row(
                    (column,), f"{n} × ({replicates[0]}+{replicates[1]})", "no shared change: true AUC 0.5",
                    COVERAGE, 0.95, int(np.sum(held)), runs, "at least", "panels learned in overlapping models",
                )
            )  # fmt: skip
    return found


def rank_rows(trials: int, seed: int) -> list[Row]:
    """Return how often an AUC at a rank lies above one half without markers: as often as below it."""
    rng = np.random.default_rng([seed, 1])
    pool = np.ones(N_GENES, dtype=bool)
    above = [genes.ranked_aucs(study(rng, 5, (1, 1), differ=0.6, r=0.1), pool, 1)[0] > 0.5 for _ in range(trials)]
    truth = "no shared change: AUC of the first rank is above 0.5 in half of the studies"
    return [Row(("markers/markers.tsv auc_at_rank",), "5 × (1+1)", truth, TYPE_1, 0.5, sum(above), trials)]


def rows(quick: bool) -> list[Row]:
    """Return the rows of the markers; ``quick``: fewer trials."""
    return [
        *p_rows(12 if quick else 150, 1),
        *interval_rows(500 if quick else 5000, 2),
        *nested_rows(40 if quick else 300, 3),
        *rank_rows(100 if quick else 1000, 4),
    ]

"""Biopsies: intervals of a new patient's fraction, position and switches, and what is called unusual.

Every trial draws the training models and the new patient again: coverage is that over patients. Regulons are given, as
in production they are learned from all training models and not from the patient.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from calibration.row import COVERAGE, VERDICT, Row
from scripts.biopsy import describe, discriminant, drift, fraction, profile
from scripts.stats.intervals import position_interval

SCORES = "biopsy/*/scores.tsv"
LOW, CALL = (f"{SCORES} low", f"{SCORES} high"), (f"{SCORES} call",)
STATES = ("untreated", "persister")
N_SETS, CELLS, MARKED = 5, 150, 0.8
N_GENES, N_CHANGED = 400, 80


@dataclass(frozen=True)
class Scored:
    """A new patient's estimated fraction, its interval as printed, and whether checks withhold it."""

    low: float
    high: float
    withheld: bool


def fraction_of(rng, n: int, differ: float, share: float, other: float = 0.0) -> Scored:
    """Return what is said of a new patient of ``share`` persister cells; learned from ``n`` models.

    ``other``: share of normal cells among those scored. They resemble persisters, as the worst may do, and
    :data:`MARKED` of them show a marker of their lineage.
    """
    start, way = rng.normal(0, differ, (n + 1, N_SETS)), 1.5 + rng.normal(0, differ, (n + 1, N_SETS))
    training = [start[m] + state * way[m] + rng.normal(size=(CELLS, N_SETS)) for m in range(n) for state in (0, 1)]
    names = [f"set {i}" for i in range(N_SETS)]
    features = pd.DataFrame(np.vstack(training), columns=names)
    labels = pd.DataFrame(
        [(f"m{m}", state) for m in range(n) for state in STATES for _ in range(CELLS)], columns=["model", "timepoint"]
    )
    rule = discriminant.learn(features, labels, STATES)
    groups = fraction.groups_of_states(rule.score(features), discriminant.groups(labels, STATES), STATES)
    on = (rng.random(CELLS) < share)[:, None]
    values = start[n] + on * way[n] + rng.normal(size=(CELLS, N_SETS))
    shifts = discriminant.shifts(features, labels, STATES).to_numpy()
    summary, withheld = {"composition": "tumour" if other else "xenograft", "cells_host": CELLS}, False
    if other:
        normal = rng.random(CELLS) < other
        values[normal] = (start[n] + way[n] + rng.normal(size=(CELLS, N_SETS)))[normal]
        marked = np.where(normal & (rng.random(CELLS) < MARKED), "immune", "").astype(object)
        far, of_models = drift.far_cells(features, labels, pd.DataFrame(values, columns=names))
        checks = [drift.check_composition(marked, summary), drift.check_far_cells(float(far.mean()), of_models)]
        withheld = bool(drift.unreliable(checks))
    biopsy = pd.DataFrame(values, columns=names)
    found = fraction.estimate(rule.score(biopsy), fraction.learn_states(groups), shifts, 0.95)
    return Scored(*fraction.widened(found, drift.unnoticed(summary)), withheld)


def fraction_rows(quick: bool, seed: int) -> list[Row]:
    """Return how often the interval of the fraction holds it."""
    found = []
    for n in (3, 8) if quick else (3, 5, 8, 25):
        for differ, share in ((0.6, 0.2), (0.6, 1.0)) if quick else ((0.3, 0.0), (0.6, 0.2), (0.6, 1.0)):
            runs = 8 if quick else 25 if n == 25 else 45
            rng = np.random.default_rng([seed, n, round(100 * share), round(100 * differ)])
            ends = [fraction_of(rng, n, differ, share) for _ in range(runs)]
            hits = sum(e.low - 1e-9 <= share <= e.high + 1e-9 for e in ends)
            truth = f"fraction {share:g}; patients differ by sd {differ}"
            note = "conservative: prior of the shifts with n - 2 degrees of freedom"
            found.append(Row(LOW, f"{n} × (1+1)", truth, COVERAGE, 0.95, hits, runs, "at least", note))
    return found


def foreign_rows(quick: bool, seed: int) -> list[Row]:
    """Return how often the interval holds the fraction with normal cells among those scored, where it is printed."""
    found = []
    for n in (3,) if quick else (3, 8):
        for other, share in ((0.05, 0.0),) if quick else ((0.05, 0.0), (0.05, 0.2), (0.1, 0.0)):
            runs = 8 if quick else 25 if other < 0.1 else 30
            rng = np.random.default_rng([seed, n, round(100 * share), round(100 * other)])
            ends = [fraction_of(rng, n, 0.6, share, other) for _ in range(runs)]
            printed = [e for e in ends if not e.withheld]
            hits = sum(e.low - 1e-9 <= share <= e.high + 1e-9 for e in printed)
            truth = (
                f"fraction {share:g}; {other:g} of the cells normal, similar to persisters; patients differ by sd 0.6"
            )
            note = f"where it is printed: in {len(printed)} of {runs}; conservative: wider by {drift.OTHERS_CAUTION:g}"
            if len(printed) >= 5:
                found.append(Row(LOW, f"{n} × (1+1)", truth, COVERAGE, 0.95, hits, len(printed), "at least", note))
            truth = f"{other:g} of the cells normal, {MARKED:g} of these with a marker"
            hidden = ("biopsy/*/scores.tsv: unreliable", *CALL)
            found.append(Row(hidden, f"{n} × (1+1)", truth, VERDICT, None, runs - len(printed), runs, "reported"))
    return found


def position_rows(trials: int, seed: int) -> list[Row]:
    """Return how often the interval of a position holds it, where it is given."""
    found = []
    for n in (3, 5, 8, 25, 100):
        for true in (0.0, 0.5, 1.0):
            rng = np.random.default_rng([seed, n, round(10 * true)])
            hits = given = 0
            for _ in range(trials):
                low = rng.normal(0, 0.1, n + 1)
                high = 1 + 0.5 * low + rng.normal(0, 0.1, n + 1)
                ends = position_interval((1 - true) * low[0] + true * high[0], low[1:], high[1:], 0.95)
                given += np.isfinite(ends[0])
                hits += ends[0] <= true <= ends[1]
            truth = f"position {true:g}; patients differ by sd 0.1 of the way"
            found.append(Row(LOW, f"{n} × (1+1)", truth, COVERAGE, 0.95, hits, int(given), note="where it is given"))
    return found


def best_genes(change: np.ndarray, names: list[str]) -> pd.DataFrame:
    """Return a signature of 30 genes each way, by t of the models' changes (models × genes)."""
    t = change.mean(axis=0) / (change.std(axis=0, ddof=1) + 0.2)
    order = np.argsort(t)
    chosen = [names[i] for i in [*order[:30], *order[-30:]]]
    return pd.DataFrame({"gene": chosen, "direction": ["down"] * 30 + ["up"] * 30})


def positions_of(rng, n: int, effect: float) -> dict[float, profile.Position]:
    """Return the positions of a new patient's two profiles (0 and 1), with signatures learned from ``n`` models."""
    names = [f"g{i}" for i in range(N_GENES)]
    number = np.arange(N_GENES)
    shared = np.where(number < N_CHANGED, np.where(number % 2, effect, -effect), 0.0)
    start = 3 * rng.normal(size=N_GENES) + rng.normal(0, 0.5, (n + 1, N_GENES))
    after = start + shared + rng.normal(0, 0.5, (n + 1, N_GENES))
    change = (after - start)[:n]
    signature = best_genes(change, names)
    left_out = [best_genes(np.delete(change, m, axis=0), names).assign(left_out=f"m{m}") for m in range(n)]
    labels = pd.DataFrame(
        [(f"m{m}", state, "bulk") for state in STATES for m in range(n)], columns=["model", "timepoint", "platform"]
    )
    training = pd.DataFrame(np.vstack([start[:n], after[:n]]), columns=names)
    known = profile.left_out_scores(training, signature, pd.concat(left_out), labels["model"])
    new = profile.signature_scores(pd.DataFrame([start[n], after[n]], columns=names), signature)
    return {
        true: profile.place(float(score), known, labels, STATES, bulk=True, level=0.95)
        for true, score in zip((0.0, 1.0), new, strict=True)
    }


def learned_rows(
    trials: int, seed: int, designs=((3, 1.0), (5, 1.0), (5, 0.5), (8, 1.0), (8, 0.5), (25, 0.5))
) -> list[Row]:
    """Return how often the interval of a position holds it in profiles of genes, whose signature was learned.

    ``designs``: models, and the change of the genes that change (log2; models differ by sd 0.7).
    """
    found = []
    for n, effect in designs:
        rng = np.random.default_rng([seed, n, int(10 * effect)])
        runs = max(10, trials * 5 // max(n, 5))
        drawn = [positions_of(rng, n, effect) for _ in range(runs)]
        for true in (0.0, 1.0):
            given = [places[true] for places in drawn if np.isfinite(places[true].low)]
            hits = sum(place.low <= true <= place.high for place in given)
            truth = f"position {true:g}; {N_CHANGED} of {N_GENES} genes change by {effect:g}, the signature is learned"
            note = "conservative: where it is given; training is scored by signatures of one model fewer"
            found.append(Row(LOW, f"{n} × (1+1)", truth, COVERAGE, 0.95, hits, len(given), "at least", note))
    return found


def call_rows(trials: int, seed: int) -> list[Row]:
    """Return how often an untreated new patient is called other than untreated, or its sample unusual."""
    found = []
    for n in (3, 5, 8, 25, 100):
        rng = np.random.default_rng([seed, n])
        values = rng.normal(0.3, 0.05, (trials, n + 1))
        calls = [describe.compare("", row[0], row[1:], row[1:], 0.95)[-1] for row in values]
        hits = sum(call != "as untreated" for call in calls)
        about = f"{SCORES}: above or below untreated"
        found.append(Row((about, *CALL), f"{n} × (1+1)", "an untreated new patient", VERDICT, 0.05, hits, trials))
        far = rng.lognormal(-2, 0.3, (trials, n + 1))
        verdicts = [drift.check_expression(row[0], pd.Series(row[1:])).verdict for row in far]
        for verdict, level in ((drift.CAUTION, 0.04), (drift.OUT, 0.01)):
            hits = verdicts.count(verdict)
            truth = "a new patient like those of training"
            found.append(Row((f"{SCORES}: {verdict}", *CALL), f"{n} × (1+1)", truth, VERDICT, level, hits, trials))
    return found


def rows(quick: bool) -> list[Row]:
    """Return the rows of biopsies; ``quick``: fewer trials."""
    return [
        *fraction_rows(quick, 1),
        *foreign_rows(quick, 5),
        *position_rows(200 if quick else 4000, 2),
        *learned_rows(10 if quick else 100, 3),
        *call_rows(300 if quick else 4000, 4),
    ]

"""Rates of p-values, intervals and verdicts on clusters that models have in common, the clustering included.

Cells of a model have three kinds of resting cells, two of which are small. All treated cells express a programme,
treated samples have fewer cells and fewer molecules, and the kinds' shares differ between models, samples and the
models' changes.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy import sparse, special

from calibration.row import AROUND, AT_MOST, COVERAGE, POWER, REPORTED, TYPE_1, VERDICT, Row, clustered
from scripts.growth import common, verdicts

LEVEL = 0.05
C = "growth/common_changes.tsv"
INTERVAL = (f"{C} ci_low", f"{C} ci_high")
GENES, MARKERS = 150, 15
GAIN = 1.5
"""Natural log of the increase of a kind's markers."""
KINDS = {"A": 0.15, "B": 0.25}
"""Kinds of cells with markers, and their shares of untreated cells; the others have none."""
DESIGN = {"u": (120, 900.0), "p": (80, 400.0)}
"""Timepoint → cells of a sample, and their median UMIs."""
EFFECTS = (1.2, 2.5)
"""Natural log of the factor by which the odds of kind A rise. By the greater most treated cells become of that kind."""
CONTRAST = {"baseline": "u", "persister": "p", "relapse": None, "further": []}
SETTINGS = {
    "n_top_genes": GENES, "n_pcs": 10, "n_neighbors": 15, "resolutions": [0.1, 0.3, 0.6], "subsamples": 4,
    "subsample_fraction": 0.8, "min_stability": 0.6, "min_cells": 50, "seed": 0,
}  # fmt: skip


def draw_study(rng: np.random.Generator, models: int, effect: float) -> tuple[common.Sampled, np.ndarray]:
    """Return the cells of a study, and the kind of each. ``effect``: natural log odds by which kind A grows."""
    level = rng.lognormal(0, 1, GENES)
    parts, labels, kinds = [], [], []
    for model in range(models):
        own = level * rng.lognormal(0, 0.4, GENES)
        base = {kind: special.logit(share) + rng.normal(0, 0.4) for kind, share in KINDS.items()}
        for timepoint, (n, depth) in DESIGN.items():
            treated = timepoint == "p"
            odds = {kind: base[kind] + rng.normal(0, 0.3) + effect * (treated and kind == "A") for kind in KINDS}
            is_a = rng.random(n) < special.expit(odds["A"])
            kind = np.where(is_a, "A", np.where(rng.random(n) < special.expit(odds["B"]), "B", ""))
            rate = np.tile(own, (n, 1))
            for number, name in enumerate(KINDS):
                markers = slice(number * MARKERS, (number + 1) * MARKERS)
                rate[:, markers] *= np.exp(GAIN * (kind == name))[:, None]
            if treated:
                rate[:, -2 * MARKERS :] *= np.exp(0.8)
            rate *= (depth * rng.lognormal(0, 0.35, n) / rate.sum(axis=1))[:, None]
            parts.append(sparse.csr_matrix(rng.poisson(rate).astype(np.int32)))
            labels += [(f"m{model}{timepoint}", f"m{model}", timepoint, timepoint)] * n
            kinds.append(kind)
    table = pd.DataFrame(labels, columns=["sample", "model", "timepoint", "arm"])
    genes = pd.Index([f"g{number}" for number in range(GENES)])
    cells = common.Sampled(sparse.vstack(parts).tocsr(), genes, np.ones(GENES, dtype=bool), table)
    return cells, np.concatenate(kinds)


def compare(rng: np.random.Generator, models: int, effect: float) -> tuple[pd.DataFrame, str]:
    """Return common_changes.tsv of a study, and the cluster that most of kind A are in (empty if mostly others are)."""
    cells, kind = draw_study(rng, models, effect)
    found, _ = common.find(cells, CONTRAST["baseline"], SETTINGS)
    cluster = common.join_rare(found.labels, cells.labels, common.LEAST)
    changes = common.compare(common.count(cells.labels.assign(cluster=cluster), 20), CONTRAST, LEVEL)
    share = pd.crosstab(cluster, kind, normalize="index")["A"]
    return changes.set_index("cluster"), share.idxmax() if share.max() > 0.5 else ""


def rows_of(models: int, studies: int) -> list[Row]:
    """Return the rates with a number of models, without a change and with a kind of cells that grows."""
    cells = " and ".join(f"{n} cells of {depth:,.0f} UMIs" for n, depth in DESIGN.values())
    design = f"{models} × (1+1), {cells}"
    rng = np.random.default_rng([1, models])
    hits, covered, n, called, undivided = [], [], [], 0, 0
    for _ in range(studies):
        found, _ = compare(rng, models, 0.0)
        undivided += not len(found)
        hits.append(int((found["p"] <= LEVEL).sum()))
        covered.append(int(((found["ci_low"] <= 0) & (found["ci_high"] >= 0)).sum()))
        n.append(int(found["p"].notna().sum()))
        called += found["verdict"].isin([verdicts.GROWS.name, verdicts.SHRINKS.name]).any()
    truth = "no kind of cells changes its share; all treated cells express a programme"
    note = f"one cluster in {undivided} studies" if undivided else ""
    found = [
        Row(
            (f"{C} p",), design, truth, TYPE_1, LEVEL, **clustered(np.array(hits), np.array(n)), bound=AROUND, note=note
        ),
        Row(INTERVAL, design, truth, COVERAGE, 0.95, **clustered(np.array(covered), np.array(n)), bound=AROUND),
    ]
    what = (f"{C} verdict", f"clusters: {verdicts.GROWS.name}", f"clusters: {verdicts.SHRINKS.name}", f"{C} fdr")
    found.append(Row(what, design, f"{truth}; any cluster", VERDICT, LEVEL, int(called), studies, AT_MOST))
    return [*found, *(row for effect in EFFECTS for row in grown_rows(models, effect, studies // 2))]


def grown_rows(models: int, effect: float, studies: int) -> list[Row]:
    """Return the rates with a kind of cells that grows: power, wrong verdicts and coverage of its cluster's change."""
    cells = " and ".join(f"{n} cells of {depth:,.0f} UMIs" for n, depth in DESIGN.values())
    design, rng = f"{models} × (1+1), {cells}", np.random.default_rng([4, models, int(10 * effect)])
    grows, wrong, inside, seen = 0, 0, 0, 0
    for _ in range(studies):
        changes, own = compare(rng, models, effect)
        shrinks = False
        if own in changes.index:
            row, seen = changes.loc[own], seen + 1
            true = effect / np.log(2) * (1 - 1 / len(changes))
            inside += bool(row["ci_low"] <= true <= row["ci_high"])
            grows += row["verdict"] == verdicts.GROWS.name
            shrinks = row["verdict"] == verdicts.SHRINKS.name
        others = changes.drop(index=own, errors="ignore")["verdict"]
        wrong += bool(shrinks or (others == verdicts.GROWS.name).any())
    truth = f"the odds of one kind of cells rise by a factor of {np.exp(effect):.1f}"
    power = (f"{C} verdict", f"clusters: {verdicts.GROWS.name}", f"{C} p")
    verdict = (f"{C} verdict", f"clusters: {verdicts.GROWS.name}", f"clusters: {verdicts.SHRINKS.name}")
    said = f"{truth}; its cluster, where one is found"
    return [
        Row(power, design, f"{truth}; its cluster", POWER, None, int(grows), studies, REPORTED),
        Row(verdict, design, f"{truth}; its cluster shrinks or another grows", VERDICT, LEVEL, wrong, studies, AT_MOST),
        Row(INTERVAL, design, said, COVERAGE, 0.95, inside, seen, AROUND),
    ]


def rows(quick: bool) -> list[Row]:
    """Return the rates of clusters that models have in common."""
    return [row for models in ((5,) if quick else (3, 5, 8)) for row in rows_of(models, 6 if quick else 200)]

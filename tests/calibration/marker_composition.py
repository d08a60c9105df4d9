"""Whether composition carries a marker (scripts/confounders/judge_markers.py), of markers chosen for a large change.

Also which genes are in no panel because of it (scripts/markers/composition.py).
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from calibration.row import (
    AT_LEAST,
    AT_MOST,
    COVERAGE,
    FALSE_DISCOVERIES,
    POWER,
    REPORTED,
    TYPE_1,
    VERDICT,
    Row,
    clustered,
)  # fmt: skip
from scripts.confounders.judge_markers import judge, markers_of
from scripts.confounders.tabulate_confounders import BEFORE
from scripts.confounders.verdicts import COMPOSITION, KEPT
from scripts.markers import panels
from scripts.markers.composition import Held
from scripts.stats.intervals import share_interval

LEVEL = 0.05
TABLE = "confounders/marker_composition.tsv"
P, FDR = (f"{TABLE} p",), (f"{TABLE} fdr",)
VERDICTS = (f"{TABLE} verdict", f"markers: {COMPOSITION.name}")
GENES, CHANGED, LISTED, EFFECT, BETWEEN, NOISE, WAYS = 400, 80, 40, 1.5, 0.4, 0.5, 2
"""Genes; those that change; the largest changes, which are listed; size, sd between models and of noise; ways."""

EXCLUDED = ("markers/markers.tsv excluded",)
PANEL, RISING, PANEL_GENES = 10, 30, 60
"""Genes of a panel; genes that rise; genes of a small study in which panels are learned many times."""


def study(rng: np.random.Generator, n: int, share: np.ndarray) -> pd.DataFrame:
    """Return verdicts on the listed markers of a study in which ``share`` of each gene's change remains, with ``true``.

    A gene's noise is the same before and after but for a fifth of its variance, as in the same cells. Only one of the
    ways holds composition rightly; by the other all remains.
    """
    names = [f"g{i}" for i in range(GENES)]
    moved = np.zeros((n, GENES))
    moved[:, :CHANGED] = EFFECT + BETWEEN * rng.normal(size=(n, CHANGED))
    noise = NOISE * rng.normal(size=(n, GENES))
    tables = {}
    for model in range(n):
        columns = {BEFORE: moved[model] + noise[model]}
        for way in range(WAYS):
            own = np.sqrt(0.8) * noise[model] + np.sqrt(0.2) * NOISE * rng.normal(size=GENES)
            columns[f"composition|way {way}"] = moved[model] * (1.0 if way else share) + own
        tables[f"m{model}"] = pd.DataFrame(columns).assign(feature=names, kind="gene")
    change = np.mean([table[BEFORE] for table in tables.values()], axis=0)
    chosen = np.argsort(-change)[:LISTED]
    listed = pd.DataFrame({"pool": "all", "gene": [names[i] for i in chosen], "direction": "up", "in_final": "no"})
    return judge(markers_of(listed), tables, LEVEL).assign(share=share[chosen])


def verdict_rows(quick: bool) -> list[Row]:
    """Return how often composition is said of markers of which half or all remains, and of those it carries."""
    found = []
    for n in (3, 5, 8):
        studies, design = (4 if quick else 40), f"{n} × (1+1)"
        for share in (KEPT, 1.0):
            rng = np.random.default_rng([n, int(10 * share)])
            tables = [study(rng, n, np.full(GENES, share)) for _ in range(studies)]
            truth = f"a share of {share:g} remains of all markers, listed for their large change"
            hits = clustered(np.array([(table["p"] <= LEVEL).sum() for table in tables]), LISTED)
            note = "conservative: chosen for a large change, and corrected for the ways of adjustment"
            found.append(Row(P, design, truth, TYPE_1, LEVEL, **hits, bound=AT_MOST, note=note))
            said = sum(bool((table["verdict"] == COMPOSITION.name).any()) for table in tables)
            found.append(Row(VERDICTS, design, f"{truth}; any", VERDICT, LEVEL, said, studies, AT_MOST))
        rng = np.random.default_rng([n, 99])
        share = np.where(np.arange(GENES) % 2, 0.0, 0.6)
        tables = [study(rng, n, share) for _ in range(studies)]
        truth = "nothing remains of every second marker, .6 of the others"
        called = [table["verdict"] == COMPOSITION.name for table in tables]
        wrong = [
            (own & (table["share"] > 0)).sum() / max(own.sum(), 1) for own, table in zip(called, tables, strict=True)
        ]
        found.append(Row(FDR, design, truth, FALSE_DISCOVERIES, LEVEL, **clustered(np.array(wrong), 1), bound=AT_MOST))
        right = np.array([(own & (table["share"] == 0)).sum() for own, table in zip(called, tables, strict=True)])
        number = np.array([(table["share"] == 0).sum() for table in tables])
        found.append(Row(VERDICTS, design, truth, POWER, None, **clustered(right, number), bound=REPORTED))
    return found


def panel_study(
    rng: np.random.Generator, n: int, share: np.ndarray, effect: float
) -> tuple[panels.Pairs, panels.Ranking]:
    """Return samples and cells of ``n`` models in which the first genes rise, with the ranking by all of them.

    ``share``: of each gene's change what remains at constant composition, by one way; by the other all does. Samples
    and cells share the change and half of the variance of the noise.
    """
    genes = len(share)
    change = BETWEEN * rng.normal(size=(n, genes)) + effect * (np.arange(genes) < RISING)
    noise = np.sqrt(0.5) * NOISE * rng.normal(size=(4, n, genes))
    before = change + noise[0] + noise[1]
    after = share * change + noise[0] + np.sqrt(0.6) * noise[1] + np.sqrt(0.4) * noise[2]
    values = np.concatenate([np.zeros((n, genes)), change + noise[0] + noise[3]])
    values += 0.3 * np.tile(rng.normal(size=(n, genes)), (2, 1))
    model, state = np.tile(np.arange(n), 2), np.repeat([-1.0, 1.0], n)
    pairs = panels.Pairs(values, state, model, Held(before, (after, before), LEVEL, tested=50))
    return pairs, panels.learn(*panels.state_means(pairs))


def exclusion_rows(quick: bool) -> list[Row]:
    """Return how often a gene of which half, all or nothing remains is in no panel, by the models that chose it."""
    found = []
    every = np.ones(GENES, dtype=bool)
    note = "conservative: chosen for a large change, and corrected for the ways of adjustment"
    for n in (3, 4, 7):
        studies, design = (4 if quick else 100), f"{n} × (1+1)"
        for share in (KEPT, 1.0, 0.0):
            rng = np.random.default_rng([n, int(10 * share), 3])
            own = np.full(GENES, share) if share else np.where(np.arange(GENES) % 5, 1.0, 0.0)
            excluded, listed = [], []
            for _ in range(studies):
                pairs, ranking = panel_study(rng, n, own, EFFECT)
                best = ranking.order[:PANEL]
                judged = best[own[best] == share]
                excluded.append((~panels.eligible(pairs, ranking, np.ones(n, dtype=bool), every)[judged]).sum())
                listed.append(len(judged))
            if share:
                truth = f"a share of {share:g} remains of the {PANEL} genes that these models rank first"
                hits = clustered(np.array(excluded), PANEL)
                found.append(Row(EXCLUDED, design, truth, VERDICT, LEVEL, **hits, bound=AT_MOST, note=note))
            else:
                truth = f"nothing remains of every fifth gene, all of the others; those among the first {PANEL}"
                hits = clustered(np.array(excluded), np.array(listed))
                found.append(Row(EXCLUDED, design, truth, POWER, None, **hits, bound=REPORTED))
    return found


def panel_rows(quick: bool) -> list[Row]:
    """Return the error of a panel's p-value and the coverage of its AUC's interval, where genes are excluded in each
    fold and in each permutation: no gene changes in all models, and nothing remains of every second at constant
    composition.
    """
    found, n, studies = [], 8, (8 if quick else 250)
    pool = np.ones(PANEL_GENES, dtype=bool)
    share = np.where(np.arange(PANEL_GENES) % 2, 0.0, 1.0)
    rng = np.random.default_rng([n, 7])
    low, within = 0, 0
    for seed in range(studies):
        pairs, _ = panel_study(rng, n, share, 0.0)
        low += panels.permutation_p(pairs, [1, 5], pool, seed=seed, n=19)[0] <= LEVEL
        area = panels.judge(pairs, panels.nested(pairs, [1, 5], pool), None)["auc_across"]
        ends = share_interval(area, n)
        within += ends[0] <= 0.5 <= ends[1]
    truth = "no shared change; nothing remains of every second gene at constant composition"
    panel = "markers/markers_panels.tsv"
    found.append(Row((f"{panel} p",), f"{n} × (1+1)", truth, TYPE_1, LEVEL, int(low), studies))
    ends = tuple(f"{panel} across_{end}" for end in ("low", "high"))
    note = "conservative: patients count as if each were all right or all wrong"
    found.append(Row(ends, f"{n} × (1+1)", truth, COVERAGE, 0.95, int(within), studies, AT_LEAST, note))
    return found


def rows(quick: bool) -> list[Row]:
    """Return the rows of verdicts on markers, of the exclusion from panels, and of panels with genes excluded."""
    return [*verdict_rows(quick), *exclusion_rows(quick), *panel_rows(quick)]

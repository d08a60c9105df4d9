"""Whether composition carries a marker (scripts/confounders/judge_markers.py), of markers chosen for a large change."""

from __future__ import annotations

import numpy as np
import pandas as pd

from calibration.row import AT_MOST, FALSE_DISCOVERIES, POWER, REPORTED, TYPE_1, VERDICT, Row, clustered
from scripts.confounders.judge_markers import judge, markers_of
from scripts.confounders.tabulate_confounders import BEFORE
from scripts.confounders.verdicts import COMPOSITION, KEPT

LEVEL = 0.05
TABLE = "confounders/marker_composition.tsv"
P, FDR = (f"{TABLE} p",), (f"{TABLE} fdr",)
VERDICTS = (f"{TABLE} verdict", f"markers: {COMPOSITION.name}")
GENES, CHANGED, LISTED, EFFECT, BETWEEN, NOISE, WAYS = 400, 80, 40, 1.5, 0.4, 0.5, 2
"""Genes; those that change; the largest changes, which are listed; size, sd between models and of noise; ways."""


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


def rows(quick: bool) -> list[Row]:
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

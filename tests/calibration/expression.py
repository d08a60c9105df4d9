"""Calibration of the stage expression: genes and the score in models left out."""

from __future__ import annotations

import numpy as np
import pandas as pd

from calibration.row import COVERAGE, FALSE_DISCOVERIES, POWER, TYPE_1, Row
from scripts.expression import differential, left_out
from scripts.profiles.profiles import Profiles
from scripts.stats import voom

GENES = "expression/differential_expression.tsv"
SIZES = "expression/signature_sizes.tsv"
DESIGNS = {
    "3 × (1+1)": [(1, 1)] * 3,
    "5 × (1+1)": [(1, 1)] * 5,
    "8 × (1+1)": [(1, 1)] * 8,
    "25 × (1+1)": [(1, 1)] * 25,
    "100 × (1+1)": [(1, 1)] * 100,
    "8 × (3+3)": [(3, 3)] * 8,
    "4 × (5+1)": [(5, 1)] * 4,
    "the study's own": [*[(1, 1)] * 5, (3, 15), (8, 8), (7, 14)],
}
"""Untreated and treated samples of each model."""
CONTRAST = {"baseline": "untreated", "persister": "persister", "relapse": None}
SHIFT = 1.2


def study(
    rng: np.random.Generator, design: list[tuple[int, int]], between: float, n_genes: int, true: int = 0,
    depth: float = 1.0,
) -> Profiles:  # fmt: skip
    """Return profiles of a study in which patients change by own amounts (sd ``between``, log2), noise has an sd of 0.3
    and counts are Poisson; the first ``true`` genes shift in all, half of them down. ``depth``: of treated samples,
    relative to the others.
    """
    labels = [
        (f"P{i}", state, str(j))
        for i, counts in enumerate(design)
        for state, n in zip(("untreated", "persister"), counts, strict=True)
        for j in range(n)
    ]
    samples = pd.DataFrame(labels, columns=["model", "timepoint", "replicate"]).assign(arm="drug", platform="bulk")
    samples.index = samples["model"] + "_" + samples["timepoint"] + "_" + samples["replicate"]
    treated = (samples["timepoint"] == "persister").to_numpy()
    number = samples["model"].str[1:].astype(int).to_numpy()
    way = np.where(np.arange(n_genes) % 2, 1.0, -1.0) * (np.arange(n_genes) < true)
    own = rng.normal(0, between, (len(design), n_genes)) + SHIFT * way
    level = rng.normal(0, 1, n_genes) + rng.normal(0, 0.3, (len(samples), n_genes)) + treated[:, None] * own[number]
    mean = 200 * 2.0**level * np.where(treated, depth, 1.0)[:, None]
    counts = pd.DataFrame(rng.poisson(mean), samples.index, [f"g{i}" for i in range(n_genes)]).astype(float)
    size = counts.sum(axis=1)
    factors = voom.norm_factors(counts.to_numpy())
    samples = samples.assign(
        block=samples["model"], n_cells=np.nan, library_size=size, norm_factor=factors, effective_size=size * factors
    )
    values = voom.log_cpm(counts.to_numpy(), samples["effective_size"].to_numpy())
    return Profiles(counts, pd.DataFrame(values, counts.index, counts.columns), samples)


def genes_over_patients(quick: bool) -> list[Row]:
    """Return type I error and coverage of the headline, and its power and false discoveries."""
    found, n_genes = [], 400 if quick else 1500
    names = ["3 × (1+1)", "8 × (1+1)", "the study's own"] if quick else list(DESIGNS)
    pair = (CONTRAST["baseline"], CONTRAST["persister"])
    for name in names:
        for between in (0.3,) if quick else (0.0, 0.3, 0.6):
            for depth in (1.0,) if quick or between != 0.3 else (1.0, 0.3):
                rng = np.random.default_rng([len(DESIGNS[name]), int(10 * between), int(10 * depth)])
                null = pd.concat(_patients(rng, name, between, n_genes, 0, depth, pair) for _ in range(2))
                truth = f"no effect; patients differ by sd {between:g}"
                truth += f"; treated samples at {depth:g} of the depth" if depth < 1 else ""
                p, inside = null["p"].dropna(), (null["ci_low"] <= 0) & (null["ci_high"] >= 0)
                found.append(Row((f"{GENES} p",), name, truth, TYPE_1, 0.05, (p <= 0.05).sum(), len(p)))
                ends = (f"{GENES} ci_low", f"{GENES} ci_high")
                found.append(Row(ends, name, truth, COVERAGE, 0.95, inside.sum(), len(null)))
        rng = np.random.default_rng([len(DESIGNS[name]), 1])
        true = n_genes // 15
        table = pd.concat(_patients(rng, name, 0.3, n_genes, true, 1.0, pair) for _ in range(2))
        planted, called = np.tile(np.arange(n_genes) < true, 2), (table["fdr"] <= 0.05).to_numpy()
        truth = f"{true} of {n_genes} genes shift by {SHIFT} ± 0.3"
        column = (f"{GENES} fdr",)
        found.append(Row(column, name, truth, POWER, None, (called & planted).sum(), int(planted.sum()), "reported"))
        numbers = ((called & ~planted).sum(), int(called.sum()))
        found.append(Row(column, name, truth, FALSE_DISCOVERIES, 0.05, *numbers, "at most"))
    return found


def _patients(rng, name, between, n_genes, true, depth, pair) -> pd.DataFrame:
    data = study(rng, DESIGNS[name], between, n_genes, true, depth)
    return differential.over_patients(data, data.samples, pair, CONTRAST["baseline"])


def genes_in_tumours(quick: bool) -> list[Row]:
    """Return type I error of voom and limma where patients change alike, and, for comparison, where they don't."""
    found = []
    plans = [(name, between, 1.0) for name in DESIGNS for between in (0.0, 0.3)]
    plans += [("8 × (3+3)", 0.6, 1.0), ("8 × (3+3)", 0.0, 0.3)]
    for name, between, depth in [plan for plan in plans if plan[0] == "the study's own"] if quick else plans:
        rng = np.random.default_rng([7, len(DESIGNS[name]), int(10 * between)])
        data = study(rng, DESIGNS[name], between, 300 if quick else 1000, depth=depth)
        table = differential.compare(data, CONTRAST, arms=False)
        inside = (table["voom_ci_low"] <= 0) & (table["voom_ci_high"] >= 0)
        alike = between == 0
        truth = (
            "no effect; patients change alike" if alike else f"no effect on average; patients differ by sd {between:g}"
        )
        truth += f"; treated samples at {depth:g} of the depth" if depth < 1 else ""
        note = "" if alike else "speaks of these tumours, which do change; no claim on patients"
        bound = "around" if alike else "reported"
        hits = (table["voom_p"] <= 0.05).sum()
        columns = (f"{GENES} voom_p", f"{GENES} voom_fdr")
        found.append(Row(columns, name, truth, TYPE_1, 0.05 if alike else None, hits, len(table), bound, note))
        ends = (f"{GENES} voom_ci_low", f"{GENES} voom_ci_high")
        found.append(Row(ends, name, truth, COVERAGE, 0.95 if alike else None, inside.sum(), len(table), bound, note))
    return found


def score_left_out(quick: bool) -> list[Row]:
    """Return type I error and power of the score in models left out."""
    found, draws = [], 40 if quick else 60
    for n in (6,) if quick else (3, 5, 8, 12):
        for shift in (0.0, 0.5):
            rng, p = np.random.default_rng([n, int(10 * shift)]), []
            for seed in range(60 if quick else 300 if not shift else 60):
                common = np.repeat(rng.normal(size=(n, 10)), 20, axis=1)
                values = 0.4 * (np.sqrt(0.3) * common + np.sqrt(0.7) * rng.normal(size=(n, 200)))
                values[:, :40] += shift * np.where(np.arange(40) % 2, 1, -1)
                p.append(left_out.null_of(values, 15, seed, draws=draws).p)
            hits = int((np.array(p) <= 0.05).sum())
            truth = "no shared change; correlation between genes 0.3" if not shift else f"40 genes shift by {shift:g}"
            kind, level, bound = (TYPE_1, 0.05, "at most") if not shift else (POWER, None, "reported")
            note = "with flips p is a multiple of one over their number" if n < 9 else ""
            found.append(Row((f"{SIZES} p",), f"{n} × (1+1)", truth, kind, level, hits, len(p), bound, note))
    return found


def rows(quick: bool) -> list[Row]:
    """Return the rows of the stage."""
    return [
        *genes_over_patients(quick),
        *genes_in_tumours(quick),
        *score_left_out(quick),
    ]

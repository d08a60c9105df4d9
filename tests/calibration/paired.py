"""Changes over models (scripts/stats/paired.py): p, fdr, intervals, and the rule for "shared"."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd

from calibration import designs
from calibration.row import (
    AT_LEAST,
    AT_MOST,
    COVERAGE,
    FALSE_DISCOVERIES,
    FAMILY_WISE,
    POWER,
    REPORTED,
    TYPE_1,
    VERDICT,
    Row,
    clustered,
)  # fmt: skip
from scripts.stats.paired import is_shared

LEVEL = 0.05
P, FDR = ("* p",), ("* fdr", "* model_fdr", "* regulon_fdr")
LEAST, DIRECTION = ("* fdr_least",), ("* same_direction",)
INTERVAL = tuple(
    f"* {name}_{side}" for name in ("ci", "activity_change_sd", "mrna_ci", "outside_ci") for side in ("low", "high")
)
SHARED = ("paired: shared", "* mrna")
TRUE_SHARE, EFFECT = 0.1, 1.2
FEW = 12
"""Features of a small table: below :data:`scripts.stats.paired.MIN_MODERATED`."""
LEAST_EFFECT = 0.5
QUICK_DESIGNS = ("3 × (1+1)", "8 × (1+1)", designs.STUDY)
SPREADS = ((0.0, 0.0), (0.3, 0.0), (0.6, 0.0), (0.3, 0.3))
"""Standard deviation of effects between models, and correlation of features."""


def summaries(differences: np.ndarray, least: float = 0.0) -> list[pd.DataFrame]:
    """Return the summary of each study (studies × models × features)."""
    return [designs.summarise(own, least) for own in differences]


def count(tables: list[pd.DataFrame], hit: Callable[[pd.DataFrame], pd.Series]) -> dict[str, float]:
    """Return hits, trials and error over the features of all studies."""
    hits = [hit(table) for table in tables]
    return clustered(np.array([own.sum() for own in hits]), np.array([len(own) for own in hits]))


def any_of(tables: list[pd.DataFrame], hit: Callable[[pd.DataFrame], pd.Series]) -> dict[str, float]:
    """Return the number of studies with one hit or more, and of studies."""
    return {"hits": float(sum(bool(hit(table).any()) for table in tables)), "trials": len(tables)}


def words(between: float, r: float) -> str:
    """Return how effects differ between patients, in words."""
    text = f"patients differ by sd {between:g}" if between else "patients alike"
    return text + (f", features correlate by {r:g}" if r else "")


def null_rows(name: str, between: float, r: float, studies: int, features: int, seed: int) -> list[Row]:
    """Return the error rates where no feature changes on average."""
    rng = np.random.default_rng(seed)
    draws = designs.draw_differences(
        designs.DESIGNS[name], rng, studies=studies, features=features, between=between, r=r
    )
    tables = summaries(draws)
    truth = f"no effect in {features} features; {words(between, r)}"
    return [
        Row(P, name, truth, TYPE_1, LEVEL, **count(tables, lambda t: t["p"] <= LEVEL)),
        Row(FDR, name, truth, FAMILY_WISE, LEVEL, **any_of(tables, lambda t: t["fdr"] <= LEVEL), bound=AT_MOST),
        Row(SHARED, name, truth, FAMILY_WISE, LEVEL, **any_of(tables, lambda t: is_shared(t, LEVEL)), bound=AT_MOST),
    ]


def effect_rows(name: str, between: float, r: float, studies: int, seed: int) -> list[Row]:
    """Return coverage, false discoveries and power of the rule for "shared" where one feature in ten changes."""
    rng = np.random.default_rng(seed)
    n_true = round(TRUE_SHARE * designs.FEATURES)
    effect = np.zeros(designs.FEATURES)
    effect[:n_true] = np.where(np.arange(n_true) % 2, -EFFECT, EFFECT)
    draws = designs.draw_differences(designs.DESIGNS[name], rng, studies=studies, between=between, effect=effect, r=r)
    tables = summaries(draws)
    truth = f"{EFFECT:g} log2 in {n_true} of {len(effect)} features; {words(between, r)}"
    covered = count(tables, lambda t: (t["ci_low"] <= effect) & (effect <= t["ci_high"]))
    rows = [Row(INTERVAL, name, truth, COVERAGE, 1 - LEVEL, **covered)]
    for columns, rule in ((FDR, lambda t: t["fdr"] <= LEVEL), (SHARED, lambda t: is_shared(t, LEVEL))):
        called = np.array([rule(table).to_numpy() for table in tables])
        share = called[:, n_true:].sum(axis=1) / np.maximum(called.sum(axis=1), 1)
        rows.append(Row(columns, name, truth, FALSE_DISCOVERIES, LEVEL, **clustered(share, 1), bound=AT_MOST))
        found = called[:, :n_true].sum(axis=1)
        if columns is SHARED:
            rows.append(Row(columns, name, truth, POWER, None, **clustered(found, n_true), bound=REPORTED))
    return rows


def least_rows(name: str, between: float, studies: int, seed: int) -> list[Row]:
    """Return how often an effect that is exactly the least one is called larger."""
    rng = np.random.default_rng(seed)
    draws = designs.draw_differences(designs.DESIGNS[name], rng, studies=studies, between=between, effect=LEAST_EFFECT)
    found = any_of(summaries(draws, LEAST_EFFECT), lambda t: t["fdr_least"] <= LEVEL)
    truth = f"all features change by the least effect ({LEAST_EFFECT:g}); {words(between, 0)}"
    return [Row(LEAST, name, truth, FAMILY_WISE, LEVEL, **found, bound=AT_MOST)]


def direction_rows(name: str, between: float, studies: int, seed: int) -> list[Row]:
    """Return how often one more patient goes the way that the study says, where it is ≥ .9 sure."""
    rng = np.random.default_rng(seed)
    design = [*designs.DESIGNS[name], (1, 1)]
    effect = rng.normal(0, 1, designs.FEATURES)
    draws = designs.draw_differences(design, rng, studies=studies, between=between, effect=effect)
    hits, trials = [], []
    for own in draws:
        table = designs.summarise(own[:-1])
        sure = (table["same_direction"] >= 0.9).to_numpy()
        hits.append((sure & (np.sign(own[-1]) == np.sign(table["effect"].to_numpy()))).sum())
        trials.append(sure.sum())
    truth = f"effects differ between features by sd 1; {words(between, 0)}; features with P ≥ .9"
    found = clustered(np.array(hits), np.array(trials))
    return [Row(DIRECTION, name, truth, VERDICT, 0.9, **found, bound=AT_LEAST, note="share of new patients that agree")]


def shared_rows(n: int, studies: int, seed: int) -> list[Row]:
    """Return how often the rule for "shared" calls what all, most, half or none of the patients show."""
    rng = np.random.default_rng(seed)
    name, size = f"{n} × (1+1)", 75
    signs = np.ones((3, n, size))
    signs[1] = rng.random((n, size)) < 0.85
    signs[2, n // 2 :] = -1
    effect = np.concatenate([*(EFFECT * signs), np.zeros((n, size))], axis=1)
    present = np.concatenate([*(signs != 0), np.zeros((n, size))], axis=1)
    tables = []
    for _ in range(studies):
        own = effect + present * rng.normal(0, 0.3, effect.shape) + rng.normal(0, 0.4, effect.shape)
        tables.append(is_shared(designs.summarise(own), LEVEL).to_numpy().reshape(4, size).sum(axis=1))
    called = np.array(tables)
    truths = (
        "all patients change, 1.2 ± 0.3",
        "85 % of the patients change",
        "half up, half down",
        "no patient changes",
    )
    rows = []
    for number, truth in enumerate(truths):
        found = clustered(called[:, number], size)
        level, bound = (None, REPORTED) if number < 2 else (0.06, AT_MOST)
        rows.append(Row(SHARED, name, f"{truth}; noise 0.4", VERDICT, level, **found, bound=bound))
    return rows


def spread_rows(n: int, studies: int, seed: int) -> list[Row]:
    """Return how often a change is called shared that is alike in all patients, and small against what is measured."""
    rng = np.random.default_rng(seed)
    size, found = 75, []
    ratios = (1.0, 1.2, 1.4, 1.6)
    effect = np.repeat([*ratios, 0.0], size)
    tables = [
        is_shared(designs.summarise(effect + rng.normal(size=(n, len(effect)))), LEVEL).to_numpy()
        for _ in range(studies)
    ]
    called = np.array(tables).reshape(studies, len(ratios) + 1, size).sum(axis=2)
    for number, ratio in enumerate(ratios):
        truth = f"all patients change alike, by {ratio:g} spreads of what is measured"
        note = "P of the same direction is below .9, which many patients show" if ratio < 1.28 else ""
        found.append(
            Row(
                SHARED,
                f"{n} × (1+1)",
                truth,
                POWER,
                None,
                **clustered(called[:, number], size),
                bound=REPORTED,
                note=note,
            )
        )
    return found


def rows(quick: bool) -> list[Row]:
    """Return the rates of this topic."""
    found = []
    names = QUICK_DESIGNS if quick else tuple(designs.DESIGNS)
    for place, name in enumerate(names):
        for number, (between, r) in enumerate(SPREADS):
            if quick and number not in (1, 2):
                continue
            seed = 1000 * place + 10 * number
            slow = len(designs.DESIGNS[name]) > 25
            found += null_rows(name, between, r, 60 if quick else 100 if slow else 200, designs.FEATURES, seed)
            if not r or not quick:
                found += effect_rows(name, between, r, 40 if quick else 40 if slow else 80, seed + 1)
        found += least_rows(name, 0.3, 40 if quick else 60 if slow else 150, 1000 * place + 100)
        found += direction_rows(name, 0.6, 30 if quick else 60, 1000 * place + 200)
    for place, name in enumerate(("3 × (1+1)", "5 × (1+1)", "8 × (1+1)")):
        found += null_rows(name, 0.3, 0.0, 150 if quick else 500, FEW, 20_000 + place)
    for n in (8, 25) if quick else (8, 25, 100):
        found += shared_rows(n, 20 if quick else 60, 30_000 + n)
        found += spread_rows(n, 10 if quick else 60, 40_000 + n)
    return found

"""Several persister timepoints: the trend over days (scripts/stats/trends.py), with days that differ between models."""

from __future__ import annotations

import numpy as np
import pandas as pd

from calibration import designs
from calibration.row import AT_MOST, COVERAGE, FAMILY_WISE, POWER, REPORTED, TYPE_1, Row, clustered
from scripts.stats.paired import is_shared, over_arms, summarise
from scripts.stats.trends import persisters_of, slopes, with_days

LEVEL = 0.05
CONTRAST = {"baseline": designs.BASELINE, "persister": "d33", "further": ["d50", "d67"]}
TABLES = ("activity/persister_timepoints.tsv", "expression/persister_timepoints.tsv")
P, FDR = tuple(f"{table} p" for table in TABLES), tuple(f"{table} fdr" for table in TABLES)
INTERVAL = tuple(f"{table} ci_{side}" for table in TABLES for side in ("low", "high")) + tuple(
    f"{TABLES[0]} activity_change_sd_{side}" for side in ("low", "high")
)
DESIGNS = {
    "3 × days 33, 50, 67": [((33, 1), (50, 1), (67, 1))] * 3,
    "5 × days 33, 50, 67": [((33, 1), (50, 1), (67, 1))] * 5,
    "8 models, 2 or 3 of days 30–75, 1–3 tumours each": [
        ((33, 1), (50, 1), (67, 1)), ((30, 3), (55, 2)), ((33, 1), (67, 1)), ((40, 2), (50, 1), (75, 3)),
        ((33, 1), (50, 1)), ((35, 1), (48, 1), (70, 1)), ((50, 1), (67, 2)), ((33, 2), (52, 2), (67, 2)),
    ],
}  # fmt: skip
"""Name → (day, tumours) of each model's persisters, in order of the three timepoints."""
STEP, TRUE_SHARE, SLOPE = 1.0, 0.1, 1.5
"""Change against the baseline that all features have at once; share and slope of those with a trend."""


def sheet(design: list[tuple]) -> tuple[pd.DataFrame, dict[str, float]]:
    """Return the samples of a design (model, timepoint, arm; one untreated each), and the days of the treated ones."""
    rows, days = [], {}
    for model, times in enumerate(design):
        rows.append((f"m{model}_0", f"m{model}", designs.BASELINE, designs.BASELINE))
        for timepoint, (day, tumours) in zip(("d33", "d50", "d67"), times, strict=False):
            for number in range(tumours):
                rows.append((f"m{model}_{timepoint}_{number}", f"m{model}", timepoint, "drug"))
                days[rows[-1][0]] = float(day)
    return pd.DataFrame(rows, columns=["sample", "model", "timepoint", "arm"]).set_index("sample"), days


def trends_of(name: str, studies: int, features: int, between: float, slope: np.ndarray, seed: int) -> list:
    """Return the summaries of the trend of simulated studies.

    All features step up by :data:`STEP` at the first day, and rise by ``slope`` per doubling of the days, which differs
    between models by sd ``between``.
    """
    rng = np.random.default_rng(seed)
    samples, days = sheet(DESIGNS[name])
    model = samples["model"].str[1:].astype(int).to_numpy()
    log_day = np.log2(pd.Series(days).reindex(samples.index).to_numpy())
    treated = np.isfinite(log_day)
    rise = np.where(treated, log_day - np.log2(33), 0.0)[:, None]
    names, found = [f"f{i}" for i in range(features)], []
    for _ in range(studies):
        sd = designs.NOISE / np.sqrt(rng.chisquare(designs.PRIOR_DF, features) / designs.PRIOR_DF)
        own = slope + between * rng.normal(size=(len(DESIGNS[name]), features))
        values = treated[:, None] * STEP + rise * own[model] + sd * rng.normal(size=(len(samples), features))
        table = pd.DataFrame(values, samples.index, names)
        own = slopes(table, with_days(samples, days, persisters_of(CONTRAST)))
        found.append(summarise(over_arms(own), pd.Series(1.0, index=names)))
    return found


def count(tables: list[pd.DataFrame], hit) -> dict[str, float]:
    """Return hits, trials and error over the features of all studies."""
    hits = [hit(table) for table in tables]
    return clustered(np.array([own.sum() for own in hits]), np.array([len(own) for own in hits]))


def rows(quick: bool) -> list[Row]:
    """Return type I error, coverage, family-wise error and power of the trend."""
    studies, found = (20, []) if quick else (200, [])
    for number, name in enumerate(DESIGNS):
        for between in (0.3,) if quick else (0.0, 0.3):
            truth = f"a step at the first day, no trend; slopes of patients differ by sd {between:g}"
            null = trends_of(name, studies, designs.FEATURES, between, np.zeros(designs.FEATURES), 100 + number)
            any_of = [bool((table["fdr"] <= LEVEL).any()) for table in null]
            shared = [bool(is_shared(table, LEVEL).any()) for table in null]
            family = {"quantity": FAMILY_WISE, "level": LEVEL, "trials": studies, "bound": AT_MOST}
            found += [
                Row(P, name, truth, TYPE_1, LEVEL, **count(null, lambda t: t["p"] <= LEVEL)),
                Row(FDR, name, truth, hits=sum(any_of), **family),
                Row(("paired: shared",), name, truth, hits=sum(shared), **family),
            ]
        slope = np.zeros(designs.FEATURES)
        n_true = round(TRUE_SHARE * designs.FEATURES)
        slope[:n_true] = np.where(np.arange(n_true) % 2, -SLOPE, SLOPE)
        tables = trends_of(name, studies, designs.FEATURES, 0.3, slope, 200 + number)
        truth = f"slope {SLOPE:g} per doubling in {n_true} of {designs.FEATURES} features; patients differ by sd 0.3"
        covered = count(tables, lambda t, s=slope: (t["ci_low"].to_numpy() <= s) & (s <= t["ci_high"].to_numpy()))
        found.append(Row(INTERVAL, name, truth, COVERAGE, 1 - LEVEL, **covered))
        power = clustered(np.array([(t["fdr"] <= LEVEL).to_numpy()[:n_true].sum() for t in tables]), n_true)
        found.append(Row(FDR, name, truth, POWER, None, **power, bound=REPORTED))
    return found

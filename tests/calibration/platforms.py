"""Platforms compared between models (scripts/switches/checks.py, scripts/stats/between.py)."""

from __future__ import annotations

import numpy as np
import pandas as pd

from calibration.row import COVERAGE, FAMILY_WISE, POWER, TYPE_1, Row
from scripts.switches import checks

LEVEL = 0.05
FEATURES = 100
PRIOR_DF = 6
"""Degrees of freedom of the features' variances, which differ as an inverse chi-squared."""
P = ("* platform_p",)
FDR = ("* platform_fdr",)
INTERVAL = ("* platform_ci_low", "* platform_ci_high")
NOTE = "conservative: degrees of freedom are those of the smaller side, as tails need them"
DESIGNS = ((3, 3), (5, 3), (3, 8), (10, 15))


def draw(rng: np.random.Generator, first: int, second: int, ratio: float, gap: float) -> pd.DataFrame:
    """Return by regulon what is found. ``ratio``: spread of the second platform's models to that of the first's;
    ``gap``: difference of the platforms in the first tenth of the regulons.
    """
    names = [f"m{i}" for i in range(first + second)]
    sd = 1 / np.sqrt(rng.chisquare(PRIOR_DF, FEATURES) / PRIOR_DF)
    scale = np.repeat([1.0, ratio], [first, second])[:, None]
    values = rng.normal(size=FEATURES) + scale * sd * rng.normal(size=(first + second, FEATURES))
    values[:first, : FEATURES // 10] += gap
    changes = pd.DataFrame(values, names, [f"r{i}" for i in range(FEATURES)])
    platforms = pd.Series(["single-cell"] * first + ["bulk"] * second, index=names)
    return checks.by_platform(changes, platforms, pd.Series(1.0, index=changes.columns))


def rows(quick: bool) -> list[Row]:
    """Return the rates by design."""
    found, n = [], 30 if quick else 200
    for first, second in DESIGNS:
        design = f"{first} single-cell and {second} bulk models × (1+1)"
        for ratio in (1.0, 2.0):
            tables = [
                draw(np.random.default_rng([first, second, int(ratio), seed]), first, second, ratio, 0.0)
                for seed in range(n)
            ]
            hits = sum(int((table["platform_p"] <= LEVEL).sum()) for table in tables)
            inside = sum(int(((t["platform_ci_low"] <= 0) & (t["platform_ci_high"] >= 0)).sum()) for t in tables)
            any_called = sum(bool((table["platform_fdr"] <= LEVEL).any()) for table in tables)
            truth = f"platforms don't differ; models of bulk vary {ratio:g} times as much"
            found.append(Row(P, design, truth, TYPE_1, LEVEL, hits, n * FEATURES, "at most", NOTE))
            found.append(Row(INTERVAL, design, truth, COVERAGE, 0.95, inside, n * FEATURES, "at least", NOTE))
            found.append(Row(FDR, design, truth, FAMILY_WISE, LEVEL, any_called, n, "at most"))
        tables = [draw(np.random.default_rng([first, second, 9, seed]), first, second, 1.0, 4.0) for seed in range(n)]
        hits = sum(int((table["platform_fdr"].iloc[: FEATURES // 10] <= LEVEL).sum()) for table in tables)
        truth = "a tenth of the regulons differs by 4 sd between platforms"
        found.append(Row(FDR, design, truth, POWER, None, hits, n * FEATURES // 10, "reported"))
    return found

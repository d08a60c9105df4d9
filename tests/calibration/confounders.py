"""The programme's verdict, and shares that remain with a confounder adjusted for (scripts/confounders)."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd

from calibration.row import COVERAGE, POWER, TYPE_1, VERDICT, Row
from scripts.confounders import shares
from scripts.confounders.tabulate_confounders import signature_effects
from scripts.confounders.verdicts import ALONE, PROGRAMME
from scripts.expression import left_out

LEVEL = 0.05
GENES, SIZE, CHANGED = 200, 20, 40
"""Genes, those of the signature in each direction, and those that a programme moves in each direction."""
FACTORS = 4
"""Independent factors that make genes vary together over models."""
EFFECT, BETWEEN = 1.0, 0.3
"""Change of the programme's genes (log2, noise 1) and how it varies between models, as a share of itself."""
WAYS = (
    *("cell cycle", "cell cycle", "dissociation stress", "dissociation stress", "hypoxia", "hypoxia"),
    *("composition", "composition", "composition"),
)
"""Ways of adjustment, by the confounder that they are of."""
OTHERS = (1.0,) * (len(WAYS) - 2)
"""Shares that remain with any but the cell cycle held."""
P = ("confounders/programme_verdict.tsv p",)
VERDICT_COLUMN = "confounders/programme_verdict.tsv verdict"
SHARES = ("* share_low", "* share_high")
INTERVAL = ("confounders/confounders.tsv ci_low", "confounders/confounders.tsv ci_high")
STUDIES = {3: (12, 100), 5: (12, 100), 8: (12, 60), 25: (2, 12)}
"""Models → simulated studies, quick and whole."""


def noise(rng: np.random.Generator, n: int, r: float) -> np.ndarray:
    """Return changes without a programme (models × genes), of unit variance, with a mean squared correlation by r."""
    loadings = rng.normal(size=(FACTORS, GENES)) / np.sqrt(FACTORS)
    return np.sqrt(r) * rng.normal(size=(n, FACTORS)) @ loadings + np.sqrt(1 - r) * rng.normal(size=(n, GENES))


def programme(rng: np.random.Generator, n: int) -> np.ndarray:
    """Return the change that a programme makes, models × genes."""
    direction = np.zeros(GENES)
    direction[:CHANGED], direction[CHANGED : 2 * CHANGED] = 1.0, -1.0
    return EFFECT * (1 + BETWEEN * rng.normal(size=(n, 1))) * direction


def frame(values: np.ndarray) -> pd.DataFrame:
    """Return a table with names."""
    return pd.DataFrame(values, [f"m{i}" for i in range(len(values))], [f"g{i:03d}" for i in range(values.shape[1])])


def null_rows(n: int, studies: int, r: float, uneven: bool) -> list[Row]:
    """Return how often a programme is shown where there is none."""
    hits = 0
    for seed in range(studies):
        rng = np.random.default_rng([n, int(100 * r), uneven, seed])
        scale = np.linspace(0.5, 1.5, n)[:, None] if uneven else 1.0
        hits += left_out.null_of(noise(rng, n, r) * scale, SIZE, seed).p <= LEVEL
    # Models that differ in size are no rotations of one another: a model with large changes weighs most in all.
    truth = f"no programme; genes correlated, r {r:g}" + ("; models differ three-fold in spread" if uneven else "")
    bound = "at most" if uneven or n == 8 else "around"
    note = "rotations suppose equal spread; conservative else" if uneven else ""
    note = "steps of 1/128: 6/128 is the largest level below .05" if n == 8 else note
    return [Row(P, f"{n} × (1+1)", truth, TYPE_1, LEVEL, hits, studies, bound, note)]


def study(rng: np.random.Generator, n: int, remaining: tuple[float, ...]) -> tuple[pd.DataFrame, list[pd.DataFrame]]:
    """Return changes before and after each way of adjustment, of which a share of the programme remains on average."""
    moved, error = programme(rng, n), noise(rng, n, 0.1)
    after = []
    for share in remaining:
        own = share + 0.1 * rng.normal(size=(n, 1))
        after.append(frame(own * moved + np.sqrt(0.8) * error + np.sqrt(0.2) * noise(rng, n, 0.1)))
    return frame(moved + error), after


TRUTHS = {
    "a share of .8 remains without each confounder": (0.8,) * len(WAYS),
    "a share of .5 remains without each confounder": (0.5,) * len(WAYS),
    "nothing remains without the cell cycle": (0.0, 0.0, *OTHERS),
    "a share of .5 remains without the cell cycle, all without others": (0.5, 1.0, *OTHERS),
    "all remains": (1.0,) * len(WAYS),
}


def judged_rows(n: int, studies: int, truths: Iterable[str] = tuple(TRUTHS)) -> list[Row]:
    """Return verdicts where the shares that remain are known."""
    found = []
    design = f"{n} × (1+1)"
    for truth in truths:
        remaining, said = TRUTHS[truth], []
        for seed in range(studies):
            rng = np.random.default_rng([n, int(10 * sum(remaining)), seed])
            before, after = study(rng, n, remaining)
            pairs = [signature_effects(before, own, SIZE) for own in after]
            ways: dict[str, list] = {}
            for name, pair in zip(WAYS, pairs, strict=True):
                ways.setdefault(name, []).append(pair)
            p = left_out.null_of(before.to_numpy(), SIZE, seed).p
            verdict = shares.judge(pairs[0][0], p, shares.remaining_of(ways), fdr=LEVEL, contrast="c")
            said.append(verdict["verdict"])
        alone = sum(name in ALONE.values() for name in said)
        shown = sum(name == PROGRAMME.name for name in said)
        if remaining[0] >= 0.5:
            columns = (*(f"confounders: {name}" for name in ALONE.values()), VERDICT_COLUMN)
            if remaining[0] < 1:
                found.append(Row(columns, design, truth, VERDICT, LEVEL, alone, studies, "at most"))
        if truth.startswith("nothing"):
            columns = ("confounders: cell cycle alone", VERDICT_COLUMN)
            found.append(Row(columns, design, truth, POWER, None, alone, studies, "reported"))
        columns = (f"confounders: {PROGRAMME.name}", VERDICT_COLUMN)
        if remaining[0] == 0.5:
            found.append(Row(columns, design, truth, VERDICT, LEVEL, shown, studies, "at most"))
        elif remaining[0] >= 0.8:
            found.append(Row(columns, design, truth, POWER, None, shown, studies, "reported"))
    return found


def interval_rows(n: int, studies: int) -> list[Row]:
    """Return the coverage of what remains of a switch's change, whose models are independent."""
    covered = inside = given = 0
    for seed in range(studies):
        rng = np.random.default_rng([n, seed])
        before = rng.normal(2.0, 0.5, n)
        after = 0.6 * before + rng.normal(0, 0.3, n)
        found = shares.compare(pd.Series(before), pd.Series(after))
        inside += found["ci_low"] <= 0.6 * 2.0 <= found["ci_high"]
        given += np.isfinite(found["share_low"])
        covered += found["share_low"] <= 0.6 <= found["share_high"]
    design, truth = f"{n} × (1+1)", "a share of .6 remains of a switch's change of 2 ± 0.5"
    return [
        Row(SHARES, design, truth, COVERAGE, 0.95, covered, given),
        Row(INTERVAL, design, truth, COVERAGE, 0.95, inside, studies),
    ]


def rows(quick: bool) -> list[Row]:
    """Return the rates of the stage confounders."""
    found = []
    for n, (few, many) in STUDIES.items():
        studies = few if quick else many
        settings = {8: ((0.3, False), (0.0, False)), 25: ((0.3, False),)}.get(n, ((0.3, False), (0.1, True)))
        for r, uneven in settings[: 1 if quick else None]:
            found += null_rows(n, studies, r, uneven)
        found += interval_rows(n, 300 if quick else 2000)
        if n == 5 or not quick:
            found += judged_rows(n, studies // 4)
    return found

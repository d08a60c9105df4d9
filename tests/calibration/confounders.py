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
SHARES = ("confounders/confounders.tsv share_low", "confounders/confounders.tsv share_high")
INTERVAL = ("confounders/confounders.tsv ci_low", "confounders/confounders.tsv ci_high")
STUDIES = {3: (12, 160, 25), 5: (12, 160, 25), 8: (12, 80, 15), 25: (2, 24, 3)}
"""Models → simulated studies: quick and whole of the p-value, whole of the verdicts."""
DRAWS = 59
"""Flips or rotations of each study: three of sixty are .05. More of them change what one study gives, not the rate."""
SHARE, SPREAD = 0.6, 0.3
EFFECTS = {
    "alike, sd 0.25": lambda rng, shape: 1 + 0.25 * rng.normal(size=shape),
    "skewed, log-normal of sd 0.5": lambda rng, shape: rng.lognormal(-0.125, 0.5, shape),
    "skewed, gamma of shape 2": lambda rng, shape: rng.gamma(2, 0.5, shape),
}
"""How patients' effects before differ, relative to their mean."""
REMAIN = {
    "the same in all": lambda rng, shape: np.ones(shape),
    "log-normal of sd 0.5": lambda rng, shape: rng.lognormal(-0.125, 0.5, shape),
    "all in one patient of five, .5 in the others": lambda rng, shape: np.where(rng.random(shape) < 0.2, 1, 0.5) / 0.6,
    "none in one patient of four, .8 in the others": lambda rng, shape: (
        np.where(rng.random(shape) < 0.25, 0, 0.8) / 0.6
    ),
}
"""How the share that remains differs between patients, relative to its mean."""
NOT_PRINTED = ("confounders: share that remains, intervals that are not printed",)


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
        hits += left_out.null_of(noise(rng, n, r) * scale, SIZE, seed, DRAWS).p <= LEVEL
    # Models that differ in size are no rotations of one another: a model with large changes weighs most in all.
    truth = f"no programme; genes correlated, r {r:g}" + ("; models differ three-fold in spread" if uneven else "")
    bound = "at most" if uneven else "around"
    note = "rotations suppose equal spread; conservative else" if uneven else ""
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
            p = left_out.null_of(before.to_numpy(), SIZE, seed, DRAWS).p
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
    inside = 0
    for seed in range(studies):
        rng = np.random.default_rng([n, seed])
        before = rng.normal(2.0, 0.5, n)
        after = 0.6 * before + rng.normal(0, 0.3, n)
        found = shares.compare(pd.Series(before), pd.Series(after))
        inside += found["ci_low"] <= 0.6 * 2.0 <= found["ci_high"]
    truth = "a share of .6 remains of a switch's change of 2 ± 0.5"
    return [Row(INTERVAL, f"{n} × (1+1)", truth, COVERAGE, 0.95, inside, studies)]


def share_rows(n: int, studies: int) -> list[Row]:
    """Return the coverage of the share that remains; below the least number of models, where it would not be printed,
    for comparison.
    """
    found, least = [], shares.MIN_SHARE_INTERVAL
    for place, (effects, drawn) in enumerate(EFFECTS.items()):
        for number, (remain, left) in enumerate(REMAIN.items()):
            rng = np.random.default_rng([n, place, number, 44])
            before = 2 * drawn(rng, (studies, n))
            after = SHARE * left(rng, (studies, n)) * before + SPREAD * rng.normal(size=(studies, n))
            ends = np.array([shares.share_interval(x, y, 3)[1:] for x, y in zip(before, after, strict=True)])
            given = np.isfinite(ends[:, 0])
            hits = int(((ends[:, 0] <= SHARE) & (ends[:, 1] >= SHARE)).sum())
            truth = f"a share of {SHARE:g} remains, {remain}; effects {effects}"
            printed = n >= least
            what, level, bound = (SHARES, 0.95, "around") if printed else (NOT_PRINTED, None, "reported")
            note = "" if printed else f"for comparison; printed from {least} models on"
            found.append(Row(what, f"{n} × (1+1)", truth, COVERAGE, level, hits, int(given.sum()), bound, note))
    return found


def rows(quick: bool) -> list[Row]:
    """Return the rates of the stage confounders."""
    found = []
    for n, (few, many, judged) in STUDIES.items():
        studies = few if quick else many
        settings = {8: ((0.3, False), (0.0, False)), 25: ((0.3, False),)}.get(n, ((0.3, False), (0.1, True)))
        for place, (r, uneven) in enumerate(settings[: 1 if quick else None]):
            found += null_rows(n, studies // (1 + 3 * place), r, uneven)
        found += interval_rows(n, 300 if quick else 2000)
        if not quick:
            truths = tuple(TRUTHS) if n < 25 else (*TRUTHS,)[::2][:2]
            found += judged_rows(n, judged, truths)
            found += share_rows(n, 1500)
        elif n == 5:
            found += judged_rows(n, 3)
        elif n >= shares.MIN_SHARE_INTERVAL:
            found += share_rows(n, 300)
    return found if quick else found + share_rows(100, 1000)

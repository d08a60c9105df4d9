"""Claims about groups of profiles over patients: states as clusters (scripts/expression/structure.py) and models alike
by arm (scripts/expression/treatment.py).
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from calibration import designs
from calibration.row import AT_MOST, POWER, REPORTED, TYPE_1, Row
from scripts.expression import structure, treatment
from scripts.profiles.profiles import Profiles

LEVEL = 0.05
GENES = 200
STATES, ALIKE = ("expression/state_structure.tsv p",), ("expression/treatment.tsv p",)
CONTRAST = {"baseline": designs.BASELINE, "persister": designs.TREATED, "relapse": None}
COARSE = "conservative: {n} models can be relabelled in {k} ways, and many have the same purity"


def structure_rows(name: str, between: float, shift: float, studies: int, permutations: int, seed: int) -> list[Row]:
    """Return how often samples are said to cluster by state; ``shift``: sd over genes of the change that all share."""
    rng = np.random.default_rng(seed)
    samples = designs.sheet(designs.DESIGNS[name])
    samples = samples.assign(block=samples["model"])
    models = samples["model"].str[1:].astype(int).to_numpy()
    treated = (samples["timepoint"] == designs.TREATED).to_numpy()
    n, hits = models.max() + 1, np.zeros(2)
    for _ in range(studies):
        own = shift * rng.normal(size=GENES) + between * rng.normal(size=(n, GENES))
        values = rng.normal(size=(n, GENES))[models] + designs.NOISE * rng.normal(size=(len(samples), GENES))
        values += treated[:, None] * own[models]
        table = pd.DataFrame(values, samples.index, [f"g{i}" for i in range(GENES)])
        found, _ = structure.describe(Profiles(table, table, samples), CONTRAST, permutations, 0)
        hits += (found["p"] <= LEVEL).to_numpy()
    truth = f"changes shared with sd {shift:g} over genes; " if shift else "no shared change; "
    truth += f"patients differ by sd {between:g}"
    rows = []
    for adjustment, count in zip((structure.BLIND, structure.KNOWN), hits, strict=True):
        described = f"{truth}; adjustment {adjustment}"
        if shift:
            rows.append(Row(STATES, name, described, POWER, None, count, studies, REPORTED))
        else:
            note = COARSE.format(n=n, k=f"{2 ** (n - 1):,}")
            rows.append(Row(STATES, name, described, TYPE_1, LEVEL, count, studies, AT_MOST, note))
    return rows


def alike_rows(
    name: str, arms: list[tuple[str, ...]], by_arm: float, studies: int, permutations: int, seed: int
) -> list[Row]:
    """Return how often models of one arm are said to be more alike; ``by_arm``: sd over genes of an arm's own
    change.
    """
    rng = np.random.default_rng(seed)
    units = [(f"m{model}", arm) for model, own in enumerate(arms) for arm in own]
    platforms = pd.Series("bulk", index=[f"m{model}" for model in range(len(arms))])
    index, hits = pd.MultiIndex.from_tuples(units, names=["model", "arm"]), 0
    for _ in range(studies):
        common, effect = rng.normal(size=GENES), {arm: by_arm * rng.normal(size=GENES) for arm in "ABC"}
        patients = {model: 0.6 * rng.normal(size=GENES) for model in platforms.index}
        values = [common + patients[m] + effect[a] + designs.NOISE * rng.normal(size=GENES) for m, a in units]
        table = pd.DataFrame(values, index, [f"g{i}" for i in range(GENES)])
        rows = treatment.compare_units(table, platforms, list(table.columns[:20]), permutations, 0)
        hits += rows[0][treatment.TREATMENT.index("p")] <= LEVEL
    if by_arm:
        truth = f"arms differ by sd {by_arm:g} over genes; patients differ by sd 0.6"
        return [Row(ALIKE, name, truth, POWER, None, hits, studies, REPORTED)]
    several = any(len(own) > 1 for own in arms)
    note = "conservative: arms of one model share its patient, which shuffled arms don't" if several else ""
    return [Row(ALIKE, name, "arms act alike; patients differ by sd 0.6", TYPE_1, LEVEL, hits, studies, AT_MOST, note)]


def rows(quick: bool) -> list[Row]:
    """Return the rates of this topic."""
    found = []
    studies, permutations = (40, 99) if quick else (150, 99)
    names = ("8 × (1+1)", "8 × (3+3)") if quick else ("5 × (1+1)", "8 × (1+1)", "8 × (3+3)", "4 × (5+1)", designs.STUDY)
    for place, name in enumerate(names):
        for number, between in enumerate((0.6,) if quick else (0.0, 0.6)):
            found += structure_rows(name, between, 0.0, studies, permutations, 70_000 + 100 * place + 10 * number)
        found += structure_rows(name, 0.3, 0.5, studies // 3, permutations, 70_050 + 100 * place)
    named = {
        "8 models × 2 arms, crossed": [("A", "B")] * 8,
        "8 models, 2 arms, nested": [("A",)] * 4 + [("B",)] * 4,
        "8 models, 1 to 3 arms": [("A", "B"), ("A", "B"), ("A", "B", "C"), ("A", "C"), ("A",), ("A",), ("B",), ("B",)],
    }
    for place, (name, arms) in enumerate(named.items()):
        found += alike_rows(name, arms, 0.0, studies, permutations, 71_000 + 10 * place)
        found += alike_rows(name, arms, 0.5, studies // 3, permutations, 71_005 + 10 * place)
    return found

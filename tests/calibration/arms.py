"""Arms compared within the models that had several (scripts/switches/switches.py, compare_arms)."""

from __future__ import annotations

import numpy as np
import pandas as pd

from calibration import designs
from calibration.row import AT_MOST, FAMILY_WISE, POWER, REPORTED, TYPE_1, VERDICT, Row, clustered
from scripts.stats import paired
from scripts.switches import switches, verdicts

LEVEL = 0.05
ARMS = ("A", "B", "C")
VERDICTS = (f"switches: {verdicts.BY_ARM.name}", "switches/switches.tsv verdict")
COMMON, EFFECT = 1.0, 1.2
"""Change of all arms, and what arm B adds where arms differ (log2)."""


def draw(
    rng: np.random.Generator,
    arms: list[tuple[str, ...]],
    features: int,
    *,
    between: float,
    by_arm: float,
    added: np.ndarray | float = 0.0,
) -> pd.DataFrame:
    """Return one study's treated − untreated, (model, arm) × features.

    Parameters
    ----------
    arms
        Arms of each model, one sample each; the untreated sample is shared.
    between, by_arm
        Standard deviation of the effect between models, and between arms of a model.
    added
        What arm B adds to the common change.
    """
    sd = designs.NOISE / np.sqrt(rng.chisquare(designs.PRIOR_DF, features) / designs.PRIOR_DF)
    found = {}
    for model, own in enumerate(arms):
        shared = COMMON + between * rng.normal(size=features) - sd * rng.normal(size=features)
        for arm in own:
            extra = added if arm == "B" else 0.0
            found[(f"m{model}", arm)] = shared + extra + rng.normal(size=features) * np.hypot(by_arm, sd)
    index = pd.MultiIndex.from_tuples(list(found), names=["model", "arm"])
    return pd.DataFrame(np.array(list(found.values())), index, [f"f{i}" for i in range(features)])


def verdicts_of(differences: pd.DataFrame, between: pd.DataFrame, unit: pd.Series) -> np.ndarray:
    """Return, by feature, whether an arm is said to differ."""
    effects = paired.summarise_arms(differences, unit).rename(columns={"feature": "regulon"})
    by_arm = dict(tuple(effects[effects["arm"] != paired.ALL_ARMS].groupby("regulon")))
    compared = dict(tuple(between.groupby("regulon"))) if len(between) else {}
    nothing = between.iloc[:0]
    return np.array(
        [bool(switches.differing_arm(by_arm[name], compared.get(name, nothing), LEVEL)) for name in unit.index]
    )


def study_rows(
    name: str, arms: list[tuple[str, ...]], by_arm: float, studies: int, features: int, n_true: int, seed: int
) -> list[Row]:
    """Return the rates of one design where the first ``n_true`` features differ between arms."""
    rng = np.random.default_rng(seed)
    added = np.where(np.arange(features) < n_true, EFFECT, 0.0)
    p_hits, p_trials, anywhere, called, found = [], [], 0, [], []
    for _ in range(studies):
        differences = draw(rng, arms, features, between=0.6, by_arm=by_arm, added=added)
        unit = pd.Series(1.0, index=differences.columns)
        between = switches.compare_arms(differences, unit)
        if len(between):
            null = between["regulon"].isin(unit.index[n_true:]) & between["p"].notna()
            p_hits.append((between.loc[null, "p"] <= LEVEL).sum())
            p_trials.append(null.sum())
        said = verdicts_of(differences, between, unit)
        anywhere += bool(said[n_true:].any())
        called.append(said[n_true:].sum())
        found.append(said[:n_true].sum())
    common = f"all arms change by {COMMON:g}; effects differ by sd 0.6 between patients, {by_arm:g} between their arms"
    if n_true:
        truth = f"{common}; arm B adds {EFFECT:g} in {n_true} of {features} features"
        return [Row(VERDICTS, name, truth, POWER, None, **clustered(np.array(found), n_true), bound=REPORTED)]
    note = "" if p_trials else "arm and patient are confounded: nothing is tested"
    rows = [
        Row(VERDICTS, name, common, FAMILY_WISE, LEVEL, anywhere, studies, AT_MOST, note),
        Row(VERDICTS, name, common, VERDICT, LEVEL, **clustered(np.array(called), features), bound=AT_MOST, note=note),
    ]
    if p_trials:
        tested = clustered(np.array(p_hits), np.array(p_trials))
        rows.append(Row(("scripts/switches/switches.py: p of compare_arms",), name, common, TYPE_1, LEVEL, **tested))
    return rows


def rows(quick: bool) -> list[Row]:
    """Return the rates of this topic."""
    crossed = [("A", "B")] * 8
    mixed = [("A", "B")] * 3 + [("A", "B", "C")] * 2 + [("A",)] * 3
    nested = [("A",)] * 4 + [("B",)] * 4
    named = {
        "8 models × 2 arms, crossed": crossed,
        "3 models × 2 arms, crossed": crossed[:3],
        "8 models, 2 or 3 arms in 5": mixed,
        "8 models, 2 arms, nested": nested,
    }
    found, studies = [], 10 if quick else 150
    for place, (name, arms) in enumerate(named.items()):
        for number, by_arm in enumerate((0.3,) if quick else (0.0, 0.3)):
            seed = 50_000 + 100 * place + 10 * number
            found += study_rows(name, arms, by_arm, studies, 100, 0, seed)
        if arms is not nested:
            found += study_rows(name, arms, 0.3, studies // 2, 100, 10, 50_050 + 100 * place)
    return found

"""The position of relapse between baseline and persister (scripts/activity/reversibility.py): interval and verdicts."""

from __future__ import annotations

import numpy as np
import pandas as pd

from calibration import designs
from calibration.row import (
    AT_MOST,
    COVERAGE,
    FAMILY_WISE,
    POWER,
    REPORTED,
    VERDICT,
    Row,
    clustered,
)  # fmt: skip
from scripts.activity import reversibility
from scripts.activity.verdicts import BACK, BEYOND, STAYS

LEVEL = 0.05
TABLE = "activity/reversibility.tsv"
INTERVAL = (f"{TABLE} ci_low", f"{TABLE} ci_high")
VERDICTS = {name: (f"{TABLE} verdict", f"reversibility: {name}") for name in (BACK, STAYS, BEYOND)}
CONTRAST = {"baseline": designs.BASELINE, "persister": designs.TREATED, "relapse": designs.RELAPSE}
SHIFT = 1.5
FEATURES = 100


def sheet(n_models: int, n_relapse: int, replicates: int) -> pd.DataFrame:
    """Return the samples of models, of which the first ``n_relapse`` have relapse."""
    rows = []
    for model in range(n_models):
        states = (designs.BASELINE, designs.TREATED, designs.RELAPSE)[: 3 if model < n_relapse else 2]
        for state in states:
            arm = designs.BASELINE if state == designs.BASELINE else "drug"
            rows += [(f"m{model}_{state}{i}", f"m{model}", state, arm) for i in range(replicates)]
    table = pd.DataFrame(rows, columns=["sample", "model", "timepoint", "arm"]).set_index("sample")
    return table.assign(block=table["model"])


def draw(
    samples: pd.DataFrame, rng: np.random.Generator, position: float, between: float, shift: float
) -> pd.DataFrame:
    """Return values, samples × features, whose patients shift by ``shift`` ± ``between`` and lie at ``position`` of it
    at relapse, ± ``between`` of their own.
    """
    sd = designs.NOISE / np.sqrt(rng.chisquare(designs.PRIOR_DF, FEATURES) / designs.PRIOR_DF)
    models = list(dict.fromkeys(samples["model"]))
    own = pd.DataFrame(shift + between * rng.normal(size=(len(models), FEATURES)), models)
    # How far each patient returns differs as well.
    left = pd.DataFrame(position * shift + between * rng.normal(size=own.shape), models)
    values = sd * rng.normal(size=(len(samples), FEATURES))
    for state, change in ((designs.TREATED, own), (designs.RELAPSE, left)):
        here = (samples["timepoint"] == state).to_numpy()
        values[here] += change.loc[samples.loc[here, "model"]].to_numpy()
    return pd.DataFrame(values, samples.index, [f"f{i}" for i in range(FEATURES)])


def design_rows(n_models: int, n_relapse: int, replicates: int, between: float, studies: int, seed: int) -> list[Row]:
    """Return the rates of one design."""
    rng = np.random.default_rng(seed)
    name = f"{n_models} × ({replicates}+{replicates}), relapse in {n_relapse}"
    samples = sheet(n_models, n_relapse, replicates)
    found = []
    for position, expected in ((0.5, ""), (0.1, BACK), (0.9, STAYS)):
        covered, printed, said, beyond = [], [], [], []
        for _ in range(studies):
            table = reversibility.positions(draw(samples, rng, position, between, SHIFT), samples, CONTRAST, "gene")
            table = reversibility.shifted(table, LEVEL)
            shown = table[table["ci_low"].notna()]
            covered.append(((shown["ci_low"] <= position) & (position <= shown["ci_high"])).sum())
            printed.append(len(shown))
            named = (BACK, STAYS) if position == 0.5 else (expected,)
            said.append([(table["verdict"] == verdict).sum() for verdict in named] + [len(table)])
            beyond.append((table["verdict"] == BEYOND).sum())
        truth = f"relapse at {position:g} of a shift of {SHIFT:g}; patients differ by sd {between:g}"
        share = np.sum(printed) / max(np.sum(said, axis=0)[-1], 1)
        if sum(printed):
            note = f"{share:.0%} of the rows have a bounded interval"
            found.append(
                Row(
                    INTERVAL,
                    name,
                    truth,
                    COVERAGE,
                    1 - LEVEL,
                    **clustered(np.array(covered), np.array(printed)),
                    note=note,
                )
            )
        counts = np.array(said)
        for place, verdict in enumerate(named):
            rates = clustered(counts[:, place], counts[:, -1])
            if position == 0.5:
                found.append(Row(VERDICTS[verdict], name, truth, VERDICT, LEVEL, **rates, bound=AT_MOST))
            else:
                found.append(Row(VERDICTS[verdict], name, truth, POWER, None, **rates, bound=REPORTED))
        rates = clustered(np.array(beyond), counts[:, -1])
        found.append(Row(VERDICTS[BEYOND], name, truth, VERDICT, LEVEL, **rates, bound=AT_MOST))
    return found


def null_rows(n_models: int, studies: int, seed: int) -> list[Row]:
    """Return how often a shift is found where there is none."""
    rng = np.random.default_rng(seed)
    samples, anywhere = sheet(n_models, 3, 1), 0
    for _ in range(studies):
        table = reversibility.positions(draw(samples, rng, 0.0, 0.3, 0.0), samples, CONTRAST, "gene")
        anywhere += bool((table["shift_fdr"] <= LEVEL).any())
    truth = "no shift; patients differ by sd 0.3"
    columns = ("* shift_fdr",)
    return [Row(columns, f"{n_models} × (1+1), relapse in 3", truth, FAMILY_WISE, LEVEL, anywhere, studies, AT_MOST)]


def rows(quick: bool) -> list[Row]:
    """Return the rates of this topic."""
    plans = [(8, 3, 1), (8, 4, 1), (5, 5, 1), (8, 8, 3), (25, 25, 1)]
    found = []
    for place, plan in enumerate(plans[1::2] if quick else plans):
        for number, between in enumerate((0.3,) if quick else (0.0, 0.3, 0.6)):
            found += design_rows(*plan, between, 25 if quick else 80, 60_000 + 100 * place + 10 * number)
    return found + null_rows(8, 40 if quick else 200, 61_000)

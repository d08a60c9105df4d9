"""Changes of networks between timepoints (scripts/regulons/network_changes.py): edges of one model, factors over
models.
"""

from __future__ import annotations

import pandas as pd
from simulators.networks import PLANTED, inferred

from calibration.row import AT_MOST, FALSE_DISCOVERIES, FAMILY_WISE, POWER, REPORTED, TYPE_1, VERDICT, Row, clustered
from scripts.regulons import network_changes as changes
from scripts.regulons.verdicts import NEITHER

LEVEL, N_MODELS, EXCHANGES = 0.05, 5, 10
TABLE = "regulons/network_change_factors.tsv"
EDGES, P, CHANGE = (
    ("regulons/network_changes.tsv exchanged_share",),
    (f"{TABLE} p", f"{TABLE} fdr"),
    (f"{TABLE} change",),
)
NULLS = {
    "nothing differs between the timepoints": {},
    "levels and depth differ, the network doesn't": {"shift": 0.5, "depth": 0.6},
}
SAID = ("gains targets", "loses targets")
ONE, SEVERAL = f"1 model, 120 + 120 cells, {EXCHANGES} exchanges", f"{N_MODELS} models, 120 + 120 cells"
CONSERVATIVE = "levels that differ make cells exchanged vary more than those of a timepoint"


def rows(quick: bool) -> list[Row]:
    """Return the rates of edges and factors that are called, with and without a change."""
    studies, found, seed = (1, [], 0) if quick else (12, [], 0)
    for truth, options in NULLS.items():
        called, small, tested, said = [], [], [], []
        for _ in range(studies):
            tables = {
                f"m{i}": inferred(seed + i, False, n=120, exchanges=EXCHANGES, **options) for i in range(N_MODELS)
            }
            seed += N_MODELS
            edges = [changes.judge_edges(table, model) for model, table in tables.items()]
            called += [bool((own["change"] != NEITHER).any()) for own in edges]
            factors = over(tables, edges)
            small.append(int((factors["p"] <= LEVEL).sum()))
            tested.append(int(factors["p"].notna().sum()))
            said.append(int(factors["change"].isin(SAID).sum()))
        note = CONSERVATIVE if options else ""
        found.append(Row(EDGES, ONE, truth, FAMILY_WISE, changes.MAX_SHARE, sum(called), len(called), AT_MOST, note))
        found.append(Row(P, SEVERAL, truth, TYPE_1, LEVEL, **clustered(small, tested), bound=AT_MOST, note=note))
        found.append(
            Row(CHANGE, SEVERAL, truth, VERDICT, LEVEL, sum(said), sum(tested), AT_MOST, "gains or loses targets")
        )
    return found + with_gains(1 if quick else 6, seed)


def over(tables: dict[str, pd.DataFrame], edges: list[pd.DataFrame]) -> pd.DataFrame:
    """Return the factors over models."""
    shifts = {model: changes.shift_factors(table) for model, table in tables.items()}
    return changes.over_models(shifts, changes.join_models(edges), LEVEL)


def with_gains(studies: int, seed: int) -> list[Row]:
    """Return the rates where one factor gains ten targets in each model."""
    truth = "one factor of 15 gains ten targets in each model"
    right, false, shared = 0, 0, 0
    for _ in range(studies):
        tables = {f"m{i}": inferred(seed + i, True, n=250, exchanges=EXCHANGES) for i in range(N_MODELS)}
        seed += N_MODELS
        edges = [changes.judge_edges(table, model) for model, table in tables.items()]
        for own in edges:
            called = own[own["change"] != NEITHER]
            hits = len(PLANTED & set(called[["tf", "target"]].itertuples(index=False, name=None)))
            right, false = right + hits, false + len(called) - hits
        factors = over(tables, edges).set_index("tf")
        shared += int(factors.at["TF00", "change"] == SAID[0])
    one, several = (text.replace("120", "250") for text in (ONE, SEVERAL))
    models = studies * N_MODELS
    return [
        Row(EDGES, one, truth, FALSE_DISCOVERIES, changes.MAX_SHARE, false, max(right + false, 1), AT_MOST),
        Row(EDGES, one, truth, POWER, None, right, models * len(PLANTED), REPORTED),
        Row(CHANGE, several, truth, POWER, None, shared, studies, REPORTED, SAID[0]),
    ]

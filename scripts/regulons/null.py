"""Comparison of a group's regulons with those from exchanged motifs, and the choice of regulons that are kept."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import pandas as pd

from scripts.base import job
from scripts.regulons.consensus import DROPPED, KEPT, NOT_TESTED
from scripts.scenic import exchange
from scripts.scenic.modules import ACTIVATING, REPRESSING

EXCHANGED = [*exchange.NULL, "status"]


def read_families(path: str) -> dict[str, str]:
    """Return the family of each factor that has one (resources/factors/families.tsv)."""
    return pd.read_csv(path, sep="\t", dtype=str).set_index("tf")["family"].to_dict()


def only_stable(candidates: pd.DataFrame, seeds: pd.DataFrame, min_runs: int) -> pd.DataFrame:
    """Return the candidates of a mean network with stable targets only: those in the modules of enough runs.

    ``seeds``: the number of runs (seeds) by edge (TF, target).
    """
    kept = seeds[seeds["seeds"] >= min_runs]
    stable = kept.groupby("TF")["target"].agg(set).to_dict()
    targets = [
        [gene for gene in row if gene in stable.get(tf, ())]
        for tf, row in zip(candidates["tf"], candidates["targets"], strict=True)
    ]
    return candidates.assign(targets=targets)


def judge_group(
    runs: Sequence[pd.DataFrame],
    annotations: pd.DataFrame,
    factors: Iterable[str],
    families: Mapping[str, str],
    *,
    min_runs: int,
    min_targets: int,
    max_false_share: float,
    repressors: bool,
) -> pd.DataFrame:
    """Return a group's regulons (:data:`EXCHANGED`) and whether each is kept; see
    :func:`scripts.scenic.exchange.against_exchange`.

    Activating and repressing regulons are tested separately, since their false shares differ.
    """
    parts = []
    for sign in (ACTIVATING, REPRESSING) if repressors else (ACTIVATING,):
        table, expected = exchange.against_exchange(
            runs, annotations, list(factors), families, sign=sign, min_runs=min_runs, min_targets=min_targets
        )
        untested = table["false_share"].isna()
        kept = table["false_share"] <= max_false_share
        table["status"] = kept.map({True: KEPT, False: DROPPED}).astype(object).mask(untested, NOT_TESTED)
        if untested.any():
            job.log.warning(
                "%s regulons are not tested: fewer than %d factors have a module and a motif to exchange, and all %d "
                "regulons are kept", sign, exchange.MIN_FACTORS, len(table),
            )  # fmt: skip
        else:
            job.log.info(
                "%d %s regulons; %.2f expected by exchanged motifs; %d kept, a share of %.3f of them false at most",
                len(table), sign, expected, kept.sum(), table.loc[kept, "false_share"].max() if kept.any() else 0.0,
            )  # fmt: skip
        parts.append(table)
    return pd.concat(parts, ignore_index=True)[EXCHANGED]


def drop(edges: pd.DataFrame, tested: pd.DataFrame) -> pd.DataFrame:
    """Return the edges of the regulons that are kept."""
    dropped = tested.loc[tested["status"] == DROPPED, "regulon"]
    return edges[~edges["regulon"].isin(dropped)].reset_index(drop=True)

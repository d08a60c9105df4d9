"""Proximity of regulon targets to peaks, relative to genes of similar expression, length and number of starts."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from scripts.base.verdicts import decide
from scripts.chromatin import rotation
from scripts.chromatin.terms import DISTAL, PROMOTER
from scripts.chromatin.verdicts import MIN_OTHERS, MIN_TARGETS, VERDICTS, Evidence
from scripts.stats.paired import false_discovery_rate

ENRICHMENT = [
    "peak_set", "factor", "mark", "peak_sample", "state", "window", "tf", "regulon", "targets", "near", "expected",
    "odds_ratio", "ci_low", "ci_high", "p", "fdr", "others", "others_odds_ratio",
]  # fmt: skip
OTHERS_P = "others_p"
"""Further column of :func:`compare_regulons`, which is part of the p of the support and no result of its own."""
SUPPORT = [
    "tf", "regulon", "verdict", "comparisons", "peak_set", "window", "targets", "near", "expected", "odds_ratio",
    "ci_low", "ci_high", "others_odds_ratio", "p", "fdr",
]  # fmt: skip
STRONGEST = [
    "peak_set", "window", "targets", "near", "expected", "odds_ratio", "ci_low", "ci_high", "others_odds_ratio",
]  # fmt: skip
"""What of the comparison with the smallest p stands beside the verdict."""


def windows_of(distance: np.ndarray, promoter: int, distal: int) -> dict[str, np.ndarray]:
    """Return which genes have a peak within each window, by the distance (bp) of their nearest peak."""
    return {PROMOTER: distance <= promoter, DISTAL: distance <= distal}


def covariates_of(genes: pd.DataFrame) -> np.ndarray:
    """Return genes × covariates: mean expression, length and number of transcription starts (:mod:`rotation`)."""
    return rotation.covariates_of(*(genes[name].to_numpy() for name in ("expression", "length", "n_starts")))


def compare_regulons(
    genes: pd.DataFrame,
    distances: pd.DataFrame,
    edges: pd.DataFrame,
    sets: Mapping[str, Mapping[str, str]],
    *,
    promoter: int,
    distal: int,
) -> pd.DataFrame:
    """Return one row (:data:`ENRICHMENT`) per peak set, window and regulon of :data:`MIN_TARGETS` targets or more.

    Parameters
    ----------
    genes
        Measured genes with a position, in the order of the genome: gene, expression, length, n_starts.
    distances
        Genes (in the same order) × peak sets: distance (bp) of the nearest peak.
    edges
        Regulon, tf, target.
    sets
        Peak set → factor, mark, sample, state.
    promoter, distal
        Reach of the windows (bp).

    Returns
    -------
    DataFrame
        p is one-sided, over the genes of one peak file; it is not evidence about other patients. fdr is over the
        regulons, by peak set and window. ``others_odds_ratio`` and :data:`OTHERS_P` compare with targets of other
        regulons alone, of which there are ``others``: peaks at active genes of any kind tell no factor from another.
    """
    at = pd.Series(np.arange(len(genes)), index=genes["gene"].to_numpy())
    known = edges[edges["target"].isin(at.index)].drop_duplicates(["regulon", "target"])
    regulons = [own for own in known.groupby(["regulon", "tf"], sort=True) if len(own[1]) >= MIN_TARGETS]
    x = covariates_of(genes) if len(genes) else np.empty((0, 1))
    among = np.bincount(at[known["target"]].to_numpy(), minlength=len(genes))
    rows = []
    for name, told in sets.items():
        label = {"peak_set": name, "factor": told["factor"], "mark": told["mark"]}
        label |= {"peak_sample": told["sample"], "state": told["state"]}
        for window, near in windows_of(distances[name].to_numpy(), promoter, distal).items():
            if not regulons or not near.any() or near.all():
                continue
            start = rotation.fit_logistic(x, near.astype(float))
            for (regulon, tf), own in regulons:
                targets = np.zeros(len(genes), dtype=bool)
                targets[at[own["target"]].to_numpy()] = True
                found = rotation.compare(near, targets, x, start)
                row = label | {"window": window, "tf": tf, "regulon": regulon, "targets": int(targets.sum())}
                row |= {"near": int(near[targets].sum()), "expected": found.expected, "p": found.p}
                limits = np.exp([found.log_odds, found.low, found.high])
                row |= dict(zip(("odds_ratio", "ci_low", "ci_high"), limits, strict=True))
                rows.append(row | compare_others(near, targets, (among > targets) & ~targets, x))
    table = pd.DataFrame(rows, columns=[*ENRICHMENT, OTHERS_P])
    table["fdr"] = table.groupby(["peak_set", "window"])["p"].transform(
        lambda p: false_discovery_rate(p.to_numpy(dtype=float))
    )
    return table


def compare_others(near: np.ndarray, targets: np.ndarray, others: np.ndarray, x: np.ndarray) -> dict:
    """Return targets against those of other regulons: their number, odds ratio and p (NaN below :data:`MIN_OTHERS`).

    To be a target of any regulon is one covariate more: neighbours that share peaks then count as they do among all
    genes. ``near``, ``targets``, ``others``: by gene, in the order of the genome; ``x``: genes × covariates.
    """
    found = {"others": int(others.sum()), "others_odds_ratio": np.nan, OTHERS_P: np.nan}
    if others.sum() >= MIN_OTHERS:
        result = rotation.compare(near, targets, np.column_stack([x, (targets | others).astype(float)]))
        found |= {"others_odds_ratio": float(np.exp(result.log_odds)), OTHERS_P: result.p}
    return found


def judge(enrichment: pd.DataFrame, edges: pd.DataFrame, fdr: float, circular: bool = False) -> pd.DataFrame:
    """Return one row (:data:`SUPPORT`) per regulon: the support by peaks of its own factor.

    Parameters
    ----------
    enrichment
        :func:`compare_regulons`.
    edges
        Regulon and tf of all regulons.
    fdr
        Limit of the false discovery rate (``statistics.fdr``).
    circular
        Whether the regulons' modules were pruned with these peaks.

    Returns
    -------
    DataFrame
        The comparison with the smallest p, in any of the factor's peak sets and windows. p is the larger of that
        against genes like the targets and that against other regulons' targets (both must hold: Berger 1982,
        Technometrics 24:295), times the number of ``comparisons``; fdr is over the regulons whose factors have peaks.
    """
    own = enrichment[enrichment["factor"] == enrichment["tf"]]
    own = own.assign(p=own[["p", OTHERS_P]].max(axis=1))
    compared = dict(list(own.groupby("regulon")))
    rows = []
    for regulon, tf in dict(zip(edges["regulon"], edges["tf"], strict=True)).items():
        row = {"tf": tf, "regulon": regulon, "comparisons": 0}
        if regulon in compared:
            group = compared[regulon]
            row |= group.loc[group["p"].idxmin(), STRONGEST].to_dict()
            row |= {"comparisons": len(group), "p": min(1.0, group["p"].min() * len(group))}
        rows.append(row)
    table = pd.DataFrame(rows, columns=SUPPORT).astype({"targets": "Int64", "near": "Int64", "p": float})
    table["fdr"] = false_discovery_rate(table["p"].to_numpy(dtype=float))
    upper = own.groupby("regulon")["ci_high"].max()
    evidence = [
        Evidence(row.comparisons, row.fdr, upper.get(row.regulon, np.nan), fdr, circular) for row in table.itertuples()
    ]
    table["verdict"] = [decide(VERDICTS, found).name for found in evidence]
    return table

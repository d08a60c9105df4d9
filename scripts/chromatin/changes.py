"""Peaks gained and lost in persisters, in relation to the genes' change in the programme."""

from __future__ import annotations

import numpy as np
import pandas as pd

from scripts.chromatin import rotation
from scripts.chromatin.enrichment import covariates_of
from scripts.chromatin.peaks import PEAKS, overlaps
from scripts.chromatin.terms import GAINED, KEPT, LOST
from scripts.stats.paired import false_discovery_rate

LEAST_FOLD = 2.0
"""Ratio of reads per million from which a counted peak is gained, or lost below its inverse."""
TRENDS = ["subject", "peak_sample", "change", "peaks", "genes", "near", "odds_ratio_per_decile", "p", "fdr"]
DECILES = ["subject", "peak_sample", "change", "decile", "genes", "near", "share"]
N_DECILES = 10
MIN_GENES = 50
"""Genes with a change that deciles need: five in each."""


def pairs_of(sets: list[dict], baseline: str, persister: str) -> dict[tuple[str, str], tuple[dict, dict]]:
    """Return, by subject (factor or mark) and sample, the entries of the untreated and the persister state.

    ``sets``: entries of ``chromatin.peaks``. The first entry of each state is used.
    """
    found: dict[tuple[str, str], dict[str, dict]] = {}
    for entry in sets:
        found.setdefault((entry["factor"] or entry["mark"], entry["sample"]), {}).setdefault(entry["state"], entry)
    both = {key: (own.get(baseline), own.get(persister)) for key, own in found.items()}
    return {key: pair for key, pair in both.items() if all(pair)}


def change_of_peaks(before: pd.DataFrame, after: pd.DataFrame) -> pd.DataFrame:
    """Return the peaks of both states with ``change``: gained and lost peaks share no base with the other state."""
    gained = after.assign(change=np.where(overlaps(after, before), KEPT, GAINED))
    lost = before[~overlaps(before, after)].assign(change=LOST)
    return pd.concat([gained, lost], ignore_index=True)


def change_of_counts(before: pd.DataFrame, after: pd.DataFrame) -> pd.DataFrame:
    """Return the intervals counted in both tables, with ``change`` by the ratio of reads per million.

    Both tables: :data:`scripts.chromatin.peaks.COUNTS`. One is added to each count, so that few reads cause no change.
    """
    both = before.merge(after, on=PEAKS[:3], suffixes=("_before", "_after"))
    million = {name: (both[f"count_{name}"] + 1) / (both[f"count_{name}"] + 1).sum() for name in ("before", "after")}
    ratio = (million["after"] / million["before"]).to_numpy()
    change = np.select([ratio >= LEAST_FOLD, ratio <= 1 / LEAST_FOLD], [GAINED, LOST], KEPT)
    return both[PEAKS[:3]].assign(signal=1.0, change=change)


def deciles_of(change: pd.Series) -> np.ndarray:
    """Return the decile (1 lowest) of each gene's change, NaN if it was not measured; ties in the genes' order."""
    rank = change.rank(method="first").to_numpy()
    return np.ceil(rank / np.nanmax(rank) * N_DECILES) if change.notna().any() else rank


def compare_deciles(
    genes: pd.DataFrame, near: dict[tuple[str, str, str], np.ndarray], peaks: dict[tuple[str, str, str], int]
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the share of genes of each decile of change near gained, lost and kept peaks, and its trend over deciles.

    Parameters
    ----------
    genes
        Measured genes with a position, in the order of the genome: gene, expression, length, n_starts, and t: moderated
        t of its change in persisters.
    near
        (subject, sample, change) → whether each gene has such a peak within the wide window.
    peaks
        The same keys → number of peaks.

    Returns
    -------
    tuple
        :data:`TRENDS`, with p two-sided over genes and fdr over its rows; :data:`DECILES`.
    """
    own = genes[genes["t"].notna()]
    rows, shares = [], []
    kept = genes["t"].notna().to_numpy()
    if len(own) >= MIN_GENES:
        decile, x = deciles_of(own["t"]), covariates_of(own)
        for key, flags in near.items():
            has = flags[kept]
            label = dict(zip(TRENDS[:3], key, strict=True))
            slope, p = rotation.trend(has, decile, x) if 0 < has.sum() < len(has) else (np.nan, np.nan)
            counts = {"peaks": peaks[key], "genes": len(own), "near": int(has.sum())}
            rows.append(label | counts | {"odds_ratio_per_decile": np.exp(slope), "p": p})
            for number in range(1, N_DECILES + 1):
                inside = has[decile == number]
                found = {"decile": number, "genes": len(inside), "near": int(inside.sum()), "share": inside.mean()}
                shares.append(label | found)
    trends = pd.DataFrame(rows, columns=TRENDS)
    trends["fdr"] = false_discovery_rate(trends["p"].to_numpy(dtype=float))
    return trends, pd.DataFrame(shares, columns=DECILES)

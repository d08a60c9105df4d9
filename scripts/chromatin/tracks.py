"""Peaks as tracks: ranking databases for pruning modules, as cisTarget provides for motifs."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from scripts.chromatin.promoters import list_genes

HALF_DISTANCE = 10_000
"""Distance (bp) at which a peak counts half of one at the start itself (regulatory potential; Tang et al. 2011, Cancer
Res 71:6940, has 10 kb as the distance of decay).
"""
NAME, RANDOM = "track__", "random__"
"""What tracks, and the random ones that they are standardised by, begin with."""
ANNOTATIONS = [
    "#motif_id", "motif_name", "motif_description", "source_name", "source_version", "gene_name",
    "motif_similarity_qvalue", "similar_motif_id", "similar_motif_description", "orthologous_identity",
    "orthologous_gene_name", "orthologous_species", "description",
]  # fmt: skip
"""Columns of a motif table of cisTarget."""
INDEX = "tracks"
"""Column of the database that names its rows; cisTarget's own track databases have it."""


def score_genes(starts: pd.DataFrame, peaks: pd.DataFrame, reach: int) -> pd.Series:
    """Return, by gene, the sum of the signals of the peaks within ``reach`` (bp) of a start, decreasing with distance.

    If a gene has several starts, the highest sum is used.
    """
    found = np.zeros(len(starts))
    for chromosome, rows in starts.groupby("chromosome").indices.items():
        own = peaks[peaks["chromosome"] == chromosome]
        if own.empty:
            continue
        own = own.sort_values("start")
        first, last, signal = own["start"].to_numpy(), own["end"].to_numpy() - 1, own["signal"].to_numpy()
        position = starts["position"].to_numpy()[rows]
        widest = int((last - first).max())
        low = np.searchsorted(first, position - reach - widest, "left")
        high = np.searchsorted(first, position + reach, "right")
        which = np.repeat(np.arange(len(rows)), high - low)
        peak = (
            np.arange(len(which))
            - np.repeat(np.cumsum(high - low) - (high - low), high - low)
            + np.repeat(low, high - low)
        )
        at = position[which]
        distance = np.maximum(np.maximum(first[peak] - at, at - last[peak]), 0)
        weight = np.where(distance <= reach, signal[peak] * 0.5 ** (distance / HALF_DISTANCE), 0.0)
        found[rows] = np.bincount(which, weight, len(rows))
    return pd.Series(found, index=starts["gene"]).groupby(level=0).max()


def rank(scores: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return ranks from 0 (highest score); ties in random order, as cisTarget breaks them."""
    order = np.lexsort((rng.random(len(scores)), -scores))
    ranks = np.empty(len(scores), dtype=np.int32)
    ranks[order] = np.arange(len(scores), dtype=np.int32)
    return ranks


def exchange(scores: np.ndarray, strata: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return the scores exchanged at random among genes of the same stratum."""
    order = np.lexsort((rng.random(len(scores)), strata))
    found = np.empty_like(scores)
    found[np.argsort(strata, kind="stable")] = scores[order]
    return found


def make_rankings(
    starts: pd.DataFrame, peaks: dict[str, pd.DataFrame], *, reach: int, random: int, seed: int
) -> pd.DataFrame:
    """Return tracks × genes: ranks from 0, of each peak set and of ``random`` tracks without information from peaks.

    A normalised enrichment score is a distance from the mean of a database's rows. Tracks therefore need others for
    comparison: the peak sets in turn, with scores exchanged among genes with the same number of transcription starts.
    """
    rng = np.random.default_rng(seed)
    genes = list_genes(starts).sort_values("gene").reset_index(drop=True)
    strata = np.minimum(genes["n_starts"].to_numpy(), 10)
    scores = {name: score_genes(starts, own, reach).reindex(genes["gene"]).to_numpy() for name, own in peaks.items()}
    rows = {f"{NAME}{name}": rank(own, rng) for name, own in scores.items()}
    names = list(scores)
    for number in range(random):
        own = scores[names[number % len(names)]]
        rows[f"{RANDOM}{number + 1}"] = rank(exchange(own, strata, rng), rng)
    dtype = np.int16 if len(genes) <= 2**15 else np.int32
    return pd.DataFrame(np.array(list(rows.values()), dtype=dtype), index=list(rows), columns=genes["gene"].to_numpy())


def annotate(factors: dict[str, str]) -> pd.DataFrame:
    """Return the rows of a motif table (:data:`ANNOTATIONS`) for tracks; ``factors``: peak set → factor."""
    table = pd.DataFrame({"#motif_id": [f"{NAME}{name}" for name in factors], "gene_name": list(factors.values())})
    table["motif_name"] = table["motif_description"] = table["#motif_id"]
    table["source_name"], table["source_version"] = "peaks", "1"
    table["motif_similarity_qvalue"], table["orthologous_identity"] = 0.0, 1.0
    table["description"] = "gene is directly annotated"
    return table.reindex(columns=ANNOTATIONS).fillna("None")


def write_database(rankings: pd.DataFrame, path: str | Path) -> None:
    """Write rankings as a cisTarget database (Feather v2): one column per gene, and one with track names."""
    import pyarrow as pa
    from pyarrow import feather

    columns = {gene: rankings[gene].to_numpy() for gene in rankings}
    feather.write_feather(
        pa.table({**columns, INDEX: rankings.index.to_list()}), str(path), version=2, compression="zstd"
    )

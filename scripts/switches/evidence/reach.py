"""How much of the programme's signature a regulon reaches, against random regulons of its size."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from scripts.stats.paired import false_discovery_rate

BINS = 10
"""Bins of expression that random targets are drawn from in the regulon's own proportions."""
REACH = [
    "targets_measured",
    "signature_enrichment_targets",
    "signature_enrichment",
    "signature_enrichment_expected",
    "signature_enrichment_log2",
    "signature_enrichment_p",
    "signature_enrichment_fdr",
]
PSEUDO = 0.5
"""Added to both counts of the ratio: none of ten and none of a hundred aren't the same."""


def learn_signature(changes: pd.DataFrame, size: int) -> pd.Series:
    """Return the direction (+1, −1) of the ``size`` genes that rise and fall most, by gene.

    ``changes``: models × genes, log2 fold changes within each model. Ordered by mean over its standard error plus the
    median standard error of all genes (Tusher et al. 2001), so that a gene with two equal small changes isn't first.
    For signatures without a model; the study's own is signature.tsv.
    """
    table = changes.dropna(axis=1)
    if not len(table) or table.empty:
        return pd.Series(dtype=float)
    mean = table.mean()
    error = table.std(ddof=1) / np.sqrt(len(table)) if len(table) > 1 else pd.Series(0.0, index=table.columns)
    offset = float(np.median(error)) or 1.0
    score = (mean / (error + offset)).sort_values(kind="stable")
    up, down = score[score > 0].index[::-1][:size], score[score < 0].index[:size]
    return pd.Series([1.0] * len(up) + [-1.0] * len(down), index=[*up, *down])


def expression_bins(mean: pd.Series) -> pd.Series:
    """Return the bin of each gene by its rank of mean expression (at most :data:`BINS`, 20 genes or more in each)."""
    n = max(1, min(BINS, len(mean) // 20))
    return (mean.rank(method="first") - 1).mul(n).floordiv(max(len(mean), 1)).astype(int)


def null_distribution(hits: np.ndarray, totals: np.ndarray, draws: np.ndarray) -> np.ndarray:
    """Return the probabilities of 0, 1, 2 … signature genes among random targets, exactly.

    Per bin of expression: ``hits`` signature genes of ``totals`` genes, ``draws`` targets. The number in a bin is
    hypergeometric, that of all bins their convolution.
    """
    from scipy import stats

    whole = np.ones(1)
    for k, n, m in zip(hits, totals, draws, strict=True):
        if m:
            whole = np.convolve(whole, stats.hypergeom.pmf(np.arange(m + 1), n, k, m))
    return whole


@dataclass(frozen=True)
class Pool:
    """The genes that could be targets, with their bin of expression, and the regulons' targets among them.

    ``bins``: by gene; ``totals``: genes in each bin; ``targets``: by regulon the positions of its targets in ``bins``
    and their signs (−1: repressed). A factor is no target of itself.
    """

    bins: pd.Series
    totals: np.ndarray
    targets: dict[str, tuple[np.ndarray, np.ndarray]]


def make_pool(edges: pd.DataFrame, mean: pd.Series) -> Pool:
    """Return the pool of genes with a mean expression. ``edges``: regulon, tf, target and, if any represses, sign."""
    bins = expression_bins(mean)
    sign = edges["sign"] if "sign" in edges else pd.Series(1.0, index=edges.index)
    known = edges.assign(_sign=sign, _place=mean.index.get_indexer(edges["target"]))
    known = known[(known["_place"] >= 0) & (known["target"] != known["tf"])]
    targets = {name: (np.zeros(0, dtype=int), np.zeros(0)) for name in edges["regulon"].unique()}
    targets |= {name: (own["_place"].to_numpy(), own["_sign"].to_numpy()) for name, own in known.groupby("regulon")}
    return Pool(bins, np.bincount(bins, minlength=1), targets)


def count_reached(pool: Pool, signature: pd.Series, direction: pd.Series) -> pd.DataFrame:
    """Return per regulon the columns of :data:`REACH` up to signature_enrichment_log2.

    ``signature``: ±1 by gene; ``direction``: of the regulon's activity. A target is reached where the signature moves
    it the way the regulon does. ``reach`` is the share of the signature (of that direction) that the regulon holds.
    """
    own = signature.reindex(pool.bins.index).fillna(0.0).to_numpy(dtype=float)
    bins = pool.bins.to_numpy()
    share = {
        side: np.bincount(bins[own == side], minlength=len(pool.totals)) / np.maximum(pool.totals, 1)
        for side in (1.0, -1.0)
    }
    rows = {}
    for regulon, (places, signs) in pool.targets.items():
        side = direction.get(regulon, np.nan)
        if not np.isfinite(side) or side == 0 or not len(places) or not own.any():
            rows[regulon] = (len(places), *[np.nan] * 4)
            continue
        wanted = side * signs
        shared = float((own[places] == wanted).sum())
        chance = float(np.where(wanted > 0, share[1.0][bins[places]], share[-1.0][bins[places]]).sum())
        size = max(1, int((own == side).sum()))
        ratio = np.log2((shared + PSEUDO) / (chance + PSEUDO))
        rows[regulon] = (len(places), shared, shared / size, chance / size, ratio)
    return pd.DataFrame.from_dict(rows, orient="index", columns=REACH[:5]).rename_axis("regulon")


def chance_of(pool: Pool, regulon: str, signature: pd.Series, side: float, shared: float) -> float:
    """Return how probable ``shared`` or more reached targets are in random regulons: as many targets in every bin."""
    own = signature.reindex(pool.bins.index).fillna(0.0).to_numpy(dtype=float)
    bins, n_bins = pool.bins.to_numpy(), len(pool.totals)
    places, signs = pool.targets[regulon]
    whole = np.ones(1)
    for sign in np.unique(signs):
        hits = np.bincount(bins[own == side * sign], minlength=n_bins)
        draws = np.bincount(bins[places[signs == sign]], minlength=n_bins)
        whole = np.convolve(whole, null_distribution(hits, pool.totals, draws))
    return float(min(whole[int(shared) :].sum(), 1.0))


def reach(edges: pd.DataFrame, signature: pd.Series, direction: pd.Series, mean: pd.Series) -> pd.DataFrame:
    """Return one row (:data:`REACH`) a regulon: the share of the signature among its targets, against chance.

    ``mean``: mean expression of the genes that could be targets. Genes count as independent, though those of one
    regulon move together: ``signature_enrichment_p`` is an order among regulons rather than a proof.
    """
    pool = make_pool(edges, mean)
    table = count_reached(pool, signature, direction)
    table["signature_enrichment_p"] = [
        chance_of(pool, regulon, signature, direction[regulon], shared) if np.isfinite(shared) else np.nan
        for regulon, shared in table["signature_enrichment_targets"].items()
    ]
    table["signature_enrichment_fdr"] = false_discovery_rate(table["signature_enrichment_p"].to_numpy(dtype=float))
    return table[REACH]

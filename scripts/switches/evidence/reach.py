"""How much of the programme's signature a regulon reaches, against random regulons of its size."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from scripts.switches.evidence import rotated

BINS = 10
"""Bins of expression that random targets are drawn from in the regulon's own proportions."""
REACH = [
    "targets_measured",
    "signature_enrichment_targets",
    "signature_enrichment",
    "signature_enrichment_expected",
    "signature_enrichment_log2",
    "signature_enrichment_p",
]
PSEUDO = 0.5
"""Added to both counts of the ratio: none of ten and none of a hundred aren't the same."""


def learn_signature(changes: pd.DataFrame, size: int) -> pd.Series:
    """Return the direction (+1, −1) of the ``size`` genes that rise and fall most, by gene.

    ``changes``: models × genes, log2 fold changes within each model. Ordered by the moderated paired t over models, as
    the study's own signature (signature.tsv); with fewer than three models by the mean. For signatures without a model.
    """
    if not len(changes) or not changes.shape[1]:
        return pd.Series(dtype=float)
    table = changes.to_numpy(dtype=float)
    score = rotated.moderated_t(table)
    if not np.isfinite(score).any():
        score = changes.mean().to_numpy(dtype=float)
    parts = [
        pd.Series(sign, index=changes.columns[np.flatnonzero(mask)])
        for sign, mask in zip((1.0, -1.0), rotated.extremes(score, size), strict=True)
    ]
    return pd.concat(parts)


def expression_bins(mean: pd.Series) -> pd.Series:
    """Return the bin of each gene by its rank of mean expression (at most :data:`BINS`, 20 genes or more in each)."""
    n = max(1, min(BINS, len(mean) // 20))
    return (mean.rank(method="first") - 1).mul(n).floordiv(max(len(mean), 1)).astype(int)


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


def reach(
    edges: pd.DataFrame,
    signature: pd.Series,
    direction: pd.Series,
    mean: pd.Series,
    changes: pd.DataFrame,
    activity: pd.DataFrame,
    seed: int,
) -> pd.DataFrame:
    """Return one row (:data:`REACH`) a regulon: the share of the signature among its targets, against chance.

    Parameters
    ----------
    edges
        regulon, tf, target and, if any represses, sign.
    signature
        ±1 by gene.
    direction
        Of the regulon's activity.
    mean
        Mean expression of the genes that could be targets.
    changes, activity, seed
        Models × genes and models × regulons, differences within each model: what ``signature_enrichment_p`` is taken
        from (:func:`scripts.switches.evidence.rotated.test`).
    """
    pool = make_pool(edges, mean)
    table = count_reached(pool, signature, direction)
    size = int(max((signature > 0).sum(), (signature < 0).sum(), 0))
    table["signature_enrichment_p"] = rotated.test(pool, changes, activity, size, seed)
    table.loc[table["signature_enrichment_targets"].isna(), "signature_enrichment_p"] = np.nan
    return table[REACH]

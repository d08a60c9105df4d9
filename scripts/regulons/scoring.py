"""The activity of regulons in cells: the targets that count, their weights, and the score."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
import pandas as pd
from scipy import sparse

from scripts.base import job
from scripts.scenic import aucell, cell_scores, scaled_mean

OTHERS = {"mean_rank": cell_scores.mean_rank, "ulm": cell_scores.ulm}
"""Scores that need nothing but counts and targets."""
SCALES = ["gene", "scale", "groups", "reference"]
"""Columns of the table of gene scales."""


def capped(weights: np.ndarray, max_share: float) -> np.ndarray:
    """Return the weights scaled to a sum of 1, none above ``max_share``.

    The excess is distributed among the others in proportion to their weights. With ``1 / max_share`` targets or fewer,
    all have equal weight. Weights must not be negative, and at least one must be above 0.
    """
    shares = np.asarray(weights, dtype=np.float64) / np.sum(weights)
    if (shares > 0).sum() * max_share <= 1:
        return (shares > 0) / (shares > 0).sum()
    full = np.zeros(len(shares), dtype=bool)
    while True:
        free = 1 - max_share * full.sum()
        found = np.where(full, max_share, shares * free / shares[~full].sum())
        above = ~full & (found > max_share)
        if not above.any():
            return found
        full |= above


def capped_sets(sets: Mapping[str, Mapping[str, float]], max_share: float) -> dict[str, dict[str, float]]:
    """Return gene sets with weights limited by :func:`capped`."""
    return {
        name: dict(zip(targets, capped(np.fromiter(targets.values(), float, len(targets)), max_share), strict=True))
        for name, targets in sets.items()
    }


def target_weights(edges: pd.DataFrame, *, own_gene: bool, max_share: float) -> dict[str, dict[str, float]]:
    """Return target → weight per regulon, regulons ordered by name.

    A factor's own gene is not counted among its targets unless ``own_gene``. Its weight is not that of an edge, and an
    activity that includes it follows the factor's mRNA. A regulon without any other target is left out. No weight
    exceeds ``max_share`` of the regulon's total (see :func:`capped`): weights are the certainty of an edge, not its
    effect.

    ``edges``: regulon, tf, target, weight.
    """
    if not own_gene:
        edges = edges[edges["target"] != edges["tf"]]
    sets = {
        regulon: dict(zip(table["target"], table["weight"], strict=True))
        for regulon, table in edges[edges["weight"] > 0].groupby("regulon", sort=True)
    }
    return capped_sets(sets, max_share)


def sets_from(edges: pd.DataFrame, settings: Mapping) -> dict[str, dict[str, float]]:
    """Return :func:`target_weights` with the settings of the config's section ``regulons``."""
    return target_weights(edges, own_gene=settings["activity_own_gene"], max_share=settings["max_target_share"])


def only_measured(genes: list[str], sets: dict[str, dict[str, float]]) -> dict[str, dict[str, float]]:
    """Return the gene sets of which enough genes are measured; the others are named in the log.

    The others get no column: a score of 0 in all cells would count as a measured activity without change.
    """
    kept, left_out = aucell.split_measured(genes, sets)
    if left_out:
        job.log.warning(
            "%d of %d are left out because less than %d %% of their targets are measured: %s",
            len(left_out), len(sets), 100 * aucell.MIN_OVERLAP, ", ".join(left_out),
        )  # fmt: skip
    return kept


def join_scales(groups: Iterable[pd.DataFrame]) -> pd.DataFrame:
    """Return one scale per gene (:data:`SCALES`) for all groups, so that their scores have the same unit.

    ``groups``: gene, variance (:func:`scripts.scenic.scaled_mean.variances`) of each group. A scale is the square root
    of the mean variance over the groups that measure the gene. Genes that all groups measure are the reference for a
    cell's level.
    """
    tables = list(groups)
    every = pd.concat(tables, ignore_index=True).groupby("gene", sort=True)["variance"]
    table = every.mean().pow(0.5).rename("scale").to_frame()
    table["groups"] = every.size()
    table["reference"] = (table["groups"] == len(tables)) & (table["scale"] > 0)
    return table.reset_index()[SCALES]


def scales_of(counts, genes: list[str], samples: Iterable[str]) -> pd.DataFrame:
    """Return :func:`join_scales` of one group of cells."""
    variance = scaled_mean.variances(counts, list(samples))
    return join_scales([pd.DataFrame({"gene": genes, "variance": variance})])


def score(
    counts: sparse.csr_matrix,
    genes: list[str],
    sets: dict[str, dict[str, float]],
    settings: Mapping,
    *,
    scales: pd.DataFrame,
    seed: int,
    threads: int = 1,
) -> pd.DataFrame:
    """Return cells × gene sets: their activity by ``settings["activity_score"]``.

    Parameters
    ----------
    counts
        Cells × ``genes``.
    sets
        Weight per target, as returned by :func:`target_weights`.
    settings
        The config's section ``regulons``: activity_score, activity_auc_threshold, engine.
    scales
        :func:`join_scales`; used only by ``scaled_mean``.
    seed
        Breaks ties of counts; used only by ``aucell``.
    """
    if settings["activity_score"] == "scaled_mean":
        known = scales.set_index("gene").reindex(genes)
        reference = known["reference"].eq(True).to_numpy()
        return scaled_mean.score(counts, genes, sets, scale=known["scale"].to_numpy(), reference=reference)
    if settings["activity_score"] in OTHERS:
        return OTHERS[settings["activity_score"]](counts, genes, sets)
    options = {"auc_threshold": settings["activity_auc_threshold"], "seed": seed, "threads": threads}
    if settings["engine"] == "pyscenic":
        from scripts.regulons.pyscenic_compat import score_cells

        return score_cells(counts, genes, sets, **options)
    warn_of_unexpressed(counts, options["auc_threshold"])
    return aucell.score(counts, genes, sets, **options, rank_unexpressed=False)


def warn_of_unexpressed(counts, auc_threshold: float) -> None:
    """Log a note if there are more ranks than most cells have expressed genes.

    pySCENIC also ranks the unexpressed genes, in one random order for all cells; our kernel does not rank them.
    """
    shown = np.diff(sparse.csr_matrix(counts).indptr)
    if len(shown):
        ranks, most = aucell.count_ranks(auc_threshold, counts.shape[1]), int(np.quantile(shown, aucell.FEW_CELLS))
        if ranks > most:
            job.log.warning(
                "%d ranks count, but %d %% of the cells show %d genes or fewer; unexpressed genes get no rank. Lower "
                "regulons.activity_auc_threshold to %.3g, or set activity_score to scaled_mean",
                ranks, 100 * aucell.FEW_CELLS, most, most / counts.shape[1],
            )  # fmt: skip

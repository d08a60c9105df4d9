"""Clusters that models have in common: the cells of all models clustered together, without the effects of samples.

A cluster of one model has no counterpart in another. Here the effect of each sample on each gene is removed, so that
patients, libraries and what a treatment does to all cells alike make no clusters; what differs between the cells of a
sample does.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import sparse

from scripts.base import expression
from scripts.clusters import cluster_cells, stability
from scripts.growth import sample_effects, terms
from scripts.growth.verdicts import CLUSTER_VERDICTS
from scripts.stats import composition, trends

LEAST = 0.01
"""Share of a model's cells (mean of its samples) from which on it has a cluster."""
MIN_SIDE = 5
"""Cells of a sample in a cluster, and outside, that are needed to name the cluster's genes."""


@dataclass(frozen=True)
class Sampled:
    """Cells of all samples: ``counts`` cells × genes, ``everywhere`` by gene, ``labels`` by cell (sample, model, …)."""

    counts: sparse.csr_matrix
    genes: pd.Index
    everywhere: np.ndarray
    labels: pd.DataFrame


def equal_depth(counts: sparse.csr_matrix, labels: pd.DataFrame, seed: int) -> sparse.csr_matrix:
    """Return the counts thinned so that the samples of a model have equal median totals.

    Cells of few molecules are put into the wrong cluster more often: where depth differs between timepoints, shares
    would differ with it.
    """
    total = pd.Series(expression.totals(counts), labels.index)
    median = total.groupby(labels["sample"]).median()
    model = labels.drop_duplicates("sample").set_index("sample")["model"]
    least = median.groupby(model).transform("min")
    share = labels["sample"].map(least / median.where(median > 0, 1.0)).to_numpy(dtype=float)
    return expression.thin(counts, share, np.random.default_rng(seed))


def find(cells: Sampled, baseline: str, settings: dict) -> tuple[stability.Clustering, np.ndarray]:
    """Return the clusters of the cells of all samples, and the genes (mask) that they were found by.

    Baseline cells are clustered first, without their samples' means; by these clusters the effect of each sample is
    estimated together with its shares, and removed (:mod:`sample_effects`). A mean would hold the shares as well: cells
    of a kind that has grown would then make a cluster of their own in each timepoint, one of which seems to shrink.
    Where baseline cells are one cluster, the means are removed from all samples.

    ``settings``: those of the stage clusters (n_top_genes, n_pcs, n_neighbors, resolutions, …), and seed.
    """
    sample = cells.labels["sample"].to_numpy(dtype=object)
    counts = equal_depth(cells.counts, cells.labels, settings["seed"])
    variable = sample_effects.variable_within(counts, sample, settings["n_top_genes"], cells.everywhere)
    log = expression.normalise(counts)
    scores = without_effects(counts, log, variable, cells.labels, baseline, settings)
    means = sample_effects.means_of_samples(sample)
    return cluster_cells.cluster(counts, log, variable, means, settings, scores), variable


def without_effects(
    counts: sparse.csr_matrix,
    log: sparse.csr_matrix,
    variable: np.ndarray,
    labels: pd.DataFrame,
    baseline: str,
    settings: dict,
) -> np.ndarray | None:
    """Return cells × components less the effect of each sample; None if baseline cells are one cluster.

    ``counts``, ``log``, ``variable`` and ``settings`` as of :func:`cluster_cells.cluster`.
    """
    sample, known = labels["sample"].to_numpy(dtype=object), (labels["timepoint"] == baseline).to_numpy()
    covariates = sample_effects.means_of_samples(sample[known])
    anchors = cluster_cells.cluster(counts[known], log[known], variable, covariates, settings)
    if len(set(anchors.labels)) < 2:
        return None
    used = log[:, variable]
    found = expression.principal_components(used, settings["n_pcs"], covariates=sample_effects.means_of_samples(sample))
    values = used.astype(np.float64) @ found.loadings
    rule = sample_effects.learn(values[known], sample[known], anchors.labels.astype(str).astype(object))
    if rule is None:
        return None
    for name in dict.fromkeys(sample):
        values[sample == name] -= rule.effect(values[sample == name])
    return np.round(values, expression.DECIMALS) + 0.0


def models_with(shares: pd.DataFrame, least: float) -> pd.DataFrame:
    """Return models × clusters: whether the cluster has at least this share of the model's cells, mean of its samples.

    ``shares``: :data:`terms.COMMON_SHARES`. All timepoints count alike, so that a change decides nothing.
    """
    used = shares[(shares["used"] == "yes") & (shares["cluster"] != terms.RARE)]
    return used.pivot_table(index="model", columns="cluster", values="share", aggfunc="mean", fill_value=0.0) >= least


def count(cells: pd.DataFrame, min_cells: int) -> pd.DataFrame:
    """Return :data:`terms.COMMON_SHARES`: the cells of each common cluster in each sample.

    ``cells``: sample, model, timepoint, arm and cluster of each cell.
    """
    return composition.count(cells["cluster"], cells, min_cells)[terms.COMMON_SHARES]


def join_rare(cluster: np.ndarray, cells: pd.DataFrame, least: float) -> np.ndarray:
    """Return clusters as text, with those that no model has (:data:`LEAST` of its cells) as :data:`terms.RARE`."""
    names = pd.Series(cluster.astype(str), cells.index)
    table = pd.crosstab(cells["sample"], names, normalize="index")
    model = cells.drop_duplicates("sample").set_index("sample")["model"]
    most = table.groupby(model.reindex(table.index)).mean().max()
    return names.where(names.map(most) >= least, terms.RARE).to_numpy(dtype=object)


def compare(shares: pd.DataFrame, contrast: Mapping, limit: float) -> pd.DataFrame:
    """Return :data:`terms.COMMON_CHANGES`: the change of each cluster's log ratio to all clusters since the baseline.

    Models that have the cluster at no timepoint (:func:`models_with`) do not count for it.

    Parameters
    ----------
    shares
        :data:`terms.COMMON_SHARES`.
    contrast
        Baseline, persister, further persister timepoints and relapse.
    limit
        Limit of the false discovery rate (``statistics.fdr``).
    """
    counts, samples = composition.counts_of(shares, "cluster")
    of = models_with(shares, LEAST)
    if of.shape[1] < 2:
        return pd.DataFrame(columns=terms.COMMON_CHANGES)
    ratios = composition.expected_ratios(counts, samples["model"], list(of.columns), of=of)
    part, tables = counts.div(counts.sum(axis=1), axis=0)[of.columns].where(ratios.notna()), []
    baseline, relapse = contrast["baseline"], contrast.get("relapse")
    for timepoint in [*trends.persisters_of(contrast), *([relapse] if relapse else [])]:
        found = composition.changes(ratios, samples, baseline, timepoint, CLUSTER_VERDICTS, limit)
        after = samples.index[samples["timepoint"] == timepoint]
        before = samples.index[(samples["timepoint"] == baseline) & samples["model"].isin(samples.loc[after, "model"])]
        for column, rows in (("share_baseline", before), ("share_treated", after)):
            found[column] = part.loc[rows].groupby(samples.loc[rows, "model"]).mean().mean()
        found = found.rename_axis("cluster").reset_index().assign(reference=terms.ALL)
        tables.append(found[terms.COMMON_CHANGES])
    return pd.concat(tables, ignore_index=True)


def name_genes(cells: Sampled, cluster: np.ndarray, most: int = 8) -> dict[str, list[str]]:
    """Return the genes that are highest in each cluster against the other cells of the same samples.

    By the mean over samples of the log2 ratio of counts per 10,000 (plus 1). The clusters were made from these counts:
    genes name a cluster, and prove nothing.
    """
    sample = cells.labels["sample"].to_numpy(dtype=object)
    total, found = expression.totals(cells.counts), {}
    for name in dict.fromkeys(cluster):
        ratios = []
        for own in dict.fromkeys(sample):
            sides = [np.flatnonzero((sample == own) & ((cluster == name) == inside)) for inside in (True, False)]
            if min(map(len, sides)) >= MIN_SIDE:
                sums = [np.asarray(cells.counts[rows].sum(axis=0)).ravel() / total[rows].sum() for rows in sides]
                ratios.append(np.log2(1e4 * sums[0] + 1) - np.log2(1e4 * sums[1] + 1))
        mean = np.mean(ratios, axis=0) if ratios else np.zeros(0)
        best = np.argsort(-mean, kind="stable")[:most]
        found[name] = [cells.genes[i] for i in best if mean[i] > 0]
    return found


def describe(cells: Sampled, table: pd.DataFrame) -> pd.DataFrame:
    """Return :data:`terms.COMMON`: size, models, state and genes of each common cluster, the largest first.

    ``table``: the cells with cluster, cycling and persister_like (0, 1 or NaN), in the order of ``cells``.
    """
    shares = count(table, 0)
    of = models_with(shares, LEAST)
    genes = name_genes(cells, table["cluster"].to_numpy(dtype=object))
    groups = table[table["cluster"] != terms.RARE].groupby("cluster", sort=False)
    found = groups[["cycling", "persister_like"]].mean().assign(cells=groups.size())
    found["models"] = of.sum().reindex(found.index).fillna(0).astype(int)
    found["genes"] = [", ".join(genes[name]) for name in found.index]
    found = found.reset_index().sort_values("cluster", key=lambda names: names.astype(int))
    return found.reindex(columns=terms.COMMON)

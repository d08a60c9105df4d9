"""Shares of states in samples, their log ratios, and how these change over timepoints with the model as the replicate.

Shares of one sample sum to one: if one state grows, others fall, whatever their cells do. Log ratios to a stated
reference state have no such constraint (Aitchison 1982, J R Stat Soc B 44:139).
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from scripts.base.tables import ALL_ARMS
from scripts.growth import terms
from scripts.stats import paired, trends
from scripts.stats.composition import LABELS

ZERO = 0.5
"""Cells added to both sides of a ratio, so that a state without cells has a logarithm (Haldane 1956, Ann Hum Genet
20:309; the bias of the log odds is then of the order of 1 / n²)."""


def call_programme(scores: pd.DataFrame, baseline: str, quantile: float) -> np.ndarray:
    """Return whether each cell is persister-like: its score is above a quantile of the model's own baseline cells.

    Parameters
    ----------
    scores
        Cells with sample, model, timepoint and score of the persister signature.
    baseline
        Timepoint of untreated cells. Each sample has the same weight, by the mean of the samples' quantiles.
    quantile
        Quantile from 0 to 1.

    Returns
    -------
    numpy.ndarray
        1 or 0 by cell; NaN where the score or the model's baseline is missing.
    """
    before = scores[scores["timepoint"] == baseline]
    cut = before.groupby(["model", "sample"])["score"].quantile(quantile).groupby(level="model").mean()
    limit = scores["model"].map(cut).to_numpy(dtype=float)
    score = scores["score"].to_numpy(dtype=float)
    return np.where(np.isfinite(limit) & np.isfinite(score), (score > limit).astype(float), np.nan)


def name_states(phase: np.ndarray, like: np.ndarray) -> np.ndarray:
    """Return the state of each cell by programme and cycle (:data:`terms.FOUR`); empty where one is not known."""
    cycle = np.where(phase == "G1", terms.RESTING, terms.CYCLING).astype(object)
    programme = np.where(like > 0, terms.LIKE, terms.UNLIKE).astype(object)
    return np.where(np.isin(phase, terms.PHASES) & np.isfinite(like), programme + ", " + cycle, "")


def count_states(cells: pd.DataFrame, min_cells: int) -> pd.DataFrame:
    """Return :data:`terms.SHARES`: the number and share of a sample's cells in each state of each partition.

    ``cells``: sample, model, timepoint, arm, phase, like (1, 0 or NaN) and total_counts. Cells without a state are left
    out. ``share_se`` is the binomial standard error of the share in this sample; it says nothing about other samples.
    """
    given = {terms.PHASE: cells["phase"].to_numpy(dtype=object)}
    given[terms.PROGRAMME] = name_states(given[terms.PHASE], cells["like"].to_numpy(dtype=float))
    parts = []
    for partition, states in terms.PARTITIONS.items():
        known = np.isin(given[partition], states)
        own = cells[known].assign(state=given[partition][known])
        for key, rows in own.groupby(LABELS, sort=False):
            counts = rows["state"].value_counts().reindex(states, fill_value=0)
            n, share = len(rows), counts.to_numpy() / len(rows)
            table = pd.DataFrame({"state": states, "cells": counts.to_numpy(), "share": share})
            table["share_se"] = np.sqrt(share * (1 - share) / n)
            told = dict(zip(LABELS, key, strict=True)) | {"partition": partition, "n_cells": n}
            used = "yes" if n >= min_cells else "no"
            parts.append(table.assign(**told, median_counts=rows["total_counts"].median(), used=used))
    table = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=terms.SHARES)
    return table[terms.SHARES]


def log_ratio(over: np.ndarray | pd.Series, under: np.ndarray | pd.Series) -> np.ndarray | pd.Series:
    """Return log2 of one number of cells over another, with :data:`ZERO` cells added to both."""
    return np.log2((over + ZERO) / (under + ZERO))


def log_ratios(shares: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return samples × ratios: log2 of the states in the numerator over the reference, and the numerator's share.

    ``shares``: :data:`terms.SHARES`; samples with too few cells are left out. :data:`ZERO` cells are added to both
    sides. The share is that of the numerator among the cells of both sides.
    """
    own = shares[shares["used"] == "yes"]
    cells = own.pivot_table(index="sample", columns="state", values="cells", aggfunc="sum", sort=False)
    ratios, parts = {}, {}
    for name, (above, below) in terms.RATIOS.items():
        over, under = (cells.reindex(columns=list(states)).sum(axis=1, min_count=1) for states in (above, below))
        ratios[name] = log_ratio(over, under)
        parts[name] = (over / (over + under)).where(over + under > 0)
    return pd.DataFrame(ratios, index=cells.index), pd.DataFrame(parts, index=cells.index)


def mean_shares(parts: pd.DataFrame, samples: pd.DataFrame, models: pd.Index, timepoint: str) -> pd.Series:
    """Return the mean over these models of their samples' mean share at a timepoint, by ratio."""
    rows = samples[(samples["timepoint"] == timepoint) & samples["model"].isin(models)]
    return parts.loc[rows.index].groupby(rows["model"].to_numpy()).mean().mean()


def summarise(found: pd.DataFrame) -> pd.DataFrame:
    """Return the summary over models of changes by model and arm (rows) and ratio (columns), in log2 units.

    Tested ratios have interval, p and fdr (over the tested ratios of an arm); others have an effect, and no more.
    Variances are not moderated: ratios are few, and share their cells.
    """
    unit = pd.Series(1.0, index=found.columns)
    arms = found.index.get_level_values("arm")
    by_arm = {ALL_ARMS: paired.over_arms(found)}
    by_arm |= {arm: found[arms == arm].droplevel("arm") for arm in dict.fromkeys(arms)}
    parts = [paired.summarise(own, unit, moderated=False).assign(arm=arm) for arm, own in by_arm.items()]
    table = pd.concat([part.rename_axis("ratio").reset_index() for part in parts], ignore_index=True)
    table["tested"] = np.where(table["ratio"].isin(terms.TESTED), "yes", "no")
    untested = table["tested"] == "no"
    table.loc[untested, ["ci_low", "ci_high", "t", "p", "fdr"]] = np.nan
    for _, rows in table[~untested].groupby("arm", sort=False):
        table.loc[rows.index, "fdr"] = paired.false_discovery_rate(rows["p"].to_numpy())
    return table


def compare(
    ratios: pd.DataFrame, parts: pd.DataFrame, samples: pd.DataFrame, contrast: Mapping, days: Mapping[str, float]
) -> pd.DataFrame:
    """Return :data:`terms.CHANGES`: the change of each log ratio from the baseline, and its slope over days.

    Parameters
    ----------
    ratios, parts
        Samples × ratios, from :func:`log_ratios`.
    samples
        Indexed by sample, with model, timepoint and arm.
    contrast
        Baseline, persister (the headline), further persister timepoints and relapse.
    days
        Days under treatment, by sample. With several persister timepoints the last rows are slopes of each model's log
        ratio per doubling of the days (:func:`scripts.stats.trends.slopes`), joined over models in the same way.
    """
    baseline, persisters = contrast["baseline"], trends.persisters_of(contrast)
    tables = []
    for timepoint in [*persisters, *([contrast["relapse"]] if contrast.get("relapse") else [])]:
        found = paired.differences(ratios, samples, baseline, timepoint)
        table = summarise(found)
        for arm in dict.fromkeys(table["arm"]):
            rows = table["arm"] == arm
            models = found.index[(found.index.get_level_values("arm") == arm) | (arm == ALL_ARMS)].unique("model")
            for column, at in (("share_baseline", baseline), ("share_treated", timepoint)):
                own = samples[(samples["arm"] == arm) | (arm == ALL_ARMS) | (samples["timepoint"] == baseline)]
                table.loc[rows, column] = table.loc[rows, "ratio"].map(mean_shares(parts, own, models, at))
        tables.append(table.assign(comparison=f"{timepoint} vs {baseline}", timepoint=timepoint))
    if len(persisters) > 1:
        found = trends.slopes(ratios, trends.with_days(samples, dict(days), persisters))
        tables.append(summarise(found).assign(comparison=trends.trend_of(dict(contrast)), timepoint=""))
    table = pd.concat(tables, ignore_index=True)
    headline = (table["timepoint"] == persisters[0]).map({True: "yes", False: "no"})
    return table.assign(headline=headline).reindex(columns=terms.CHANGES)


def describe_clusters(cells: pd.DataFrame, clusters: pd.DataFrame, model: str, baseline: str) -> pd.DataFrame:
    """Return :data:`terms.CLUSTERS`: each cluster's share of its timepoint, and its growth since the baseline.

    Parameters
    ----------
    cells
        The model's cells: timepoint, cluster, phase and like.
    clusters
        Its clusters/{model}/clusters.tsv. Clusters of two timepoints are the same if they have a lineage in common;
        those of one timepoint with the same lineage grow together.
    model, baseline
        Name of the model; its untreated timepoint.

    Returns
    -------
    pandas.DataFrame
        Clusters are those of one model, and cells are no replicates: ``share_se`` and ``log2_change_se`` are binomial
        errors of counting (:data:`ZERO` cells added; delta method), without a p-value.
    """
    text = {"timepoint": str, "cluster": str}
    sizes = clusters.astype(text)
    keys = ["timepoint", "cluster"]
    cycling = cells["phase"].map({"G1": 0.0, "S": 1.0, "G2M": 1.0})
    means = cells.astype(text).assign(cycling=cycling, persister_like=cells["like"]).groupby(keys)
    table = sizes.merge(means[["cycling", "persister_like"]].mean().reset_index(), on=keys, how="left")
    total = table.groupby("timepoint")["n_cells"].transform("sum")
    table = table.assign(model=model, cells=table["n_cells"], n_cells=total, share=table["n_cells"] / total)
    table["share_se"] = np.sqrt(table["share"] * (1 - table["share"]) / total)
    # Clusters that share a lineage within a timepoint are parts of one: it is their sum that grows.
    joined = table.groupby(["timepoint", "lineage"])["cells"].transform("sum")
    odds = log_ratio(joined, total - joined)
    variance = (1 / (joined + ZERO) + 1 / (total - joined + ZERO)) / np.log(2) ** 2
    first = table["timepoint"] == baseline
    own = pd.DataFrame({"odds": odds, "variance": variance, "lineage": table["lineage"]})
    # A timepoint that is a single cluster has no other to grow against.
    whole = joined == total
    start = own[first & ~whole].drop_duplicates("lineage").set_index("lineage")
    known = ~first & ~whole
    table["log2_change"] = (odds - table["lineage"].map(start["odds"])).where(known)
    table["log2_change_se"] = np.sqrt(variance + table["lineage"].map(start["variance"])).where(known)
    return table[terms.CLUSTERS]

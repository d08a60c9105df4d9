"""Changes of activity in cycling and in non-cycling cells, each against baseline cells of the same group."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from scripts.base.verdicts import decide
from scripts.growth import terms, verdicts
from scripts.growth.terms import GROUPS
from scripts.stats import paired


def average(values: np.ndarray, sample: np.ndarray, phase: np.ndarray, min_cells: int) -> list[tuple]:
    """Return (group, sample, cells, mean activity by feature) of each sample's cycling and non-cycling cells.

    ``values``: cells × features. Groups of fewer than ``min_cells`` cells have no mean.
    """
    found = []
    for group, inside in zip(GROUPS, (np.isin(phase, ("S", "G2M")), phase == "G1"), strict=True):
        for name in dict.fromkeys(sample):
            rows = np.flatnonzero(inside & (sample == name))
            if len(rows) >= min_cells:
                found.append((group, name, len(rows), values[rows].mean(axis=0)))
    return found


def less_than(kept: float, of: pd.DataFrame, own: pd.DataFrame, unit: pd.Series) -> pd.Series:
    """Return one-sided p-values, by feature, that ``kept`` or more of the change ``of`` one group is in the other.

    Both: models × features. The share of a sum is below ``kept`` if own − kept · of lies, in the direction of ``of``,
    below zero: a t over the models that have both groups, with variances moderated over the features.
    """
    models = of.index.intersection(own.index, sort=False)
    x, y = of.loc[models], own.loc[models]
    found = paired.summarise(y - kept * x, unit)
    two_sided, sign = found["p"], np.sign(x.mean()) * np.sign(found["effect"])
    return two_sided.where(two_sided.isna(), np.where(sign < 0, two_sided / 2, 1 - two_sided / 2))


def compare(
    means: Mapping[str, pd.DataFrame],
    cells: Mapping[str, pd.Series],
    samples: pd.DataFrame,
    contrast: Mapping,
    features: pd.DataFrame,
    fdr: float,
) -> pd.DataFrame:
    """Return :data:`terms.SWITCHES`: the change of each feature in cycling and in non-cycling cells, and its verdict.

    Parameters
    ----------
    means
        Group → samples × features: mean activity of its cells, NaN where not measured.
    cells
        Group → number of its cells, by sample.
    samples
        Indexed by sample, with model, timepoint and arm.
    contrast
        Baseline and persister.
    features
        Indexed by feature: kind, tf, switch (verdict over all cells) and sd (unit of the standardised effects).
        Features of kind ``programme`` were learned from the same comparison: they have effects, and no more.
    fdr
        Limit of the false discovery rates, which are over the regulons.
    """
    pair = (contrast["baseline"], contrast["persister"])
    unit = features["sd"].astype(float)
    changes = {group: paired.over_arms(paired.differences(means[group], samples, *pair)) for group in GROUPS}
    changes = {group: own.reindex(columns=features.index) for group, own in changes.items()}
    judged = features["kind"] == "regulon"
    table = features.reset_index(names="feature")[["feature", "kind", "tf", "switch"]].set_index("feature", drop=False)
    for group, own in changes.items():
        found = paired.summarise(own.loc[:, judged], unit)
        told = paired.summarise(own, unit)
        used = samples["model"].isin(own.index) & samples["timepoint"].isin(pair)
        counted = cells[group].reindex(samples.index[used]).fillna(0).sum()
        columns = {
            "effect": told["activity_change_sd"],
            "low": found["activity_change_sd_low"],
            "high": found["activity_change_sd_high"],
            "n": told["n"],
            "cells": int(counted),
            "p": found["p"],
            "fdr": found["fdr"],
        }
        for name, values in columns.items():
            table[f"{group}_{name}"] = values
    for group, other in (("resting", "cycling"), ("cycling", "resting")):
        p = less_than(verdicts.KEPT, changes[other].loc[:, judged], changes[group].loc[:, judged], unit)
        table[f"less_in_{group}_p"] = p
        table[f"less_in_{group}_fdr"] = pd.Series(paired.false_discovery_rate(p.to_numpy()), index=p.index)
    table["verdict"] = [decide(verdicts.VERDICTS, evidence_of(row, fdr)).name for row in table.to_dict("records")]
    return table[terms.SWITCHES].reset_index(drop=True)


def evidence_of(row: Mapping, fdr: float) -> verdicts.Evidence:
    """Return what decides about a feature (a row of :data:`terms.SWITCHES`)."""
    return verdicts.Evidence(
        n=int(min(row["cycling_n"], row["resting_n"])),
        cycling=row["cycling_fdr"],
        resting=row["resting_fdr"],
        same=bool(np.sign(row["cycling_effect"]) == np.sign(row["resting_effect"])),
        less_in_resting=row["less_in_resting_fdr"],
        less_in_cycling=row["less_in_cycling_fdr"],
        limit=fdr,
        is_learned=row["kind"] != "regulon",
    )

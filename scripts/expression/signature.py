"""The persister signature: learned from the contrast, scored in samples, tested in patients not used for learning."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from scripts.base.tables import ALL_ARMS, ALL_MODELS
from scripts.expression import differential, left_out
from scripts.expression.terms import OVER_PATIENTS, with_level
from scripts.profiles.profiles import Profiles
from scripts.stats.paired import over_arms

SIGNATURE = ["gene", "direction", "rank", "log_fc", "t", "fdr", "level"]
SIZES = [
    "size", "left_out", "n_models", "n_baseline", "n_persister", "difference", "auc", "models_agreeing", "p", "null",
    "genes",
]  # fmt: skip
SCORES = ["sample", "model", "timepoint", "arm", "replicate", "platform", "score", "relative", "left_out"]
LEFT_OUT = ["left_out", "gene", "direction", "rank"]
HEATMAP = ["gene", "direction", "sample", "model", "timepoint", "arm", "platform", "deviation"]
HEATMAP_SIZE = 20
"""Genes of each direction in the heat map."""


@dataclass(frozen=True)
class LeftOut:
    """Signatures learned without one model each.

    Parameters
    ----------
    tried
        One row (:data:`SIZES`) per size and model left out, then one per size over all models.
    scores
        Size → score of each sample by the signature of the other models (NaN if there is none).
    signatures
        Size → genes of these signatures (:data:`LEFT_OUT`), models in order of appearance. They score a model as a new
        patient would be scored. There is no signature for a model that the contrast does not use, or if the other
        models give no t-values.
    """

    tried: pd.DataFrame
    scores: dict[int, pd.Series]
    signatures: dict[int, pd.DataFrame]


def learn(expression: pd.DataFrame, size: int) -> pd.DataFrame:
    """Return the signature (:data:`SIGNATURE`): the ``size`` genes with the largest and those with the smallest t.

    ``expression``: rows of one contrast over all arms, with the level of their t
    (:func:`~scripts.expression.terms.with_level`). The number is smaller if fewer genes increase or decrease.
    """
    known = expression[expression["t"].notna()]
    parts = []
    for direction, sign in (("up", 1), ("down", -1)):
        own = known[sign * known["t"] > 0]
        order = np.lexsort([own["gene"].to_numpy(dtype=str), -sign * own["t"].to_numpy(dtype=float)])
        best = own.iloc[order[:size]]
        parts.append(best.assign(direction=direction, rank=np.arange(1, len(best) + 1)))
    return pd.concat(parts, ignore_index=True)[SIGNATURE]


def score(values: pd.DataFrame, signature: pd.DataFrame) -> pd.Series:
    """Return, by sample, mean log2 expression of the up genes minus that of the down genes.

    ``values``: samples × genes. Each sample's score depends on that sample alone; genes that it lacks are ignored.
    """
    means = []
    for direction in ("up", "down"):
        genes = [g for g in signature.loc[signature["direction"] == direction, "gene"] if g in values.columns]
        means.append(values[genes].mean(axis=1) if genes else pd.Series(0.0, index=values.index))
    return means[0] - means[1]


def area(baseline: np.ndarray, persister: np.ndarray) -> float:
    """Return the area under the ROC curve: how often a persister sample scores above a baseline one (ties: half)."""
    above = persister[:, None] - baseline[None, :]
    return float((np.sign(above) / 2 + 0.5).mean())


def learn_without(profiles: Profiles, model: str, contrast: dict, platforms: str) -> pd.DataFrame:
    """Return the rows of the persister contrast learned from all models but one; empty if no other model has both
    timepoints.

    With two or more other models, genes are ordered by the moderated t over models (:func:`left_out.order_of`). With
    one other model, they are ordered by voom's t over its tumours.
    """
    rest = profiles.of(profiles.samples["model"] != model)
    name = next(iter(differential.contrasts_of(contrast)))
    changes = changes_of(rest, contrast)
    if len(changes) > 1:
        known = changes.columns[changes.notna().sum() > 1]
        found = pd.DataFrame({"gene": known, "log_fc": changes[known].mean().to_numpy(), "fdr": np.nan})
        return found.assign(t=left_out.order_of(changes[known].to_numpy()), level=OVER_PATIENTS)
    found = differential.compare(rest, contrast, platforms=platforms, arms=False)
    return with_level(found[found["contrast"] == name])


def changes_of(profiles: Profiles, contrast: dict) -> pd.DataFrame:
    """Return persister − baseline by model (rows) and gene, replicates and arms averaged."""
    pair = (contrast["baseline"], contrast["persister"])
    return over_arms(differential.differences(profiles.values, profiles.samples, *pair, contrast["baseline"]))


def leave_one_out(profiles: Profiles, contrast: dict, sizes: list[int], platforms: str, seed: int) -> LeftOut:
    """Return the performance of signatures of several sizes in models not used for learning.

    Each signature is learned once per left-out model. Profiles are normalised jointly, without using timepoints; all
    other steps exclude the left-out model.
    """
    samples = profiles.samples
    baseline, persister = contrast["baseline"], contrast["persister"]
    rows, scores = [], {size: pd.Series(np.nan, index=samples.index) for size in sizes}
    signatures = {size: [pd.DataFrame(columns=LEFT_OUT)] for size in sizes}
    for model in differential.both(samples, baseline, persister):
        found = learn_without(profiles, model, contrast, platforms)
        own = samples[samples["model"] == model]
        n_models = len(differential.both(samples[samples["model"] != model], baseline, persister))
        for size in sizes:
            learned = learn(found, size)
            if not len(learned):
                continue
            signatures[size].append(learned.assign(left_out=model)[LEFT_OUT])
            values = score(profiles.values.loc[own.index], learned)
            scores[size].loc[own.index] = values
            before = values[own["timepoint"] == baseline].to_numpy()
            after = values[own["timepoint"] == persister].to_numpy()
            change = after.mean() - before.mean()
            numbers = (size, model, n_models, len(before), len(after), change, area(before, after))
            rows.append((*numbers, np.nan, np.nan, "", len(learned)))
    table = pd.DataFrame(rows, columns=SIZES)
    whole = summary(table, changes_of(profiles, contrast), seed) if len(table) else table
    tried = pd.concat([table, whole], ignore_index=True) if len(table) else table
    joined = {size: pd.concat(parts[1:] or parts, ignore_index=True) for size, parts in signatures.items()}
    return LeftOut(tried, scores, joined)


def summary(table: pd.DataFrame, changes: pd.DataFrame, seed: int) -> pd.DataFrame:
    """Return one row per size over the left-out models: means, the number of increases, and how often models without a
    shared change reach the mean change (:func:`left_out.nulls_of`, on the genes that all models have).
    """
    rows, groups = [], table.groupby("size", sort=False)
    nulls = left_out.nulls_of(changes.dropna(axis=1).to_numpy(), [int(size) for size in groups.groups], seed)
    for (size, own), null in zip(groups, nulls, strict=True):
        change = own["difference"]
        rows.append(
            (
                *(size, ALL_MODELS, len(own), own["n_baseline"].sum(), own["n_persister"].sum(), change.mean()),
                *(own["auc"].mean(), (change > 0).sum(), null.p, null.method, own["genes"].max()),
            )
        )  # fmt: skip
    return pd.DataFrame(rows, columns=SIZES)


def score_table(profiles: Profiles, signature: pd.DataFrame, left_out: pd.Series, baseline: str) -> pd.DataFrame:
    """Return one row (:data:`SCORES`) per sample: its score, the score relative to the model's baseline, and the score
    by the signature of the other models (also relative).
    """
    samples = profiles.samples
    values = score(profiles.values, signature) if len(signature) else pd.Series(np.nan, index=samples.index)
    before = samples["timepoint"] == baseline

    def relative(column: pd.Series) -> pd.Series:
        return column - samples["block"].map(column[before].groupby(samples.loc[before, "block"]).mean())

    table = samples[["model", "timepoint", "arm", "replicate", "platform"]].rename_axis("sample").reset_index()
    table["score"], table["relative"] = values.to_numpy(), relative(values).to_numpy()
    table["left_out"] = relative(left_out).to_numpy()
    return table[SCORES]


def heatmap(profiles: Profiles, signature: pd.DataFrame, size: int = HEATMAP_SIZE) -> pd.DataFrame:
    """Return the first genes of the signature in every profile, relative to the model's own mean.

    Parameters
    ----------
    profiles
        All profiles.
    signature
        Genes of the signature (:data:`SIGNATURE`).
    size
        Number of genes of each direction.

    Returns
    -------
    DataFrame
        One row per gene and sample (:data:`HEATMAP`), genes up before genes down, each by rank. ``deviation``: log2
        expression minus the gene's mean in the model (on one platform), divided by the standard deviation of these
        differences over all samples; missing for a gene that does not vary.
    """
    first = signature[signature["rank"] <= size]
    genes = [gene for way in ("up", "down") for gene in first.loc[first["direction"] == way, "gene"]]
    genes = [gene for gene in genes if gene in profiles.values.columns]
    values = profiles.values[genes]
    centred = values - values.groupby(profiles.samples["block"]).transform("mean")
    scaled = (centred / centred.std(ddof=0).replace(0, np.nan)).rename_axis("sample").reset_index()
    table = scaled.melt("sample", var_name="gene", value_name="deviation")
    labels = profiles.samples[["model", "timepoint", "arm", "platform"]]
    table = table.merge(labels, left_on="sample", right_index=True, how="left")
    table["direction"] = table["gene"].map(first.set_index("gene")["direction"])
    return table[HEATMAP]


def persister_rows(expression: pd.DataFrame, contrast: dict) -> pd.DataFrame:
    """Return the rows of the persister contrast over all arms, with their level."""
    first = next(iter(differential.contrasts_of(contrast)))
    return with_level(expression[(expression["contrast"] == first) & (expression["arm"] == ALL_ARMS)])

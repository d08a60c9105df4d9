"""The persister signature: learned from the contrast, scored in samples, tried on patients it was not learned from."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy import optimize, stats

from scripts.base.tables import ALL_ARMS, ALL_MODELS
from scripts.expression import differential
from scripts.profiles.profiles import Profiles
from scripts.stats.intervals import share_interval

SIGNATURE = ["gene", "direction", "rank", "log_fc", "t", "fdr"]
SIZES = [
    "size", "left_out", "n_models", "n_baseline", "n_persister", "difference", "ci_low", "ci_high", "auc", "auc_low",
    "auc_high", "models_agreeing", "genes",
]  # fmt: skip
SCORES = ["sample", "model", "timepoint", "arm", "replicate", "platform", "score", "relative", "left_out"]
HEATMAP = ["gene", "direction", "sample", "model", "timepoint", "arm", "platform", "deviation"]
HEATMAP_SIZE = 20
"""Genes of each direction in the heat map."""
CONFIDENCE = 0.95


def learn(expression: pd.DataFrame, size: int) -> pd.DataFrame:
    """Return the signature (:data:`SIGNATURE`): the ``size`` genes with the largest and those with the smallest t.

    ``expression``: rows of one contrast over all arms. Fewer where fewer rise or fall.
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

    ``values``: samples × genes. Each sample's score hangs on that sample alone; genes it lacks are passed over.
    """
    means = []
    for direction in ("up", "down"):
        genes = [g for g in signature.loc[signature["direction"] == direction, "gene"] if g in values.columns]
        means.append(values[genes].mean(axis=1) if genes else pd.Series(0.0, index=values.index))
    return means[0] - means[1]


def area(baseline: np.ndarray, persister: np.ndarray) -> float:
    """Return the area under the ROC curve: how often a persister sample scores above a baseline one (ties half)."""
    above = persister[:, None] - baseline[None, :]
    return float((np.sign(above) / 2 + 0.5).mean())


def area_interval(auc: float, m: int, n: int) -> tuple[float, float]:
    """Return the 95 % interval of an area from ``m`` and ``n`` samples, also where it is 0 or 1.

    Newcombe 2006, method 5: the ends are the areas from which the observed one is 1.96 standard errors away, these
    after Hanley & McNeil 1982.
    """
    z = stats.norm.ppf((1 + CONFIDENCE) / 2)

    def gap(theta: float) -> float:
        inner = 1 + ((m + n) / 2 - 1) * ((1 - theta) / (2 - theta) + theta / (1 + theta))
        return abs(auc - theta) - z * np.sqrt(theta * (1 - theta) * inner / (m * n))

    edge = 1e-9
    inside = min(max(auc, edge), 1 - edge)
    low = 0.0 if auc <= edge else optimize.brentq(gap, 0.0, inside)
    high = 1.0 if auc >= 1 - edge else optimize.brentq(gap, inside, 1.0)
    return float(low), float(high)


def difference_interval(baseline: np.ndarray, persister: np.ndarray) -> tuple[float, float]:
    """Return the 95 % interval of the difference in means (Welch); NaN without replicates on both sides."""
    if min(len(baseline), len(persister)) < 2:
        return np.nan, np.nan
    found = stats.ttest_ind(persister, baseline, equal_var=False).confidence_interval(CONFIDENCE)
    return float(found.low), float(found.high)


def mean_interval(values: np.ndarray) -> tuple[float, float]:
    """Return the 95 % interval of a mean over models (t); NaN with fewer than two."""
    if len(values) < 2:
        return np.nan, np.nan
    reach = stats.t.ppf((1 + CONFIDENCE) / 2, len(values) - 1) * values.std(ddof=1) / np.sqrt(len(values))
    return float(values.mean() - reach), float(values.mean() + reach)


def learn_without(profiles: Profiles, model: str, contrast: dict, platforms: str) -> pd.DataFrame:
    """Return the persister contrast learned from all models but one; empty if no other model has both timepoints."""
    rest = profiles.of(profiles.samples["model"] != model)
    first = next(iter(differential.contrasts_of(contrast)))
    found = differential.compare(rest, contrast, platforms=platforms, leave_one_out=False, arms=False)
    return found[found["contrast"] == first]


def leave_one_out(
    profiles: Profiles, contrast: dict, sizes: list[int], platforms: str
) -> tuple[pd.DataFrame, dict[int, pd.Series]]:
    """Return how signatures of several sizes do in the models they were not learned from (:data:`SIZES`), and by size
    the scores of samples under the signature of the other models.

    Profiles are normalised jointly, which doesn't see timepoints; all else is learned without the model left out.
    """
    samples = profiles.samples
    baseline, persister = contrast["baseline"], contrast["persister"]
    rows, scores = [], {size: pd.Series(np.nan, index=samples.index) for size in sizes}
    for model in differential.both(samples, baseline, persister):
        found = learn_without(profiles, model, contrast, platforms)
        own = samples[samples["model"] == model]
        n_models = len(differential.both(samples[samples["model"] != model], baseline, persister))
        for size in sizes:
            learned = learn(found, size)
            if not len(learned):
                continue
            values = score(profiles.values.loc[own.index], learned)
            scores[size].loc[own.index] = values
            before = values[own["timepoint"] == baseline].to_numpy()
            after = values[own["timepoint"] == persister].to_numpy()
            auc = area(before, after)
            rows.append(
                (
                    *(size, model, n_models, len(before), len(after), after.mean() - before.mean()),
                    *difference_interval(before, after), auc, *area_interval(auc, len(before), len(after)),
                    *(np.nan, len(learned)),
                )
            )  # fmt: skip
    table = pd.DataFrame(rows, columns=SIZES)
    return pd.concat([table, summary(table)], ignore_index=True) if len(table) else table, scores


def summary(table: pd.DataFrame) -> pd.DataFrame:
    """Return a row per size over the models left out in turn: means, the interval over models, how many rise."""
    rows = []
    for size, own in table.groupby("size", sort=False):
        change, auc = own["difference"].to_numpy(), own["auc"].to_numpy()
        rows.append(
            (
                *(size, ALL_MODELS, len(own), own["n_baseline"].sum(), own["n_persister"].sum(), change.mean()),
                *mean_interval(change), auc.mean(), *share_interval(auc.mean(), len(own)), (change > 0).sum(),
                own["genes"].max(),
            )
        )  # fmt: skip
    return pd.DataFrame(rows, columns=SIZES)


def score_table(profiles: Profiles, signature: pd.DataFrame, left_out: pd.Series, baseline: str) -> pd.DataFrame:
    """Return one row (:data:`SCORES`) per sample: its score, the same relative to its model's baseline, and that under
    the signature learned from the other models (relative, too).
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
        Its genes (:data:`SIGNATURE`).
    size
        Number of genes of each direction.

    Returns
    -------
    DataFrame
        One row per gene and sample (:data:`HEATMAP`), genes up before genes down, each by rank. ``deviation``: log2
        expression minus the gene's mean in the model (on one platform), divided by the standard deviation of these
        differences over all samples; missing for a gene that doesn't vary.
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
    """Return the rows of the persister contrast over all arms."""
    first = next(iter(differential.contrasts_of(contrast)))
    return expression[(expression["contrast"] == first) & (expression["arm"] == ALL_ARMS)]

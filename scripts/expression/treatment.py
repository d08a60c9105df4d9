"""Whether the programme depends on the drug: effects by arm, their similarity, and drugs compared within a model."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pandas as pd
from scipy import stats

from scripts.expression import differential
from scripts.expression.terms import ARMS, DRUGS, UNITS
from scripts.profiles.profiles import Profiles
from scripts.stats import linear
from scripts.stats.paired import ALL_ARMS, false_discovery_rate
from scripts.stats.squeeze import squeeze

TREATMENT = [
    "question", "subject", "other", "n_models", "value", "expected", "p", "signature_value", "genes", "changed",
    "signature_genes", "signature_changed", "note",
]  # fmt: skip


def unit_effects(profiles: Profiles, contrast: dict) -> pd.DataFrame:
    """Return persister − baseline by model and arm (rows) and gene, for genes measured in all."""
    pair = (contrast["baseline"], contrast["persister"])
    found = differential.differences(profiles.values, profiles.samples, *pair, contrast["baseline"])
    return found.dropna(axis=1)


def correlations(effects: pd.DataFrame, genes: list[str]) -> np.ndarray:
    """Return Pearson correlations between the rows, over the given genes; NaN with fewer than three genes."""
    chosen = effects[[gene for gene in genes if gene in effects.columns]].to_numpy()
    if chosen.shape[1] < 3:
        return np.full((len(effects), len(effects)), np.nan)
    with np.errstate(invalid="ignore"):
        return np.corrcoef(chosen) if len(effects) > 1 else np.ones((1, 1))


def compare_arms(expression: pd.DataFrame, profiles: Profiles, contrast: dict, signature: list[str]) -> list[tuple]:
    """Return a row per pair of arms: the correlation of their log fold changes over genes."""
    first = next(iter(differential.contrasts_of(contrast)))
    own = expression[(expression["contrast"] == first) & (expression["arm"] != ALL_ARMS)]
    wide = own.pivot(index="arm", columns="gene", values="log_fc").dropna(axis=1)
    arms = [arm for arm in dict.fromkeys(own["arm"]) if arm in wide.index]
    wide = wide.loc[arms]
    whole, marked = correlations(wide, list(wide.columns)), correlations(wide, signature)
    treated = profiles.samples[profiles.samples["timepoint"] == contrast["persister"]]
    models = {arm: set(treated.loc[treated["arm"] == arm, "model"]) for arm in arms}
    rows = []
    for i, j in combinations(range(len(arms)), 2):
        shared = [m for m in dict.fromkeys(treated["model"]) if m in models[arms[i]] & models[arms[j]]]
        note = (
            f"share the untreated samples of {', '.join(shared)}: these cause part of the similarity" if shared else ""
        )
        if not shared:
            note = "confounded: no model had both; the similarity of arms cannot be separated from that of patients"
        n = len(models[arms[i]] | models[arms[j]])
        rows.append(
            (ARMS, arms[i], arms[j], n, whole[i, j], np.nan, np.nan, marked[i, j], wide.shape[1], *[np.nan] * 3, note)
        )
    return rows


def compare_units(
    effects: pd.DataFrame, platforms: pd.Series, signature: list[str], permutations: int, seed: int
) -> list[tuple]:
    """Return a row: the excess similarity of models of one arm over models of different arms.

    ``effects``: model and arm × genes; ``platforms``: by model. Only pairs of different models are used, so that no
    untreated sample is shared. Arms are shuffled within platforms, so that similarity due to platforms is also present
    in the null.
    """
    units = list(effects.index)
    pairs = [(i, j) for i, j in combinations(range(len(units)), 2) if units[i][0] != units[j][0]]
    whole, marked = correlations(effects, list(effects.columns)), correlations(effects, signature)
    arms = np.array([arm for _, arm in units])
    strata = np.array([platforms[model] for model, _ in units])

    def gap(labels: np.ndarray, matrix: np.ndarray) -> float:
        same = [matrix[i, j] for i, j in pairs if labels[i] == labels[j]]
        other = [matrix[i, j] for i, j in pairs if labels[i] != labels[j]]
        return float(np.mean(same) - np.mean(other)) if same and other else np.nan

    observed = gap(arms, whole)
    n = len({model for model, _ in units})
    if not np.isfinite(observed):
        note = "confounded: a comparison needs two models with the same arm and two with different arms"
        return [(UNITS, "same arm", "different arms", n, *[np.nan] * 8, note)]
    from scripts.expression.structure import shuffle_within

    rng = np.random.default_rng(seed)
    null = np.array([gap(shuffle_within(arms, strata, rng), whole) for _ in range(permutations)])
    null = null[np.isfinite(null)]
    p = (1 + (np.abs(null - null.mean()) >= abs(observed - null.mean()) - 1e-12).sum()) / (1 + len(null))
    mean = np.mean([whole[i, j] for i, j in pairs])
    note = f"mean correlation of all pairs of different models {mean:.2f}; arms shuffled within platforms"
    return [
        (UNITS, "same arm", "different arms", n, observed, null.mean(), p, gap(arms, marked), effects.shape[1],
         *[np.nan] * 3, note)
    ]  # fmt: skip


def drug_test(profiles: Profiles, model: str, contrast: dict) -> pd.DataFrame | None:
    """Return, by gene of one model, whether its arms' persisters differ (moderated F), the largest difference between
    arms and the mean shift from the baseline; None without residual degrees of freedom.

    The untreated samples cancel: state × drug is the difference between the arms' persister levels.
    """
    samples = profiles.samples[profiles.samples["model"] == model]
    groups = samples["timepoint"].where(
        samples["timepoint"] == contrast["baseline"], samples["timepoint"] + samples["arm"]
    )
    design = linear.design_of(groups, samples["block"])
    arms = list(dict.fromkeys(samples.loc[samples["timepoint"] == contrast["persister"], "arm"]))
    columns = [contrast["persister"] + arm for arm in arms]
    chosen = [(design.columns == column).astype(float) for column in columns]
    contrasts = [one - chosen[0] for one in chosen[1:]]
    shift = np.mean(chosen, axis=0) - (design.columns == contrast["baseline"]).astype(float)
    expression = differential.weigh(profiles.of(samples.index))
    found = linear.fit(
        expression.values.to_numpy(), design.to_numpy(), np.array([*contrasts, shift]), expression.weights.to_numpy()
    )
    if not (found.df > 0).any():
        return None
    moderated = squeeze(found.variance, found.df)
    k = len(contrasts)
    beta, covariance = found.effect[:, :k], found.covariance[:, :k, :k]
    usable = np.isfinite(beta).all(axis=1) & np.isfinite(covariance).all(axis=(1, 2))
    f = np.full(len(beta), np.nan)
    f[usable] = np.einsum("gi,gij,gj->g", beta[usable], np.linalg.inv(covariance[usable]), beta[usable]) / k
    f /= moderated.variance
    p = stats.f.sf(f, k, moderated.df)
    levels = np.column_stack([np.zeros(len(beta)), beta])
    table = {
        "f": f,
        "p": p,
        "fdr": false_discovery_rate(p),
        "between": np.ptp(levels, axis=1),
        "shift": found.effect[:, k],
    }
    return pd.DataFrame(table, index=profiles.values.columns)


def compare_drugs(profiles: Profiles, contrast: dict, signature: list[str], fdr: float) -> list[tuple]:
    """Return a row per model: genes whose shift differs between its drugs, or why this cannot be tested."""
    rows, treated = [], profiles.samples[profiles.samples["timepoint"] == contrast["persister"]]
    for model, own in treated.groupby("model", sort=False):
        arms = list(dict.fromkeys(own["arm"]))
        names = ",".join(arms)
        if len(arms) < 2:
            note = "confounded: one arm only; the effect of the drug can't be separated from that of the patient"
            rows.append((DRUGS, model, names, 1, *[np.nan] * 8, note))
            continue
        table = drug_test(profiles, model, contrast)
        if table is None:
            rows.append((DRUGS, model, names, 1, *[np.nan] * 8, "no replicates: drugs can't be compared"))
            continue
        marked = table.loc[[gene for gene in signature if gene in table.index]]
        with np.errstate(invalid="ignore", divide="ignore"):
            ratio = float(np.median(marked["between"] / marked["shift"].abs())) if len(marked) else np.nan
            whole = float(np.median(table["between"] / table["shift"].abs()))
        rows.append(
            (
                *(DRUGS, model, names, 1, whole, np.nan, np.nan, ratio, len(table), (table["fdr"] <= fdr).sum()),
                *(len(marked), (marked["fdr"] <= fdr).sum()),
                "value: median over genes of the largest difference between drugs, as a share of the change",
            )
        )
    return rows


def table_of(
    expression: pd.DataFrame,
    profiles: Profiles,
    contrast: dict,
    signature: list[str],
    *,
    fdr: float,
    permutations: int,
    seed: int,
) -> pd.DataFrame:
    """Return all rows (:data:`TREATMENT`)."""
    effects = unit_effects(profiles, contrast)
    if not len(effects):
        return pd.DataFrame(columns=TREATMENT)
    platforms = profiles.samples.drop_duplicates("model").set_index("model")["platform"]
    rows = compare_arms(expression, profiles, contrast, signature)
    rows += compare_units(effects, platforms, signature, permutations, seed)
    rows += compare_drugs(profiles, contrast, signature, fdr)
    table = pd.DataFrame(rows, columns=TREATMENT)
    whole = ["n_models", "genes", "changed", "signature_genes", "signature_changed"]
    table[whole] = table[whole].astype(float).astype("Int64")
    return table

"""Differential expression on two levels: over patients, with equal weight, and in these tumours, by voom and limma."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from scripts.expression.terms import VOOM
from scripts.profiles.profiles import Profiles
from scripts.stats import linear, meta, voom
from scripts.stats.paired import ALL_ARMS, false_discovery_rate, over_arms, summarise
from scripts.stats.squeeze import squeeze

PATIENTS = ["log_fc", "ci_low", "ci_high", "t", "p", "fdr", "same_direction", "models_agreeing", "n_models"]
TUMOURS = ["log_fc", "ci_low", "ci_high", "t", "p", "fdr", "df", "t_contrasts_fit", "n_models", "indirect"]
EXPRESSION = [
    "contrast", "arm", "gene", *PATIENTS, "mean_expression", *(VOOM + name for name in TUMOURS), "distrusted",
]  # fmt: skip
ROUNDING = 1e-9
"""Weights below this share of the largest are rounding only."""
WHOLE = ["models_agreeing", "n_models", f"{VOOM}n_models"]


def contrasts_of(contrast: dict) -> dict[str, tuple[str, str]]:
    """Return (reference, treated) by name: persister, recovered, and one against the other."""
    baseline, persister, recovered = contrast["baseline"], contrast["persister"], contrast.get("relapse")
    pairs = [(baseline, persister)] + ([(baseline, recovered), (persister, recovered)] if recovered else [])
    return {f"{treated} vs {reference}": (reference, treated) for reference, treated in pairs}


def samples_of_arm(samples: pd.DataFrame, arm: str, baseline: str) -> pd.DataFrame:
    """Return the samples of an arm and the baseline of its models, or all samples for :data:`ALL_ARMS`."""
    if arm == ALL_ARMS:
        return samples
    own = (samples["arm"] == arm) & (samples["timepoint"] != baseline)
    models = set(samples.loc[own, "model"])
    return samples[own | ((samples["timepoint"] == baseline) & samples["model"].isin(models))]


def arms_of(samples: pd.DataFrame, baseline: str) -> list[str]:
    """Return :data:`ALL_ARMS` and the treatment arms, in order of appearance."""
    return [ALL_ARMS, *dict.fromkeys(samples.loc[samples["timepoint"] != baseline, "arm"])]


def both(samples: pd.DataFrame, reference: str, treated: str) -> list[str]:
    """Return the models that have both timepoints on the same platform, in order of appearance."""
    before = set(samples.loc[samples["timepoint"] == reference, "block"])
    after = set(samples.loc[samples["timepoint"] == treated, "block"])
    return list(dict.fromkeys(samples.loc[samples["block"].isin(before & after), "model"]))


def differences(
    values: pd.DataFrame, samples: pd.DataFrame, reference: str, treated: str, baseline: str
) -> pd.DataFrame:
    """Return treated − reference per model and arm (rows) and feature (columns); replicates are averaged first.

    At the baseline all samples of the model are the reference; at other timepoints, the samples of the same arm. A
    model measured on several platforms is compared within each platform, and the differences are averaged.
    """
    found: dict[tuple[str, str], list[np.ndarray]] = {}
    after = samples[samples["timepoint"] == treated]
    before = samples[samples["timepoint"] == reference]
    for (block, arm), own in after.groupby(["block", "arm"], sort=False):
        match = before[(before["block"] == block) & ((reference == baseline) | (before["arm"] == arm))]
        if len(match):
            change = values.loc[own.index].mean() - values.loc[match.index].mean()
            found.setdefault((own["model"].iloc[0], arm), []).append(change.to_numpy())
    index = pd.MultiIndex.from_tuples(list(found), names=["model", "arm"]) if found else _no_rows()
    means = [np.mean(parts, axis=0) for parts in found.values()]
    return pd.DataFrame(np.array(means).reshape(len(found), values.shape[1]), index, values.columns)


def _no_rows() -> pd.MultiIndex:
    return pd.MultiIndex.from_arrays([[], []], names=["model", "arm"])


def design_of(samples: pd.DataFrame) -> pd.DataFrame:
    """Return the design ``~ 0 + timepoint + block``: samples × columns."""
    return linear.design_of(samples["timepoint"], samples["block"])


def contrast_of(design: pd.DataFrame, reference: str, treated: str) -> np.ndarray:
    """Return the contrast treated − reference as coefficients of the design's columns."""
    return (design.columns == treated).astype(float) - (design.columns == reference).astype(float)


@dataclass(frozen=True)
class Expression:
    """Log expression with a weight per value (None: equal weights), samples × genes, and whether the prior follows the
    mean.
    """

    values: pd.DataFrame
    weights: pd.DataFrame | None
    trended: bool = False

    def fit(self, samples: pd.DataFrame, pairs: list[tuple[str, str]]) -> list[pd.DataFrame]:
        """Return the table of each pair (reference, treated) by gene: see :func:`linear.table_of`; all NaN if not
        estimable.
        """
        design = design_of(samples)
        values = self.values.loc[samples.index].to_numpy()
        weights = None if self.weights is None else self.weights.loc[samples.index].to_numpy()
        contrasts = np.array([contrast_of(design, *pair) for pair in pairs])
        found = linear.fit(values, design.to_numpy(), contrasts, weights)
        mean = _mean(values)
        moderated = squeeze(found.variance, found.df, mean if self.trended else None)
        tables = []
        for number in range(len(pairs)):
            table = linear.table_of(found.effect[:, number], found.covariance[:, number, number], moderated)
            with np.errstate(divide="ignore", invalid="ignore"):
                error = np.sqrt(found.approximate[:, number] * moderated.variance)
                table["t_contrasts_fit"] = table["log_fc"] / error
            tables.append(table.assign(mean_expression=mean).set_axis(self.values.columns, axis=0))
        return tables


def _mean(values: np.ndarray) -> np.ndarray:
    present = np.isfinite(values)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(present, values, 0).sum(axis=0) / present.sum(axis=0)


def weigh(profiles: Profiles) -> Expression:
    """Return voom's log expression and weights of all profiles under ``~ 0 + timepoint + block``."""
    found = voom.voom(profiles.counts.to_numpy(dtype=float), profiles.size, design_of(profiles.samples).to_numpy())
    index, columns = profiles.counts.index, profiles.counts.columns
    return Expression(pd.DataFrame(found.values, index, columns), pd.DataFrame(found.weights, index, columns))


def estimate(
    profiles: Profiles, expression: Expression, samples: pd.DataFrame, pairs: list[tuple[str, str]], platforms: str
) -> list[pd.DataFrame]:
    """Return the table of each pair by gene, over all platforms ``together``, or ``separate`` and then joined."""
    if platforms == "together":
        return expression.fit(samples, pairs)
    parts = []
    for _, own in samples.groupby("platform", sort=False):
        single = Expression(profiles.values, None, trended=True).fit(own, pairs)
        # A platform is included only if a model has both timepoints on it.
        parts.append([table if both(own, *pair) else table * np.nan for table, pair in zip(single, pairs, strict=True)])
    return [meta.join([part[number] for part in parts]) for number in range(len(pairs))]


def contributions(samples: pd.DataFrame, pair: tuple[str, str], present: np.ndarray) -> pd.DataFrame:
    """Return, by gene, the number of models that contribute to the joint linear model (``n_models``), and the indirect
    share of the weight (``indirect``): that of samples whose model lacks one of the two timepoints.

    ``present``: samples × genes. A least-squares estimate is a weighted sum of samples. A model with the treated and a
    third timepoint affects it although its own difference does not exist.
    """
    design = design_of(samples)
    contrast, x = contrast_of(design, *pair), design.to_numpy()
    patterns, which = np.unique(present, axis=1, return_inverse=True)
    found = np.full((patterns.shape[1], 2), np.nan)
    for number in range(patterns.shape[1]):
        rows = patterns[:, number]
        if not rows.any() or not linear.can_answer(x[rows], contrast):
            continue
        weight = np.abs(contrast @ np.linalg.pinv(x[rows]))
        weight[weight <= ROUNDING * weight.max()] = 0.0
        own = samples[rows]
        direct = own["model"].isin(both(own, *pair)).to_numpy()
        found[number] = own.loc[weight > 0, "model"].nunique(), weight[~direct].sum() / weight.sum()
    return pd.DataFrame(found[np.ravel(which)], columns=["n_models", "indirect"])


def over_patients(profiles: Profiles, samples: pd.DataFrame, pair: tuple[str, str], baseline: str) -> pd.DataFrame:
    """Return the columns :data:`PATIENTS` by gene: moderated paired differences, with equal weight per model."""
    changes = over_arms(differences(profiles.values, samples, *pair, baseline))
    return described(summarise(changes, pd.Series(1.0, index=changes.columns)))


def described(summary: pd.DataFrame) -> pd.DataFrame:
    """Return a summary over models with the columns :data:`PATIENTS`."""
    return summary.rename(columns={"effect": "log_fc", "k": "models_agreeing", "n": "n_models"})[PATIENTS]


def in_tumours(
    profiles: Profiles, expression: Expression, samples: pd.DataFrame, pairs: list[tuple[str, str]], platforms: str
) -> list[pd.DataFrame]:
    """Return the columns :data:`TUMOURS` of each pair by gene, and mean_expression.

    Samples are the replicates, and patients are assumed to be equal. P-values are evidence for a difference between
    these tumours, not between those of further patients.
    """
    present = np.isfinite(profiles.values.loc[samples.index].to_numpy())
    tables = estimate(profiles, expression, samples, pairs, platforms)
    found = []
    for table, pair in zip(tables, pairs, strict=True):
        if platforms == "together":
            weights = contributions(samples, pair, present)
        else:
            of = {name: (samples["platform"] == name).to_numpy() for name in dict.fromkeys(samples["platform"])}
            parts = [
                contributions(samples[own], pair, present[own]) for own in of.values() if both(samples[own], *pair)
            ]
            # The platforms' weights depend on the errors of each gene, so the indirect share is not reported.
            n_models = np.nansum([part["n_models"] for part in parts], axis=0)
            weights = pd.DataFrame({"n_models": n_models, "indirect": np.nan})
        weights[table["log_fc"].isna().to_numpy()] = np.nan
        weights.index = table.index
        table = table.assign(fdr=false_discovery_rate(table["p"])).join(weights)
        found.append(table[[*TUMOURS, "mean_expression"]])
    return found


def compare(profiles: Profiles, contrast: dict, *, platforms: str = "together", arms: bool = True) -> pd.DataFrame:
    """Return one row (:data:`EXPRESSION`) per contrast, arm and gene; none for contrasts without a model with both."""
    baseline = contrast["baseline"]
    if not len(profiles.samples):
        return pd.DataFrame(columns=EXPRESSION)
    expression = weigh(profiles)
    rows = []
    for arm in arms_of(profiles.samples, baseline) if arms else [ALL_ARMS]:
        own = samples_of_arm(profiles.samples, arm, baseline)
        pairs = {name: pair for name, pair in contrasts_of(contrast).items() if both(own, *pair)}
        if not pairs:
            continue
        tables = in_tumours(profiles, expression, own, list(pairs.values()), platforms)
        for (name, pair), table in zip(pairs.items(), tables, strict=True):
            table = table.rename(columns={column: VOOM + column for column in TUMOURS})
            table = over_patients(profiles, own, pair, baseline).join(table)
            table["distrusted"] = np.where(table.index.isin(profiles.distrusted), "yes", "no")
            rows.append(table.assign(contrast=name, arm=arm, gene=table.index)[EXPRESSION])
    if not rows:
        return pd.DataFrame(columns=EXPRESSION)
    return pd.concat(rows, ignore_index=True).astype(dict.fromkeys(WHOLE, "Int64"))


def read(path: str) -> pd.DataFrame:
    """Read differential_expression.tsv; a gene named NA is kept as such."""
    text = {"contrast": str, "arm": str, "gene": str, "distrusted": str}
    return pd.read_csv(path, sep="\t", dtype=text, keep_default_na=False, na_values=[""])


def trusted(table: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of genes that are not distrusted."""
    return table[table["distrusted"] != "yes"] if "distrusted" in table else table

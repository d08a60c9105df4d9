"""Differences between timepoints with the model (patient) as the replicate, which cells and libraries never are."""

from __future__ import annotations

import numpy as np
import pandas as pd

from scripts.base.tables import ALL_ARMS
from scripts.base.verdicts import MIN_MODELS, MIN_SAME_DIRECTION
from scripts.stats.moderation import moderate

TOLERANCE = 1e-9
"""An error below this share of the effect is rounding only."""
MIN_MODERATED = 30
"""Features from which a prior of their variances is learned; fewer are too few to estimate it."""
CAUTION = 2.0
"""Standard errors by which the features' spread of variances is taken larger than estimated. In a null of 30 features
whose variances differ as an inverse chi-squared with 4 degrees of freedom, p ≤ 1e-4 occurs 17 times as often as it
should with 3 models and 4 times with 5 if the estimate itself is used; with this, 3 times and as often as it should.
"""
MIN_P = 1e-6
"""Smallest p-value of a t that is reported. How often smaller ones occur by chance was not measured."""
SUMMARY = [
    "n", "k", "effect", "ci_low", "ci_high", "activity_change_sd", "activity_change_sd_low", "activity_change_sd_high",
    "spread", "t", "p", "fdr", "fdr_least", "same_direction", "loo_stable", "loo_min_effect",
]  # fmt: skip


def differences(values: pd.DataFrame, samples: pd.DataFrame, baseline: str, treated: str) -> pd.DataFrame:
    """Return treated − baseline per model and arm (rows) and feature (columns).

    ``values``: samples × features. ``samples``: indexed by sample, with model, timepoint and arm; its order of models
    and arms is kept. Replicates are averaged first: those of an arm at ``treated``, all of the model at ``baseline``. A
    model without one of the two timepoints has no row.
    """
    rows = samples.loc[samples.index.isin(values.index)]
    before = rows[rows["timepoint"] == baseline]
    after = rows[rows["timepoint"] == treated]
    found = {}
    for (model, arm), own in after.groupby(["model", "arm"], sort=False):
        reference = before.index[before["model"] == model]
        if len(reference):
            found[(model, arm)] = values.loc[own.index].mean() - values.loc[reference].mean()
    index = pd.MultiIndex.from_tuples(list(found), names=["model", "arm"]) if found else _no_rows()
    return pd.DataFrame(
        np.array([found[key] for key in found]).reshape(len(found), values.shape[1]), index, values.columns
    )


def _no_rows() -> pd.MultiIndex:
    return pd.MultiIndex.from_arrays([[], []], names=["model", "arm"])


def over_arms(table: pd.DataFrame) -> pd.DataFrame:
    """Return one row per model: the mean of its arms, each with the same weight whatever its number of replicates."""
    return table.groupby(level="model", sort=False).mean()


def between_arms(table: pd.DataFrame) -> pd.DataFrame:
    """Return by model and arm how its change differs from the mean of the model's other arms; models with several arms.

    Arms are compared within patients: a difference between arms of different patients may be one of the patients.
    """
    groups = table.groupby(level="model", sort=False)
    n, total = groups.transform("count"), groups.transform("sum")
    others = (total - table) / (n - 1).where(n > 1)
    return (table - others)[groups.transform("size") > 1]


def false_discovery_rate(p: np.ndarray) -> np.ndarray:
    """Return Benjamini & Hochberg's adjusted p-values; NaN stays NaN and doesn't count as a test."""
    from scipy import stats

    p = np.asarray(p, dtype=float)
    adjusted, tested = np.full(p.shape, np.nan), np.isfinite(p)
    if tested.any():
        adjusted[tested] = stats.false_discovery_control(p[tested])
    return adjusted


def _columns(table: np.ndarray, scale: np.ndarray) -> dict[str, np.ndarray]:
    """Return the summary of columns that the same n models have (no NaN), without estimates from all columns; ``n``
    may be 0.
    """

    n, n_features = table.shape
    nothing = np.full(n_features, np.nan)
    found = {name: nothing.copy() for name in [*SUMMARY, "_error"]} | {"n": np.full(n_features, float(n))}
    found["k"] = np.zeros(n_features)
    if not n:
        return found
    effect = table.mean(axis=0)
    found["effect"], found["activity_change_sd"] = effect, effect / scale
    found["k"] = ((np.sign(table) == np.sign(effect)) & (effect != 0)).sum(axis=0).astype(float)
    if n < 2:
        return found
    spread = table.std(axis=0, ddof=1)
    # Equal differences have a spread that is rounding only.
    spread[spread <= TOLERANCE * np.abs(effect)] = 0.0
    found["spread"] = spread / scale
    without = (table.sum(axis=0)[None, :] - table) / (n - 1)
    left = np.sign(effect) * without
    found["loo_stable"] = (left > 0).sum(axis=0).astype(float)
    found["loo_min_effect"] = left.min(axis=0) / scale
    if n < MIN_MODELS:
        return found
    found["_error"] = spread / np.sqrt(n) / scale
    return found


def moderated_errors(effect: np.ndarray, error: np.ndarray, n: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return standard errors of means over models, with variances moderated over the features, and their degrees of
    freedom.

    What limma does with differences of pairs: the model is the replicate, and its few differences borrow from all
    features how models vary (Smyth 2004); the prior is weighed with :data:`CAUTION`. ``effect``: means over
    models; ``error``: their standard errors in comparable units, NaN where there is none; ``n``: models. A feature
    whose differences are equal has the error that the others tell, as with limma: a few models' small counts are often
    alike by chance. One that never changes has none. Where fewer than :data:`MIN_MODERATED` features vary, the errors
    as they are, and none for equal differences.
    """
    freedom = n - 1.0
    if (error > 0).sum() < MIN_MODERATED:
        return np.where(error > 0, error, np.nan), freedom
    tested = np.isfinite(error) & ((error > 0) | (effect != 0))
    error = np.where(tested, error, np.nan)
    shrunk = moderate(error[tested] ** 2 * n[tested], freedom[tested], caution=CAUTION)
    error[tested], freedom[tested] = np.sqrt(shrunk.variance / n[tested]), shrunk.df
    return error, freedom


def p_beyond(effect: np.ndarray, error: np.ndarray, df: np.ndarray, least: float = 0.0) -> np.ndarray:
    """Return p-values of an effect being no larger than ``least`` in size (TREAT; McCarthy & Smyth 2009).

    With ``least`` 0 the two-sided p-value of t. NaN without an error.
    """
    from scipy import stats

    size = np.abs(effect)
    with np.errstate(divide="ignore", invalid="ignore"):
        p = stats.t.sf((size - least) / error, df) + stats.t.sf((size + least) / error, df)
    return np.maximum(p, MIN_P)


def is_shared(table: pd.DataFrame, fdr: float) -> pd.Series:
    """Return by feature whether its change is shared by the patients; ``table``: n, fdr, same_direction.

    The one rule for the word: three models or more, a false discovery rate over models within ``fdr``, and a
    probability of :data:`~scripts.base.verdicts.MIN_SAME_DIRECTION` or more that one more patient changes in the same
    direction (Higgins, Thompson & Spiegelhalter 2009; IntHout et al. 2016). A model that doesn't measure a feature is
    absent, not against. The change of one more patient is that measured: where a mean change is less than 1.28 times
    what single measured changes vary by, the probability is below .9, however many patients there are.
    """
    return (table["n"] >= MIN_MODELS) & (table["fdr"] <= fdr) & (table["same_direction"] >= MIN_SAME_DIRECTION)


def summarise(table: pd.DataFrame, sd: pd.Series, least: float = 0.0, moderated: bool = True) -> pd.DataFrame:
    """Return one row (:data:`SUMMARY`) per feature: the summary of its differences over the models.

    ``table``: models × features, NaN where a model has no difference; ``sd``: the unit of the standardised effect, by
    feature. ``k`` counts the models whose difference has the sign of the mean; ``spread`` is their standard deviation
    (in units of ``sd``), which holds both how patients differ and the error of measurement. Interval, t, p and fdr are
    those of the mean with a variance moderated over the features (:func:`moderated_errors`); ``fdr_least`` is the false
    discovery rate of a change beyond ``least`` (in units of ``sd``). ``same_direction`` is the probability that one
    more model changes in the direction of the mean. ``loo_stable`` counts the models that can be left out without the
    mean of the others changing sign; ``loo_min_effect`` is the smallest of those means, standardised, negative where
    the sign changes. Below :data:`MIN_MODELS` models there is an effect, but neither interval nor p-value.

    ``moderated``: False for features whose variances have no common distribution. Sets of genes differ several-fold by
    how their genes vary together; with moderated variances of five models, p ≤ .05 occurs in 9 % of the sets that vary
    most and in 2 % of the others.
    """
    from scipy import stats

    scale = sd.reindex(table.columns).to_numpy(dtype=float)
    scale = np.where(scale > 0, scale, np.nan)
    values = table.to_numpy(dtype=float)
    present = np.isfinite(values)
    columns = [*SUMMARY, "_error"]
    result = pd.DataFrame(np.nan, index=table.columns, columns=columns)
    patterns, which = (
        np.unique(present, axis=1, return_inverse=True) if values.size else (present[:, :1], np.zeros(0, int))
    )
    which = np.ravel(which)
    if not len(table):
        patterns, which = np.zeros((0, 1), dtype=bool), np.zeros(values.shape[1], dtype=int)
    for number in range(patterns.shape[1]):
        own = which == number
        if own.any():
            part = _columns(values[np.ix_(patterns[:, number], own)], scale[own])
            result.loc[own, columns] = np.column_stack([part[name] for name in columns])
    effect = result["activity_change_sd"].to_numpy()
    error, n = result.pop("_error").to_numpy(), result["n"].to_numpy()
    error, df = moderated_errors(effect, error, n) if moderated else (np.where(error > 0, error, np.nan), n - 1.0)
    reach = stats.t.ppf(0.975, np.where(df > 0, df, np.nan)) * error
    for end, side in (("low", -1), ("high", 1)):
        limit = effect + side * reach
        result[f"activity_change_sd_{end}"], result[f"ci_{end}"] = limit, limit * scale
    with np.errstate(divide="ignore", invalid="ignore"):
        result["t"] = effect / error
    # One more model's change is distributed around the mean with the models' own spread (Student's t), moderated too:
    # by chance, a few models' own is too small for some of many features.
    result["same_direction"] = stats.t.cdf(result["t"].abs() / np.sqrt(n + 1), np.where(df > 0, df, np.nan))
    result["p"] = p_beyond(effect, error, df)
    result["fdr"] = false_discovery_rate(result["p"])
    result["fdr_least"] = false_discovery_rate(p_beyond(effect, error, df, least))
    return result.astype({"n": int, "k": int})


def summarise_arms(table: pd.DataFrame, sd: pd.Series, least: float = 0.0) -> pd.DataFrame:
    """Return the summary over all arms (:data:`ALL_ARMS`) and of each arm, with columns arm and feature before it."""
    parts = [summarise(over_arms(table), sd, least).assign(arm=ALL_ARMS)]
    for arm in dict.fromkeys(table.index.get_level_values("arm")):
        own = table[table.index.get_level_values("arm") == arm].droplevel("arm")
        parts.append(summarise(own, sd, least).assign(arm=arm))
    joined = pd.concat([part.rename_axis("feature").reset_index() for part in parts], ignore_index=True)
    return joined[["arm", "feature", *SUMMARY]]


def pooled_sd(spread: pd.DataFrame) -> pd.Series:
    """Return each feature's standard deviation between cells of a sample, pooled over the samples (rows) with equal
    weight.

    The unit of standardised effects. Not the spread between models: that of five models is known to a factor of two or
    three only (95 % interval 0.6 to 2.9), so that dividing by it favours those whose models agree by chance. Agreement
    is described by interval, sign count and leave-one-out instead. One sd per feature for all models, so that a regulon
    that a model lacks altogether isn't divided by almost zero there.
    """
    return np.sqrt((spread**2).mean())


def relapse_position(persister: pd.DataFrame, relapse: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return where relapse lies between baseline (0) and persister (1), joined and per model.

    Both arguments: differences from the baseline by model and arm. Only arms that a model has at both timepoints are
    used. The first result has, by feature, ``position`` (ratio of the summed differences, so that a model without a
    shift doesn't decide), ``n`` and ``shift`` (mean persister difference of the same models); the second is models ×
    features.
    """
    shared = persister.index.intersection(relapse.index, sort=False)
    before, after = over_arms(persister.loc[shared]), over_arms(relapse.loc[shared])
    before = before.where(after.notna())
    after = after.where(before.notna())
    with np.errstate(divide="ignore", invalid="ignore"):
        joined = pd.DataFrame(
            {
                "position": after.sum(min_count=1) / before.sum(min_count=1),
                "n": before.notna().sum(),
                "shift": before.mean(),
            }
        )
        single = after / before
    return joined.replace([np.inf, -np.inf], np.nan), single.replace([np.inf, -np.inf], np.nan)

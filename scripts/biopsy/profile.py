"""One profile (bulk RNA-seq, array, the sum of a biopsy's cells): its position between untreated and persister.

Platforms differ in scale, so that only ranks within a profile are used: the mean rank of the signature's up genes minus
that of its down genes (singscore; Foroutan et al. 2018, BMC Bioinformatics 19:404).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from scripts.profiles.tables import read_profiles
from scripts.stats.intervals import MIN_MODELS as MIN_INTERVAL
from scripts.stats.intervals import position_interval, prediction

MIN_MODELS = 4
"""Models of a profile's own platform with both states, from which on only these are compared with: with fewer the
interval over models is uninformative (t with two degrees of freedom: ± 4 standard errors).
"""


def rank_scores(values: pd.DataFrame, sets: dict[str, list[str]]) -> pd.DataFrame:
    """Return samples × gene sets: the mean rank of a set's genes in each profile, from −0.5 (lowest) to 0.5.

    ``values``: samples × genes, on any scale that keeps their order.
    """
    ranks = (values.rank(axis=1) - 0.5) / values.shape[1] - 0.5
    return pd.DataFrame({name: ranks[list(genes)].mean(axis=1) for name, genes in sets.items()}, index=values.index)


def signature_scores(values: pd.DataFrame, signature: pd.DataFrame) -> pd.Series:
    """Return the signature's score of each profile, from −1 to 1."""
    known = signature[signature["gene"].isin(values.columns)]
    sets = {name: list(table["gene"]) for name, table in known.groupby("direction", sort=True)}
    scores = rank_scores(values, sets)
    zero = pd.Series(0.0, index=values.index)
    return scores.get("up", zero) - scores.get("down", zero)


def signature_of(model: str, signature: pd.DataFrame, left_out: pd.DataFrame) -> pd.DataFrame:
    """Return the signature to score a model with: the one learned without it, else the whole one."""
    own = left_out[left_out["left_out"].astype(str) == model]
    return own if len(own) else signature


def left_out_scores(
    values: pd.DataFrame, signature: pd.DataFrame, left_out: pd.DataFrame, models: pd.Series
) -> pd.Series:
    """Return the score of each training profile, by the signature learned without its model.

    The whole signature separates the states of the models that it was learned from better than those of a new patient,
    whose persister profile would seem to lie short of persister.

    Parameters
    ----------
    values
        Profiles × genes.
    signature, left_out
        Signature of all models (gene, direction), and those without one model each (left_out, gene, direction).
    models
        Model of each profile, in the order of ``values``.
    """
    labels = models.astype(str).to_numpy()
    scores = pd.Series(np.nan, index=values.index)
    for model in dict.fromkeys(labels):
        own = labels == model
        scores[own] = signature_scores(values[own], signature_of(model, signature, left_out)).to_numpy()
    return scores


@dataclass(frozen=True)
class Position:
    """Position of a profile (0 untreated, 1 persister), its interval, and the models that it is compared with."""

    position: float
    low: float
    high: float
    models: list[str]
    note: str


def state_means(scores: pd.Series, labels: pd.DataFrame, states: tuple[str, str]) -> pd.DataFrame:
    """Return models × states: mean score of the models that have both."""
    table = scores.groupby([labels["model"].astype(str), labels["timepoint"].astype(str)]).mean().unstack()
    return table.reindex(columns=list(states)).dropna()


def spread_of_replicates(scores: pd.Series, labels: pd.DataFrame) -> tuple[float, int]:
    """Return the variance of replicates within model, timepoint and platform, and its degrees of freedom."""
    groups = scores.groupby([labels[name].astype(str) for name in ("model", "timepoint", "platform")])
    free = int((groups.size() - 1).sum())
    return (float(groups.apply(lambda g: ((g - g.mean()) ** 2).sum()).sum() / free) if free else np.nan), free


def place_from_baseline(
    score: float,
    model: str,
    scores: pd.Series,
    labels: pd.DataFrame,
    states: tuple[str, str],
    *,
    bulk: bool,
    level: float,
) -> Position | None:
    """Return the position of a score counted from the patient's own untreated profiles; None if training has none.

    Differences between patients before treatment cancel. The interval holds replicates' noise, and how far the
    persister state lies from the untreated one in different models; without replicates there is none.
    """
    kind = labels["platform"].astype(str).eq("single-cell").to_numpy() != bulk
    baseline = (
        kind
        & (labels["model"].astype(str) == model).to_numpy()
        & (labels["timepoint"].astype(str) == states[0]).to_numpy()
    )
    others = state_means(scores, labels, states).drop(index=model, errors="ignore")
    if not baseline.any() or len(others) < 2:
        return None
    way = others[states[1]] - others[states[0]]
    start = float(scores[baseline].mean())
    position = float((score - start) / way.mean())
    note = f"counted from {int(baseline.sum())} untreated profiles of {model}, in units of other models' difference"
    variance, freedom = spread_of_replicates(scores, labels)
    if not freedom:
        note += "; no interval: without replicates their noise is unknown"
        return Position(position, np.nan, np.nan, list(way.index), note)
    noise = variance * (1 + 1 / baseline.sum()), freedom
    low, high = position_interval(score, np.full(len(way), start), start + way.to_numpy(), level, noise)
    return Position(position, low, high, list(way.index), note + no_interval(len(way), low))


def no_interval(n: int, low: float) -> str:
    """Return what a note adds where a position has no interval."""
    if np.isfinite(low):
        return ""
    return "; no interval: " + (
        f"too few models ({n}; {MIN_INTERVAL} needed)"
        if n < MIN_INTERVAL
        else "the states of the models overlap too much"
    )


def place(
    score: float, scores: pd.Series, labels: pd.DataFrame, states: tuple[str, str], *, bulk: bool, level: float
) -> Position:
    """Return the position of a score among training profiles (``labels``: model, timepoint, platform).

    Profiles of the biopsy's own kind are compared with if :data:`MIN_MODELS` models have both states there, else all.
    The interval is that of a new model (:func:`~scripts.stats.intervals.position_interval`).
    """
    kind = labels["platform"].astype(str).eq("single-cell").to_numpy() != bulk
    own = state_means(scores[kind], labels[kind], states)
    note = "compared with " + ("bulk and array profiles" if bulk else "single-cell pseudobulks")
    if len(own) < MIN_MODELS:
        own = state_means(scores, labels, states)
        note = (
            f"compared with profiles of all platforms: fewer than {MIN_MODELS} models of its own kind have both states"
        )
    if own.empty:
        return Position(np.nan, np.nan, np.nan, [], "no training model has profiles of both states")
    low, high = own.mean()
    position = float((score - low) / (high - low))
    least, most = position_interval(score, own[states[0]].to_numpy(), own[states[1]].to_numpy(), level)
    return Position(position, least, most, list(own.index), note + no_interval(len(own), least))


def place_switches(
    own: pd.DataFrame,
    known: pd.DataFrame,
    labels: pd.DataFrame,
    targets: dict[str, list[str]],
    states: tuple[str, str],
    *,
    level: float,
) -> pd.DataFrame:
    """Return a row per regulon: the position of its targets' mean rank, and what an untreated new patient would show.

    ``own``: the profile (1 × genes); ``known``: training profiles on the same genes; ``targets``: measured targets.
    """
    training = rank_scores(known, targets).reset_index(drop=True)
    values = rank_scores(own, targets).iloc[0]
    rows = {}
    for name in targets:
        means = state_means(training[name], labels, states)
        if means.empty:
            continue
        start, way = means[states[0]].mean(), means[states[1]].mean() - means[states[0]].mean()
        _, low, high = prediction(((means[states[0]] - start) / way).to_numpy(), level)
        rows[name] = ((values[name] - start) / way, low, high)
    return pd.DataFrame.from_dict(rows, orient="index", columns=["position", "low", "high"])


def read_profile(path: str, column: str, sheet: str) -> pd.Series:
    """Return one column of a table of genes × samples, by symbol; of a symbol that is there twice the highest value.

    Raises :class:`job.UserError` if the column isn't there or holds anything but numbers.
    """
    names, values = read_profiles(path, [column], sheet)
    return pd.Series(values[column].to_numpy(), index=names).groupby(level=0).max()

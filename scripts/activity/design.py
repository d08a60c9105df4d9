"""The questions that a contrast can answer with the study's design, and those that it cannot."""

from __future__ import annotations

import pandas as pd

from scripts.activity import depth as depths
from scripts.base.verdicts import MIN_MODELS
from scripts.profiles import platforms
from scripts.stats import trends
from scripts.stats.flips import smallest_p
from scripts.stats.paired import ALL_ARMS

DESIGN = [
    "contrast", "arm", "n_models", "models", "n_baseline", "n_treated", "p_min", "confounded", "platform", "depth_log2",
    "note",
]  # fmt: skip
NAMED = 5
"""Samples that a note names."""


def contrasts_of(contrast: dict) -> dict[str, tuple[str, str]]:
    """Return (baseline, treated) by name of the contrast: persister first, recovered if the role exists."""
    baseline = contrast["baseline"]
    roles = [contrast["persister"], contrast.get("relapse")]
    return {f"{treated} vs {baseline}": (baseline, treated) for treated in roles if treated}


def further_of(contrast: dict) -> dict[str, tuple[str, str]]:
    """Return (baseline, treated) by name of the comparison for persister timepoints other than the headline."""
    baseline = contrast["baseline"]
    return {f"{treated} vs {baseline}": (baseline, treated) for treated in contrast.get("further") or []}


def _matched(samples: pd.DataFrame, baseline: str, treated: str) -> tuple[pd.DataFrame, pd.DataFrame, list[str]]:
    """Return baseline and treated samples of models that have both, and treated models without a baseline."""
    before, after = (samples[samples["timepoint"] == timepoint] for timepoint in (baseline, treated))
    both = set(before["model"]) & set(after["model"])
    alone = [model for model in dict.fromkeys(after["model"]) if model not in both]
    return before[before["model"].isin(both)], after[after["model"].isin(both)], alone


def _note_on_numbers(n: int, baseline: str, treated: str, fdr: float) -> list[str]:
    if n == 0:
        return [f"no model has both {baseline} and {treated} with enough cells: nothing is compared"]
    if n == 1:
        return ["n = 1 model: effect without interval or p-value; no conclusion about other patients"]
    notes = [f"n = {n} models: too few to call a change shared"] if n == 2 else []
    if smallest_p(n) > fdr:
        notes.append(f"with {n} models sign flips cannot give a family-wise error below {smallest_p(n):.3g}")
    return notes


def _note_on_arms(arms: pd.Series) -> list[str]:
    """``arms``: the arms (list) of each model."""
    names = {arm for own in arms for arm in own}
    several = [model for model, own in arms.items() if len(own) > 1]
    if len(names) < 2:
        return [f"one arm ({next(iter(names))}): no conclusion about other treatments"] if names else []
    if not several:
        return [
            "confounded: each model has one arm; a difference between arms can't be separated from one between patients"
        ]
    return [f"arms can be compared within {', '.join(several)} only"] if len(several) < len(arms) else []


def _depth_of(
    depth: pd.Series | None, samples: pd.DataFrame, baseline: str, treated: str, arm: str | None
) -> tuple[float, list[str]]:
    """Return the mean log2 ratio of depths over the models, and its consequence; NaN and no note without cells."""
    if depth is None:
        return float("nan"), []
    gap = depths.gaps(depth, samples, baseline, treated)
    own = gap if arm is None else gap[gap.index.get_level_values("arm") == arm]
    mean = float(own.groupby(level="model").mean().mean()) if len(own) else float("nan")
    if arm is not None or not len(gap):
        return mean, []
    if not depths.differs(gap):
        told = f"depth doesn't differ (log2 ratio within ±{depths.TOLERANCE} in each model): samples are not thinned"
    else:
        told = "depth differs in some models: changes are measured again at equal depth"
    return mean, [told]


def design_table(
    samples: pd.DataFrame,
    contrast: dict,
    groups: dict[str, str],
    fdr: float,
    depth: pd.Series | None = None,
    days: dict[str, float] | None = None,
) -> pd.DataFrame:
    """Return one row (:data:`DESIGN`) per contrast and arm, all arms first, with the questions that cannot be answered.

    ``samples``: samples with enough cells, indexed by sample, with model, timepoint and arm; samples of profiles also
    have a platform. ``groups``: the group in which each sample's activity was scored. ``confounded``: arms cannot be
    separated from patients (row of all arms), or this arm cannot, since its models had no other arm. ``depth``: mean
    number of UMIs per cell of each sample; only the first contrast is measured at equal depth. ``days``: days under
    treatment, by sample. With several persister timepoints each has its rows, and the trend over days has one row.
    """
    rows, further = [], further_of(contrast)
    headline = set(_matched(samples, contrast["baseline"], contrast["persister"])[1]["model"])
    for number, (name, (baseline, treated)) in enumerate({**contrasts_of(contrast), **further}.items()):
        before, after, alone = _matched(samples, baseline, treated)
        arms = after.groupby("model", sort=False)["arm"].unique()
        notes = _note_on_numbers(len(arms), baseline, treated, fdr) + _note_on_arms(arms)
        notes += _note_on_models(set(arms.index), headline, contrast["persister"]) if name in further else []
        if alone:
            notes.append(f"without enough cells at {baseline}, left out: {', '.join(alone)}")
        split = [model for model in arms.index if _groups_of(model, before, groups) != _groups_of(model, after, groups)]
        if split:
            notes.append(
                f"{baseline} and {treated} of {', '.join(split)} were scored in different groups, which may rank other "
                "genes: this may cause part of the difference"
            )
        platform, told = platforms.describe(pd.concat([before, after]))
        notes += [told] if told else []
        gap, told_of_depth = _depth_of(depth, samples, baseline, treated, None)
        notes += told_of_depth if not number else []
        apart = "yes" if len(set(after["arm"])) > 1 and arms.map(len).max() == 1 else "no"
        found = (name, ALL_ARMS, *_numbers(before, after), smallest_p(len(arms)), apart)
        rows.append((*found, platform, gap, "; ".join(notes)))
        for arm in dict.fromkeys(after["arm"]):
            own = after[after["arm"] == arm]
            models = list(dict.fromkeys(own["model"]))
            alike = all(len(arms[model]) == 1 for model in models) and len(arms) > len(models)
            note = ["n = 1 model: no conclusion about other patients"] if len(models) == 1 else []
            note += ["the only arm of its models: confounded with the patients"] if alike else []
            matched = before[before["model"].isin(models)]
            platform, told = platforms.describe(pd.concat([matched, own]))
            note += [told] if told else []
            gap, _ = _depth_of(depth, samples, baseline, treated, arm)
            found = (name, arm, *_numbers(matched, own), smallest_p(len(models)), "yes" if alike else "no")
            rows.append((*found, platform, gap, "; ".join(note)))
    rows += [_trend_row(samples, contrast, days or {})] if further else []
    return pd.DataFrame(rows, columns=DESIGN)


def _note_on_models(models: set[str], headline: set[str], timepoint: str) -> list[str]:
    """Return the differences between the models of a further timepoint and those of the headline timepoint."""
    if not models or models == headline:
        return []
    own, lacking = ", ".join(sorted(models - headline)), ", ".join(sorted(headline - models))
    told = [f"{own} only here"] if own else []
    told += [f"{lacking} only at {timepoint}"] if lacking else []
    return [
        f"other models than at {timepoint} ({'; '.join(told)}): differences between the two may be between patients"
    ]


def _trend_row(samples: pd.DataFrame, contrast: dict, days: dict[str, float]) -> tuple:
    """Return the row (:data:`DESIGN`) of the trend over days: the models that have one, and why others do not."""
    names = trends.persisters_of(contrast)
    own = samples[samples["timepoint"].isin(names)]
    kept = trends.with_days(samples, days, names)
    number = kept.groupby(["model", "arm"], sort=False)["log_day"].nunique().groupby(level="model").max()
    models = [model for model in dict.fromkeys(own["model"]) if number.get(model, 0) >= trends.MIN_DAYS]
    notes = [f"n = {len(models)} model{'s' * (len(models) > 1)}: slopes without interval or p-value"]
    notes = notes if 0 < len(models) < MIN_MODELS else []
    undated = [sample for sample in own.index if sample not in kept.index]
    if undated:
        some = ", ".join(map(str, undated[:NAMED])) + (
            "" if len(undated) <= NAMED else f" and {len(undated) - NAMED} more"
        )
        notes.append(f"no day after the start of treatment (column day of the samples sheet): {some}")
    single = [model for model in dict.fromkeys(kept["model"]) if model not in models]
    if single:
        notes.append(f"only one day within an arm, so no slope: {', '.join(single)}")
    if not models:
        notes.insert(0, "no model has persisters of two days in one arm: no trend is tested")
    chosen = kept[kept["model"].isin(models)]
    platform, told = platforms.describe(chosen)
    numbers = (len(models), ",".join(models), 0, len(chosen), float("nan"), "no")
    return (
        trends.trend_of(contrast),
        ALL_ARMS,
        *numbers,
        platform,
        float("nan"),
        "; ".join([*notes, *([told] if told else [])]),
    )


def _groups_of(model: str, samples: pd.DataFrame, groups: dict[str, str]) -> set[str]:
    return {groups.get(sample, "") for sample in samples.index[samples["model"] == model]}


def _numbers(before: pd.DataFrame, after: pd.DataFrame) -> tuple[int, str, int, int]:
    models = list(dict.fromkeys(after["model"]))
    return len(models), ",".join(models), len(before), len(after)

"""What the study's design lets a contrast answer, and what it doesn't."""

from __future__ import annotations

import pandas as pd

from scripts.stats.flips import smallest_p
from scripts.stats.paired import ALL_ARMS

DESIGN = ["contrast", "arm", "n_models", "models", "n_baseline", "n_treated", "p_min", "confounded", "note"]


def contrasts_of(contrast: dict) -> dict[str, tuple[str, str]]:
    """Return (baseline, treated) by name of the contrast: persister first, recovered where there is such a role."""
    baseline = contrast["baseline"]
    roles = [contrast["persister"], contrast.get("relapse")]
    return {f"{treated} vs {baseline}": (baseline, treated) for treated in roles if treated}


def _matched(samples: pd.DataFrame, baseline: str, treated: str) -> tuple[pd.DataFrame, pd.DataFrame, list[str]]:
    """Return the baseline and the treated samples of models that have both, and treated models without a baseline."""
    before, after = (samples[samples["timepoint"] == timepoint] for timepoint in (baseline, treated))
    both = set(before["model"]) & set(after["model"])
    alone = [model for model in dict.fromkeys(after["model"]) if model not in both]
    return before[before["model"].isin(both)], after[after["model"].isin(both)], alone


def _note_on_numbers(n: int, baseline: str, treated: str, fdr: float) -> list[str]:
    if n == 0:
        return [f"no model has both {baseline} and {treated} with enough cells: nothing is compared"]
    if n == 1:
        return ["n = 1 model: an effect without interval or p-value, which says nothing about other patients"]
    notes = [f"n = {n} models: too few to call a change shared"] if n == 2 else []
    if smallest_p(n) > fdr:
        notes.append(
            f"with {n} models no exact p is below {smallest_p(n):.3g}: none can reach an FDR of {fdr:g} by signs alone"
        )
    return notes


def _note_on_arms(arms: pd.Series) -> list[str]:
    """``arms``: the arms (list) of each model."""
    names = {arm for own in arms for arm in own}
    several = [model for model, own in arms.items() if len(own) > 1]
    if len(names) < 2:
        return [f"one arm ({next(iter(names))}): nothing is said about other treatments"] if names else []
    if not several:
        return ["confounded: each model has one arm; a difference between arms can't be told from one between patients"]
    return [f"arms can be compared within {', '.join(several)} only"] if len(several) < len(arms) else []


def design_table(samples: pd.DataFrame, contrast: dict, groups: dict[str, str], fdr: float) -> pd.DataFrame:
    """Return one row (:data:`DESIGN`) per contrast and arm, that of all arms first, with what can't be answered.

    ``samples``: those with enough cells, indexed by sample, with model, timepoint and arm. ``groups``: the group that
    each sample's activity was scored in. ``confounded``: arms can't be told apart from patients (row of all arms), or
    this arm can't, since its models had no other.
    """
    rows = []
    for name, (baseline, treated) in contrasts_of(contrast).items():
        before, after, alone = _matched(samples, baseline, treated)
        arms = after.groupby("model", sort=False)["arm"].unique()
        notes = _note_on_numbers(len(arms), baseline, treated, fdr) + _note_on_arms(arms)
        if alone:
            notes.append(f"without enough cells at {baseline}, left out: {', '.join(alone)}")
        split = [model for model in arms.index if _groups_of(model, before, groups) != _groups_of(model, after, groups)]
        if split:
            notes.append(
                f"{baseline} and {treated} of {', '.join(split)} were scored in different groups, which may rank other "
                "genes: part of the difference may come from there"
            )
        apart = "yes" if len(set(after["arm"])) > 1 and arms.map(len).max() == 1 else "no"
        rows.append((name, ALL_ARMS, *_numbers(before, after), smallest_p(len(arms)), apart, "; ".join(notes)))
        for arm in dict.fromkeys(after["arm"]):
            own = after[after["arm"] == arm]
            models = list(dict.fromkeys(own["model"]))
            alike = all(len(arms[model]) == 1 for model in models) and len(arms) > len(models)
            note = ["n = 1 model: nothing is said about other patients"] if len(models) == 1 else []
            note += ["the only arm of its models: confounded with the patients"] if alike else []
            matched = before[before["model"].isin(models)]
            rows.append(
                (name, arm, *_numbers(matched, own), smallest_p(len(models)), "yes" if alike else "no", "; ".join(note))
            )
    return pd.DataFrame(rows, columns=DESIGN)


def _groups_of(model: str, samples: pd.DataFrame, groups: dict[str, str]) -> set[str]:
    return {groups.get(sample, "") for sample in samples.index[samples["model"] == model]}


def _numbers(before: pd.DataFrame, after: pd.DataFrame) -> tuple[int, str, int, int]:
    models = list(dict.fromkeys(after["model"]))
    return len(models), ",".join(models), len(before), len(after)

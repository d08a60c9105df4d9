"""The questions that each contrast of the profiles can answer with the study's design, and those that it cannot."""

from __future__ import annotations

import numpy as np
import pandas as pd

from scripts.expression import differential
from scripts.profiles import platforms
from scripts.stats import linear
from scripts.stats.paired import ALL_ARMS

ANSWERS = [
    "contrast", "arm", "answered", "n_models", "models", "n_reference", "n_treated", "residual_df", "confounded",
    "platform", "genes", "changed", "voom_changed", "voom_opposite", "note",
]  # fmt: skip
COUNTS = ["genes", "changed", "voom_changed", "voom_opposite"]
YES, EFFECT_ONLY, NO = "yes", "effect only", "no"
LARGE_SHARE = 0.4
"""A model with more than this share of the samples is named: it weighs most in the joint model."""


def answers(samples: pd.DataFrame, contrast: dict) -> pd.DataFrame:
    """Return one row (:data:`ANSWERS`) per contrast and arm: whether it is answered, by which models, and its limits.

    ``samples``: those with a profile, with model, timepoint, arm, block. ``answered``: ``effect only`` if there are no
    residual degrees of freedom, and thus neither interval nor p-value.
    """
    baseline, rows = contrast["baseline"], []
    for name, (reference, treated) in differential.contrasts_of(contrast).items():
        for arm in differential.arms_of(samples, baseline):
            own = differential.samples_of_arm(samples, arm, baseline)
            if arm != ALL_ARMS and treated not in set(own["timepoint"]):
                continue
            models = differential.both(own, reference, treated)
            chosen = own[own["model"].isin(models)]
            design = differential.design_of(own).to_numpy() if len(own) else np.zeros((0, 0))
            df = len(own) - len(linear.independent_columns(design)) if len(own) else 0
            answered = NO if not models else YES if df > 0 else EFFECT_ONLY
            confounded = _confounded(samples, arm, treated, models)
            notes = _notes(own, models, reference, treated, answered, df)
            platform, told = platforms.describe(chosen)
            notes += [text for text in (confounded, told) if text]
            rows.append(
                (
                    *(name, arm, answered, len(models), ",".join(models)),
                    *((chosen["timepoint"] == timepoint).sum() for timepoint in (reference, treated)),
                    *(df, "yes" if confounded else "no", platform, *[pd.NA] * len(COUNTS), "; ".join(notes)),
                )
            )
    return pd.DataFrame(rows, columns=ANSWERS)


def with_counts(said: pd.DataFrame, expression: pd.DataFrame, fdr: float) -> pd.DataFrame:
    """Return :func:`answers` with numbers of genes: compared, changed over patients (``changed``), and changed in these
    tumours (``voom_changed``), both within ``fdr``. Also count genes of the latter whose mean over patients has the
    opposite sign.
    """
    voom = expression["voom_fdr"] <= fdr
    opposite = voom & (expression["log_fc"] * expression["voom_log_fc"] < 0)
    counts = expression[["contrast", "arm"]].assign(
        genes=1, changed=expression["fdr"] <= fdr, voom_changed=voom, voom_opposite=opposite
    )
    counts = counts.groupby(["contrast", "arm"], sort=False)[COUNTS].sum()
    table = said.drop(columns=COUNTS, errors="ignore").join(counts, on=["contrast", "arm"])
    return table[ANSWERS].astype(dict.fromkeys(COUNTS, "Int64"))


def _notes(own: pd.DataFrame, models: list[str], reference: str, treated: str, answered: str, df: int) -> list[str]:
    if answered == NO:
        return [f"no model has both {reference} and {treated}: nothing is compared"]
    notes = []
    if answered == EFFECT_ONLY:
        notes.append("no residual degrees of freedom: effects without interval or p-value")
    if len(models) == 1:
        notes.append("n = 1 model: voom_p is about its tumours; no conclusion about other patients")
    elif len(models) == 2:
        notes.append("n = 2 models: too few to call a change shared; p-values are about their tumours")
    for one, other in ((treated, reference), (reference, treated)):
        alone = [m for m in dict.fromkeys(own.loc[own["timepoint"] == one, "model"]) if m not in models]
        if alone and one == treated:
            notes.append(f"{', '.join(alone)} have {one} but no {other}: they don't contribute to this contrast")
    counts = own.loc[own["model"].isin(models), "model"].value_counts()
    if len(models) > 1 and counts.iloc[0] > LARGE_SHARE * counts.sum():
        notes.append(
            f"{counts.index[0]} has {counts.iloc[0]} of {counts.sum()} samples and weighs most in voom_t; "
            "over patients every model has the same weight"
        )
    return notes


def _confounded(samples: pd.DataFrame, arm: str, treated: str, models: list[str]) -> str:
    """Return why arms, or this arm, cannot be separated from the patients; empty if they can."""
    after = samples[(samples["timepoint"] == treated) & samples["model"].isin(models)]
    arms = samples[samples["timepoint"] == treated].groupby("model", sort=False)["arm"].agg(lambda own: set(own))
    if not models:
        return ""
    if arm == ALL_ARMS:
        several = after["arm"].nunique() > 1 and all(len(arms[model]) == 1 for model in models)
        return "confounded: each model has one arm; differences between arms may be between patients" if several else ""
    others = set().union(*arms) - {arm}
    if others and all(len(arms[model]) == 1 for model in models):
        return "confounded: the only arm of its models; a difference of this arm may be one of these patients"
    return ""

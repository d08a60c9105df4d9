"""Technical differences that could cause a switch: depth of the samples and platform of the patients."""

from __future__ import annotations

import numpy as np
import pandas as pd

from scripts.base.verdicts import MIN_MODELS
from scripts.profiles.pseudobulk import LABELS, wide
from scripts.stats import between, paired

SINGLE_CELL = "single-cell"
EQUAL_DEPTH = ["effect_at_equal_depth", "depth_share", "p_at_equal_depth", "fdr_at_equal_depth"]
PLATFORM = [
    "by_platform", "platform_difference", "platform_ci_low", "platform_ci_high", "platform_p", "platform_fdr",
]  # fmt: skip
COLUMNS = [*EQUAL_DEPTH, *PLATFORM]


def at_equal_depth(table: pd.DataFrame, effect: pd.Series, sd: pd.Series, baseline: str, treated: str) -> pd.DataFrame:
    """Return the change of each regulon at equal depth (:data:`EQUAL_DEPTH`); nothing if counts were not thinned.

    ``table``: activity at equal depth (activity/depth_matched.tsv); ``effect``: change as it is, by regulon; ``sd``:
    unit of the changes. The p-value is that of the moderated t over models.
    """
    if table.empty:
        return pd.DataFrame(columns=EQUAL_DEPTH)
    samples = table.drop_duplicates("sample").set_index("sample")[LABELS].astype(str)
    activity = wide(table, "activity", list(samples.index))
    changes = paired.over_arms(paired.differences(activity, samples, baseline, treated))
    found = paired.summarise(changes, sd)
    share = found["effect"] / effect.reindex(found.index)
    parts = (found["effect"], share.replace([np.inf, -np.inf], np.nan), found["p"], found["fdr"])
    return pd.DataFrame(dict(zip(EQUAL_DEPTH, parts, strict=True)))


def sides(platforms: pd.Series) -> tuple[list[str], list[str]]:
    """Return the models of the two sides that are compared: single-cell and all other platforms, or, without single
    cells, the platform with most models and all others. Both empty where there is one platform.

    ``platforms``: by model; models that were measured on several aren't in it.
    """
    names = platforms.value_counts()
    if len(names) < 2:
        return [], []
    first = SINGLE_CELL if SINGLE_CELL in names else min(names.index[names == names.max()])
    return list(platforms.index[platforms == first]), list(platforms.index[platforms != first])


def platform_of_models(labels: pd.DataFrame) -> pd.Series:
    """Return the platform of each model that has one. ``labels``: by sample, with model and platform."""
    found = labels.groupby("model", sort=False)["platform"].agg(lambda own: sorted(set(own)))
    return found[found.map(len) == 1].map(lambda own: own[0])


def by_platform(changes: pd.DataFrame, platforms: pd.Series, sd: pd.Series) -> pd.DataFrame:
    """Return the difference of each regulon's change between platforms (:data:`PLATFORM`); nothing with one platform.

    ``changes``: models × regulons; ``sd``: unit. Each model has one platform, so that the platforms' difference is one
    between patients too; with fewer than three models on a side it isn't tested.
    """
    known = platforms[platforms.index.isin(changes.index)]
    first, second = sides(known)
    if not first:
        return pd.DataFrame(columns=PLATFORM)
    unit = sd.reindex(changes.columns)
    units = changes / unit.where(unit > 0)
    texts = pd.Series("", index=changes.columns)
    for name in dict.fromkeys(known):
        own = units.loc[known.index[known == name]]
        mean, n = own.mean(), own.notna().sum()
        told = [f"{name} {m:+.2f} ({k})" if k else "" for m, k in zip(mean, n, strict=True)]
        texts = texts.str.cat(told, sep="; ").str.strip("; ")
    found = between.compare(changes.loc[first], changes.loc[second], sd)
    return pd.DataFrame(dict(zip(PLATFORM, [texts, *(found[name] for name in between.BETWEEN)], strict=True)))


def note_on_platform(row: pd.Series, fdr: float) -> str:
    """Return the note on platforms; nothing where there is one, or where they don't differ."""
    if not row.get("by_platform") or pd.isna(row["by_platform"]):
        return ""
    if pd.isna(row["platform_fdr"]):
        return f"confounded with platform: fewer than {MIN_MODELS} models of one"
    return "differs by platform, which each model has one of" if row["platform_fdr"] <= fdr else ""

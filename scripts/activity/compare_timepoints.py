"""Compare the activity of persisters at several timepoints: each with the baseline, and the trend over days."""

import pandas as pd

from scripts.activity.compare_activity import read_samples
from scripts.base import job
from scripts.base.tables import read_labelled
from scripts.profiles.pseudobulk import wide
from scripts.stats import paired, trends

TIMEPOINTS = [
    "comparison", "timepoint", "headline", "arm", "regulon", "n", "k", "effect", "ci_low", "ci_high",
    "activity_change_sd", "activity_change_sd_low", "activity_change_sd_high", "t", "p", "fdr", "same_direction",
]  # fmt: skip


def compare(
    activity: pd.DataFrame, samples: pd.DataFrame, contrast: dict, days: dict[str, float], sd: pd.Series
) -> pd.DataFrame:
    """Return one row (:data:`TIMEPOINTS`) per comparison, arm and regulon: changes from the baseline, then slopes.

    ``activity``: samples × regulons; ``samples``: indexed by sample, with model, timepoint and arm; ``contrast``:
    baseline, persister (the headline timepoint) and further; ``sd``: the unit of standardised effects, by regulon.
    """
    names, parts = trends.persisters_of(contrast), []
    for timepoint in names:
        found = paired.differences(activity, samples, contrast["baseline"], timepoint)
        told = {"comparison": f"{timepoint} vs {contrast['baseline']}", "timepoint": timepoint}
        parts.append(paired.summarise_arms(found, sd).assign(**told))
    found = trends.slopes(activity, trends.with_days(samples, days, names))
    parts.append(paired.summarise_arms(found, sd).assign(comparison=trends.trend_of(contrast), timepoint=""))
    table = pd.concat(parts, ignore_index=True).rename(columns={"feature": "regulon"})
    return table.assign(headline=(table["timepoint"] == names[0]).map({True: "yes", False: "no"}))[TIMEPOINTS]


def main(snakemake) -> None:
    """Read the samples' activity, and the unit of effects from activity/effects.tsv; write the table."""
    params = snakemake.params
    table = read_labelled(snakemake.input.activity)
    samples = read_samples(getattr(snakemake.input, "samples", None), table)
    activity = wide(table, "activity", list(samples.index))
    samples = samples.loc[activity.index] if len(activity) else samples
    effects = read_labelled(snakemake.input.effects)
    sd = effects.drop_duplicates("regulon").set_index("regulon")["sd"].astype(float)
    found = compare(activity, samples, params.contrast, params.days, sd)
    found.to_csv(snakemake.output[0], sep="\t", index=False, float_format="%.6g")
    whole = found[found["arm"] == paired.ALL_ARMS]
    for name, own in whole.groupby("comparison", sort=False):
        shared = int(paired.is_shared(own, params.fdr).sum())
        job.log.info("%s: %d models, %d of %d shared", name, own["n"].max(), shared, len(own))


if __name__ == "__main__":
    job.run(main, snakemake)

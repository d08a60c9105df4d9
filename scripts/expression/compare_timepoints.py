"""Compare the expression of persisters at several timepoints over patients: with the baseline, and as a trend."""

import pandas as pd

from scripts.base import job
from scripts.expression import differential
from scripts.profiles import profiles
from scripts.stats import trends
from scripts.stats.paired import over_arms, summarise

TIMEPOINTS = ["comparison", "timepoint", "headline", "gene", *differential.PATIENTS, "distrusted"]


def compare(data: profiles.Profiles, contrast: dict, days: dict[str, float]) -> pd.DataFrame:
    """Return one row (:data:`TIMEPOINTS`) per comparison and gene, over all arms: changes from the baseline, then
    slopes over days.

    ``contrast``: baseline, persister (the headline) and further; ``days``: by sample.
    """
    names, baseline, parts = trends.persisters_of(contrast), contrast["baseline"], []
    for timepoint in names:
        found = differential.over_patients(data, data.samples, (baseline, timepoint), baseline)
        parts.append(found.assign(comparison=f"{timepoint} vs {baseline}", timepoint=timepoint))
    slopes = over_arms(trends.slopes(data.values, trends.with_days(data.samples, days, names), "block"))
    found = differential.described(summarise(slopes, pd.Series(1.0, index=slopes.columns)))
    parts.append(found.assign(comparison=trends.trend_of(contrast), timepoint=""))
    table = pd.concat([part.rename_axis("gene").reset_index() for part in parts], ignore_index=True)
    table["distrusted"] = table["gene"].isin(data.distrusted).map({True: "yes", False: "no"})
    return table.assign(headline=(table["timepoint"] == names[0]).map({True: "yes", False: "no"}))[TIMEPOINTS]


def main(snakemake) -> None:
    """Read the profiles; write the table."""
    params = snakemake.params
    table = compare(profiles.read(snakemake.input.profiles), params.contrast, params.days)
    table.to_csv(snakemake.output[0], sep="\t", index=False, float_format="%.6g")
    for name, own in table.groupby("comparison", sort=False):
        counts = (name, own["n_models"].max(), (own["fdr"] <= params.fdr).sum(), len(own), params.fdr)
        job.log.info("%s: %d models, %d of %d genes over patients (FDR %g)", *counts)


if __name__ == "__main__":
    job.run(main, snakemake)

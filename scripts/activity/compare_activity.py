"""Compare regulon activity between timepoints within each model and join the differences over the models."""

import pandas as pd

from scripts.activity import depth, design
from scripts.base import job
from scripts.base.tables import read_labelled
from scripts.profiles.pseudobulk import LABELS, wide
from scripts.stats import flips, paired

DIFFERENCES = [
    "contrast", "model", "arm", "regulon", "n_baseline", "n_treated", "baseline", "treated", "difference",
    "activity_change_sd",
]  # fmt: skip
FLIPPED = ["contrast", "regulon", *flips.FLIPS]
EFFECTS = ["contrast", "arm", "regulon", "sd", *(name for name in paired.SUMMARY if name != "fdr_least")]


def describe_differences(
    activity: pd.DataFrame, samples: pd.DataFrame, sd: pd.Series, found: pd.DataFrame, baseline: str, treated: str
) -> pd.DataFrame:
    """Return the differences (model and arm × regulon) as rows, with means and numbers of samples. A regulon that a
    model does not measure has a row without numbers.
    """
    parts = []
    for model, arm in found.index:
        own = samples[samples["model"] == model]
        before = own.index[own["timepoint"] == baseline]
        after = own.index[(own["timepoint"] == treated) & (own["arm"] == arm)]
        part = pd.DataFrame(
            {
                "model": model,
                "arm": arm,
                "regulon": found.columns,
                "n_baseline": activity.loc[before].notna().sum().to_numpy(),
                "n_treated": activity.loc[after].notna().sum().to_numpy(),
                "baseline": activity.loc[before].mean().to_numpy(),
                "treated": activity.loc[after].mean().to_numpy(),
                "difference": found.loc[(model, arm)].to_numpy(),
            }
        )
        parts.append(part.assign(activity_change_sd=part["difference"] / sd.reindex(found.columns).to_numpy()))
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=DIFFERENCES[1:])


def read_samples(path: str | None, activity: pd.DataFrame) -> pd.DataFrame:
    """Return the samples that are compared, indexed by sample: the used samples of samples.tsv or, if activity is that
    of profiles, all samples with activity.
    """
    if path:
        samples = pd.read_csv(path, sep="\t", dtype=str, keep_default_na=False).set_index("sample")
        return samples[samples["used"] == "yes"]
    return activity.drop_duplicates("sample").set_index("sample")[LABELS].astype(str)


def read_depth(path: str | None) -> pd.Series | None:
    """Return the mean number of UMIs per cell by sample (from profiles/pseudobulk.h5ad); None without cells."""
    if not path:
        return None
    import anndata

    sums = anndata.read_h5ad(path)
    return pd.Series(depth.depth_of(sums.layers["counts"], sums.obs["n_cells"]), index=sums.obs_names.astype(str))


def read_platforms(path: str) -> pd.Series:
    """Return the platform by sample (from profiles/profiles.h5ad)."""
    import anndata

    return anndata.read_h5ad(path, backed="r").obs["platform"].astype(str)


def main(snakemake) -> None:
    """Read the samples' activity; write differences by model and arm, their summary, its comparison with flipped signs,
    and the answers that the design allows.
    """
    params = snakemake.params
    table = read_labelled(snakemake.input.activity)
    samples = read_samples(getattr(snakemake.input, "samples", None), table)
    activity, spread = (wide(table, column, list(samples.index)) for column in ("activity", "sd"))
    samples = samples.loc[activity.index] if len(activity) else samples
    # The same unit for all pairs, so that relapse and persister are comparable.
    sd = paired.pooled_sd(spread)
    if len(sd) and sd.isna().all():
        job.log.warning("no replicates, so no standard deviation: standardised effects are in units of activity")
        sd = sd.fillna(1.0)
    differences, effects, flipped = [], [], []
    for name, (baseline, treated) in design.contrasts_of(params.contrast).items():
        found = paired.differences(activity, samples, baseline, treated)
        rows = describe_differences(activity, samples, sd, found, baseline, treated)
        differences.append(rows.assign(contrast=name))
        summary = paired.summarise_arms(found, sd).rename(columns={"feature": "regulon"})
        effects.append(summary.assign(contrast=name, sd=summary["regulon"].map(sd)))
        # In units of sd, so that all regulons can be compared in the joint null.
        units = paired.over_arms(found) / sd.reindex(found.columns).where(lambda s: s > 0)
        null = flips.family_wise(units, params.seed)
        flipped.append(null.rename_axis("regulon").reset_index().assign(contrast=name))
    if getattr(snakemake.input, "profiles", None):
        samples = samples.assign(platform=read_platforms(snakemake.input.profiles).reindex(samples.index))
    known = read_depth(getattr(snakemake.input, "pseudobulk", None))
    answers = design.design_table(samples, params.contrast, params.groups, params.fdr, known, params.days)
    for row in answers[answers["note"] != ""].itertuples():
        job.log.info("%s, %s: %s", row.contrast, row.arm, row.note)
    for tables, columns, path in (
        (differences, DIFFERENCES, snakemake.output.differences),
        (effects, EFFECTS, snakemake.output.effects),
        (flipped, FLIPPED, snakemake.output.permutations),
        ([answers], design.DESIGN, snakemake.output.design),
    ):
        filled = [part for part in tables if len(part)] or tables[:1]
        pd.concat(filled, ignore_index=True)[columns].to_csv(path, sep="\t", index=False, float_format="%.6g")


if __name__ == "__main__":
    job.run(main, snakemake)

"""Compare the combined activity of factor families between timepoints, with the model as the replicate."""

import pandas as pd

from scripts.activity import design
from scripts.base import job
from scripts.base.tables import read_labelled
from scripts.profiles import inputs, pseudobulk
from scripts.scenic.regulons import only_activating
from scripts.stats import paired
from scripts.switches.evidence import family


def read_activity(paths: list[str], samples: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return mean and sd over cells of each family's activity, samples × families."""
    parts = []
    for path in paths:
        used = [sample for sample in pseudobulk.samples_in(path) if sample in samples.index]
        parts += list(pseudobulk.summarise_activity(path, used))
    parts = [part for part in parts if len(part)]
    if not parts:
        return pd.DataFrame(index=[]), pd.DataFrame(index=[])
    table = pd.concat(parts, ignore_index=True)
    return tuple(pseudobulk.wide(table, column, list(samples.index)) for column in ("activity", "sd"))


def mean_of_members(activity: pd.DataFrame, families: pd.Series) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the members' mean activity (samples × families, each member scaled to sd 1 over the samples), and its sd:
    what takes the combined regulon's place where there are no cells.
    """
    scaled = (activity - activity.mean()) / activity.std(ddof=1)
    known = [name for name in scaled if name in families.index]
    joined = scaled[known].T.groupby(families[known].to_numpy()).mean().T
    spread = pd.DataFrame(1.0, index=joined.index, columns=joined.columns)
    return joined, spread


def main(snakemake) -> None:
    """Read activity of families, or of factors by profile; write families.tsv."""
    source, params = snakemake.input, snakemake.params
    families, edges = family.read_families(source.families), only_activating(inputs.read_edges(source.regulons))
    effects = read_labelled(source.effects)
    (name, (baseline, treated)), *_ = design.contrasts_of(params.contrast).items()
    if getattr(source, "activity", None):
        samples = pd.read_csv(source.samples, sep="\t", dtype=str, keep_default_na=False).set_index("sample")
        samples = samples[samples["used"] == "yes"]
        activity, spread = read_activity(list(source.activity), samples)
        note = ""
    else:
        table = read_labelled(source.profile_activity)
        samples = table.drop_duplicates("sample").set_index("sample")[pseudobulk.LABELS]
        wide = pseudobulk.wide(table, "activity", list(samples.index))
        edges = edges[edges["regulon"].isin(wide.columns)]
        activity, spread = mean_of_members(wide, families)
        note = "no cells: mean of the members' activities"
    described = family.describe(edges, families)
    described = described[described["family"].isin(activity.columns)]
    found = paired.over_arms(paired.differences(activity, samples, baseline, treated))
    own = effects[(effects["contrast"] == name) & (effects["arm"] == paired.ALL_ARMS)].set_index("regulon")
    members = (
        own["activity_change_sd"]
        .groupby(own.index.map(edges.drop_duplicates("regulon").set_index("regulon")["tf"]))
        .first()
    )
    result = family.build(described, found, paired.pooled_sd(spread), members, note)
    result.to_csv(snakemake.output[0], sep="\t", index=False, float_format="%.6g")
    job.log.info("%d families with two or more regulons", len(result))


if __name__ == "__main__":
    job.run(main, snakemake)

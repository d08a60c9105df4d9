"""Average each regulon's activity over the cells of every sample with enough cells, one group at a time."""

import pandas as pd

from scripts.base import job
from scripts.profiles import pseudobulk


def main(snakemake) -> None:
    """Read the groups' activity in blocks of regulons; write one row per sample and regulon."""
    samples = pd.read_csv(snakemake.input.samples, sep="\t", dtype=str, keep_default_na=False).set_index("sample")
    seen: set[str] = set()
    parts = []
    for path in snakemake.input.activity:
        found = pseudobulk.samples_in(path)
        for sample in found:
            pseudobulk.check_sample(sample, seen, samples, path)
            seen.add(sample)
        used = [sample for sample in found if samples.at[sample, "used"] == "yes"]
        parts += list(pseudobulk.summarise_activity(path, used))
    table = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=pseudobulk.ACTIVITY)
    labels = samples.loc[table["sample"], pseudobulk.LABELS].reset_index(drop=True)
    table = table.assign(**{label: labels[label] for label in pseudobulk.LABELS})[pseudobulk.ACTIVITY]
    # Samples in the order of the sheet, for any groups; regulons by name.
    order = {sample: number for number, sample in enumerate(samples.index)}
    table = table.sort_values(["sample", "regulon"], key=lambda c: c.map(order) if c.name == "sample" else c)
    table.to_csv(snakemake.output.activity, sep="\t", index=False, float_format="%.6g")
    missing = [sample for sample in samples.index[samples["used"] == "yes"] if sample not in seen]
    if missing:
        job.log.warning("no activity of %s", ", ".join(missing))
    job.log.info("%d regulons in %d samples", table["regulon"].nunique(), table["sample"].nunique())


if __name__ == "__main__":
    job.run(main, snakemake)

"""Join the groups' tables of specificity, thresholds and sample means; compare regulons between samples."""

import pandas as pd

from scripts.base import job
from scripts.base.tables import read_labelled
from scripts.regulons import variability


def main(snakemake) -> None:
    """Write each table with the rows of all groups, and the variability of regulons from the table of sample means."""
    for kind in ("rss", "thresholds", "samples"):
        tables = [read_labelled(path, "label") for path in snakemake.input[kind]]
        joined = pd.concat([t for t in tables if len(t)] or tables[:1], ignore_index=True)
        joined = joined[["group", *[c for c in joined.columns if c != "group"]]]
        joined.to_csv(snakemake.output[kind], sep="\t", index=False, float_format="%.6g")
    # Read from the file, so that the results agree with its contents.
    tables = variability.tabulate(read_labelled(snakemake.output.samples))
    for name, table in zip(("standardised", "variability"), tables, strict=True):
        table.to_csv(snakemake.output[name], sep="\t", index=False, float_format="%.6g")


if __name__ == "__main__":
    job.run(main, snakemake)

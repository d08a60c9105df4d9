"""Join the groups' tables of specificity, thresholds and sample means."""

import pandas as pd

from scripts.base import job
from scripts.base.tables import read_labelled


def main(snakemake) -> None:
    """Write each table with the rows of all groups."""
    for kind in ("rss", "thresholds", "samples"):
        tables = [read_labelled(path, "label") for path in snakemake.input[kind]]
        joined = pd.concat([t for t in tables if len(t)] or tables[:1], ignore_index=True)
        joined = joined[["group", *[c for c in joined.columns if c != "group"]]]
        joined.to_csv(snakemake.output[kind], sep="\t", index=False, float_format="%.6g")


if __name__ == "__main__":
    job.run(main, snakemake)

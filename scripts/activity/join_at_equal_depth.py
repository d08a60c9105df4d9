"""Join the groups' activity at equal depth."""

import pandas as pd

from scripts.activity.depth import AT_EQUAL_DEPTH
from scripts.base import job
from scripts.base.tables import read_labelled


def main(snakemake) -> None:
    """Read the groups' tables; write one (:data:`~scripts.activity.depth.AT_EQUAL_DEPTH`)."""
    parts = [part for part in map(read_labelled, snakemake.input) if len(part)]
    table = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=AT_EQUAL_DEPTH)
    table.to_csv(snakemake.output[0], sep="\t", index=False, float_format="%.6g")
    job.log.info("%d samples at equal depth", table["sample"].nunique())


if __name__ == "__main__":
    job.run(main, snakemake)

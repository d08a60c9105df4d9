"""Find a group's on/off thresholds again in resampled cells: how stable is the call that a cell has a regulon on?"""

import pandas as pd

from scripts.base import job
from scripts.base.tables import read_labelled
from scripts.profiles.pseudobulk import regulon_columns
from scripts.switches.evidence import on_off

STABILITY = ["group", "regulon", "n_cells", "bimodal", "bimodal_share", "agreement"]


def main(snakemake) -> None:
    """Read the group's activity and thresholds; write how stable each threshold is."""
    activity = pd.read_parquet(snakemake.input.activity)
    cuts = read_labelled(snakemake.input.thresholds).set_index("regulon")
    table = on_off.resample_thresholds(
        activity[regulon_columns(list(activity.columns))],
        cuts["threshold"],
        resamples=snakemake.params.resamples,
        seed=snakemake.params.seed,
    )
    table = table.assign(group=snakemake.wildcards.group, bimodal=table["regulon"].map(cuts["bimodal"]))
    table[STABILITY].to_csv(snakemake.output[0], sep="\t", index=False, float_format="%.6g")
    job.log.info("%d thresholds, mean agreement %.3f", len(table), table["agreement"].mean())


if __name__ == "__main__":
    job.run(main, snakemake)

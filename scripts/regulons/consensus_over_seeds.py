"""Keep a group's edges that enough of its runs agree on."""

from scripts.base import job
from scripts.base.tables import read_labelled
from scripts.regulons import consensus


def main(snakemake) -> None:
    """Read the regulons of every seed; write those the seeds agree on."""
    runs = [read_labelled(path) for path in snakemake.input.regulons]
    agreed = consensus.agree(runs, min_runs=snakemake.params.min_seeds, min_targets=snakemake.params.min_targets)
    agreed.to_csv(snakemake.output[0], sep="\t", index=False, float_format="%.6g")
    sizes = [run["regulon"].nunique() for run in runs]
    job.log.info("%d regulons of %s in the runs: %d edges", agreed["regulon"].nunique(), sizes, len(agreed))
    if agreed.empty:
        job.log.warning("no regulon of %d targets in %d runs", snakemake.params.min_targets, snakemake.params.min_seeds)


if __name__ == "__main__":
    job.run(main, snakemake)

"""Test whether profiles cluster by state, with the models' levels removed without or with knowledge of the states."""

from threadpoolctl import threadpool_limits

from scripts.base import job
from scripts.expression import structure
from scripts.profiles import profiles


def main(snakemake) -> None:
    """Read the profiles; write purity by adjustment, and each sample's position."""
    params = snakemake.params
    data = profiles.read(snakemake.input.profiles)
    with threadpool_limits(1):
        table, places = structure.describe(data, params.contrast, params.permutations, params.seed)
    table.to_csv(snakemake.output.structure, sep="\t", index=False, float_format="%.6g")
    places.to_csv(snakemake.output.places, sep="\t", index=False, float_format="%.6g")
    for row in table.itertuples():
        job.log.info(
            "%s: purity %.3f (by chance %.3f), p %.3g; %s", row.adjustment, row.purity, row.expected, row.p, row.note
        )


if __name__ == "__main__":
    job.run(main, snakemake)

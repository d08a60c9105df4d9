"""Index a BAM that is kept, for genome browsers."""

import pysam

from scripts.base import job


def main(snakemake) -> None:
    """Write the .bai."""
    pysam.index("-b", "-o", snakemake.output[0], snakemake.input[0])


if __name__ == "__main__":
    job.run(main, snakemake)

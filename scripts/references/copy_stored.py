"""Copy an input that lies in an object store to where all other rules look for it."""

import shutil
from pathlib import Path

from scripts.base import job


def copy(source: Path, target: Path, address: str) -> None:
    """Copy a file of the store at an address. Raises :class:`job.UserError` for a folder: sheets name single files."""
    if source.is_dir():
        raise job.UserError(
            f"{address} is a folder of the store; give a single file (a 10x matrix as .h5), or fetch the folder and "
            "give its path"
        )
    shutil.copyfile(source, target)


def main(snakemake) -> None:
    """Copy the input to the output."""
    copy(Path(snakemake.input[0]), Path(snakemake.output[0]), snakemake.params.address)


if __name__ == "__main__":
    job.run(main, snakemake)

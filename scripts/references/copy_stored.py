"""Take an input that lies in an object store to where all other rules look for it."""

import os
import shutil
from pathlib import Path

from scripts.base import job


def take(source: Path, target: Path, address: str) -> None:
    """Take a file that was fetched from an address: by a link, since Snakemake removes its own copy, or else by a copy
    that has its name when it is whole. Raises :class:`job.UserError` for a folder: sheets name single files.
    """
    if source.is_dir():
        raise job.UserError(
            f"{address} is a folder of the store; give a single file (a 10x matrix as .h5), or fetch the folder and "
            "give its path"
        )
    part = target.with_name(f"{target.name}.part")
    part.unlink(missing_ok=True)
    try:
        os.link(source, part)
    except OSError:  # another file system, or one without links
        shutil.copyfile(source, part)
    os.utime(part)
    part.replace(target)


def main(snakemake) -> None:
    """Take the input."""
    take(Path(snakemake.input[0]), Path(snakemake.output[0]), f"s3://{snakemake.wildcards.file}")


if __name__ == "__main__":
    job.run(main, snakemake)

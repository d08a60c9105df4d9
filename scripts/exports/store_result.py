"""Copy a result to where the object store takes it from; of a folder, an archive."""

import shutil
from pathlib import Path

from scripts.base import job


def main(snakemake) -> None:
    """Copy a file or pack a folder; Snakemake's plugin sends the copy."""
    source, target = Path(snakemake.input[0]), Path(snakemake.output[0])
    if source.is_dir():
        shutil.make_archive(str(target.with_suffix("")), "zip", source)
    else:
        shutil.copyfile(source, target)


if __name__ == "__main__":
    job.run(main, snakemake)

"""Gather the study's tables in one folder, with a dictionary of every column."""

import shutil
from pathlib import Path

import pandas as pd

from scripts.base import job
from scripts.report import dictionary


def main(snakemake) -> None:
    """Copy the tables under names that tell their stage; write dictionary.tsv beside them.

    A table or a column that the dictionary doesn't know is our own fault.
    """
    folder = Path(snakemake.output[0])
    root = job.place_of(folder).parents[1]
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    rows = []
    for path in map(Path, snakemake.input):
        table = str(path.relative_to(root))
        name = table.replace("/", ".")
        shutil.copyfile(path, folder / name)
        header = pd.read_csv(path, sep="\t", nrows=0).columns
        rows += [(name, table, column, dictionary.meaning(table, column)) for column in header]
    said = pd.DataFrame(rows, columns=["file", "made_as", "column", "meaning"])
    said.to_csv(folder / "dictionary.tsv", sep="\t", index=False)
    job.log.info("%d tables, %d columns", said["file"].nunique(), len(said))


if __name__ == "__main__":
    job.run(main, snakemake)

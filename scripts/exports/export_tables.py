"""Copy the study's tables to one folder, with a dictionary of every column."""

import shutil
from pathlib import Path

import pandas as pd

from scripts.base import job
from scripts.base.columns import describe


def main(snakemake) -> None:
    """Copy the tables, with their stage in the names, and write dictionary.tsv, which explains their columns.

    A column without a description in resources/columns.tsv is an internal error.
    """
    folder = Path(snakemake.output[0])
    root = job.place_of(folder).parents[1]
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    rows = []
    for path in map(Path, snakemake.input.tables):
        table = str(path.relative_to(root))
        name = table.replace("/", ".")
        shutil.copyfile(path, folder / name)
        header = pd.read_csv(path, sep="\t", nrows=0).columns
        described = {column: describe(table, column) for column in header}
        rows += [(name, table, column, d.label, d.unit, d.description) for column, d in described.items()]
    dictionary = pd.DataFrame(rows, columns=["file", "made_as", "column", "label", "unit", "description"])
    dictionary.to_csv(folder / "dictionary.tsv", sep="\t", index=False)
    job.log.info("%d tables, %d columns", dictionary["file"].nunique(), len(dictionary))


if __name__ == "__main__":
    job.run(main, snakemake)

"""What the columns of all tables mean: resources/columns.tsv, which table heads, axis titles and exports read.

A row holds for one table (its path relative to the results), for the tables that a glob matches, or for all tables
(``*``). The table's own row beats a glob, which beats ``*``.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path

PATH = Path(__file__).parents[2] / "resources" / "columns.tsv"
HEADER = ["table", "column", "label", "unit", "format", "description"]
ALL_TABLES = "*"
ALL_COLUMNS = "*"
"""In a table's own rows: every column that has no row, in a matrix whose columns are named by the study."""


@dataclass(frozen=True)
class Column:
    """A column of a table.

    Parameters
    ----------
    label
        Short name, for table heads and axis titles.
    unit
        Unit of the values, empty if there is none.
    format
        Format of the numbers, as d3 and Python spell it; empty for text.
    description
        What the values are; for a p-value also of which population.
    """

    label: str
    unit: str
    format: str
    description: str

    @property
    def title(self) -> str:
        """The label with the unit in parentheses."""
        return f"{self.label} ({self.unit})" if self.unit else self.label


@cache
def read() -> dict[str, dict[str, Column]]:
    """Read resources/columns.tsv.

    Returns
    -------
    dict
        Column by name, by table, glob or ``*``.
    """
    tables: dict[str, dict[str, Column]] = {}
    with PATH.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE):
            tables.setdefault(row["table"], {})[row["column"]] = Column(*(row[name] for name in HEADER[2:]))
    return tables


def matches(pattern: str, table: str) -> bool:
    """Return whether a glob matches a table's path, folder by folder: ``*`` stands within one folder only."""
    globs, parts = pattern.split("/"), table.split("/")
    return len(globs) == len(parts) and all(map(fnmatchcase, parts, globs))


def levels_of(table: str) -> list[list[str]]:
    """Return which rows hold for a table: its own, those of globs, those of all tables (empty where there is none)."""
    own = [name for name in read() if name == table]
    globs = [name for name in read() if name not in (table, ALL_TABLES) and matches(name, table)]
    return [own, globs, [ALL_TABLES] if ALL_TABLES in read() else []]


def columns_of(table: str) -> dict[str, Column]:
    """Return every column that is described for a table, by name.

    Since ``*`` holds for all tables, these are more than the table has.
    """
    return {
        name: column
        for level in reversed(levels_of(table))
        for key in level
        for name, column in read()[key].items()
        if name != ALL_COLUMNS
    }


def describe(table: str, column: str) -> Column:
    """Return a column of a table.

    Raises
    ------
    KeyError
        If no row describes it; names table and column.
    """
    known = columns_of(table)
    if column in known:
        return known[column]
    if ALL_COLUMNS in read().get(table, {}):
        return read()[table][ALL_COLUMNS]
    raise KeyError(f"{table}: column {column} is not described in resources/{PATH.name}")


def axis_title(table: str, column: str) -> str:
    """Return the title of a table head or an axis: the label with its unit in parentheses."""
    return describe(table, column).title

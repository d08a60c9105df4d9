"""Columns that claim something beyond their own numbers: each has a row of its own, table by table, in claims.tsv.

A p-value, a false discovery rate, a limit of an interval or a verdict of a table is measured in the calibration table,
or there is a reason why not. What holds for one table holds for no other: a column of a new table is missing from the
file, whatever other tables call by its name.
"""

from __future__ import annotations

import re
from pathlib import Path

import pandas as pd

from scripts.base import columns

NAME = re.compile(
    r"p|fdr|fwer|p_.*|.*_p|fdr_.*|.*_fdr|low|high|(?:.*_)?(?:ci_)?(?:low|high)|verdict|mrna|call|carries|agreement"
    r"|reversibility|same_direction|tested|exchanged_share|false_share"
)
"""Names that p-values, false discovery rates, limits of intervals and verdicts have."""
LABEL = re.compile(r"\bCI\b|\bFDR\b|\bFWER\b|\bp\b|\bp-value\b|\bP\b|verdict")
"""Words by which labels say the same, whatever the column's name."""
PATH = Path(__file__).with_name("claims.tsv")
HEADER = ["table", "column", "rates", "reason"]


def read() -> pd.DataFrame:
    """Return claims.tsv: one row per table (a glob where samples or models have one each) and column.

    ``rates``: the name by which the calibration table measures it, ``"{table} {column}"``. It is the column's own, or
    that of another that the same function makes, which ``reason`` names. Without rates ``reason`` says why none are
    asked for.
    """
    return pd.read_csv(PATH, sep="\t", dtype=str, keep_default_na=False, quoting=3)


def is_claim(table: str, column: str) -> bool:
    """Return whether a column of a table holds a p-value, a false discovery rate, a limit of an interval or a verdict,
    by its name or its label in resources/columns.tsv.
    """
    try:
        label = columns.describe(table, column).label
    except KeyError:
        label = ""
    return bool(NAME.fullmatch(column) or LABEL.search(label))


def missing(headers: dict[str, list[str]]) -> list[tuple[str, str]]:
    """Return (table, column) of the claims without a row in claims.tsv.

    ``headers``: columns of each table, by its path relative to the results.
    """
    rows = read()
    known = {(table, column) for table, column in rows[["table", "column"]].itertuples(index=False, name=None)}
    globs = list(dict.fromkeys(rows["table"]))
    patterns = {table: [glob for glob in globs if columns.matches(glob, table)] for table in headers}
    return [
        (table, column)
        for table, own in headers.items()
        for column in own
        if is_claim(table, column) and not any((glob, column) in known for glob in patterns[table])
    ]


def unused(headers: dict[str, list[str]]) -> list[tuple[str, str]]:
    """Return (table, column) of the rows of claims.tsv that no table has; ``headers`` as of :func:`missing`."""
    return [
        (row.table, row.column)
        for row in read().itertuples()
        if not any(columns.matches(row.table, table) and row.column in own for table, own in headers.items())
    ]

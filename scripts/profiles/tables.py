"""Read tables of profiles (genes × samples, text), as laboratories and authors share them."""

from __future__ import annotations

import csv
import difflib
import io
from pathlib import Path

import numpy as np
import pandas as pd

from scripts.base import job
from scripts.base.names import LINE_END, clean, delimiter_of, is_summary, printable, read_text
from scripts.counts.annotated import ID_COLUMNS, SYMBOL_COLUMNS

GENE_COLUMNS = (*SYMBOL_COLUMNS, "gene", "geneid", "genes", "hgnc_symbol", "name", *ID_COLUMNS, "id", "")
"""Names of the column that holds the genes, the best first; ``""`` is an unnamed one."""
LOG_LIMIT = 30
"""Intensities on the logarithmic scale stay below 2^30; on the linear scale some always exceed 30."""


def without_comments(text: str) -> str:
    """Return a text from its header on: without blank lines and comments before it.

    A line behind ``#`` that has as many columns as the next one is the header, as featureCounts' first line isn't.
    """
    lines = LINE_END.split(text)
    start = 0
    while start < len(lines) and (not lines[start].strip() or lines[start].startswith("#")):
        rest = [line for line in lines[start + 1 :][:50] if line.strip()]
        mark = delimiter_of(rest[0]) if rest else "\t"
        if lines[start].startswith("#") and rest and lines[start].count(mark) == rest[0].count(mark) > 0:
            return "\n".join([lines[start].lstrip("#").lstrip(), *lines[start + 1 :]])
        start += 1
    return "\n".join(lines[start:])


def read_columns(text: str, path: str, what: str) -> pd.DataFrame:
    """Return a text as a table, all columns as text. Raises :class:`job.UserError`, also for a name of two columns."""
    text = without_comments(text)
    first = text.split("\n", 1)[0]
    delimiter = delimiter_of(first)
    try:
        names = next(csv.reader([first], delimiter=delimiter), [])
        table = pd.read_csv(io.StringIO(text), sep=delimiter, dtype=str, keep_default_na=False)
    except (ValueError, csv.Error) as error:  # pandas' own errors are ValueErrors
        raise job.UserError(f"{path}: not a text table ({' '.join(str(error).split())}); give {what}") from error
    if any("\n" in name for name in table.columns):
        raise job.UserError(f"{path}: a quotation mark in the first line isn't closed in it; give {what}")
    if len(names) > 1 and is_summary(names[0]):
        raise job.UserError(
            f"{path}: the first line holds {', '.join(map(printable, names[:3]))}, not names of columns; give a header"
        )
    # pandas would call the second one name.1 and take the first.
    twice = [name for i, name in enumerate(names) if name.strip() and name in names[:i]]
    if twice:
        raise job.UserError(f"{path}: {twice[0]!r} is the name of several columns; give each its own")
    if len(table.columns) < 2:
        raise job.UserError(
            f"{path}: one column ({str(table.columns[0])[:40]!r}): its columns aren't separated by tabs, commas or "
            f"semicolons; give {what}"
        )
    return table


def read_text_table(path: str) -> pd.DataFrame:
    """Read all columns as text; row names without a heading become the column ``""``."""
    if not Path(path).exists():
        raise job.UserError(f"{path}: no such file; correct column matrix of the samples sheet")
    what = "a text table of genes × samples (.tsv, .csv, also .gz)"
    table = read_columns(read_text(path, what), path, what)
    if table.index.nlevels > 1:
        more = table.index.nlevels + len(table.columns)
        raise job.UserError(f"{path}: rows have {more} cells under {len(table.columns)} columns; name every column")
    if not isinstance(table.index, pd.RangeIndex):
        table = table.reset_index(names="")
    table = table.rename(columns=lambda name: "" if str(name).startswith("Unnamed: ") else clean(str(name)))
    # Separators at the end of every line, as spreadsheets leave them, are no columns.
    table = table.loc[:, (table.columns != "") | (table != "").any().to_numpy()]
    if table.columns.duplicated().any():
        name = table.columns[table.columns.duplicated()][0]
        named = f"{name!r} is the name of several columns" if name else "several columns have no name"
        raise job.UserError(f"{path}: {named}; give each its own")
    return table


def gene_column(table: pd.DataFrame, samples: list[str], path: str) -> str:
    """Return the column that names the genes, wherever it stands: text, and by its name if several are."""
    others = [name for name in table.columns if name not in samples]
    text = [name for name in others if pd.to_numeric(table[name], errors="coerce").isna().mean() > 0.5]
    if not text:
        raise job.UserError(f"{path}: no column names the genes; add one, called symbol, or export the names as text")
    known = [name for want in GENE_COLUMNS for name in text if name.lower().replace(" ", "_").replace(".", "_") == want]
    return (known or text)[0]


def numbers(table: pd.DataFrame, names: pd.Series, path: str) -> pd.DataFrame:
    """Return the columns as numbers. Raises :class:`job.UserError` with row and column of the first that isn't one."""
    result = {}
    for column in table.columns:
        values = pd.to_numeric(table[column], errors="coerce").to_numpy(dtype=float)
        wrong = np.flatnonzero(~np.isfinite(values))
        if len(wrong):
            row = int(wrong[0])
            raise job.UserError(
                f"{path}, row {row + 2} ({names.iloc[row]}), column {column}: {table[column].iloc[row]!r} is not a "
                "number; give a value, or remove the gene"
            )
        result[column] = values
    return pd.DataFrame(result)


def read_profiles(path: str, columns: list[str], sheet: str) -> tuple[list[str], pd.DataFrame]:
    """Return gene names as given (without quotes and blanks) and the columns asked for (genes × columns, numbers).

    Rows that are no genes (summaries of htseq-count and STAR, spike-ins) are left out and logged. ``sheet``:
    the samples sheet, for messages.
    """
    table = read_text_table(path)
    for column in columns:
        if column not in table.columns:
            close = difflib.get_close_matches(column, list(table.columns), 1)
            hint = f"; did you mean {close[0]!r}?" if close else f"; it has {', '.join(list(table.columns)[:6])} …"
            raise job.UserError(f"{sheet}, column column: {path} has no column {column!r}{hint}")
    names = table[gene_column(table, columns, path)].map(clean)
    values = numbers(table[columns], names, path)
    genes = ~names.map(is_summary).to_numpy(dtype=bool)
    if not genes.all():
        left = list(names[~genes])
        job.log.warning(
            "%s: %d rows are summaries or spike-ins, not genes, and are left out (%s)",
            path, len(left), ", ".join(left[:5]),
        )  # fmt: skip
    return list(names[genes]), values[genes].reset_index(drop=True)


def platform_of(values: np.ndarray) -> str:
    """Return what values look like: whole numbers are counts of bulk RNA-seq, others an array's intensities."""
    return "bulk" if np.array_equal(values, np.round(values)) else "array"


def linear_scale(values: pd.DataFrame, platform: str, path: str) -> pd.DataFrame:
    """Return counts or intensities as they are, logarithmic intensities (base 2) taken back to the linear scale.

    Raises :class:`job.UserError` on negative numbers that no logarithm explains.
    """
    if platform == "array" and values.to_numpy().max(initial=0) < LOG_LIMIT:
        job.log.info("%s: intensities up to %.3g are taken as log2", path, values.to_numpy().max(initial=0))
        return 2.0**values
    if (values.to_numpy() < 0).any():
        column = values.columns[(values.to_numpy() < 0).any(axis=0)][0]
        raise job.UserError(
            f"{path}, column {column}: negative numbers; give counts or intensities before centring and scaling"
        )
    if platform != "array" and platform_of(values.to_numpy()) == "array":
        job.log.warning("%s: not whole numbers; voom expects counts, or estimates of them", path)
    return values

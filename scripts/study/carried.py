"""Columns of the samples sheet that the workflow doesn't require and carries along: to cells, report and exports."""

from __future__ import annotations

import pandas as pd

from scripts.study.schema import read_schema

CARRIED = ("day", "pool", "tag")
"""Columns of the schema that are carried too, if any sample has something in them."""


def own_columns(sheet: pd.DataFrame) -> list[str]:
    """Return the columns to carry, in the order of the sheet; a column without any value is none."""
    known = {*read_schema("samples")["properties"]} - {*CARRIED}
    return [column for column in sheet if column not in known and sheet[column].fillna("").ne("").any()]


def as_numbers(values: pd.Series) -> pd.Series | None:
    """Return a column as numbers (NaN where it is empty), or None if anything in it is not a finite number."""
    filled = values.where(values.ne(""))
    numbers = pd.to_numeric(filled, errors="coerce")
    whole = (
        numbers.notna().eq(filled.notna()).all() and numbers.abs().lt(float("inf")).where(numbers.notna(), True).all()
    )
    return numbers if whole else None


def own_values(sheet: pd.DataFrame) -> dict[str, dict[str, float | str]]:
    """Return the carried columns by sample (the sheet's index): numbers where a column holds nothing else, else text.

    Labels with leading zeros (patient 007) stay text.
    """
    columns = {}
    for column in own_columns(sheet):
        values = sheet[column].fillna("").astype(str)
        labels = values.str.fullmatch(r"0[0-9]+").any()
        numbers = None if labels or column in ("pool", "tag") else as_numbers(values)
        columns[column] = values if numbers is None else numbers
    return {sample: {name: values[sample] for name, values in columns.items()} for sample in sheet.index}


def days(sheet: pd.DataFrame) -> dict[str, float]:
    """Return the days since treatment began, of the samples that have them in column ``day``."""
    return {sample: float(day) for sample, day in sheet["day"].items() if day}


def with_own(rows: list[dict], sheet: pd.DataFrame) -> list[dict]:
    """Return rows of samples (a dict each, with ``sample``) with their carried columns."""
    values = own_values(sheet)
    return [{**row, **values[row["sample"]]} for row in rows]

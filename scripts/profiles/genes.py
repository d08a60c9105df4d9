"""Gene names of many sources unified: symbols, with Ensembl identifiers translated and dates refused."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from scripts.base import job
from scripts.base.names import refuse_transcripts

MONTHS = "jan|feb|mar|apr|may|jun|jul|aug|sep|sept|oct|nov|dec|march"
DATE = re.compile(
    rf"^(\d{{1,2}}[-/. ]({MONTHS})|({MONTHS})[-/. ]\d{{1,4}}|\d{{4}}-\d\d-\d\d( .*)?|\d{{1,2}}/\d{{1,2}}/\d{{2,4}})$"
)
"""What spreadsheets make of SEPT2, MARCH1 or DEC1 (Ziemann, Eren & El-Osta 2016), in lower case."""
NUMBER = re.compile(r"^\d+(\.\d+(e[+-]?\d+)?)?$", re.IGNORECASE)
ENSEMBL = re.compile(r"ENS[A-Z]*G\d{6,}")
MOSTLY = 0.5
"""Names are Ensembl identifiers if more than this share of them look like it."""
AMBIGUOUS = "///"
"""How array annotations join the genes of a probe that can't separate them."""


def looks_spoilt(name: str) -> bool:
    """Return whether a spreadsheet has made a date or a number of a gene's name."""
    return bool(DATE.match(name.lower()) or NUMBER.match(name))


def check_names(names: Sequence[str], where: str) -> None:
    """Raise :class:`job.UserError` if a name has become a date or a number, with its row (the header is row 1), or if
    names are transcripts'.
    """
    refuse_transcripts(names, where)
    for row, name in enumerate(names, start=2):
        if looks_spoilt(name):
            raise job.UserError(
                f"{where}, row {row}: {name!r} is not a gene: spreadsheets turn names such as SEPT2 or MARCH1 into "
                "dates and numbers; export the table again with that column as text, or correct the name"
            )


def bare_identifier(name: str) -> str:
    """Return an Ensembl gene identifier without prefix and version; nothing if the name isn't one."""
    found = ENSEMBL.search(name)
    return found[0] if found else ""


def are_identifiers(names: Sequence[str]) -> bool:
    """Return whether most of the names are Ensembl identifiers."""
    given = [name for name in names if name]
    return bool(given) and sum(bool(bare_identifier(name)) for name in given) > MOSTLY * len(given)


def to_symbols(names: Sequence[str], symbols: Mapping[str, str]) -> list[str]:
    """Return the symbol of each name, empty where there is none.

    ``symbols``: symbol by bare identifier. Without any, identifiers stay as they are, without version.
    """
    if not are_identifiers(names):
        return list(names)
    bare = [bare_identifier(name) for name in names]
    return [symbols.get(name, "") for name in bare] if symbols else bare


def merge_duplicates(table: pd.DataFrame, counts: bool) -> pd.DataFrame:
    """Return one row per gene (index, order of first appearance), genes × samples.

    Counts of rows of one name are summed: they are reads of one gene. Of an array's probes the one with the largest
    mean is kept: their intensities don't add up.
    """
    if table.index.is_unique:
        return table
    order = list(dict.fromkeys(table.index))
    if counts:
        return table.groupby(level=0, sort=False).sum().loc[order]
    strongest = np.argsort(-table.mean(axis=1).to_numpy(), kind="stable")
    chosen = table.iloc[strongest]
    return chosen[~chosen.index.duplicated()].loc[order]

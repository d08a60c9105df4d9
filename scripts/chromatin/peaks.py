"""Peaks as written by peak callers: BED with three or more columns, narrowPeak, broadPeak, plain or gzip."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pandas as pd

from scripts.base import job, names

PEAKS = ["chromosome", "start", "end", "signal"]
COUNTS = ["chromosome", "start", "end", "count"]
COMMENTS = ("#", "track", "browser")
"""What lines begin with that describe a file to a genome browser."""
SIGNAL = {10: 6, 9: 6}
"""Number of columns → the one with the enrichment: narrowPeak and broadPeak; a BED has a score in its fifth."""
SCORE = 4
WORD = re.compile(r"[A-Za-z_. ]+")
WANTED = "give peaks as BED or narrowPeak: chromosome, start, end, separated by tabs"


def bare_contig(contig: str) -> str:
    """Return a contig's name in the form used to compare files: without ``chr``, MT for the mitochondrial one."""
    bare = contig[3:] if contig[:3].lower() == "chr" else contig
    return "MT" if bare == "M" else bare


def whole_number(text: str, where: str, column: str) -> int:
    """Return a coordinate. Raises :class:`job.UserError` for any other text."""
    if not re.fullmatch(r"-?\d+", text):
        raise job.UserError(f"{where}, column {column}: {text!r} is not a whole number; {WANTED}")
    if (value := int(text)) < 0:
        raise job.UserError(f"{where}, column {column}: {value} is below 0; coordinates of BED files count from 0")
    return value


def read_rows(path: str | Path) -> list[tuple[int, list[str]]]:
    """Return number and fields of every line with an interval; comments, ``track`` lines and a header are left out.

    Raises :class:`job.UserError` for non-text content, a line with fewer than three columns, and a file without a line.
    """
    rows: list[tuple[int, list[str]]] = []
    for number, line in enumerate(names.LINE_END.split(names.read_text(path, "peaks as BED or narrowPeak")), 1):
        if not line.strip() or line.split(maxsplit=1)[0].lower().startswith(COMMENTS):
            continue
        fields = [field.strip() for field in line.rstrip("\t ").split("\t")]
        if len(fields) < 3:
            remedy = (
                "separate columns by tabs, not by blanks or commas" if len(re.split(r"[ ,;]+", line)) > 2 else WANTED
            )
            raise job.UserError(f"{path}, line {number}: {len(fields)} columns, peaks have 3 or more; {remedy}")
        if not rows and all(WORD.fullmatch(field) for field in fields[1:3]):
            continue  # a header without a mark
        rows.append((number, fields))
    if not rows:
        raise job.UserError(
            f"{path}: no peak in the file; give the peak caller's file, or remove the entry from chromatin.peaks"
        )
    return rows


def interval_of(path: str | Path, number: int, fields: list[str]) -> tuple[str, int, int]:
    """Return contig, start and end of a line. Raises :class:`job.UserError` if they are not an interval."""
    where = f"{path}, line {number}"
    if not fields[0]:
        raise job.UserError(f"{where}, column 1: no chromosome name; {WANTED}")
    start, end = whole_number(fields[1], where, "2 (start)"), whole_number(fields[2], where, "3 (end)")
    if start >= end:
        raise job.UserError(
            f"{where}: start {start} is not below end {end}; BED counts from 0 and its end lies outside the peak: "
            "subtract 1 from the starts of a table that counts from 1"
        )
    return bare_contig(fields[0]), start, end


def read_peaks(path: str | Path) -> pd.DataFrame:
    """Return the peaks of a file (:data:`PEAKS`), sorted; identical peaks are joined.

    Returns
    -------
    DataFrame
        Chromosome without ``chr``; start from 0, end exclusive; signal: enrichment of a narrowPeak or broadPeak, score
        of a BED, 1 if the file has neither.

    Raises
    ------
    job.UserError
        With file, line and column of the first error.
    """
    rows = read_rows(path)
    found = []
    for number, fields in rows:
        column = SIGNAL.get(len(fields), SCORE)
        signal = 1.0
        if len(fields) > column:
            try:
                signal = float(fields[column])
            except ValueError:
                signal = np.nan
            if not (np.isfinite(signal) and signal >= 0):
                if len(fields) in SIGNAL:
                    raise job.UserError(
                        f"{path}, line {number}, column {column + 1}: {fields[column]!r} is not a signal (a number of "
                        "at least 0); give a narrowPeak or broadPeak file"
                    )
                signal = 1.0  # this column of a BED is arbitrary
        found.append((*interval_of(path, number, fields), signal))
    table = pd.DataFrame(found, columns=PEAKS)
    if not (table["signal"] > 0).any():
        table["signal"] = 1.0
    return table.groupby(PEAKS[:3], as_index=False)["signal"].max()


def read_counts(path: str | Path) -> pd.DataFrame:
    """Return the reads in each interval of a table: :data:`COUNTS`, the mean over its columns of counts.

    Replicates have the same weight: each is scaled to their mean number of reads before.

    Columns: chromosome, start, end and a column of counts for each replicate. Raises :class:`job.UserError` as
    :func:`read_peaks` does.
    """
    rows = read_rows(path)
    width = len(rows[0][1])
    found = []
    for number, fields in rows:
        if len(fields) != width or width < 4:
            raise job.UserError(
                f"{path}, line {number}: {len(fields)} columns; counts have chromosome, start, end and one column or "
                "more of reads, as many in each line"
            )
        try:
            values = np.array(fields[3:], dtype=float)
        except ValueError:
            values = np.array([np.nan])
        if not (np.isfinite(values).all() and (values >= 0).all()):
            raise job.UserError(
                f"{path}, line {number}: {' '.join(fields[3:])!r} include a value that is not a count (0 or more)"
            )
        found.append((*interval_of(path, number, fields), *values))
    table = pd.DataFrame(found)
    counts = table.iloc[:, 3:].to_numpy(dtype=float)
    total = counts.sum(axis=0)
    scale = np.divide(total.mean(), total, out=np.ones_like(total), where=total > 0)
    table = table.iloc[:, :3].set_axis(COUNTS[:3], axis=1).assign(**{COUNTS[3]: (counts * scale).mean(axis=1)})
    if table.duplicated(COUNTS[:3]).any():
        raise job.UserError(f"{path}: an interval occurs in two lines; count each once")
    return table.sort_values(COUNTS[:3], ignore_index=True)


def merge(peaks: pd.DataFrame) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Return starts and ends of the union of all peaks by chromosome, ascending and disjoint."""
    found = {}
    for chromosome, own in peaks.groupby("chromosome"):
        own = own.sort_values("start")
        start, reach = own["start"].to_numpy(), np.maximum.accumulate(own["end"].to_numpy())
        first = np.r_[True, start[1:] > reach[:-1]]
        last = np.r_[np.flatnonzero(first)[1:] - 1, len(start) - 1]
        found[chromosome] = (start[first], reach[last])
    return found


def overlaps(peaks: pd.DataFrame, others: pd.DataFrame) -> np.ndarray:
    """Return whether each peak shares a base with any of the others."""
    union, found = merge(others), np.zeros(len(peaks), dtype=bool)
    for chromosome, rows in peaks.groupby("chromosome").indices.items():
        if chromosome in union:
            start, end = union[chromosome]
            own = peaks.iloc[rows]
            found[rows] = np.searchsorted(start, own["end"], "left") > np.searchsorted(end, own["start"], "right")
    return found

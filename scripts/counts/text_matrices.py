"""Count matrices as text: genes × barcodes, with whatever delimiter and further columns."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from scipy import sparse

from scripts.base import job
from scripts.base.files import open_bytes
from scripts.counts.table import Table

DELIMITERS = "\t,; "
ROWS_AT_ONCE = 500
"""Rows of a text table held dense at once."""


def read_text(path: Path) -> Table:
    """Read genes × barcodes text: delimiter, corner label and one or two columns of names are found out from the first
    two lines.
    """
    with open_bytes(path) as handle:
        head, skipped = [], 0
        for line in handle:
            text = line.decode().rstrip("\r\n")
            if not head and (text.startswith("#") or not text.strip()):
                skipped += 1
                continue
            head.append(text)
            if len(head) == 2:
                break
    if len(head) < 2:
        raise job.UserError(f"{path}: a header and at least one gene are needed; fetch the file again")
    layout = lay_out(head[0], head[1], path)
    names, parts = [], []
    try:
        with open_bytes(path) as handle:
            # Not by pandas, where a field in a comment that begins with a quotation mark swallows rows.
            for _ in range(skipped + 1):
                handle.readline()
            reader = pd.read_csv(
                handle, sep=layout.delimiter, header=None, chunksize=ROWS_AT_ONCE, low_memory=False,
                skip_blank_lines=True, skipinitialspace=layout.delimiter == " ",
                dtype=dict.fromkeys(range(layout.names), str), keep_default_na=False,
                na_values=["", "NA", "NaN", "nan", "NULL"],
            )  # fmt: skip
            for chunk in reader:
                if chunk.shape[1] != layout.names + len(layout.barcodes):
                    raise job.UserError(
                        f"{path}: rows have {chunk.shape[1]} columns, the header has "
                        f"{layout.names + len(layout.barcodes)}"
                    )
                rows = chunk.iloc[:, : layout.names]
                if any(rows[column].str.contains("[\r\n]").any() for column in rows):
                    raise job.UserError(
                        f"{path}: a quotation mark before a gene's name isn't closed in its line; correct it"
                    )
                names.append(rows)
                counts = numbers(chunk.iloc[:, layout.names :], rows.iloc[:, 0], layout.barcodes, path)
                parts.append(sparse.csr_matrix(counts))
    except pd.errors.EmptyDataError as error:
        raise job.UserError(f"{path}: a header and at least one gene are needed; fetch the file again") from error
    except pd.errors.ParserError as error:
        raise job.UserError(
            f"{path}: rows differ in their number of columns ({str(error).strip()}); fetch the file again"
        ) from error
    labels = pd.concat(names)
    if labels.isna().to_numpy().any():
        at = int(np.flatnonzero(labels.isna().to_numpy().any(axis=1))[0])
        raise job.UserError(f"{path}, gene {at + 1}: a row without a name; name it or remove it")
    counts = sparse.csr_matrix(sparse.vstack(parts).T)
    symbols = labels.iloc[:, 1].tolist() if layout.names == 2 else None
    return Table(counts, layout.barcodes, labels.iloc[:, 0].tolist(), symbols, "text")


@dataclass
class Layout:
    """How a text table is laid out."""

    delimiter: str
    names: int
    barcodes: list[str]


def lay_out(header: str, row: str, path: Path) -> Layout:
    """Return delimiter, number of name columns (1 or 2) and barcodes. Raises :class:`job.UserError` if the two lines
    don't fit together.
    """
    delimiter = max(DELIMITERS, key=lambda d: (min(header.count(d), row.count(d)), row.count(d)))
    if delimiter not in row:
        raise job.UserError(
            f"{path}: no columns found (tab, comma, semicolon and space were tried); give a genes × barcodes table"
        )
    fields, values = (next(csv.reader([line], delimiter=delimiter)) for line in (header, row))
    leading = 0
    while leading < len(values) and not is_number(values[leading]):
        leading += 1
    names = max(1, leading)
    if names > 2:
        raise job.UserError(
            f"{path}: {names} columns before the counts; keep one or two (gene id, symbol) and remove the others"
        )
    if len(fields) == len(values):
        barcodes = fields[names:]
    elif len(fields) == len(values) - names:
        barcodes = fields
    else:
        raise job.UserError(
            f"{path}: the header has {len(fields)} columns, the first gene {len(values)}; a header has one label a "
            f"column, or none over the names"
        )
    if not barcodes:
        raise job.UserError(f"{path}: no column of counts; give a genes × barcodes table")
    return Layout(delimiter, names, [barcode.strip() for barcode in barcodes])


def is_number(text: str) -> bool:
    """Tell whether a field is a count (or would be, were it present)."""
    if text.strip() in ("", "NA", "NaN", "nan", "NULL"):
        return True
    try:
        float(text)
    except ValueError:
        return False
    return True


def numbers(chunk: pd.DataFrame, genes: pd.Series, barcodes: list[str], path: Path) -> np.ndarray:
    """Return the chunk's values as float64. Raises :class:`job.UserError` naming gene and barcode of the first that is
    no number.
    """
    if (chunk.dtypes == np.dtype(object)).any():
        converted = chunk.apply(pd.to_numeric, errors="coerce")
        wrong = converted.isna() & chunk.notna()
        if wrong.to_numpy().any():
            row, column = (int(i[0]) for i in np.nonzero(wrong.to_numpy()))
            raise job.UserError(
                f"{path}, gene {genes.iloc[row]}, column {barcodes[column]}: {chunk.iat[row, column]!r} is no count; "
                f"give raw UMI counts"
            )
        chunk = converted
    values = chunk.to_numpy(dtype=np.float64)
    if np.isnan(values).any():
        row, column = (int(i[0]) for i in np.nonzero(np.isnan(values)))
        raise job.UserError(
            f"{path}, gene {genes.iloc[row]}, column {barcodes[column]}: a value is missing; write 0 where none was "
            f"counted"
        )
    return values

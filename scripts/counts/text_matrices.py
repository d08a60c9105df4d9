"""Count matrices as text: genes × barcodes, with any delimiter and further columns."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
from scipy import sparse

from scripts.base import job
from scripts.base.files import open_bytes
from scripts.base.names import INVISIBLE, are_numbers, check_kind, clean, printable
from scripts.counts.table import Table
from scripts.counts.text_layout import GENE_HEADINGS, MISSING, Layout, key_of, lay_out

ROWS_AT_ONCE = 500
"""Number of rows of a text table read at a time, as a dense matrix."""


def read_text(path: Path) -> Table:
    """Read genes × barcodes text. Delimiter, corner label, columns of names and of annotation are inferred from the
    first two lines.
    """
    head, skipped = read_head(path)
    layout = lay_out(head[0], head[1], path)
    if layout.left_out:
        job.log.warning("%s: columns that are not barcodes are left out: %s", path, ", ".join(layout.left_out))
    names, parts = [], []
    try:
        with open_bytes(path) as handle:
            # Comments aren't skipped by pandas, which loses rows if a field of a comment begins with a quotation mark.
            for _ in range(skipped + 1):
                handle.readline()
            reader = pd.read_csv(
                handle, sep=layout.delimiter, header=None, chunksize=ROWS_AT_ONCE, low_memory=False,
                skip_blank_lines=True, skipinitialspace=layout.delimiter == " ",
                dtype=dict.fromkeys(layout.name_columns, str), keep_default_na=False, na_values=list(MISSING),
            )  # fmt: skip
            for chunk in reader:
                if chunk.shape[1] != layout.width:
                    raise job.UserError(f"{path}: rows have {chunk.shape[1]} columns, the header has {layout.width}")
                rows, counts = split_chunk(chunk, layout, path)
                names.append(rows)
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
    symbols = labels.iloc[:, 1].map(clean).tolist() if len(layout.name_columns) == 2 else None
    if symbols and are_numbers(symbols):
        raise job.UserError(
            f"{path}: column {layout.name_columns[1] + 1} is read as names, because it begins with {symbols[0]!r}, but "
            "holds numbers; correct that value"
        )
    return Table(counts, layout.barcodes, labels.iloc[:, 0].map(clean).tolist(), symbols, "text")


def read_head(path: Path) -> tuple[list[str], int]:
    """Return the header and the first row, and the number of lines before the header: blank ones and comments.

    A line that begins with ``#`` is the header if a heading of gene names follows the sign, and the number of labels
    matches the fields of the next line.
    """
    head: list[str] = []
    skipped, commented = 0, ""
    with open_bytes(path) as handle:
        for line in handle:
            if not skipped and not head:
                check_kind(path, line[:64], "a text table of genes × barcodes")
            text = line.decode("utf-8-sig" if not head and not skipped else "utf-8").rstrip("\r\n")
            if "\0" in text:
                raise job.UserError(
                    f"{path}: not text, although its name ends as that of a text file (a zero byte); fetch it again"
                )
            if "\r" in text:
                raise job.UserError(
                    f"{path}: lines end in a carriage return alone (old Mac format); save the file with line feeds"
                )
            if not head and (text.startswith("#") or not text.translate(INVISIBLE).strip()):
                commented = text if text.startswith("#") else commented
                skipped += 1
                continue
            head.append(text)
            if len(head) == 1 and is_header(commented, text):
                return [commented.lstrip("#").strip(" "), text], skipped - 1
            if len(head) == 2:
                break
    if len(head) < 2:
        raise job.UserError(f"{path}: a header and at least one gene are needed; fetch the file again")
    return head, skipped


def is_header(commented: str, row: str) -> bool:
    """Return whether a line that begins with ``#`` is the header of the row below it."""
    mark = "\t" if "\t" in row else max(",;", key=row.count)
    label = clean(commented.lstrip("#").split(mark)[0])
    return row.count(mark) == commented.count(mark) > 0 and bool(label) and key_of(label) in GENE_HEADINGS


def split_chunk(chunk: pd.DataFrame, layout: Layout, path: Path) -> tuple[pd.DataFrame, np.ndarray]:
    """Return the names and counts (float64) of some rows. Raises :class:`job.UserError` for fields that are neither."""
    rows = chunk.iloc[:, layout.name_columns]
    if any(rows[column].str.contains("[\r\n]").any() for column in rows):
        raise job.UserError(f"{path}: a quotation mark before a gene's name isn't closed in its line; correct it")
    for column in layout.blank_columns:
        filled = chunk.iloc[:, column].notna().to_numpy()
        if filled.any():
            gene = rows.iloc[int(np.argmax(filled)), 0]
            raise job.UserError(f"{path}, gene {gene}: a value in column {column + 1}, which has no label; add one")
    counts = numbers(chunk.iloc[:, layout.barcode_columns], rows.iloc[:, 0], layout.barcodes, path)
    return rows, counts


def numbers(chunk: pd.DataFrame, genes: pd.Series, barcodes: list[str], path: Path) -> np.ndarray:
    """Return the chunk's values as float64. Raises :class:`job.UserError` with gene and barcode of the first value that
    isn't a number.
    """
    words = [kind.kind in "Ob" for kind in chunk.dtypes]
    if any(words):
        # pandas converts such words to True and False, and these to 1 and 0.
        spelt = chunk.apply(lambda column: column.astype(object).map(str_of_bool) if column.dtype != float else column)
        converted = spelt.apply(pd.to_numeric, errors="coerce")
        wrong = converted.isna() & chunk.notna()
        if wrong.to_numpy().any():
            row, column = (int(i[0]) for i in np.nonzero(wrong.to_numpy()))
            raise job.UserError(
                f"{path}, gene {genes.iloc[row]}, column {barcodes[column]}: {chunk.iat[row, column]!r} is not a "
                "count; give raw UMI counts"
            )
        chunk = converted
    values = chunk.to_numpy(dtype=np.float64)
    if np.isnan(values).any():
        row, column = (int(i[0]) for i in np.nonzero(np.isnan(values)))
        raise job.UserError(
            f"{path}, gene {printable(str(genes.iloc[row]))}, column {barcodes[column]}: a value is missing; write 0 "
            "where none was counted"
        )
    return values


def str_of_bool(value: object) -> object:
    """Return True and False as words, and other values unchanged."""
    return str(value) if isinstance(value, (bool, np.bool_)) else value

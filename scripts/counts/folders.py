"""Read a 10x folder as labs share it: the matrix, and two files of names that Excel, R or Python may have rewritten."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
from scipy import sparse

from scripts.base import job
from scripts.base.names import read_rows
from scripts.counts.collect_counts import read_matrix_market
from scripts.counts.kinds import only_genes
from scripts.counts.table import Table

HEADINGS = frozenset(
    (
        "barcode", "barcodes", "cell", "cells", "cell_id", "cellid", "cell_barcode", "cb", "x", "v1", "index", "names",
        "ident", "rownames", "row.names", "gene", "genes", "gene_id", "geneid", "gene_ids", "gene id", "id", "ensembl",
        "ensembl_id", "ensembl_gene_id", "feature", "features", "feature_id", "symbol", "gene_symbol", "gene_name",
        "name", "hgnc_symbol",
    )
)  # fmt: skip
"""What the first line of barcodes or features may be called, in lower case: it isn't one of them."""
KINDS = 2
"""Column of features.tsv with the kind of a feature (0 is the first)."""


def read_folder(path: Path, select=only_genes) -> Table:
    """Read a 10x folder: matrix.mtx, barcodes.tsv and features.tsv (or Cell Ranger 2's genes.tsv), plain or gzip, names
    possibly prefixed; ``select``: which features, by their kinds.
    """
    matrix_path = one_file(path, ("matrix.mtx",))
    barcodes_path, features_path = one_file(path, ("barcodes.tsv",)), one_file(path, ("features.tsv", "genes.tsv"))
    barcode_rows, features = (read_names(name) for name in (barcodes_path, features_path))
    try:
        matrix = read_matrix_market(str(matrix_path))
    except (ValueError, pd.errors.ParserError) as error:
        raise job.UserError(f"{error}; fetch the folder again") from error
    barcode_rows, features = match_lengths(barcode_rows, features, matrix.shape, matrix_path)
    barcodes = [fields[0] for fields in barcode_rows]
    if matrix.shape == (len(features), len(barcodes)):
        counts = sparse.csr_matrix(matrix.T)
    else:
        job.log.info("%s: rows are barcodes, by the lengths of the name files", matrix_path)
        counts = sparse.csr_matrix(matrix)
    if counts.nnz < matrix.nnz:  # scipy adds them up
        raise job.UserError(
            f"{matrix_path}: {matrix.nnz - counts.nnz} entries are of a gene and barcode that another is of; fetch the "
            "folder again"
        )
    ids = [fields[0] for fields in features]
    named = [fields[1] if len(fields) > 1 else "" for fields in features]
    symbols = [name or own for name, own in zip(named, ids, strict=True)] if any(named) else None
    table = Table(counts, barcodes, ids, symbols, "10x folder")
    kinds = [fields[KINDS] if len(fields) > KINDS else None for fields in features]
    return select(table, kinds if any(kinds) else None, str(features_path))


def one_file(folder: Path, names: tuple[str, ...]) -> Path:
    """Return the one file in ``folder`` whose name ends in one of ``names``, or that with .gz."""
    endings = tuple(name + suffix for name in names for suffix in ("", ".gz"))
    found = sorted(file for file in folder.iterdir() if file.name.endswith(endings))
    if len(found) != 1:
        said = f"{len(found)} ({', '.join(file.name for file in found)})" if found else "no"
        raise job.UserError(f"{folder}: {said} {' or '.join(names)} (.gz); the folder must hold exactly one")
    return found[0]


def read_names(path: Path) -> list[list[str]]:
    """Return the fields of each line of barcodes or features, without the row numbers that R writes before them."""
    rows = [fields for _, fields in read_rows(path, "a name a line")]
    numbered = rows[1:] if rows and rows[0][0].lower() in ("", *HEADINGS) else rows
    if numbered and all(len(fields) > 1 for fields in numbered):
        first = [fields[0] for fields in numbered]
        for start in (0, 1):
            if first == [str(number) for number in range(start, start + len(first))]:
                job.log.info("%s: the first column numbers the rows and is left out", path)
                longer = len(rows[0]) == len(numbered[0]) or rows is numbered
                return [rows[0][1:] if longer else rows[0], *(fields[1:] for fields in rows[1:])]
    return rows


def match_lengths(
    barcodes: list[list[str]], features: list[list[str]], shape: tuple[int, int], path: Path
) -> tuple[list[list[str]], list[list[str]]]:
    """Return barcodes and features as many as the matrix has rows and columns, either way: without a first line that is
    one too many and named like a heading. Raises :class:`job.UserError` if they don't fit.
    """

    def readings(rows: list[list[str]]) -> list[list[list[str]]]:
        return [rows, rows[1:]] if rows and {field.lower() for field in rows[0]} & HEADINGS else [rows]

    for wanted in (shape, shape[::-1]):
        for own in readings(features):
            for names in readings(barcodes):
                if (len(own), len(names)) == wanted:
                    if len(own) < len(features) or len(names) < len(barcodes):
                        job.log.info("%s: a first line of barcodes or features is a heading", path.parent)
                    return names, own
    raise job.UserError(
        f"{path}: {shape[0]} × {shape[1]}, but there are {len(features)} features and {len(barcodes)} barcodes; "
        "the three files must be of one run"
    )

"""Read a folder of counts from 10x, STARsolo, kb or alevin-fry: the matrix and two files of names, which Excel, R or
Python may have modified.
"""

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
"""Headings, in lower case, in the first line of the files of barcodes or features."""
TENX = (("matrix.mtx",), ("barcodes.tsv",), ("features.tsv", "genes.tsv"))
NAMES_OF_FILES = {
    "10x folder": TENX,
    "kb folder": (("cells_x_genes.mtx",), ("cells_x_genes.barcodes.txt",), ("cells_x_genes.genes.txt",)),
    "alevin-fry folder": (("quants_mat.mtx",), ("quants_mat_rows.txt",), ("quants_mat_cols.txt",)),
}
"""Programs that write folders of counts → suffixes of the files of matrix, barcodes and features."""
SYMBOLS_OF_KB = "cells_x_genes.genes.names.txt"
SPLICING = ("spliced", "unspliced", "mature", "nascent", "ambiguous")
"""Matrices for RNA velocity (kb's workflow nac, STARsolo's Velocyto). None of them has all counts."""
KINDS = 2
"""Column of features.tsv with the kind of a feature (numbered from 0)."""


def read_folder(path: Path, select=only_genes) -> Table:
    """Read a folder (:data:`NAMES_OF_FILES`), plain or gzip; file names may have a prefix. ``select``: selects features
    by kind.
    """
    writer, names = writer_of(path)
    matrix_path, barcodes_path, features_path = (one_file(path, ends) for ends in names)
    barcode_rows, features = (read_names(name) for name in (barcodes_path, features_path))
    if writer == "kb folder" and files_of(path, (SYMBOLS_OF_KB,)):
        symbols = read_names(one_file(path, (SYMBOLS_OF_KB,)))
        if len(symbols) == len(features):
            features = [[own[0], name[0]] for own, name in zip(features, symbols, strict=True)]
    refuse_usa([fields[0] for fields in features], features_path)
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
    if counts.nnz < matrix.nnz:  # scipy sums them
        raise job.UserError(
            f"{matrix_path}: {matrix.nnz - counts.nnz} entries repeat a gene and barcode; fetch the folder again"
        )
    ids = [fields[0] for fields in features]
    named = [fields[1] if len(fields) > 1 else "" for fields in features]
    symbols = [name or own for name, own in zip(named, ids, strict=True)] if any(named) else None
    table = Table(counts, barcodes, ids, symbols, writer)
    kinds = [fields[KINDS] if len(fields) > KINDS else None for fields in features]
    return select(table, kinds if any(kinds) else None, str(features_path))


def files_of(folder: Path, names: tuple[str, ...]) -> list[Path]:
    """Return the files in ``folder`` whose names end in one of ``names``, or that with .gz, except hidden files such as
    macOS's ._matrix.mtx.
    """
    endings = tuple(name + suffix for name in names for suffix in ("", ".gz"))
    return sorted(file for file in folder.iterdir() if file.name.endswith(endings) and not file.name.startswith("."))


def writer_of(folder: Path) -> tuple[str, tuple[tuple[str, ...], ...]]:
    """Return the program that wrote a folder, and the suffixes of its files.

    Raises :class:`job.UserError` if the counts are split by splicing, or are in subfolders.
    """
    for writer, names in NAMES_OF_FILES.items():
        if files_of(folder, names[0]):
            return writer, names
    apart = [file.name for file in files_of(folder, tuple(f"{name}.mtx" for name in SPLICING))]
    if apart:
        raise job.UserError(
            f"{folder}: no matrix.mtx, but counts by splicing ({', '.join(apart)}); write their sum, or count again "
            "with introns (counts.introns), since none of them holds all counts"
        )
    within = sorted(part.name for part in folder.iterdir() if part.is_dir() and files_of(part, TENX[0]))
    if within:
        raise job.UserError(
            f"{folder}: no matrix.mtx (.gz), but in folders within it ({', '.join(within)}); name one of them, the raw "
            "one for its empty droplets"
        )
    return "10x folder", TENX


def refuse_usa(names: list[str], path: Path) -> None:
    """Raise :class:`job.UserError` if alevin-fry wrote each gene three times: spliced, -U and -A."""
    genes = set(names)
    apart = sum(name.endswith(("-U", "-A")) and name[:-2] in genes for name in names)
    if names and 3 * apart >= 2 * len(names):
        raise job.UserError(
            f"{path}: each gene occurs as spliced, -U (unspliced) and -A (ambiguous), as in alevin-fry's mode USA; "
            "write their sum as an .h5ad (fishpond's loadFry or pyroe)"
        )


def one_file(folder: Path, names: tuple[str, ...]) -> Path:
    """Return the one file in ``folder`` whose name ends in one of ``names``, or that with .gz."""
    found = files_of(folder, names)
    if len(found) != 1:
        said = f"{len(found)} ({', '.join(file.name for file in found)})" if found else "no"
        raise job.UserError(f"{folder}: {said} {' or '.join(names)} (.gz); the folder must hold exactly one")
    return found[0]


def read_names(path: Path) -> list[list[str]]:
    """Return the fields of each line of barcodes or features, without R's row numbers."""
    rows = [fields for _, fields in read_rows(path, "one name per line")]
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
    """Return barcodes and features that match the shape of the matrix in either orientation. If there is one line too
    many and the first is a heading, it is removed. Raises :class:`job.UserError` if the numbers don't match.
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
        "the three files must come from one run"
    )

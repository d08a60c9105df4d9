"""Read count matrices as labs share them: 10x .h5 (Cell Ranger 2 and later), 10x folders, .h5ad, and genes × barcodes
text as GEO serves it.
"""

from __future__ import annotations

import csv
import itertools
import zlib
from gzip import BadGzipFile
from pathlib import Path

import numpy as np
import pandas as pd
from scipy import sparse

from scripts.base import job
from scripts.base.files import open_bytes
from scripts.counts.collect_counts import read_matrix_market
from scripts.counts.table import Table
from scripts.counts.text_matrices import read_text

TEXT_SUFFIXES = {".txt", ".tsv", ".csv", ".tab", ".dge"}
GENE_EXPRESSION = "Gene Expression"
KIND_COLUMNS = ("feature_types", "feature_type")
ID_COLUMNS = ("gene_id", "gene_ids", "ensembl_id", "ensembl_ids", "ensembl")
SYMBOL_COLUMNS = ("symbol", "gene_symbol", "gene_symbols", "gene_name", "gene_names", "feature_name")
NO_NAME = ("", "nan", "NaN")
"""What stands in an .h5ad's column where a gene has no name, beside a missing value: one that was made text."""


def read_table(path: str | Path) -> Table:
    """Read a matrix, its format recognised by folder or suffix. Raises :class:`job.UserError` if it can't be read as
    what it seems to be.
    """
    path = Path(path)
    suffixes = [suffix.lower() for suffix in path.suffixes]
    plain = suffixes[-2] if len(suffixes) > 1 and suffixes[-1] == ".gz" else suffixes[-1] if suffixes else ""
    if not path.exists():
        raise job.UserError(f"{path}: no such file; correct column matrix of the samples sheet")
    try:
        if path.is_dir():
            return read_folder(path)
        if path.stat().st_size == 0:
            raise job.UserError(f"{path}: the file is empty; fetch it again")
        if plain == ".h5ad":
            return read_h5ad(path)
        if plain in (".h5", ".hdf5"):
            return read_10x_h5(path)
        if plain in TEXT_SUFFIXES:
            return read_text(path)
    except csv.Error as error:
        raise job.UserError(f"{path}: not a text table of genes × barcodes ({error}); fetch it again") from error
    except (EOFError, BadGzipFile, zlib.error) as error:
        raise job.UserError(f"{path}: the gzip file is cut or damaged ({error}); fetch it again") from error
    except UnicodeDecodeError as error:
        raise job.UserError(
            f"{path}: not text although its name says so ({error.reason}); correct the file or its name"
        ) from error
    if plain == ".mtx":
        raise job.UserError(
            f"{path}: name the folder that holds the matrix with its barcodes and features, not the .mtx file"
        )
    raise job.UserError(
        f"{path}: not a known matrix format; give a 10x .h5, a 10x folder, an .h5ad or a text table (.txt .tsv .csv, "
        f".gz)"
    )


def read_folder(path: Path) -> Table:
    """Read a 10x folder: matrix.mtx, barcodes.tsv and features.tsv (or Cell Ranger 2's genes.tsv), plain or gzip, names
    possibly prefixed.
    """
    matrix_path = one_file(path, ("matrix.mtx",))
    barcodes_path, features_path = one_file(path, ("barcodes.tsv",)), one_file(path, ("features.tsv", "genes.tsv"))
    barcodes = [fields[0] for fields in read_fields(barcodes_path)]
    features = read_fields(features_path)
    try:
        matrix = read_matrix_market(str(matrix_path))
    except (ValueError, pd.errors.ParserError) as error:
        raise job.UserError(f"{error}; fetch the folder again") from error
    if matrix.shape == (len(features), len(barcodes)):
        counts = sparse.csr_matrix(matrix.T)
    elif matrix.shape == (len(barcodes), len(features)):
        job.log.info("%s: rows are barcodes, by the lengths of the name files", matrix_path)
        counts = sparse.csr_matrix(matrix)
    else:
        raise job.UserError(
            f"{matrix_path}: {matrix.shape[0]} × {matrix.shape[1]}, but there are {len(features)} features and "
            f"{len(barcodes)} barcodes; "
            "the three files must be of one run"
        )
    kinds = [fields[2] if len(fields) > 2 else GENE_EXPRESSION for fields in features]
    ids = [fields[0] for fields in features]
    symbols = [fields[1] for fields in features] if all(len(fields) > 1 for fields in features) else None
    return only_genes(Table(counts, barcodes, ids, symbols, "10x folder"), kinds)


def one_file(folder: Path, names: tuple[str, ...]) -> Path:
    """Return the one file in ``folder`` whose name ends in one of ``names``, or that with .gz."""
    endings = tuple(name + suffix for name in names for suffix in ("", ".gz"))
    found = sorted(file for file in folder.iterdir() if file.name.endswith(endings))
    if len(found) != 1:
        said = f"{len(found)} ({', '.join(file.name for file in found)})" if found else "no"
        raise job.UserError(f"{folder}: {said} {' or '.join(names)} (.gz); the folder must hold exactly one")
    return found[0]


def read_fields(path: Path) -> list[list[str]]:
    """Return the tab-separated fields of each line."""
    with open_bytes(path) as handle:
        return [line.split("\t") for line in handle.read().decode().splitlines()]


def only_genes(table: Table, kinds: list[str]) -> Table:
    """Return the table without antibody, CRISPR and other features that aren't gene expression."""
    keep = np.array([kind == GENE_EXPRESSION for kind in kinds], dtype=bool)
    if keep.all():
        return table
    job.log.info("%d features that aren't gene expression are left out", int((~keep).sum()))
    at = np.flatnonzero(keep)
    symbols = [table.symbols[i] for i in at] if table.symbols is not None else None
    return Table(
        table.matrix[:, at], table.barcodes, [table.ids[i] for i in at], symbols, table.format, table.genes_are
    )


def read_10x_h5(path: Path) -> Table:
    """Read a 10x .h5: one group `matrix` (Cell Ranger 3 and later), or one group a genome (Cell Ranger 2)."""
    import h5py

    if not h5py.is_hdf5(path):
        raise job.UserError(f"{path}: not an HDF5 file; fetch it again")
    try:
        return read_groups(path)
    except (OSError, KeyError, TypeError, ValueError, AttributeError, RuntimeError) as error:  # of h5py, for damage
        raise job.UserError(
            f"{path}: not readable as 10x .h5 ({type(error).__name__}: {error}); fetch it again"
        ) from error


def read_groups(path: Path) -> Table:
    """Read a 10x .h5 that is one."""
    import h5py

    with h5py.File(path) as file:
        if "matrix" in file:
            group = file["matrix"]
            matrix, barcodes = read_compressed(group, path), text_of(group["barcodes"])
            features = group["features"]
            ids, symbols = text_of(features["id"]), text_of(features["name"])
            kinds = text_of(features["feature_type"]) if "feature_type" in features else [GENE_EXPRESSION] * len(ids)
            check_lengths(path, matrix, barcodes, ids, symbols, kinds)
            return only_genes(Table(matrix, barcodes, ids, symbols, "10x h5 (Cell Ranger 3 or later)"), kinds)
        genomes = [name for name in file if isinstance(file[name], h5py.Group) and "genes" in file[name]]
        if not genomes:
            raise job.UserError(
                f"{path}: neither a group `matrix` nor a group per genome; give a matrix .h5 of Cell Ranger"
            )
        parts = []
        for genome in genomes:
            group = file[genome]
            ids, symbols = text_of(group["genes"]), text_of(group["gene_names"])
            if len(genomes) > 1 and not all(name.startswith(f"{genome}_") for name in ids):
                ids, symbols = [f"{genome}_{name}" for name in ids], [f"{genome}_{name}" for name in symbols]
            parts.append((read_compressed(group, path), text_of(group["barcodes"]), ids, symbols))
            check_lengths(path, *parts[-1])
    barcodes = list(dict.fromkeys(itertools.chain.from_iterable(part[1] for part in parts)))
    row = {barcode: number for number, barcode in enumerate(barcodes)}
    aligned = []
    for matrix, names, _, _ in parts:
        entries = matrix.tocoo()
        rows = np.array([row[name] for name in names], dtype=np.int64)
        aligned.append(
            sparse.csr_matrix((entries.data, (rows[entries.row], entries.col)), shape=(len(barcodes), matrix.shape[1]))
        )
    ids = [name for part in parts for name in part[2]]
    symbols = [name for part in parts for name in part[3]]
    return Table(sparse.csr_matrix(sparse.hstack(aligned)), barcodes, ids, symbols, "10x h5 (Cell Ranger 2)")


def text_of(dataset) -> list[str]:
    """Return an HDF5 dataset of byte strings as str."""
    return [value.decode() if isinstance(value, bytes) else str(value) for value in dataset[:]]


def read_compressed(group, path: Path) -> sparse.csr_matrix:
    """Return barcodes × features of a 10x group, which is stored as features × barcodes by column."""
    features, barcodes = (int(length) for length in group["shape"][:])
    data, indices, indptr = (group[name][:] for name in ("data", "indices", "indptr"))
    if len(indptr) != barcodes + 1 or not len(data) == len(indices) == int(indptr[-1]):
        raise job.UserError(f"{path}: its parts disagree in length; the file is damaged, fetch it again")
    # scipy takes such indices as they are, and later reads what lies beside the matrix.
    if (np.diff(indptr) < 0).any() or (len(indices) and (indices.min() < 0 or indices.max() >= features)):
        raise job.UserError(f"{path}: an entry lies outside the matrix; the file is damaged, fetch it again")
    return sparse.csr_matrix((data, indices, indptr), shape=(barcodes, features))


def check_lengths(path: Path, matrix: sparse.csr_matrix, barcodes: list[str], *features: list[str]) -> None:
    """Raise :class:`job.UserError` unless barcodes × features are as many as they have names."""
    if {matrix.shape} != {(len(barcodes), len(names)) for names in features}:
        lengths = ", ".join(str(len(names)) for names in features)
        raise job.UserError(
            f"{path}: {matrix.shape[0]} barcodes × {matrix.shape[1]} features, but {len(barcodes)} and {lengths} names "
            "of them; the file is damaged, fetch it again"
        )


def read_h5ad(path: Path) -> Table:
    """Read an .h5ad: layer `counts` if there is one, else X if it holds integers, else raw.X."""
    import anndata

    try:
        adata = anndata.read_h5ad(path)
    except Exception as error:  # anndata and h5py raise many classes for a damaged file
        raise job.UserError(
            f"{path}: not readable as .h5ad ({type(error).__name__}: {error}); fetch or write it again"
        ) from error
    matrix, var = adata.X, adata.var
    if "counts" in adata.layers:
        job.log.info("%s: counts are taken from layer counts", path)
        matrix = adata.layers["counts"]
    elif (matrix is None or not integral(matrix)) and adata.raw is not None and integral(adata.raw.X):
        job.log.info("%s: X holds no counts, raw.X does and is taken", path)
        matrix, var = adata.raw.X, adata.raw.var
    if matrix is None:
        raise job.UserError(f"{path}: no X, no layer counts and no raw; write the counts as X")
    names = var.index.astype(str).tolist()
    ids, symbols, kinds = (column_of(var, wanted) for wanted in (ID_COLUMNS, SYMBOL_COLUMNS, KIND_COLUMNS))
    if ids is not None and symbols is None:
        symbols = names
    ids = [one or name for one, name in zip(ids or names, names, strict=True)]
    if symbols is not None:
        symbols = [one or name for one, name in zip(symbols, ids, strict=True)]
    table = Table(
        sparse.csr_matrix(matrix), adata.obs_names.astype(str).tolist(), ids, symbols, "h5ad", genes_are="var"
    )
    # Where no feature is called so the column tells other things, as biotypes in CELLxGENE's files.
    if kinds is None or GENE_EXPRESSION not in kinds:
        return table
    return only_genes(table, [kind or GENE_EXPRESSION for kind in kinds])


def column_of(var: pd.DataFrame, wanted: tuple[str, ...]) -> list[str | None] | None:
    """Return the first of the ``wanted`` columns that the table has, whatever the case of its name; None in the place
    of a feature without a value.
    """
    columns = {str(column).lower(): column for column in var.columns}
    name = next((columns[name] for name in wanted if name in columns), None)
    if name is None:
        return None
    return [None if pd.isna(value) or str(value) in NO_NAME else str(value) for value in var[name]]


def integral(matrix) -> bool:
    """Tell whether all values of a sparse or dense matrix are whole numbers."""
    values = matrix.data if sparse.issparse(matrix) else np.asarray(matrix)
    return bool(np.all(np.isfinite(values)) and np.all(values == np.round(values)))

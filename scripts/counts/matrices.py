"""Read external count matrices: 10x .h5 (Cell Ranger 2 and later), 10x folders, .h5ad, and genes × barcodes text as in
GEO.
"""

from __future__ import annotations

import csv
import itertools
import zlib
from collections.abc import Callable, Sequence
from dataclasses import replace
from gzip import BadGzipFile
from pathlib import Path

import numpy as np
from scipy import sparse

from scripts.base import job
from scripts.base.names import are_identifiers, check_names, clean
from scripts.counts.annotated import read_h5ad
from scripts.counts.folders import read_folder
from scripts.counts.kinds import only_genes
from scripts.counts.table import Table
from scripts.counts.text_matrices import read_text

Select = Callable[[Table, Sequence[str | None] | None, str], Table]
"""Function that selects features of a table by kind: genes (:func:`only_genes`) or tags of samples."""
TEXT_SUFFIXES = {".txt", ".tsv", ".csv", ".tab", ".dge"}


def read_table(path: str | Path, select: Select = only_genes) -> Table:
    """Read a matrix and check its names; ``select``: selects features by kind.

    Raises :class:`job.UserError` if it can't be read in its apparent format, or if its names are invalid.
    """
    table = with_ids_first(read_as_named(Path(path), select), path)
    for what, names in (("barcode", table.barcodes), ("gene", table.ids), ("gene", table.symbols or [])):
        check_names(names, path, what)
    return table


def with_ids_first(table: Table, path: str | Path) -> Table:
    """Return the table with identifiers and symbols exchanged if the two columns of names are in reverse order."""
    if not table.symbols or are_identifiers(table.ids) or not are_identifiers(table.symbols):
        return table
    job.log.info("%s: the second names are the identifiers, the first the symbols", path)
    return replace(table, ids=table.symbols, symbols=table.ids)


def read_as_named(path: Path, select: Select = only_genes) -> Table:
    """Read a matrix; its format is inferred from folder or suffix."""
    suffixes = [suffix.lower() for suffix in path.suffixes]
    plain = suffixes[-2] if len(suffixes) > 1 and suffixes[-1] == ".gz" else suffixes[-1] if suffixes else ""
    if not path.exists():
        raise job.UserError(f"{path}: no such file; correct column matrix of the samples sheet")
    try:
        if path.is_dir():
            return read_folder(path, select)
        if path.stat().st_size == 0:
            raise job.UserError(f"{path}: the file is empty; fetch it again")
        if plain == ".h5ad":
            return read_h5ad(path, select)
        if plain in (".h5", ".hdf5"):
            return read_10x_h5(path, select)
        if plain in TEXT_SUFFIXES:
            return read_text(path)
    except csv.Error as error:
        raise job.UserError(f"{path}: not a text table of genes × barcodes ({error}); fetch it again") from error
    except (EOFError, BadGzipFile, zlib.error) as error:
        raise job.UserError(f"{path}: the gzip file is truncated or damaged ({error}); fetch it again") from error
    except UnicodeDecodeError as error:
        raise job.UserError(
            f"{path}: not text, although its name ends as that of a text file ({error.reason}); correct the file or "
            "its name"
        ) from error
    if plain == ".mtx":
        raise job.UserError(
            f"{path}: name the folder that holds the matrix with its barcodes and features, not the .mtx file"
        )
    raise job.UserError(
        f"{path}: not a known matrix format; give a 10x .h5, a 10x folder, an .h5ad or a text table (.txt .tsv .csv, "
        f".gz)"
    )


def read_10x_h5(path: Path, select: Select = only_genes) -> Table:
    """Read a 10x .h5: one group `matrix` (Cell Ranger 3 and later), or one group per genome (Cell Ranger 2)."""
    import h5py

    if not h5py.is_hdf5(path):
        raise job.UserError(f"{path}: not an HDF5 file; fetch it again")
    try:
        return read_groups(path, select)
    except (OSError, KeyError, TypeError, ValueError, AttributeError, RuntimeError) as error:  # h5py, for damaged files
        said = " ".join(str(error).split())
        raise job.UserError(
            f"{path}: not readable as 10x .h5 ({type(error).__name__}: {said}); fetch it again"
        ) from error


def read_groups(path: Path, select: Select = only_genes) -> Table:
    """Read the groups of a valid 10x .h5."""
    import h5py

    with h5py.File(path) as file:
        if "matrix" in file:
            group = file["matrix"]
            matrix, barcodes = read_compressed(group, path), text_of(group["barcodes"])
            features = group["features"]
            ids, symbols = text_of(features["id"]), text_of(features["name"])
            kinds = text_of(features["feature_type"]) if "feature_type" in features else None
            check_lengths(path, matrix, barcodes, ids, symbols, kinds or ids)
            table = Table(matrix, barcodes, ids, symbols, "10x h5 (Cell Ranger 3 or later)")
            return select(table, kinds, str(path))
        genomes = [name for name in file if isinstance(file[name], h5py.Group) and "genes" in file[name]]
        if not genomes:
            raise job.UserError(
                f"{path}: neither a group `matrix` nor a group per genome; "
                + ("it is an .h5ad, name it so" if {"obs", "var"} <= set(file) else "give a matrix .h5 of Cell Ranger")
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
    return [clean(value.decode() if isinstance(value, bytes) else str(value)) for value in dataset[:]]


def read_compressed(group, path: Path) -> sparse.csr_matrix:
    """Return barcodes × features of a 10x group, which is stored as features × barcodes by column."""
    features, barcodes = (int(length) for length in group["shape"][:])
    data, indices, indptr = (group[name][:] for name in ("data", "indices", "indptr"))
    if len(indptr) != barcodes + 1 or not len(data) == len(indices) == int(indptr[-1]):
        raise job.UserError(f"{path}: its parts differ in length; the file is damaged, fetch it again")
    # scipy doesn't check such indices, and later reads beyond the matrix.
    if (np.diff(indptr) < 0).any() or (len(indices) and (indices.min() < 0 or indices.max() >= features)):
        raise job.UserError(f"{path}: an entry lies outside the matrix; the file is damaged, fetch it again")
    return sparse.csr_matrix((data, indices, indptr), shape=(barcodes, features))


def check_lengths(path: Path, matrix: sparse.csr_matrix, barcodes: list[str], *features: list[str]) -> None:
    """Raise :class:`job.UserError` unless the numbers of names match the shape of the matrix."""
    if {matrix.shape} != {(len(barcodes), len(names)) for names in features}:
        lengths = ", ".join(str(len(names)) for names in features)
        raise job.UserError(
            f"{path}: {matrix.shape[0]} barcodes × {matrix.shape[1]} features, but {len(barcodes)} and {lengths} names "
            "of them; the file is damaged, fetch it again"
        )

"""Read an external .h5ad: find the matrix of counts, and check its genes."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy import sparse

from scripts.base import job
from scripts.base.names import clean
from scripts.counts.kinds import only_genes
from scripts.counts.table import Table

if TYPE_CHECKING:
    import anndata

KIND_COLUMNS = ("feature_types", "feature_type")
ID_COLUMNS = ("gene_id", "gene_ids", "ensembl_id", "ensembl_ids", "ensembl")
SYMBOL_COLUMNS = ("symbol", "gene_symbol", "gene_symbols", "gene_name", "gene_names", "feature_name")
COUNT_LAYERS = ("counts", "count", "raw_counts", "raw_count", "umi_counts", "umis", "umi", "raw")
"""Names of layers of counts, in order of preference."""
NO_NAME = ("", "nan", "NaN")
"""Text that stands for a missing value in a column of an .h5ad, for a gene without a name."""
EXACT_IN_FLOAT16 = 2048
"""Above this value, float16 can't represent every integer."""
FEW = 1_000
"""Minimum number of values for the test of a binary matrix. Of so many counts, some are larger than 1."""


@dataclass
class Candidate:
    """One matrix of an .h5ad: its location, its values, and the table of its genes."""

    where: str
    matrix: sparse.spmatrix | np.ndarray
    var: pd.DataFrame

    @property
    def genes(self) -> int:
        """The number of genes."""
        return self.matrix.shape[1]


def read_h5ad(path: Path, select=only_genes) -> Table:
    """Read an .h5ad; of the layer counts, X and raw.X, the counts with the most genes are used.

    ``select``: selects features by kind.
    """
    import anndata

    try:
        adata = anndata.read_h5ad(path)
    except Exception as error:  # anndata and h5py raise many classes for a damaged file
        raise job.UserError(
            f"{path}: not readable as .h5ad ({type(error).__name__}: {' '.join(str(error).split())}); fetch or write "
            "it again"
        ) from error
    chosen = choose(candidates_of(adata, path), path)
    if chosen.where != "X":
        job.log.info("%s: counts are taken from %s", path, chosen.where)
    refuse_cut(adata, chosen, path)
    var = chosen.var
    names = [clean(name) for name in var.index.astype(str)]
    ids, symbols, kinds = (column_of(var, wanted) for wanted in (ID_COLUMNS, SYMBOL_COLUMNS, KIND_COLUMNS))
    if ids is not None and symbols is None:
        symbols = names
    ids = [one or name for one, name in zip(ids or names, names, strict=True)]
    if symbols is not None:
        symbols = [one or name for one, name in zip(symbols, ids, strict=True)]
    barcodes = [clean(name) for name in adata.obs_names.astype(str)]
    try:
        matrix = sparse.csr_matrix(chosen.matrix)
    except ValueError as error:
        raise job.UserError(f"{path}: its matrix holds numbers of a kind that can't be read ({error})") from error
    table = Table(matrix, barcodes, ids, symbols, "h5ad", genes_are="var")
    return select(table, kinds, str(path))


def candidates_of(adata: anndata.AnnData, path: Path) -> list[Candidate]:
    """Return the matrices that may contain the counts, in order: layers with such names, X, raw.X."""
    layers = {str(name).lower(): name for name in adata.layers}
    found = [
        Candidate(f"layer {layers[name]}", adata.layers[layers[name]], adata.var)
        for name in COUNT_LAYERS
        if name in layers
    ]
    if adata.X is not None:
        found.append(Candidate("X", adata.X, adata.var))
    if adata.raw is not None:
        found.append(Candidate("raw.X", adata.raw.X, adata.raw.var))
    if not found:
        raise job.UserError(f"{path}: no X, no layer counts and no raw; write the counts as X")
    return [Candidate(one.where, as_float32(one, path), one.var) for one in found]


def as_float32(one: Candidate, path: Path) -> sparse.spmatrix | np.ndarray:
    """Return the matrix, with float16 converted to float32. Raises :class:`job.UserError` if float16 was rounded."""
    if one.matrix.dtype != np.float16:
        return one.matrix
    wide = one.matrix.astype(np.float32)
    largest = np.abs(values_of(wide)).max(initial=0)
    if np.isfinite(largest) and largest >= EXACT_IN_FLOAT16:
        raise job.UserError(
            f"{path}: {one.where} is float16 and has values from {EXACT_IN_FLOAT16} on ({largest:g}), which it rounds; "
            "write the counts as int32 or float32"
        )
    return wide


def values_of(matrix) -> np.ndarray:
    """Return the stored values of a sparse matrix, or all of a dense one."""
    return matrix.data if sparse.issparse(matrix) else np.asarray(matrix)


def integral(matrix) -> bool:
    """Return whether all values of a sparse or dense matrix are non-negative integers."""
    values = values_of(matrix)
    return bool(np.all(np.isfinite(values)) and np.all(values == np.round(values)) and np.all(values >= 0))


def same(one, other) -> bool:
    """Return whether two matrices have the same values."""
    return one.shape == other.shape and not values_of(sparse.csr_matrix(one) - sparse.csr_matrix(other)).any()


def binary(matrix) -> bool:
    """Return whether no value is above 1: presence instead of counts."""
    return values_of(matrix).max(initial=0) <= 1


def choose(candidates: list[Candidate], path: Path) -> Candidate:
    """Return the matrix of counts: a non-binary one if there is one, then the one with most genes, then the first.

    If no matrix contains counts, the first one is returned, so that the error names its first invalid value.
    """
    counts = [one for one in candidates if integral(one.matrix)]
    if not counts:
        return candidates[0]
    chosen = max(counts, key=lambda one: (not binary(one.matrix), one.genes))
    for other in counts:
        if other is not chosen and other.genes == chosen.genes and not binary(other.matrix):
            ours, theirs = (float(values_of(one.matrix).sum()) for one in (chosen, other))
            if ours != theirs:
                job.log.warning(
                    "%s: %s holds counts too, of another total (%.0f, %s %.0f)",
                    path, other.where, theirs, chosen.where, ours,
                )  # fmt: skip
    return chosen


def refuse_cut(adata: anndata.AnnData, chosen: Candidate, path: Path) -> None:
    """Raise :class:`job.UserError` if the counts are only those of variable genes: totals would be wrong."""
    remedy = "write the counts of all genes as X, or as raw"
    if adata.raw is not None and adata.raw.shape[1] > chosen.genes:
        raise job.UserError(
            f"{path}: {chosen.where} has {chosen.genes} of the {adata.raw.shape[1]} genes, and raw.X, which has all, "
            f"holds no counts; {remedy}"
        )
    flags = adata.var.get("highly_variable")
    if chosen.genes == adata.n_vars and flags is not None and len(flags) and flags.astype(str).eq("True").all():
        raise job.UserError(f"{path}: reduced to its {chosen.genes} highly variable genes; {remedy}")
    layers = {str(name).lower(): adata.layers[name] for name in adata.layers}
    if chosen.where == "X" and {"spliced", "unspliced"} <= set(layers) and same(chosen.matrix, layers["spliced"]):
        raise job.UserError(
            f"{path}: X is the layer spliced, and lacks the reads of the others; write the counts of all reads as X, "
            "as Cell Ranger or STARsolo give them"
        )
    if not values_of(chosen.matrix).any() and layers:
        raise job.UserError(
            f"{path}: {chosen.where} has no counts, but the layers {', '.join(map(str, adata.layers))} may have them; "
            f"{remedy}"
        )
    others = [name for name in adata.layers if not binary(adata.layers[name])]
    if binary(chosen.matrix) and others:
        raise job.UserError(
            f"{path}: {chosen.where} holds 0 and 1 alone, layer {others[0]} other values; if those are the counts, "
            "write them as X"
        )


def column_of(var: pd.DataFrame, wanted: tuple[str, ...]) -> list[str | None] | None:
    """Return the first of the ``wanted`` columns in the table, ignoring the case of its name. Features without a value
    are None.
    """
    columns = {str(column).lower(): column for column in var.columns}
    name = next((columns[name] for name in wanted if name in columns), None)
    if name is None:
        return None
    return [None if pd.isna(value) or str(value) in NO_NAME else clean(str(value)) for value in var[name]]

"""The format of counts/{sample}.h5ad: int32 UMI counts, barcodes × genes, for every type of input."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import sparse

SPECIES = ("graft", "host")


@dataclass
class Counts:
    """Totals of a count matrix, for an audit."""

    barcodes: np.ndarray
    gene_ids: pd.Index
    host_gene: np.ndarray
    totals: np.ndarray
    umis_per_species: dict[str, int]


def assemble(matrix: sparse.spmatrix, barcodes: np.ndarray, genes: pd.DataFrame, uns: dict):
    """Return the AnnData of barcodes with at least one UMI, in the order given.

    ``matrix`` is barcodes × genes, ``genes`` is indexed by gene_id with symbol and species; ``uns`` goes to
    ``uns["counts"]``.
    """
    import anndata

    matrix = sparse.csr_matrix(matrix).astype(np.int32)
    matrix.sum_duplicates()
    matrix.eliminate_zeros()
    kept = np.diff(matrix.indptr) > 0
    obs = pd.DataFrame(index=pd.Index(np.asarray(barcodes, dtype=object)[kept].astype(str), name="barcode"))
    var = genes.copy()
    var.index = pd.Index(var.index.astype(str), name="gene_id")
    return anndata.AnnData(matrix[kept], obs=obs, var=var, uns={"counts": uns})


def as_bytes(names: pd.Index) -> np.ndarray:
    """Return barcodes as bytes in UTF-8; a sample's name before a barcode may not be ASCII."""
    return np.array([name.encode() for name in names], dtype="S")


def describe(matrix: sparse.csr_matrix, barcodes: np.ndarray, genes: pd.DataFrame) -> Counts:
    """Return totals by barcode and by species of a barcodes × genes matrix."""
    host = (genes["species"] == "host").to_numpy()
    per_gene = np.asarray(matrix.sum(axis=0)).ravel().astype(np.int64)
    totals = np.asarray(matrix.sum(axis=1)).ravel().astype(np.int64)
    umis = {"graft": int(per_gene[~host].sum()), "host": int(per_gene[host].sum())}
    return Counts(np.asarray(barcodes, dtype="S"), pd.Index(genes.index), host, totals, umis)


def read(path: str) -> Counts:
    """Return the totals of counts/{sample}.h5ad, for an audit."""
    import anndata

    adata = anndata.read_h5ad(path)
    return describe(adata.X, as_bytes(adata.obs_names), adata.var)

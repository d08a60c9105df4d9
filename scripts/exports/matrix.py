"""Cells × genes, written by library, so that only one library at a time is in memory."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import h5py
import numpy as np
import pandas as pd
from scipy import sparse

PER = 10_000
"""Normalised values are log(1 + counts per 10,000)."""
CHUNK = 100_000


@dataclass(frozen=True)
class Library:
    """One library's kept cells: ``counts`` (cells × genes, integers), names of cells, table of genes by symbol."""

    cells: list[str]
    counts: sparse.csr_matrix
    genes: pd.DataFrame


def read_libraries(paths: Iterable[str]) -> Iterator[Library]:
    """Yield the libraries of cells/{sample}.h5ad one by one."""
    import anndata

    for path in paths:
        data = anndata.read_h5ad(path)
        genes = pd.DataFrame({"gene_id": data.var["gene_id"].astype(str)}, index=data.var_names.astype(str))
        yield Library(list(data.obs_names.astype(str)), sparse.csr_matrix(data.X), genes)


def all_genes(paths: Iterable[str]) -> pd.DataFrame:
    """Return the genes of all libraries: those of the first library in its order, then other genes."""
    import anndata

    tables = []
    for path in paths:
        data = anndata.read_h5ad(path, backed="r")
        tables.append(pd.DataFrame({"gene_id": data.var["gene_id"].astype(str)}, index=data.var_names.astype(str)))
        data.file.close()
    genes = pd.concat(tables) if tables else pd.DataFrame({"gene_id": pd.Series(dtype=str)})
    return genes[~genes.index.duplicated()].rename_axis("symbol")


def aligned(library: Library, genes: pd.Index) -> sparse.csr_matrix:
    """Return the counts with one column per gene of ``genes``; genes that the library lacks are zero."""
    place = genes.get_indexer(library.genes.index)
    counts = library.counts.tocoo()
    shape = (len(library.cells), len(genes))
    done = sparse.csr_matrix((counts.data, (counts.row, place[counts.col])), shape=shape, dtype=np.float32)
    done.sort_indices()
    return done


def normalised(counts: sparse.csr_matrix) -> sparse.csr_matrix:
    """Return log(1 + counts per :data:`PER`) of each cell, as float32."""
    total = np.asarray(counts.sum(axis=1), dtype=np.float64).ravel()
    done = sparse.diags(PER / np.maximum(total, 1)) @ counts.astype(np.float64)
    done = sparse.csr_matrix(done)
    np.log1p(done.data, out=done.data)
    done.sort_indices()
    return done.astype(np.float32)


class Rows:
    """A CSR matrix in an h5ad file that grows by blocks of rows."""

    def __init__(self, group: h5py.Group, n_columns: int):
        """Create the empty matrix in ``group``."""
        self.group, self.n_columns, self.n_rows, self.size = group, n_columns, 0, 0
        group.attrs["encoding-type"], group.attrs["encoding-version"] = "csr_matrix", "0.1.0"
        group.attrs["shape"] = np.array([0, n_columns])
        for name, kind in (("data", np.float32), ("indices", np.int32)):
            group.create_dataset(
                name, (0,), kind, maxshape=(None,), chunks=(CHUNK,), compression="gzip", compression_opts=4
            )
        group.create_dataset("indptr", data=np.zeros(1, np.int64), maxshape=(None,), chunks=(CHUNK,))

    def append(self, block: sparse.csr_matrix) -> None:
        """Add rows at the end."""
        for name, values in (("data", block.data), ("indices", block.indices)):
            self.group[name].resize((self.size + len(values),))
            self.group[name][self.size :] = values
        pointer = self.group["indptr"]
        pointer.resize((self.n_rows + 1 + block.shape[0],))
        pointer[self.n_rows + 1 :] = self.size + block.indptr[1:].astype(np.int64)
        self.size, self.n_rows = self.size + len(block.data), self.n_rows + block.shape[0]
        self.group.attrs["shape"] = np.array([self.n_rows, self.n_columns])

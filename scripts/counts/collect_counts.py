"""Convert a counter's raw matrix to the format that every later stage reads: all barcodes with a UMI × the genes of
genes.tsv.
"""

import json
from pathlib import Path

import numpy as np
import pandas as pd
from scipy import sparse

from scripts.base import job
from scripts.base.files import open_bytes
from scripts.base.names import kind_of, printable
from scripts.counts import contract

VALUES = ("integer", "unsigned-integer", "real")
"""Allowed types of entries; scipy writes `unsigned-integer`."""
INTRONS = {True: "yes", False: "no"}
BARCODES_FIRST = {"kb": True, "starsolo": False}
"""Whether the rows of the matrix are barcodes."""


def read_matrix_market(path: str) -> sparse.coo_matrix:
    """Return a coordinate matrix (integer or real, general) of a Matrix Market file, plain or gzip.

    Raises ValueError if it isn't one, or has fewer entries than its header says.
    """
    with open_bytes(path) as handle:
        first = handle.readline()
        kind = kind_of(first)
        banner = first.decode(errors="replace").removeprefix("\ufeff").lower().split()
        if banner[:2] != ["%%matrixmarket", "matrix"]:
            said = f", but {kind[0]}" if kind else ""
            raise ValueError(f"{path}: not a Matrix Market coordinate file of integers or reals{said}")
        if banner[2:3] != ["coordinate"] or banner[3:] not in [[value, "general"] for value in VALUES]:
            raise ValueError(
                f"{path}: not a Matrix Market coordinate file of integers or reals, general, but "
                f"{printable(' '.join(banner[2:]))}"
            )
        line = handle.readline()
        while line.startswith(b"%") or (line and not line.strip()):
            line = handle.readline()
        types = {"row": np.int64, "column": np.int64, "value": np.float64 if banner[3] == "real" else np.int64}
        try:
            rows, columns, entries = (int(word) for word in line.split())
            # With four numbers in the first entry, pandas would use the first as row names.
            at = handle.tell()
            if len(handle.readline().split()) not in (0, 3):
                raise ValueError("the first entry does not have three numbers")
            handle.seek(at)
            table = pd.read_csv(handle, sep=r"\s+", header=None, names=list(types), dtype=types)
        except ValueError as error:
            said = " ".join(str(error).split())
            raise ValueError(f"{path}: not entries of row, column and {banner[3]} value ({said})") from error
    if len(table) != entries:
        raise ValueError(f"{path}: {len(table)} entries, the header says {entries}; the file is truncated")
    if entries and (
        table["row"].min() < 1
        or table["column"].min() < 1
        or table["row"].max() > rows
        or table["column"].max() > columns
    ):
        raise ValueError(f"{path}: an entry lies outside the {rows} × {columns} matrix")
    return sparse.coo_matrix((table["value"], (table["row"] - 1, table["column"] - 1)), shape=(rows, columns))


def order_genes(matrix: sparse.csr_matrix, features: list[str], gene_ids: pd.Index) -> sparse.csr_matrix:
    """Return ``matrix`` (barcodes × features) with the columns of ``gene_ids``; genes that weren't counted are zero.

    Raises ValueError for a feature that isn't among ``gene_ids``.
    """
    position = gene_ids.get_indexer(features)
    if (position < 0).any():
        raise ValueError(f"feature {features[int(np.argmax(position < 0))]} isn't in genes.tsv")
    entries = matrix.tocoo()
    return sparse.csr_matrix(
        (entries.data, (entries.row, position[entries.col])), shape=(matrix.shape[0], len(gene_ids))
    )


def collect(matrix: sparse.spmatrix, barcodes: np.ndarray, features: list[str], genes: pd.DataFrame, uns: dict):
    """Return the contract's AnnData: barcodes with UMIs in alphabetical order × genes in the order of ``genes``."""
    counts = sparse.csr_matrix(matrix)
    seen = np.flatnonzero(np.diff(counts.indptr))
    order = seen[np.argsort(barcodes[seen], kind="stable")]
    return contract.assemble(order_genes(counts[order], features, genes.index), barcodes[order], genes, uns)


def main(snakemake) -> None:
    """Write counts/{sample}.h5ad."""
    aligner = snakemake.params.aligner
    genes = pd.read_csv(
        snakemake.input.genes, sep="\t", dtype={"gene_id": str, "symbol": str}, keep_default_na=False
    ).set_index("gene_id")
    barcodes = np.array(Path(snakemake.input.barcodes).read_bytes().split(), dtype="S16")
    features = [line.split("\t")[0] for line in Path(snakemake.input.features).read_text().splitlines()]
    matrix = read_matrix_market(snakemake.input.matrix)
    library = json.loads(Path(snakemake.input.library).read_text())
    counts = collect(matrix if BARCODES_FIRST[aligner] else matrix.T, barcodes, features, genes, {
        "aligner": aligner,
        "chemistry": json.loads(Path(snakemake.input.chemistry).read_text())["chemistry"],
        **{key: library[key] for key in ("kit", "strand")},
        "introns": INTRONS[library["introns"]],
        "sample": snakemake.wildcards.sample,
    })  # fmt: skip
    if not counts.n_obs:
        raise job.UserError(
            f"sample {snakemake.wildcards.sample}: no UMI was counted; are reads and references of the same species, "
            f"and of gene expression?"
        )
    counts.write_h5ad(snakemake.output[0], compression="gzip")
    job.log.info("%d barcodes × %d genes, %d UMIs", counts.n_obs, counts.n_vars, int(counts.X.sum()))


if __name__ == "__main__":
    job.run(main, snakemake)

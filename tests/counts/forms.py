"""One matrix in every form that labs and tools write it: files that hold the same counts, and files that can't.

A form is a maker of a file or folder and, where it isn't read, the words of its message. Its name is a line of
resources/docs/formats.md.
"""

from __future__ import annotations

import gzip
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import anndata
import h5py
import numpy as np
import pandas as pd
from scipy import sparse

from scripts.counts.features import check, tabulate
from scripts.counts.libraries import select_library
from scripts.counts.matrices import read_table

PREFIXES = {"graft": "GRCh38_", "host": "GRCm39_"}
ORGANISMS = {"graft": "human", "host": "mouse"}
SEQUENCES = ["AAACCTGAGAAACCAT", "AAACCTGAGAAACCGC", "AAACCTGAGAAACCTA", "AAACCTGAGAAACGAG", "AAACCTGAGAAACTCG"]
BARCODES = [f"{sequence}-1" for sequence in SEQUENCES]
GENES = [*(f"GRCh38_{name}" for name in ("FOSL1", "ACTB", "MT-CO1", "MTOR")), "GRCm39_Actb", "GRCm39_Gapdh"]
IDS = [*(f"GRCh38_ENSG{i:011d}" for i in range(1, 5)), *(f"GRCm39_ENSMUSG{i:011d}" for i in range(1, 3))]
COUNTS = np.array(
    [[5, 0, 1, 0, 9, 2], [0, 2, 0, 0, 0, 1], [7, 0, 0, 300, 3, 0], [1, 1, 4, 0, 0, 0], [0, 0, 2, 6, 1, 8]]
)
"""Barcodes × genes."""


def read(path: Path | str, barcodes: str = "", graft_only: bool = False) -> pd.DataFrame:
    """Return barcodes × genes as the rule import_matrix takes them in: columns (species, symbol)."""
    table = check(select_library(read_table(path), barcodes, str(path)), str(path))
    genes = tabulate(table, PREFIXES, str(path), ORGANISMS, graft_only=graft_only)
    columns = pd.MultiIndex.from_arrays([genes["species"], genes["symbol"]])
    return pd.DataFrame(table.matrix.toarray(), index=table.barcodes, columns=columns)


def twin(barcodes: list[str] = BARCODES, genes: list[str] = GENES, counts: np.ndarray = COUNTS) -> pd.DataFrame:
    """Return what the matrix holds."""
    pairs = [("graft" if name.startswith("GRCh38") else "host", name.split("_", 1)[1]) for name in genes]
    return pd.DataFrame(counts, index=barcodes, columns=pd.MultiIndex.from_tuples(pairs, names=["species", "symbol"]))


@dataclass
class Form:
    """``write(folder)`` returns the path; ``words``: of the message if it isn't read; ``options``: of the sheet."""

    write: Callable[[Path], Path]
    words: str = ""
    options: dict = field(default_factory=dict)
    barcodes: list[str] = field(default_factory=lambda: BARCODES)
    rows: list[int] | None = None
    genes: list[int] | None = None

    def expected(self) -> pd.DataFrame:
        """Return what is to be read."""
        whole = twin(BARCODES, GENES)
        whole = whole if self.rows is None else whole.iloc[self.rows]
        whole = whole if self.genes is None else whole.iloc[:, self.genes]
        return whole.set_axis(self.barcodes, axis=0)


def text(
    name: str = "m.tsv",
    *,
    mark: str = "\t",
    end: str = "\n",
    head: Callable[[list[str]], list[str]] = lambda names: ["gene", *names],
    row: Callable[[int, str, list[str]], list[str]] = lambda i, gene, values: [gene, *values],
    more: tuple[str, ...] = (),
    before: str = "",
    genes: list[str] = GENES,
    barcodes: list[str] = BARCODES,
    counts: np.ndarray = COUNTS,
    encoding: str = "utf-8",
) -> Callable[[Path], Path]:
    """Return a writer of genes × barcodes as text; ``more``: rows behind the genes."""

    def write(folder: Path) -> Path:
        lines = [mark.join(head(list(barcodes)))]
        lines += [mark.join(row(i, gene, [str(v) for v in counts[:, i]])) for i, gene in enumerate(genes)]
        content = (before + end.join([*lines, *more]) + end).encode(encoding)
        (folder / name).write_bytes(gzip.compress(content, mtime=0) if name.endswith(".gz") else content)
        return folder / name

    return write


def folder(
    *,
    banner: str = "%%MatrixMarket matrix coordinate integer general",
    features: Callable[[int], str] = lambda i: f"{IDS[i]}\t{GENES[i]}\tGene Expression",
    features_name: str = "features.tsv",
    features_head: str = "",
    barcode: Callable[[int, str], str] = lambda i, name: name,
    barcodes_head: str = "",
    zipped: bool = False,
    turned: bool = False,
    before: str = "",
    more_features: tuple[str, ...] = (),
    more_entries: tuple[str, ...] = (),
) -> Callable[[Path], Path]:
    """Return a writer of a 10x folder; ``before``: of each file but the matrix; ``more_entries``: behind the others."""

    def write(place: Path) -> Path:
        path = place / "m"
        path.mkdir()
        rows, columns = np.nonzero(COUNTS if turned else COUNTS.T)
        values = (COUNTS if turned else COUNTS.T)[rows, columns]
        entries = [f"{r + 1} {c + 1} {v}" for r, c, v in zip(rows, columns, values, strict=True)]
        entries += more_entries
        shape = COUNTS.shape if turned else (COUNTS.shape[1] + len(more_features), COUNTS.shape[0])
        files = {
            "matrix.mtx": f"{banner}\n%\n{shape[0]} {shape[1]} {len(entries)}\n" + "\n".join(entries) + "\n",
            "barcodes.tsv": before + barcodes_head + "".join(f"{barcode(i, n)}\n" for i, n in enumerate(BARCODES)),
            features_name: before
            + features_head
            + "".join(f"{features(i)}\n" for i in range(len(GENES)))
            + "".join(f"{line}\n" for line in more_features),
        }
        for name, content in files.items():
            if zipped:
                (path / f"{name}.gz").write_bytes(gzip.compress(content.encode(), mtime=0))
            else:
                (path / name).write_text(content)
        return path

    return write


def annotated(
    x: np.ndarray | None = COUNTS,
    *,
    names: list[str] = GENES,
    ids: list[str] | None = IDS,
    raw: np.ndarray | None = None,
    layers: dict[str, np.ndarray] | None = None,
    kept: int | None = None,
    barcodes: list[str] = BARCODES,
    dense: bool = False,
    flags: bool = False,
) -> Callable[[Path], Path]:
    """Return a writer of an .h5ad; ``kept``: the number of genes that X is cut to, ``flags``: as highly variable."""

    def write(place: Path) -> Path:
        var = pd.DataFrame({"gene_ids": ids} if ids else {}, index=names)
        obs = pd.DataFrame(index=barcodes)
        made = anndata.AnnData(x if dense else sparse.csr_matrix(x.astype(np.float32)), obs=obs, var=var)
        if raw is not None:
            made.raw = anndata.AnnData(sparse.csr_matrix(raw.astype(np.float32)), obs=obs, var=var)
        for name, layer in (layers or {}).items():
            made.layers[name] = sparse.csr_matrix(layer.astype(np.float32))
        if kept:
            made = made[:, :kept].copy()
        if flags:
            made.var["highly_variable"] = True
        made.write_h5ad(place / "m.h5ad")
        return place / "m.h5ad"

    return write


def ten_x(groups: tuple[str, ...] = ("matrix",)) -> Callable[[Path], Path]:
    """Return a writer of a 10x .h5: one group `matrix`, or one a genome as Cell Ranger 2 has them."""

    def write(place: Path) -> Path:
        with h5py.File(place / "m.h5", "w") as file:
            for name in groups:
                own = [i for i, gene in enumerate(GENES) if name == "matrix" or gene.startswith(name)]
                columns = sparse.csr_matrix(COUNTS[:, own])
                group = file.create_group(name)
                group["barcodes"] = np.array(BARCODES, dtype="S")
                group["data"], group["indices"], group["indptr"] = columns.data, columns.indices, columns.indptr
                group["shape"] = np.array([len(own), len(BARCODES)])
                keys = ("features/id", "features/name") if name == "matrix" else ("genes", "gene_names")
                for key, given in zip(keys, (IDS, GENES), strict=True):
                    group[key] = np.array([given[i] for i in own], dtype="S")
                if name == "matrix":
                    group["features/feature_type"] = np.array(["Gene Expression"] * len(own), dtype="S")
        return place / "m.h5"

    return write


def content(name: str, what: bytes) -> Callable[[Path], Path]:
    """Return a writer of a file of these bytes."""

    def write(place: Path) -> Path:
        (place / name).write_bytes(what)
        return place / name

    return write


def named(more: dict[str, str], rename: dict[str, str] | None = None, turned: bool = False):
    """Return a writer of a folder with further files, and files under other names."""

    def write(place):
        path = folder(turned=turned)(place)
        for name, other in (rename or {}).items():
            (path / name).rename(path / other)
        for name, words in more.items():
            (path / name).write_text(words)
        return path

    return write


def renamed(matrix: str):
    """Return a writer of a folder whose matrix has this name."""
    return named({}, {"matrix.mtx": matrix})


def above(place):
    """Write a folder that holds one in the folder raw, and return the one above."""
    folder()(place).rename(place / "raw")
    return place


BARE_NAMES = "".join(f"{name}\n" for name in SEQUENCES)
by_kb = named(
    {
        "cells_x_genes.barcodes.txt": BARE_NAMES,
        "cells_x_genes.genes.txt": "".join(f"{name}\n" for name in IDS),
        "cells_x_genes.genes.names.txt": "".join(f"{name}\n" for name in GENES),
    },
    {"matrix.mtx": "cells_x_genes.mtx"},
    turned=True,
)
ALEVIN = {"quants_mat_rows.txt": BARE_NAMES, "quants_mat_cols.txt": "".join(f"{name}\n" for name in GENES)}
by_alevin = named(ALEVIN, {"matrix.mtx": "quants_mat.mtx"}, turned=True)
USA = "".join(f"{name}{end}\n" for end in ("", "-U", "-A") for name in GENES)
by_alevin_usa = named(ALEVIN | {"quants_mat_cols.txt": USA}, {"matrix.mtx": "quants_mat.mtx"}, turned=True)

"""Count matrices: turned, normalised, cut, or of genes that the study doesn't know."""

# ruff: noqa: E501  (tables: a case a line)

from __future__ import annotations

import gzip
from collections.abc import Callable
from pathlib import Path

import numpy as np

from corpus.case import Case, Outcome, script
from scripts.counts import import_matrix

BARCODES = ["TTTGTCATCTTGTACT-1", "AAACCTGAGAAACCAT-1", "AAACCTGAGAAACCGC-1"]
GENES = ["GRCh38_ACTB", "GRCh38_GAPDH", "GRCh38_MTOR", "GRCm39_Actb"]
COUNTS = [[5, 0, 1], [2, 0, 7], [0, 3, 0], [3, 0, 0]]
PREFIXES = {"graft": "GRCh38_", "host": "GRCm39_"}


def text(counts=COUNTS, barcodes=BARCODES, genes=GENES, delimiter: str = "\t") -> str:
    """Return a genes × barcodes table."""
    rows = [["gene", *barcodes], *([gene, *map(str, row)] for gene, row in zip(genes, counts, strict=True))]
    return "\n".join(delimiter.join(row) for row in rows) + "\n"


def changed(row: int, column: int, value: object) -> list:
    """Return the counts with another value in one place."""
    return [[value if (i, j) == (row, column) else v for j, v in enumerate(r)] for i, r in enumerate(COUNTS)]


def matrix(name: str, words: str, file: str, make: Callable[[Path], None] | str | bytes) -> Case:
    """Return a case of a matrix ``file`` that ``make`` writes, or whose content it is."""

    def run(folder: Path) -> Outcome:
        path = folder / file
        if callable(make):
            make(path)
        else:
            path.write_bytes(make if isinstance(make, bytes) else make.encode())
        output = {"counts": "A.h5ad", "audit": "A.audit.json", "saturation": "A.saturation.tsv"}
        return script(
            import_matrix, folder, input={"matrix": path}, output=output, params={"prefixes": PREFIXES}, wildcards={"sample": "A"}
        )  # fmt: skip

    return Case("matrix", name, f"^error in import_matrix .*: sample A: .*{words}", run)


def write_folder(
    path: Path,
    entries: str = "4 3 2\n1 1 5\n4 3 2\n",
    barcodes: list = BARCODES,
    leave: str = "",
    banner: str = "%%MatrixMarket matrix coordinate integer general\n",
) -> None:
    """Write a 10x folder; ``leave``: a file to leave out."""
    path.mkdir()
    parts = {
        "matrix.mtx": banner + entries,
        "barcodes.tsv": "\n".join(barcodes) + "\n",
        "features.tsv": "".join(f"ENSG{i:011d}\t{gene}\tGene Expression\n" for i, gene in enumerate(GENES)),
    }
    for name, content in parts.items():
        if name != leave:
            (path / f"{name}.gz").write_bytes(gzip.compress(content.encode(), mtime=0))


def write_h5(path: Path, spoil: Callable | None = None) -> None:
    """Write a 10x .h5 as Cell Ranger 3 does; ``spoil`` changes the open file."""
    import h5py
    from scipy import sparse

    counts = sparse.csc_matrix(np.array(COUNTS))
    with h5py.File(path, "w") as file:
        group = file.create_group("matrix")
        for name, values in {
            "data": counts.data,
            "indices": counts.indices,
            "indptr": counts.indptr,
            "shape": counts.shape,
        }.items():
            group[name] = values
        group["barcodes"] = np.array(BARCODES, dtype="S")
        group["features/id"], group["features/name"] = (np.array(GENES, dtype="S") for _ in range(2))
        group["features/feature_type"] = np.array(["Gene Expression"] * len(GENES), dtype="S")
        if spoil:
            spoil(group)


def write_h5ad(path: Path, counts=COUNTS, genes=GENES, barcodes=BARCODES) -> None:
    """Write an .h5ad of barcodes × genes."""
    import anndata
    import pandas as pd

    obs, var = (pd.DataFrame(index=list(names)) for names in (barcodes, genes))
    anndata.AnnData(np.array(counts, dtype=float).T, obs=obs, var=var).write_h5ad(path)


def cut(write: Callable[[Path], None]) -> Callable[[Path], None]:
    """Return a writer of the first two thirds of what ``write`` writes."""

    def make(path: Path) -> None:
        write(path)
        path.write_bytes(path.read_bytes()[: path.stat().st_size * 2 // 3])

    return make


def without(name: str) -> Callable:
    """Return what takes a dataset out of a 10x .h5."""

    def spoil(group) -> None:
        del group[name]

    return spoil


def replaced(name: str, values) -> Callable:
    """Return what puts other values into a dataset of a 10x .h5."""

    def spoil(group) -> None:
        del group[name]
        group[name] = values

    return spoil


TURNED = text(np.array(COUNTS).T.tolist(), GENES, BARCODES)
TEXTS = [
    matrix("missing", r"m.tsv: no such file; correct column matrix", "m.tsv", lambda path: None),
    matrix("empty file", "the file is empty; fetch it again", "m.tsv.gz", ""),
    matrix("header alone", "a header and at least one gene are needed; fetch", "m.tsv", text().split("\n")[0]),
    matrix("turned", r"the columns have names of genes .*; .*transpose the matrix", "m.tsv", TURNED),
    matrix("normalised", r"gene GRCh38_GAPDH, barcode TTTGTCATCTTGTACT-1: 0.5 is not a whole number; give raw", "m.csv", text(changed(1, 0, 0.5), delimiter=",")),
    matrix("negative", r"gene GRCh38_ACTB, barcode TTTGTCATCTTGTACT-1: -1 is negative; give raw", "m.tsv", text(changed(0, 0, -1))),
    matrix("missing value", r"gene GRCh38_MTOR, column AAACCTGAGAAACCAT-1: a value is missing; write 0", "m.tsv", text(changed(2, 1, "NA"))),
    matrix("infinite", r"gene GRCh38_MTOR, barcode AAACCTGAGAAACCAT-1: inf is not a finite number; give", "m.tsv", text(changed(2, 1, "inf"))),
    matrix("a word for a count", r"gene GRCh38_MTOR, column AAACCTGAGAAACCAT-1: 'many' is not a count; give raw", "m.tsv", text(changed(2, 1, "many"))),
    matrix("larger than a count", r"gene GRCh38_ACTB.*: 1e\+12 is too large for a count; give", "m.tsv", text(changed(0, 0, 10**12))),
    matrix("no count at all", r"3 barcodes × 4 genes and no count; fetch", "m.tsv", text([[0] * 3] * 4)),
    matrix("gene twice", r"1 genes occur more than once \(GRCh38_ACTB\); give gene ids", "m.tsv", text(genes=[GENES[0], *GENES[:1], *GENES[2:]])),
    matrix("barcode twice", r"1 barcodes occur more than once \(TTTGTCATCTTGTACT-1\); each", "m.tsv", text(barcodes=[BARCODES[0], BARCODES[0], BARCODES[2]])),
    matrix("gene without a name", r"gene 3: a row without a name; name it", "m.tsv", text(genes=[*GENES[:2], "", GENES[3]])),
    matrix("rows of different lengths", r"rows differ in their number of columns .*; fetch", "m.tsv", text() + "GRCh38_B2M\t1\t2\t3\t4\t5\n"),
    matrix("header of another length", r"the header has 3 columns, the first gene 6; a header has one label", "m.tsv", "gene\ta\tb\nX\t1\t2\t3\t4\t5\n"),
    matrix("three columns before the counts", r"3 columns before the counts; keep one or two", "m.tsv", "a\tb\tc\tAAACCTGAGAAACCAT\nENSG\tX\tprotein\t1\n"),
    matrix("no columns", r"no columns found \(tab, comma, semicolon and space were tried\); give", "m.txt", "gene\nX\n"),
    matrix("prefixes of other genomes", r"genes have the prefixes hg19_, the config knows GRCh38_, GRCm39_; correct", "m.tsv", text(genes=["hg19_ACTB", "hg19_GAPDH", "hg19_MTOR", "hg19_VIM"])),
    matrix("prefix on some genes only", r"2 of 4 genes have no species prefix .*; give all of them a prefix", "m.tsv", text(genes=[*GENES[:2], "MTOR", "Actb"])),
    matrix("gzip cut", r"the gzip file is truncated or damaged .*; fetch", "m.tsv.gz", gzip.compress(text().encode() * 50)[:-60]),
    matrix("no text", r"not text, although its name ends as that of a text file .*; correct", "m.tsv", b"\x93NUMPY\xff\xfe\x00\x80\n\xff\xff\n"),
    matrix("another format", r"not a known matrix format; give", "m.rds", "x"),
    matrix("the .mtx file alone", r"name the folder that holds the matrix .*", "matrix.mtx", "%%MatrixMarket"),
]  # fmt: skip
BINARIES = [
    matrix("10x folder without barcodes", r"no barcodes.tsv \(.gz\); the folder must hold exactly one", "m", lambda path: write_folder(path, leave="barcodes.tsv")),
    matrix("10x folder of two runs", r"4 × 3, but there are 4 features and 2 barcodes; the three files must come from one run", "m", lambda path: write_folder(path, barcodes=BARCODES[:2])),
    matrix("10x folder with fewer entries than said", r"2 entries, the header says 9; .*fetch", "m", lambda path: write_folder(path, "4 3 9\n1 1 5\n4 3 2\n")),
    matrix("10x folder with an entry outside", r"an entry lies outside the 4 × 3 matrix; fetch", "m", lambda path: write_folder(path, "4 3 2\n1 1 5\n9 3 2\n")),
    matrix("10x folder of no Matrix Market", r"not a Matrix Market coordinate file of integers or reals; fetch", "m", lambda path: write_folder(path, banner="gene,cell\n")),
    matrix("10x folder that ends in its header", r"not entries of row, column and integer value .*; fetch", "m", lambda path: write_folder(path, "")),
    matrix("10x .h5 that isn't HDF5", "not an HDF5 file; fetch", "m.h5", "<html>404</html>"),
    matrix("10x .h5 cut", r"m.h5: .*; fetch", "m.h5", cut(write_h5)),
    matrix("10x .h5 of something else", r"neither a group `matrix` nor a group per genome; give", "m.h5", lambda path: write_h5(path, lambda g: g.file.move("matrix", "other"))),
    matrix("10x .h5 without barcodes", r"m.h5: .*barcodes.*; fetch", "m.h5", lambda path: write_h5(path, without("barcodes"))),
    matrix("10x .h5 whose parts disagree", r"its parts differ in length; the file is damaged", "m.h5", lambda path: write_h5(path, replaced("indptr", [0, 1, 2]))),
    matrix("10x .h5 with indices outside", r"m.h5: an entry lies outside the matrix; the file is damaged, fetch", "m.h5", lambda path: write_h5(path, replaced("indices", [0, 1, 2, 3, 99, 1]))),
    matrix("10x .h5 with fewer names than rows", r"m.h5: 3 barcodes × 4 features, but 3 and 4, 2, 4 names of them; the file is damaged, fetch", "m.h5", lambda path: write_h5(path, replaced("features/name", np.array(GENES[:2], dtype="S")))),
    matrix(".h5ad cut", r"not readable as .h5ad .*; fetch", "m.h5ad", cut(write_h5ad)),
    matrix(".h5ad that is a table", r"not readable as .h5ad .*; fetch", "m.h5ad", text()),
    matrix(".h5ad normalised", r"gene GRCh38_ACTB, barcode .*: 0.25 is not a whole number; give raw", "m.h5ad", lambda path: write_h5ad(path, changed(0, 0, 0.25))),
    matrix(".h5ad turned", r"the obs have names of genes .*; .*transpose", "m.h5ad", lambda path: write_h5ad(path, np.array(COUNTS).T, BARCODES, GENES)),
    matrix(".h5ad with a gene twice", r"1 genes occur more than once", "m.h5ad", lambda path: write_h5ad(path, genes=[GENES[0], GENES[0], *GENES[2:]])),
]  # fmt: skip
CASES = [*TEXTS, *BINARIES]
SOUND = [
    matrix("sound text", "", "m.tsv.gz", gzip.compress(text().encode())),
    matrix("sound folder", "", "m", write_folder),
    matrix("sound .h5", "", "m.h5", write_h5),
    matrix("sound .h5ad", "", "m.h5ad", write_h5ad),
]

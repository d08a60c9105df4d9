"""Profiles, networks and gene sets: tables of genes × samples that are cut, scaled, misnamed or spoilt by spreadsheets."""

# ruff: noqa: E501  (tables: a case a line)

from __future__ import annotations

import gzip
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

from corpus.case import Case, Outcome, script
from scripts.profiles import join_profiles, networks

GENES = [f"GENE{i}" for i in range(30)]
SHEET = [
    {"sample": f"B{i}", "model": "B", "timepoint": timepoint, "arm": arm, "replicate": str(i), "assay": "profile", "matrix": "", "column": f"c{i}", "platform": ""}
    for i, (timepoint, arm) in enumerate([("untreated", "untreated"), ("untreated", "untreated"), ("persister", "AC"), ("persister", "AC")])
]  # fmt: skip


def table(
    genes: list[str] = GENES,
    columns: tuple = ("symbol", "c0", "c1", "c2", "c3"),
    value: Callable = lambda i, j: 50 + i * 3 + j * 7,
) -> str:
    """Return a table of genes × samples."""
    rows = [[gene, *(str(value(i, j)) for j in range(len(columns) - 1))] for i, gene in enumerate(genes)]
    return "\n".join("\t".join(row) for row in [list(columns), *rows]) + "\n"


def at(row: int, column: int, found: object) -> Callable:
    """Return values of which one is another."""
    return lambda i, j: found if (i, j) == (row, column) else 50 + i * 3 + j * 7


def joined(name: str, words: str, content: str | bytes | None, file: str = "B.tsv", second: str | None = None) -> Case:
    """Return a case of a table of profiles; ``second``: that of two further samples."""

    def run(folder: Path) -> Outcome:
        path, other = folder / file, folder / "C.tsv"
        if content is not None:
            path.write_bytes(content if isinstance(content, bytes) else content.encode())
        rows = [row | {"matrix": str(path)} for row in SHEET]
        if second is not None:
            other.write_text(second)
            rows = [*rows[:2], *(row | {"matrix": str(other)} for row in rows[2:])]
        params = {
            "samples": rows,
            "sheet": "samples.tsv",
            "genes": "intersection",
            "min_count": 10,
            "platforms": "joint",
        }
        output = {"profiles": "profiles.h5ad", "losses": "profile_losses.tsv"}
        files = {"pseudobulk": [], "tables": sorted({row["matrix"] for row in rows})}
        return script(join_profiles, folder, input=files, output=output, params=params)

    return Case("profiles", name, f"^error in join_profiles .*: {words}", run)


def read(entry: str, reader: Callable, name: str, words: str, content: str | bytes, file: str) -> Case:
    """Return a case of a file that ``reader`` reads."""

    def run(folder: Path) -> Outcome:
        (folder / file).write_bytes(content if isinstance(content, bytes) else content.encode())
        job = SimpleNamespace(main=lambda snakemake: reader(str(snakemake.input[0])), __name__=reader.__name__)
        return script(job, folder, input={"_": [folder / file]})

    return Case(entry, name, f"^error in {reader.__name__} .*: {words}", run)


def network(name: str, words: str, content: str | bytes, file: str = "net.tsv") -> Case:
    """Return a case of a network of factors and targets."""
    return read("network of factors", networks.read_network, name, words, content, file)


def sets(name: str, words: str, content: str | bytes, file: str = "sets.gmt") -> Case:
    """Return a case of gene sets."""
    return read("gene sets", networks.read_sets, name, words, content, file)


EDGES = "source\ttarget\tmor\nJUN\tVIM\t1\nMYC\tVIM\t-1\n"
ENSEMBL = [f"ENSG{i:011d}" for i in range(30)]
PROFILES = [
    joined("missing", r"B.tsv: no such file; correct column matrix", None),
    joined("empty file", r"B.tsv: not a text table .*; give a text table of genes", ""),
    joined("header alone", r"B.tsv: no column names the genes; ", table().split("\n")[0] + "\n"),
    joined("gzip cut", r"B.tsv.gz: the gzip file is truncated or damaged .*; fetch", gzip.compress(table().encode() * 9)[:-30], "B.tsv.gz"),
    joined("no text", r"B.tsv: not text in UTF-8 .*; give a text table", b"\x93NUMPY\xff\xfe\x00\x80\n\xff\xff\n"),
    joined("a workbook", r"B.xlsx: not text in UTF-8 .*; give a text table", b"PK\x03\x04\x14\x00\x06\x00\x08\x00\xe2\x80\xff\n\x01", "B.xlsx"),
    joined("column misspelt", r"samples.tsv, column column: \S*B.tsv has no column 'c3'; did you mean", table(columns=("symbol", "c0", "c1", "c2", "c33"))),
    joined("turned", r"samples.tsv, column column: \S*B.tsv has no column 'c0'; ", "sample\tACTB\tGAPDH\nc0\t1\t2\nc1\t2\t3\n"),
    joined("column twice", r"B.tsv: 'c1' is the name of several columns; give each its own", table(columns=("symbol", "c0", "c1", "c1", "c2", "c3"))),
    joined("no column of genes", r"B.tsv: no column names the genes; add one", table(genes=[str(i) for i in range(30)])),
    joined("a word for a value", r"B.tsv, row 4 \(GENE2\), column c1: 'high' is not a number; give", table(value=at(2, 1, "high"))),
    joined("a missing value", r"B.tsv, row 4 \(GENE2\), column c1: 'NA' is not a number; give", table(value=at(2, 1, "NA"))),
    joined("infinite", r"B.tsv, row 4 \(GENE2\), column c1: 'inf' is not a number; give", table(value=at(2, 1, "inf"))),
    joined("negative", r"B.tsv, column c1: negative numbers; give counts or intensities before centring", table(value=at(2, 1, -4))),
    joined("names a spreadsheet made dates of", r"\S*B.tsv, row 3: '2-Sep' is not a gene: spreadsheets .*; export", table(genes=["GENE0", "2-Sep", *GENES[2:]])),
    joined("genes of two kinds of names", r"\S*C.tsv: genes are Ensembl identifiers, elsewhere symbols.*; give symbols", table(columns=("symbol", "c0", "c1")), second=table(ENSEMBL, ("gene_id", "c2", "c3"))),
    joined("tables without a common gene", r"no gene occurs in all tables of profiles; use", table(columns=("symbol", "c0", "c1")), second=table([f"Actb{i}" for i in range(30)], ("symbol", "c2", "c3"))),
    joined("no counts", r".*; leave it out|.*; lower profiles.min_count", table(value=lambda i, j: 0)),
]  # fmt: skip
NETWORKS = [
    network("no column of factors", r"net.tsv: no column 'source'; give", EDGES.replace("source", "name")),
    network("weight that is no number", r"net.tsv, row 3, column mor: 'down' is not a number; give", EDGES.replace("-1", "down")),
    network("empty file", r"net.tsv: .*; give", ""),
    network("no text", r"net.tsv: .*; give", b"\x93NUMPY\xff\xfe\x00\x80\n\xff\xff\n"),
    network("gzip cut", r"net.tsv.gz: .*; fetch", gzip.compress(EDGES.encode() * 90)[:-20], "net.tsv.gz"),
]  # fmt: skip
SETS = [
    sets("empty file", r"sets.gmt: the file is empty; give", ""),
    sets("no text", r"sets.gmt: .*; give", b"\xff\xfeH\x00A\x00"),
    sets("gzip cut", r"sets.gmt.gz: .*; fetch", gzip.compress(b"HALLMARK\thttp\tJUN\tFOS\n" * 90)[:-20], "sets.gmt.gz"),
    sets("table with a row cut", r"sets.tsv, row 3: .*; ", "gs_name\tgene\nA\tJUN\nB\n", "sets.tsv"),
]  # fmt: skip
CASES = [*PROFILES, *NETWORKS, *SETS]
SOUND = [
    joined("sound", "", table()),
    joined(
        "sound, two tables", "", table(columns=("symbol", "c0", "c1")), second=table(columns=("symbol", "c2", "c3"))
    ),
    network("sound", "", EDGES),
    sets("sound", "", "HALLMARK\thttp\tJUN\tFOS\n"),
]

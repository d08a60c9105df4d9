"""Every reader of text against every way in which a file goes wrong: the right content, or one line that names it.

Cases are run apart from the tests, those of a reader in one process as long as none ends it. What may come of it is written beside the mutation: the same content as of the sound
file (``SAME``), a refusal (``REFUSED``), or either; no other exception, and never other numbers. Matrices and tables at
random are in tests/counts/test_readers_fuzz.py, binary ones too.
"""

# ruff: noqa: E501  (tables: a case a line)

from __future__ import annotations

import gzip
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import numpy as np
import own_process
import pytest
from corpus.case import REMEDY

from scripts.base.job import UserError
from scripts.cells.annotation import read_annotation
from scripts.counts.features import check, tabulate
from scripts.counts.libraries import select_library
from scripts.counts.matrices import read_table
from scripts.profiles.genes import check_names
from scripts.profiles.networks import read_network, read_sets
from scripts.profiles.tables import linear_scale, read_profiles
from scripts.regulons.databases import read_annotated, read_tfs
from scripts.regulons.take_regulons import read_gmt
from scripts.scenic.motif_table import load_annotations
from scripts.study.sheet import read_sheet

SAME, REFUSED = "same", "refused"
EITHER = (SAME, REFUSED)
BARCODES = ["AAACCTGAGAAACCAT-1", "AAACCTGAGAAACCGC-1", "AAACCTGAGAAACCTA-1"]
GENES = ["GRCh38_ACTB", "GRCh38_GAPDH", "GRCh38_MTOR", "GRCm39_Actb"]
COUNTS = [[5, 0, 1], [2, 0, 7], [0, 3, 0], [3, 0, 4]]


def counts_of(path: str) -> list:
    """Return barcodes, genes, species and counts as the rule import_matrix takes them in."""
    table = check(select_library(read_table(path), "", path), path)
    genes = tabulate(table, {"graft": "GRCh38_", "host": "GRCm39_"}, path, {"graft": "human", "host": "mouse"})
    return [table.barcodes, genes["symbol"].tolist(), genes["species"].tolist(), table.matrix.toarray().T.tolist()]


def profiles_of(path: str) -> list:
    """Return genes and values of two profiles as the rule join_profiles does."""
    names, values = read_profiles(path, ["c0", "c1"], "samples.tsv")
    check_names(names, path)
    return [names, linear_scale(values, "bulk", path).to_numpy().tolist()]


def sheet_of(kind: str) -> Callable[[str], list]:
    """Return the reader of a sheet of the study."""
    return lambda path: read_sheet(path, kind).to_numpy().tolist()


@dataclass
class Reader:
    """A file's name, its rows, and how it is read; ``number``: row and column of one that may be another one.

    ``left_out``: mutations that make another sound file of it. ``strict``: the file is read with tabs and quotes as they stand, as the sheets and the motif table are.
    """

    name: str
    rows: list[list[str]]
    read: Callable[[str], object]
    number: tuple[int, int] | None = None
    strict: bool = False
    beside: dict[str, str] = field(default_factory=dict)
    header: bool = True
    unique: bool = True
    left_out: tuple[str, ...] = ()

    def text(self) -> str:
        """Return the sound file."""
        return lines(self.rows)


def lines(rows: list[list[str]], mark: str = "\t", end: str = "\n") -> str:
    """Return rows as text."""
    return "".join(mark.join(row) + end for row in rows)


FOLDER = {
    "matrix.mtx": "%%MatrixMarket matrix coordinate integer general\n4 3 7\n"
    + "".join(f"{i + 1} {j + 1} {v}\n" for i, row in enumerate(COUNTS) for j, v in enumerate(row) if v),
    "barcodes.tsv": "".join(f"{name}\n" for name in BARCODES),
    "features.tsv": "".join(f"{'GRCh38' if i < 3 else 'GRCm39'}_E{i}\t{g}\tGene Expression\n" for i, g in enumerate(GENES)),
}  # fmt: skip
FEWER = ("header alone", "a row without a name")
"""Mutations that make a shorter list of a list."""
MOTIFS = ["#motif_id", "gene_name", "motif_similarity_qvalue", "orthologous_identity", "description"]
SAMPLES = ["sample", "model", "timepoint", "arm", "replicate", "assay", "matrix", "column"]


def of_folder(name: str, **more) -> Reader:
    """Return the reader of one file of a 10x folder, beside its other files."""
    rows = [line.split("\t") for line in FOLDER[name].splitlines()]
    beside = {other: text for other, text in FOLDER.items() if other != name}
    return Reader(name, rows, lambda path: counts_of(str(Path(path).parent)), beside=beside, header=False, **more)


READERS = {
    "matrix": Reader("m.tsv", [["gene", *BARCODES], *([g, *map(str, r)] for g, r in zip(GENES, COUNTS, strict=True))], counts_of, (1, 1)),
    "barcodes": of_folder("barcodes.tsv"),
    # A feature without a symbol goes by its id.
    "features": of_folder("features.tsv", left_out=("last row cut",)),
    "entries": of_folder("matrix.mtx", strict=True),
    "profiles": Reader("p.tsv", [["symbol", "c0", "c1"], ["JUN", "1", "2"], ["FOS", "30", "4"], ["MYC", "5", "6"]], profiles_of, (1, 1), left_out=("last row twice", "a row without a name")),
    "network": Reader(
        "n.tsv", [["source", "target", "mor"], ["JUN", "VIM", "1"], ["JUN", "ACTB", "-1"], ["MYC", "VIM", "2"]],
        lambda path: read_network(path).to_numpy().tolist(), (1, 2), unique=False,
    ),
    "gene sets": Reader("s.gmt", [["ONE", "http", "JUN", "FOS"], ["TWO", "http", "MYC", "VIM"]], read_sets, header=False, unique=False, left_out=FEWER),
    "table of sets": Reader("s.tsv", [["set", "gene"], ["ONE", "JUN"], ["ONE", "FOS"], ["TWO", "MYC"]], read_sets, unique=False),
    "list of genes": Reader("ONE.txt", [["JUN"], ["FOS"], ["MYC"]], read_sets, header=False, unique=False, left_out=FEWER),
    "regulons of one's own": Reader(
        "own.gmt", [["ONE(+)", "http", "JUN", "FOS"], ["TWO(+)", "http", "MYC", "VIM"]], read_gmt, header=False,
        left_out=(*FEWER, "last row longer"),
    ),
    "annotation of cells": Reader(
        "cells.tsv", [["sample", "barcode", "label"], ["S", "AAAC", "malignant"], ["S", "AAAG", "T cell"], ["S", "AAAT", "B cell"]],
        lambda path: list(read_annotation(str(path), "S").items()), left_out=FEWER,
    ),
    "factors": Reader("t.txt", [["JUN"], ["FOS"], ["MYC"]], read_tfs, header=False, unique=False, left_out=FEWER),
    "motifs, before networks": Reader(
        "m.tbl", [MOTIFS, ["m1", "JUN", "0.0", "1.0", "x"], ["m2", "FOS", "0.0", "1.0", "y"]],
        lambda path: read_annotated(path).to_numpy().tolist(), (1, 2), strict=True, unique=False,
    ),
    "motifs, in pruning": Reader(
        "m.tbl", [MOTIFS, ["m1", "JUN", "0.0", "1.0", "x"], ["m2", "FOS", "0.0", "1.0", "y"]],
        lambda path: load_annotations(path)[["motif", "tf"]].drop_duplicates().to_numpy().tolist(), (1, 3), strict=True, unique=False,
    ),
    "samples sheet": Reader(
        "samples.tsv", [SAMPLES, ["a", "A", "u", "u", "1", "scrna", "data/a.h5ad", "x"], ["b", "A", "p", "t", "1", "scrna", "data/b.h5ad", "x"]],
        sheet_of("samples"), strict=True, left_out=("header alone", "last row twice"),
    ),
    "units sheet": Reader(
        "units.tsv", [["sample", "unit", "fq1", "fq2"], ["a", "L1", "a_1.fq.gz", "a_2.fq.gz"], ["b", "L1", "b_1.fq.gz", "b_2.fq.gz"]],
        sheet_of("units"), strict=True, left_out=("header alone", "last row twice"),
    ),
}  # fmt: skip
"""All readers of text that a user gives, but of reads and genomes."""


def nothing(reader: Reader) -> tuple[bytes, tuple[str, ...]]:
    """Return the sound file itself."""
    return reader.text().encode(), (SAME,)


def each_line(change: Callable[[str], str], outcomes: tuple[str, ...]):
    """Return a mutation of every line."""
    return lambda reader: ("".join(change(line) + "\n" for line in reader.text().splitlines()).encode(), outcomes)


def whole(change: Callable[[bytes], bytes], *outcomes: str):
    """Return a mutation of the file as bytes."""
    return lambda reader: (change(reader.text().encode()), outcomes)


def separated(mark: str):
    """Return a mutation of what separates the columns: read or refused; the same where there is one column."""

    def change(reader: Reader):
        return lines(reader.rows, mark).encode(), (SAME,) if max(map(len, reader.rows)) == 1 else EITHER

    return change


def quoted(reader: Reader):
    """Put quotation marks around each field."""
    rows = [[f'"{cell}"' for cell in row] for row in reader.rows]
    return lines(rows).encode(), EITHER if reader.strict else (SAME,)


def padded(reader: Reader):
    """Put blanks, and what nobody sees, beside each name."""
    rows = [[f" {row[0]}\u200b", *(f"{cell} " for cell in row[1:])] for row in reader.rows]
    return lines(rows).encode(), EITHER


def headed(reader: Reader):
    """Keep the first line alone."""
    return lines(reader.rows[:1]).encode(), (REFUSED,) if reader.header or reader.beside else EITHER


def twice(reader: Reader):
    """Give the last row twice."""
    rows = [*reader.rows, reader.rows[-1]]
    return lines(rows).encode(), (REFUSED,) if reader.unique and "sheet" not in reader.name else (SAME,)


def short(reader: Reader):
    """Leave the last cells of the last row out."""
    if max(map(len, reader.rows)) == 1 or reader.name == "s.gmt":
        return nothing(reader)
    cut = reader.rows[-1][:1]
    return lines([*reader.rows[:-1], cut]).encode(), (REFUSED,)


def long(reader: Reader):
    """Give the last row a cell too many."""
    rows = [*reader.rows[:-1], [*reader.rows[-1], "77"]]
    return lines(rows).encode(), EITHER


def unnamed(reader: Reader):
    """Take the first name of the last row away."""
    rows = [*reader.rows[:-1], ["", *reader.rows[-1][1:]]]
    return lines(rows).encode(), EITHER


def column_twice(reader: Reader):
    """Call the last column as the one before it."""
    if not reader.header or len(reader.rows[0]) < 3:
        return nothing(reader)
    rows = [[*reader.rows[0][:-1], reader.rows[0][-2]], *reader.rows[1:]]
    return lines(rows).encode(), (REFUSED,)


MUTATIONS: dict[str, Callable[[Reader], tuple[bytes, tuple[str, ...]]]] = {
    "sound": nothing,
    "gzip": whole(gzip.compress, *EITHER),
    "gzip in two parts": whole(lambda b: gzip.compress(b[:20]) + gzip.compress(b[20:]), *EITHER),
    "gzip and zero bytes behind it": whole(lambda b: gzip.compress(b) + bytes(512), *EITHER),
    "gzip and rubbish behind it": whole(lambda b: gzip.compress(b) + b"rubbish", REFUSED),
    "gzip cut": whole(lambda b: gzip.compress(b * 1)[:-12], REFUSED),
    "gzip cut in its header": whole(lambda b: gzip.compress(b)[:6], REFUSED),
    "byte-order mark": whole(lambda b: b"\xef\xbb\xbf" + b, SAME),
    "byte-order mark twice": whole(lambda b: b"\xef\xbb\xbf" * 2 + b, *EITHER),
    "Windows line ends": whole(lambda b: b.replace(b"\n", b"\r\n"), SAME),
    "old Mac line ends": whole(lambda b: b.replace(b"\n", b"\r"), *EITHER),
    "no line end at the end": whole(lambda b: b.removesuffix(b"\n"), SAME),
    "blank lines at the end": whole(lambda b: b + b"\n\n", SAME),
    "a blank line within": whole(lambda b: b.replace(b"\n", b"\n\n", 1), *EITHER),
    "tabs at line ends": each_line(lambda line: f"{line}\t", EITHER),
    "zero bytes": whole(lambda b: b[: len(b) // 2] + bytes(8) + b[len(b) // 2 :], REFUSED),
    "zero bytes at the end": whole(lambda b: b + bytes(64), REFUSED),
    "empty": whole(lambda b: b"", REFUSED),
    "blanks alone": whole(lambda b: b" \n\t\n\n", REFUSED),
    "UTF-16": lambda reader: (reader.text().encode("utf-16"), (REFUSED,)),
    "UTF-16 without its mark": lambda reader: (reader.text().encode("utf-16-le"), (REFUSED,)),
    "Latin-1": whole(lambda b: b[:-2] + b"\xc4" + b[-2:], REFUSED),
    "a workbook": whole(lambda b: b"PK\x03\x04\x14\x00" + b, REFUSED),
    "a web page": whole(lambda b: b"<!DOCTYPE html><html>\n<body>404</body>\n</html>\n", REFUSED),
    "bzip2": whole(lambda b: b"BZh91AY&SY" + bytes(20), REFUSED),
    "commas": separated(","),
    "semicolons": separated(";"),
    "blanks": separated(" "),
    "pipes": separated("|"),
    "quotation marks": quoted,
    "a quotation mark that isn't closed": whole(lambda b: b.replace(b"\n", b'\n"', 1), *EITHER),
    "blanks beside names": padded,
    "header alone": headed,
    "last row twice": twice,
    "last row cut": short,
    "last row longer": long,
    "a row without a name": unnamed,
    "a column's name twice": column_twice,
}  # fmt: skip


def outcome_here(reader: Reader, content: bytes, folder: Path) -> object:
    """Return what is read, or the refusal, which must be one line with file and remedy."""
    folder.mkdir()
    for name, text in reader.beside.items():
        (folder / name).write_text(text)
    path = folder / reader.name
    path.write_bytes(content)
    try:
        return reader.read(str(path))
    except UserError as error:
        said = str(error)
        problems = said.splitlines() if "sheet" in type(error).__name__.lower() else [said]
        for line in problems:
            assert line.startswith((str(path), str(folder), "samples.tsv, column")), line
            assert REMEDY.search(line.split(": ", 1)[-1]) and line.isprintable(), line
        return UserError(said)  # of this class, which passes between processes


def judge(found: object, right: object, outcomes: tuple[str, ...]) -> None:
    """Check that the outcome is one of those that are let pass."""
    if isinstance(found, UserError):
        assert REFUSED in outcomes, f"refused: {found}"
    else:
        assert SAME in outcomes, f"read: {found}"
        assert found == right


NUMBERS = (
    "-1",
    "nan",
    "NaN",
    "NA",
    "",
    "inf",
    "1e400",
    "1e30",
    "0.5",
    "abc",
    "TRUE",
    "0x10",
    "1,5",
    "1 000",
    "−1",
    "3-Mar",
)
SEEDS = range(25)


def contents_of(reader: Reader) -> dict[tuple[str, object], bytes]:
    """Return the contents of a reader's file by case: what went wrong, another number, random bytes."""
    cases = {("mutation", name): mutate(reader)[0] for name, mutate in MUTATIONS.items() if name not in reader.left_out}
    if reader.number is not None:
        row, column = reader.number
        for value in NUMBERS:
            rows = [list(cells) for cells in reader.rows]
            rows[row][column] = value
            cases["number", value] = lines(rows).encode()
    for seed in SEEDS:
        rng = random.Random(seed)
        content = bytearray(reader.text().encode())
        for _ in range(rng.randint(1, 3)):
            at = rng.randrange(len(content))
            content[at : at + rng.randint(0, 2)] = bytes(rng.randrange(256) for _ in range(rng.randint(0, 2)))
        cases["random bytes", seed] = bytes(content)
    return cases


@pytest.fixture(scope="module", params=READERS)
def reader(request) -> Reader:
    """Return each reader."""
    return READERS[request.param]


@pytest.fixture(scope="module")
def outcomes(reader, tmp_path_factory) -> dict[tuple[str, object], own_process.Ended]:
    """Return what came of each content, each in a folder of its own."""
    contents, folder = contents_of(reader), tmp_path_factory.mktemp("contents")
    cases = [
        partial(outcome_here, reader, content, folder / str(number)) for number, content in enumerate(contents.values())
    ]
    return dict(zip(contents, own_process.run_all(cases), strict=True))


@pytest.fixture(scope="module")
def right(outcomes) -> object:
    """Return what the sound file holds."""
    return outcomes["mutation", "sound"].get()


@pytest.mark.parametrize("mutation", MUTATIONS)
def test_a_file_that_went_wrong_is_read_right_or_refused(reader, outcomes, right, mutation):
    assert not isinstance(right, UserError), right
    if mutation in reader.left_out:
        return
    judge(outcomes["mutation", mutation].get(), right, MUTATIONS[mutation](reader)[1])


@pytest.mark.parametrize("value", NUMBERS)
def test_another_number_is_that_number_or_refused(reader, outcomes, right, value):
    """A negative weight is one; a negative count, or a word, is refused. Nothing becomes a third number."""
    if reader.number is None:
        return
    found = outcomes["number", value].get()
    if isinstance(found, UserError):
        return
    values = np.array([cell for cell in flat(found) if isinstance(cell, (int, float))], dtype=float)
    assert float(value) in values if values.size else found != right or 0 <= float(value) < np.inf


def flat(value: object) -> list:
    """Return all cells of nested lists."""
    return [cell for part in value for cell in flat(part)] if isinstance(value, (list, tuple)) else [value]


@pytest.mark.parametrize("seed", SEEDS)
def test_random_bytes_within_a_file_are_never_another_exception(outcomes, seed):
    """Up to three bytes replaced, taken out or put in; what is still read is judged by the reader alone."""
    outcomes["random bytes", seed].get()

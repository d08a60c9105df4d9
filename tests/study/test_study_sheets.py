"""Sheets that can be read, and what is said about those that can't."""

from __future__ import annotations

import re

import pytest

from scripts.base import job
from scripts.study.sheet import read_sheet

HEADER = "sample\tunit\tfq1\tfq2"
LANE = "S1\tL001\ta_R1.fastq.gz\ta_R2.fastq.gz"
SAMPLES = "sample\tmodel\ttimepoint\tarm\treplicate\tassay\tmatrix\tcolumn"
SAMPLE = "S1\tA\tuntreated\tuntreated\t1\tscrna\t\t"

# what is wrong: kind of sheet, its bytes, where the message says it is, and some of its words
BAD = {
    "no bytes": ("units", b"", "row 1", "header is missing"),
    "only blank lines": ("units", b"\n\n\n", "row 1", "header is missing"),
    "UTF-16": ("units", f"{HEADER}\n{LANE}\n".encode("utf-16"), "row 1", "UTF-16"),
    "binary": ("units", b"PK\x03\x04\0\0\0", "row 1", "not text"),
    "Latin-1": ("units", f"{HEADER}\n{LANE}\nS\xe9\tL1\tb\tc\n".encode("latin-1"), "row 3, cell 1", "not UTF-8"),
    "commas": ("units", HEADER.replace("\t", ",").encode(), "row 1", "not separated by tabs"),
    "semicolons": ("samples", SAMPLES.replace("\t", ";").encode(), "row 1", "not separated by tabs"),
    "blanks for tabs": ("units", HEADER.replace("\t", "  ").encode(), "row 1", "not separated by tabs"),
    "column missing": ("units", b"sample\tunit\tfq1\nS1\tL1\ta.fq\n", "row 1, column fq2", "is missing; add it"),
    "column twice": ("units", f"{HEADER}\tfq2\n{LANE}\tc.fq\n".encode(), "row 1, column fq2", "twice; remove one"),
    "column unnamed": ("units", b"sample\t\tunit\tfq1\tfq2\nS1\t\tL1\ta.fq\tb.fq\n", "row 1", "column 2 has no name"),
    "column unknown": ("units", f"{HEADER}\tlane\n{LANE}\t1\n".encode(), "row 1", "'lane' is not a column"),
    "column misspelt": (
        "samples",
        f"{SAMPLES}\tcollumn\n{SAMPLE}\tx\n".encode(),
        "row 1",
        "'collumn' is not a column of this sheet; did you mean 'column'?",
    ),
    "column in capitals": (
        "samples",
        f"{SAMPLES}\tModel\n{SAMPLE}\tA\n".encode(),
        "row 1",
        "'Model' is not a column of this sheet; did you mean 'model'?",
    ),
    "row too long": ("units", f"{HEADER}\n{LANE}\tmore\n".encode(), "row 2", "5 cells under 4 columns"),
    "row too short": (
        "units",
        f"{HEADER}\nS1\tL001\n".encode(),
        "row 2, column fq1",
        "the row ends before this column",
    ),
    "row after blank lines": ("units", f"{HEADER}\n\n\nS1\tL001\n".encode(), "row 4, column fq1", "the row ends"),
    "cell empty": ("units", f"{HEADER}\nS1\t\ta.fq\tb.fq\n".encode(), "row 2, column unit", "is empty; fill it in"),
    "NA where needed": ("units", f"{HEADER}\nNA\tL1\ta.fq\tb.fq\n".encode(), "row 2, column sample", "fill it in"),
    "nan where optional": (
        "samples",
        f"{SAMPLES}\nS1\tA\tuntreated\tuntreated\t1\tscrna\tnan\t\n".encode(),
        "row 2, column matrix",
        "'nan' is not allowed for a missing value; leave the cell empty",
    ),
    "quotation marks": (
        "units",
        f'{HEADER}\n"S1"\tL1\ta.fq\tb.fq\n'.encode(),
        "row 2, column sample",
        "has quotation marks; remove them",
    ),
    "invisible character": (
        "units",
        f"{HEADER}\nS​1\tL1\ta.fq\tb.fq\n".encode(),
        "row 2, column sample",
        "invisible character; remove it",
    ),
    "blank in a name": ("units", f"{HEADER}\nS 1\tL1\ta.fq\tb.fq\n".encode(), "row 2, column sample", "not a name of"),
    "dot in a name": ("units", f"{HEADER}\nS.1\tL1\ta.fq\tb.fq\n".encode(), "row 2, column sample", "not a name of"),
    "slash in a name": ("units", f"{HEADER}\nS/1\tL1\ta.fq\tb.fq\n".encode(), "row 2, column sample", "not a name of"),
    "dash before a name": (
        "units",
        f"{HEADER}\n-S\tL1\ta.fq\tb.fq\n".encode(),
        "row 2, column sample",
        "not a name of",
    ),
    "other letters": ("units", f"{HEADER}\nSé\tL1\ta.fq\tb.fq\n".encode(), "row 2, column sample", "not a name of"),
    "not a FASTQ": ("units", f"{HEADER}\nS1\tL1\ta.bam\tb.fq\n".encode(), "row 2, column fq1", "is not a FASTQ file"),
    "blank in a path": (
        "units",
        f"{HEADER}\nS1\tL1\ta.fq\tb c.fq\n".encode(),
        "row 2, column fq2",
        "is not a FASTQ file",
    ),
    "braces in a path": (
        "units",
        f"{HEADER}\nS1\tL1\t{{a}}.fq\tb.fq\n".encode(),
        "row 2, column fq1",
        "is not a FASTQ",
    ),
    "shell in a path": (
        "samples",
        f"{SAMPLES}\nS1\tA\tuntreated\tuntreated\t1\tscrna\ta;b.h5\t\n".encode(),
        "row 2, column matrix",
        "is not a path without blanks",
    ),
    "assay misspelt": (
        "samples",
        f"{SAMPLES}\nS1\tA\tuntreated\tuntreated\t1\tscRNA\t\t\n".encode(),
        "row 2, column assay",
        "'scRNA' is not scrna or profile; did you mean 'scrna'?",
    ),
}


@pytest.mark.parametrize(("kind", "content", "place", "words"), BAD.values(), ids=BAD.keys())
def test_mistake_is_named_with_row_and_column(tmp_path, kind, content, place, words):
    path = tmp_path / f"{kind}.tsv"
    path.write_bytes(content)
    with pytest.raises(job.UserError) as refused:
        read_sheet(path, kind)
    (message,) = str(refused.value).splitlines()
    assert message.startswith(f"{path}, {place}: ")
    assert words in message
    assert re.search(r"; \w", message)


@pytest.mark.parametrize("make", [lambda path: None, lambda path: path.mkdir()], ids=["absent", "a folder"])
def test_sheet_that_is_no_file(tmp_path, make):
    make(tmp_path / "units.tsv")
    with pytest.raises(job.UserError, match=r"units\.tsv: .*; correct units in the config$"):
        read_sheet(tmp_path / "units.tsv", "units")


@pytest.mark.parametrize(
    "content",
    [
        f"{HEADER}\n{LANE}\n",
        f"{HEADER}\n{LANE}",
        f"\ufeff{HEADER}\r\n{LANE}\r\n",
        f"{HEADER}\r{LANE}\r",
        f"{HEADER}\t\t\n{LANE}\t\t\n\t\t\t\n",
        " sample\tunit \tfq1\tfq2\n S1\tL001 \ta_R1.fastq.gz\ta_R2.fastq.gz\n\n",
        "unit\tfq2\tfq1\tsample\nL001\ta_R2.fastq.gz\ta_R1.fastq.gz\tS1\n",
    ],
    ids=["plain", "no last line end", "mark and CRLF", "CR", "blank cells", "blanks around", "other order"],
)
def test_what_programs_do_to_sheets_is_let_pass(tmp_path, content):
    (tmp_path / "units.tsv").write_bytes(content.encode())
    table = read_sheet(tmp_path / "units.tsv", "units")
    assert list(table.columns) == HEADER.split("\t")
    assert table.loc[2].tolist() == LANE.split("\t") and len(table) == 1


def test_rows_are_lines_of_the_file_and_cells_stay_text(tmp_path):
    rows = "S1\tA\tuntreated\tuntreated\t01\tscrna\n\n1e5\tTRUE\tuntreated\tuntreated\t2\tprofile\ta.tsv\t007"
    (tmp_path / "samples.tsv").write_text(f"{SAMPLES}\n{rows}\n")
    table = read_sheet(tmp_path / "samples.tsv", "samples")
    assert table.index.tolist() == [2, 4]
    assert table.at[2, "replicate"] == "01" and table.at[2, "matrix"] == "" and table.at[2, "column"] == ""
    assert table.loc[4, ["sample", "model", "column"]].tolist() == ["1e5", "TRUE", "007"]


def test_optional_columns_may_be_left_out(tmp_path):
    (tmp_path / "samples.tsv").write_text("\n".join(["\t".join(row.split("\t")[:6]) for row in (SAMPLES, SAMPLE)]))
    table = read_sheet(tmp_path / "samples.tsv", "samples")
    assert table.loc[2, ["matrix", "column"]].tolist() == ["", ""]


def test_each_bad_cell_has_its_own_line(tmp_path):
    (tmp_path / "units.tsv").write_text(f"{HEADER}\nS 1\tL1\ta.fq\tb.fq\nS2\t\ta.txt\tb.fq\n")
    with pytest.raises(job.UserError) as refused:
        read_sheet(tmp_path / "units.tsv", "units")
    assert [re.search(r"row \d, column \w+", line)[0] for line in str(refused.value).splitlines()] == [
        "row 2, column sample",
        "row 3, column unit",
        "row 3, column fq1",
    ]

"""The sheets of the study as tables of text, each row with its line in the file."""

from __future__ import annotations

import codecs
import re
from pathlib import Path

import pandas as pd

from scripts.base import job
from scripts.study.schema import read_schema, resolve, show, suggest, violations

MISSING = {"na", "n/a", "#n/a", "nan", "none", "null", "-", "."}
"""Placeholders that people and programs write for a missing value."""
LINE_END = re.compile(r"\r\n|\n|\r")
LIKENESS = 0.8
"""An unknown column at least this similar to a known one is taken for a typing error (timepiont) and refused."""
EXTRA = re.compile(r"[A-Za-z][A-Za-z0-9_.-]*")
"""Names that the user's own columns may have: files of cells and exports carry them."""
RESERVED = {
    "cell", "barcode", "cluster", "phase", "lineage", "leiden", "umap_1", "umap_2", "n_cells", "n_counts", "block",
    "used", "reason", "library_size", "norm_factor", "effective_size", "score", "left_out", "total_counts", "n_genes",
    "pct_counts_mt", "graft_fraction", "ambient_fraction", "doublet_score", "s_score", "g2m_score", "stress", "hypoxia",
    "malignant", "species_call", "filter_failed", "copy_number_score", "regulon", "gene", "activity", "sd", "index",
}  # fmt: skip
"""What the workflow itself writes about samples and cells: a user's column of such a name would be taken for it."""


class SheetError(job.UserError):
    """A sheet that can't be read; ``problems`` has a line each."""

    def __init__(self, problems: list[str]):
        super().__init__("\n".join(problems))
        self.problems = problems


def at(sheet: str | Path, row: int | None = None, column: str | None = None) -> str:
    """Return a place as messages name it: ``config/samples.tsv, row 3, column arm``. The header is row 1."""
    return f"{sheet}" + (f", row {row}" if row else "") + (f", column {column}" if column else "")


def read_text(path: Path, key: str) -> str:
    """Return the text of a sheet. Raises :class:`SheetError` if there is none."""
    try:
        raw = path.read_bytes()
    except OSError as error:
        why = "no such file" if isinstance(error, FileNotFoundError) else (error.strerror or "can't be read").lower()
        raise SheetError([f"{path}: {why}; correct {key} in the config"]) from error
    if raw[:2] in (b"\xff\xfe", b"\xfe\xff") or b"\0" in raw:
        raise SheetError([f"{at(path, 1)}: UTF-16 or not text; save it as tab-separated text in UTF-8"])
    raw = raw.removeprefix(codecs.BOM_UTF8)
    try:
        return raw.decode()
    except UnicodeDecodeError as error:
        lines = LINE_END.split(raw[: error.start].decode())
        cell, byte = lines[-1].count("\t") + 1, raw[error.start : error.start + 1]
        where = f"{at(path, len(lines))}, cell {cell}"
        raise SheetError([f"{where}: {byte!r} is not UTF-8; save the sheet in UTF-8"]) from error


def read_header(path: Path, line: str, schema: dict) -> list[str]:
    """Return the columns. Raises :class:`SheetError` if they are not those of the schema."""
    known, required = list(schema["properties"]), schema["required"]
    header = [cell.strip() for cell in line.split("\t")]
    while header and not header[-1]:
        header.pop()
    if len(header) < 2 and any(mark in line for mark in ",; "):
        raise SheetError([f"{at(path, 1)}: columns are not separated by tabs; save the sheet as tab-separated text"])
    problems, missing = [], [column for column in required if column not in header]
    for number, column in enumerate(header):
        if not column:
            problems.append(f"{at(path, 1)}: column {number + 1} has no name; name it or remove it")
        elif column in header[:number]:
            problems.append(f"{at(path, 1, column)}: the column occurs twice; remove one")
        elif column not in known and (problem := judge_extra(column, schema, missing)):
            problems.append(f"{at(path, 1)}: {problem}")
    for column in missing:
        problems.append(f"{at(path, 1, column)}: the column is missing; add it ({meaning(schema, column)})")
    if problems:
        raise SheetError(problems)
    return header


def judge_extra(column: str, schema: dict, missing: list[str]) -> str:
    """Return what is wrong with a column that the schema doesn't know; nothing if it may be one of the user's own.

    ``missing``: required columns that the sheet lacks: then a less similar name is taken for one of them.
    """
    known = list(schema["properties"])
    hint = suggest(column, missing) or suggest(column, known, LIKENESS)
    if not schema.get("extra"):
        hint = suggest(column, known)
        return f"{show(column)} is not a column of this sheet{hint}; rename or remove it"
    if hint:
        return f"{show(column)} is not a column of this sheet{hint}; rename it (your own column needs another name)"
    if not EXTRA.fullmatch(column):
        return f"{show(column)} as a column of your own is not a name of letters, digits, '_', '.' and '-'; rename it"
    if column.lower() in RESERVED:
        return f"{show(column)} is what the workflow itself writes about samples or cells; rename your own column"
    return ""


def read_row(line: str, header: list[str], required: list[str]) -> tuple[dict[str, str], list[tuple[str | None, str]]]:
    """Return a line as a row and, if it doesn't fit the header, (column, problem)s.

    Editors remove or add blank cells at the end: both are accepted where the columns may be empty.
    """
    cells = [cell.strip() for cell in line.split("\t")]
    while len(cells) > len(header) and not cells[-1]:
        cells.pop()
    if len(cells) > len(header):
        return {}, [(None, f"{len(cells)} cells under {len(header)} columns; remove a tab or a cell")]
    lost = [column for column in header[len(cells) :] if column in required]
    if lost:
        message = f"the row ends before this column ({len(cells)} cells for {len(header)} columns); add the cell"
        return {}, [(lost[0], message)]
    row = dict(zip(header, cells + [""] * (len(header) - len(cells)), strict=True))
    return row, [(column, judged) for column, value in row.items() if (judged := judge_text(value, column in required))]


def judge_text(value: str, required: bool) -> str:
    """Return why no cell of a sheet may hold a text, or nothing."""
    if required and not value:
        return "is empty; fill it in"
    if value.lower() in MISSING:
        return f"{value!r} is not allowed for a missing value; " + (
            "fill it in" if required else "leave the cell empty"
        )
    if '"' in value:
        return f"{show(value)} has quotation marks; remove them (save the sheet without text delimiters)"
    if not value.isprintable():
        return f"{show(value)} has an invisible character; remove it"
    return ""


def read_sheet(path: str | Path, kind: str) -> pd.DataFrame:
    """Return the sheet ``samples`` or ``units``: all columns as text, empty where there is nothing, indexed by row.

    Columns of the user's own, which the schema of samples allows (``extra``), stand last. A row's number is its line
    in the file. Byte-order mark, CRLF, blank lines and blanks around cells are accepted.
    Raises :class:`SheetError` with all that is wrong with single rows.
    """
    path, schema = Path(path), read_schema(kind)
    columns, required = list(schema["properties"]), schema["required"]
    lines = LINE_END.split(read_text(path, kind))
    if not lines[0].strip():
        raise SheetError([f"{at(path, 1)}: the header is missing; write {', '.join(columns)}, separated by tabs"])
    header = read_header(path, lines[0], schema)
    rows, problems = {}, []
    for number, line in enumerate(lines[1:], start=2):
        if not line.strip():
            continue
        row, wrong = read_row(line, header, required)
        judged = {column for column, _ in wrong}
        known = {column: value for column, value in row.items() if column in columns}
        for place, message in violations(known, schema) if row else []:
            if place[0] not in judged:
                wrong.append((place[0], f"{message} ({meaning(schema, place[0])})"))
        problems += [f"{at(path, number, column)}: {message}" for column, message in wrong]
        rows[number] = row
    if problems:
        raise SheetError(problems)
    table = pd.DataFrame.from_dict(rows, orient="index", columns=header, dtype=str)
    extra = [column for column in header if column not in columns]
    return table.reindex(columns=[*columns, *extra], fill_value="").rename_axis("row")


def meaning(schema: dict, column: str) -> str:
    """Return what a column holds."""
    return resolve(schema["properties"][column], schema)["description"]

"""One way to read names, for every file that a user gives: barcodes, features, factors, motif tables, networks, sets.

Byte-order marks, quotes around a name, blanks and invisible characters around it, and empty fields at the end of a line
are no part of a name. Of a file that isn't text, the kind is reported.
"""

from __future__ import annotations

import csv
import re
import unicodedata
import zlib
from collections.abc import Iterable, Iterator, Sequence
from gzip import BadGzipFile
from pathlib import Path

from scripts.base import job
from scripts.base.files import open_bytes

AS_TEXT = "save it as tab-separated text in UTF-8"
KINDS = (
    (b"PK\x03\x04", "an Excel workbook (.xlsx) or another zip archive", AS_TEXT),
    (b"\xd0\xcf\x11\xe0", "an Excel workbook (.xls)", AS_TEXT),
    (b"\xff\xfe", "text in UTF-16, as Excel's 'Unicode text' is", AS_TEXT),
    (b"\xfe\xff", "text in UTF-16, as Excel's 'Unicode text' is", AS_TEXT),
    (b"\x89HDF", "an HDF5 file", "name it .h5 or .h5ad where it is a matrix of cells; else " + AS_TEXT),
    (b"BZh", "compressed by bzip2", "decompress it, or compress it by gzip"),
    (b"\xfd7zXZ", "compressed by xz", "decompress it, or compress it by gzip"),
    (b"\x28\xb5\x2f\xfd", "compressed by zstd", "decompress it, or compress it by gzip"),
    (b"RDX", "an R data file", "write its table as tab-separated text in UTF-8"),
    (b"%PDF", "a PDF", AS_TEXT),
    (b"ARROW1", "an Arrow file", AS_TEXT),
    (b"PAR1", "a Parquet file", AS_TEXT),
)
"""First bytes of files of other kinds, their kind, and the remedy."""
PAGE = re.compile(rb"^\s*<(!doctype html|html|\?xml)", re.IGNORECASE)
INVISIBLE = dict.fromkeys(map(ord, "\ufeff\u200b\u200c\u200d\u2060\u00ad\u200e\u200f"))
"""Characters without a width, which are invisible in a name."""
QUOTES = "\"'"
LINE_END = re.compile(r"\r\n|\n|\r")
SUMMARY = re.compile(
    r"^(__\w+|no_feature|ambiguous|too_low_aQual|not_aligned|alignment_not_unique"
    r"|N_(unmapped|multimapping|noFeature|ambiguous)|\*|unmapped|unassigned(_\w+)?"
    r"|total|total_(counts|reads|umis)|library_size|(gSpikein[-_.])?ERCC[-_.]?\d{5}|SIRV\d+\w*|PhiX\w*)$",
    re.IGNORECASE,
)
"""Rows of a count table that are no genes: htseq-count's and STAR's summaries, totals, spike-ins (ERCC, SIRV, PhiX)."""
SEVERAL = re.compile(r"\S[ |;,]+\S")
"""Marks between columns, which names of genes and barcodes don't have."""
NUMBER = re.compile(r"^\d+(\.0+)?$")


IDENTIFIER = re.compile(r"(^|_)ENS[A-Z]*G\d{6,}")
TRANSCRIPT = re.compile(r"(^|_)(ENS[A-Z]*T\d{6,}|[NX][MR]_\d{6,}(\.\d+)?$)")
"""Names of transcripts: Ensembl's and RefSeq's."""
MOSTLY = 0.5
"""Names are of a kind if more than this share of them look like it."""


def are_identifiers(names: Sequence[str]) -> bool:
    """Return whether most of the names are Ensembl's of genes, with or without a genome's prefix."""
    return bool(names) and sum(bool(IDENTIFIER.search(name)) for name in names) > MOSTLY * len(names)


def refuse_transcripts(names: Sequence[str], where: str | Path) -> None:
    """Raise :class:`job.UserError` if most of the names are transcripts': their genes would be unknown to all steps."""
    found = [name for name in names if TRANSCRIPT.search(name)]
    if len(found) > MOSTLY * len(names):
        raise job.UserError(
            f"{where}: rows are transcripts, not genes ({', '.join(found[:2])}); sum them by gene, as tximport does"
        )


def kind_of(first: bytes) -> tuple[str, str] | None:
    """Return what a file that begins so is, and what to do, where it isn't text; nothing where it may be."""
    for magic, what, remedy in KINDS:
        if first.startswith(magic):
            return what, remedy
    return ("a web page", "download the file again") if PAGE.match(first) else None


def check_kind(path: str | Path, first: bytes, what: str = "") -> None:
    """Raise :class:`job.UserError` if a file, of which these are the first bytes, isn't text but should be ``what``."""
    if found := kind_of(first):
        raise job.UserError(f"{path}: not text in UTF-8 ({found[0]}); {f'give {what}: ' if what else ''}{found[1]}")


def read_text(path: str | Path, what: str) -> str:
    """Return the text of a plain or gzip file without a byte-order mark.

    ``what``: what the file should be, for messages. Raises :class:`job.UserError` if there is none, if it is of another
    kind, or if it is damaged.
    """
    try:
        with open_bytes(path) as handle:
            raw = handle.read()
    except (EOFError, BadGzipFile, zlib.error) as error:
        raise job.UserError(f"{path}: the gzip file is truncated or damaged ({error}); fetch it again") from error
    except OSError as error:
        why = "no such file" if isinstance(error, FileNotFoundError) else f"can't be read ({error.strerror})"
        raise job.UserError(f"{path}: {why}; correct the path, or give {what}") from error
    check_kind(path, raw[:64], what)
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        row, byte = raw.count(b"\n", 0, error.start) + 1, raw[error.start : error.start + 1]
        raise job.UserError(
            f"{path}: not text in UTF-8 ({error.reason} {byte!r} in row {row}); give {what}, saved in UTF-8"
        ) from error
    if (at := text.find("\0")) >= 0:
        row = text.count("\n", 0, at) + 1
        raise job.UserError(f"{path}: not text in UTF-8 (a zero byte in row {row}); give {what}, fetched again")
    return text


def clean(name: str) -> str:
    """Return a name without quotes around it, blanks and invisible characters; accents in their one-character form."""
    name = name.translate(INVISIBLE).strip()
    if len(name) > 1 and name[0] == name[-1] and name[0] in QUOTES:
        name = name[1:-1].replace(name[0] * 2, name[0]).strip()
    return name if name.isascii() else unicodedata.normalize("NFC", name)


def delimiter_of(line: str) -> str:
    """Return what separates the columns: a tab where there is one, else the more frequent of comma and semicolon."""
    return "\t" if "\t" in line else max(",;", key=line.count)


def split_line(line: str, delimiter: str) -> list[str]:
    """Return the clean fields of a line; a quotation mark that isn't closed in its line is taken as it stands."""
    if '"' in line and line.count('"') % 2 == 0 and len(line) < 100_000:
        fields = next(csv.reader([line], delimiter=delimiter), [])
    else:
        fields = line.split(delimiter)
    return [clean(field) for field in fields]


def delimiter_of_lines(lines: Sequence[str]) -> str | None:
    """Return what separates the columns of lines: a tab if any has one, a comma or semicolon if all have, a blank if
    quoted fields follow each other, as R writes them; nothing where there is one column.
    """
    if any("\t" in line for line in lines):
        return "\t"
    found = next((mark for mark in ",;" if lines and all(mark in line for line in lines)), None)
    if found is None and lines and all(line.startswith('"') and '" "' in line for line in lines[1:] or lines):
        return " "
    return found


def read_rows(path: str | Path, what: str) -> list[tuple[int, list[str]]]:
    """Return the line number and clean fields of each line that isn't blank; empty fields at its end are dropped.

    The delimiter is recognised from the lines. Raises :class:`job.UserError` as :func:`read_text` does.
    """
    lines = [
        (number, line)
        for number, line in enumerate(LINE_END.split(read_text(path, what)), start=1)
        if line.translate(INVISIBLE).strip()
    ]
    delimiter = delimiter_of_lines([line for _, line in lines])
    rows = []
    for number, line in lines:
        fields = split_line(line, delimiter) if delimiter else [clean(line)]
        while len(fields) > 1 and not fields[-1]:
            fields.pop()
        rows.append((number, fields))
    return rows


def read_records(
    path: str | Path, rows: Sequence[tuple[int, list[str]]], header: list[str]
) -> Iterator[tuple[int, dict[str, str]]]:
    """Yield the line number of each row below the first and its fields by name; fields that a row lacks are empty.

    ``rows``: as :func:`read_rows` gives them; ``header``: names of the columns. Raises :class:`job.UserError` for a row
    with more fields than the header.
    """
    for number, fields in rows[1:]:
        if len(fields) > len(header):
            raise job.UserError(
                f"{path}, row {number}: {len(fields)} columns, the header has {len(header)}; correct it"
            )
        yield number, dict(zip(header, [*fields, *[""] * (len(header) - len(fields))], strict=True))


def printable(text: str) -> str:
    """Return a text with what doesn't print escaped, for messages."""
    return "".join(mark if mark.isprintable() else ascii(mark)[1:-1] for mark in text)


def check_names(names: Sequence[str], path: str | Path, what: str) -> None:
    """Raise :class:`job.UserError` if a name has a character that doesn't print, or a quotation mark that isn't closed,
    or if most names are several columns that nothing separates.

    ``what``: what the names are of (gene, barcode).
    """
    for number, name in enumerate(names, start=1):
        if not name.isprintable() or name[:1] == '"':
            why = "a quotation mark that isn't closed" if name[:1] == '"' else "a character that doesn't print"
            raise job.UserError(f"{path}: {what} {number} ({printable(name)[:40]}) has {why}; correct it")
    several = [name for name in names if SEVERAL.search(name)]
    if len(several) > len(names) / 2:
        raise job.UserError(
            f"{path}: names such as {several[0][:60]!r} look like several columns; separate columns by tabs"
        )


def read_list(path: str | Path, what: str, headings: Iterable[str] = ()) -> list[str]:
    """Return the names of a list, one a line, each once: of several columns the first.

    Lines that begin with ``#`` are comments; a first line that is one of ``headings`` (lower case) is none of the
    names. Raises :class:`job.UserError` if there is no name, or if a row has several names.
    """
    rows = [(number, fields) for number, fields in read_rows(path, what) if not fields[0].startswith("#")]
    if rows and rows[0][1][0].lower() in headings:
        rows = rows[1:]
    if not rows:
        raise job.UserError(f"{path}: no name in the file; give {what}")
    if len(rows) == 1 and len(rows[0][1]) > 2:
        raise job.UserError(f"{path}, row {rows[0][0]}: {len(rows[0][1])} names in one row; give {what}")
    for number, fields in rows:
        if not fields[0]:
            raise job.UserError(f"{path}, row {number}: the first column is empty; give {what}")
    if more := sum(len(fields) > 1 for _, fields in rows):
        job.log.info("%s: %d of %d rows have more columns; the first is taken", path, more, len(rows))
    found = list(dict.fromkeys(fields[0] for _, fields in rows))
    check_names(found, path, "name")
    return found


def is_summary(name: str) -> bool:
    """Return whether a row of a count table is a summary, a total or a spike-in, and so no gene."""
    return bool(SUMMARY.match(name))


def are_numbers(names: Sequence[str]) -> bool:
    """Return whether most names are numbers, as Entrez identifiers and row numbers are."""
    return sum(bool(NUMBER.match(name)) for name in names) > len(names) / 2


def share_known(names: Iterable[str], known: Iterable[str]) -> tuple[float, list[str], list[str]]:
    """Return what two lists of names have in common, as a share of the shorter one, and names only either side has."""
    ours, theirs = set(names), set(known)
    common = len(ours & theirs)
    return common / max(min(len(ours), len(theirs)), 1), sorted(ours - theirs), sorted(theirs - ours)


MIN_SHARE = 0.1
"""Share of the shorter of two lists of genes that both must hold. Of the same kind of names it is far more (releases
differ by 5 to 15 %, a panel is held by a genome), of another kind or species nearly nothing.
"""


def check_shared(names: Iterable[str], known: Iterable[str], where: str, there: str) -> float:
    """Return the share of names in common; raise :class:`job.UserError` with examples of both if it is too little.

    ``where``: the file that the names are from; ``there``: what the known ones are from.
    """
    share, ours, theirs = share_known(names, known)
    if share < MIN_SHARE:
        raise job.UserError(
            f"{where}: has {share:.0%} of its genes in common with {there}, less than {MIN_SHARE:.0%}; it names genes "
            f"{', '.join(ours[:3]) or 'none'}, {there} {', '.join(theirs[:3]) or 'none'}: give gene symbols of "
            "the same species (not UniProt, Ensembl or Entrez identifiers)"
        )
    return share

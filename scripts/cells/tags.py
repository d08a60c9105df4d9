"""Read files that assign the cells of a pool to samples: tables of assignments, and counts of hashtags."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pandas as pd

from scripts.base import job, names
from scripts.cells.fates import TWO, UNASSIGNED
from scripts.counts.kinds import only_tags
from scripts.counts.matrices import TEXT_SUFFIXES, read_table

WANTED = (
    "a table of barcodes and tags (columns barcode and tag, or as vireo, demuxlet, souporcell or Cell Ranger write)"
)
MEANT = {
    **dict.fromkeys(("doublet", "doublets", "multiplet", "multiplets", "two tags", "dbl"), TWO),
    **dict.fromkeys(("", "unassigned", "negative", "ambiguous", "blank", "amb", "unknown", "na", "nan"), UNASSIGNED),
}
"""Terms of other tools, in lower case, for cells without a tag and with two tags."""
BARCODE = ("barcode", "barcodes", "cell", "cell_id", "cell_barcode")
TAG = ("tag", "donor_id", "assignment", "sample", "label", "donor", "hashtag", "hto", "hash.id", "classification")
"""Names of columns, in lower case; the first one in the table is used."""

SEQUENCES_WANTED = "a table of tags and their sequences (columns tag and sequence, or Cell Ranger's feature reference)"
NAMES, SEQUENCE = ("tag", "name", "id", "hashtag"), "sequence"
"""Columns of tag names, in lower case; the first one that contains the sheet's tags is used."""
SHORTEST = 9
"""Minimum length (bases) of a tag. Shorter tags occur in other reads by chance (kallisto's k is at most the length)."""


def core(barcode: str) -> str:
    """Return a barcode without the number of its GEM well, which some tools omit."""
    return re.sub(r"-\d+$", "", barcode)


def label_of(row: dict[str, str], tag: str) -> str:
    """Return the label of a row, or our term for no tag or two tags.

    The type of a barcode is in demuxlet's DROPLET.TYPE (BEST in older versions) and in souporcell's status.
    """
    if "droplet.type" in row:
        kind = row["droplet.type"].lower()
        return row[tag] if kind == "sng" else MEANT.get(kind, UNASSIGNED)
    if "sng.1st" in row and "best" in row:
        kind = row["best"].split("-")[0]
        return row["sng.1st"] if kind.upper() == "SNG" else MEANT.get(kind.lower(), UNASSIGNED)
    if "status" in row and row["status"].lower() != "singlet":
        return MEANT.get(row["status"].lower(), UNASSIGNED)
    return MEANT.get(row[tag].lower(), row[tag])


def read_assignments(path: str | Path) -> pd.Series:
    """Return the label of each barcode: a tag, unassigned or two tags.

    Raises :class:`job.UserError` if the table has another format, or duplicate barcodes.
    """
    rows = names.read_rows(path, WANTED)
    header = [name.lower() for name in rows[0][1]] if rows else []
    barcode = next((name for name in BARCODE if name in header), None)
    tag = next((name for name in ("sng.best.guess", "sng.1st", *TAG) if name in header), None)
    if barcode is None or tag is None:
        what = "barcodes" if barcode is None else "tags"
        raise job.UserError(f"{path}, row 1: no column of {what} ({', '.join(header[:6])}); give {WANTED}")
    labels: dict[str, str] = {}
    for number, row in names.read_records(path, rows, header):
        if not row[barcode]:
            raise job.UserError(f"{path}, row {number}, column {barcode}: is empty; give the barcode or remove the row")
        if row[barcode] in labels:
            raise job.UserError(f"{path}, row {number}, column {barcode}: {row[barcode]!r} occurs twice; keep one row")
        labels[row[barcode]] = label_of(row, tag)
    return pd.Series(labels, dtype=object)


def check_tags(path: str | Path, tags: dict[str, str], found: Iterable[str]) -> None:
    """Raise :class:`job.UserError` if a sample's tag (``tags``: tag → sample) isn't in a file."""
    found = list(dict.fromkeys(found))
    for tag, sample in tags.items():
        if tag not in found:
            told = ", ".join(found[:8]) + (" …" if len(found) > 8 else "")
            raise job.UserError(
                f"{path}: no tag {tag!r} of sample {sample} (it has {told or 'none'}); correct column tag of the "
                "samples sheet, or the file"
            )


def are_tags(features: Iterable[str], tags: dict[str, str]) -> list[bool]:
    """Return which features are hashtags: those of the sheet, and those whose names differ from these in numbers alone.

    Other features may be antibodies of the same experiment (CITE-seq), or sums such as *unmapped*: a cell has counts of
    many, so that they would all be taken for two tags.
    """
    stems = {re.sub(r"\d+", "#", tag) for tag in tags if re.search(r"\d", tag)}
    return [name in tags or (re.sub(r"\d+", "#", name) in stems and not names.is_summary(name)) for name in features]


def read_counts(path: str | Path, tags: dict[str, str]) -> pd.DataFrame:
    """Return counts of tags, barcodes × tags (:func:`are_tags`).

    A feature is named by its name, or by its identifier if the sheet uses that. Raises :class:`job.UserError`.
    """
    path = Path(path)
    plain = [suffix for suffix in path.suffixes if suffix != ".gz"]
    if path.is_file() and plain and plain[-1].lower() in TEXT_SUFFIXES:
        counts = read_text_counts(path, tags)
        return counts.loc[:, are_tags(counts.columns, tags)]
    table = read_table(path, only_tags)
    named = [
        one if one in tags or not name else name
        for one, name in zip(table.ids, table.symbols or table.ids, strict=True)
    ]
    check_tags(path, tags, named)
    kept = np.flatnonzero(are_tags(named, tags))
    own = table.matrix.tocsc()[:, kept].toarray()
    return pd.DataFrame(own, index=table.barcodes, columns=[named[number] for number in kept])


def read_text_counts(path: Path, tags: dict[str, str]) -> pd.DataFrame:
    """Return counts of tags of a text table, with either barcodes or tags in its first row."""
    rows = names.read_rows(path, "a table of barcodes × tags")
    width = max((len(fields) for _, fields in rows), default=0)
    header = rows[0][1] if rows else []
    header = header if len(header) == width else ["", *header]  # R omits the corner label
    for number, fields in rows[1:]:
        if len(fields) != width:
            raise job.UserError(f"{path}, row {number}: {len(fields)} columns, others have {width}; correct it")
    text = pd.DataFrame([f for _, f in rows[1:]], columns=header).set_index(header[0] if header else None)
    if not set(tags) & set(text.columns) and set(tags) & set(text.index):
        text = text.T
    check_tags(path, tags, text.columns)
    counts = text.apply(pd.to_numeric, errors="coerce")
    wrong = ~np.isfinite(counts.to_numpy(dtype=float)) | (counts.to_numpy(dtype=float) < 0)
    if wrong.any():
        row, column = np.argwhere(wrong)[0]
        place = f"barcode {text.index[row]}, tag {text.columns[column]}"
        raise job.UserError(f"{path}, {place}: {text.iloc[row, column]!r} is not a count; give unnormalised counts")
    twice = counts.index[counts.index.duplicated()]
    if len(twice):
        raise job.UserError(f"{path}: barcode {twice[0]!r} occurs twice; keep one row")
    return counts.astype(float)


def read_sequences(path: str | Path, tags: dict[str, str]) -> dict[str, str]:
    """Return the sequence of each tag; ``tags``: tag → sample, all of which are required.

    Raises :class:`job.UserError` if the table has another format or lacks a tag.
    """
    rows = names.read_rows(path, SEQUENCES_WANTED)
    header = [name.lower() for name in rows[0][1]] if rows else []
    columns = [name for name in NAMES if name in header]
    if not columns or SEQUENCE not in header:
        raise job.UserError(
            f"{path}, row 1: no column of tags or of sequences ({', '.join(header[:6])}); give {SEQUENCES_WANTED}"
        )
    records = list(names.read_records(path, rows, header))
    column = next((name for name in columns if set(tags) <= {row[name] for _, row in records}), columns[0])
    found: dict[str, str] = {}
    for number, row in records:
        name, sequence = row[column], row[SEQUENCE].upper()
        if not re.fullmatch(f"[ACGT]{{{SHORTEST},}}", sequence):
            raise job.UserError(
                f"{path}, row {number}, column sequence: {row[SEQUENCE]!r} is not a sequence of at least {SHORTEST} "
                "letters A, C, G and T; give the sequence of the tag alone, as in read 2"
            )
        if name in found or sequence in found.values():
            raise job.UserError(f"{path}, row {number}: tag {name!r} or its sequence occurs twice; keep one row")
        found[name] = sequence
    check_tags(path, tags, found)
    return found

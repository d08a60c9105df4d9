"""Libraries in a matrix, by the prefixes and suffixes of its barcodes, and selection of a sample's library."""

from __future__ import annotations

import re
from collections import Counter

import numpy as np

from scripts.base import job
from scripts.counts.table import Table

CORE = re.compile(r"^(?P<before>.*?)(?<![ACGTN])[ACGTN]{10,}(?![ACGTN])(?P<after>.*)$")
"""A droplet's barcode with its prefix and suffix: a sample's name, or the number of a GEM well."""
ANOTHER = re.compile(r"[ACGTN]{6,}")
"""A second barcode, as in combinatorial indexing, which isn't the name of a library."""
EVERY = "all"
"""Value in the samples sheet if a matrix of several libraries is one sample."""
WELL = re.compile(r"^…([-_.#]\d+)+$")
"""Number of a GEM well after the barcode, as written by Cell Ranger's aggr, Seurat and scanpy."""
MOST, NUMBERED = 0.1, 0.5
"""Maximum number of library names, or of wells, per barcode. If there are more, they have another meaning."""


def libraries_of(barcodes: list[str]) -> dict[str, int]:
    """Return the libraries named in barcodes (``prefix…suffix``) → number of barcodes; empty if there are none."""
    found: Counter[str] = Counter()
    for barcode in barcodes:
        match = CORE.match(barcode)
        if match is None or ANOTHER.search(match["before"]) or ANOTHER.search(match["after"]):
            return {}
        found[f"{match['before']}…{match['after']}"] += 1
    most = NUMBERED if all(WELL.match(name) for name in found) else MOST
    return dict(found) if len(found) <= max(most * len(barcodes), 3) else {}


def select_library(table: Table, wanted: str, path: str) -> Table:
    """Return the barcodes of a sample's library.

    ``wanted``: the prefix or suffix, ``all``, or nothing if the matrix has one library. Raises
    :class:`job.UserError` if it has several libraries and the sheet names none, or if no library has the name.
    """
    found = libraries_of(table.barcodes)
    said = ", ".join(f"{name} ({number} barcodes)" for name, number in list(found.items())[:4])
    if not wanted and len(found) > 1:
        raise job.UserError(
            f"{path}: barcodes of {len(found)} libraries: {said}; write in column barcodes of the samples sheet how "
            f"this sample's barcodes begin or end (such as {next(iter(found)).strip('…')}), or {EVERY}: all are one "
            "sample"
        )
    if wanted in ("", EVERY):
        if len(found) > 1:
            job.log.warning("%s: %d libraries are taken as one sample: %s", path, len(found), said)
        return table
    keep = [number for number, name in enumerate(table.barcodes) if name.startswith(wanted) or name.endswith(wanted)]
    if not keep:
        raise job.UserError(
            f"{path}: no barcode begins with or ends in {wanted!r} (they have the form of "
            f"{', '.join(table.barcodes[:2])}); correct column barcodes of the samples sheet"
        )
    job.log.info("%s: %d of %d barcodes are of %s", path, len(keep), len(table.barcodes), wanted)
    matrix = table.matrix[np.array(keep)]
    barcodes = [table.barcodes[number] for number in keep]
    return Table(matrix, barcodes, table.ids, table.symbols, table.format, table.genes_are)

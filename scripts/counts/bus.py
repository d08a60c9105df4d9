"""bustools' binary format and kallisto's equivalence classes, read with numpy.

A BUS file (Melsted, Ntranos & Pachter 2019) is a header and records of 32 bytes: barcode, UMI (two bits per base),
equivalence class, number of reads. Files may be larger than memory, so records are memory-mapped and read in pieces.
All records of a barcode are in one piece.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path

import numpy as np

RECORD = np.dtype(
    [
        ("barcode", "<u8"),
        ("umi", "<u8"),
        ("ec", "<i4"),
        ("count", "<u4"),
        ("flags", "<u4"),
        ("pad", "<u4"),
    ]
)
MAGIC = b"BUS\0"
NO_GENE = -1
PIECE = 8_000_000
"""Records per piece (256 MB)."""


def map_records(path: str | Path) -> np.ndarray:
    """Return the records of a BUS file as a read-only memory map. Raises ValueError for other or truncated files."""
    with open(path, "rb") as handle:
        head = handle.read(20)
    if len(head) < 20 or head[:4] != MAGIC:
        raise ValueError(f"{path}: not a BUS file")
    _, _, _, text_length = struct.unpack("<4I", head[4:])
    offset = 20 + text_length
    size = Path(path).stat().st_size - offset
    if size < 0 or size % RECORD.itemsize:
        raise ValueError(f"{path}: truncated within a record")
    if size == 0:
        return np.empty(0, RECORD)
    return np.memmap(path, RECORD, "r", offset)


def pieces(records: np.ndarray, size: int = PIECE) -> Iterator[np.ndarray]:
    """Yield consecutive pieces of about ``size`` records of a sorted BUS file; all records of a barcode are in one
    piece.
    """
    start = 0
    while start < len(records):
        end = min(start + size, len(records))
        if end < len(records):
            last = records["barcode"][end - 1]
            end += int(np.searchsorted(records["barcode"][end:], last, side="right"))
        yield records[start:end]
        start = end


def read_classes(path: str | Path) -> list[np.ndarray]:
    """Return the transcript numbers of each equivalence class, by class number, from kallisto's matrix.ec."""
    classes: list[np.ndarray] = []
    with open(path) as lines:
        for number, line in enumerate(lines):
            name, members = line.rstrip("\n").split("\t")
            if int(name) != number:
                raise ValueError(f"{path}, line {number + 1}: class {name} is out of order")
            classes.append(np.array(members.split(","), dtype=np.int64))
    return classes


def annotate_classes(
    classes: list[np.ndarray], gene_of: np.ndarray, host_gene: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return per class its gene (or NO_GENE if it has several) and its species (0 graft, 1 host, 2 both).

    ``gene_of`` gives each transcript's gene number, ``host_gene`` whether a gene is of the host.
    """
    gene = np.full(len(classes), NO_GENE, np.int32)
    species = np.zeros(len(classes), np.int8)
    for number, members in enumerate(classes):
        genes = np.unique(gene_of[members])
        if len(genes) == 1:
            gene[number] = genes[0]
        host = host_gene[genes]
        species[number] = 1 if host.all() else 2 if host.any() else 0
    return gene, species

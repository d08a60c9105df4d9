"""bustools' files."""

from __future__ import annotations

import struct

import numpy as np
import pytest

from scripts.counts import audit_bus, bus


def write_bus(path, rows, text=b"BUS file"):
    """Write records of (barcode, UMI, class, reads)."""
    records = np.zeros(len(rows), bus.RECORD)
    for number, row in enumerate(rows):
        records[number] = (*row, 0, 0)
    path.write_bytes(bus.MAGIC + struct.pack("<4I", 1, 16, 12, len(text)) + text + records.tobytes())
    return path


ROWS = [(b, u, e, c) for b in (1, 2, 3) for u, e, c in ((5, 0, 1), (6, 1, 4), (6, 2, 2))]


def test_records_are_mapped(tmp_path):
    """Header text of any length is skipped."""
    records = bus.map_records(write_bus(tmp_path / "a.bus", ROWS, b"x" * 29))
    assert [tuple(r)[:4] for r in records] == ROWS
    assert len(bus.map_records(write_bus(tmp_path / "b.bus", []))) == 0


def test_what_is_no_bus_file_is_refused(tmp_path):
    """Another format; a record cut short."""
    (tmp_path / "x").write_bytes(b"BAM\1" + bytes(40))
    with pytest.raises(ValueError, match="not a BUS file"):
        bus.map_records(tmp_path / "x")
    path = write_bus(tmp_path / "a.bus", ROWS)
    path.write_bytes(path.read_bytes()[:-5])
    with pytest.raises(ValueError, match="truncated within a record"):
        bus.map_records(path)


@pytest.mark.parametrize("size", [1, 2, 3, 4, 100])
def test_pieces_never_split_a_barcode(tmp_path, size):
    """Whatever the size of a piece."""
    pieces = list(bus.pieces(bus.map_records(write_bus(tmp_path / "a.bus", ROWS)), size))
    assert np.concatenate(pieces).tolist() == [(*row, 0, 0) for row in ROWS]
    barcodes = [set(piece["barcode"].tolist()) for piece in pieces]
    assert sum(map(len, barcodes)) == len(set.union(*barcodes)) == 3


def test_classes_get_gene_and_species(tmp_path):
    """Two transcripts of a gene are one gene; two genes are none; two species are both."""
    (tmp_path / "ec").write_text("0\t0\n1\t0,1\n2\t1,2\n3\t2,3\n4\t3\n")
    classes = bus.read_classes(tmp_path / "ec")
    gene, species = bus.annotate_classes(classes, np.array([0, 0, 1, 2]), np.array([False, False, True]))
    assert gene.tolist() == [0, 0, bus.NO_GENE, bus.NO_GENE, 2]
    assert species.tolist() == [0, 0, 0, 2, 1]
    (tmp_path / "ec").write_text("1\t0\n")
    with pytest.raises(ValueError, match="class 1 is out of order"):
        bus.read_classes(tmp_path / "ec")


def test_reads_are_added_up_while_molecules_pass(tmp_path):
    """Class 0 is graft gene 0, class 1 host gene 1, class 2 several genes of both: its reads are valid, but no
    molecule.
    """
    records = bus.map_records(write_bus(tmp_path / "a.bus", ROWS))
    counter = audit_bus.BusCounter(records, np.array([0, 1, bus.NO_GENE], np.int32), np.array([0, 1, 2], np.int8))
    molecules = list(counter.molecules())
    assert (counter.valid, counter.unique, counter.per_species.tolist()) == (21, 15, [3, 12, 6])
    assert sum(len(m.reads) for m in molecules) == 6 and sum(int(m.reads.sum()) for m in molecules) == 15

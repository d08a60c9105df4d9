"""The BAM's audit on alignments written by hand."""

from __future__ import annotations

import json

import anndata
import numpy as np
import pandas as pd
import pysam
import pytest
from scipy import sparse

from scripts.counts import audit, audit_bam

CONTIGS = ["H_1", "M_1"]
CELL = "ACGTACGTACGTACGT"
OTHER = "TTTTACGTACGTACGT"
# name, contig, flag, NH, CB, UB, GX
ALIGNMENTS = [
    ("a", "H_1", 0, 1, CELL, "AAAAAAAAAAAA", "H_G1"),
    ("b", "H_1", 0, 1, CELL, "AAAAAAAAAAAA", "H_G1"),
    ("c", "H_1", 16, 1, CELL, "CCCCCCCCCCCC", "H_G1"),
    ("d", "H_1", 0, 1, CELL, "CCCCCCCCCCCC", "-"),
    ("e", "H_1", 0, 1, "-", "-", "H_G1"),
    ("f", "M_1", 0, 1, OTHER, "GGGGGGGGGGGG", "M_G2"),
    ("g", "H_1", 0, 2, CELL, "GGGGGGGGGGGG", "-"),
    ("g", "M_1", 256, 2, CELL, "GGGGGGGGGGGG", "M_G2"),
    ("h", "H_1", 256, 2, OTHER, "TTTTTTTTTTTT", "H_G1"),
    ("h", "M_1", 0, 2, OTHER, "TTTTTTTTTTTT", "M_G2"),
    ("i", "M_1", 0, 2, OTHER, "ACACACACACAC", "M_G2"),
    ("i", "M_1", 256, 2, OTHER, "ACACACACACAC", "M_G2"),
    ("j", "M_1", 0, 2, OTHER, "-", "M_G2"),
    ("j", "M_1", 256, 2, OTHER, "-", "-"),
]


@pytest.fixture
def bam(tmp_path):
    """Return a coordinate-sorted BAM of the alignments, and one unmapped read."""
    header = pysam.AlignmentHeader.from_dict({"HD": {"VN": "1.6"}, "SQ": [{"SN": c, "LN": 1000} for c in CONTIGS]})
    path = str(tmp_path / "a.bam")
    with pysam.AlignmentFile(path, "wb", header=header) as out:
        for contig in CONTIGS:
            for name, where, flag, places, barcode, umi, gene in ALIGNMENTS:
                if where != contig:
                    continue
                read = pysam.AlignedSegment(header)
                read.query_name, read.flag, read.reference_id, read.reference_start = (
                    name,
                    flag,
                    CONTIGS.index(contig),
                    10,
                )
                read.query_sequence, read.cigartuples, read.mapping_quality = "ACGTACGTAC", [(0, 10)], 3
                read.set_tags([("NH", places), ("CB", barcode), ("UB", umi), ("GX", gene)])
                out.write(read)
        read = pysam.AlignedSegment(header)
        read.query_name, read.flag, read.query_sequence = "z", 4, "ACGT"
        out.write(read)
    return path


def test_reads_are_told_apart(tmp_path, make_job, bam):
    """Nine mapped, eight with a barcode; one of both species; a read's gene may lie at its secondary place; two genes
    are none.
    """
    genes = pd.DataFrame({"symbol": ["G1", "G2"], "species": ["graft", "host"]}, index=["H_G1", "M_G2"])
    counts = sparse.csr_matrix(np.array([[20, 10], [0, 2]], dtype=np.int32))
    anndata.AnnData(counts, obs=pd.DataFrame(index=[CELL, OTHER]), var=genes).write_h5ad(tmp_path / "c.h5ad")
    (tmp_path / "chemistry.json").write_text(json.dumps({"umi_length": 12}))
    library = {"kit": "10x GEM-X 5' v3", "strand": "reverse", "introns": True, "short_read1": 3}
    (tmp_path / "library.json").write_text(json.dumps(library))
    (tmp_path / "info").write_text("    Number of input reads |\t40\n")
    job = make_job(
        input={
            "counts": tmp_path / "c.h5ad",
            "bam": bam,
            "info": tmp_path / "info",
            "chemistry": tmp_path / "chemistry.json",
            "library": tmp_path / "library.json",
        },
        output={"audit": tmp_path / "a.json", "saturation": tmp_path / "s.tsv"},
        params={"prefixes": {"graft": "H_", "host": "M_"}, "expected_cells": 1},
        wildcards={"sample": "S"},
    )
    audit_bam.main(job)
    report = json.loads((tmp_path / "a.json").read_text())
    assert (report["reads"], report["reads_mapped"], report["reads_valid_barcode"]) == (40, 10, 9)
    assert [report[key] for key in ("kit", "strand", "introns", "reads_short_read1")] == list(library.values())
    assert (report["reads_unique"], report["reads_multi"]) == (5, 4)
    assert report["reads_per_species"] == {"graft": 4, "host": 3, "both": 2}
    # a+b, c, f, g (its gene lies at the other place), i; not d (no gene), e (no barcode), h (two genes), j (no UMI).
    assert report["reads_in_genes"] == 6
    assert report["sequencing_saturation"] == pytest.approx(1 - 5 / 6, abs=1e-6)
    assert report["umis_per_species"] == {"graft": 20, "host": 12}
    # The first barcode is a cell, with 30 UMIs against 2; of its reads a, b, c, g are in genes.
    assert report["reads_in_cells_fraction"] == pytest.approx(4 / 6, abs=1e-6)
    assert set(report) == set(audit.of_matrix("S", {"graft": 0, "host": 0}, 0))


def test_packing_in_between_changes_nothing(bam, monkeypatch):
    """Molecules and reads are the same however often the buffer is emptied."""
    results = []
    for size in (1, 3, 1000):
        monkeypatch.setattr(audit_bam, "BUFFER", size)
        counter = audit_bam.BamCounter(pd.Index(["H_G1", "M_G2"]), 12)
        counter.read(bam, {"graft": "H_", "host": "M_"}, 1)
        parts = list(counter.molecules())
        rows = [row for part in parts for row in zip(part.barcode, part.umi, part.gene, part.reads, strict=True)]
        results.append((counter.valid, counter.per_species.tolist(), sorted(tuple(map(int, row)) for row in rows)))
    assert results[0] == results[1] == results[2]


def test_a_contig_of_neither_species_is_refused():
    """The index would be of other genomes than the config's."""
    with pytest.raises(ValueError, match="contig chr1 has neither prefix H_ nor M_"):
        audit_bam.contig_species("chr1", {"graft": "H_", "host": "M_"})
    with pytest.raises(ValueError, match="no number of input reads"):
        audit_bam.input_reads("Started job on")

"""Identify libraries of unsupported kits by the sequences of their design."""

from __future__ import annotations

import re
from collections.abc import Sequence
from statistics import median
from typing import NamedTuple

MATRIX = "and name the matrix (column matrix of the samples sheet)"
LEAST = 0.3
"""Minimum share of reads with a design's sequence. By chance, one read in 10 million has 12 given bases at a given
position."""


class Design(NamedTuple):
    """A kit, the read (1 or 2) with a constant sequence, that sequence, and advice on how to count it."""

    kit: str
    mate: int
    pattern: re.Pattern
    counter: str


DESIGNS = (
    Design(
        "10x Flex (probes)", 2, re.compile(r"^.{48,52}(?:ACGCGGTTAGCACGTA|CCCATATAAGAAA)"),
        "count it with `cellranger multi` and its probe set",
    ),
    Design(
        "Parse / SPLiT-seq", 2, re.compile("ATCCACGTGCTTGAGAGGCCAGAGCATTCG|GTGGCCGATGTTTCGCATCGGCGTACGACT"),
        "count it with Parse's pipeline or `kb count -x SPLIT-SEQ`",
    ),
    Design(
        "BD Rhapsody", 1, re.compile("^.{8,12}(?:ACTGGCCTGCGA|GTGA.{9}GACA)"),
        "count it with BD's pipeline or `kb count -x BDWTA`",
    ),
    Design(
        "inDrops v1 / v2", 1, re.compile("^.{8,11}GAGTGATTGCTTGTGACGCCTT"), "count it with `kb count -x INDROPSV2`"
    ),
    Design(
        "SureCell / ddSEQ", 1, re.compile("TAGCCATCGCATTGC.{6}TACCTCTGAGCTGAA"), "count it with `kb count -x SURECELL`"
    ),
    Design("Smart-seq3", 1, re.compile("^ATTGCGCAATG"), "count it with zUMIs or `kb count -x SMARTSEQ3`"),
)  # fmt: skip
"""Linkers from the kits' user guides and papers: Flex's constant sequence after 50 bases of probe, SPLiT-seq (Rosenberg
2018), inDrops' W1 (Klein 2015), Smart-seq3's tag (Hagemann-Jensen 2020)."""
LENGTHS = (
    (1, 14, 14, "10x 3' v1 (barcodes of 14 bp)", "count it with Cell Ranger 2 or `kb count -x 10XV1`"),
    (1, 20, 21, "Drop-seq or Seq-Well (barcode 12, UMI 8)", "count it with `kb count -x DROPSEQ`"),
    (
        2,
        16,
        16,
        "10x ATAC (the read of 16 bp is its barcode)",
        "this workflow does not count ATAC reads: give the library of RNA",
    ),
    (2, 24, 24, "10x Multiome ATAC (the read of 24 bp holds its barcode)", "give the library of RNA (GEX)"),
)
"""Mate, minimum and maximum median length (bp) of a kit's reads, kit, remedy."""


def name_design(reads1: Sequence[str], reads2: Sequence[str]) -> str:
    """Return the kit whose sequence is in at least ``LEAST`` of the reads, with advice, or nothing."""
    for design in DESIGNS:
        reads = reads1 if design.mate == 1 else reads2
        if sum(design.pattern.search(read) is not None for read in reads) >= LEAST * len(reads):
            return f"these are reads of {design.kit}, which this workflow does not count; {design.counter} {MATRIX}"
    return ""


def name_by_length(reads1: Sequence[str], reads2: Sequence[str], spatial: float) -> str:
    """Return the kit of reads whose barcodes are on no known list, by read length, or nothing.

    ``spatial``: share of the barcodes on Visium's list.
    """
    if spatial >= LEAST:
        return f"these are reads of 10x Visium, which aren't of single cells; count them with Space Ranger {MATRIX}"
    lengths = {mate: median(map(len, reads)) for mate, reads in ((1, reads1), (2, reads2))}
    for mate, least, most, kit, remedy in LENGTHS:
        if least <= lengths[mate] <= most:
            ends = f" {MATRIX}" if remedy.startswith("count") else ""
            return (
                f"read {mate} has {lengths[mate]:g} bp, as of {kit}, which this workflow does not count; {remedy}{ends}"
            )
    return ""

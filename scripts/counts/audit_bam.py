"""Audit a STARsolo BAM with pysam: classes of reads, by species, and saturation of the library."""

import hashlib
import json
import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pysam

from scripts.base import job
from scripts.counts import audit, contract
from scripts.counts.bus import NO_GENE
from scripts.references.barcodes import pack
from scripts.references.chemistries import BARCODE_LENGTH
from scripts.references.join_genomes import species_of

NONE = "-"
"""STAR's entry for a tag without a value."""
BUFFER = 2_000_000
"""Number of alignments buffered as text before conversion to numbers."""
BUCKETS = 16
"""Number of parts, by barcode, in which molecules are merged at the end."""


ALIGNMENT = np.dtype(
    [
        ("name", "S8"),
        ("barcode", "u4"),
        ("umi", "u4"),
        ("gene", "i4"),
        ("species", "i1"),
        ("primary", "?"),
    ]
)
"""One of several alignments of a read; ``name`` is a hash, ``gene`` is NO_GENE for an alignment in none, or of a read
without a UMI.
"""


class BamCounter:
    """Reads a BAM once. Species are numbered 0 graft, 1 host, 2 both, as in :mod:`scripts.counts.bus`."""

    def __init__(self, gene_ids: pd.Index, umi_length: int) -> None:
        self.gene_number = {gene: number for number, gene in enumerate(gene_ids)}
        self.umi_length = umi_length
        self.mapped = self.valid = self.unique = self.multi = 0
        self.per_species = np.zeros(3, np.int64)
        self._one_place: list[tuple] = []
        self._several: list[tuple] = []
        self._alignments: list[np.ndarray] = []
        self._buckets: list[list[audit.Molecules]] = [[] for _ in range(BUCKETS)]

    def read(self, path: str, prefixes: dict[str, str], threads: int) -> None:
        """Count every alignment of the file. Raises ValueError for a contig of neither species."""
        with pysam.AlignmentFile(path, "rb", threads=threads) as bam:
            species = [contig_species(contig, prefixes) for contig in bam.references]
            for read in bam.fetch(until_eof=True):
                if read.is_unmapped:
                    continue
                tags = dict(read.get_tags())
                primary = not (read.is_secondary or read.is_supplementary)
                self.mapped += primary
                barcode, umi = tags.get("CB", NONE), tags.get("UB", NONE)
                if barcode == NONE:
                    continue
                gene = NO_GENE if umi == NONE else self.gene_number.get(tags.get("GX", NONE), NO_GENE)
                self.valid += primary
                if tags["NH"] == 1:
                    self.unique += 1
                    self.per_species[species[read.reference_id]] += 1
                    if gene != NO_GENE:
                        self._one_place.append((barcode, umi, gene))
                else:
                    self.multi += primary
                    name = hashlib.blake2b(read.query_name.encode(), digest_size=8).digest()
                    self._several.append((name, barcode, umi, gene, species[read.reference_id], primary))
                if len(self._one_place) + len(self._several) >= BUFFER:
                    self._pack()
        self._pack()
        self._resolve_several()

    def _pack(self) -> None:
        """Convert the buffered text to numbers."""
        if self._one_place:
            barcode, umi, gene = zip(*self._one_place, strict=True)
            self._one_place.clear()
            self._add(
                self._numbers(barcode),
                self._numbers(umi, self.umi_length),
                np.array(gene, np.int32),
                np.ones(len(gene), np.int32),
            )
        if self._several:
            name, barcode, umi, gene, species, primary = zip(*self._several, strict=True)
            self._several.clear()
            packed = np.empty(len(name), ALIGNMENT)
            packed["name"], packed["gene"], packed["species"], packed["primary"] = name, gene, species, primary
            packed["barcode"], packed["umi"] = self._numbers(barcode), self._numbers(umi, self.umi_length)
            self._alignments.append(packed)

    @staticmethod
    def _numbers(text: tuple[str, ...], length: int = BARCODE_LENGTH) -> np.ndarray:
        return pack(np.array(text, dtype=f"S{length}"), length)[0]

    def _add(self, barcode: np.ndarray, umi: np.ndarray, gene: np.ndarray, reads: np.ndarray) -> None:
        """Merge records into molecules and add these to their buckets."""
        merged = audit.merge(barcode, umi, gene, reads)
        bucket = merged.barcode >> np.uint32(28)
        for number in np.flatnonzero(np.bincount(bucket, minlength=BUCKETS)):
            at = bucket == number
            part = audit.Molecules(
                merged.barcode[at], merged.umi[at], merged.gene[at], merged.reads[at].astype(np.int32)
            )
            self._buckets[number].append(part)

    def _resolve_several(self) -> None:
        """Assign a species to each read with several alignments and, if only one alignment is in a gene, that gene (as
        STAR does).
        """
        if not self._alignments:
            return
        alignments = np.concatenate(self._alignments)
        self._alignments.clear()
        alignments = alignments[np.argsort(alignments["name"], kind="stable")]
        first = np.flatnonzero(np.r_[True, alignments["name"][1:] != alignments["name"][:-1]])
        reads = np.add.reduceat(alignments["primary"].astype(np.int32), first)
        host = np.maximum.reduceat(alignments["species"], first)
        graft = np.minimum.reduceat(alignments["species"], first)
        species = np.where(host == graft, host, 2)
        self.per_species += np.bincount(species, weights=reads, minlength=3).astype(np.int64)
        gene = alignments["gene"]
        highest = np.maximum.reduceat(gene, first)
        lowest = np.minimum.reduceat(np.where(gene == NO_GENE, np.iinfo(np.int32).max, gene), first)
        one = (highest != NO_GENE) & (highest == lowest) & (reads > 0)
        of_read = alignments[first[one]]
        self._add(of_read["barcode"], of_read["umi"], highest[one], reads[one])

    def molecules(self) -> Iterator[audit.Molecules]:
        """Yield the molecules of reads with one gene, by complete barcodes, after :meth:`read`."""
        for parts in self._buckets:
            if parts:
                fields = (
                    np.concatenate([getattr(part, name) for part in parts])
                    for name in ("barcode", "umi", "gene", "reads")
                )
                yield audit.merge(*fields)


def contig_species(contig: str, prefixes: dict[str, str]) -> int:
    """Return 0 for a contig of the graft, 1 for the host's."""
    species = species_of(contig, prefixes)
    if species is None:
        raise ValueError(f"contig {contig} has neither prefix {' nor '.join(prefixes.values())}")
    return contract.SPECIES.index(species)


def input_reads(log_final: str) -> int:
    """Return the number of STAR's input read pairs, from Log.final.out."""
    found = re.search(r"Number of input reads \|\s*(\d+)", log_final)
    if found is None:
        raise ValueError("Log.final.out has no number of input reads")
    return int(found.group(1))


def main(snakemake) -> None:
    """Write the audit and the saturation curve."""
    matrix = contract.read(snakemake.input.counts)
    chemistry = json.loads(Path(snakemake.input.chemistry).read_text())
    prefixes = {species: prefix for species, prefix in snakemake.params.prefixes.items() if prefix}
    cells = audit.cell_rows(matrix.totals, snakemake.params.expected_cells)
    counter = BamCounter(matrix.gene_ids, chemistry["umi_length"])
    counter.read(snakemake.input.bam, prefixes, snakemake.threads)
    curve, reads_in_cells = audit.trace_saturation(counter.molecules(), np.sort(pack(matrix.barcodes[cells])[0]))
    graft, host, both = counter.per_species.tolist()
    report = audit.compose(
        sample=snakemake.wildcards.sample,
        aligner="starsolo",
        reads=input_reads(Path(snakemake.input.info).read_text()),
        mapped=counter.mapped,
        mapped_to="genome",
        valid=counter.valid,
        unique=counter.unique,
        multi=counter.multi,
        reads_per_species={"graft": graft, "host": host, "both": both},
        umis_per_species=matrix.umis_per_species,
        barcodes=len(matrix.barcodes),
        curve=curve,
        cells=len(cells),
        reads_in_cells=reads_in_cells,
        library=json.loads(Path(snakemake.input.library).read_text()),
    )
    audit.write(report, curve, snakemake.output.audit, snakemake.output.saturation)
    job.log.info("%s", report)
    if curve.empty:
        job.log.warning("no read with a valid barcode and one gene: the saturation curve is empty")


if __name__ == "__main__":
    job.run(main, snakemake)

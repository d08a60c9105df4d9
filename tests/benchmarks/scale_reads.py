"""Read pairs of a library of full size from the genomes of :mod:`scale_genomes`, and what counting should find."""

from __future__ import annotations

import gzip
import multiprocessing
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scale_genomes import BASES, COMPLEMENT, SPECIES, TAIL, Genome

from scripts.demo.simulate_lane import BARCODE, ERROR, FRAGMENT, READ_LENGTH, UMI, fastq
from scripts.references.barcodes import pack, unpack
from scripts.references.chemistries import CHEMISTRIES
from scripts.references.provide_whitelist import whitelist_file

AT_ONCE = 500_000
"""Reads made at a time."""
IN_CELLS, HOST_CELLS, TYPES = 0.85, 0.25, 3
"""Share of molecules in cells, the rest being ambient; share of cells of the host; cell types of each species."""
INTRONIC, INTERGENIC = 0.15, 0.05
"""Share of reads from unspliced transcripts, and from anywhere in the genome."""
MITOCHONDRIAL_SHARE = 0.06
MOLECULES_PER_READ = 0.6
"""Molecules in the library, per read at its full depth: about half of the reads are then duplicates."""


@dataclass
class Library:
    """Molecules of a library: barcode (packed), UMI, species, transcript and number of the droplet of each."""

    barcodes: np.ndarray
    droplet: np.ndarray
    umi: np.ndarray
    species: np.ndarray
    transcript: np.ndarray
    is_cell: np.ndarray


def draw_library(genomes: dict[str, Genome], molecules: int, cells: int, droplets: int, seed: int) -> Library:
    """Return the molecules of ``cells`` cells in ``droplets`` droplets, barcodes being those of the v3 kit."""
    rng = np.random.default_rng(seed)
    barcodes = draw_barcodes(droplets, rng)
    host = np.arange(cells) < HOST_CELLS * cells
    kind = rng.integers(0, TYPES, cells)
    size = rng.lognormal(0, 0.5, cells)
    in_cells = rng.random(molecules) < IN_CELLS
    cell = rng.choice(cells, int(in_cells.sum()), p=size / size.sum()).astype(np.int32)
    droplet = np.empty(molecules, np.int32)
    droplet[in_cells] = cell
    ambient = rng.lognormal(0, 0.4, droplets)
    ambient = np.cumsum(ambient / ambient.sum())
    droplet[~in_cells] = np.searchsorted(ambient, rng.random(int((~in_cells).sum()))).clip(0, droplets - 1)
    # An ambient molecule is one of a random cell.
    source = np.empty(molecules, np.int32)
    source[in_cells], source[~in_cells] = cell, rng.choice(cells, int((~in_cells).sum()), p=size / size.sum())
    species = host[source].astype(np.uint8)
    transcript = np.empty(molecules, np.int32)
    for code, name in enumerate(SPECIES):
        genome = genomes[name]
        base = rng.lognormal(0, 1.9, len(genome.exons))
        mitochondrial = np.arange(len(base)) >= len(base) - 13
        for number in range(TYPES):
            level = base * rng.lognormal(0, 0.7, len(base))
            level[~mitochondrial] *= (1 - MITOCHONDRIAL_SHARE) / level[~mitochondrial].sum()
            level[mitochondrial] *= MITOCHONDRIAL_SHARE / level[mitochondrial].sum()
            here = np.flatnonzero((species == code) & (kind[source] == number))
            gene = np.searchsorted(np.cumsum(level), rng.random(len(here))).clip(0, len(base) - 1)
            # The first transcript of a gene makes up half of its molecules.
            first = np.searchsorted(genome.gene, gene)
            count = np.searchsorted(genome.gene, gene, side="right") - first
            other = (rng.random(len(here)) * count).astype(np.int64)
            transcript[here] = first + np.where(rng.random(len(here)) < 0.5, 0, other)
    return Library(barcodes, droplet, rng.integers(0, 4**UMI, molecules, dtype=np.uint32), species, transcript,
                   np.arange(droplets) < cells)  # fmt: skip


def draw_barcodes(droplets: int, rng: np.random.Generator) -> np.ndarray:
    """Return barcodes of the v3 kit (packed), those of cells first."""
    with gzip.open(whitelist_file(CHEMISTRIES["v3"].whitelist)) as handle:
        allowed = pack(np.array(handle.read().split()))[0]
    return rng.choice(allowed, droplets, replace=False)


def letters_of(umi: np.ndarray) -> np.ndarray:
    """Return the bases of packed UMIs (n × UMI)."""
    return BASES[(umi[:, None] >> (2 * np.arange(UMI - 1, -1, -1, dtype=np.uint32))) & 3]


def misread(sequences: np.ndarray, rate: float, rng: np.random.Generator) -> None:
    """Substitute bases in place at a rate; a third more are drawn, since one in four equals the old one."""
    flat = sequences.reshape(-1)
    n = rng.poisson(rate * flat.size * 4 / 3)
    flat[rng.integers(0, flat.size, n)] = BASES[rng.integers(0, 4, n)]


def write_lane(lane: int, reads: int, library: Library, genomes: dict[str, Genome], folder: Path, seed: int) -> None:
    """Write R1 and R2 of a lane, and which molecules were read from exons (molecules.<lane>.npy)."""
    rng = np.random.default_rng([seed, lane])
    tails = {name: genome.tails() for name, genome in genomes.items()}
    packed = unpack(library.barcodes).view(np.uint8).reshape(-1, BARCODE)
    shape, scale, least = FRAGMENT
    seen = np.zeros(len(library.umi), bool)
    prefix = np.frombuffer(f"SIM:{lane}:".encode(), np.uint8)
    parts = [folder / f"lane{lane}_R{mate}.fastq.gz.part" for mate in (1, 2)]
    for part in parts:
        part.unlink(missing_ok=True)
    for start in range(0, reads, AT_ONCE):
        n = min(AT_ONCE, reads - start)
        which = rng.integers(0, len(library.umi), n)
        cdna = np.empty((n, READ_LENGTH), np.uint8)
        origin = rng.random(n)
        exonic = origin >= INTRONIC + INTERGENIC
        seen[which[exonic]] = True
        for code, name in enumerate(SPECIES):
            genome, (tail, length) = genomes[name], tails[name]
            own = library.species[which] == code
            here = np.flatnonzero(own & exonic)
            transcript = library.transcript[which[here]]
            distance = np.clip(rng.gamma(shape, scale, len(here)).astype(np.int64), least, length[transcript])
            first = transcript.astype(np.int64) * TAIL + TAIL - distance
            cdna[here] = tail.reshape(-1)[first[:, None] + np.arange(READ_LENGTH)]
            for here in (
                np.flatnonzero(own & (origin < INTRONIC)),
                np.flatnonzero(own & ~exonic & (origin >= INTRONIC)),
            ):
                gene = genome.gene[library.transcript[which[here]]]
                if len(here) and origin[here[0]] < INTRONIC:
                    low, high = genome.start[gene], genome.end[gene] - READ_LENGTH
                else:
                    low, high = np.zeros(len(here), int), np.full(len(here), len(genome.sequence) - READ_LENGTH)
                first = low + (rng.random(len(here)) * (high - low)).astype(np.int64)
                cdna[here] = genome.sequence[first[:, None] + np.arange(READ_LENGTH)]
                turned = here[genome.reverse[gene]]
                cdna[turned] = COMPLEMENT[cdna[turned, ::-1]]
        read1 = np.hstack([packed[library.droplet[which]], letters_of(library.umi[which])])
        for part, rate in ((read1[:, :BARCODE], "barcode"), (read1[:, BARCODE:], "umi"), (cdna, "cdna")):
            copied = np.ascontiguousarray(part)
            misread(copied, ERROR[rate], rng)
            part[:] = copied
        number = np.char.zfill(np.arange(start, start + n).astype("S9"), 9)
        digits = np.frombuffer(number.tobytes(), np.uint8).reshape(-1, 9)
        names = np.hstack([np.broadcast_to(prefix, (n, len(prefix))), digits])
        for path, sequences in zip(parts, (read1, cdna), strict=True):
            # A gzip member for each piece; a file may have several.
            with gzip.open(path, "ab", compresslevel=1) as handle:
                handle.write(fastq(names, sequences, np.full((1, sequences.shape[1]), ord("F"), np.uint8)))
    for path in parts:
        path.rename(path.with_suffix(""))
    np.save(folder / f"molecules.{lane}.npy", np.packbits(seen))


def write_lanes(lanes: int, reads: int, library: Library, genomes: dict[str, Genome], folder: Path, seed: int) -> None:
    """Write the lanes that aren't there, two at a time, in processes that share the library."""
    missing = [lane for lane in range(1, lanes + 1) if not (folder / f"molecules.{lane}.npy").exists()]
    context = multiprocessing.get_context("fork")
    for pair in range(0, len(missing), 2):
        given = (reads, library, genomes, folder, seed)
        running = [context.Process(target=write_lane, args=(lane, *given)) for lane in missing[pair : pair + 2]]
        for process in running:
            process.start()
        for process in running:
            process.join()
        if any(process.exitcode for process in running):
            raise SystemExit("error: a lane could not be written; see above")


def expected_umis(library: Library, genomes: dict[str, Genome], folder: Path, lanes: range) -> dict[str, np.ndarray]:
    """Return by species the UMIs of each gene, in cells, that these lanes read from exons at least once."""
    seen = np.zeros(len(library.umi), bool)
    for lane in lanes:
        seen |= np.unpackbits(np.load(folder / f"molecules.{lane}.npy"), count=len(seen)).astype(bool)
    seen &= library.is_cell[library.droplet]
    found = {}
    for code, name in enumerate(SPECIES):
        genome = genomes[name]
        gene = genome.gene[library.transcript[seen & (library.species == code)]]
        found[name] = np.bincount(gene, minlength=len(genome.exons))
    return found

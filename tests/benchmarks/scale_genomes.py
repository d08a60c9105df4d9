"""Two genomes with a mammal's number of genes and transcripts in less sequence, for `make scale`.

A genome is random sequence, so that it has no repeats. Genes lie side by side, each in an equal share of the genome,
half of them on each strand. A gene's first transcript has all exons; the others lack exons at random or end
earlier. Two kinds of families make reads ambiguous: orthologues of the two species, and paralogues in a species.
"""

from __future__ import annotations

import gzip
from dataclasses import dataclass
from pathlib import Path

import numpy as np

BASES = np.frombuffer(b"ACGT", np.uint8)
COMPLEMENT = np.zeros(256, np.uint8)
COMPLEMENT[BASES] = BASES[::-1]
ORTHOLOGUES, ORTHOLOGUE_DIVERGENCE = 16_000 / 35_000, 0.12
"""Share of genes with a partner in the other species; substitutions per base of their exons (coding sequence of human
and mouse: 85 % identical; Makalowski et al. 1996, Genome Research 6, 846).
"""
PARALOGUES, PARALOGUE_DIVERGENCE = 0.1, 0.05
"""Share of genes that are a copy of another gene of their species, and substitutions per base of its exons."""
SPACER, TAIL = 1_500, 800
"""Sequence between genes (bp); length of the transcripts' 3' ends from which reads are drawn."""
MITOCHONDRIAL = 13
SPECIES = ("graft", "host")


@dataclass
class Genome:
    """A genome and its genes.

    ``sequence`` has all contigs behind each other, the last being mitochondrial; ``contigs`` their starts and the end.
    Genes, in order: ``start``, ``end`` (0-based, half open), ``reverse``, ``exons`` (n × 2 places each). Transcripts:
    ``gene`` of each and ``kept``, the exons (as a gene's) that it consists of.
    """

    sequence: np.ndarray
    contigs: np.ndarray
    start: np.ndarray
    end: np.ndarray
    reverse: np.ndarray
    exons: list[np.ndarray]
    gene: np.ndarray
    kept: list[np.ndarray]

    def spliced(self, transcript: int) -> np.ndarray:
        """Return the sequence of a transcript, 5' to 3'."""
        sequence = np.concatenate([self.sequence[a:b] for a, b in self.kept[transcript]])
        return COMPLEMENT[sequence[::-1]] if self.reverse[self.gene[transcript]] else sequence

    def tails(self) -> tuple[np.ndarray, np.ndarray]:
        """Return the last TAIL bases of each transcript (n × TAIL, on the right) and how many there are."""
        found, lengths = np.zeros((len(self.gene), TAIL), np.uint8), np.zeros(len(self.gene), np.int32)
        for number in range(len(self.gene)):
            sequence = self.spliced(number)[-TAIL:]
            found[number, TAIL - len(sequence) :] = sequence
            lengths[number] = len(sequence)
        return found, lengths


def substitute(sequence: np.ndarray, rate: float, rng: np.random.Generator) -> np.ndarray:
    """Return a copy in which bases are replaced by others at a rate."""
    changed = sequence.copy()
    places = np.flatnonzero(rng.random(len(sequence), dtype=np.float32) < rate)
    code = np.searchsorted(BASES, changed[places])
    changed[places] = BASES[(code + rng.integers(1, 4, len(places))) % 4]
    return changed


def place_exons(lengths: np.ndarray, start: int, end: int, rng: np.random.Generator) -> np.ndarray:
    """Return exons (n × 2) of given lengths between two places, the first and last at its ends, introns at random."""
    free = end - start - lengths.sum()
    cuts = np.sort(rng.integers(0, free, len(lengths) - 2)) if len(lengths) > 2 else np.array([], int)
    offsets = np.r_[0, cuts, free][: len(lengths)] if len(lengths) > 1 else np.array([0])
    starts = start + offsets + np.r_[0, np.cumsum(lengths)[:-1]]
    return np.column_stack([starts, starts + lengths])


def draw_structure(genes: int, longest: int, rng: np.random.Generator) -> list[np.ndarray]:
    """Return the exons' lengths of each gene in the direction of transcription, the last being longest."""
    found = []
    for number in 1 + rng.poisson(7, genes):
        lengths = np.clip(rng.lognormal(np.log(140), 0.5, number), 40, 900).astype(int)
        lengths[-1] = np.clip(rng.lognormal(np.log(1_100), 0.5), 300, 4_000)
        while lengths.sum() > 0.7 * longest:
            lengths = np.maximum(lengths // 2, 40)
        found.append(lengths)
    return found


def make_genomes(genes: int, transcripts: tuple[int, int], megabases: int, seed: int) -> dict[str, Genome]:
    """Return the genomes of graft and host: ``genes`` nuclear genes in each, 20 contigs and a mitochondrial one."""
    rng = np.random.default_rng(seed)
    slot = megabases * 1_000_000 // genes
    shared, copies = round(ORTHOLOGUES * genes), round(PARALOGUES * genes)
    structures = draw_structure(genes, slot - SPACER, rng)
    found: dict[str, Genome] = {}
    for species, number in zip(SPECIES, transcripts, strict=True):
        lengths = structures[:shared] + draw_structure(genes - shared, slot - SPACER, rng)
        # The last genes are copies of those before them, which have no partner in the other species.
        lengths[genes - copies :] = lengths[genes - 2 * copies : genes - copies]
        sequence = BASES[rng.integers(0, 4, slot * genes + MITOCHONDRIAL * 2_500, dtype=np.uint8)]
        reverse = np.r_[np.arange(genes) % 2 == 1, np.zeros(MITOCHONDRIAL, bool)]
        starts = np.arange(genes) * slot + SPACER
        exons = []
        for gene, (own, start) in enumerate(zip(lengths, starts, strict=True)):
            ordered = own[::-1] if reverse[gene] else own
            exons.append(place_exons(ordered, start, start + slot - SPACER, rng))
        for gene in range(genes - copies, genes):
            copy_exons(sequence, exons[gene - copies], sequence, exons[gene], PARALOGUE_DIVERGENCE, rng)
        if species == "host":
            for gene in range(shared):
                copy_exons(
                    found["graft"].sequence, found["graft"].exons[gene], sequence, exons[gene],
                    ORTHOLOGUE_DIVERGENCE, rng,
                )  # fmt: skip
        mitochondrial = slot * genes + np.arange(MITOCHONDRIAL) * 2_500 + 500
        exons += [np.array([[start, start + 1_500]]) for start in mitochondrial]
        of, kept = draw_transcripts(exons, reverse, number, genes, rng)
        per_contig = slot * -(-genes // 20)
        contigs = np.r_[np.arange(0, slot * genes, per_contig), slot * genes, len(sequence)]
        found[species] = Genome(
            sequence, contigs, np.array([own[0, 0] for own in exons]), np.array([own[-1, 1] for own in exons]),
            reverse, exons, of, kept,
        )  # fmt: skip
    return found


def copy_exons(source, given, target, taken, rate: float, rng: np.random.Generator) -> None:
    """Write the exons ``given`` of one gene, with substitutions, into the exons ``taken`` of another."""
    if len(given) != len(taken):
        return
    for (a, b), (c, d) in zip(given, taken, strict=True):
        if b - a == d - c:
            target[c:d] = substitute(source[a:b], rate, rng)


def draw_transcripts(exons, reverse, number: int, nuclear: int, rng: np.random.Generator):
    """Return gene and exons of each transcript: one with all exons, others with fewer or shorter ones."""
    extra = np.bincount(rng.integers(0, nuclear, max(number - len(exons), 0)), minlength=len(exons))
    of, kept = [], []
    for gene, own in enumerate(exons):
        of.append(gene)
        kept.append(own)
        for _ in range(extra[gene]):
            keep = np.r_[True, rng.random(max(len(own) - 2, 0)) > 0.3, True][: len(own)]
            some = own[keep].copy()
            last = 0 if reverse[gene] else -1
            cut = int((some[last, 1] - some[last, 0]) * rng.uniform(0, 0.5)) if rng.random() < 0.5 else 0
            if reverse[gene]:
                some[0, 0] += cut
            else:
                some[-1, 1] -= cut
            of.append(gene)
            kept.append(some)
    return np.array(of), kept


def gene_names(species: str, genes: int) -> tuple[list[str], list[str]]:
    """Return identifiers and symbols of nuclear and mitochondrial genes."""
    code, mt = ("ENSG", "MT-") if species == "graft" else ("ENSMUSG", "mt-")
    ids = [f"{code}{number:011}" for number in range(1, genes + 1)]
    word = "GENE" if species == "graft" else "Gene"
    nuclear = [f"{word}{number}" for number in range(1, genes - MITOCHONDRIAL + 1)]
    return ids, nuclear + [f"{mt}G{number}" for number in range(1, MITOCHONDRIAL + 1)]


def write_fasta(genome: Genome, path: Path) -> None:
    """Write the contigs, 60 bases a line."""
    with gzip.open(path, "wb", compresslevel=1) as handle:
        for number, (start, end) in enumerate(zip(genome.contigs, genome.contigs[1:], strict=False), 1):
            name = "MT" if end == genome.contigs[-1] else f"chr{number}"
            whole = (end - start) // 60 * 60
            lines = np.full((whole // 60, 61), ord("\n"), np.uint8)
            lines[:, :60] = genome.sequence[start : start + whole].reshape(-1, 60)
            rest = genome.sequence[start + whole : end].tobytes()
            handle.write(f">{name}\n".encode() + lines.tobytes() + (rest + b"\n" if rest else b""))


def write_gtf(genome: Genome, species: str, path: Path) -> None:
    """Write genes, transcripts and exons."""
    ids, symbols = gene_names(species, len(genome.exons))
    contig = np.searchsorted(genome.contigs, genome.start, side="right") - 1
    names = [*(f"chr{n + 1}" for n in range(len(genome.contigs) - 2)), "MT"]
    order = np.argsort(genome.gene, kind="stable")
    by_gene = np.split(order, np.flatnonzero(np.diff(genome.gene[order])) + 1)
    with gzip.open(path, "wt", compresslevel=1) as handle:
        for gene, transcripts in enumerate(by_gene):
            before = genome.contigs[contig[gene]] - 1
            strand = "-" if genome.reverse[gene] else "+"
            tags = f'gene_id "{ids[gene]}"; gene_name "{symbols[gene]}"; gene_biotype "protein_coding";'
            first, last = genome.start[gene] - before - 1, genome.end[gene] - before - 1
            lines = [line_of(names[contig[gene]], "gene", first, last, strand, tags)]
            for number in transcripts:
                own = genome.kept[number] - before - 1
                more = f'{tags} transcript_id "{ids[gene].replace("G0", "T0", 1)}{number:06}";'
                lines.append(line_of(names[contig[gene]], "transcript", own[0, 0], own[-1, 1], strand, more))
                lines += [line_of(names[contig[gene]], "exon", a, b, strand, more) for a, b in own]
            handle.write("".join(lines))


def line_of(contig: str, kind: str, start: int, end: int, strand: str, tags: str) -> str:
    """Return a line of a GTF for a place that is 0-based and half open."""
    return f"{contig}\tsimulated\t{kind}\t{start + 1}\t{end}\t.\t{strand}\t.\t{tags}\n"

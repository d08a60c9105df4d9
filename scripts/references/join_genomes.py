"""Join the graft's and the host's genome, with prefixes that give the species of every contig, gene and transcript."""

import gzip
import re
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import pandas as pd

from scripts.base import job
from scripts.base.files import open_bytes

PREFIXED = re.compile(r'\b(gene_id|transcript_id|gene_name)(\s+")')
VERSION = re.compile(r'\b(?:gene|transcript)_version\s+"[^"]*";?\s*')
"""kb-python combines Ensembl's two attributes to gene_id.gene_version; STAR doesn't. Without versions, both counters
use the same gene names.
"""
ATTRIBUTE = re.compile(r'(\S+)\s+"([^"]*)"')
BIOTYPES = ("gene_type", "gene_biotype")
"""Attributes with a gene's biotype: GENCODE's and Ensembl's."""
MITOCHONDRIAL_CONTIGS = {"MT", "M", "chrM", "chrMT"}
"""Ensembl and UCSC/GENCODE names of the mitochondrial contig."""
MITOCHONDRIAL_SYMBOL = re.compile(r"^mt-", re.IGNORECASE)
"""The hyphen is required: without it, MTOR and MTA1 would be mitochondrial."""


@dataclass
class Genome:
    """One species' sequence and annotation; ``prefix`` is added to its names."""

    species: str
    prefix: str
    fasta: str
    gtf: str


@dataclass
class Biotypes:
    """Biotypes of genes to keep (None: all), the ids of genes that were left out, and the biotype of each gene."""

    kept: frozenset[str] | None = None
    left_out: set[str] = field(default_factory=set)
    of_gene: dict[str, str] = field(default_factory=dict)

    def leave_out(self, values: dict[str, str]) -> bool:
        """Return whether a line with these attributes is of a gene to leave out; genes without a biotype are kept.

        NCBI gives the biotype only on the gene's own line, which precedes those of its exons.
        """
        gene = values.get("gene_id")
        kind = next((values[name] for name in BIOTYPES if name in values), None)
        if gene is None:
            return False
        if kind is not None:
            self.of_gene[gene] = kind
            if self.kept is not None and kind not in self.kept:
                self.left_out.add(gene)
        return gene in self.left_out


@dataclass
class Contigs:
    """Contig names in the output, with lengths (bp)."""

    length: dict[str, int] = field(default_factory=dict)


def prefix_fasta(lines: Iterable[bytes], prefix: str, source: str, contigs: Contigs) -> Iterator[bytes]:
    """Yield FASTA lines with ``prefix`` before each contig's name; the description after the name is dropped.

    Fills ``contigs``. Raises :class:`job.UserError` for text that isn't FASTA, empty files, and duplicate contig names.
    """
    name = None
    for number, line in enumerate(lines, start=1):
        if line.startswith(b">"):
            words = line[1:].split(None, 1)
            if not words or line[1:2].isspace():
                raise job.UserError(f"{source}, line {number}: a contig without a name; give each '>' line a name")
            name = prefix + words[0].decode()
            if name in contigs.length:
                raise job.UserError(
                    f"{source}, line {number}: contig {words[0].decode()} occurs twice; remove one of the two sequences"
                )
            contigs.length[name] = 0
            yield b">" + name.encode() + b"\n"
        elif name is None:
            if line.strip():
                raise job.UserError(
                    f"{source}, line {number}: not FASTA (the first line must start with '>'); give a genome FASTA"
                )
        else:
            sequence = line.strip()
            contigs.length[name] += len(sequence)
            if sequence:
                yield sequence + b"\n"
    if name is None:
        raise job.UserError(f"{source}: the file has no sequence; give a genome FASTA")
    empty = [contig for contig, length in contigs.length.items() if length == 0]
    if empty:
        raise job.UserError(
            f"{source}: contig {empty[0].removeprefix(prefix)} has no sequence; check that the file is complete"
        )


def prefix_gtf(
    lines: Iterable[bytes],
    prefix: str,
    source: str,
    contigs: Contigs,
    genes: dict[str, tuple[str, str, str]],
    biotypes: Biotypes,
) -> Iterator[bytes]:
    """Yield GTF lines with ``prefix`` before contig, gene_id, transcript_id and gene_name, without comments, Ensembl's
    versions and genes of other ``biotypes``.

    Fills ``genes`` with ``gene_id → (gene_name or "", contig, biotype or "")`` of every gene that has an exon. Raises
    :class:`job.UserError` for GFF3, malformed lines, an annotation without exons or without genes to keep, exons on
    contigs that aren't in the FASTA, and exons beyond a contig's end (FASTA and GTF are then of different assemblies).
    """
    absent: dict[str, int] = {}
    gene_of: dict[str, str] = {}  # by transcript
    names: dict[str, str] = {}  # also of genes with a name only on their own line
    for number, raw in enumerate(lines, start=1):
        if raw.startswith(b"#") or not raw.strip():
            continue
        fields = raw.decode().rstrip("\r\n").split("\t")
        where = f"{source}, line {number}"
        if len(fields) != 9:
            raise job.UserError(
                f"{where}: {len(fields)} tab-separated columns, a GTF has 9; give an annotation in GTF format"
            )
        contig, kind, attributes = prefix + fields[0], fields[2], fields[8]
        values = dict(ATTRIBUTE.findall(attributes))
        if biotypes.leave_out(values):
            continue
        if name := values.get("gene_name"):
            names.setdefault(prefix + values.get("gene_id", ""), prefix + name)
        if kind == "exon":
            if "gene_id" not in values or "transcript_id" not in values:
                if "ID=" in attributes or "Parent=" in attributes:
                    raise job.UserError(f"{where}: this is GFF3; give the same annotation in GTF format")
                missing = "gene_id" if "gene_id" not in values else "transcript_id"
                raise job.UserError(f'{where}: exon without {missing} "…"; give each exon one')
            if contig not in contigs.length:
                absent[fields[0]] = absent.get(fields[0], 0) + 1
                continue
            if not (fields[3].isdigit() and fields[4].isdigit() and 1 <= int(fields[3]) <= int(fields[4])):
                raise job.UserError(
                    f"{where}: exon from {fields[3]} to {fields[4]} is not an interval (1-based, start ≤ end); "
                    "correct the GTF"
                )
            if int(fields[4]) > contigs.length[contig]:
                raise job.UserError(
                    f"{where}: exon ends at {fields[4]}, but contig {fields[0]} has {contigs.length[contig]} bp: "
                    "FASTA and GTF are of different assemblies; use both from the same release"
                )
            other = gene_of.setdefault(values["transcript_id"], values["gene_id"])
            if other != values["gene_id"]:
                raise job.UserError(
                    f"{where}: transcript {values['transcript_id']} is of genes {other} and {values['gene_id']}, which "
                    "no index can represent; give each gene's transcripts their own ids, or use Ensembl's annotation"
                )
            kind = biotypes.of_gene.get(values["gene_id"], "")
            genes.setdefault(prefix + values["gene_id"], ("", contig, kind))
        fields[0] = contig
        attributes = VERSION.sub("", attributes)
        fields[8] = PREFIXED.sub(rf"\g<1>\g<2>{prefix}", attributes) if prefix else attributes
        yield ("\t".join(fields) + "\n").encode()
    genes.update({gene: (names.get(gene, ""), contig, kind) for gene, (_, contig, kind) in genes.items()})
    if absent:
        first = ", ".join(list(absent)[:3])
        have = ", ".join(name.removeprefix(prefix) for name in list(contigs.length)[:3])
        raise job.UserError(
            f"{source}: {sum(absent.values())} exons lie on {len(absent)} contigs that the FASTA lacks ({first}; the "
            f"FASTA has {have} …); "
            "use FASTA and GTF of the same release and set (e.g. both 'primary_assembly')"
        )
    if not genes and biotypes.left_out:
        raise job.UserError(
            f"{source}: none of its {len(biotypes.left_out)} genes has a biotype that is kept; correct "
            "references/biotypes, or set it to null to keep all genes"
        )
    if not genes:
        raise job.UserError(f"{source}: no exon lines; give a gene annotation with exons")


def tabulate_genes(genes: dict[str, tuple[str, str, str]], prefixes: dict[str, str]) -> pd.DataFrame:
    """Return gene_id (prefixed), symbol (no prefix), species, mitochondrial (0/1) and biotype (empty if the annotation
    has none), one row per gene, in the annotation's order.

    ``prefixes`` maps species (graft, host) to prefix. A gene without a name is named by its id. Raises
    :class:`job.UserError` for a gene with neither species' prefix.
    """
    rows = []
    for gene_id, (name, contig, biotype) in genes.items():
        species = species_of(gene_id, prefixes)
        if species is None:
            wanted = " or ".join(prefixes.values())
            raise job.UserError(
                f"gene {gene_id} starts with neither {wanted}; prefix every gene_id, or correct references/*/prefix"
            )
        prefix = prefixes[species]
        # 10x pads mouse names in its older references: mm10___mt-Nd1.
        symbol = (name or gene_id).removeprefix(prefix).lstrip("_")
        on_mt = contig.removeprefix(prefix).lstrip("_") in MITOCHONDRIAL_CONTIGS
        rows.append((gene_id, symbol, species, int(on_mt or bool(MITOCHONDRIAL_SYMBOL.match(symbol))), biotype))
    return pd.DataFrame(rows, columns=["gene_id", "symbol", "species", "mitochondrial", "biotype"])


def check_contigs(contigs: list[str], prefixes: dict[str, str], source: str) -> None:
    """Raise :class:`job.UserError` for a contig with neither species' prefix: its reads would have no species."""
    strange = [contig for contig in contigs if species_of(contig, prefixes) is None]
    if strange:
        raise job.UserError(
            f"{source}: {len(strange)} contigs start with neither {' nor '.join(prefixes.values())} (e.g. "
            f"{', '.join(strange[:3])}); prefix every contig, or correct references/*/prefix"
        )


def species_of(name: str, prefixes: dict[str, str]) -> str | None:
    """Return the species whose prefix ``name`` has; the longest, if one prefix is the beginning of another."""
    for species, prefix in sorted(prefixes.items(), key=lambda item: -len(item[1])):
        if name.startswith(prefix):
            return species
    return None


def join(
    genomes: list[Genome], fasta_out, gtf_out, kept: Iterable[str] | None
) -> tuple[dict[str, tuple[str, str, str]], list[str]]:
    """Write the joined FASTA and GTF to two binary handles; return the genes with exons, and the contigs.

    Only genes of the biotypes ``kept`` are written, or all genes if it is None.
    """
    joined_genes: dict[str, tuple[str, str, str]] = {}
    joined_contigs: list[str] = []
    for genome in genomes:
        contigs, genes, biotypes = Contigs(), {}, Biotypes(None if kept is None else frozenset(kept))
        copy(prefix_fasta, genome.fasta, fasta_out, prefix=genome.prefix, contigs=contigs)
        copy(prefix_gtf, genome.gtf, gtf_out, prefix=genome.prefix, contigs=contigs, genes=genes, biotypes=biotypes)
        clash = next((gene for gene in genes if gene in joined_genes), None)
        if clash:
            raise job.UserError(
                f"{genome.gtf}: gene {clash} is in both species; give them different references/*/prefix"
            )
        joined_genes |= genes
        joined_contigs += contigs.length
        job.log.info(
            "%s: %d contigs, %d bp, %d genes, %d of other biotypes left out",
            genome.species,
            len(contigs.length),
            sum(contigs.length.values()),
            len(genes),
            len(biotypes.left_out),
        )
    return joined_genes, joined_contigs


def copy(transform, path: str, out, **arguments) -> None:
    """Write a file's lines after ``transform``; a damaged gzip file is reported to the user."""
    try:
        with open_bytes(path) as lines:
            out.writelines(transform(lines, source=path, **arguments))
    except (EOFError, gzip.BadGzipFile, zlib.error, FileNotFoundError, PermissionError) as error:
        raise job.UserError(f"{path}: can't be read ({error}); fetch the file again") from error
    except UnicodeDecodeError as error:
        raise job.UserError(f"{path}: not text ({error.reason}); give a plain or gzip FASTA / GTF") from error


def main(snakemake) -> None:
    """Write genome.fa, annotation.gtf and genes.tsv; an already joined pair is checked and copied."""
    prefixes = {species: prefix for species, prefix in snakemake.params.prefixes.items() if prefix}
    given, kept = snakemake.input, snakemake.params.get("biotypes")
    if "joined_fasta" in given.keys():  # noqa: SIM118 (`in given` looks among the paths, not the names)
        # It is used unchanged: genes were selected when it was joined.
        genomes, kept = [Genome("joined", "", given.joined_fasta, given.joined_gtf)], None
    else:
        genomes = [
            Genome(species, prefixes[species], given[f"{species}_fasta"], given[f"{species}_gtf"])
            for species in prefixes
        ]
    with open(snakemake.output.fasta, "wb") as fasta, open(snakemake.output.gtf, "wb") as gtf:
        genes, contigs = join(genomes, fasta, gtf, kept)
    table = tabulate_genes(genes, prefixes)
    if len(prefixes) > 1 and (lacking := set(prefixes) - set(table["species"])):
        raise job.UserError(f"{genomes[-1].gtf}: no gene of the {lacking.pop()}; correct references/*/prefix")
    check_contigs(contigs, prefixes, genomes[-1].fasta)
    table.to_csv(snakemake.output.genes, sep="\t", index=False)
    counts = table.groupby("species").agg(genes=("gene_id", "size"), mitochondrial=("mitochondrial", "sum"))
    for species, row in counts.iterrows():
        job.log.info("%s: %d genes, %d mitochondrial", species, row["genes"], row["mitochondrial"])


if __name__ == "__main__":
    job.run(main, snakemake)

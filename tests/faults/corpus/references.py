"""Genomes and annotations that don't fit together, and files that aren't what the config says they are."""

# ruff: noqa: E501  (tables: a case a line)

from __future__ import annotations

import gzip
import hashlib
from pathlib import Path
from unittest import mock

from corpus.case import Case, Outcome, script
from scripts.references import join_genomes, provide_file

PREFIXES = {"graft": "GRCh38_", "host": "GRCm39_"}
FASTA = ">1 dna\n" + "ACGT" * 100 + "\n>MT\n" + "GATTACA" * 10 + "\n"


def exon(
    gene: str,
    contig: str = "1",
    start: int = 1,
    end: int = 90,
    attributes: str = 'gene_id "{0}"; transcript_id "{0}T"; gene_name "{0}";',
) -> str:
    """Return a GTF line."""
    return "\t".join([contig, "made", "exon", str(start), str(end), ".", "+", ".", attributes.format(gene)]) + "\n"


GTF = exon("ENSG1") + exon("ENSG2", start=200, end=300)
GENOME = {"graft_fasta": FASTA, "graft_gtf": GTF, "host_fasta": FASTA, "host_gtf": GTF.replace("ENSG", "ENSMUSG")}


def genomes(name: str, words: str, *, prefixes: dict = PREFIXES, files: dict = GENOME, **changes: str | bytes) -> Case:
    """Return a case of genomes of which some files differ."""

    def run(folder: Path) -> Outcome:
        paths = {}
        for part, content in (files | changes).items():
            paths[part] = folder / f"{part}.txt"
            if content is not None:
                paths[part].write_bytes(content if isinstance(content, bytes) else content.encode())
        output = {"fasta": "genome.fa", "gtf": "annotation.gtf", "genes": "genes.tsv"}
        return script(join_genomes, folder, input=paths, output=output, params={"prefixes": prefixes})

    return Case("genomes", name, f"^error in join_genomes .*: {words}", run)


def provided(
    name: str,
    words: str,
    content: bytes | None = b"ranking",
    sha256: str | None = None,
    *,
    by: str = "path",
    url: str = "",
) -> Case:
    """Return a case of a file that is linked or fetched; ``content`` None: there is none."""

    def run(folder: Path) -> Outcome:
        source = folder / "db.feather"
        if content is not None:
            source.write_bytes(content)
        given = {"_": [source]} if by == "path" else {}
        params = {"url": (url or source.as_uri()) if by == "url" else None, "sha256": sha256}
        with mock.patch.object(provide_file, "PAUSES", (0, 0)):
            return script(provide_file, folder, input=given, output=["db.feather"], params=params)

    return Case("provided file", name, f"^error in provide_file .*: {words}", run)


GFF3 = exon("ENSG1", attributes="ID=exon:{0};Parent={0}T")
JOINED = {"joined_fasta": FASTA.replace(">", ">GRCh38_"), "joined_gtf": exon("GRCh38_ENSG1", "GRCh38_1")}
RIGHT = hashlib.sha256(b"ranking").hexdigest()
GENOMES = [
    genomes("missing", r"graft_fasta.txt: can't be read \(.*No such file.*\); fetch", graft_fasta=None),
    genomes("FASTA empty", r"graft_fasta.txt: the file has no sequence; give a genome FASTA", graft_fasta=""),
    genomes("FASTA that is none", r"host_fasta.txt, line 1: not FASTA \(the first line must start with '>'\); give", host_fasta="ACGT\n"),
    genomes("contig twice", r"graft_fasta.txt, line 5: contig 1 occurs twice; remove one", graft_fasta=FASTA + ">1\nACGT\n"),
    genomes("contig without sequence", r"graft_fasta.txt: contig 2 has no sequence; check that the file is complete", graft_fasta=FASTA + ">2\n"),
    genomes("contig without a name", r"graft_fasta.txt, line 5: a contig without a name; give", graft_fasta=FASTA + "> x\nAC\n"),
    genomes("FASTA cut", r"graft_fasta.txt: can't be read \(.*\); fetch", graft_fasta=gzip.compress(FASTA.encode())[:-20]),
    genomes("FASTA that isn't text", r"graft_fasta.txt: not text .*; give|graft_fasta.txt, line 1: not FASTA", graft_fasta=b"\xff\xd8\xff\xe0\x00\x10JFIF"),
    genomes("GFF3 for GTF", r"graft_gtf.txt, line 1: this is GFF3; give the same annotation in GTF", graft_gtf=GFF3),
    genomes("spaces for tabs", r"graft_gtf.txt, line 1: 1 tab-separated columns, a GTF has 9; give", graft_gtf=GTF.replace("\t", " ")),
    genomes("exon without gene_id", r"graft_gtf.txt, line 1: exon without gene_id .*; give each exon one", graft_gtf=exon("x", attributes='transcript_id "{0}";')),
    genomes("exon that ends before it starts", r"graft_gtf.txt, line 1: exon from 90 to 10 is not an interval .*; correct", graft_gtf=exon("x", start=90, end=10)),
    genomes("GTF of another assembly", r".*exon ends at 9999, but contig 1 has 400 bp: FASTA and GTF are of different assemblies; use", graft_gtf=exon("x", end=9999)),
    genomes("contigs named otherwise", r"1 exons lie on 1 contigs that the FASTA lacks \(chr1; the FASTA has 1, MT …\); use", graft_gtf=exon("x", "chr1")),
    genomes("GTF without exons", r"graft_gtf.txt: no exon lines; give", graft_gtf="# nothing\n"),
    genomes("one annotation for both species", r"host_gtf.txt: gene \w+ is in both species; give them different", prefixes={"graft": "X", "host": "XX"}, graft_gtf=exon("XG"), host_gtf=exon("G")),
    genomes("joined without prefixes", r"gene ENSG1 starts with neither GRCh38_ or GRCm39_; prefix every gene_id", files={"joined_fasta": FASTA, "joined_gtf": exon("ENSG1")}),
    genomes("joined without a host", r"joined_gtf.txt: no gene of the host; correct references", files=JOINED),
]  # fmt: skip
FILES = [
    provided("missing", "db.feather: no such file; correct the path", None),
    provided("empty", "db.feather: the file is empty; fetch", b""),
    provided("of another sha256", "db.feather: SHA-256 is [0-9a-f]{64}, the config says 0+; fetch", sha256="0" * 64),
    provided("fetched, of another sha256", "file://.*: SHA-256 is [0-9a-f]{64}, the config says 0+; fetch", sha256="0" * 64, by="url"),
    provided("fetched, but absent", r"file://.*: can't be fetched .*; fetch it yourself", None, RIGHT, by="url"),
    provided("fetched from no server", r"http://127.0.0.1:9/db.feather: can't be fetched .*; fetch it yourself", None, RIGHT, by="url", url="http://127.0.0.1:9/db.feather"),
    provided("fetched without its sha256", r"file://.*: a url needs its sha256; give", b"ranking", None, by="url"),
]  # fmt: skip
CASES = [*GENOMES, *FILES]
SOUND = [
    genomes("sound", ""),
    genomes("sound joined", "", prefixes={"graft": "GRCh38_"}, files=JOINED),
    provided("sound path", ""),
    provided("sound address", "", sha256=RIGHT, by="url"),
]

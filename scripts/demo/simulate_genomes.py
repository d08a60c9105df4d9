"""Write a small human and a small mouse genome with annotation; one gene family shares most of its 3' end."""

import gzip
from pathlib import Path

import numpy as np
import pandas as pd

from scripts.base import job
from scripts.demo.plan import Plan, load_plan, stream

BASES = np.frombuffer(b"ACGT", np.uint8)
SPACER, INTRON = 300, 400
"""Lengths (bp) of the DNA between genes and of the single intron of a nuclear gene."""
SHARED_END = 600
"""Length (bp) of the 3' end that the family shares; the last 150 bp differ."""


def simulate_transcripts(plan: Plan) -> dict[str, np.ndarray]:
    """Return each gene's mature transcript (5'→3', ASCII bytes), keyed by gene_id."""
    rng = stream(plan.seed, "sequences")
    transcripts = {gene: BASES[rng.integers(0, 4, rng.integers(900, 2_000))] for gene in plan.genes.index}
    by_symbol = {(row.species, row.symbol): gene for gene, row in plan.genes.iterrows()}
    for host_symbol, graft_symbol in plan.network["shared_family"].items():
        graft, host = transcripts[by_symbol["graft", graft_symbol]], transcripts[by_symbol["host", host_symbol]]
        host[-SHARED_END:-150] = graft[-SHARED_END:-150]
    return transcripts


def lay_out(
    genes: pd.DataFrame, transcripts: dict[str, np.ndarray], rng: np.random.Generator
) -> tuple[dict[str, np.ndarray], list[str], np.ndarray]:
    """Place the genes of one species on a nuclear and a mitochondrial contig.

    Returns sequences by contig, GTF lines, and the nuclear sequence without exons (the spacers, one row of SPACER bp
    each).
    """
    unexpressed = []
    parts: dict[str, list[np.ndarray]] = {"chr1": [], "MT": []}
    length = {"chr1": 0, "MT": 0}
    lines = []

    def put(contig: str, sequence: np.ndarray) -> tuple[int, int]:
        start = length[contig] + 1
        parts[contig].append(sequence)
        length[contig] += len(sequence)
        return start, length[contig]

    for gene, row in genes.iterrows():
        contig = "MT" if row["programme"] == "mitochondrial" else "chr1"
        unexpressed.append(BASES[rng.integers(0, 4, SPACER)])
        put(contig, unexpressed[-1])
        transcript = transcripts[gene]
        strand = "+" if rng.random() < 0.5 else "-"
        cut = int(rng.integers(200, len(transcript) - 650)) if contig == "chr1" else 0
        exons = [transcript[:cut], transcript[cut:]] if cut else [transcript]
        pieces = [exons[0], BASES[rng.integers(0, 4, INTRON)], exons[1]] if cut else exons
        if strand == "-":
            pieces = [complement(p) for p in reversed(pieces)]
        spans = [put(contig, piece) for piece in pieces]
        exon_spans = [spans[0], spans[-1]] if cut else spans
        tags = f'gene_id "{gene}"; gene_name "{row["symbol"]}"; gene_biotype "protein_coding";'
        whole = f"{spans[0][0]}\t{spans[-1][1]}\t.\t{strand}\t."
        lines.append(f"{contig}\tsimulated\tgene\t{whole}\t{tags}")
        transcript_id = gene.replace("G0", "T0", 1)
        tags = f'{tags} transcript_id "{transcript_id}";'
        lines.append(f"{contig}\tsimulated\ttranscript\t{whole}\t{tags}")
        for start, end in exon_spans:
            lines.append(f"{contig}\tsimulated\texon\t{start}\t{end}\t.\t{strand}\t.\t{tags}")
    for contig in parts:
        put(contig, BASES[rng.integers(0, 4, SPACER)])
    return {contig: np.concatenate(p) for contig, p in parts.items()}, lines, np.array(unexpressed)


COMPLEMENT = np.zeros(256, np.uint8)
COMPLEMENT[np.frombuffer(b"ACGT", np.uint8)] = np.frombuffer(b"TGCA", np.uint8)


def complement(sequence: np.ndarray) -> np.ndarray:
    """Return the reverse complement."""
    return COMPLEMENT[sequence[::-1]]


def write_gzip(path: str | Path, text: bytes) -> None:
    """Write gzip without name and time in its header, so that the bytes depend only on the content."""
    with (
        open(path, "wb") as raw,
        gzip.GzipFile(filename="", mode="wb", fileobj=raw, compresslevel=1, mtime=0) as handle,
    ):
        handle.write(text)


def fasta(contigs: dict[str, np.ndarray]) -> bytes:
    """Format contigs with 60 bases per line."""
    lines = []
    for name, sequence in contigs.items():
        text = sequence.tobytes().decode()
        lines += [f">{name}", *(text[i : i + 60] for i in range(0, len(text), 60))]
    return ("\n".join(lines) + "\n").encode()


def main(snakemake) -> None:
    """Write FASTA and GTF of both species, and the transcripts from which reads are drawn."""
    plan = load_plan(snakemake.input.network, snakemake.params.seed)
    transcripts = simulate_transcripts(plan)
    unexpressed = {}
    for species in ("graft", "host"):
        contigs, lines, spacers = lay_out(plan.of_species(species), transcripts, stream(plan.seed, "genome", species))
        write_gzip(snakemake.output[f"{species}_fasta"], fasta(contigs))
        write_gzip(snakemake.output[f"{species}_gtf"], ("\n".join(lines) + "\n").encode())
        unexpressed[species] = spacers
    order = list(plan.genes.index)
    np.savez(
        snakemake.output.transcripts,
        sequence=np.concatenate([transcripts[g] for g in order]),
        length=np.array([len(transcripts[g]) for g in order]),
        unexpressed=np.concatenate([unexpressed["graft"], unexpressed["host"]]),
    )
    plan.genes.drop(columns="base").to_csv(snakemake.output.genes, sep="\t")
    job.log.info("%d graft and %d host genes", *(len(plan.of_species(s)) for s in ("graft", "host")))


if __name__ == "__main__":
    job.run(main, snakemake)

"""Index the joined genome for STAR, with parameters computed from its size."""

import math
import tempfile
from pathlib import Path

from scripts.base import job
from scripts.base.files import run_tool

SPARSE_FROM = 1_000_000_000
"""Genome length (bp) from which a sparse suffix array is used: two mammals (5.8 Gb) then fit into 32 GB, as in Cell
Ranger's mkref.
"""


def index_parameters(lengths: list[int], sjdb_overhang: int) -> dict[str, int]:
    """Return STAR's genomeGenerate parameters for contigs of ``lengths`` bp. Formulas are from the STAR manual
    (2.7.10b), §2.2.5.
    """
    total = sum(lengths)
    if not total:
        raise ValueError("no sequence")
    return {
        "genomeSAindexNbases": max(2, min(14, int(math.log2(total) / 2 - 1))),
        "genomeChrBinNbits": max(8, min(18, int(math.log2(max(total / len(lengths), sjdb_overhang))))),
        "genomeSAsparseD": 3 if total >= SPARSE_FROM else 1,
        "sjdbOverhang": sjdb_overhang,
    }


def contig_lengths(fasta: str) -> list[int]:
    """Return contig lengths (bp) of a plain FASTA."""
    lengths: list[int] = []
    with open(fasta, "rb") as lines:
        for line in lines:
            if line.startswith(b">"):
                lengths.append(0)
            else:
                lengths[-1] += len(line) - 1
    return lengths


def main(snakemake) -> None:
    """Write the index folder."""
    parameters = index_parameters(contig_lengths(snakemake.input.fasta), snakemake.params.sjdb_overhang)
    memory = int(snakemake.resources.get("mem_mb", 31_000)) * 1_000_000
    with tempfile.TemporaryDirectory(dir=snakemake.resources.get("tmpdir")) as folder:
        command = [
            "STAR", "--runMode", "genomeGenerate", "--runThreadN", snakemake.threads,
            "--genomeDir", snakemake.output.index, "--genomeFastaFiles", snakemake.input.fasta,
            "--sjdbGTFfile", snakemake.input.gtf, "--limitGenomeGenerateRAM", memory,
            "--outTmpDir", Path(folder) / "star", "--outFileNamePrefix", f"{folder}/",
        ]  # fmt: skip
        for name, value in parameters.items():
            command += [f"--{name}", value]
        run_tool(
            command,
            "if it ran out of memory, give rule index_star more mem_mb in the profile",
            makes=[Path(snakemake.output.index) / name for name in ("SA", "Genome", "geneInfo.tab")],
        )


if __name__ == "__main__":
    job.run(main, snakemake)

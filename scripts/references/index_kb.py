"""Index the joined transcriptome for kallisto, with a D-list that keeps sequence from elsewhere out of the counts."""

import shutil
import tempfile
from pathlib import Path

from scripts.base import job
from scripts.base.files import run_tool

TEMPLATE_SWITCH_OLIGO = "AAGCAGTGGTATCAACGCAGAGTACATGGG"
"""10x 3' template-switch oligo (10x Genomics, user guide of the 3' v3 kit)."""
POLY_A = 61
"""A's put after the oligo, about what an R2 of 91 bp can show."""


def artefact_fasta() -> str:
    """Return the FASTA of reads that hold no insert: the template-switch oligo runs straight into the poly-A tail.

    Such a read has no gene, but one 31-mer of it ("ATGGG" + 26 A) may by chance lie in a transcript: on the mini
    human/mouse reference nearly all human UMIs that kallisto gives to mouse fall on Rbm4b that way. As D-list sequence
    its flanking k-mers unmask these reads, and no other read is touched.
    """
    return f">template_switch_oligo_poly_a\n{TEMPLATE_SWITCH_OLIGO}{'A' * POLY_A}\n"


def kb_ref_command(
    fasta: str, gtf: str, index: str, t2g: str, threads: int, folder: Path, *, introns: bool = False
) -> list[str | int | Path]:
    """Return the `kb ref` call, with ``introns`` that of the workflow `nac`, whose index holds each gene's unspliced
    transcript too. The D-list is what kb-python takes by default (the genome), said explicitly, and the artefact reads.
    """
    more = ["-f2", folder / "unspliced.fa", "-c1", folder / "spliced.txt", "-c2", folder / "unspliced.txt"]
    return [
        "kb", "ref", "--workflow", "nac" if introns else "standard", "-t", threads, "--tmp", folder / "kb",
        "--overwrite", "--verbose", "--d-list", f"{fasta},{folder / 'artefacts.fa'}",
        "-i", index, "-g", t2g, "-f1", folder / "transcripts.fa", *(more if introns else []), fasta, gtf,
    ]  # fmt: skip


def main(snakemake) -> None:
    """Write index.idx and t2g.txt."""
    with tempfile.TemporaryDirectory(dir=snakemake.resources.get("tmpdir")) as name:
        folder = Path(name)
        (folder / "artefacts.fa").write_text(artefact_fasta())
        index = folder / "index.idx"
        command = kb_ref_command(
            snakemake.input.fasta,
            snakemake.input.gtf,
            str(index),
            snakemake.output.t2g,
            snakemake.threads,
            folder,
            introns=snakemake.params.introns,
        )
        # kb ref exits with 0 when kallisto was killed or the annotation made it fail.
        run_tool(
            command,
            f"if it ran out of memory, give rule {snakemake.rule} more mem_mb in the profile",
            makes=[index, snakemake.output.t2g],
        )
        shutil.move(index, snakemake.output.index)
    with open(snakemake.output.t2g) as handle:
        job.log.info("%d transcripts", sum(1 for _ in handle))


if __name__ == "__main__":
    job.run(main, snakemake)

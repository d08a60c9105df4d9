"""Index the joined transcriptome for kallisto, with a D-list that excludes reads from other sequences."""

import shutil
import tempfile
from pathlib import Path

from scripts.base import job
from scripts.base.files import run_tool

TEMPLATE_SWITCH_OLIGO = "AAGCAGTGGTATCAACGCAGAGTACATGGG"
"""10x 3' template-switch oligo (10x Genomics, user guide of the 3' v3 kit)."""
POLY_A = 61
"""Number of A's after the oligo, about the maximum in an R2 of 91 bp."""


def artefact_fasta() -> str:
    """Return the FASTA of reads without an insert: the template-switch oligo followed directly by the poly-A tail.

    Such a read has no gene, but one of its 31-mers ("ATGGG" + 26 A) may occur in a transcript by chance. With the mini
    human/mouse reference, nearly all human UMIs that kallisto assigns to mouse are on Rbm4b for this reason. With this
    sequence in the D-list, the flanking k-mers identify these reads. Other reads aren't affected.
    """
    return f">template_switch_oligo_poly_a\n{TEMPLATE_SWITCH_OLIGO}{'A' * POLY_A}\n"


def kb_ref_command(
    fasta: str, gtf: str, index: str, t2g: str, threads: int, folder: Path, *, introns: bool = False
) -> list[str | int | Path]:
    """Return the `kb ref` command. With ``introns`` it uses the workflow `nac`, whose index also contains each gene's
    unspliced transcript. The D-list is kb-python's default (the genome), given explicitly, plus the artefact reads.
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
        # kb ref also exits with 0 if kallisto was killed or failed because of the annotation.
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

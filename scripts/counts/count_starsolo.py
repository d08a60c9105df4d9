"""Count with STARsolo, set to what Cell Ranger does; the alignments keep the corrected barcode (CB) and UMI (UB)."""

import json
import shutil
import tempfile
from pathlib import Path

import numpy as np

from scripts.base import job
from scripts.base.files import run_tool
from scripts.references import barcodes

CELL_RANGER = {
    "soloType": "CB_UMI_Simple",
    "soloCBmatchWLtype": "1MM_multi_Nbase_pseudocounts",
    "soloUMIfiltering": "MultiGeneUMI_CR",
    "soloUMIdedup": "1MM_CR",
    "clipAdapterType": "CellRanger4",
    "outFilterScoreMin": "30",
}
"""Cell Ranger 4 and later, after STARsolo's documentation (2.7.10b, "matching CellRanger 4.x.x and 5.x.x results")."""
TAGS = ["NH", "HI", "nM", "AS", "CR", "CB", "UR", "UB", "GX", "GN"]


def star_command(
    index: str,
    reads: tuple[list[str], list[str]],
    whitelist: Path,
    lengths: tuple[int, int],
    threads: int,
    memory: int,
    folder: Path,
) -> list[str | int | Path]:
    """Return the STAR call. ``reads`` are R1 and R2 of all lanes, ``lengths`` those of barcode and UMI, ``memory``
    bytes to sort in.
    """
    barcode_length, umi_length = lengths
    command: list[str | int | Path] = [
        "STAR", "--genomeDir", index, "--readFilesIn", ",".join(reads[1]), ",".join(reads[0]),
        "--readFilesCommand", "gzip", "-cdf", "--runThreadN", threads,
        "--outTmpDir", folder / "tmp", "--outFileNamePrefix", f"{folder}/",
        "--soloCBwhitelist", whitelist, "--soloCBstart", 1, "--soloCBlen", barcode_length,
        "--soloUMIstart", barcode_length + 1, "--soloUMIlen", umi_length, "--soloBarcodeReadLength", 0,
        "--soloStrand", "Forward", "--soloFeatures", "Gene",
        "--soloCellFilter", "None", "--outSAMtype", "BAM", "SortedByCoordinate", "--outSAMattributes", *TAGS,
        "--limitBAMsortRAM", memory,
    ]  # fmt: skip
    for name, value in CELL_RANGER.items():
        command += [f"--{name}", value]
    return command


def main(snakemake) -> None:
    """Write the raw matrix (all barcodes), the BAM and the run's summaries."""
    chemistry = json.loads(Path(snakemake.input.chemistry).read_text())
    whitelist = np.load(
        dict(zip(snakemake.params.chemistries, snakemake.input.whitelists, strict=True))[chemistry["chemistry"]]
    )
    output = snakemake.output
    with tempfile.TemporaryDirectory(dir=snakemake.resources.get("tmpdir")) as name:
        folder = Path(name)
        barcodes.write_text(folder / "whitelist.txt", whitelist)
        command = star_command(
            snakemake.input.index,
            (list(snakemake.input.fq1), list(snakemake.input.fq2)),
            folder / "whitelist.txt",
            (chemistry["barcode_length"], chemistry["umi_length"]),
            snakemake.threads,
            int(snakemake.resources.get("mem_mb", 8_000)) * 500_000,
            folder,
        )
        run_tool(
            command, "if the sort ran out of memory or of open files, raise rule count_starsolo's mem_mb or `ulimit -n`"
        )
        raw = folder / "Solo.out" / "Gene" / "raw"
        for made, wanted in (
            (raw / "matrix.mtx", output.matrix),
            (raw / "barcodes.tsv", output.barcodes),
            (raw / "features.tsv", output.features),
            (folder / "Log.final.out", output.info),
            (folder / "Aligned.sortedByCoord.out.bam", output.bam),
        ):
            shutil.move(made, wanted)


if __name__ == "__main__":
    job.run(main, snakemake)

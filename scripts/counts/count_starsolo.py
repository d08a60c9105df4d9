"""Count with STARsolo, with Cell Ranger's settings; alignments keep the corrected barcode (CB) and UMI (UB)."""

import json
import shutil
import tempfile
from pathlib import Path

from scripts.base import job
from scripts.base.files import run_tool
from scripts.counts.strand import first_reads, read_library, tell
from scripts.references import barcodes

CELL_RANGER = {
    "soloType": "CB_UMI_Simple",
    "soloCBmatchWLtype": "1MM_multi_Nbase_pseudocounts",
    "soloUMIfiltering": "MultiGeneUMI_CR",
    "soloUMIdedup": "1MM_CR",
    "outFilterScoreMin": "30",
}
"""Cell Ranger 4 and later, after STARsolo's documentation (2.7.10b, "matching CellRanger 4.x.x and 5.x.x results")."""
CLIPPING = {
    "forward": {"clipAdapterType": "CellRanger4"},
    "reverse": {"clipAdapterType": "Hamming", "clip3pAdapterSeq": "CCCATGTACTCTGCGTTGATACCACTGCTT"},
}
"""A sense read 2 may begin with the template-switch oligo and end in the poly-A tail, which Cell Ranger 4 clips. An
antisense read 2 may end in the reversed oligo. Without clipping, 3 % of the UMIs of reversed real 3' reads are lost.
"""
FEATURES = {False: "Gene", True: "GeneFull_Ex50pAS"}
"""Without and with introns; the second is the default of Cell Ranger 7 and later (STARsolo's documentation)."""
MEMORY = "if it ran out of memory, give rule count_starsolo more mem_mb in the profile"
TAGS = ["NH", "HI", "nM", "AS", "CR", "CB", "UR", "UB", "GX", "GN"]


def star_command(
    index: str,
    reads: tuple[list[str], list[str]],
    whitelist: Path,
    lengths: tuple[int, int],
    threads: int,
    memory: int,
    folder: Path,
    *,
    strand: str,
    introns: bool,
) -> list[str | int | Path]:
    """Return the STAR command. ``reads`` are R1 and R2 of all lanes, ``lengths`` those of barcode and UMI, ``memory``
    the bytes for sorting, ``strand`` the strand of read 2 (forward, reverse).
    """
    barcode_length, umi_length = lengths
    command: list[str | int | Path] = [
        "STAR", "--genomeDir", index, "--readFilesIn", ",".join(reads[1]), ",".join(reads[0]),
        "--readFilesCommand", "gzip", "-cdf", "--runThreadN", threads,
        "--outTmpDir", folder / "tmp", "--outFileNamePrefix", f"{folder}/",
        "--soloCBwhitelist", whitelist, "--soloCBstart", 1, "--soloCBlen", barcode_length,
        "--soloUMIstart", barcode_length + 1, "--soloUMIlen", umi_length, "--soloBarcodeReadLength", 0,
        "--soloStrand", strand.capitalize(), "--soloFeatures", FEATURES[introns],
        "--soloCellFilter", "None", "--outSAMtype", "BAM", "SortedByCoordinate", "--outSAMattributes", *TAGS,
        "--limitBAMsortRAM", memory,
    ]  # fmt: skip
    for name, value in (CELL_RANGER | CLIPPING[strand]).items():
        command += [f"--{name}", value]
    return command


def map_both_ways(index: str, reads: list[tuple[Path, Path]], threads: int, folder: Path) -> dict[str, int]:
    """Return the numbers of reads in sense (forward) and antisense (reverse) to a gene, from STAR's counts by gene."""
    out = folder / "both_ways"
    out.mkdir()
    run_tool(
        [
            "STAR", "--genomeDir", index, "--readFilesIn", ",".join(str(two) for _, two in reads),
            "--runThreadN", threads, "--quantMode", "GeneCounts", "--outSAMtype", "None",
            "--outTmpDir", out / "tmp", "--outFileNamePrefix", f"{out}/",
        ],
        MEMORY,
        makes=[out / "ReadsPerGene.out.tab"],
    )  # fmt: skip
    rows = [line.split("\t") for line in (out / "ReadsPerGene.out.tab").read_text().splitlines()]
    genes = [row for row in rows if not row[0].startswith("N_")]
    return {strand: sum(int(row[column]) for row in genes) for strand, column in (("forward", 2), ("reverse", 3))}


def main(snakemake) -> None:
    """Write the raw matrix (all barcodes), the BAM, the run's summaries, and the library's data."""
    given, output, params = snakemake.input, snakemake.output, snakemake.params
    sample = snakemake.wildcards.sample
    chemistry, whitelist, short = read_library(snakemake)
    with tempfile.TemporaryDirectory(dir=snakemake.resources.get("tmpdir")) as name:
        folder = Path(name)
        barcodes.write_text(folder / "whitelist.txt", whitelist)
        first = first_reads(list(zip(given.fq1, given.fq2, strict=True)), params.sample_reads, folder)
        mapped = map_both_ways(given.index, first, snakemake.threads, folder)
        library = tell(mapped, params.strand, chemistry, sample)
        command = star_command(
            given.index,
            (list(given.fq1), list(given.fq2)),
            folder / "whitelist.txt",
            (chemistry["barcode_length"], chemistry["umi_length"]),
            snakemake.threads,
            int(snakemake.resources.get("mem_mb", 8_000)) * 500_000,
            folder,
            strand=library["strand"],
            introns=params.introns,
        )
        raw = folder / "Solo.out" / FEATURES[params.introns] / "raw"
        bam = folder / "Aligned.sortedByCoord.out.bam"
        run_tool(
            command,
            "if the sort ran out of memory or of open files, raise rule count_starsolo's mem_mb or `ulimit -n`",
            makes=[raw / "matrix.mtx", bam],
        )
        for made, wanted in (
            (raw / "matrix.mtx", output.matrix),
            (raw / "barcodes.tsv", output.barcodes),
            (raw / "features.tsv", output.features),
            (folder / "Log.final.out", output.info),
            (bam, output.bam),
        ):
            shutil.move(made, wanted)
    library |= {"introns": params.introns, "short_read1": short}
    Path(output.library).write_text(json.dumps(library, indent=1) + "\n")


if __name__ == "__main__":
    job.run(main, snakemake)

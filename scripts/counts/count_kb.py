"""Count with kb-python's kallisto and bustools: the steps of `kb count`, without those repeated for every library.

For each library, `kb count` reads the whitelist of up to 7 million barcodes twice, and `bustools sort` allocates 2 GB
twice. This takes 25 s per library, even with few reads. Here `bustools correct` gets only the whitelisted barcodes
within one substitution of the reads' barcodes, as no others can be its result. The sort buffer has the size of the
file. A test on real reads verifies that the result equals that of `kb count --strand forward`.
"""

import importlib.util
import json
import os
import platform
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np

from scripts.base import job
from scripts.base.files import run_tool
from scripts.counts import bus
from scripts.counts.strand import first_reads, read_library, tell
from scripts.references import barcodes
from scripts.references.chemistries import BARCODE_LENGTH

REDUCE_UP_TO = 300_000
"""Maximum number of distinct barcodes for which the search for neighbours is faster than reading the whole whitelist by
bustools (10 s).
"""
ILLEGAL_INSTRUCTION = -4
MEMORY = "if it ran out of memory, give rule count_kb more mem_mb in the profile"
MARK = {"forward": "A", "reverse": "C"}
"""Letter that the barcodes of first reads consist of: reads as they are, and reversed."""
COMPLEMENT = bytes.maketrans(b"ACGT", b"TGCA")
STRAND = {"forward": "--fr-stranded", "reverse": "--rf-stranded"}
"""kallisto's options by the strand of read 2, as for STARsolo. Without one, kallisto would also count antisense reads:
10 % of the UMIs, for real PBMC reads and the mini reference.
"""


def find_tool(name: str) -> str:
    """Return the path of kallisto or bustools: the one in kb-python's wheel, else (conda) the one on the PATH.

    kallisto is built for recent processors. If it can't run, kb-python's build without those instructions is used.
    """
    spec = importlib.util.find_spec("kb_python")
    if spec is not None and spec.origin is not None:
        folder = Path(spec.origin).parent / "bins" / platform.system().lower() / name
        for candidate in (folder / name, folder / f"{name}_optoff"):
            if candidate.is_file() and os.access(candidate, os.X_OK) and runs(candidate):
                return str(candidate)
    if found := shutil.which(name):
        return found
    raise job.UserError(f"{name} isn't installed; install kb-python (requirements.lock), or run with --sdm conda")


def runs(tool: Path) -> bool:
    """Return whether this processor can run ``tool``."""
    return subprocess.run([tool, "version"], capture_output=True).returncode != ILLEGAL_INSTRUCTION


def kallisto_technology(kb: str) -> str:
    """Return kallisto's name of kb's technology; for v4, kallisto 0.52 uses v3, which has the same read structure."""
    return "10XV3" if kb == "10XV4" else kb


def choose_whitelist(observed: np.ndarray, whitelist: np.ndarray, limit: int = REDUCE_UP_TO) -> np.ndarray:
    """Return the barcodes of the whitelist that `bustools correct` needs for the distinct ``observed`` barcodes."""
    if len(observed) > limit:
        return whitelist
    return barcodes.within_one_substitution(observed, whitelist)


def distinct_barcodes(records: np.ndarray) -> np.ndarray:
    """Return the distinct barcodes of BUS records, sorted."""
    starts = range(0, len(records), bus.PIECE)
    parts = [barcodes.distinct(records["barcode"][start : start + bus.PIECE]) for start in starts]
    return barcodes.distinct(np.concatenate(parts)) if parts else np.empty(0, np.uint64)


def sort_memory(path: Path, most_mb: int) -> str:
    """Return the buffer size of bustools sort: that of the file, at least 64 MB, at most ``most_mb``. Larger files are
    sorted in parts on disk.
    """
    return f"{max(64, min(path.stat().st_size * 2 // 1_000_000 + 64, most_mb))}M"


def pseudoalign(command: list, folder: Path, sample: str) -> None:
    """Run kallisto. Raises :class:`job.UserError` if it fails, for example if no read maps."""
    try:
        run_tool(command, MEMORY, makes=[folder / name for name in ("output.bus", "matrix.ec", "transcripts.txt")])
    except job.UserError as error:
        if pseudoaligned(folder) == 0:
            raise job.UserError(
                f"sample {sample}: no read maps to the references; are reads and references of the same species, and "
                "check that this is the library of gene expression"
            ) from error
        raise job.UserError(f"sample {sample}: {error}") from error


def pseudoaligned(folder: Path) -> int | None:
    """Return the number of reads that kallisto mapped, or None if it failed before."""
    info = folder / "run_info.json"
    return json.loads(info.read_text())["n_pseudoaligned"] if info.exists() else None


def map_both_ways(bus_command: Callable[[str, Path, list], list], reads: list, folder: Path, sample: str) -> dict:
    """Return the numbers of reads that map in sense (forward) and antisense (reverse) to genes.

    Each read 2 is mapped as it is and reversed, in one call of kallisto, which takes minutes to load the index of two
    mammals: the barcode says which of the two a record is.
    """
    twins, out = write_twins(reads, folder), folder / "twins"
    try:
        run_tool(bus_command("forward", out, [twins]), MEMORY, makes=[out / "run_info.json"])
    except job.UserError as error:  # kallisto fails if nothing maps
        if pseudoaligned(out) != 0:
            raise job.UserError(f"sample {sample}: {error}") from error
        return dict.fromkeys(STRAND, 0)
    records = bus.map_records(out / "output.bus")
    marks = {strand: barcodes.pack(np.array([MARK[strand] * BARCODE_LENGTH], dtype="S"))[0][0] for strand in STRAND}
    return {strand: int((records["barcode"] == mark).sum()) for strand, mark in marks.items()}


def write_twins(reads: list, folder: Path) -> tuple[Path, Path]:
    """Write reads twice, as they are and with read 2 reversed, the barcode replaced by one that marks which
    (:data:`MARK`); return the files of read 1 and read 2.
    """
    paths = folder / "twins_R1.fastq", folder / "twins_R2.fastq"
    with open(paths[0], "wb") as one, open(paths[1], "wb") as two:
        for pair in reads:
            with open(pair[0], "rb") as barcode_lines, open(pair[1], "rb") as lines:
                for number, (first, second) in enumerate(zip(barcode_lines, lines, strict=False)):
                    letters = first.rstrip(), second.rstrip()
                    if number % 4 == 1:
                        marked = {s: MARK[s].encode() * BARCODE_LENGTH + letters[0][BARCODE_LENGTH:] for s in STRAND}
                        sequence = {"forward": letters[1], "reverse": letters[1].translate(COMPLEMENT)[::-1]}
                    elif number % 4 == 3:
                        quality = letters[0].ljust(BARCODE_LENGTH, b"F")
                        for strand in STRAND:
                            one.write(b"@r\n%b\n+\n%b\n" % (marked[strand], quality))
                            two.write(b"@r\n%b\n+\n%b\n" % (sequence[strand], letters[1]))
    return paths


def prefer_exons(classes: Path, transcripts: Path, t2g: Path) -> int:
    """Remove unspliced transcripts from equivalence classes with spliced ones; return the number of classes changed.

    An index with introns contains each gene's unspliced transcript, named as the gene. A read in an exon that also lies
    in another gene's intron would have two genes and be discarded. Instead it is assigned to the exon's gene, as in
    STARsolo's GeneFull_Ex50pAS.
    """
    genes = {line.split("\t")[1].strip() for line in t2g.read_text().splitlines()}
    spliced = np.array([name not in genes for name in transcripts.read_text().split()])
    lines, changed = [], 0
    for number, members in enumerate(bus.read_classes(classes)):
        exons = members[spliced[members]]
        changed += 0 < len(exons) < len(members)
        lines.append(f"{number}\t{','.join(map(str, exons if len(exons) else members))}\n")
    classes.write_text("".join(lines))
    return changed


def main(snakemake) -> None:
    """Write the sorted, corrected BUS file with its classes, the matrix of all barcodes, and the library's data."""
    given, output, params = snakemake.input, snakemake.output, snakemake.params
    sample = snakemake.wildcards.sample
    chemistry, whitelist, short = read_library(snakemake)
    kallisto, bustools = find_tool("kallisto"), find_tool("bustools")
    most_mb = int(snakemake.resources.get("mem_mb", 4_000)) // 2
    lanes = list(zip(given.fq1, given.fq2, strict=True))

    def bus_command(strand: str, out: Path, reads: list) -> list:
        return [
            kallisto, "bus", "-i", given.index, "-o", out, "-x", kallisto_technology(chemistry["kb"]), STRAND[strand],
            "-t", snakemake.threads, *[path for pair in reads for path in pair],
        ]  # fmt: skip

    with tempfile.TemporaryDirectory(dir=snakemake.resources.get("tmpdir")) as name:
        folder = Path(name)
        first = first_reads(lanes, params.sample_reads, folder)
        library = tell(map_both_ways(bus_command, first, folder, sample), params.strand, chemistry, sample)
        raw, ordered, corrected = folder / "output.bus", folder / "sorted.bus", folder / "corrected.bus"
        pseudoalign(bus_command(library["strand"], folder, lanes), folder, sample)
        classes, transcripts = folder / "matrix.ec", folder / "transcripts.txt"
        if params.introns:
            changed = prefer_exons(classes, transcripts, Path(given.t2g))
            job.log.info("%d classes of exons and introns are those of the exons", changed)
        observed = distinct_barcodes(bus.map_records(raw))
        onlist = choose_whitelist(observed, whitelist)
        barcodes.write_text(folder / "onlist.txt", onlist)
        job.log.info(
            "%d distinct barcodes; %d of the whitelist's %d can be theirs", len(observed), len(onlist), len(whitelist)
        )
        sort = [bustools, "sort", "-T", f"{folder}/", "-t", snakemake.threads]
        run_tool([*sort, "-m", sort_memory(raw, most_mb), "-o", ordered, raw], makes=[ordered])
        raw.unlink()
        run_tool([bustools, "correct", "-w", folder / "onlist.txt", "-o", corrected, ordered], makes=[corrected])
        ordered.unlink()
        run_tool([*sort, "-m", sort_memory(corrected, most_mb), "-o", output.bus, corrected], makes=[output.bus])
        run_tool(
            [
                bustools, "count", "--genecounts", "--umi-gene", "-g", given.t2g, "-e", classes, "-t", transcripts,
                "-o", folder / "counts", output.bus,
            ],
            makes=[folder / "counts.mtx"],
        )  # fmt: skip
        for made, wanted in (
            ("matrix.ec", output.ec),
            ("transcripts.txt", output.transcripts),
            ("run_info.json", output.info),
            ("counts.mtx", output.matrix),
            ("counts.barcodes.txt", output.barcodes),
            ("counts.genes.txt", output.features),
        ):
            shutil.move(folder / made, wanted)
    library |= {"introns": params.introns, "short_read1": short}
    Path(output.library).write_text(json.dumps(library, indent=1) + "\n")


if __name__ == "__main__":
    job.run(main, snakemake)

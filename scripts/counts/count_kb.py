"""Count with kb-python's kallisto and bustools: what `kb count` runs, without what it would repeat for every library.

`kb count` reads the whitelist of up to 7 million barcodes twice and lets `bustools sort` clear 2 GB twice, 25 s a
library however few its reads. Here the reads' own barcodes come first, and only whitelisted barcodes within one
substitution of them are given to `bustools correct` (no other can be its answer), and the sort buffer has the size of
the file. A test on real reads holds the result equal to that of `kb count --strand forward`.
"""

import importlib.util
import json
import os
import platform
import shutil
import subprocess
import tempfile
from pathlib import Path

import numpy as np

from scripts.base import job
from scripts.base.files import run_tool
from scripts.counts import bus
from scripts.references import barcodes

REDUCE_UP_TO = 300_000
"""Distinct barcodes up to which looking up their neighbours is quicker than letting bustools read the whole whitelist
(10 s).
"""
ILLEGAL_INSTRUCTION = -4
STRAND = "--fr-stranded"
"""Read 2 of a 10x 3' library is in the sense of its transcript, as STARsolo is set, too. kallisto would count antisense
reads as well: on real PBMC reads and the mini reference 10 % of the UMIs.
"""


def find_tool(name: str) -> str:
    """Return the path of kallisto or bustools: the one in kb-python's wheel, else (conda) the one on the PATH.

    kallisto is built for recent processors; where it can't run, kb-python's build without those instructions is taken.
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
    """Tell whether this processor can run ``tool``."""
    return subprocess.run([tool, "version"], capture_output=True).returncode != ILLEGAL_INSTRUCTION


def kallisto_technology(kb: str) -> str:
    """Return kallisto's name of kb's technology; kallisto 0.52 knows v4 as v3, whose read structure it has."""
    return "10XV3" if kb == "10XV4" else kb


def choose_whitelist(observed: np.ndarray, whitelist: np.ndarray, limit: int = REDUCE_UP_TO) -> np.ndarray:
    """Return what `bustools correct` needs of the whitelist for the distinct ``observed`` barcodes."""
    if len(observed) > limit:
        return whitelist
    return barcodes.within_one_substitution(observed, whitelist)


def distinct_barcodes(records: np.ndarray) -> np.ndarray:
    """Return the distinct barcodes of BUS records, sorted."""
    starts = range(0, len(records), bus.PIECE)
    parts = [barcodes.distinct(records["barcode"][start : start + bus.PIECE]) for start in starts]
    return barcodes.distinct(np.concatenate(parts)) if parts else np.empty(0, np.uint64)


def sort_memory(path: Path, most_mb: int) -> str:
    """Return bustools sort's buffer: room for the whole file, at least 64 MB, at most ``most_mb``; beyond, it sorts in
    parts on disk.
    """
    return f"{max(64, min(path.stat().st_size * 2 // 1_000_000 + 64, most_mb))}M"


def pseudoalign(command: list, run_info: Path, sample: str) -> None:
    """Run kallisto. Raises :class:`job.UserError` if it fails, as it does if no read maps."""
    try:
        run_tool(command)
    except job.UserError as error:
        if run_info.exists() and json.loads(run_info.read_text())["n_pseudoaligned"] == 0:
            raise job.UserError(
                f"sample {sample}: no read maps to the references; are reads and references of the same species?"
            ) from error
        raise job.UserError(f"sample {sample}: {error}") from error


def main(snakemake) -> None:
    """Write the sorted, corrected BUS file with its classes, and the matrix of all barcodes."""
    chemistry = json.loads(Path(snakemake.input.chemistry).read_text())
    whitelist = np.load(
        dict(zip(snakemake.params.chemistries, snakemake.input.whitelists, strict=True))[chemistry["chemistry"]]
    )
    kallisto, bustools = find_tool("kallisto"), find_tool("bustools")
    most_mb = int(snakemake.resources.get("mem_mb", 4_000)) // 2
    output = snakemake.output
    reads = [path for pair in zip(snakemake.input.fq1, snakemake.input.fq2, strict=True) for path in pair]
    with tempfile.TemporaryDirectory(dir=snakemake.resources.get("tmpdir")) as name:
        folder = Path(name)
        raw, ordered, corrected = folder / "output.bus", folder / "sorted.bus", folder / "corrected.bus"
        pseudoalign([
            kallisto, "bus", "-i", snakemake.input.index, "-o", folder, "-x", kallisto_technology(chemistry["kb"]),
            STRAND, "-t", snakemake.threads, *reads,
        ], folder / "run_info.json", snakemake.wildcards.sample)  # fmt: skip
        observed = distinct_barcodes(bus.map_records(raw))
        onlist = choose_whitelist(observed, whitelist)
        barcodes.write_text(folder / "onlist.txt", onlist)
        job.log.info(
            "%d distinct barcodes; %d of the whitelist's %d can be theirs", len(observed), len(onlist), len(whitelist)
        )
        sort = [bustools, "sort", "-T", f"{folder}/", "-t", snakemake.threads]
        run_tool([*sort, "-m", sort_memory(raw, most_mb), "-o", ordered, raw])
        raw.unlink()
        run_tool([bustools, "correct", "-w", folder / "onlist.txt", "-o", corrected, ordered])
        ordered.unlink()
        run_tool([*sort, "-m", sort_memory(corrected, most_mb), "-o", output.bus, corrected])
        run_tool([
            bustools, "count", "--genecounts", "--umi-gene", "-g", snakemake.input.t2g, "-e", folder / "matrix.ec",
            "-t", folder / "transcripts.txt", "-o", folder / "counts", output.bus,
        ])  # fmt: skip
        for made, wanted in (
            ("matrix.ec", output.ec),
            ("transcripts.txt", output.transcripts),
            ("run_info.json", output.info),
            ("counts.mtx", output.matrix),
            ("counts.barcodes.txt", output.barcodes),
            ("counts.genes.txt", output.features),
        ):
            shutil.move(folder / made, wanted)


if __name__ == "__main__":
    job.run(main, snakemake)

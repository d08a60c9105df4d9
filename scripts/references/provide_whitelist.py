"""Copy a 10x barcode whitelist out of kb-python's dependency ngs_tools, and pack it for searching."""

import gzip
import importlib.util
from pathlib import Path

import numpy as np

from scripts.base import job
from scripts.references.barcodes import distinct, pack
from scripts.references.chemistries import BARCODE_LENGTH, CHEMISTRIES


def whitelist_path(chemistry: str) -> Path:
    """Return where ngs_tools keeps the whitelist; the package is found, not imported (that takes seconds)."""
    spec = importlib.util.find_spec("ngs_tools")
    if spec is None or spec.origin is None:
        raise job.UserError(
            "ngs_tools isn't installed, which kb-python brings with the 10x whitelists; install kb-python"
        )
    path = Path(spec.origin).parent / "chemistry" / "whitelists" / CHEMISTRIES[chemistry].whitelist
    if not path.exists():
        raise job.UserError(f"{path}: no such file; install the ngs_tools release of requirements.lock")
    return path


def pack_whitelist(text: bytes, source: str) -> np.ndarray:
    """Return the sorted packed barcodes (uint32) of a whitelist, one 16-base barcode a line."""
    width = BARCODE_LENGTH + 1
    letters = np.frombuffer(text if text.endswith(b"\n") else text + b"\n", np.uint8)
    if len(letters) % width == 0 and (letters[BARCODE_LENGTH::width] == ord("\n")).all():
        barcodes = (
            np.ascontiguousarray(letters.reshape(-1, width)[:, :BARCODE_LENGTH]).view(f"S{BARCODE_LENGTH}").ravel()
        )
        packed, clean = pack(barcodes)
    else:
        packed, clean = np.empty(0, np.uint32), np.zeros(1, bool)
    if not len(packed) or not clean.all():
        raise job.UserError(
            f"{source}: not a whitelist of 16-base barcodes; install the ngs_tools release of requirements.lock"
        )
    return distinct(packed)


def main(snakemake) -> None:
    """Write the whitelist as it is (txt.gz) and packed (npy)."""
    path = whitelist_path(snakemake.wildcards.chemistry)
    compressed = path.read_bytes()
    packed = pack_whitelist(gzip.decompress(compressed), str(path))
    Path(snakemake.output.text).write_bytes(compressed)
    np.save(snakemake.output.packed, packed)
    job.log.info("%d barcodes", len(packed))


if __name__ == "__main__":
    job.run(main, snakemake)

"""Copy a 10x barcode whitelist from kb-python's dependency ngs_tools, and pack it for searching."""

import gzip
import importlib.util
import zlib
from pathlib import Path

import numpy as np

from scripts.base import job
from scripts.base.files import is_gzip, open_bytes
from scripts.references.barcodes import distinct, pack
from scripts.references.chemistries import BARCODE_LENGTH, CHEMISTRIES


def whitelist_path(chemistry: str, own: str | None = None) -> Path:
    """Return the path of the whitelist: in ngs_tools or, for a chemistry that it lacks, the user's path."""
    name = CHEMISTRIES[chemistry].whitelist
    if name is not None:
        return whitelist_file(name)
    if not own or not Path(own).is_file():
        said = f"there is no {own!r}" if own else "no file is named"
        raise job.UserError(
            f"reads/whitelist_{chemistry}: {said}; give the list of {CHEMISTRIES[chemistry].name}, which is part of "
            "Cell Ranger (lib/python/cellranger/barcodes/3M-5pgex-jan-2023.txt.gz)"
        )
    return Path(own)


def whitelist_file(name: str) -> Path:
    """Return the path of a whitelist in ngs_tools. The package is located but not imported, as import takes seconds."""
    spec = importlib.util.find_spec("ngs_tools")
    if spec is None or spec.origin is None:
        raise job.UserError(
            "ngs_tools isn't installed, which kb-python installs with the 10x whitelists; install kb-python"
        )
    path = Path(spec.origin).parent / "chemistry" / "whitelists" / name
    if not path.exists():
        raise job.UserError(f"{path}: no such file; install the ngs_tools release of requirements.lock")
    return path


def pack_whitelist(text: bytes, source: str) -> np.ndarray:
    """Return the sorted packed barcodes (uint32) of a whitelist with one 16-base barcode per line."""
    text = text.replace(b"\r\n", b"\n")
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
            f"{source}: not a whitelist of 16-base barcodes; install the ngs_tools release of requirements.lock, or "
            "correct the file that the config names"
        )
    return distinct(packed)


def main(snakemake) -> None:
    """Write the whitelist unchanged (txt.gz) and packed (npy)."""
    path = whitelist_path(snakemake.wildcards.chemistry, snakemake.params.get("own"))
    try:
        with open_bytes(path) as handle:
            text = handle.read()
    except (OSError, EOFError, zlib.error) as error:
        raise job.UserError(f"{path}: can't be read ({error}); fetch the file again") from error
    packed = pack_whitelist(text, str(path))
    Path(snakemake.output.text).write_bytes(path.read_bytes() if is_gzip(path) else gzip.compress(text, mtime=0))
    np.save(snakemake.output.packed, packed)
    job.log.info("%d barcodes", len(packed))


if __name__ == "__main__":
    job.run(main, snakemake)

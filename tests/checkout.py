"""A checkout of its own to run in, the reduced demo in it, and what the results hold: for tests that run the whole
workflow.
"""

import hashlib
import json
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import h5py
import numpy as np
import pytest

from scripts.report.manifest import SOURCE, hash_tree

ROOT = Path(__file__).parents[1]
REDUCED = ["config/demo/config.yaml", "config/demo/reduced/config.yaml"]
RESULTS = Path("results") / "demo"
SKIPPED = {
    "manifest.json", "ro-crate-metadata.json", "preflight.txt", "logs", "benchmarks", "multiqc_data", "sequali",
    ".snakemake_timestamp",
}  # fmt: skip
"""Times, free disk, what there was to do, and what tools write with the date of the run; manifests are compared by
scripts/report/reproduce.py.
"""
SAME = (
    ".tsv", ".tsv.gz", ".gmt", ".parquet", ".json", ".fastq.gz", ".fa", ".gtf", ".feather", ".tbl", ".txt",
    ".npy", ".npz", ".png", ".md",
)  # fmt: skip
"""What is the same byte for byte. Pages, PDF and SVG have dates and numbers of their own making, and kallisto's index
depends on its threads (counts by it don't): they count by being there.
"""
HDF5 = (".h5ad", ".loom")
WHOLE = pytest.param("whole", marks=pytest.mark.full)
only_whole = pytest.mark.parametrize("results", [WHOLE], indirect=True, scope="session")
"""Marks a test of the fixture ``results`` that asks for more than the reduced demo has."""


def copy_checkout(to: Path) -> Path:
    """Copy what the workflow consists of, with compiled modules, without results and environment."""
    to.mkdir(parents=True, exist_ok=True)
    for name in (
        "Snakefile",
        "workflow",
        "config",
        "rules",
        "envs",
        "scripts",
        "resources",
        "pyproject.toml",
        "requirements.lock",
    ):
        source = ROOT / name
        if source.is_dir():
            # Other processes may be compiling modules: files on the way to theirs come and go.
            shutil.copytree(source, to / name, ignore=shutil.ignore_patterns("*.pyc.*"))
        else:
            shutil.copy(source, to / name)
    return to


def hash_sources(root: Path) -> dict[str, str]:
    """Return hashes of what a run of the demo is made from: the workflow, configs and sheets, the software."""
    parts = {"workflow": SOURCE, "config": ("config",), "software": ("requirements.lock",)}
    return {name: hash_tree(root, part) for name, part in parts.items()}


def drop_if_outdated(results: Path) -> None:
    """Remove results that other code made, by their manifest: tests would judge what is no longer made, which
    Snakemake leaves where it is.
    """
    manifest = results / "manifest.json"
    made_by = json.loads(manifest.read_text())["workflow"]["source"] if manifest.exists() else None
    if results.exists() and made_by != hash_tree(ROOT):
        shutil.rmtree(results)


def command(*arguments: str) -> list[str]:
    """Return the call of Snakemake on the reduced demo, or with the config that the arguments give."""
    configs = [] if "--configfile" in arguments else ["--configfile", *REDUCED]
    return [sys.executable, "-m", "snakemake", *arguments, *configs]


def run(checkout: Path, *arguments: str, prefix: Sequence[str] = ()) -> subprocess.CompletedProcess:
    """Run the reduced demo in a checkout, and wait; its output is kept for the message of a failure.

    ``prefix``: a program that runs the command with other rights.
    """
    return subprocess.run([*prefix, *command(*arguments)], cwd=checkout, capture_output=True, text=True, check=False)


def hash_h5ad(path: Path) -> str:
    """Return a hash of names, kinds and values of everything in an HDF5 file, whatever its layout on disk."""
    digest = hashlib.sha256()

    def visit(name, item):
        digest.update(name.encode())
        if isinstance(item, h5py.Dataset):
            values = np.asarray(item[()])
            digest.update(str(values.dtype).encode())
            digest.update(repr(values.tolist()).encode() if values.dtype.hasobject else values.tobytes())

    with h5py.File(path) as handle:
        handle.visititems(visit)
    return digest.hexdigest()


def contents(results: Path) -> dict[str, str]:
    """Return a hash per result file, by its path in the results."""
    found = {}
    for path in sorted(results.rglob("*")):
        name = path.relative_to(results)
        if SKIPPED & set(name.parts) or not path.is_file():
            continue
        if path.suffix in HDF5:
            found[str(name)] = hash_h5ad(path)
        elif path.name.endswith(SAME):
            found[str(name)] = hashlib.sha256(path.read_bytes()).hexdigest()
        else:
            found[str(name)] = "there" if path.stat().st_size else "empty"
    return found

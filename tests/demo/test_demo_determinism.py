"""The demo from scratch on one core gives what it gave on two: same content of every table and matrix."""

import hashlib
import shutil
from pathlib import Path

import h5py
import numpy as np
import pytest

ROOT = Path(__file__).parents[2]
SKIPPED = {"logs", "benchmarks", "report", "multiqc_data", "sequali"}
"""Times, and pages that carry the date of the run."""
TEXT = (".tsv", ".tsv.gz", ".gmt", ".parquet", ".json", ".fastq.gz", ".fa", ".gtf", ".feather", ".tbl", ".txt")


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
        if path.suffix == ".h5ad":
            found[str(name)] = hash_h5ad(path)
        elif path.name.endswith(TEXT):
            found[str(name)] = hashlib.sha256(path.read_bytes()).hexdigest()
    return found


def copy_checkout(to: Path) -> Path:
    """Copy what the workflow consists of, without results, environment or caches."""
    for name in ("Snakefile", "config", "rules", "envs", "scripts", "resources"):
        source = ROOT / name
        ignore = shutil.ignore_patterns("__pycache__")
        if source.is_dir():
            shutil.copytree(source, to / name, ignore=ignore)
        else:
            shutil.copy(source, to / name)
    return to


@pytest.mark.slow
def test_one_core_and_two_give_the_same(demo, run_demo, tmp_path):
    copy = copy_checkout(tmp_path)
    ran = run_demo(copy, 1)
    assert ran.returncode == 0, (ran.stdout + ran.stderr)[-8000:]
    two, one = contents(demo), contents(copy / "results" / "demo")
    assert set(one) == set(two)
    assert len(one) > 150, "tables and matrices of twelve libraries and five models"
    assert [name for name in one if one[name] != two[name]] == []

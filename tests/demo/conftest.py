"""The demo study, run once for all tests here: what `make demo` runs, in the checkout itself (so nothing runs
twice).
"""

import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

ROOT = Path(__file__).parents[2]
CONFIG = "config/demo/config.yaml"


def run(root: Path, cores: int, *arguments: str) -> subprocess.CompletedProcess:
    """Run the demo of the checkout at ``root``; its output is kept for the message of a failure."""
    command = [sys.executable, "-m", "snakemake", "--cores", str(cores), "--configfile", CONFIG, *arguments]
    return subprocess.run(command, cwd=root, capture_output=True, text=True)


@pytest.fixture(scope="session")
def run_demo():
    """Return the function that runs the demo of a checkout."""
    return run


@pytest.fixture(scope="session")
def demo() -> Path:
    """Return the results of a finished demo run, frozen for biopsies too."""
    ran = run(ROOT, 2, "--rerun-incomplete", "all", "freeze")
    assert ran.returncode == 0, (ran.stdout + ran.stderr)[-8000:]
    return ROOT / "results" / "demo"


@pytest.fixture(scope="session")
def truth(demo) -> Path:
    """Return the folder of what was planted."""
    return demo / "truth"


@pytest.fixture(scope="session")
def libraries(truth) -> pd.DataFrame:
    """Return the planted figures of every library."""
    tables = [pd.read_csv(path, sep="\t", index_col="sample") for path in sorted(truth.glob("*.library.tsv"))]
    assert len(tables) == 12
    return pd.concat(tables)


@pytest.fixture(scope="session")
def droplets(demo, libraries) -> dict[str, pd.DataFrame]:
    """Return, by sample, every true droplet beside the verdict on it."""
    tables = {}
    for sample in libraries.index:
        verdict = pd.read_parquet(demo / "cells" / f"{sample}.droplets.parquet").set_index("barcode")
        planted = pd.read_csv(demo / "truth" / f"{sample}.cells.tsv", sep="\t", index_col="barcode")
        tables[sample] = planted.join(verdict, lsuffix="_true", rsuffix="")
    return tables

"""Compare calls of droplets with DropletUtils' emptyDrops (if Rscript has it) on simulated libraries with quiet cells.
Prints a table in Markdown.

    python tests/benchmarks/empty_drops.py
"""

from __future__ import annotations

import importlib.util
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.io import mmwrite

ROOT = Path(__file__).resolve().parents[2]
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))

from scripts.cells.empty_drops import call_cells
from scripts.study.schema import filled, read_schema

SEEDS = (1, 2)
AMBIENT = (60, 150, 700)
EMPTY_DROPS = """
suppressMessages({library(DropletUtils); library(Matrix)})
given <- commandArgs(TRUE)
counts <- as(readMM(given[1]), "CsparseMatrix")
set.seed(1)
found <- emptyDrops(counts, lower = as.numeric(given[3]), niters = 10000)
write.table(data.frame(fdr = found$FDR), given[2], row.names = FALSE)
"""


def simulator():
    """Return tests/cells/simulate.py."""
    spec = importlib.util.spec_from_file_location("cells_simulate", ROOT / "tests" / "cells" / "simulate.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def empty_drops(counts, lower: int) -> np.ndarray | None:
    """Return emptyDrops' false discovery rates (missing at or below ``lower``); None without DropletUtils."""
    with tempfile.TemporaryDirectory() as folder:
        matrix, table, code = (str(Path(folder) / name) for name in ("counts.mtx", "fdr.tsv", "code.R"))
        mmwrite(matrix, counts.T)
        Path(code).write_text(EMPTY_DROPS)
        ran = subprocess.run(["Rscript", code, matrix, table, str(lower)], capture_output=True, text=True)
        return pd.read_csv(table, sep=" ")["fdr"].to_numpy(float) if ran.returncode == 0 else None


def ways(counts) -> Iterator[tuple[str, np.ndarray]]:
    """Return the name of each way and the barcodes that it calls."""
    schema = read_schema("config")
    settings = filled({}, schema["properties"]["cells"], schema)["empty_drops"]
    yield "ours, defaults", call_cells(counts, expected_cells="auto", seed=0, **settings).is_cell
    yield (
        "ours, 500 UMIs or more",
        call_cells(counts, expected_cells="auto", seed=0, **settings | {"min_counts": 500}).is_cell,
    )
    rates = empty_drops(counts, 100)
    if rates is not None:
        yield "emptyDrops, FDR .01", rates <= 0.01
        yield "emptyDrops, FDR .001", rates <= 0.001


def main() -> None:
    """Print the table."""
    rows = []
    for ambient in AMBIENT:
        for seed in SEEDS:
            quiet = 300 if ambient < 300 else 0
            counts, kind = simulator().simulate_droplets(seed, ambient=ambient, quiet=quiet)
            for way, called in ways(counts):
                share = {name: called[kind == name].mean() for name in ("cell", "quiet") if (kind == name).any()}
                empty = np.isin(kind[called], ["empty", "stray"]).mean()
                rows.append((ambient, way, share["cell"], share.get("quiet"), empty))
    columns = ["ambient UMIs", "way", "cells found", "quiet cells found", "called that are empty"]
    table = pd.DataFrame(rows, columns=columns)
    table = table.groupby(["ambient UMIs", "way"], sort=False).mean().round(3).reset_index()
    for row in (list(table), ["---"] * table.shape[1], *table.astype(str).to_numpy()):
        print("| " + " | ".join(row) + " |")


if __name__ == "__main__":
    main()

"""Today's other makers of networks, each with its own stopping; jobs of a size that few have; AUCell next to decoupler.

Ratios are of CPU seconds on one thread, in turns on the same data. What one job of a large size takes is extrapolated
from a sample of targets, and its keys say so; memory is the peak of a process of its own.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pandas as pd
from scenic_data import Dataset, simulate_cells
from scenic_environments import Opponent
from scenic_speed import Native
from scipy import sparse

ENGINES = ("rustscenic", "rustscenic_inbag", "scenic_rs")
FACTORS = (100, 400)
LARGE = {
    "25k": ({"n_cells": 25_000, "n_genes": 22_000, "n_tfs": 1_600}, 300),
    "100k": ({"n_cells": 100_000, "n_genes": 15_000, "n_tfs": 1_500}, 60),
}
"""Sizes of large jobs, and the targets of which their time is extrapolated: that of geneRNIB's largest data set of
single cells (2026; GRNBoost2 took 6.7 h and 28.9 GB there for 25,000 cells), and 100,000 cells.
"""
DENSITY = 0.08


def measure_stopping(
    cells: Dataset, opponents: dict[str, Opponent], folder: Path, *, n_cells: int = 5_000,
    factors: Iterable[int] = FACTORS, repetitions: int = 2,
) -> dict:  # fmt: skip
    """Return milliseconds a target, each engine with the stopping that it ships, in turns.

    The factors that most cells express are the data: each is a target of all others.
    """
    result, rows = {}, np.sort(np.random.default_rng(0).permutation(cells.expression.shape[0])[:n_cells])
    columns = np.array([cells.genes.index(tf) for tf in cells.tfs])
    shown = np.asarray((cells.expression[:, columns] > 0).sum(axis=0)).ravel()
    for number in factors:
        chosen = columns[np.sort(np.argsort(-shown, kind="stable")[:number])]
        names = [cells.genes[column] for column in chosen]
        data = Dataset(cells.expression[rows][:, chosen], names, names)
        native, seconds, trees = Native(data), {name: [] for name in ("native", *opponents)}, {}
        for opponent in opponents.values():
            opponent.open(data, folder)
        for repetition in range(repetitions):
            for name, engine in (("native", native), *opponents.items()):
                _, grown, own = engine.infer(data.tfs, seed=repetition)
                seconds[name].append(own.sum() + (native.setup if name == "native" else 0.0))
                trees[name] = grown[0]["fitted_trees_mean"] if isinstance(grown[0], dict) else np.mean(grown)
        ours = np.array(seconds["native"])
        result[f"grn_cells_{number}_factors"] = len(rows)
        for name, own in seconds.items():
            result[f"grn_ms_per_target_{number}_factors_{name}"] = 1e3 * float(np.median(own)) / number
            result[f"grn_trees_{number}_factors_{name}"] = float(trees[name])
            if name != "native":
                result[f"grn_speedup_{number}_factors_vs_{name}"] = float(np.median(np.array(own) / ours))
    return result


def measure_large(folder: Path, name: str, sizes: dict[str, int], n_targets: int) -> dict:
    """Return peak memory and time of a large job on one thread: a sample of targets, the whole extrapolated.

    ``name`` is that of the keys; ``sizes``: n_cells, n_genes, n_tfs. Set-up counts as the targets' time.
    """
    data = simulate_cells(**sizes, density=DENSITY)
    targets = data.sample(n_targets, min_fraction=0.0)
    sparse.save_npz(folder / "large.npz", data.expression, compressed=False)
    names = {"genes": data.genes, "tfs": data.tfs, "targets": targets}
    (folder / "large.json").write_text(json.dumps(names))
    del data
    script = Path(__file__).with_name("scenic_speed.py")
    done = subprocess.run(
        [sys.executable, str(script), str(folder / "large"), "0", "1"], check=True, capture_output=True, text=True
    )
    answer = json.loads(done.stdout.splitlines()[-1])
    (folder / "large.npz").unlink()
    return {
        f"grn_peak_mb_{name}": answer["peak_mb"],
        f"grn_targets_{name}": len(targets),
        f"grn_trees_{name}": answer["trees"] / len(targets),
        f"grn_cpu_s_per_target_{name}": answer["cpu_seconds"] / len(targets),
        f"grn_network_core_hours_{name}_extrapolated": answer["cpu_seconds"] / len(targets) * sizes["n_genes"] / 3600,
    }


def measure_aucell_decoupler(
    n_cells: int = 1_000, n_genes: int = 15_000, n_regulons: int = 300, repetitions: int = 3
) -> dict:
    """Return CPU seconds of AUCell next to decoupler's, on the same unweighted regulons and ranks, in turns.

    decoupler knows no weights, so ours has weights of 1. Genes of equal expression are ordered differently: scores are
    compared where there are none (Gaussian noise).
    """
    import decoupler
    from scenic_pruning import gene_names
    from scenic_pruning import simulate_cells as simulate_levels

    from scripts.scenic import aucell

    rng = np.random.default_rng(0)
    genes = gene_names(n_genes)
    chosen = {
        f"TF{i}(+)": [genes[k] for k in rng.choice(n_genes, int(rng.integers(10, 200)), replace=False)]
        for i in range(n_regulons)
    }
    net = pd.DataFrame([(name, gene) for name, own in chosen.items() for gene in own], columns=["source", "target"])
    regulons = {name: dict.fromkeys(own, 1.0) for name, own in chosen.items()}
    threshold = int(0.05 * n_genes)

    def ours(matrix):
        return aucell.score(matrix, genes, regulons, seed=0)

    def theirs(matrix):
        frame = pd.DataFrame(matrix.toarray(), columns=genes, index=[f"c{i}" for i in range(matrix.shape[0])])
        return decoupler.mt.aucell(frame, net, tmin=1, n_up=threshold)

    matrix = simulate_levels(n_cells, n_genes, 0.08, rng)
    few = matrix[:20]
    ours(few), theirs(few)  # compiles
    seconds = []
    for _ in range(repetitions):
        start = time.process_time()
        ours(matrix)
        middle = time.process_time()
        theirs(matrix)
        seconds.append((middle - start, time.process_time() - middle))
    seconds = np.array(seconds)
    without_ties = sparse.csr_matrix(np.abs(rng.normal(size=(100, n_genes))))
    own, other = ours(without_ties), theirs(without_ties)
    other = other[0] if isinstance(other, tuple) else other
    other = other[own.columns]
    return {
        "aucell_cpu_s_native_unweighted": float(np.median(seconds[:, 0])) * 1_000 / n_cells,
        "aucell_cpu_s_decoupler": float(np.median(seconds[:, 1])) * 1_000 / n_cells,
        "aucell_speedup_vs_decoupler": float(np.median(seconds[:, 1] / seconds[:, 0])),
        "aucell_correlation_with_decoupler": float(np.corrcoef(own.to_numpy().ravel(), other.to_numpy().ravel())[0, 1]),
        "version_decoupler": decoupler.__version__,
    }

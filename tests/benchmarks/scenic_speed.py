"""Time and memory of network inference, in turns with others on the same data.

Comparisons on one thread are of CPU seconds, target by target. Targets are a sample; what a whole network takes is
extrapolated where a key says so, and measured for the native one.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pandas as pd
from scipy import sparse, stats

ROOT = Path(__file__).resolve().parents[2]
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))

from scenic_data import REAL_SIZE, Dataset, simulate_cells
from scenic_environments import Opponent

from scripts.scenic import grnboost


class Native:
    """Our kernel, target by target, with what is done once for all targets done before."""

    def __init__(self, data: Dataset):
        """Bin the factors; ``setup`` is the CPU seconds this took."""
        start = time.process_time()
        self.expression = grnboost.check_input(data.expression, data.genes, data.tfs, None)
        self.columns = {gene: column for column, gene in enumerate(data.genes)}
        self.factors = grnboost.bin_factors(self.expression, [self.columns[tf] for tf in data.tfs], data.tfs)
        self.setup = time.process_time() - start
        grnboost.fit_target(self.expression, self.columns[data.tfs[0]], self.factors, data.tfs[0], seed=0, max_rounds=1)

    def infer(
        self, targets: Iterable[str], seed: int, max_rounds: int = 5000, window: int = 25, importance: str = "published"
    ):
        """Return (edges, trees, seconds) as an opponent does."""
        edges, trees, seconds = [], [], []
        for target in targets:
            start = time.process_time()
            fitted = grnboost.fit_target(
                self.expression, self.columns[target], self.factors, target,
                seed=seed, importance=importance, max_rounds=max_rounds, early_stop_window=window,
            )  # fmt: skip
            seconds.append(time.process_time() - start)
            trees.append(fitted.trees)
            names = [self.factors.names[row] for row in fitted.factors]
            edges.append(pd.DataFrame({"TF": names, "target": target, "importance": fitted.importances}))
        return pd.concat(edges, ignore_index=True), trees, np.array(seconds)


def measure_speed(
    data: Dataset, prefix: str, opponents: dict[str, Opponent], folder: Path, *, n_targets: int, repetitions: int = 3
) -> dict:
    """Return the keys grn_*_{prefix}: milliseconds a tree and a target on one thread, in turns; trees; ratios."""
    targets, native, result = data.sample(n_targets), Native(data), {}
    for opponent in opponents.values():
        opponent.open(data, folder)
    rows = []
    for target in targets:
        row = {}
        many = [native.infer([target], seed=repetition) for repetition in range(repetitions)]
        row["native"] = (np.median([s[0] / t[0] for _, t, s in many]), np.median([s[0] for _, _, s in many]))
        row["native_trees"] = np.mean([t[0] for _, t, _ in many])
        for name in ("arboreto", "lightgbm"):
            if name in opponents:
                _, trees, seconds = opponents[name].infer(
                    [target], seed=1, max_rounds=5000 if name == "arboreto" else 25
                )
                row[name], row[f"{name}_trees"] = (seconds[0] / trees[0], seconds[0]), trees[0]
        rows.append(row)
    result[f"grn_setup_s_{prefix}"] = native.setup
    result[f"grn_targets_{prefix}"] = len(targets)
    for name in ("native", "arboreto", "lightgbm"):
        if name not in rows[0]:
            continue
        per_tree = np.array([row[name][0] for row in rows])
        result[f"grn_ms_per_tree_{prefix}_{name}"] = 1e3 * float(np.median(per_tree))
        ours = np.array([row["native"][0] for row in rows])
        if name == "native":
            result[f"grn_trees_{prefix}_native"] = float(np.mean([row["native_trees"] for row in rows]))
        else:
            key = f"grn_speedup_{prefix}" + ("" if name == "arboreto" else f"_vs_{name}")
            result[key] = float(np.median(per_tree / ours))
        if name != "lightgbm":
            per_target = float(np.mean([row[name][1] for row in rows]))
            result[f"grn_ms_per_target_{prefix}_{name}"] = 1e3 * per_target
            result[f"grn_network_minutes_{prefix}_{name}_extrapolated"] = per_target * len(data.genes) / 60
        if name == "arboreto":
            result[f"grn_trees_{prefix}_arboreto"] = float(np.mean([row["arboreto_trees"] for row in rows]))
    if "rustscenic" in opponents:
        result |= measure_rustscenic(data, prefix, opponents["rustscenic"], native)
    return result


def measure_rustscenic(data: Dataset, prefix: str, opponent: Opponent, native: Native) -> dict:
    """Return the ratio to rustscenic. It fits all genes it is given, so both fit the factors, a few trees each."""
    ratios, theirs, trees = [], [], max(5, 8_000 // len(data.tfs))
    for repetition in range(2):
        _, _, ours = native.infer(data.tfs, seed=repetition, max_rounds=trees, window=0)
        _, _, seconds = opponent.infer(data.tfs, seed=repetition, max_rounds=trees, window=0)
        ratios.append(seconds[0] / (ours.sum() + native.setup))
        theirs.append(seconds[0] / (trees * len(data.tfs)))
    return {
        f"grn_speedup_{prefix}_vs_rustscenic": float(np.median(ratios)),
        f"grn_ms_per_tree_{prefix}_rustscenic": 1e3 * float(np.median(theirs)),
    }


def measure_parity(data: Dataset, arboreto: Opponent, folder: Path, n_targets: int) -> dict:
    """Return Spearman's correlation of importances over factor × target pairs, across engines and across seeds."""
    targets = data.sample(n_targets, seed=1)
    arboreto.open(data, folder)
    pairs = pd.MultiIndex.from_product([targets, data.tfs], names=["target", "TF"])
    runs = {}
    native = Native(data)
    for name, engine in (("native", native), ("arboreto", arboreto)):
        for seed in (1, 2):
            edges, trees, _ = engine.infer(targets, seed=seed)
            weights = edges.set_index(["target", "TF"])["importance"].reindex(pairs, fill_value=0.0)
            runs[name, seed] = weights.to_numpy(), np.sum(trees)
    across = [stats.spearmanr(runs["native", i][0], runs["arboreto", j][0])[0] for i in (1, 2) for j in (1, 2)]
    return {
        "grn_spearman_pc9_native_arboreto": float(np.mean(across)),
        "grn_spearman_pc9_two_arboreto_seeds": float(
            stats.spearmanr(runs["arboreto", 1][0], runs["arboreto", 2][0])[0]
        ),
        "grn_spearman_pc9_two_native_seeds": float(stats.spearmanr(runs["native", 1][0], runs["native", 2][0])[0]),
        "grn_trees_ratio_pc9": float(
            (runs["native", 1][1] + runs["native", 2][1]) / (runs["arboreto", 1][1] + runs["arboreto", 2][1])
        ),
    }


def read_busy() -> float:
    """Return the CPU seconds that all processes together have used since the machine started."""
    user, nice, system = (int(ticks) for ticks in Path("/proc/stat").read_text().split()[1:4])
    return (user + nice + system) / os.sysconf("SC_CLK_TCK")


def measure_threads(data: Dataset, n_targets: int, repetitions: int = 7, say=print) -> dict:
    """Return how much sooner two threads are done (wall time, in turns), and whether the edges agree.

    Turns during which other processes took more than a twentieth of a core don't count, unless all were like that.
    """
    targets = data.sample(n_targets, seed=2)
    infer = grnboost.infer_network
    infer(data.expression, data.genes, data.tfs, targets[:2], seed=1, max_rounds=1, threads=2)
    turns, networks = [], {}
    for _ in range(repetitions):
        wall, others = {}, 0.0
        for threads in (1, 2):
            busy, own, start = read_busy(), time.process_time(), time.perf_counter()
            networks[threads] = infer(data.expression, data.genes, data.tfs, targets, seed=1, threads=threads)
            wall[threads] = time.perf_counter() - start
            others = max(others, (read_busy() - busy - time.process_time() + own) / wall[threads])
        turns.append((wall[1] / wall[2], others))
    quiet = [ratio for ratio, others in turns if others < 0.05]
    if not quiet:
        say("threads: the machine was never idle, so the gain of a second thread means little")
    chunks = [infer(data.expression, data.genes, data.tfs, targets[i::8], seed=1).adjacencies for i in range(8)]
    edges = pd.concat(chunks).sort_values(
        ["importance", "TF", "target"], ascending=[False, True, True], ignore_index=True
    )
    one = networks[1].adjacencies
    return {
        "grn_threads_2": float(np.median(quiet or [ratio for ratio, _ in turns])),
        "grn_threads_2_quiet_turns": len(quiet),
        "grn_threads_2_targets": len(targets),
        "grn_identical_on_1_and_2_threads": bool(one.equals(networks[2].adjacencies)),
        "grn_identical_in_1_and_8_chunks": bool(np.array_equal(one.to_numpy(), edges.to_numpy())),
    }


def measure_whole_job(n_targets: int | None, folder: Path, sizes: dict = REAL_SIZE, threads: int = 2) -> dict:
    """Return peak memory and time of a job of real size in a process of its own; all genes are targets unless told."""
    data = simulate_cells(**sizes)
    sparse.save_npz(folder / "whole.npz", data.expression, compressed=False)
    (folder / "whole.json").write_text(json.dumps({"genes": data.genes, "tfs": data.tfs}))
    command = [sys.executable, __file__, str(folder / "whole"), str(n_targets or 0), str(threads)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    answer = json.loads(done.stdout.splitlines()[-1])
    names = {"peak_mb": "grn_peak_mb", "seconds": "grn_whole_job_s", "targets": "grn_whole_job_targets"}
    names |= {"trees": "grn_whole_job_trees", "edges": "grn_whole_job_edges"}
    return {key: answer[name] for name, key in names.items()} | {"grn_whole_job_threads": threads}


def infer_alone(stem: str, n_targets: str, threads: str) -> None:
    """Infer the network in ``stem``.npz in this process; print its own peak memory (getrusage: a parent's)."""
    names = json.loads(Path(f"{stem}.json").read_text())
    expression = sparse.load_npz(f"{stem}.npz")
    targets = names.get("targets") or (names["genes"][: int(n_targets)] if int(n_targets) else None)
    start, own = time.perf_counter(), time.process_time()
    network = grnboost.infer_network(expression, names["genes"], names["tfs"], targets, seed=1, threads=int(threads))
    seconds = time.perf_counter() - start
    status = Path("/proc/self/status").read_text().splitlines()
    peak = next(int(line.split()[1]) for line in status if line.startswith("VmHWM")) / 1024
    answer = {"peak_mb": peak, "seconds": seconds, "cpu_seconds": time.process_time() - own}
    answer |= {"targets": len(network.rounds), "edges": len(network.adjacencies)}
    print(json.dumps(answer | {"trees": int(network.rounds.sum())}))


def measure_importances(data: Dataset, n_targets: int, repetitions: int = 3) -> dict:
    """Return CPU milliseconds a target by importance, in turns on the same targets, and each one's ratio to the
    published. Trees are the same, and what a split gains in the cells left out is known for all of them.
    """
    targets, native = data.sample(n_targets), Native(data)
    seconds = {name: np.zeros((repetitions, len(targets))) for name in grnboost.IMPORTANCES}
    for repetition in range(repetitions):
        for column, target in enumerate(targets):
            for name, own in seconds.items():
                own[repetition, column] = native.infer([target], seed=repetition, importance=name)[2][0]
    result = {f"grn_ms_per_target_pc9_{name}": 1e3 * float(own.mean()) for name, own in seconds.items()}
    published = seconds["published"].sum(axis=1)
    return result | {
        f"grn_cost_pc9_{name}_over_published": float(np.median(own.sum(axis=1) / published))
        for name, own in seconds.items() if name != "published"
    }  # fmt: skip


def measure_scaling(cells: Iterable[int] = (1_000, 5_000, 20_000, 50_000), n_targets: int = 10) -> dict:
    """Return milliseconds a tree for growing numbers of cells: 500 factors, density 0.08, one thread."""
    result = {}
    for n_cells in cells:
        data = simulate_cells(n_cells, 1_000, 500, 0.08, seed=n_cells)
        _, trees, seconds = Native(data).infer(data.sample(n_targets), seed=1)
        result[f"grn_ms_per_tree_{n_cells}_cells"] = 1e3 * float(seconds.sum() / np.sum(trees))
    return result


if __name__ == "__main__":
    infer_alone(*sys.argv[1:])

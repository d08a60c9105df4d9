"""Measure network inference beside arboreto, rustscenic and LightGBM: time, memory, parity, quality on gold standards.

The opponents live in throw-away environments made from PyPI: arboreto with scikit-learn 1.2.2, the last series in which
its early stopping works, and today's rustscenic and LightGBM. Comparisons on one thread are of CPU seconds, target by
target in turns. Targets are a sample; what a whole network takes is extrapolated where a key says so, and measured for
the native one.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
import venv
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pandas as pd
from scipy import sparse, stats
from sklearn.metrics import average_precision_score, roc_auc_score

ROOT = Path(__file__).resolve().parents[2]
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))

from scripts.scenic import grnboost

DATA = ROOT.parent / "shared" / "data"
ENVIRONMENTS = {
    "reference": [
        "arboreto==0.1.6", "scikit-learn==1.2.2", "numpy<1.24", "scipy<1.11", "pandas<2", "dask[complete]<2023.6",
        "distributed<2023.6",
    ],
    "opponents": ["rustscenic", "lightgbm", "numpy", "scipy", "pandas"],
}  # fmt: skip
OPPONENTS = {
    "arboreto": ("reference", "arboreto"),
    "arboreto_current": (None, "arboreto"),
    "rustscenic": ("opponents", "rustscenic"),
    "lightgbm": ("opponents", "lightgbm"),
}
"""Opponent → environment (None: ours) and engine in scenic_opponents.py."""
REAL_SIZE = {"n_cells": 5_000, "n_genes": 15_000, "n_tfs": 1_500, "density": 0.08}


# ------------------------------------------------------------------------------------------------------------ opponents


def make_environments(folder: Path, say=print) -> dict[str, Path]:
    """Make the environments below ``folder`` (kept if there); return each one's Python. One that fails is left out."""
    found = {}
    for name, packages in ENVIRONMENTS.items():
        python = folder / name / "bin" / "python"
        if not (folder / name / "complete").exists():
            say(f"making environment {name}: {' '.join(packages)}")
            try:
                venv.create(folder / name, with_pip=True, clear=True)
                quietly = {"check": True, "capture_output": True, "text": True}
                subprocess.run([python, "-m", "pip", "install", "-q", "uv"], **quietly)
                subprocess.run(
                    [folder / name / "bin" / "uv", "pip", "install", "--python", python, *packages], **quietly
                )
            except subprocess.CalledProcessError as error:
                say(f"environment {name} can't be made, its opponents are left out: {error.stderr.strip()[-300:]}")
                continue
            (folder / name / "complete").touch()
        found[name] = python
    return found


class Opponent:
    """A process that answers requests; see scenic_opponents.py."""

    def __init__(self, python: Path, engine: str):
        """Start ``engine`` with ``python``, on one thread."""
        script = Path(__file__).with_name("scenic_opponents.py")
        environment = {key: value for key, value in os.environ.items() if not key.startswith("PYTHON")}
        self.process = subprocess.Popen(
            [str(python), str(script), engine],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=environment,
        )  # fmt: skip
        self.version = self._read()["version"]

    def _read(self) -> dict:
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(f"{self.process.args[2:]} ended with code {self.process.wait()}")
        return json.loads(line)

    def ask(self, **request) -> dict:
        """Send a request, return the answer."""
        self.process.stdin.write(json.dumps(request) + "\n")
        self.process.stdin.flush()
        return self._read()

    def open(self, data: Dataset, folder: Path) -> None:
        """Hand over a data set."""
        path = folder / "expression.npz"
        x = sparse.csr_matrix(data.expression)
        names = {"genes": np.array(data.genes), "tfs": np.array(data.tfs)}
        np.savez(path, data=x.data, indices=x.indices, indptr=x.indptr, shape=x.shape, **names)
        self.ask(open=str(path))

    def infer(self, targets: Iterable[str], seed: int, max_rounds: int = 5000, window: int = 25):
        """Return (edges, trees, seconds)."""
        answer = self.ask(targets=list(targets), seed=seed, max_rounds=max_rounds, window=window)
        edges = pd.DataFrame(answer["edges"], columns=["TF", "target", "importance"])
        return edges, answer["trees"], np.array(answer["seconds"])

    def close(self) -> None:
        """End the process."""
        self.process.stdin.close()
        self.process.wait()


def start_opponents(environments: dict[str, Path], names: Iterable[str], say=print) -> dict[str, Opponent]:
    """Start those of ``names`` whose environment exists and whose packages import."""
    started = {}
    for name in names:
        environment, engine = OPPONENTS[name]
        python = Path(sys.executable) if environment is None else environments.get(environment)
        if python is None:
            continue
        try:
            started[name] = Opponent(python, engine)
        except RuntimeError as error:
            say(f"{name} is left out: {error}")
    return started


# ----------------------------------------------------------------------------------------------------------------- data


class Dataset:
    """Cells × genes (log-normalised, sparse), names, factors, and the true edges where they are known."""

    def __init__(self, expression, genes, tfs, edges=None):
        """Keep them."""
        self.expression, self.genes, self.tfs, self.edges = sparse.csr_matrix(expression), list(genes), list(tfs), edges

    def sample(self, n: int, seed: int = 0, min_fraction: float = 0.02) -> list[str]:
        """Return ``n`` genes that at least ``min_fraction`` of the cells express."""
        shown = np.asarray((self.expression > 0).mean(axis=0)).ravel() >= min_fraction
        rng = np.random.default_rng(seed)
        chosen = rng.choice(np.flatnonzero(shown), min(n, int(shown.sum())), replace=False)
        return [self.genes[i] for i in chosen]


def log_normalise(counts, scale: float | None = None) -> sparse.csr_matrix:
    """Return log1p of counts per ``scale`` (default: the median cell's total)."""
    counts = sparse.csr_matrix(counts, dtype=np.float64)
    totals = np.maximum(np.asarray(counts.sum(axis=1)).ravel(), 1.0)
    return (sparse.diags((scale or np.median(totals)) / totals) @ counts).log1p().tocsr()


def read_pc9() -> Dataset | None:
    """Return the PC9 cells (≥ 500 UMIs) × genes seen in 1 % of them, per 10,000; None where the data are absent."""
    tables, folder = [], DATA / "pc9_erlotinib"
    if not folder.exists():
        return None
    for name in ("Day11_control", "Day11_Erlotinib"):
        table = pd.read_csv(folder / f"{name}.txt.gz", sep="\t", index_col=0)
        table = table.loc[:, table.sum() >= 500]
        tables.append(table)
    counts = pd.concat(tables, axis=1).fillna(0).sort_index().T
    x = log_normalise(counts.to_numpy(), 1e4)
    shown = np.asarray((x > 0).mean(axis=0)).ravel() >= 0.01
    genes = counts.columns[shown].tolist()
    listed = set((DATA / "scenic" / "allTFs_hg38.txt").read_text().split())
    return Dataset(x[:, shown].astype(np.float32), genes, [gene for gene in genes if gene in listed])


def read_demo() -> Dataset | None:
    """Return the demo's largest group and its true regulons, once the demo has run."""
    import anndata

    folder = ROOT / "results" / "demo"
    paths = sorted((folder / "regulons").glob("*/expression.h5ad"))
    truth = folder / "truth" / "regulons.tsv"
    if not paths or not truth.exists():
        return None
    largest = max((anndata.read_h5ad(path) for path in paths), key=lambda group: group.n_obs)
    edges = set(pd.read_csv(truth, sep="\t")[["tf", "target"]].itertuples(index=False, name=None))
    return Dataset(largest.X, largest.var_names, largest.var_names[largest.var["tf"]], edges)


def simulate_cells(n_cells: int, n_genes: int, n_tfs: int, density: float, seed: int = 0) -> Dataset:
    """Return cells mixed of 20 expression programmes, log-normal gene levels, Poisson counts of the given density."""
    rng = np.random.default_rng(seed)
    usage = rng.dirichlet(np.ones(20), n_cells)
    programmes = rng.gamma(0.3, 1.0, (20, n_genes)) * rng.lognormal(0, 1.6, n_genes)
    depth = rng.lognormal(0, 0.4, n_cells)[:, None]
    few = usage[:500] @ programmes * depth[:500]
    low, high = 1e-6, 1e6
    for _ in range(60):  # the scale at which counts have this density
        scale = np.sqrt(low * high)
        low, high = (scale, high) if (1 - np.exp(-few * scale)).mean() < density else (low, scale)
    blocks = [
        sparse.csr_matrix(rng.poisson(usage[i : i + 500] @ programmes * depth[i : i + 500] * scale))
        for i in range(0, n_cells, 500)
    ]
    genes = [f"GENE{i:05d}" for i in range(n_genes)]
    tfs = [genes[i] for i in np.sort(rng.choice(n_genes, n_tfs, replace=False))]
    return Dataset(log_normalise(sparse.vstack(blocks), 1e4).astype(np.float32), genes, tfs)


def read_sergio() -> Dataset:
    """Return SERGIO DS4 without noise: 900 cells × 100 genes; the factors are the regulators of the true network."""
    x = pd.read_csv(DATA / "grn" / "SERGIO_DS4" / "simulated_noNoise_S_0.csv.gz", index_col=0).to_numpy().T
    gold = pd.read_csv(DATA / "grn" / "SERGIO_DS4" / "gt_GRN.csv.gz", header=None).to_numpy()
    edges = {(f"G{tf}", f"G{target}") for tf, target in gold}
    return Dataset(x, [f"G{i}" for i in range(x.shape[1])], sorted({tf for tf, _ in edges}), edges)


def read_dream4(number: int) -> Dataset:
    """Return DREAM4 size 100, multifactorial: 100 samples × 100 genes, each of which may be a factor."""
    x = pd.read_csv(DATA / "grn" / "DREAM4" / f"insilico_size100_{number}_multifactorial.tsv", sep="\t")
    gold = DATA / "grn" / "DREAM4" / f"DREAM4_GoldStandard_InSilico_Size100_multifactorial_{number}.tsv"
    gold = pd.read_csv(gold, sep="\t", header=None, names=["TF", "target", "edge"])
    edges = set(gold[gold["edge"] == 1][["TF", "target"]].itertuples(index=False, name=None))
    return Dataset(x.to_numpy(), x.columns, x.columns, edges)


def as_umi(data: Dataset, density: float, seed: int) -> Dataset:
    """Return ``data`` as UMI counts would show it: Poisson counts, cells of different depth, log-normalised.

    ``density`` is the share of non-zero entries.
    """
    rng = np.random.default_rng([seed, round(1000 * density)])
    expected = data.expression.toarray() * rng.lognormal(0, 0.3, (data.expression.shape[0], 1))
    low, high = 1e-9, 1e6
    for _ in range(80):
        scale = np.sqrt(low * high)
        low, high = (scale, high) if (1 - np.exp(-expected * scale)).mean() < density else (low, scale)
    return Dataset(log_normalise(rng.poisson(expected * scale)), data.genes, data.tfs, data.edges)


def add_decoys(data: Dataset, seed: int, copies: int = 3) -> Dataset:
    """Return ``data`` and copies of all genes with their cells shuffled: targets that no factor explains."""
    rng, x = np.random.default_rng(seed), data.expression.toarray()
    shuffled = [rng.permuted(x, axis=0) for _ in range(copies)]
    names = [f"{gene}_decoy{copy}" for copy in range(copies) for gene in data.genes]
    return Dataset(np.hstack([x, *shuffled]), data.genes + names, data.tfs, data.edges)


# ---------------------------------------------------------------------------------------------------------------- speed


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

    def infer(self, targets: Iterable[str], seed: int, max_rounds: int = 5000, window: int = 25):
        """Return (edges, trees, seconds) as an opponent does."""
        edges, trees, seconds = [], [], []
        for target in targets:
            start = time.process_time()
            fitted = grnboost.fit_target(
                self.expression, self.columns[target], self.factors, target,
                seed=seed, importance="published", max_rounds=max_rounds, early_stop_window=window,
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
    command = [sys.executable, __file__, "--alone", str(folder / "whole"), str(n_targets or 0), str(threads)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    answer = json.loads(done.stdout.splitlines()[-1])
    names = {"peak_mb": "grn_peak_mb", "seconds": "grn_whole_job_s", "targets": "grn_whole_job_targets"}
    names |= {"trees": "grn_whole_job_trees", "edges": "grn_whole_job_edges"}
    return {key: answer[name] for name, key in names.items()} | {"grn_whole_job_threads": threads}


def infer_alone(stem: str, n_targets: str, threads: str) -> None:
    """Infer the network in ``stem``.npz in this process; print its own peak memory (getrusage: a parent's)."""
    names = json.loads(Path(f"{stem}.json").read_text())
    expression = sparse.load_npz(f"{stem}.npz")
    targets = names["genes"][: int(n_targets)] if int(n_targets) else None
    start = time.perf_counter()
    network = grnboost.infer_network(expression, names["genes"], names["tfs"], targets, seed=1, threads=int(threads))
    seconds = time.perf_counter() - start
    status = Path("/proc/self/status").read_text().splitlines()
    peak = next(int(line.split()[1]) for line in status if line.startswith("VmHWM")) / 1024
    answer = {"peak_mb": peak, "seconds": seconds, "targets": len(network.rounds), "edges": len(network.adjacencies)}
    print(json.dumps(answer | {"trees": int(network.rounds.sum())}))


def measure_scaling(cells: Iterable[int] = (1_000, 5_000, 20_000, 50_000), n_targets: int = 10) -> dict:
    """Return milliseconds a tree for growing numbers of cells: 500 factors, density 0.08, one thread."""
    result = {}
    for n_cells in cells:
        data = simulate_cells(n_cells, 1_000, 500, 0.08, seed=n_cells)
        _, trees, seconds = Native(data).infer(data.sample(n_targets), seed=1)
        result[f"grn_ms_per_tree_{n_cells}_cells"] = 1e3 * float(seconds.sum() / np.sum(trees))
    return result


# -------------------------------------------------------------------------------------------------------------- quality


def judge(edges: pd.DataFrame, data: Dataset) -> tuple[float, float]:
    """Return AUPRC and AUROC over all pairs of a factor and another gene; pairs without an edge weigh 0."""
    pairs = pd.MultiIndex.from_tuples([(tf, gene) for tf in data.tfs for gene in data.genes if tf != gene])
    weight = edges.set_index(["TF", "target"])["importance"].reindex(pairs, fill_value=0.0)
    truth = [pair in data.edges for pair in pairs]
    return average_precision_score(truth, weight), roc_auc_score(truth, weight)


def gold_standards(seed: int, densities: Iterable[float]) -> dict[str, Dataset]:
    """Return the data sets of known truth; the UMI-like ones are drawn again for every seed."""
    sergio = read_sergio()
    sets = {"sergio_ds4": sergio} | {f"dream4_{number}": read_dream4(number) for number in (1, 2, 3)}
    noisy = {f"sergio_umi_{density:.1f}": as_umi(sergio, density, seed) for density in densities}
    demo = read_demo()
    if demo is not None:
        noisy["demo"] = demo
    with_decoys = {f"{name}_decoys": add_decoys(noisy[name], seed) for name in noisy if name.endswith(("0.2", "0.4"))}
    return sets | noisy | with_decoys


def measure_quality(
    opponents: dict[str, Opponent], folder: Path, *, seeds: Iterable[int] = range(1, 6),
    densities: Iterable[float] = (0.1, 0.2, 0.3, 0.4), threads: int = 2, say=print,
) -> tuple[dict, pd.DataFrame]:  # fmt: skip
    """Return flat keys (mean, sd of seeds) and one row per seed, data set and method: auprc, auroc, trees a target."""
    rows = []
    for seed in seeds:
        for name, data in gold_standards(seed, densities).items():
            for importance in grnboost.IMPORTANCES:
                network = grnboost.infer_network(
                    data.expression, data.genes, data.tfs, seed=seed, importance=importance, threads=threads
                )
                trees = network.rounds.mean()
                rows.append((name, f"native_{importance}", seed, *judge(network.adjacencies, data), trees))
            for method, opponent in opponents.items():
                opponent.open(data, folder)
                edges, trees, _ = opponent.infer(data.genes, seed=seed)
                trees = trees[0]["fitted_trees_mean"] if isinstance(trees[0], dict) else np.mean(trees)
                rows.append((name, method, seed, *judge(edges, data), trees))
        say(f"quality: seed {seed} done")
    table = pd.DataFrame(rows, columns=["data", "method", "seed", "auprc", "auroc", "trees"])
    dream = table[table["data"].str.startswith("dream4")].groupby(["method", "seed"], as_index=False)
    dream = dream[["auprc", "auroc", "trees"]].mean().assign(data="dream4")
    table = pd.concat([table, dream], ignore_index=True)
    result = {}
    for (name, method), part in table.groupby(["data", "method"], sort=False):
        for measure in ("auprc", "auroc"):
            result[f"{measure}_{name}_{method}"] = float(part[measure].mean())
            result[f"{measure}_{name}_{method}_sd"] = float(part[measure].std(ddof=1)) if len(part) > 1 else 0.0
        result[f"trees_{name}_{method}"] = float(part["trees"].mean())
    default = f"native_{grnboost.IMPORTANCE}"
    for name in table["data"].unique():
        for measure in ("auprc", "auroc"):
            result[f"{measure}_{name}_native"] = result[f"{measure}_{name}_{default}"]
    if "arboreto" in opponents:
        result["grn_trees_ratio_sergio_ds4"] = (
            result["trees_sergio_ds4_native_published"] / result["trees_sergio_ds4_arboreto"]
        )
    return result, table


TITLES = {
    "native_published": "native, published",
    "native_explained": "native, explained",
    "native_validated": "native, validated",
    "arboreto": "arboreto, scikit-learn 1.2.2",
    "arboreto_current": "arboreto, scikit-learn today",
    "rustscenic": "rustscenic",
}


def format_quality(table: pd.DataFrame, measure: str = "auprc") -> str:
    """Return a Markdown table of data sets × methods: mean ± sd over seeds; the best mean of a row in bold."""
    methods = [method for method in TITLES if method in set(table["method"])]
    lines = [f"| {measure.upper()} | " + " | ".join(TITLES[method] for method in methods) + " |"]
    lines.append("|---|" + "---|" * len(methods))
    for name in table["data"].unique():
        grouped = table[table["data"] == name].groupby("method")[measure]
        mean, sd = grouped.mean(), grouped.std(ddof=1).fillna(0.0)
        digits = 0 if measure == "trees" else 3
        cells = [f"{mean[method]:.{digits}f} ± {sd[method]:.{digits}f}" for method in methods]
        if measure != "trees":
            best = int(np.argmax([mean[method] for method in methods]))
            cells[best] = f"**{cells[best]}**"
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


# ------------------------------------------------------------------------------------------------------------- sections


def measure_grn(sections: Iterable[str], *, quick: bool = False, environments: Path | None = None, say=print) -> dict:
    """Return the flat keys of the GRN ``sections``: speed, threads, memory, scaling, quality."""
    result: dict = {}
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        wanted = {"speed", "quality"} & set(sections)
        pythons = make_environments(environments or folder / "environments", say) if wanted else {}
        opponents = start_opponents(pythons, OPPONENTS, say) if wanted else {}
        for name, opponent in opponents.items():
            result[f"version_{name}"] = opponent.version
        try:
            if "speed" in sections:
                timed = {name: opponents[name] for name in ("arboreto", "rustscenic", "lightgbm") if name in opponents}
                pc9, real = read_pc9(), simulate_cells(**REAL_SIZE)
                if pc9 is None:
                    say("no pc9_erlotinib data beside the repository: its keys are left out")
                else:
                    result |= measure_speed(pc9, "pc9", timed, folder, n_targets=8 if quick else 40)
                    if "arboreto" in timed:
                        result |= measure_parity(pc9, timed["arboreto"], folder, 8 if quick else 40)
                    say("speed: pc9 done")
                result |= measure_speed(real, "real_size", timed, folder, n_targets=4 if quick else 24)
                if "grn_speedup_pc9_vs_rustscenic" in result:
                    result["grn_speedup_vs_rustscenic"] = result["grn_speedup_pc9_vs_rustscenic"]
                demo = read_demo()
                if demo is None:
                    say("no results of the demo: its keys are left out (make demo)")
                else:
                    result |= measure_speed(demo, "demo", timed, folder, n_targets=8 if quick else 24)
                say("speed: done")
            if "quality" in sections:
                if (DATA / "grn").exists():
                    judged = {name: opponent for name, opponent in opponents.items() if name != "lightgbm"}
                    settings = {"seeds": (1,), "densities": (0.2,)} if quick else {}
                    keys, table = measure_quality(judged, folder, say=say, **settings)
                    result |= keys
                    for measure in ("auprc", "auroc", "trees"):
                        say("\n" + format_quality(table, measure))
                else:
                    say("no gold standards beside the repository: the quality table is left out")
        finally:
            for opponent in opponents.values():
                opponent.close()
        if "threads" in sections:
            result |= measure_threads(simulate_cells(**REAL_SIZE), n_targets=60 if quick else 1_000, say=say)
        if "memory" in sections:
            result |= measure_whole_job(500 if quick else None, folder)
        if "scaling" in sections:
            result |= measure_scaling((1_000, 5_000) if quick else (1_000, 5_000, 20_000, 50_000))
    return result


if __name__ == "__main__":
    if sys.argv[1:2] == ["--alone"]:
        infer_alone(*sys.argv[2:])
    else:
        sys.exit("run tests/benchmarks/scenic.py")

"""Networks held against known truth, several seeds each."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pandas as pd
from scenic_data import Dataset, add_decoys, as_umi, read_demo, read_dream4, read_sergio
from scenic_environments import Opponent
from sklearn.metrics import average_precision_score, roc_auc_score

from scripts.scenic import grnboost


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
    "native_combined": "native, combined",
    "arboreto": "arboreto, scikit-learn 1.2.2",
    "arboreto_current": "arboreto, scikit-learn today",
    "rustscenic": "rustscenic 0.5.1, arboreto (out of bag)",
    "rustscenic_inbag": "rustscenic 0.5.1, legacy_inbag",
    "scenic_rs": "scenic-rs 0.3.0",
    "regdiffusion": "RegDiffusion 0.2.3 (CPU)",
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

"""Cells that networks are inferred from: real, simulated at any size, and of known truth."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
from scipy import sparse

ROOT = Path(__file__).resolve().parents[2]
DATA = ROOT.parent / "shared" / "data"
REAL_SIZE = {"n_cells": 5_000, "n_genes": 15_000, "n_tfs": 1_500, "density": 0.08}


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
        log_normalise(rng.poisson(usage[i : i + 500] @ programmes * depth[i : i + 500] * scale), 1e4).astype(np.float32)
        for i in range(0, n_cells, 500)
    ]
    genes = [f"GENE{i:05d}" for i in range(n_genes)]
    tfs = [genes[i] for i in np.sort(rng.choice(n_genes, n_tfs, replace=False))]
    return Dataset(sparse.vstack(blocks), genes, tfs)


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

"""Simulated cells with known groups, as fixtures."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from scripts.base import genesets

ROOT = Path(__file__).parents[2]
SETS = [str(ROOT / "resources" / "genesets" / f"{name}.tsv") for name in ("cell_cycle", "dissociation", "hypoxia")]


@dataclass
class Simulator:
    """A genome of 600 genes: the scored ones (twenty a set) and filler; groups of cells differ by programmes of genes.

    Counts are Poisson around a cell's depth × expression, which also varies from cell to cell (sd 0.12 on the log
    scale), as in the demo study.
    """

    seed: int = 0
    n_genes: int = 600
    programmes: dict = field(default_factory=dict)

    def __post_init__(self):
        """Draw the genes' base level; name them."""
        rng = np.random.default_rng(self.seed)
        chosen, self.members = [], {}
        for name, genes in sorted(genesets.read_sets(SETS).items()):
            self.members[name] = [gene for gene in sorted(genes) if gene not in chosen][:20]
            chosen += self.members[name]
        self.genes = [*chosen, *(f"FILLER{i}" for i in range(self.n_genes - len(chosen)))]
        # Scored genes at one level: each cell shows some of them.
        base = np.where(np.arange(self.n_genes) < len(chosen), 1.0, rng.lognormal(0, 1, self.n_genes))
        self.base = np.log(base / base.sum())
        filler = np.arange(len(chosen), self.n_genes)
        self.programmes = {k: rng.choice(filler, 20, replace=False) for k in "abcd"}
        self.programmes |= {k: np.array([self.genes.index(g) for g in genes]) for k, genes in self.members.items()}

    def counts(self, groups: list[tuple], rng, *, depth: float = 1500, gain: float = 1.2, shift=0.0):
        """Return counts (CSR) and group names for ``groups``: (programmes as a string or tuple, number of cells)."""
        level, names = [], []
        for programmes, number in groups:
            mean = self.base + shift
            for programme in programmes:
                mean = mean + gain * np.isin(np.arange(self.n_genes), self.programmes[programme])
            level.append(np.repeat(mean[None], number, axis=0))
            names += ["".join(programmes) or "-"] * number
        level = np.vstack(level) if level else np.zeros((0, self.n_genes))
        mean = np.exp(level + rng.normal(0, 0.12, level.shape))
        mean /= np.maximum(mean.sum(axis=1, keepdims=True), 1e-12)
        counts = rng.poisson(mean * rng.lognormal(np.log(depth), 0.35, (len(mean), 1)))
        return sparse.csr_matrix(counts.astype(np.int32)), np.array(names)

    def cells(self, groups, rng, *, sample="S", model="M", timepoint="untreated", arm="untreated", **options):
        """Return an AnnData as the stage cells writes it, with the true group in obs["truth"]."""
        import anndata

        counts, names = self.counts(groups, rng, **options)
        n = len(names)
        obs = pd.DataFrame(
            {"sample": sample, "model": model, "timepoint": timepoint, "arm": arm, "replicate": "1"},
            index=pd.Index([f"{sample}:{i:06d}" for i in range(n)], name="cell"),
        )
        obs["total_counts"] = np.asarray(counts.sum(axis=1)).ravel()
        obs["n_genes"] = np.asarray((counts > 0).sum(axis=1)).ravel()
        obs["pct_counts_mt"], obs["graft_fraction"], obs["ambient_fraction"], obs["doublet_score"] = (
            3.0,
            0.98,
            np.nan,
            0.05,
        )
        obs["truth"] = names
        var = pd.DataFrame({"gene_id": [f"GRCh38_{gene}" for gene in self.genes]}, index=self.genes)
        return anndata.AnnData(counts, obs=obs, var=var)


@pytest.fixture(scope="session")
def simulator():
    """Return the simulator."""
    return Simulator()


@pytest.fixture(scope="session")
def sets():
    """Return the gene sets as tracked."""
    return genesets.read_sets(SETS)


@pytest.fixture(scope="session")
def settings():
    """Return the keys of `clusters` as the demo study sets them."""
    return {
        "n_top_genes": 300,
        "n_pcs": 20,
        "n_neighbors": 15,
        "resolutions": [0.1, 0.3, 0.6, 1.0],
        "subsamples": 8,
        "subsample_fraction": 0.8,
        "min_stability": 0.6,
        "regress": [],
        "min_cells": 50,
        "seed": 0,
        "min_score_genes": 5,
        "markers": {"max_fdr": 0.05, "min_log_fc": 0.25, "min_pct": 10},
        "links": {"permutations": 100, "max_p": 0.05, "min_score": 0.6, "min_position": 0.25},
    }


@pytest.fixture(scope="session")
def job_of():
    """Return a function that makes the object a script's main() gets from Snakemake."""

    def make(inputs, outputs, wildcards=None, **params):
        return SimpleNamespace(
            rule="test",
            input=SimpleNamespace(**inputs),
            output=SimpleNamespace(**outputs),
            wildcards=SimpleNamespace(**(wildcards or {})),
            params=SimpleNamespace(**params),
            log=[],
        )

    return make

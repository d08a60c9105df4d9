"""Samples that can't answer: all host, a handful of cells, cells that don't differ; and expression that isn't one."""

# ruff: noqa: E501  (tables: a case a line)

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
from scipy import sparse

from corpus.case import Case, Outcome, script
from scripts.cells import call_cells, filter_cells
from scripts.clusters import cluster_cells
from scripts.regulons import infer_network, join_networks, score_activity, select_expression

GRAFT = [f"G{i}" for i in range(120)]
HOST = [f"g{i}" for i in range(120)]
LABEL = {"sample": "A", "model": "M", "timepoint": "untreated", "arm": "untreated", "replicate": "1"}
DROPLETS = {
    "expected_cells": 60, "seed": 0,
    "empty_drops": {"enabled": True, "ambient_max_counts": 20, "min_counts": 100, "min_fraction_of_median": 0.01, "simulations": 1000, "fdr": 0.01},
}  # fmt: skip
CELLS = {
    "species": {"method": "threshold", "graft_min": 0.75, "host_max": 0.25}, "ambient": {"subtract": False}, "seed": 0,
    "composition": "auto", "malignant": "auto", "annotation": None,
    "doublets": {"enabled": True, "method": "scrublet", "rate": "auto", "rate_per_1000_cells": 0.008, "min_cells": 50, "min_species_fraction": 0.03},
    "qc": {"method": "fixed", "min_counts": 100, "max_counts": 100_000, "min_genes": 20, "max_genes": 9000, "max_pct_mt": 25, "mads": 5},
}  # fmt: skip
CLUSTERS = {
    "n_top_genes": 60, "n_pcs": 10, "n_neighbors": 15, "resolutions": [0.2, 0.6], "subsamples": 3, "subsample_fraction": 0.8, "min_stability": 0.6,
    "regress": [], "min_cells": 50, "markers": {"max_fdr": 0.05, "min_log_fc": 0.25, "min_pct": 10}, "seed": 0,
}  # fmt: skip
SELECTION = {"min_cells": 50, "min_cell_fraction": 0.05, "min_database_overlap": 0.5}
OFFER = {"genes": GRAFT, "tfs": GRAFT[:5]}


def library(path: Path, *, host: bool = False, cells: int = 60, empty: int = 200) -> None:
    """Write counts/{sample}.h5ad of cells of one species among empty droplets."""
    import anndata

    rng = np.random.default_rng(0)
    full = rng.poisson(5, (cells, 120)), rng.poisson(0.02, (cells, 120))
    soup = rng.poisson(0.05, (empty, 240))
    counts = np.vstack([np.hstack(full[::-1] if host else full), soup + np.eye(empty, 240, dtype=int)])
    var = pd.DataFrame(
        {"symbol": GRAFT + HOST, "species": ["graft"] * 120 + ["host"] * 120, "mitochondrial": 0}, index=GRAFT + HOST
    )
    obs = pd.DataFrame(index=[f"B{i}" for i in range(len(counts))])
    anndata.AnnData(sparse.csr_matrix(counts.astype(np.int32)), obs=obs, var=var).write_h5ad(path)


def kept(path: Path, counts: np.ndarray, genes: list[str] = GRAFT) -> None:
    """Write cells/{sample}.h5ad."""
    import anndata

    obs = pd.DataFrame(LABEL, index=[f"A:{i}" for i in range(len(counts))])
    anndata.AnnData(sparse.csr_matrix(counts), obs=obs, var=pd.DataFrame({"gene_id": genes}, index=genes)).write_h5ad(
        path
    )


def alike(n: int, genes: int = 120) -> np.ndarray:
    """Return cells that are all the same."""
    return np.tile(np.arange(genes) % 5 + 1, (n, 1)).astype(np.int32)


def noisy(n: int, genes: int = 120) -> np.ndarray:
    """Return cells that differ by chance alone."""
    return np.random.default_rng(0).poisson(3, (n, genes)).astype(np.int32)


def called(folder: Path, **made) -> Outcome:
    """Call the droplets of a library."""
    library(folder / "counts.h5ad", **made)
    output = {"calls": "calls.parquet", "soup": "soup.parquet", "summary": "calls.json"}
    return script(
        call_cells, folder, input={"counts": folder / "counts.h5ad"}, output=output, params={"droplets": DROPLETS}
    )


def judged(folder: Path, **made) -> Outcome:
    """Call the droplets of a library and keep its cells."""
    done = called(folder, **made)
    if done.code:
        return done
    out = folder / "out"
    inputs = {
        "counts": folder / "counts.h5ad",
        "calls": out / "calls.parquet",
        "soup": out / "soup.parquet",
        "summary": out / "calls.json",
    }
    output = {
        "cells": "A.h5ad",
        "host": "A.host.h5ad",
        "normal": "A.normal.h5ad",
        "droplets": "A.droplets.parquet",
        "summary": "A.summary.json",
    }
    output |= {table: f"A.{table}.tsv" for table in ("quality", "barnyard", "ranks")}
    return script(filter_cells, folder, input=inputs, output=output, params={"cells": CELLS, "labels": LABEL})


def selected(folder: Path, cells: Path, offer: dict = OFFER) -> Outcome:
    """Select a group's expression."""
    (folder / "databases.json").write_text(json.dumps(offer))
    inputs = {"cells": [cells], "databases": folder / "databases.json"}
    return script(
        select_expression,
        folder,
        input=inputs,
        output=["expression.h5ad"],
        params={"settings": SELECTION, "samples": ["A"]},
        wildcards={"group": "M"},
    )


def group(name: str, words: str, counts: np.ndarray, genes: list[str] = GRAFT, offer: dict = OFFER) -> Case:
    """Return a case of a group of these cells."""

    def run(folder: Path) -> Outcome:
        kept(folder / "A.h5ad", counts, genes)
        return selected(folder, folder / "A.h5ad", offer)

    return Case("samples", name, f"^error in select_expression .*: group M: {words}", run)


def host_alone(folder: Path) -> Outcome:
    """Take a library without a tumour cell through the cells to its group."""
    done = judged(folder, host=True)
    for path in (folder / "out").iterdir():
        path.rename(folder / path.name)
    return done if done.code else selected(folder, folder / "A.h5ad")


def network(name: str, words: str, change: Callable, tfs: list[str] = GRAFT[:5]) -> Case:
    """Return a case of a network of 60 cells that ``change`` spoils."""

    def run(folder: Path) -> Outcome:
        import anndata

        counts, genes = change(noisy(60, 40).astype(np.float32), GRAFT[:40])
        var = pd.DataFrame({"tf": [gene in tfs for gene in genes]}, index=genes)
        anndata.AnnData(counts, var=var).write_h5ad(folder / "expression.h5ad")
        wildcards = {"group": "M", "seed": "1", "chunk": "1", "chunks": "1"}
        output = {"network": "network.parquet", "rounds": "rounds.tsv"}
        params = {"settings": {"importance": "validated", "max_rounds": 50}}
        return script(
            infer_network,
            folder,
            input={"expression": folder / "expression.h5ad"},
            output=output,
            params=params,
            wildcards=wildcards,
        )

    return Case("network", name, f"^error in infer_network .*: {words}", run)


def put(value: float) -> Callable:
    """Return what puts a value into the third gene."""

    def change(counts: np.ndarray, genes: list[str]) -> tuple:
        counts[7, 3] = value
        return counts, genes

    return change


def joined_of_nothing(folder: Path) -> Outcome:
    """Join a network without edges."""
    pd.DataFrame(
        {"TF": pd.Series(dtype=str), "target": pd.Series(dtype=str), "importance": pd.Series(dtype=float)}
    ).to_parquet(folder / "n.parquet")
    (folder / "r.tsv").write_text("target\ttrees\n")
    output = {"adjacencies": "adjacencies.parquet", "rounds": "rounds.tsv"}
    return script(
        join_networks, folder, input={"networks": [folder / "n.parquet"], "rounds": [folder / "r.tsv"]}, output=output
    )


def scored(name: str, words: str, change: Callable, threshold: float = 0.2, kind: str = "scaled_mean") -> Case:
    """Return a case of activity in cells that ``change`` spoils."""

    def run(folder: Path) -> Outcome:
        import anndata

        counts, genes = change(noisy(20, 40).astype(np.float32), GRAFT[:40])
        obs = pd.DataFrame(LABEL, index=[f"A:{i}" for i in range(20)])
        cells = anndata.AnnData(counts, obs=obs, var=pd.DataFrame(index=genes), layers={"counts": counts})
        cells.write_h5ad(folder / "expression.h5ad")
        scales = pd.DataFrame({"gene": GRAFT[:40], "scale": 0.01, "groups": 1, "reference": True})
        scales.to_csv(folder / "genes.tsv", sep="\t", index=False)
        pd.DataFrame({"regulon": "G0(+)", "tf": "G0", "target": GRAFT[3:13], "weight": 1.0}).to_csv(
            folder / "consensus.tsv", sep="\t", index=False
        )
        names = {"expression": "expression.h5ad", "regulons": "consensus.tsv", "scales": "genes.tsv"}
        inputs = {key: folder / name for key, name in names.items()}
        settings = {"engine": "native", "activity_score": kind, "activity_auc_threshold": threshold}
        settings |= {"activity_own_gene": False, "max_target_share": 0.1}
        params = {"settings": settings, "seed": 1}
        return script(score_activity, folder, input=inputs, output={"activity": "activity.parquet"}, params=params)

    return Case("activity", name, f"^error in score_activity .*: {words}", run)


def clustered(folder: Path, counts: np.ndarray) -> Outcome:
    """Cluster cells."""
    kept(folder / "A.h5ad", counts)
    cells = [f"A:{i}" for i in range(len(counts))]
    scores = dict.fromkeys(("umap_1", "umap_2", "s_score", "g2m_score", "stress", "hypoxia"), np.nan)
    pd.DataFrame({"cell": cells, **scores, "phase": "G1"}).to_parquet(folder / "embedding.parquet")
    inputs = {"cells": [folder / "A.h5ad"], "embedding": folder / "embedding.parquet"}
    output = {"cells": "c.h5ad", "markers": "m.tsv", "stability": "s.tsv"}
    return script(cluster_cells, folder, input=inputs, output=output, params={"settings": CLUSTERS})


def unknown_columns(folder: Path) -> Outcome:
    """Call the droplets of a matrix that isn't of the counts stage."""
    kept(folder / "counts.h5ad", noisy(60))
    output = {"calls": "calls.parquet", "soup": "soup.parquet", "summary": "calls.json"}
    return script(
        call_cells, folder, input={"counts": folder / "counts.h5ad"}, output=output, params={"droplets": DROPLETS}
    )


def no_umi(folder: Path) -> Outcome:
    """Call the droplets of a library without a UMI."""
    return called(folder, cells=0, empty=0)


SAMPLES = [
    Case("samples", "all host: said of the library", "no graft cell passes all steps: see cells/attrition.tsv", lambda folder: judged(folder, host=True), warned=True),
    Case("samples", "all host: refused as a group", r"^error in select_expression .*: group M: 0 cells, regulons.min_cells is 50; relax", host_alone),
    Case("samples", "no UMI", r"^error in call_cells .*: the matrix has no UMI; see the audit", no_umi),
    Case("samples", "matrix of another stage", r"^error in call_cells .*: var has no column species, symbol; make the file with", unknown_columns),
    Case("samples", "five cells: one cluster", r"one cluster: 5 cells, fewer than clusters/min_cells \(50\)", lambda folder: clustered(folder, noisy(5)), warned=True),
    Case("samples", "one cluster", r"one cluster: ", lambda folder: clustered(folder, noisy(80)), warned=True),
    Case("samples", "no variance: one cluster", r"one cluster: no gene varies between the cells", lambda folder: clustered(folder, alike(60)), warned=True),
    group("five cells", r"5 cells, regulons.min_cells is 50; relax the quality cuts .*", noisy(5)),
    group("genes by Ensembl ids", r"the ranking databases know 0% of 120 genes.* Check that species, release and naming \(symbols, not Ensembl ids\) agree", noisy(60), [f"ENSG{i:011d}" for i in range(120)]),
    group("no factor measured", r"no factor among 120 genes seen .*; do config regulons.tfs and the genes agree", noisy(60), offer=OFFER | {"tfs": ["JUN"]}),
]  # fmt: skip
NETWORKS = [
    network("no factor measured", r"none of \d+ transcription factors is among the 40 genes .*: check that species and naming", lambda c, g: (c, g), tfs=[]),
    network("targets constant", r"all 40 targets are constant over 60 cells: G0, G1, G2 …; ", lambda c, g: (alike(60, 40).astype(np.float32), g)),
    network("expression negative", r"expression of G3 is negative: give counts or log-normalised", put(-1.0)),
    network("expression not a number", r"expression of G3 is NaN or infinite: remove or impute", put(np.nan)),
    network("fewer than fifty cells", r"49 cells are too few to infer a network: at least 50", lambda c, g: (c[:49], g)),
    network("gene twice", r"1 genes occur more than once \(G0\): sum or rename", lambda c, g: (c, ["G0", "G0", *g[2:]])),
    Case("network", "nothing explained", r"^error in join_networks .*: no factor explains any gene; the cells may not differ", joined_of_nothing),
]  # fmt: skip
ACTIVITIES = [
    scored("gene twice", r"expression: duplicate genes \(G0\); make gene names unique", lambda c, g: (c, ["G0", "G0", *g[2:]])),
    scored("expression negative", r"expression: a value is missing, infinite or negative; give", put(-1.0)),
    scored("auc_threshold of no rank", r"auc_threshold: 0.001 of 40 genes is 0 ranks; it must lie", lambda c, g: (c, g), 0.001, "aucell"),
]  # fmt: skip
CASES = [*SAMPLES, *NETWORKS, *ACTIVITIES]
SOUND = [
    Case("samples", "sound library", "", lambda folder: judged(folder)),
    group("sound group", "", noisy(60)),
    network("sound network", "", lambda c, g: (c, g)),
    scored("sound activity", "", lambda c, g: (c, g)),
]

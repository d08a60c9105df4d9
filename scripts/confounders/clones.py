"""Copy-number clones of one model's tumour cells, where expression along the genome can distinguish any."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import sparse

MIN_GENES = 1_500
"""Genes with a position: fifteen windows of a hundred, or a handful of arms, below which nothing is a clone."""
MIN_CELLS = 100
WINDOW, STEP = 100, 10
"""Genes of a moving average, and genes from one to the next (infercnvpy's defaults)."""
COMPONENTS = 10
MIN_SHARE = 0.05
"""Share of the cells of a clone."""
MIN_SILHOUETTE = 0.2
"""Mean silhouette (Rousseeuw 1987) in the components from which groups count as separate; 0.25 and more is his 'weak
structure', and noise that is split in two gives 0.1 or less.
"""
MAX_CLONES = 4


@dataclass(frozen=True)
class Clones:
    """``labels``: clone of each cell (empty array if not inferable); ``note``: why not, or what was found."""

    labels: np.ndarray
    note: str


def read_positions(path: str) -> pd.DataFrame:
    """Return chromosome, start, end by gene id from a GTF's gene lines; ids and contigs without versions and prefixes
    are left to the caller.
    """
    import gzip

    rows = []
    opener = gzip.open if str(path).endswith(".gz") else open
    with opener(path, "rt") as file:
        for line in file:
            if line.startswith("#"):
                continue
            parts = line.rstrip("\n").split("\t", 8)
            if len(parts) < 9 or parts[2] != "gene":
                continue
            key = parts[8].partition('gene_id "')[2].partition('"')[0]
            rows.append((key, parts[0], int(parts[3]), int(parts[4])))
    return (
        pd.DataFrame(rows, columns=["gene_id", "chromosome", "start", "end"])
        .drop_duplicates("gene_id")
        .set_index("gene_id")
    )


def autosome(names: pd.Series, prefix: str) -> pd.Series:
    """Return chr1 … chr22 for contigs named so, with or without ``chr`` and the genome's prefix; else empty."""
    bare = names.astype(str).str.removeprefix(prefix).str.removeprefix("chr")
    return ("chr" + bare).where(bare.isin([str(i) for i in range(1, 23)]), "")


def find_clones(log: sparse.csr_matrix, positions: pd.DataFrame) -> Clones:
    """Return the clones of cells × genes (log-normalised). ``positions``: chromosome, start, end of each gene, NaN or
    empty where unknown.

    Expression relative to the mean of all cells is averaged along the genome (infercnvpy, after Patel et al. 2014); all
    cells are tumour, so that only differences between them show. The components of these averages are split into two
    to four groups (Ward); the split with the best silhouette is kept if its groups are separate and hold 5 % of cells.
    """
    import anndata
    import infercnvpy
    from sklearn.cluster import AgglomerativeClustering
    from sklearn.decomposition import PCA
    from sklearn.metrics import silhouette_score

    known = positions["chromosome"].fillna("").ne("").to_numpy()
    seen = np.asarray((log > 0).mean(axis=0)).ravel() >= 0.05
    usable = known & seen
    nothing = np.zeros(0, dtype=int)
    if usable.sum() < MIN_GENES:
        return Clones(
            nothing,
            f"not inferable: {int(usable.sum())} placed genes are detected in 5 % of cells, {MIN_GENES} are needed",
        )
    if log.shape[0] < MIN_CELLS:
        return Clones(nothing, f"not inferable: {log.shape[0]} cells, {MIN_CELLS} are needed")
    var = positions.loc[usable, ["chromosome", "start", "end"]].copy()
    data = anndata.AnnData(log[:, usable].tocsr(), var=var.set_axis([f"g{i}" for i in range(len(var))]))
    infercnvpy.tl.infercnv(data, window_size=WINDOW, step=STEP, n_jobs=1, exclude_chromosomes=None)
    profile = np.asarray(data.obsm["X_cnv"].todense(), dtype=np.float64)
    n = min(COMPONENTS, *(size - 1 for size in profile.shape))
    reduced = PCA(n, svd_solver="full").fit_transform(profile)
    best = (MIN_SILHOUETTE, None)
    for k in range(2, MAX_CLONES + 1):
        labels = AgglomerativeClustering(k, linkage="ward").fit_predict(reduced)
        if np.bincount(labels).min() < MIN_SHARE * len(labels):
            continue
        width = silhouette_score(reduced, labels)
        if width > best[0]:
            best = (width, labels)
    if best[1] is None:
        return Clones(np.zeros(log.shape[0], dtype=int), "one clone: no groups of cells differ clearly in copy number")
    _, labels = best
    order = np.argsort(-np.bincount(labels), kind="stable")
    return Clones(np.argsort(order)[labels], f"{labels.max() + 1} clones, silhouette {best[0]:.2f}")

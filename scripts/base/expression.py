"""From counts to components: joining samples, normalisation, variable genes, principal components; all sparse."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import combinations
from operator import itemgetter

import numpy as np
import pandas as pd
from scipy import sparse
from threadpoolctl import threadpool_limits

from scripts.base import job

MIN_COMMON = 0.05
"""Share of the smallest table's genes that all samples must have. Tables of one naming share most, whatever filters
left out; symbols and Ensembl ids share nothing but genes without a symbol."""
EXAMPLES = 3
"""Genes named in a message."""
MIN_CELLS_OF_GENE, MIN_SHARE_OF_GENE = 10, 0.02
"""A variable gene is seen in ten cells, or in 2 % of them where cells are few (but never in fewer than three). Without
this half of the 2,000 most variable genes of a Drop-seq library are seen in under 2 % of its cells."""
THETA = 100
"""Overdispersion that every gene of UMI data has (Lause, Berens & Kobak 2021)."""
CHUNK = 20_000_000
"""Numbers held dense at once (160 MB as float64)."""
DECIMALS = 6
"""Of components. Libraries of linear algebra add up in an order of their own on each processor and number of threads,
which changes the last digits; neighbours, clusters and the layout must not depend on those."""


def join_samples(parts: list):
    """Return one AnnData with the cells of all parts (counts, cells × genes) and the union of their genes.

    A gene that a part lacks counts 0 there: tables of genes often leave out what they never saw. ``var["everywhere"]``
    tells whether all parts with cells have the gene; only such genes should decide which cells are similar.
    """
    import anndata

    filled = [part for part in parts if part.n_obs] or parts[:1]
    single = len(filled) == 1
    joined = filled[0].copy() if single else anndata.concat(filled, join="outer", fill_value=0)
    ids = pd.concat([part.var["gene_id"].astype(str) for part in filled])
    joined.var["gene_id"] = ids[~ids.index.duplicated()].reindex(joined.var_names)
    joined.var["everywhere"] = np.all([joined.var_names.isin(part.var_names) for part in filled], axis=0)
    joined.X = sparse.csr_matrix(joined.X)
    joined.layers.clear()
    return joined


def read_cells(path: str, most: int, seed: int | list[int], first: pd.Index | None = None):
    """Return at most ``most`` cells of a library (AnnData), drawn at random and in their order, and how many it has.

    Only counts (X, sparse by cells) and what is known of cells and genes are kept. ``first``: names of cells that were
    drawn at random before; others are drawn only where these are too few.
    """
    import anndata

    cells = anndata.read_h5ad(path)
    n = cells.n_obs
    if n > most:
        rng = np.random.default_rng(seed)
        before = np.flatnonzero(cells.obs_names.isin([] if first is None else first))
        if len(before) >= most:
            chosen = rng.choice(before, most, replace=False)
        else:
            others = np.setdiff1d(np.arange(n), before)
            chosen = np.concatenate([before, rng.choice(others, most - len(before), replace=False)])
        cells = cells[np.sort(chosen)].copy()
    cells.layers.clear()
    cells.X = sparse.csr_matrix(cells.X)
    return cells, n


def check_common_genes(parts: list) -> None:
    """Raise :class:`job.UserError` where samples of one model share almost no gene: their names differ in kind.

    No gene would vary among those that decide which cells are similar, and all cells would be one cluster.
    """
    filled = [part for part in parts if part.n_obs]
    common = set.intersection(*(set(part.var_names) for part in filled)) if filled else set()
    if len(common) >= MIN_COMMON * min((part.n_vars for part in filled), default=0):
        return
    pairs = combinations(filled, 2)
    shared, strangers = min(((len(a.var_names.intersection(b.var_names)), (a, b)) for a, b in pairs), key=itemgetter(0))
    own = [
        f"{part.obs['sample'].iloc[0]} has {part.n_vars} ({', '.join(part.var_names[:EXAMPLES])} …)"
        for part in strangers
    ]
    raise job.UserError(
        f"samples of one model have {shared} genes in common: {', '.join(own)}; give the matrices of a model names of "
        "one kind, symbols best"
    )


def totals(counts: sparse.spmatrix) -> np.ndarray:
    """Return each cell's UMIs (float64)."""
    return np.asarray(counts.sum(axis=1), dtype=np.float64).ravel()


def normalise(counts: sparse.spmatrix, total: np.ndarray | None = None) -> sparse.csr_matrix:
    """Return log(1 + x) with x a cell's counts scaled to the median total of the cells (float32, cells × genes).

    The median rather than 10,000, so that one UMI of a small library isn't inflated beyond the range of the logarithm.
    ``total`` where the counts given aren't all genes.
    """
    counts = sparse.csr_matrix(counts, dtype=np.float32)
    total = totals(counts) if total is None else total
    median = np.median(total[total > 0]) if (total > 0).any() else 1.0
    scale = median / np.maximum(total, 1)
    scaled = sparse.csr_matrix(sparse.diags(scale.astype(np.float32)) @ counts)
    scaled.sort_indices()
    return scaled.log1p()


def thin(counts: sparse.spmatrix, share: float | np.ndarray, rng: np.random.Generator) -> sparse.csr_matrix:
    """Return the counts (cells × genes, whole numbers) with each molecule kept with the probability ``share``: one for
    all cells, or one for each. What is 1 or more keeps all.
    """
    counts = sparse.csr_matrix(counts)
    share = np.minimum(share, 1.0)
    if np.all(share >= 1):
        return counts
    keep = np.repeat(share, np.diff(counts.indptr)) if np.ndim(share) else share
    out = counts.copy()
    out.data = rng.binomial(np.rint(counts.data).astype(np.int64), keep).astype(counts.data.dtype)
    out.eliminate_zeros()
    return out


def residual_variance(counts: sparse.spmatrix) -> np.ndarray:
    """Return each gene's variance of Pearson residuals under equal expression in all cells.

    About 1 for a gene without biological variation; needs no bins of genes, so that it works for a few hundred genes
    as for 30,000. After Lause, Berens & Kobak 2021 (Genome Biol 22:258): negative binomial with ``THETA``, residuals
    cut at √cells. Cells × genes in, genes out; genes without counts get 0.
    """
    counts = sparse.csc_matrix(counts)
    n, n_genes = counts.shape
    cell = totals(counts)
    gene = np.asarray(counts.sum(axis=0), dtype=np.float64).ravel()
    variance = np.zeros(n_genes)
    if not gene.any():
        return variance
    share, cut = gene / gene.sum(), np.sqrt(n)
    present = np.flatnonzero(gene)
    step = max(1, CHUNK // max(n, 1))
    for start in range(0, len(present), step):
        genes = present[start : start + step]
        expected = np.outer(cell, share[genes])
        residual = counts[:, genes].toarray() - expected
        residual /= np.sqrt(expected + expected**2 / THETA + np.finfo(float).tiny)
        variance[genes] = np.clip(residual, -cut, cut).var(axis=0)
    return variance


def variable_genes(counts: sparse.spmatrix, n_top: int, allowed: np.ndarray | None = None) -> np.ndarray:
    """Return a mask of the (at most) ``n_top`` most variable genes that enough cells show; ties by position."""
    enough = max(3, min(MIN_CELLS_OF_GENE, MIN_SHARE_OF_GENE * counts.shape[0]))
    seen = np.asarray((sparse.csr_matrix(counts) > 0).sum(axis=0)).ravel() >= enough
    if allowed is not None:
        seen &= allowed
    variance = np.where(seen, residual_variance(counts), -1)
    chosen = np.argsort(-variance, kind="stable")[: min(n_top, int(seen.sum()))]
    mask = np.zeros(len(variance), dtype=bool)
    mask[chosen] = True
    return mask


CELLS_PER_COMPONENT = 5
"""Cells that a component needs: the later ones of few cells are noise. 60 cells of the PC9 line fall apart into cycling
and resting ones with 12 components (index 0.8), not with 30 (0.3); pure noise stays below 0.3 with either."""


@dataclass(frozen=True)
class Components:
    """``scores``: cells × components, to ``DECIMALS``; ``sizes``: singular values, largest first; ``loadings``: genes ×
    components, by which other cells are projected.
    """

    scores: np.ndarray
    sizes: np.ndarray
    loadings: np.ndarray


@threadpool_limits.wrap(limits=1)
def principal_components(log: sparse.csr_matrix, n_pcs: int, *, covariates: np.ndarray | None = None) -> Components:
    """Return the principal components of log expression (cells × genes) after regressing out the covariates.

    Exact: eigenvectors of the smaller one of the two products of the matrix with itself, which a few rows at a time add
    up to, so that the matrix is never dense as a whole. Centring is the regression on a constant. Fewer components come
    back where genes are fewer, or cells (``CELLS_PER_COMPONENT``; but two of three cells).
    """
    from scipy.linalg import eigh

    n, n_genes = log.shape
    k = min(n_pcs, max(2, n // CELLS_PER_COMPONENT), n - 1, n_genes)
    if k < 1 or log.nnz == 0:
        return Components(np.zeros((n, 0)), np.zeros(0), np.zeros((n_genes, 0)))
    matrix = sparse.csr_matrix(log, dtype=np.float64)
    design = np.ones((n, 1)) if covariates is None else np.column_stack([np.ones(n), covariates])
    basis = np.linalg.qr(design)[0]
    fit = basis.T @ matrix
    if n <= n_genes:
        residual = matrix.toarray() - basis @ fit
        product = residual @ residual.T
    else:
        product = -fit.T @ fit
        step = max(1, CHUNK // n_genes)
        for start in range(0, n, step):
            rows = matrix[start : start + step].toarray()
            product += rows.T @ rows
    values, vectors = eigh(product, subset_by_index=[len(product) - k, len(product) - 1])
    values, vectors = values[::-1], vectors[:, ::-1]
    real = values > 1e-10 * (matrix.data**2).sum()  # what rounding leaves of equal cells is no component
    sizes, vectors = np.sqrt(values[real]), vectors[:, real]
    if n <= n_genes:
        loadings, scores = residual.T @ vectors / sizes, vectors * sizes
    else:
        loadings, scores = vectors, matrix @ vectors - basis @ (fit @ vectors)
    # A component's sign is arbitrary: its largest loading is made positive.
    sign = np.sign(loadings[np.abs(loadings).argmax(axis=0), np.arange(len(sizes))])
    return Components(np.round(scores * sign, DECIMALS) + 0.0, sizes, loadings * sign)


def usable_covariates(scores: dict[str, np.ndarray], names: Iterable[str]) -> tuple[np.ndarray | None, list[str]]:
    """Return the scores to regress out (cells × covariates, None if there are none) and the names that can't be used.

    A score can't be used where a cell lacks it or where it is the same in all cells.
    """
    used, unusable = [], []
    for name in names:
        values = np.asarray(scores[name], dtype=float)
        if len(values) and np.isfinite(values).all() and np.ptp(values) > 0:
            used.append((values - values.mean()) / values.std())
        else:
            unusable.append(name)
    return (np.column_stack(used) if used else None), unusable

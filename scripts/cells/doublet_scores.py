"""Doublets of one species: scores by scDblFinder or Scrublet, and the score from which a cell is flagged."""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Iterator

import numpy as np
from scipy import sparse

METHODS = ("scdblfinder", "scrublet")
MIN_PRECISION = 0.25
"""Scrublet: minimum of expected doublets per flagged cell. In simulated libraries of 400–1,500 cells it was 0.37–0.93
if cell types were distinct (true precision 0.79–1), and below 0.07 in homogeneous libraries (true precision 0.3)."""
MIN_VARIABLE_GENES = 5
MIN_CELLS_OF_GENE = 3
PLANTED = 20
"""Minimum number of planted doublets, so that the share found is accurate to ten percentage points."""
COMPONENTS = 30
"""Principal components, Scrublet's default."""


def score_by_scrublet(counts: sparse.csr_matrix, *, rate: float, seed: int) -> tuple[np.ndarray, np.ndarray, str]:
    """Return Scrublet's score per cell, scores of simulated doublets, and a note; NaN and no scores if it can't run.

    Neighbours are exact and computed on one thread, so that the scores don't depend on the number of cores.
    """
    import anndata
    import scanpy as sc
    from threadpoolctl import threadpool_limits

    nothing = np.full(counts.shape[0], np.nan), np.empty(0)
    adata = anndata.AnnData(sparse.csr_matrix(counts, dtype=np.float32))
    sc.pp.filter_genes(adata, min_cells=3)
    if adata.n_vars < MIN_VARIABLE_GENES:
        return *nothing, f"only {adata.n_vars} genes are detected in three cells or more: no doublet scores"
    look = adata.copy()
    sc.pp.normalize_total(look)
    sc.pp.log1p(look)
    try:
        sc.pp.highly_variable_genes(look)
        n_variable = int(look.var["highly_variable"].sum())
    except ValueError:  # scanpy can't bin genes that all have the same mean
        n_variable = 0
    if n_variable < MIN_VARIABLE_GENES:
        return *nothing, f"only {n_variable} genes vary between cells: no doublet scores"
    with threadpool_limits(1), np.errstate(invalid="ignore"):
        sc.pp.scrublet(
            adata,
            expected_doublet_rate=rate,
            n_prin_comps=min(COMPONENTS, n_variable - 1, adata.n_obs - 1),
            use_approx_neighbors=False,
            # flag_doublets makes the calls. A threshold given here stops Scrublet from estimating one itself.
            threshold=1.0,
            random_state=seed,
            verbose=False,
        )
    return adata.obs["doublet_score"].to_numpy(float), adata.uns["scrublet"]["doublet_scores_sim"], ""


def differ(counts: sparse.csr_matrix) -> bool:
    """Return whether any two cells differ in more than sequencing depth."""
    totals = np.asarray(counts.sum(axis=1), dtype=float).ravel()
    shares = sparse.diags(1 / totals) @ counts
    mean = np.asarray(shares.mean(axis=0)).ravel()
    square = np.asarray(shares.multiply(shares).mean(axis=0)).ravel()
    return bool((square - mean**2 > 1e-12).sum() >= MIN_VARIABLE_GENES)


@contextlib.contextmanager
def one_thread() -> Iterator[None]:
    """Let scDblFinder (0.3.0) train on one thread. By default it uses all cores, and scores depend on their number."""
    from pyscdblfinder import classifier

    resolve = classifier._resolve_nthreads
    classifier._resolve_nthreads = lambda _: 1
    try:
        yield
    finally:
        classifier._resolve_nthreads = resolve


def score_by_scdblfinder(counts: sparse.csr_matrix, *, rate: float, seed: int) -> tuple[np.ndarray, float, str]:
    """Return scDblFinder's score per cell (Germain et al. 2021, F1000Research 10:979), the score from which it flags,
    and a note.

    ``counts``: cells × genes, UMIs. Scores are NaN and the threshold is infinite if it can't run.
    """
    from pyscdblfinder import sc_dbl_finder
    from threadpoolctl import threadpool_limits

    counts = counts.tocsr()
    seen = np.asarray((counts > 0).sum(axis=0)).ravel() >= MIN_CELLS_OF_GENE
    full = np.asarray(counts[:, seen].sum(axis=1)).ravel() > 0
    scores = np.full(counts.shape[0], np.nan)
    varied = counts[:, seen]
    if seen.sum() < MIN_VARIABLE_GENES or full.sum() < MIN_VARIABLE_GENES or not differ(varied[full]):
        return scores, float("inf"), f"only {int(seen.sum())} genes vary between cells: no doublet scores"
    with threadpool_limits(1), one_thread(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = sc_dbl_finder(
            varied[full].T.tocsc().astype(np.float64),
            dbr=rate,
            random_state=seed,
            progress=False,
            pca_backend="sklearn-full",
        )
    scores[full] = found.real_cells()["score"].to_numpy(float)
    return scores, found.score_threshold, ""


def doublet_threshold(scores: np.ndarray, simulated: np.ndarray, rate: float) -> float:
    """Return the score from which cells are flagged (infinite if none are).

    It is the lowest score that at most ``rate`` of the cells reach, so that no more cells are flagged than there are
    doublets. It is raised, or infinite, if most flagged cells would be singlets. If a share S(t) of the simulated
    doublets lies above a cut t, at least a share rate × S(t) of all cells are doublets above t. Divided by the observed
    share of cells above t, this is the precision, which must reach ``MIN_PRECISION``. In a homogeneous library, such as
    one of persister cells, doublets resemble single cells, and a cut on the score would only remove singlets.
    """
    scores = scores[np.isfinite(scores)]
    if not len(scores) or not len(simulated):
        return float("inf")
    cuts = np.unique(scores)
    observed = 1 - np.searchsorted(np.sort(scores), cuts, side="left") / len(scores)
    detected = 1 - np.searchsorted(np.sort(simulated), cuts, side="left") / len(simulated)
    allowed = np.flatnonzero((observed <= rate) & (rate * detected >= MIN_PRECISION * observed))
    return float(cuts[allowed[0]]) if len(allowed) else float("inf")


def flag_doublets(scores: np.ndarray, threshold: float) -> np.ndarray:
    """Return which cells reach the threshold; a cell without a score is not a doublet."""
    return np.isfinite(scores) & (scores >= threshold)


def score(counts: sparse.csr_matrix, *, method: str, rate: float, seed: int) -> tuple[np.ndarray, float, str]:
    """Return the score per cell (NaN if there is none), the score from which cells are flagged, and a note."""
    if method == "scdblfinder":
        return score_by_scdblfinder(counts, rate=rate, seed=seed)
    scores, simulated, note = score_by_scrublet(counts, rate=rate, seed=seed)
    return scores, doublet_threshold(scores, simulated, rate), note


def share_found(
    counts: sparse.csr_matrix, flagged: np.ndarray, *, method: str, rate: float, seed: int, ambient: float = 0.0
) -> float:
    """Return the share of planted doublets that would be flagged.

    Planted doublets are sums of two unflagged cells, as many as the expected doublets. They are added to the library
    and scored with its cells. The method's own simulated doublets can't be used, since it was trained on them.
    ``ambient``: share of a cell's UMIs that are ambient RNA. A sum of two cells contains this RNA twice, but a true
    doublet only once. Therefore half of that share is removed from each sum at random. Otherwise planted doublets would
    be larger than true ones, and the share found would be too high.
    """
    single = np.flatnonzero(~flagged)
    number = min(max(round(rate * counts.shape[0]), PLANTED), len(single) // 2)
    if not number:
        return 0.0
    rng = np.random.default_rng(seed)
    pairs = rng.permutation(single)[: 2 * number].reshape(-1, 2)
    counts = counts.tocsr()
    planted = (counts[pairs[:, 0]] + counts[pairs[:, 1]]).tocsr()
    if ambient > 0:
        planted.data = rng.binomial(planted.data.astype(np.int64), 1 - ambient / 2).astype(counts.dtype)
        planted.eliminate_zeros()
    both = sparse.vstack([counts, planted]).tocsr()
    with_planted = (rate * counts.shape[0] + number) / both.shape[0]
    scores, threshold, _ = score(both, method=method, rate=with_planted, seed=seed)
    return float(flag_doublets(scores, threshold)[-number:].mean())

"""Which cells are doublets of one species: scores by scDblFinder or Scrublet, and the score that flags a cell."""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Iterator

import numpy as np
from scipy import sparse

METHODS = ("scdblfinder", "scrublet")
MIN_PRECISION = 0.25
"""Scrublet: expected doublets per flagged cell. Measured on simulated libraries of 400–1,500 cells: 0.37–0.93 where
types are distinct (true precision 0.79–1), below 0.07 in homogeneous ones (true precision 0.3)."""
MIN_VARIABLE_GENES = 5
MIN_CELLS_OF_GENE = 3
PLANTED = 20
"""Fewest planted doublets, so that the share found is known to ten points."""
COMPONENTS = 30
"""Principal components, Scrublet's default."""


def score_by_scrublet(counts: sparse.csr_matrix, *, rate: float, seed: int) -> tuple[np.ndarray, np.ndarray, str]:
    """Return Scrublet's score per cell, scores of simulated doublets, and a note; NaN and nothing where it can't run.

    Exact neighbours on one thread, so that the scores don't depend on the machine's cores.
    """
    import anndata
    import scanpy as sc
    from threadpoolctl import threadpool_limits

    nothing = np.full(counts.shape[0], np.nan), np.empty(0)
    adata = anndata.AnnData(sparse.csr_matrix(counts, dtype=np.float32))
    sc.pp.filter_genes(adata, min_cells=3)
    if adata.n_vars < MIN_VARIABLE_GENES:
        return *nothing, f"only {adata.n_vars} genes are seen in three cells or more: no doublet scores"
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
            # The call is ours (see flag_doublets); a number here keeps Scrublet from looking for a valley of its own.
            threshold=1.0,
            random_state=seed,
            verbose=False,
        )
    return adata.obs["doublet_score"].to_numpy(float), adata.uns["scrublet"]["doublet_scores_sim"], ""


def differ(counts: sparse.csr_matrix) -> bool:
    """Return whether any two cells differ in more than how deep they were read."""
    totals = np.asarray(counts.sum(axis=1), dtype=float).ravel()
    shares = sparse.diags(1 / totals) @ counts
    mean = np.asarray(shares.mean(axis=0)).ravel()
    square = np.asarray(shares.multiply(shares).mean(axis=0)).ravel()
    return bool((square - mean**2 > 1e-12).sum() >= MIN_VARIABLE_GENES)


@contextlib.contextmanager
def one_thread() -> Iterator[None]:
    """Let scDblFinder (0.3.0) train on one thread: it takes as many as there are cores, and scores mustn't depend on
    their number.
    """
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

    Cells × genes, UMIs. NaN and infinity where it can't run.
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

    The lowest score that at most ``rate`` of the cells reach, so that no more are flagged than there are doublets;
    raised, or infinite, where the flagged cells would mostly be singlets. Above a cut t lie a share S(t) of the
    simulated doublets, so at least rate × S(t) of the cells there should be doublets; set against the share of cells
    observed above t, that is the precision, and it must reach ``MIN_PRECISION``. In a homogeneous library, such as one
    of persister cells, doublets look like single cells, and the top scores are discarded for nothing.
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
    """Return the score per cell (NaN where there is none), the score from which cells are flagged, and a note."""
    if method == "scdblfinder":
        return score_by_scdblfinder(counts, rate=rate, seed=seed)
    scores, simulated, note = score_by_scrublet(counts, rate=rate, seed=seed)
    return scores, doublet_threshold(scores, simulated, rate), note


def share_found(
    counts: sparse.csr_matrix, flagged: np.ndarray, *, method: str, rate: float, seed: int, ambient: float = 0.0
) -> float:
    """Return the share of planted doublets that would be flagged.

    Sums of two cells that aren't flagged, as many as there should be doublets, stand among the cells as if they were of
    the library; those that the method makes for itself it has learnt by heart. ``ambient``: share of a cell's UMIs that
    are ambient RNA. Two cells bring it twice, but one droplet caught it once: of each sum half of that share is left
    out at random. Otherwise planted doublets would be larger than true ones and too many of them would be found.
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

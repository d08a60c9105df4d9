"""Doublets of one species: how many the mixed droplets imply, and which cells by Scrublet (Wolock et al. 2019)."""

from __future__ import annotations

import contextlib
import os
import warnings
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy import sparse

MAX_RATE = 0.4
"""A rate beyond this is not a loading rate: the mixed droplets then measure something else."""
MIN_PRECISION = 0.25
"""Expected doublets per flagged cell. Measured on simulated libraries of 400–1,500 cells: 0.37–0.93 where cell types
are distinct (true precision 0.79–1), below 0.07 in homogeneous ones (true precision 0.3). Where cells differ only by
degrees, as in the demo study, few are flagged (14 in twelve libraries) and only 4 of those are doublets: read the
flag with care."""
MIN_VARIABLE_GENES = 5
MIN_CELLS_OF_GENE = 3
COMPONENTS = 30
"""Principal components, Scrublet's default."""


@dataclass(frozen=True)
class DoubletRate:
    """Doublets ``per_droplet`` with cells, and ``among_graft``: graft-called droplets that hold two graft cells.

    ``low`` and ``high`` bound ``per_droplet`` (95 %, from the number of mixed droplets); NaN where it was not measured.
    """

    per_droplet: float
    among_graft: float
    low: float
    high: float
    source: str


def among_graft(per_droplet: float, graft_share: float) -> float:
    """Return the doublets among droplets called graft, when a share of cells are graft and partners meet at random."""
    d, p = per_droplet, graft_share
    return d * p / (1 - d * (1 - p)) if p > 0 else 0.0


def implied_rate(n_graft: float, n_host: float, n_mixed: float) -> DoubletRate:
    """Return the doublet rate that mixed droplets imply.

    With doublet rate d and graft share p of the cells, droplets are graft with (1 − d)p + dp², mixed with 2dp(1 − p);
    so p is the graft droplets plus half the mixed ones, and d = m / 2p(1 − p) (Bloom 2018, PeerJ 6:e5578). Bounds:
    Wilson's interval of m.
    """
    n = n_graft + n_host + n_mixed
    m, p = n_mixed / n, (n_graft + n_mixed / 2) / n
    cross = 2 * p * (1 - p)
    z = 1.96
    centre, half = m + z**2 / (2 * n), z * np.sqrt(m * (1 - m) / n + z**2 / (4 * n**2))
    low, high = ((centre + sign * half) / (1 + z**2 / n) / cross for sign in (-1, 1))
    return DoubletRate(m / cross, among_graft(m / cross, p), float(low), float(high), "mixed droplets")


def expected_rate(
    n_graft: float,
    n_host: float,
    n_mixed: float,
    *,
    n_droplets: int,
    rate: float | str,
    rate_per_1000_cells: float,
    min_species_fraction: float,
) -> DoubletRate:
    """Return the rate to use: the given one, or (``auto``) what mixed droplets imply, or what the loading implies.

    Mixed droplets say little where one species is rarer than ``min_species_fraction``; then, or if they imply more than
    ``MAX_RATE``, the rate is ``rate_per_1000_cells`` × ``n_droplets`` / 1,000. The numbers of graft, host and mixed
    droplets may be sums of probabilities.
    """
    n = n_graft + n_host + n_mixed
    share = (n_graft + n_mixed / 2) / n if n else 1.0
    if rate != "auto":
        return DoubletRate(float(rate), among_graft(float(rate), share), float("nan"), float("nan"), "config")
    loading = min(MAX_RATE, rate_per_1000_cells * n_droplets / 1000)
    if n and min(share, 1 - share) >= min_species_fraction:
        implied = implied_rate(n_graft, n_host, n_mixed)
        if implied.per_droplet <= MAX_RATE:
            return implied
    return DoubletRate(loading, among_graft(loading, share), float("nan"), float("nan"), "cells loaded")


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
def one_core() -> Iterator[None]:
    """Keep this process to one of its cores where the system can: scDblFinder takes as many threads as it may use, and
    scores mustn't depend on their number.
    """
    cores = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else set()
    try:
        if cores:
            os.sched_setaffinity(0, {min(cores)})
        yield
    finally:
        if cores:
            os.sched_setaffinity(0, cores)


def score_by_scdblfinder(counts: sparse.csr_matrix, *, rate: float, seed: int) -> tuple[np.ndarray, float, str]:
    """Return scDblFinder's score per cell (Germain et al. 2022), the score from which it flags, and a note.

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
    with threadpool_limits(1), one_core(), warnings.catch_warnings():
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

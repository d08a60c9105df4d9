"""Ambient RNA (the soup): its share of a library and of each cell, and its subtraction.

In a xenograft, UMIs of the other species measure ambient RNA. A graft cell has no host RNA of its own, so all its host
UMIs are ambient. If s is the host share of the soup (from empty droplets), a cell with h host UMIs contains about h / s
ambient UMIs. Without a host, genes that a cell's lineage does not express are used instead
(:mod:`scripts.cells.unexpressed`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from scripts.cells.species import MIN_DROPLETS, CrossTalk, fit_cross_talk

MIN_SHARE = 0.01
"""Minimum share of the soup from the other species. Below it, misassigned reads (up to 1 %) dominate the estimate."""


@dataclass(frozen=True)
class Soup:
    """Ambient counts per gene and the share of host genes in them; ``source`` says where they come from."""

    counts: np.ndarray
    host_share: float
    source: str


def soup_of_empty_droplets(counts: np.ndarray, is_host: np.ndarray) -> Soup:
    """Return the soup seen in empty droplets. The host share is NaN without ambient UMIs or without host genes."""
    total = counts.sum()
    share = float(counts[is_host].sum() / total) if total and is_host.any() else float("nan")
    return Soup(np.asarray(counts), share, "empty droplets" if total else "unknown")


def soup_of_other_species(graft_cells: sparse.spmatrix, host_cells: sparse.spmatrix, is_host: np.ndarray) -> Soup:
    """Estimate the soup from the cells themselves, for a matrix without empty droplets.

    Host UMIs in graft cells and graft UMIs in host cells are ambient, and every droplet contains about the same amount
    of soup. The ratio of the two medians per droplet therefore estimates the species ratio of the soup. Medians are
    used because large cells add some of their own RNA to all droplets, and an undetected second cell adds many UMIs.
    Needs ``MIN_DROPLETS`` cells of each species.
    """
    unknown = Soup(np.zeros(len(is_host), np.int64), float("nan"), "unknown")
    if min(graft_cells.shape[0], host_cells.shape[0]) < MIN_DROPLETS:
        return unknown
    of_host, of_graft = (
        np.median(np.asarray(cells[:, other].sum(axis=1)).ravel())
        for cells, other in ((graft_cells, is_host), (host_cells, ~is_host))
    )
    genes_in_graft = np.asarray(graft_cells.sum(axis=0)).ravel() * is_host
    genes_in_host = np.asarray(host_cells.sum(axis=0)).ravel() * ~is_host
    if not of_host or not of_graft:
        return unknown
    share = float(of_host / (of_host + of_graft))
    # Scale both species so that the counts have the estimated share.
    scale = genes_in_graft.sum() / share * (1 - share) / genes_in_host.sum()
    return Soup(np.rint(genes_in_graft + genes_in_host * scale).astype(np.int64), share, "cells of the other species")


def find_soup(counts: sparse.csr_matrix, calls: np.ndarray, soup_counts: np.ndarray, is_host: np.ndarray) -> Soup:
    """Return the soup of the empty droplets or, without any, the estimate from the cells' UMIs of the other species."""
    soup = soup_of_empty_droplets(soup_counts, is_host)
    if soup.source == "unknown" and is_host.any():
        soup = soup_of_other_species(counts[calls == "graft"], counts[calls == "host"], is_host)
    return soup


def library_fraction(
    own: np.ndarray,
    other: np.ndarray,
    other_share: float,
    *,
    single: np.ndarray | None = None,
    least: float = MIN_SHARE,
) -> float:
    """Return the ambient share of the cells' UMIs, other / total / ``other_share``, at most 1; NaN if unknown.

    ``single``: probability of each droplet to hold one cell, its weight. A second cell of the same species dilutes the
    ambient RNA, one of the other species would be taken for it.
    """
    weight = np.ones(len(own)) if single is None else np.asarray(single, dtype=float)
    ambient, total = (weight * other).sum(), (weight * (own + other)).sum()
    if not total or not other_share >= least:
        return float("nan")
    return float(min(1.0, ambient / total / other_share))


def cell_fractions(own: np.ndarray, other: np.ndarray, other_share: float, *, least: float = MIN_SHARE) -> np.ndarray:
    """Return the ambient share of each cell's UMIs, shrunk towards that of cells of its size; NaN if not estimable.

    A cell of 1,000 UMIs may have 5 of the other species, too few for an estimate on their own. The ambient rate of a
    cell has a gamma prior with the mean and dispersion of all cells (:class:`CrossTalk`: a floor and a share of the
    cell's own UMIs). The posterior mean is returned. With fewer than ``MIN_DROPLETS`` cells, each gets the library's
    fraction. Nothing is estimated if the other species' share of the soup is below ``least``.
    """
    own, other = np.asarray(own, dtype=float), np.asarray(other, dtype=float)
    if not other_share >= least or not len(own):
        return np.full(len(own), np.nan)
    if len(own) < MIN_DROPLETS:
        return np.full(len(own), library_fraction(own, other, other_share, least=least))
    talk: CrossTalk = fit_cross_talk(other, own, np.ones(len(own)))
    prior_mean, shape = talk.mean(own), 1 / talk.dispersion
    rate = (shape + other) / (shape + prior_mean) * prior_mean
    total = own + other
    return np.divide(rate, other_share * total, out=np.zeros(len(own)), where=total > 0).clip(0, 1)


def spread_removal(held: np.ndarray, weight: np.ndarray, wanted: float) -> np.ndarray:
    """Return how much to remove from each gene: proportional to ``weight``, at most its count, ``wanted`` in total."""
    taken = np.zeros(len(held))
    known = np.flatnonzero(weight > 0)
    if wanted <= 0 or not len(known):
        return taken
    # Genes are sorted by when they are exhausted. From the first gene with enough counts on, level × weight of the
    # remaining genes adds up to the rest of ``wanted``.
    ratio = held[known] / weight[known]
    known = known[np.argsort(ratio, kind="stable")]
    held_before = np.concatenate([[0.0], np.cumsum(held[known])[:-1]])
    weight_left = np.cumsum(weight[known][::-1])[::-1]
    level = (wanted - held_before) / weight_left
    enough = level <= held[known] / weight[known]
    taken[known] = (
        held[known] if not enough.any() else np.minimum(held[known], level[np.argmax(enough)] * weight[known])
    )
    return taken


def subtract(counts: sparse.csr_matrix, soup: np.ndarray, ambient_umis: np.ndarray, *, seed: int) -> sparse.csr_matrix:
    """Subtract each cell's ambient UMIs from its counts (cells × genes; integers stay integers, none below zero).

    ``soup`` is the ambient profile over the same genes, ``ambient_umis`` the number of UMIs to remove from each cell.
    They are distributed over the cell's genes in proportion to the soup. If a gene has too few counts, the remainder is
    removed from the other genes (as in SoupX, Young & Behjati 2020). Fractions are rounded to whole UMIs by systematic
    sampling with one seeded generator, so that a cell's total is correct to one UMI.
    """
    result = counts.tocsr().copy()
    result.sort_indices()
    offsets = np.random.default_rng(seed).random(result.shape[0])
    for cell in range(result.shape[0]):
        rows = slice(result.indptr[cell], result.indptr[cell + 1])
        held = result.data[rows].astype(float)
        taken = spread_removal(held, soup[result.indices[rows]].astype(float), float(ambient_umis[cell]))
        # The small constant keeps whole numbers from being rounded down.
        steps = np.floor(np.cumsum(np.concatenate([[0.0], taken])) + offsets[cell] + 1e-9)
        result.data[rows] -= np.minimum(np.diff(steps), held).astype(result.dtype)
    result.eliminate_zeros()
    return result

"""Distinguish droplets with a cell from empty ones: an order-of-magnitude knee, and a test against the ambient profile.

Barcodes above the knee are cells. Below it, a barcode is a cell if its expression differs from the ambient RNA of empty
droplets. The test uses a multinomial likelihood under the ambient profile, a Monte-Carlo p-value and a false discovery
rate. It follows Lun et al. 2019 (Genome Biology 20:63) as adapted in Cell Ranger ≥ 3 and STARsolo's EmptyDrops_CR.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from scipy import sparse

from scripts.cells import plateau
from scripts.cells.ambient_test import benjamini_hochberg, monte_carlo_pvalues
from scripts.counts.knee import estimate_cells, order_of_magnitude_cut

AMBIENT_RANK = 15
"""Barcodes ranked beyond this multiple of the expected cells are ambient, whatever their UMIs (Cell Ranger: rank 45,000
for 3,000 cells). In a library with much ambient RNA, each empty droplet has hundreds of UMIs. Barcodes below
``ambient_max_counts`` are then mostly sequencing errors."""
AMBIENT_DEPTH = 10
"""Minimum ambient UMIs per detected gene; below it, the profile is too sparse for a test."""
AMBIENT_DROPLETS = 10
"""Minimum ambient UMIs per UMI of the largest candidate; below it, droplets drawn from the pool are too similar."""
EMPTY_SHARE = 0.01
"""Minimum share of barcodes at or below ``ambient_max_counts`` in an unfiltered matrix."""


TRIMMED, FEWEST_CELLS = 0.1, 20
"""Minimum share of barcodes on a plateau, and minimum number above it, that show that the smallest barcodes of a matrix
without empty droplets were removed."""


FAR = 2
"""Factor by which the cells found may differ from the number that the user expects without a remark (a convention)."""


class TrimmedError(ValueError):
    """A matrix without its smallest barcodes but with empty droplets; the message says what to do."""


def compare_with_expected(cells: int, expected: int) -> str:
    """Return a remark if the number of cells found is far from the number that the user gave."""
    if expected / FAR <= cells <= expected * FAR:
        return ""
    return (
        f"{cells:,} droplets with cells where {expected:,} were expected (expected_cells): look at the barcodes by "
        "rank; correct the number, or leave it out for an estimate"
    )


@dataclass(frozen=True)
class DropletCalls:
    """Verdict per barcode (in matrix order), ambient counts per gene, and the numbers for the summary.

    ``called_by`` is ``knee``, ``test``, ``all`` (matrix without empty droplets) or an empty string; ``fdr`` is NaN for
    barcodes that were not tested. ``soup``: counts of each gene in empty droplets.
    """

    is_cell: np.ndarray
    called_by: np.ndarray
    fdr: np.ndarray
    soup: np.ndarray
    summary: dict = field(default_factory=dict)


def ambient_limit(
    totals: np.ndarray, detected_genes: int, *, expected_cells: int, ambient_max_counts: int, min_counts: int
) -> int:
    """Return the UMI count up to which a barcode belongs to the ambient pool.

    This is ``ambient_max_counts``, or the count at rank ``AMBIENT_RANK`` × expected cells if that is larger. If the
    pool is still too small, it includes all barcodes that can't be cells (below ``min_counts``). It never includes
    candidates.
    """
    highest = max(ambient_max_counts, min_counts - 1)
    limit = ambient_max_counts
    rank = AMBIENT_RANK * expected_cells
    if len(totals) > rank:
        limit = max(limit, min(highest, int(np.partition(totals, len(totals) - rank)[len(totals) - rank])))
    if totals[totals <= limit].sum() < AMBIENT_DEPTH * detected_genes:
        limit = highest
    return limit


def refuse_trimmed(totals: np.ndarray, flat: plateau.Plateau) -> None:
    """Raise :class:`TrimmedError` if barcodes on the plateau are many relative to the cells above it."""
    held = totals[totals > 0]
    on_it, above = int((held <= flat.edge).sum()), int((held > flat.edge).sum())
    if on_it >= TRIMMED * len(held) and above >= FEWEST_CELLS:
        raise TrimmedError(
            f"{on_it} of {len(held)} barcodes, those up to {flat.edge} UMIs, resemble empty droplets, and "
            "barcodes with fewer UMIs are missing: the matrix was trimmed, not filtered; give the raw matrix, or the "
            "filtered "
            f"one; or set cells.empty_drops.ambient_max_counts to {flat.mode}; or cells.empty_drops.enabled to false "
            "if all barcodes are cells"
        )


def call_cells(
    counts: sparse.csr_matrix,
    *,
    expected_cells: int | str,
    enabled: bool,
    ambient_max_counts: int,
    min_counts: int,
    min_fraction_of_median: float,
    simulations: int,
    fdr: float,
    seed: int,
) -> DropletCalls:
    """Call the droplets that contain a cell.

    ``counts`` is barcodes × genes; ``expected_cells`` a number, or ``auto`` to estimate it. Barcodes at or above the
    knee are cells. Barcodes between the ambient pool and the knee are tested if they have at least ``min_counts`` UMIs
    and ``min_fraction_of_median`` of the median cell. If empty droplets have more UMIs than ``ambient_max_counts``, the
    pool extends to the peak of their plateau, and the knee lies above the plateau's edge.

    A matrix without empty droplets (fewer than ``EMPTY_SHARE`` of its barcodes at or below ``ambient_max_counts``) was
    already filtered, and all its barcodes are kept. If its smallest barcodes form a plateau, it was trimmed, and
    :class:`TrimmedError` is raised unless the test is switched off. If the ambient pool is too small for a test, or
    the test is switched off, only the knee is used. The summary names the case.
    """
    counts = counts.tocsr()
    totals = np.asarray(counts.sum(axis=1)).ravel().astype(np.int64)
    genes_seen = np.asarray(counts.sum(axis=0)).ravel() > 0
    n_genes, n_barcodes = int(genes_seen.sum()), int((totals > 0).sum())
    is_cell, called_by = np.zeros(len(totals), bool), np.full(len(totals), "", dtype=object)
    rates, soup = np.full(len(totals), np.nan), np.zeros(counts.shape[1], np.int64)
    low = int(((totals > 0) & (totals <= ambient_max_counts)).sum())
    filtered = low < EMPTY_SHARE * n_barcodes or n_barcodes == 0
    flat = plateau.find(counts, totals, above=0 if filtered else ambient_max_counts, seed=seed)
    if filtered and flat and enabled:
        refuse_trimmed(totals, flat)
    above = ambient_max_counts if flat is None else max(flat.edge, ambient_max_counts)
    estimated = expected_cells == "auto"
    if estimated:
        expected_cells = estimate_cells(totals if filtered else totals[totals > above])
    knee = order_of_magnitude_cut(totals, expected_cells)
    summary = {"barcodes": n_barcodes, "expected_cells": expected_cells, "knee_counts": knee}
    summary |= {"expected_cells_by": "estimate" if estimated else "given"}
    if filtered:
        is_cell = totals > 0
        called_by[is_cell] = "all"
        note = (
            f"only {low} of {n_barcodes} barcodes hold {ambient_max_counts} UMIs or fewer: a matrix without empty "
            "droplets; all barcodes are kept as cells and no ambient profile is known"
        )
        return DropletCalls(
            is_cell, called_by, rates, soup, {**summary, "method": "all", "cells": int(is_cell.sum()), "note": note}
        )

    limit = ambient_limit(
        totals[totals > 0],
        n_genes,
        expected_cells=expected_cells,
        ambient_max_counts=ambient_max_counts,
        min_counts=min_counts,
    )
    if flat is not None:
        limit = flat.mode
        summary |= {"plateau": flat.mode, "plateau_edge": flat.edge}
    empty = (totals > 0) & (totals <= limit)
    soup = np.asarray(counts.T @ empty.astype(counts.dtype)).ravel().astype(np.int64)
    # A knee inside the ambient pool, or among the empty droplets above its peak, would call these cells.
    knee = max(knee, limit + 1, above + 1 if flat else 0)
    is_cell = totals >= knee
    called_by[is_cell] = "knee"
    summary |= {
        "knee_counts": knee,
        "ambient_limit": limit,
        "ambient_barcodes": int(empty.sum()),
        "ambient_umis": int(soup.sum()),
    }
    summary |= {"cells_knee": int(is_cell.sum())}
    note, method = "", "knee and test"
    if not enabled:
        note, method = "the test against the ambient profile is off: cells are called by the knee alone", "knee"
    elif soup.sum() < max(AMBIENT_DEPTH * n_genes, AMBIENT_DROPLETS * knee):
        note = (
            f"{soup.sum()} ambient UMIs over {n_genes} genes are too few for a test: cells are called by the knee alone"
        )
        method = "knee"
    else:
        median = float(np.median(totals[is_cell])) if is_cell.any() else 0.0
        lowest = max(min_counts, limit + 1, int(np.ceil(min_fraction_of_median * median)))
        candidates = np.flatnonzero((totals >= lowest) & ~is_cell)
        tested = counts[candidates][:, genes_seen]
        pvalues = monte_carlo_pvalues(tested, soup[genes_seen], simulations=simulations, seed=seed)
        rates[candidates] = benjamini_hochberg(pvalues)
        found = candidates[rates[candidates] <= fdr]
        is_cell[found] = True
        called_by[found] = "test"
        summary |= {"lowest_candidate_counts": lowest, "candidates": len(candidates), "cells_test": len(found)}
    if flat is not None:
        # The test needs droplets that are surely empty; the soup's shares have half the error with the whole plateau.
        empty = (totals > 0) & (totals <= flat.edge) & ~is_cell
        soup = np.asarray(counts.T @ empty.astype(counts.dtype)).ravel().astype(np.int64)
    cells = int(is_cell.sum())
    remark = "" if estimated else compare_with_expected(cells, expected_cells)
    note = "; ".join(filter(None, (note, remark)))
    return DropletCalls(is_cell, called_by, rates, soup, {**summary, "method": method, "cells": cells, "note": note})

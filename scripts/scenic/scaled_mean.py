"""The scaled mean: how much of a cell's RNA is of a regulon's targets, each target in units of its own variation.

A target's count is divided by the standard deviation of the gene's share of a cell's RNA, and the weighted mean over
the targets by the mean over all genes. It is the combined z-score (Lee et al. 2008, PLoS Computational Biology
4:e1000217) of shares in place of their logarithms. Shares are linear in the counts: a cell of which only part of the
molecules are read has the same expected shares, so that the mean score of a sample doesn't follow its depth. The
mean over all genes, in place of the cell's total, keeps a few genes that take much of the RNA from lowering all
others.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy import sparse

from scripts.base import job
from scripts.scenic.aucell import EXAMPLES, MIN_OVERLAP, check_expression, find_targets

BLOCK = 5_000
"""Cells at once: 5,000 cells of 3,000 shown genes are 120 MB."""


def shares(counts: sparse.csr_matrix) -> sparse.csr_matrix:
    """Return each gene's share of the cell's counts (cells × genes); a cell without counts keeps its zeros."""
    counts = sparse.csr_matrix(counts)
    totals = np.asarray(counts.sum(axis=1), dtype=np.float64).ravel()
    out = sparse.csr_matrix(
        (counts.data.astype(np.float64), counts.indices, counts.indptr), shape=counts.shape, copy=True
    )
    out.data /= np.repeat(np.maximum(totals, 1e-300), np.diff(out.indptr))
    return out


def variances(counts, samples: Sequence[str]) -> np.ndarray:
    """Return, by gene, the variance between cells of its share of a cell's counts, within samples and pooled over them.

    ``counts``: cells × genes, not negative; ``samples``: that of each cell.
    """
    counts, samples = sparse.csr_matrix(counts), np.asarray(samples, dtype=str)
    squares, freedom = np.zeros(counts.shape[1]), 0
    for sample in sorted(set(samples)):
        rows = np.flatnonzero(samples == sample)
        own = shares(counts[rows])
        mean = np.asarray(own.mean(axis=0)).ravel()
        square = np.asarray(own.multiply(own).sum(axis=0)).ravel()
        squares += np.maximum(square - len(rows) * mean**2, 0)
        freedom += len(rows) - 1
    return squares / max(freedom, 1)


def score(
    counts,
    genes: Sequence[str],
    regulons: dict[str, dict[str, float]],
    *,
    scale: np.ndarray,
    reference: np.ndarray | None = None,
    block: int = BLOCK,
) -> pd.DataFrame:
    """Return cells × regulons (in their order): 1 where targets are expressed as all genes are on average, 0 where no
    target is seen.

    Parameters
    ----------
    counts
        Cells × ``genes``, CSR or dense, not negative. A factor common to all genes of a cell changes nothing.
    regulons
        Weight per target, not negative. Targets that aren't measured are left out; a regulon of which less than 80 %
        are measured scores 0, as in AUCell.
    scale
        Standard deviation of each gene's share (0 or missing: the gene doesn't count), the same for all cells that are
        compared.
    reference
        Which genes the mean over all genes goes over; all that have a scale by default.

    Raises ExpressionError.
    """
    check_expression(counts, genes, regulons)
    matrix = sparse.csr_matrix(counts)
    scale = np.asarray(scale, dtype=np.float64)
    inverse = np.divide(1.0, scale, out=np.zeros(len(genes)), where=np.isfinite(scale) & (scale > 0))
    of_regulon, of_gene, weight, _, scored = find_targets(genes, regulons)
    kept = (of_gene >= 0) & scored[of_regulon]
    kept[kept] &= inverse[of_gene[kept]] > 0
    total = np.bincount(of_regulon[kept], weight[kept], minlength=len(regulons))
    kept[kept] &= total[of_regulon[kept]] > 0
    if not (total > 0).all():
        names = [name for name, own in zip(regulons, total, strict=True) if not own > 0]
        job.log.warning(
            "%d of %d regulons score 0: less than %d %% of their targets are measured (%s)",
            len(names), len(regulons), 100 * MIN_OVERLAP, ", ".join(names[:EXAMPLES]),
        )  # fmt: skip
    values = weight[kept] / total[of_regulon[kept]] * inverse[of_gene[kept]]
    loading = sparse.csc_matrix((values, (of_gene[kept], of_regulon[kept])), shape=(len(genes), len(regulons)))
    counted = (inverse > 0) if reference is None else (inverse > 0) & np.asarray(reference, dtype=bool)
    mean = np.where(counted, inverse, 0.0) / max(int(counted.sum()), 1)
    out = np.zeros((matrix.shape[0], len(regulons)))
    for start in range(0, matrix.shape[0], block):
        own = matrix[start : start + block].astype(np.float64)
        level = np.asarray(own @ mean).ravel()
        targets = np.asarray((own @ loading).todense())
        out[start : start + block] = np.divide(
            targets, level[:, None], out=np.zeros_like(targets), where=level[:, None] > 0
        )
    return pd.DataFrame(out, columns=pd.Index(list(regulons), dtype=object))

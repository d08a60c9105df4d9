"""The scaled mean: the share of a cell's RNA that comes from a regulon's targets, each in units of its variation.

A target's count is divided by the standard deviation of the gene's share of a cell's RNA. The weighted mean over the
targets is divided by the mean over all genes. The score is the combined z-score (Lee et al. 2008, PLoS Computational
Biology 4:e1000217) of shares instead of their logarithms. Shares are linear in the counts: if only part of a cell's
molecules are read, the expected shares are the same. The mean score of a sample therefore does not depend on its depth.
The mean over all genes replaces the cell's total, so that a few highly expressed genes do not lower all others.
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

    ``counts``: cells × genes, not negative; ``samples``: the sample of each cell.
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
    """Return cells × regulons (in their order): 1 if targets are expressed as all genes are on average, 0 if no target
    is detected.

    Parameters
    ----------
    counts
        Cells × ``genes``, CSR or dense, not negative. A factor common to all genes of a cell has no effect.
    regulons
        Weight per target, not negative. Targets that are not measured are left out. A regulon of which less than 80 %
        are measured scores 0, as in AUCell.
    scale
        Standard deviation of each gene's share (0 or missing: the gene is ignored), the same for all cells that are
        compared.
    reference
        Genes included in the mean over all genes; by default all that have a scale.

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

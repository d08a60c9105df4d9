"""Two published scores of gene sets, in addition to AUCell and the scaled mean: the mean rank and a linear model.

The mean rank is that of UCell (Andreatta & Carmona 2021, Computational and Structural Biotechnology Journal 19:3796).
The linear model is decoupler's ULM (Badia-i-Mompel et al. 2022, Bioinformatics Advances 2:vbac016). Both depend on the
depth of a cell; resources/docs/activity.md gives the size of this effect.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy import sparse

from scripts.scenic.aucell import check_expression, find_targets
from scripts.scenic.scaled_mean import shares

MAX_RANK = 1_500
"""Ranks beyond it are equal (UCell's default: about as many genes as a cell shows)."""
SCALE = 10_000
"""Counts of a cell after normalisation, of which ULM takes the logarithm."""
BLOCK = 5_000
"""Cells at once."""
Sets = dict[str, dict[str, float]]


def loadings(genes: Sequence[str], regulons: Sets, *, weighted: bool) -> sparse.csc_matrix:
    """Return genes × regulons: the weights (or 1) of the measured targets. Weights are 0 if less than 80 % of a
    regulon's targets are measured, as in AUCell.
    """
    of_regulon, of_gene, weight, _, scored = find_targets(genes, regulons)
    kept = (of_gene >= 0) & scored[of_regulon] & (weight > 0)
    values = weight[kept] if weighted else np.ones(int(kept.sum()))
    return sparse.csc_matrix((values, (of_gene[kept], of_regulon[kept])), shape=(len(genes), len(regulons)))


def climb(ranks: np.ndarray, last: int) -> np.ndarray:
    """Return the distance of each rank from ``last``; 0 for ranks of ``last`` − 1 or more."""
    return np.where(ranks <= last - 1, last - ranks, 0.0)


def mean_rank(counts, genes: Sequence[str], regulons: Sets, *, max_rank: int = MAX_RANK) -> pd.DataFrame:
    """Return cells × regulons: UCell's score. It is 1 if the targets are the cell's most highly expressed genes, and
    about 0 if none of them is among the first ``max_rank``.

    Parameters
    ----------
    counts
        Cells × ``genes``, CSR or dense, not negative. Equal counts, including zeros, have their mean rank.
    regulons
        Targets; weights are ignored. Targets that are not measured are left out. A regulon of which less than 80 % are
        measured scores 0.
    max_rank
        Ranks beyond it count as ``max_rank`` + 1; the number of genes, if that is smaller.

    Raises
    ------
    ExpressionError
        If expression or regulons cannot be scored.
    """
    from scipy.stats import rankdata

    check_expression(counts, genes, regulons)
    matrix, targets = sparse.csr_matrix(counts), loadings(genes, regulons, weighted=False)
    matrix.eliminate_zeros()
    last = min(max_rank, len(genes)) + 1
    size = np.asarray(targets.sum(axis=0)).ravel()
    shown = np.diff(matrix.indptr)
    # Distance of a gene from the last rank: as sparse as the counts, apart from the mean rank of the zeros.
    way = matrix.astype(np.float64)
    for start, end in zip(matrix.indptr[:-1], matrix.indptr[1:], strict=True):
        way.data[start:end] = climb(rankdata(-matrix.data[start:end]), last)
    zeros = climb(shown + (len(genes) - shown + 1) / 2, last)
    unseen = size[None, :] - ((matrix > 0).astype(np.float64) @ targets).toarray()
    gained = (way @ targets).toarray() + zeros[:, None] * unseen
    least = size * (size + 1) / 2
    with np.errstate(divide="ignore", invalid="ignore"):
        score = 1 - (size * last - gained - least) / (size * (last - 1) - least)
    return pd.DataFrame(np.where((gained > 0) & (size > 0), score, 0.0), columns=list(regulons))


def ulm(counts, genes: Sequence[str], regulons: Sets, *, block: int = BLOCK) -> pd.DataFrame:
    """Return cells × regulons: the t value of the slope in a linear model. The model regresses a cell's log-normalised
    expression on the weights of a regulon, which are 0 for genes that are not targets.

    Parameters
    ----------
    counts
        Cells × ``genes``, CSR or dense, not negative; scaled to 10,000 per cell and transformed by log(1 + x).
    regulons
        Weight per target. Targets that are not measured are left out. A regulon of which less than 80 % are measured
        scores 0.
    block
        Number of cells processed at once.

    Raises
    ------
    ExpressionError
        If expression or regulons cannot be scored.
    """
    check_expression(counts, genes, regulons)
    matrix, weight, n = sparse.csr_matrix(counts), loadings(genes, regulons, weighted=True), len(genes)
    total = np.asarray(weight.sum(axis=0)).ravel()
    spread = np.asarray(weight.multiply(weight).sum(axis=0)).ravel() - total**2 / n
    out = np.zeros((matrix.shape[0], len(regulons)))
    for start in range(0, matrix.shape[0], block):
        cells = (shares(matrix[start : start + block]) * SCALE).log1p().tocsr()
        mean = np.asarray(cells.mean(axis=1)).reshape(-1, 1)
        variation = np.asarray(cells.multiply(cells).sum(axis=1)).reshape(-1, 1) - n * mean**2
        product = (cells @ weight).toarray() - mean * total
        scale = np.sqrt(np.maximum(variation * spread, 0))
        r = np.divide(product, scale, out=np.zeros_like(product), where=scale > 0).clip(-1, 1)
        out[start : start + block] = r * np.sqrt((n - 2) / ((1 - r + 1e-16) * (1 + r + 1e-16)))
    return pd.DataFrame(out, columns=list(regulons))

"""AUCell: the share of a regulon among a cell's most highly expressed genes.

The AUC is the weighted area under the recovery curve of the regulon's targets in the cell's ranking of genes, up to
``auc_threshold`` of the genes (Aibar et al. 2017, Nature Methods 14:1083). Genes with equal expression, mostly zeros,
are ranked in a random order. The order is drawn once for all cells; for a given seed it is that of pySCENIC.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import chain

import numba
import numpy as np
import pandas as pd
from scipy import sparse

from scripts.base import job
from scripts.scenic.errors import ExpressionError, ThresholdError

AUC_THRESHOLD = 0.05
"""Fraction of the genes that the recovery curve goes over."""
MIN_OVERLAP = 0.8
"""Fraction of a regulon's targets that must be measured; else its AUC is 0, as in pySCENIC."""
BLOCK = 256
"""Cells that a thread takes at once."""
EXAMPLES = 5
FEW_CELLS = 0.1
"""Quantile of the cells by genes shown that AUCell's ranks should not exceed."""


def count_ranks(auc_threshold: float, n_genes: int) -> int:
    """Return how many of the first ranks count."""
    return round(auc_threshold * n_genes)


def check_expression(expression, genes: Sequence[str], regulons: dict[str, dict[str, float]]) -> None:
    """Raise ExpressionError if expression or regulons cannot be scored."""
    if expression.ndim != 2 or expression.shape[1] != len(genes):
        raise ExpressionError(f"expression: {expression.shape} cells × genes, but {len(genes)} gene names")
    twice = [str(gene) for gene, n in Counter(genes).items() if n > 1]
    if twice:
        raise ExpressionError(f"expression: duplicate genes ({', '.join(twice[:EXAMPLES])}); make gene names unique")
    values = expression.data if sparse.issparse(expression) else np.asarray(expression)
    if values.size and not (np.isfinite(values).all() and values.min() >= 0):
        raise ExpressionError("expression: a value is missing, infinite or negative; give counts or their logarithm")
    for name, targets in regulons.items():
        weights = np.fromiter(targets.values(), dtype=np.float64, count=len(targets))
        if not (len(weights) and np.isfinite(weights).all() and weights.min() >= 0 and weights.max() > 0):
            raise ExpressionError(
                f"regulon {name}: no target, or a weight is missing or negative, or all are 0; correct the regulon"
            )


def check(expression, genes: Sequence[str], regulons: dict[str, dict[str, float]], auc_threshold: float) -> None:
    """Raise ExpressionError or ThresholdError if the input cannot be scored."""
    check_expression(expression, genes, regulons)
    n = len(genes)
    if not (0 < auc_threshold <= 1 and 0 < count_ranks(auc_threshold, n) < n):
        raise ThresholdError(
            f"auc_threshold: {auc_threshold} of {n} genes is {count_ranks(auc_threshold, n)} ranks; "
            f"it must lie between 1 and {n - 1}"
        )


def draw_order(n_genes: int, seed: int) -> np.ndarray:
    """Return the order of the genes that breaks ties: the one that pandas draws for pySCENIC."""
    return np.random.RandomState(seed).choice(n_genes, size=n_genes, replace=False)


@numba.njit(nogil=True, cache=True)
def sort_best(values, position, n):
    """Sort ``values[:n]`` in descending order and ties by ascending ``position``; both arrays are sorted in place.

    The quicksort has its own stack: numba cannot load a recursive function from its cache (it crashes in 0.68).
    """
    waiting = np.empty(128, dtype=np.int64)  # two bounds per halving; an int32 allows 31 halvings
    low, high, depth = 0, n, 0
    while True:
        if high - low > 16:
            # The pivot is the median of three. Both arrays form one key, so no two elements are equal.
            middle = (low + high) // 2
            a, b = low, high - 1
            for i, j in ((a, middle), (middle, b), (a, middle)):
                if values[j] > values[i] or (values[j] == values[i] and position[j] < position[i]):
                    values[i], values[j] = values[j], values[i]
                    position[i], position[j] = position[j], position[i]
            pivot, where = values[middle], position[middle]
            i, j = low, high - 1
            while i <= j:
                while values[i] > pivot or (values[i] == pivot and position[i] < where):
                    i += 1
                while pivot > values[j] or (pivot == values[j] and where < position[j]):
                    j -= 1
                if i <= j:
                    values[i], values[j] = values[j], values[i]
                    position[i], position[j] = position[j], position[i]
                    i += 1
                    j -= 1
            # The larger part is pushed on the stack, so that at most one part per halving is on it.
            if j + 1 - low < high - i:
                waiting[depth], waiting[depth + 1] = i, high
                high = j + 1
            else:
                waiting[depth], waiting[depth + 1] = low, j + 1
                low = i
            depth += 2
            continue
        for i in range(low + 1, high):
            value, where = values[i], position[i]
            j = i - 1
            while j >= low and (value > values[j] or (value == values[j] and where < position[j])):
                values[j + 1], position[j + 1] = values[j], position[j]
                j -= 1
            values[j + 1], position[j + 1] = value, where
        if depth == 0:
            return
        depth -= 2
        low, high = waiting[depth], waiting[depth + 1]


@numba.njit(nogil=True, cache=True)
def select_value(values, n, k):
    """Return the ``k``-th largest value (from 0) of ``values[:n]``, which are reordered in place."""
    low, high = 0, n - 1
    while low < high:
        pivot = values[(low + high) // 2]
        i, j = low, high
        while i <= j:
            while values[i] > pivot:
                i += 1
            while values[j] < pivot:
                j -= 1
            if i <= j:
                values[i], values[j] = values[j], values[i]
                i += 1
                j -= 1
        if k <= j:
            high = j
        elif k >= i:
            low = i
        else:
            return values[k]
    return values[k]


@numba.njit(nogil=True, cache=True)
def score_block(data, indices, indptr, place, order, first_regulon, regulon, weight, n_ranks, unexpressed, auc):
    """Fill ``auc`` (cells × regulons, initially zeros) for the cells of the CSR ``data``, ``indices``, ``indptr``.

    ``place[gene]`` is the gene's position in ``order``. The regulons and weights of gene g are the elements
    ``first_regulon[g]`` to ``first_regulon[g + 1]`` − 1 of ``regulon`` and ``weight``. ``unexpressed``: whether
    unexpressed genes have ranks.
    """
    n_genes = len(place)
    room = np.empty(n_genes, dtype=np.float64)
    values, position = np.empty(n_genes, dtype=np.float64), np.empty(n_genes, dtype=np.int32)
    expressed = np.zeros(n_genes, dtype=np.bool_)
    # The recovery curve ends before the last rank, as in R's AUCell.
    cutoff = n_ranks - 1
    for cell in range(len(auc)):
        n = 0
        for at in range(indptr[cell], indptr[cell + 1]):
            if data[at] > 0:
                room[n] = data[at]
                n += 1
        least = select_value(room, n, cutoff - 1) if n > cutoff > 0 else 0.0
        # Values above the smallest one that can be among the first ranks, and all values equal to it.
        kept = 0
        for at in range(indptr[cell], indptr[cell + 1]):
            if data[at] > 0 and data[at] >= least:
                values[kept], position[kept] = data[at], place[indices[at]]
                kept += 1
        sort_best(values, position, kept)
        for rank in range(min(kept, cutoff)):
            gene = order[position[rank]]
            for at in range(first_regulon[gene], first_regulon[gene + 1]):
                auc[cell, regulon[at]] += weight[at] * (cutoff - rank)
        if unexpressed and kept < cutoff:
            # The unexpressed genes follow in the drawn order.
            for rank in range(kept):
                expressed[position[rank]] = True
            rank, at_place = kept, 0
            while rank < cutoff:
                if not expressed[at_place]:
                    gene = order[at_place]
                    for at in range(first_regulon[gene], first_regulon[gene + 1]):
                        auc[cell, regulon[at]] += weight[at] * (cutoff - rank)
                    rank += 1
                at_place += 1
            for rank in range(kept):
                expressed[position[rank]] = False


def find_targets(
    genes: Sequence[str], regulons: dict[str, dict[str, float]]
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return each target's regulon, position in ``genes`` (−1: not measured) and weight, over all regulons. Also
    return, per regulon, the weight of its measured targets and whether enough of them are measured for a score.
    """
    column = {gene: i for i, gene in enumerate(genes)}
    sizes = np.array([len(targets) for targets in regulons.values()], dtype=np.int64)
    n_edges = int(sizes.sum())
    of_regulon = np.repeat(np.arange(len(regulons)), sizes)
    weight = np.fromiter(chain.from_iterable(t.values() for t in regulons.values()), np.float64, n_edges)
    of_gene = np.fromiter((column.get(g, -1) for t in regulons.values() for g in t), np.int64, n_edges)
    measured = of_gene >= 0
    total = np.bincount(of_regulon[measured], weight[measured], minlength=len(regulons))
    share = np.bincount(of_regulon[measured], minlength=len(regulons)) / np.maximum(sizes, 1)
    return of_regulon, of_gene, weight, total, (share >= MIN_OVERLAP) & (total > 0)


def split_measured(
    genes: Sequence[str], regulons: dict[str, dict[str, float]]
) -> tuple[dict[str, dict[str, float]], list[str]]:
    """Return the regulons with enough targets among ``genes`` for a score, and the names of the others.

    A regulon that is not measured scores 0 in every cell, as in pySCENIC. This would be read as a lack of activity and
    of change. Comparisons between samples must therefore exclude it.
    """
    *_, scored = find_targets(genes, regulons)
    kept = {name: targets for (name, targets), well in zip(regulons.items(), scored, strict=True) if well}
    return kept, [name for name in regulons if name not in kept]


def index_regulons(
    genes: Sequence[str], regulons: dict[str, dict[str, float]], n_ranks: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return each gene's first position in two arrays, and these arrays (regulon, weight), for :func:`score_block`.

    Weights are scaled so that a regulon whose targets rank first in a cell scores close to 1. Regulons with too few
    measured targets are left out and named in the log.
    """
    of_regulon, of_gene, weight, total, scored = find_targets(genes, regulons)
    if not scored.all():
        names = [name for name, is_scored in zip(regulons, scored, strict=True) if not is_scored]
        job.log.warning(
            "%d of %d regulons score 0: less than %d %% of their targets are measured (%s)",
            len(names), len(regulons), 100 * MIN_OVERLAP, ", ".join(names[:EXAMPLES]),
        )  # fmt: skip
    kept = np.flatnonzero((of_gene >= 0) & scored[of_regulon])
    kept = kept[np.argsort(of_gene[kept], kind="stable")]
    first = np.searchsorted(of_gene[kept], np.arange(len(genes) + 1)).astype(np.int64)
    regulon = of_regulon[kept]
    return first, regulon.astype(np.int32), weight[kept] / (n_ranks * total[regulon])


def score(
    expression,
    genes: Sequence[str],
    regulons: dict[str, dict[str, float]],
    *,
    auc_threshold: float = AUC_THRESHOLD,
    seed: int = 0,
    threads: int = 1,
    block: int = BLOCK,
    rank_unexpressed: bool = True,
) -> pd.DataFrame:
    """Return cells × regulons (in their order) AUCs in [0, 1].

    ``expression``: cells × ``genes``, CSR or dense, not negative; ``regulons``: weight per target. A regulon of which
    less than 80 % is measured scores 0. ``rank_unexpressed``: if a cell expresses fewer genes than there are ranks,
    unexpressed genes follow in the drawn order, as in pySCENIC; otherwise they have no rank and add nothing. Raises
    ExpressionError, ThresholdError.
    """
    check(expression, genes, regulons, auc_threshold)
    matrix = sparse.csr_matrix(expression)
    if not matrix.has_canonical_format:
        matrix = matrix.copy()
        matrix.sum_duplicates()
    n_cells, n_genes = matrix.shape
    n_ranks = count_ranks(auc_threshold, n_genes)
    order = draw_order(n_genes, seed)
    place = np.empty(n_genes, dtype=np.int32)
    place[order] = np.arange(n_genes, dtype=np.int32)
    first, regulon, weight = index_regulons(genes, regulons, n_ranks)
    auc = np.zeros((n_cells, len(regulons)))

    def score_from(start: int) -> None:
        """Fill the rows of one block; only the block's values are stored as 64-bit numbers."""
        rows = slice(start, min(start + block, n_cells))
        first_value, last_value = matrix.indptr[rows.start], matrix.indptr[rows.stop]
        score_block(
            matrix.data[first_value:last_value].astype(np.float64),
            matrix.indices[first_value:last_value].astype(np.int32, copy=False),
            matrix.indptr[rows.start : rows.stop + 1].astype(np.int64) - first_value,
            place, order, first, regulon, weight, n_ranks, rank_unexpressed, auc[rows],
        )  # fmt: skip

    starts = range(0, n_cells, block)
    if threads > 1:
        with ThreadPoolExecutor(threads) as pool:
            list(pool.map(score_from, starts))
    else:
        for start in starts:
            score_from(start)
    return pd.DataFrame(auc, columns=pd.Index(list(regulons), dtype=object))

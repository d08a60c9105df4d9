"""Genes higher in one cluster than in all other cells: Wilcoxon's rank sum test, fold change and shares of cells."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy import sparse, special

COLUMNS = ["cluster", "gene", "log_fc", "pct_in", "pct_out", "score", "p", "fdr"]
PER = 10_000
"""Fold changes are of counts per 10,000, plus 1 as in Seurat: genes at the edge of detection can't have large ones."""


def rank_sums(log: sparse.spmatrix, member: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the ranks' sum per group and gene, and the tie correction per gene (1: no ties, 0: all tied).

    ``log``: cells × genes, none negative; ``member``: group number per cell. Only non-zero values are sorted: the zeros
    of a gene share one rank, the mean of the first ones.
    """
    matrix = sparse.csc_matrix(log)
    n, n_genes = matrix.shape
    size = np.bincount(member)
    sums, ties = np.zeros((len(size), n_genes)), np.ones(n_genes)
    for gene in range(n_genes):
        inside = slice(matrix.indptr[gene], matrix.indptr[gene + 1])
        values, group = matrix.data[inside], member[matrix.indices[inside]]
        positive = values > 0
        values, group = values[positive], group[positive]
        zeros = n - len(values)
        _, which, count = np.unique(values, return_inverse=True, return_counts=True)
        last = zeros + np.cumsum(count)
        rank = (last - (count - 1) / 2)[which]
        found = np.bincount(group, minlength=len(size))
        sums[:, gene] = np.bincount(group, weights=rank, minlength=len(size)) + (size - found) * (zeros + 1) / 2
        tied = np.append(count, zeros).astype(float)
        ties[gene] = 1 - (tied**3 - tied).sum() / (float(n) ** 3 - n)
    return sums, ties


def benjamini_hochberg(p: np.ndarray) -> np.ndarray:
    """Return false discovery rates."""
    from scipy.stats import false_discovery_control

    return false_discovery_control(p) if len(p) else p


def most_extreme(seen: np.ndarray, inside: float, n: int) -> np.ndarray:
    """Return the highest z that a gene seen in ``seen`` of n cells can have in a group of ``inside`` cells.

    That of the probability that random labels put all cells with the gene into the group (or, where they are more than
    the group holds, just the highest ones). The normal approximation exceeds it: it gives a gene of one cell in a
    group of 9 of 280 z = 5.5, for an event of probability 0.03.
    """
    seen = np.asarray(seen, dtype=float)
    held = np.minimum(seen, inside)
    log_ways = np.where(
        seen <= inside,
        log_choose(inside, held) - log_choose(n, held),
        -log_choose(n, inside),
    )
    return -special.ndtri_exp(log_ways)


def log_choose(n, k):
    """Return the logarithm of n choose k."""
    return special.gammaln(n + 1) - special.gammaln(k + 1) - special.gammaln(n - k + 1)


def test_markers(counts: sparse.spmatrix, log: sparse.spmatrix, labels: np.ndarray, genes) -> pd.DataFrame:
    """Return one row per cluster and gene seen in any cell: every cluster against the rest, best score first.

    ``score`` is Wilcoxon's z with the correction for ties (and without one for continuity, as scanpy has it), cut to
    what so few cells can reach (``most_extreme``); ``p`` is two-sided; ``fdr`` over the genes of a cluster; ``pct_in``
    and ``pct_out`` are per cent of cells; ``log_fc`` is log2 of mean counts per 10,000, plus 1. The clusters were made
    from the same counts, so p ranks genes and proves no cluster. One cluster gives no row.
    """
    names = np.unique(labels)
    if len(names) < 2:
        return pd.DataFrame(columns=COLUMNS)
    counts = sparse.csr_matrix(counts)
    seen = np.flatnonzero(np.asarray(counts.sum(axis=0)).ravel() > 0)
    counts, log, genes = counts[:, seen], sparse.csr_matrix(log)[:, seen], np.asarray(genes, dtype=str)[seen]
    member = np.searchsorted(names, labels)
    n = len(member)
    size = np.bincount(member).astype(float)
    group = sparse.csr_matrix((np.ones(n), (member, np.arange(n))), shape=(len(names), n))
    found = (group @ (counts > 0).astype(np.float64)).toarray()
    total = np.maximum(np.asarray(counts.sum(axis=1), dtype=np.float64).ravel(), 1)
    level = (group @ (sparse.diags(PER / total) @ counts)).toarray()
    sums, ties = rank_sums(log, member)
    tables = []
    for i, name in enumerate(names):
        inside, outside = size[i], n - size[i]
        spread = np.sqrt(np.maximum(ties * inside * outside * (n + 1) / 12, np.finfo(float).tiny))
        z = (sums[i] - inside * (n + 1) / 2) / spread
        z = np.minimum(z, most_extreme(found.sum(axis=0), inside, n))
        p = 2 * special.ndtr(-np.abs(z))
        means = level[i] / inside, (level.sum(axis=0) - level[i]) / outside
        table = pd.DataFrame(
            {
                "cluster": str(name),
                "gene": genes,
                "log_fc": np.log2(means[0] + 1) - np.log2(means[1] + 1),
                "pct_in": 100 * found[i] / inside,
                "pct_out": 100 * (found.sum(axis=0) - found[i]) / outside,
                "score": z,
                "p": p,
                "fdr": benjamini_hochberg(p),
            }
        )
        tables.append(table.sort_values(["score", "gene"], ascending=[False, True], kind="stable"))
    return pd.concat(tables, ignore_index=True)


def select_markers(table: pd.DataFrame, *, max_fdr: float, min_log_fc: float, min_pct: float) -> pd.DataFrame:
    """Return the genes higher in the cluster: fdr, fold change, and per cent of its cells that show the gene."""
    keep = (table["fdr"] <= max_fdr) & (table["log_fc"] >= min_log_fc) & (table["pct_in"] >= min_pct)
    return table[keep].reset_index(drop=True)

"""Groups of similar cells: nearest neighbours, the graph of shared neighbours, Leiden, and the adjusted Rand index."""

from __future__ import annotations

import random
from dataclasses import dataclass

import numpy as np
from scipy import sparse
from threadpoolctl import threadpool_limits

from scripts.base import job

CHUNK = 10_000_000
"""Distances held at once (80 MB)."""


@dataclass(frozen=True)
class Neighbours:
    """``indices`` and ``distances``: cells × k, nearest first, without the cell itself."""

    indices: np.ndarray
    distances: np.ndarray


@threadpool_limits.wrap(limits=1)
def find_neighbours(points: np.ndarray, k: int) -> Neighbours:
    """Return each point's k nearest by Euclidean distance, exactly; ties go to the lower index. k is cut to n − 1."""
    n = len(points)
    k = max(0, min(k, n - 1))
    indices, distances = np.zeros((n, k), dtype=np.int64), np.zeros((n, k), dtype=np.float32)
    if not k:
        return Neighbours(indices, distances)
    points = np.ascontiguousarray(points, dtype=np.float64)
    square = np.einsum("ij,ij->i", points, points)
    step = max(1, CHUNK // n)
    for start in range(0, n, step):
        rows = np.arange(start, min(start + step, n))
        d = points[rows] @ points.T
        d *= -2
        d += square
        d += square[rows, None]
        d[np.arange(len(rows)), rows] = np.inf
        near = np.sort(np.argpartition(d, k - 1, axis=1)[:, :k], axis=1)
        order = np.argsort(np.take_along_axis(d, near, axis=1), axis=1, kind="stable")
        near = np.take_along_axis(near, order, axis=1)
        indices[rows] = near
        distances[rows] = np.sqrt(np.maximum(np.take_along_axis(d, near, axis=1), 0))
    return Neighbours(indices, distances)


def shared_neighbour_graph(indices: np.ndarray) -> sparse.csr_matrix:
    """Return the undirected graph of neighbours, each edge weighted by the Jaccard index of the two neighbourhoods.

    A neighbourhood includes the cell itself, so that every edge has a weight above 0. After PhenoGraph (Levine et al.
    2015, Cell 162:184).
    """
    n, k = indices.shape
    rows = np.repeat(np.arange(n), k + 1)
    columns = np.column_stack([np.arange(n), indices]).ravel()
    hood = sparse.csr_matrix((np.ones(len(rows), dtype=np.float32), (rows, columns)), shape=(n, n))
    edges = hood.maximum(hood.T)
    shared = (hood @ hood.T).multiply(edges).tocsr()
    shared.data = shared.data / (2 * (k + 1) - shared.data)
    shared.setdiag(0)
    shared.eliminate_zeros()
    shared.sort_indices()
    return shared


def leiden(graph: sparse.csr_matrix, resolutions: list[float], *, seed: int) -> dict[float, np.ndarray]:
    """Return cluster labels per resolution: igraph's Leiden on modularity, run until nothing improves."""
    with job.hidden("matplotlib"):  # nine tenths of the time of igraph's import; nothing is drawn with igraph
        import igraph

    upper = sparse.triu(graph, k=1).tocoo()
    order = np.lexsort((upper.col, upper.row))
    net = igraph.Graph(n=graph.shape[0], edges=np.column_stack([upper.row, upper.col])[order])
    weights = upper.data[order].astype(float)
    found = {}
    for resolution in resolutions:
        # Each resolution starts from the seed, so that its result doesn't depend on the others in the list.
        igraph.set_random_number_generator(random.Random(seed))
        partition = net.community_leiden(
            objective_function="modularity", weights=weights, resolution=resolution, n_iterations=-1
        )
        found[resolution] = order_by_size(np.asarray(partition.membership, dtype=np.int64))
    igraph.set_random_number_generator(random)
    return found


def order_by_size(labels: np.ndarray) -> np.ndarray:
    """Return the labels renamed 0, 1, … from the largest cluster to the smallest; ties by the first cell."""
    names, first, member, size = np.unique(labels, return_index=True, return_inverse=True, return_counts=True)
    rank = np.empty(len(names), dtype=np.int64)
    rank[np.lexsort((first, -size))] = np.arange(len(names))
    return rank[member.ravel()]


def adjusted_rand(a: np.ndarray, b: np.ndarray) -> float:
    """Return the adjusted Rand index of two labellings of the same cells (Hubert & Arabie 1985); 1 if both are one."""
    _, a = np.unique(a, return_inverse=True)
    _, b = np.unique(b, return_inverse=True)
    n = len(a)
    table = np.bincount(a * (b.max(initial=0) + 1) + b).astype(float)

    def pairs(counts: np.ndarray) -> float:
        return float((counts * (counts - 1) / 2).sum())

    together, of_a, of_b = pairs(table), pairs(np.bincount(a).astype(float)), pairs(np.bincount(b).astype(float))
    expected = of_a * of_b / max(n * (n - 1) / 2, 1)
    most = (of_a + of_b) / 2
    return 1.0 if most == expected else (together - expected) / (most - expected)

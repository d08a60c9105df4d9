"""Neighbours, graph, Leiden and the adjusted Rand index, against scikit-learn and by hand."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import sparse

from scripts.clusters import communities


@pytest.mark.parametrize("chunk", [1, 1000, 10**7])
def test_neighbours_are_the_nearest(monkeypatch, chunk):
    from sklearn.neighbors import NearestNeighbors

    monkeypatch.setattr(communities, "CHUNK", chunk)
    points = np.random.default_rng(0).normal(size=(120, 8)).astype(np.float32)
    found = communities.find_neighbours(points, 7)
    distances, indices = NearestNeighbors(n_neighbors=7).fit(points).kneighbors()
    assert (found.indices == indices).all()
    # float32: squares of numbers of about 10 lose 1e-6 of 10, distances of about 1 half of that again
    assert found.distances == pytest.approx(distances, abs=1e-4)


def test_neighbours_are_cut_to_the_cells_there_are():
    found = communities.find_neighbours(np.arange(3.0)[:, None], 15)
    assert found.indices.tolist() == [[1, 2], [0, 2], [1, 0]]
    assert communities.find_neighbours(np.zeros((1, 2)), 15).indices.shape == (1, 0)


def test_graph_weighs_edges_by_the_share_of_neighbours():
    # 0–1–2 in a triangle, 3 points to 2 alone.
    graph = communities.shared_neighbour_graph(np.array([[1, 2], [0, 2], [0, 1], [2, 1]])).toarray()
    assert (graph == graph.T).all() and (graph.diagonal() == 0).all()
    assert graph[0, 1] == graph[0, 2] == graph[1, 2] == 1
    assert graph[2, 3] == graph[1, 3] == 2 / 4  # {3, 2, 1} and {2, 0, 1}: two shared of four
    assert graph[0, 3] == 0  # neither is the other's neighbour


def two_cliques(n: int) -> sparse.csr_matrix:
    graph = np.kron(np.eye(2), np.ones((n, n))) - np.eye(2 * n)
    graph[0, n] = graph[n, 0] = 1
    return sparse.csr_matrix(graph)


def test_leiden_parts_two_cliques_and_is_the_same_whatever_else_is_asked():
    graph = two_cliques(8)
    found = communities.leiden(graph, [0.01, 0.5, 1.0], seed=3)
    assert found[1.0].tolist() == [0] * 8 + [1] * 8
    assert found[0.01].max() == 0
    for resolution in (0.5, 1.0):
        assert (communities.leiden(graph, [resolution], seed=3)[resolution] == found[resolution]).all()


def test_labels_go_by_size_then_by_first_cell():
    assert communities.order_by_size(np.array([7, 7, 2, 2, 2, 5, 9, 9])).tolist() == [1, 1, 0, 0, 0, 3, 2, 2]


def test_adjusted_rand_is_scikit_learns():
    from sklearn.metrics import adjusted_rand_score

    rng = np.random.default_rng(0)
    for _ in range(20):
        a, b = rng.integers(0, rng.integers(1, 6), 50), rng.integers(0, rng.integers(1, 6), 50)
        assert communities.adjusted_rand(a, b) == pytest.approx(adjusted_rand_score(a, b), abs=1e-12)
    assert communities.adjusted_rand(np.zeros(9, int), np.zeros(9, int)) == 1
    assert communities.adjusted_rand(np.array([0, 0, 1, 1]), np.array([5, 5, 2, 2])) == 1

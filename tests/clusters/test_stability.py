"""How many clusters cells bear: planted groups are found, and nothing is found where nothing is."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from scripts.base import expression
from scripts.clusters import communities, stability
from scripts.clusters.cluster_cells import cluster


def run(counts, settings):
    variable = expression.variable_genes(counts, settings["n_top_genes"])
    return cluster(counts, expression.normalise(counts), variable, None, settings)


def curve(*rows):
    return pd.DataFrame(rows, columns=["resolution", "clusters", "ari_mean", "ari_se"])


@pytest.mark.parametrize(
    ("rows", "chosen"),
    [
        ([(0.1, 1, 1.0, 0.0), (0.5, 2, 0.90, 0.03), (1.0, 4, 0.86, 0.02)], 0.5),  # 0.86 < 0.90 − 0.03
        ([(0.1, 1, 1.0, 0.0), (0.5, 2, 0.90, 0.05), (1.0, 4, 0.86, 0.02)], 1.0),  # within one standard error
        ([(0.1, 2, 0.95, 0.0), (0.5, 2, 0.95, 0.0), (1.0, 4, 0.7, 0.2)], 0.5),  # the finest of equals
        (
            [(0.1, 1, 1.0, 0.0), (0.5, 2, 0.59, 0.5), (1.0, 4, 0.3, 0.0)],
            None,
        ),  # one cluster isn't stable, it is trivial
        ([(0.1, 1, 1.0, 0.0)], None),
        ([(0.5, 2, 0.65, 0.1), (1.0, 4, 0.58, 0.0)], 0.5),  # near the best, but below the threshold
    ],
)
def test_choice_follows_the_rule(rows, chosen):
    assert stability.choose_resolution(curve(*rows), 0.6) == chosen


@pytest.mark.parametrize("seed", range(3))
def test_planted_clusters_are_found(simulator, settings, seed):
    counts, truth = simulator.counts([("a", 120), ("b", 80), ("", 60)], np.random.default_rng(seed))
    found = run(counts, settings | {"seed": seed})
    # 800 UMIs in 20 genes of one's own part the groups: at most a few cells of 260 go astray.
    assert communities.adjusted_rand(found.labels, np.unique(truth, return_inverse=True)[1]) > 0.9
    assert np.isfinite(found.resolution) and found.note == ""
    assert found.curve["resolution"].tolist() == settings["resolutions"]
    assert found.curve["chosen"].sum() == 1 and (found.curve["runs"] == 8).all()
    chosen = found.curve[found.curve["chosen"] == 1].iloc[0]
    assert chosen["clusters"] == 3 and chosen["ari_mean"] > 0.9


@pytest.mark.parametrize(("n", "seed"), [(60, 0), (60, 1), (250, 2), (250, 3), (800, 4)])
def test_cells_without_structure_are_one_cluster(simulator, settings, n, seed):
    counts, _ = simulator.counts([("", n)], np.random.default_rng(seed))
    found = run(counts, settings)
    assert (found.labels == 0).all() and np.isnan(found.resolution)
    several = found.curve[found.curve["clusters"] > 1]
    # far from the threshold of 0.6: at most 0.28 in 24 simulated sets of 60 to 800 cells
    assert several["ari_mean"].max() < 0.4 or several.empty


def test_sixty_cells_bear_clusters_at_the_default_number_of_components(simulator, settings):
    # 30 components of 60 cells are mostly noise: persisters are often as few
    counts, truth = simulator.counts([("a", 35), ("b", 25)], np.random.default_rng(0))
    found = run(counts, settings | {"n_pcs": 30})
    assert communities.adjusted_rand(found.labels, (truth == "b").astype(int)) > 0.9


def test_depth_alone_makes_no_clusters(simulator, settings):
    rng = np.random.default_rng(0)
    shallow, deep = (simulator.counts([("", 120)], rng, depth=depth)[0] for depth in (600, 3000))
    assert (run(sparse.vstack([shallow, deep]).tocsr(), settings).labels == 0).all()


@pytest.mark.parametrize("n", [0, 1, 5, 49])
def test_few_cells_are_one_cluster_with_the_reason(simulator, settings, n):
    counts, _ = simulator.counts([("a", n // 2), ("b", n - n // 2)], np.random.default_rng(0))
    found = run(counts, settings)
    assert found.labels.tolist() == [0] * n
    assert "min_cells" in found.note and list(found.curve.columns) == stability.COLUMNS and found.curve.empty


def test_equal_cells_are_one_cluster_with_the_reason(settings):
    found = run(sparse.csr_matrix(np.tile([1, 2, 3, 4], (80, 1))), settings)
    assert found.labels.tolist() == [0] * 80 and "varies" in found.note


def test_five_cells_can_be_clustered_if_asked(simulator, settings):
    counts, _ = simulator.counts([("a", 3), ("b", 2)], np.random.default_rng(0))
    assert len(run(counts, settings | {"min_cells": 2}).labels) == 5


def test_same_seed_same_clusters(simulator, settings):
    counts, _ = simulator.counts([("a", 80), ("b", 70)], np.random.default_rng(0))
    first, second = run(counts, settings), run(counts, settings)
    assert (first.labels == second.labels).all()
    pd.testing.assert_frame_equal(first.curve, second.curve)


def test_regressing_a_score_takes_its_clusters_away(simulator, settings):
    counts, truth = simulator.counts([("s", 100), ("", 100)], np.random.default_rng(0))
    log = expression.normalise(counts)
    variable = expression.variable_genes(counts, 300)
    score = np.asarray(log[:, simulator.programmes["s"]].mean(axis=1)).ravel()
    covariates, _ = expression.usable_covariates({"s": score}, ["s"])
    with_cycle = cluster(counts, log, variable, None, settings)
    assert communities.adjusted_rand(with_cycle.labels, (truth == "s").astype(int)) > 0.9
    assert (cluster(counts, log, variable, covariates, settings).labels == 0).all()

"""Clusters through time: kept, lost and emerged as planted, whatever treatment does to all cells."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from scripts.base import expression
from scripts.clusters import link_clusters, links

LIMITS = {"min_score": 0.6, "min_position": 0.25, "max_p": 0.05}


def stage(simulator, timepoint, groups, seed, **options):
    """Return a stage whose clusters are the planted groups, numbered in their order."""
    rng = np.random.default_rng(seed)
    counts, names = simulator.counts(groups, rng, **options)
    order = list(dict.fromkeys(names))
    picked = counts.astype(float)
    return links.Stage(timepoint, picked, expression.totals(counts), np.array([order.index(n) for n in names]))


def shift(simulator, seed):
    """Return an effect of treatment (or of another library) on a tenth of the genes of all cells."""
    rng = np.random.default_rng(1000 + seed)
    effect = np.zeros(simulator.n_genes)
    effect[rng.choice(simulator.n_genes, simulator.n_genes // 10, replace=False)] = rng.normal(0, 0.7, 60)
    return effect


def run(a, b, **limits):
    found = links.compare(a, b, permutations=100, seed=0)
    return links.link(a, b, found, **{**LIMITS, **limits}), found


@pytest.mark.parametrize("seed", range(4))
def test_one_kept_one_lost_one_emerged(simulator, seed):
    a = stage(simulator, "untreated", [("a", 100), ("b", 60), ("c", 40)], seed)
    b = stage(simulator, "persister", [("b", 70), ("a", 50), ("d", 50)], seed + 50, shift=shift(simulator, seed))
    table, _ = run(a, b)
    found = {(r.cluster_from, r.cluster_to): r.status for r in table.itertuples()}
    assert found == {("0", "1"): "kept", ("1", "0"): "kept", ("2", ""): "lost", ("", "2"): "emerged"}
    kept = table[table["status"] == "kept"]
    # 1 without noise, of which halves of 50 cells leave about a tenth; the lost and the new one share nothing
    assert (kept["score"] > 0.8).all() and (table.loc[table["status"] != "kept", "score"] < 0.4).all()
    assert table["n_from"].tolist() == [100, 60, 40, 0] and table["n_to"].tolist() == [50, 70, 0, 50]
    assert (table["basis"] == "contrast").all() and list(table.columns) == links.COLUMNS


def test_three_timepoints_and_lineages(simulator):
    a = stage(simulator, "untreated", [("a", 80), ("b", 60)], 0)
    b = stage(simulator, "persister", [("a", 40), ("b", 70), ("c", 50)], 1)
    c = stage(simulator, "relapse", [("b", 60), ("a", 60)], 2)
    table, pairs = link_clusters.link_stages([a, b, c], permutations=100, seed=0, **LIMITS)
    status = table.groupby("timepoint_from")["status"].value_counts().to_dict()
    assert status == {
        ("untreated", "kept"): 2,
        ("untreated", "emerged"): 1,
        ("persister", "kept"): 2,
        ("persister", "lost"): 1,
    }
    clusters = [("untreated", "0"), ("untreated", "1"), ("persister", "0"), ("persister", "1"), ("persister", "2")]
    number = links.lineages([*clusters, ("relapse", "0"), ("relapse", "1")], table)
    assert number["untreated", "0"] == number["persister", "0"] == number["relapse", "1"] == 0
    assert number["untreated", "1"] == number["persister", "1"] == number["relapse", "0"] == 1
    assert number["persister", "2"] == 2
    assert len(pairs) == 2 * 3 + 3 * 2 and list(pairs.columns) == links.PAIRS


def test_noise_is_not_change(simulator):
    groups = [("a", 40), ("b", 40), ("", 40)]
    deep = [stage(simulator, t, groups, s, depth=4000) for t, s in (("x", 0), ("y", 1))]
    shallow = [stage(simulator, t, groups, s, depth=500) for t, s in (("x", 2), ("y", 3))]
    (_, clear), (table, noisy) = run(*deep), run(*shallow)
    # the plain correlation falls with depth, the score doesn't
    assert np.diag(noisy.correlation).max() < np.diag(clear.correlation).min()
    assert np.diag(clear.score) == pytest.approx(1, abs=0.1)
    assert np.diag(noisy.score) == pytest.approx(1, abs=0.35)
    assert (table["status"] == "kept").all() and table["score"].max() <= 1


@pytest.mark.parametrize("seed", range(5))
def test_unrelated_clusters_are_not_linked(simulator, seed):
    a = stage(simulator, "untreated", [("", 100), ("a", 70)], seed)
    b = stage(simulator, "persister", [("", 90), ("b", 60)], seed + 50, shift=shift(simulator, seed))
    table, found = run(a, b)
    # two clusters have opposite contrasts: one of the two pairings is positive, by as much as chance will have it
    assert np.abs(found.score).max() < 0.4
    assert table["status"].tolist() == ["lost", "lost", "emerged", "emerged"]
    assert (table["nearest"] != "").all()


@pytest.mark.full
def test_random_labels_give_uniform_p(simulator):
    p = []
    for seed in range(40):
        a, b = (stage(simulator, t, [("", 60)], seed + s) for t, s in (("x", 0), ("y", 100)))
        rng = np.random.default_rng(seed)
        a, b = (links.Stage(s.timepoint, s.counts, s.total, rng.integers(0, 3, 60)) for s in (a, b))
        p.append(links.compare(a, b, permutations=19, seed=seed).p.min())
    # the smallest p of nine pairs is at most 0.05 in one set of twenty: 6 or more of 40 with probability 0.014
    assert sum(value <= 0.05 for value in p) < 6


@pytest.mark.parametrize("seed", range(4))
def test_one_cluster_before_two_is_told_by_its_position(simulator, seed):
    a = stage(simulator, "untreated", [("", 150)], seed)
    b = stage(simulator, "persister", [("", 90), ("a", 70)], seed + 50, shift=0.5 * shift(simulator, seed))
    table, _ = run(a, b)
    assert table[["cluster_from", "cluster_to", "status", "basis"]].to_numpy().tolist() == [
        ["0", "0", "kept", "position"],
        ["", "1", "emerged", "position"],
    ]
    backwards, _ = run(b, a)
    assert backwards[["cluster_from", "cluster_to", "status"]].to_numpy().tolist() == [
        ["0", "0", "kept"],
        ["1", "", "lost"],
    ]


def test_what_cant_be_told_apart_is_undivided(simulator):
    one, two = (stage(simulator, t, [("", 80)], s) for t, s in (("x", 0), ("y", 1)))
    table, found = run(one, two)
    assert np.isnan(found.score).all()
    assert table[["status", "basis", "n_from", "n_to"]].to_numpy().tolist() == [["kept", "undivided", 80, 80]]
    assert np.isnan(table["score"].iloc[0])
    divided = stage(simulator, "y", [("a", 50), ("b", 50)], 2)
    table, _ = run(one, divided, min_position=0.99)
    assert table[["cluster_from", "cluster_to", "status", "basis"]].to_numpy().tolist() == [
        ["0", "0", "kept", "undivided"],
        ["0", "1", "kept", "undivided"],
    ]


def test_same_seed_same_links(simulator):
    a, b = (stage(simulator, t, [("a", 50), ("b", 50)], s) for t, s in (("x", 0), ("y", 1)))
    pd.testing.assert_frame_equal(run(a, b)[0], run(a, b)[0])


def test_tiny_clusters_dont_break_the_comparison(simulator):
    a = stage(simulator, "x", [("a", 50), ("b", 1)], 0)
    b = stage(simulator, "y", [("a", 2), ("b", 1), ("c", 30)], 1)
    table, found = run(a, b)
    assert np.isfinite(found.score).all() and table["score"].between(-1, 1).all()
    assert set(table["cluster_from"]) - {""} == {"0", "1"} and set(table["cluster_to"]) - {""} == {"0", "1", "2"}


def test_halves_are_halves_of_each_group():
    member = np.repeat([0, 1, 2], [10, 7, 1])
    first = links.halve(member, np.random.default_rng(0))
    assert first[:10].sum() == 5 and first[10:17].sum() in (3, 4)


def test_fewer_than_two_timepoints_leave_the_headers(simulator):
    for stages in ([], [stage(simulator, "x", [("a", 10)], 0)]):
        table, pairs = link_clusters.link_stages(stages, permutations=10, seed=0, **LIMITS)
        assert table.empty and list(table.columns) == links.COLUMNS
        assert pairs.empty and list(pairs.columns) == links.PAIRS

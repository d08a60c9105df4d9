"""The benchmark's own arithmetic: a wrong judge would praise a wrong network."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

sys.path.append(str(Path(__file__).parents[1] / "benchmarks"))
import activity_scores
import scenic
import scenic_choice
import scenic_data
import scenic_grn
import scenic_joins
import scenic_pc9
import scenic_quality


@pytest.fixture
def data():
    """Four genes, two of them factors, three true edges."""
    return scenic_data.Dataset(np.ones((60, 4)), "ABCD", "AB", {("A", "B"), ("A", "C"), ("B", "D")})


def test_judge_counts_missing_edges_as_zero_and_leaves_out_a_factor_with_itself(data):
    def network(*edges):
        return pd.DataFrame(edges, columns=["TF", "target", "importance"])

    perfect = network(("A", "B", 3.0), ("A", "C", 2.0), ("B", "D", 1.0), ("A", "D", 0.5))
    assert scenic_quality.judge(perfect, data) == (1.0, 1.0)
    with_itself = pd.concat([perfect, network(("A", "A", 99.0))])
    assert scenic_quality.judge(with_itself, data) == (1.0, 1.0)
    # One true edge first; the other five pairs tie at 0 and hold two: 1/3 · 1 + 2/3 · 3/6, and 1/3 + 2/3 · 1/2.
    assert scenic_quality.judge(network(("A", "B", 3.0)), data) == pytest.approx((2 / 3, 2 / 3))
    assert scenic_quality.judge(network(("A", "D", 3.0)), data)[1] < 0.5


@pytest.mark.parametrize("density", [0.1, 0.4])
def test_umi_like_data_have_the_density_asked_for(density):
    rng = np.random.default_rng(0)
    data = scenic_data.Dataset(rng.lognormal(0, 1.5, (400, 80)), [f"G{i}" for i in range(80)], ["G0"])
    umi = scenic_data.as_umi(data, density, seed=1)
    assert umi.expression.nnz / 32_000 == pytest.approx(density, abs=0.01)  # 3 sd of a binomial are 0.008
    assert (umi.expression != scenic_data.as_umi(data, density, seed=2).expression).nnz > 0


def test_decoys_keep_each_genes_values_and_nothing_else(data):
    x = np.random.default_rng(0).random((200, 3))
    decoyed = scenic_data.add_decoys(scenic_data.Dataset(x, "ABC", "A", set()), seed=0, copies=1)
    assert decoyed.genes == ["A", "B", "C", "A_decoy0", "B_decoy0", "C_decoy0"] and decoyed.tfs == ["A"]
    y = decoyed.expression.toarray()
    np.testing.assert_array_equal(np.sort(y[:, 3:], axis=0), np.sort(x, axis=0))
    assert np.abs(np.corrcoef(y.T)[:3, 3:]).max() < 0.25


def test_simulated_cells_have_the_density_asked_for():
    data = scenic_data.simulate_cells(600, 800, 50, 0.08)
    assert data.expression.nnz / (600 * 800) == pytest.approx(0.08, rel=0.1)
    assert len(data.tfs) == 50 and set(data.tfs) < set(data.genes)


def test_missed_targets_are_named():
    good = {"grn_speedup_pc9": 60.0, "grn_peak_mb": 500.0, "auprc_sergio_ds4_native": 0.44, "pruning_identical": True}
    assert scenic.missed_targets(good | {"auprc_sergio_ds4_arboreto": 0.45, "grn_trees_ratio_pc9": 0.9}) == []
    bad = {
        "grn_speedup_pc9": 14.0,
        "grn_peak_mb": 4_000.0,
        "auprc_dream4_native": 0.10,
        "auprc_dream4_arboreto": 0.13,
        "grn_trees_ratio_pc9": 0.8,
        "grn_spearman_pc9_native_arboreto": 0.5,
        "grn_spearman_pc9_two_arboreto_seeds": 0.53,
        "pruning_identical": False,
    }
    lines = scenic.missed_targets(bad)
    assert len(lines) == 6
    assert {line.split()[0] for line in lines} == set(bad) - {
        "auprc_dream4_arboreto",
        "grn_spearman_pc9_two_arboreto_seeds",
    }


def table_of(**rows) -> pd.DataFrame:
    """Rows by importance and join, of four measures."""
    keys = pd.MultiIndex.from_tuples([tuple(name.split("__")) for name in rows], names=["importance", "join"])
    keys = keys.set_levels([level.str.replace("_", " ") for level in keys.levels])
    return pd.DataFrame(list(rows.values()), index=keys, columns=["dream4", "sergio_ds4", "jaccard", "kept"])


def test_the_default_is_never_much_worse_than_the_best():
    """The first is best thrice and worst once; one seed is no candidate, nor is a row without a measure."""
    table = table_of(
        best_at_three__mean_network=(0.4, 0.6, 0.3, 2), even__mean_network=(0.3, 0.5, 0.5, 2),
        even__edges=(0.2, 0.5, 0.6, 2), even__one_seed=(9, 9, 9, 9), even__regulons=(np.nan, np.nan, np.nan, 9),
    )  # fmt: skip
    chosen, least = scenic_choice.choose(table)
    assert chosen == ("even", "mean network") and least.iloc[0] == pytest.approx(0.75)
    assert least["best at three", "mean network"] == pytest.approx(0.5) and len(least) == 3
    assert "| even | mean network | 0.75 |" in scenic_choice.format_table(scenic_choice.ratios(table))


def test_of_two_with_the_same_smallest_ratio_the_next_decides():
    """Sorted: first .5, .6, 1, 1; second .5, 1, 1, 1; third .5, .6, .7, 1."""
    table = table_of(first__edges=(0.5, 0.6, 1.0, 2), second__edges=(1.0, 1.0, 0.5, 2), third__edges=(1.0, 0.7, 0.6, 1))
    chosen, least = scenic_choice.choose(table)
    assert chosen == ("second", "edges") and least.tolist() == [0.5, 0.5, 0.5]
    assert least.index.tolist() == [("second", "edges"), ("first", "edges"), ("third", "edges")]


def test_exchanged_motifs_never_come_from_a_relative():
    related = np.kron(np.eye(6), np.ones((4, 4))).astype(bool)
    orders = [scenic_pc9.derange(related, np.random.default_rng(seed)) for seed in range(20)]
    for order in orders:
        assert sorted(order) == list(range(24)) and not related[np.arange(24), order].any()
    assert len({tuple(order) for order in orders}) == 20


def test_joined_networks_rank_edges():
    one = pd.DataFrame({"TF": ["A", "A", "B"], "target": ["x", "y", "x"], "importance": [9.0, 4.0, 1.0]})
    two = pd.DataFrame({"TF": ["A", "B", "B"], "target": ["x", "x", "y"], "importance": [4.0, 9.0, 5.0]})
    both = scenic_joins.geometric(one, two)
    assert both.to_numpy().tolist() == [["A", "x", 6.0], ["B", "x", 3.0]]
    ranked = scenic_joins.rank_edges([one, two], [one[["TF", "target"]].tail(2), two[["TF", "target"]].iloc[[1]]])
    # B-x is in two seeds' modules, A-y in one; A-x has the largest mean, but is in none.
    assert list(zip(ranked["TF"], ranked["target"], strict=True))[:3] == [("B", "x"), ("A", "y"), ("A", "x")]
    assert (
        scenic_joins.agreement([one, two], 2) == pytest.approx(1 / 3) and scenic_joins.agreement([one, two], 3) == 0.5
    )


def test_agreement_of_factors_is_of_each_factor_s_best_edges():
    """A has 50 targets in both, 25 of which it shares: 25 ÷ 75. B has too few in one of them."""
    edges = [("A", f"g{i}") for i in range(50)] + [("B", f"g{i}") for i in range(50)]
    one = pd.DataFrame(edges, columns=["TF", "target"]).assign(importance=1.0)
    other = pd.DataFrame([("A", f"g{i}") for i in range(25, 80)] + [("B", "g1")], columns=["TF", "target"])
    assert scenic_joins.agreement_of_factors([one, other.assign(importance=1.0)]) == pytest.approx(25 / 75)


@pytest.mark.full
def test_a_large_job_has_the_size_asked_for():
    found = scenic_grn.measure_grn(["large"], size=(300, 200, 20, 6), say=lambda text: None)
    name = "300x200x20"
    assert found[f"grn_targets_{name}"] == 6 and 50 < found[f"grn_peak_mb_{name}"] < 2_000
    hours = found[f"grn_cpu_s_per_target_{name}"] * 200 / 3600
    assert found[f"grn_network_core_hours_{name}_extrapolated"] == pytest.approx(hours) and hours > 0


def test_the_score_of_most_power_among_those_that_hold_still():
    powers = pd.DataFrame({"score": ["a", "b", "c"] * 2, "power": [0.9, 0.8, 0.7, 1.0, 0.9, 0.8]})
    moved = pd.DataFrame({"score": ["a", "b", "c"] * 2, "below .1 sd": [1.0, 0.97, 1.0, 0.5, 0.95, 1.0]})
    assert activity_scores.choose(powers, moved) == "b"
    assert activity_scores.choose(powers, moved.assign(**{"below .1 sd": 0.5})) == "none holds still"

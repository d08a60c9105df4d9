"""The benchmark's own arithmetic: a wrong judge would praise a wrong network."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

sys.path.append(str(Path(__file__).parents[1] / "benchmarks"))
import scenic
import scenic_data
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

"""Markers: the test is scanpy's, the effect is right, and planted genes come first."""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd
import pytest
from scipy import sparse, stats

from scripts.base import expression
from scripts.clusters import markers


def test_scores_are_scanpys(simulator):
    import anndata
    import scanpy as sc

    counts, truth = simulator.counts([("a", 60), ("b", 50), ("", 40)], np.random.default_rng(0))
    log = expression.normalise(counts)
    cells = anndata.AnnData(log, obs=pd.DataFrame({"group": pd.Categorical(truth)}, index=[str(i) for i in range(150)]))
    cells.var_names = simulator.genes
    sc.tl.rank_genes_groups(cells, "group", method="wilcoxon", tie_correct=True)
    ours = markers.test_markers(counts, log, truth, simulator.genes)
    uncut = 0
    for group in "ab-":
        theirs = sc.get.rank_genes_groups_df(cells, group).set_index("names")
        own = ours[ours["cluster"] == group].set_index("gene")
        seen = np.asarray((counts > 0).sum(axis=0)).ravel()[[simulator.genes.index(gene) for gene in own.index]]
        shared = own.index[own["score"] < markers.most_extreme(seen, (truth == group).sum(), len(truth)) - 1e-6]
        own, uncut = own.loc[shared], uncut + len(shared)
        # scanpy keeps scores as float32
        assert own["score"].to_numpy() == pytest.approx(theirs.loc[shared, "scores"].to_numpy(), abs=1e-5)
        assert own["p"].to_numpy() == pytest.approx(theirs.loc[shared, "pvals"].to_numpy(), rel=1e-4)
    assert uncut > 0.95 * len(ours)


@pytest.mark.parametrize(("seen", "inside", "n"), [(1, 9, 280), (2, 3, 8), (3, 3, 8), (5, 3, 8)])
def test_no_gene_scores_beyond_what_its_cells_allow(seen, inside, n):
    counts = np.zeros((n, 2), dtype=int)
    counts[:, 0] = 1000
    counts[:seen, 1] = 10 * np.arange(seen, 0, -1)  # the group's cells first: the most extreme arrangement there is
    labels = np.where(np.arange(n) < inside, 0, 1)
    table = markers.test_markers(sparse.csr_matrix(counts), sparse.csr_matrix(np.log1p(counts)), labels, ["A", "B"])
    found = table.query("cluster == '0' and gene == 'B'").iloc[0]
    # of all ways to give the group its cells, by counting
    sums = [sum(counts[list(cells), 1]) for cells in itertools.combinations(range(n), inside)] if n < 10 else None
    chance = np.mean(np.array(sums) == max(sums)) if sums else inside / n
    assert stats.norm.sf(markers.most_extreme(seen, inside, n)) == pytest.approx(chance)
    assert found["p"] >= 2 * chance * (1 - 1e-9)


def test_cells_of_a_small_cluster_share_its_markers(simulator):
    # a gene of one cell of nine is no marker, however rare elsewhere; before the cut such genes came first
    rng = np.random.default_rng(4)
    counts, truth = simulator.counts([("a", 9), ("", 250)], rng)
    odd = np.zeros((len(truth), 30), dtype=int)
    odd[rng.integers(0, 9, 30), np.arange(30)] = 3
    both = sparse.csr_matrix(sparse.hstack([counts, odd]))
    genes = [*simulator.genes, *(f"ODD{i}" for i in range(30))]
    table = markers.test_markers(both, expression.normalise(both), truth, genes)
    chosen = markers.select_markers(table, max_fdr=0.05, min_log_fc=0.25, min_pct=10).query("cluster == 'a'")
    assert not chosen["gene"].str.startswith("ODD").any()
    planted = {simulator.genes[i] for i in simulator.programmes["a"]}
    assert len(planted & set(chosen["gene"])) >= 10


def test_p_is_the_rank_sum_test_of_scipy():
    rng = np.random.default_rng(0)
    counts = sparse.csr_matrix(rng.poisson(0.7, (30, 5)))
    labels = np.repeat([0, 1], 15)
    table = markers.test_markers(counts, counts.astype(float), labels, list("ABCDE")).query("cluster == '0'")
    for row in table.itertuples():
        x = counts[:, "ABCDE".index(row.gene)].toarray().ravel()
        expected = stats.mannwhitneyu(x[:15], x[15:], method="asymptotic", use_continuity=False)
        assert row.p == pytest.approx(expected.pvalue)


def test_effect_and_shares_of_cells():
    counts = sparse.csr_matrix(np.array([[30, 70], [0, 100], [0, 100], [10, 90]]))
    table = markers.test_markers(counts, expression.normalise(counts), np.array([0, 0, 1, 1]), ["A", "B"])
    row = table.query("cluster == '0' and gene == 'A'").iloc[0]
    assert row["pct_in"] == 50 and row["pct_out"] == 50
    assert row["log_fc"] == pytest.approx(np.log2(1501 / 501))


def test_planted_markers_come_first(simulator):
    counts, truth = simulator.counts([("a", 90), ("b", 60), ("", 50)], np.random.default_rng(1))
    table = markers.test_markers(counts, expression.normalise(counts), truth, simulator.genes)
    chosen = markers.select_markers(table, max_fdr=0.05, min_log_fc=0.25, min_pct=10)
    for group in "ab":
        planted = {simulator.genes[i] for i in simulator.programmes[group]}
        found = chosen.loc[chosen["cluster"] == group, "gene"].tolist()
        # genes of under 0.1 UMI a cell can't reach significance in 60 cells
        assert len(planted & set(found)) >= 15
        assert len(planted & set(found[:15])) >= 14
    assert (chosen["log_fc"] >= 0.25).all() and (chosen["fdr"] <= 0.05).all() and (chosen["pct_in"] >= 10).all()
    assert len(chosen) < len(table)


def test_cells_without_structure_have_no_markers(simulator):
    counts, _ = simulator.counts([("", 200)], np.random.default_rng(2))
    labels = np.random.default_rng(3).integers(0, 2, 200)
    table = markers.test_markers(counts, expression.normalise(counts), labels, simulator.genes)
    assert markers.select_markers(table, max_fdr=0.05, min_log_fc=0.25, min_pct=10).empty


def test_one_cluster_leaves_the_header(simulator):
    counts, _ = simulator.counts([("", 30)], np.random.default_rng(0))
    table = markers.test_markers(counts, expression.normalise(counts), np.zeros(30, int), simulator.genes)
    assert list(table.columns) == markers.COLUMNS and table.empty
    chosen = markers.select_markers(table, max_fdr=0.05, min_log_fc=0.25, min_pct=10)
    assert list(chosen.columns) == markers.COLUMNS and chosen.empty

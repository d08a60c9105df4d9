import os
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from prunable import ROOT
from scipy import sparse

from scripts.regulons import pyscenic_compat
from scripts.scenic import aucell
from scripts.scenic.errors import ExpressionError, ThresholdError


def simulate(seed, n_cells=60, n_genes=180, mean=0.6):
    rng = np.random.default_rng(seed)
    counts = rng.poisson(mean * rng.lognormal(0, 1, n_genes), (n_cells, n_genes)).astype(np.float32)
    counts[0] = 0  # a cell without any gene
    genes = [f"G{i}" for i in range(n_genes)]
    regulons = {}
    for number in range(25):
        chosen = rng.choice(n_genes, size=int(rng.integers(1, 40)), replace=False)
        regulons[f"T{24 - number}(+)"] = dict(
            zip([genes[i] for i in chosen], rng.gamma(2, 1, len(chosen)).tolist(), strict=True)
        )
    regulons["all"] = dict.fromkeys(genes, 1.0)
    regulons["most measured"] = {"G0": 2.0, "G1": 1.0, "G2": 1.0, "G3": 3.0, "unknown": 5.0}
    regulons["hardly measured"] = {"G0": 2.0, "G1": 1.0, "G2": 1.0, "unknown": 5.0}
    return counts, genes, regulons


@pytest.mark.parametrize("auc_threshold", [0.012, 0.05, 0.4, 0.95])
@pytest.mark.parametrize("mean, seed", [(0.05, 0), (0.6, 1), (5.0, 2)])
def test_scores_are_pyscenics(mean, seed, auc_threshold):
    counts, genes, regulons = simulate(seed, mean=mean)
    # Counts tie everywhere; their normalised logarithms tie less.
    for matrix in (counts, np.log1p(counts / np.maximum(counts.sum(axis=1, keepdims=True), 1) * 1e4)):
        options = {"auc_threshold": auc_threshold, "seed": seed}
        ours = aucell.score(sparse.csr_matrix(matrix), genes, regulons, **options)
        theirs = pyscenic_compat.score_cells(matrix, genes, regulons, **options)
        pd.testing.assert_frame_equal(ours, theirs, rtol=0, atol=1e-12)
        assert ours.columns.tolist() == list(regulons)
        assert ours["all"].max() > 0 and (ours["hardly measured"] == 0).all()
    assert ours["most measured"].max() > 0 or auc_threshold < 0.1


def test_seeds_decide_between_ties():
    counts, genes, regulons = simulate(4, mean=0.1)
    one, again, other = (aucell.score(counts, genes, regulons, auc_threshold=0.4, seed=seed) for seed in (1, 1, 2))
    pd.testing.assert_frame_equal(one, again, check_exact=True)
    assert (one - other).abs().to_numpy().max() > 0.01


def test_area_of_a_ranking_that_one_can_check_by_eye():
    genes = list("abcdefghij")
    expression = np.array([[10, 9, 8, 7, 6, 5, 4, 3, 2, 1], [1, 2, 3, 4, 5, 6, 7, 8, 9, 10.0]])
    regulons = {"ac": {"a": 1.0, "c": 3.0}, "j": {"j": 2.0}}
    # Four ranks without the last: a is recovered at rank 0 (area 3), c at rank 2 (area 1), j in the second cell.
    auc = aucell.score(expression, genes, regulons, auc_threshold=0.4)
    np.testing.assert_allclose(auc, [[(1 * 3 + 3 * 1) / (4 * 4), 0], [0, 3 / 4]])


def test_threads_blocks_and_formats_change_nothing():
    counts, genes, regulons = simulate(5)
    plain = aucell.score(counts, genes, regulons, seed=3)
    unsorted = sparse.csr_matrix(counts)[:, ::-1][:, ::-1]
    half = sparse.csr_matrix(counts / 2)
    # Each row's entries twice, unsummed.
    rows = [slice(a, b) for a, b in zip(half.indptr[:-1], half.indptr[1:], strict=True) for _ in range(2)]
    twice = sparse.csr_matrix(
        (
            np.concatenate([half.data[r] for r in rows]),
            np.concatenate([half.indices[r] for r in rows]),
            2 * half.indptr,
        ),
        shape=counts.shape,
    )
    assert not twice.has_canonical_format
    explicit = sparse.csr_matrix(np.where(counts == 0, -1, counts))
    explicit.data[explicit.data == -1] = 0
    for matrix in (sparse.csc_matrix(counts), sparse.csr_array(counts), counts.astype(int), unsorted, twice, explicit):
        pd.testing.assert_frame_equal(aucell.score(matrix, genes, regulons, seed=3), plain, check_exact=True)
    for options in ({"threads": 2, "block": 7}, {"threads": 2}, {"block": 1}, {"block": 1_000}):
        pd.testing.assert_frame_equal(aucell.score(counts, genes, regulons, seed=3, **options), plain, check_exact=True)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.integers(0, 6), min_size=1, max_size=200), st.randoms(use_true_random=False))
def test_sorting_and_selecting(values, random):
    position = list(range(len(values)))
    random.shuffle(position)
    v, p = np.array(values, dtype=float), np.array(position, dtype=np.int32)
    expected = sorted(zip(values, position, strict=True), key=lambda pair: (-pair[0], pair[1]))
    for k in {0, len(values) // 2, len(values) - 1}:
        assert aucell.select_value(v.copy(), len(v), k) == expected[k][0]
    aucell.sort_best(v, p, len(v))
    assert list(zip(v.tolist(), p.tolist(), strict=True)) == expected


def test_sorting_what_is_sorted_and_what_is_all_equal():
    n = 30_000
    order = np.random.default_rng(0).permutation(n).astype(np.int32)
    for values in (np.arange(n, 0, -1.0), np.arange(n, dtype=float), np.ones(n), np.repeat([1.0, 2.0], n // 2)):
        v, p = values.copy(), order.copy()
        aucell.sort_best(v, p, n)
        expected = np.lexsort((order, -values))
        np.testing.assert_array_equal(p, order[expected])
        np.testing.assert_array_equal(v, values[expected])


def test_compiled_kernels_come_whole_out_of_their_cache(tmp_path):
    """Two processes, of which the second loads what the first compiled; numba's cache has crashed there before."""
    code = (
        "import numpy, sys\n"
        "from scripts.scenic import aucell\n"
        "auc = aucell.score(numpy.eye(40), [f'G{i}' for i in range(40)], {'R': {'G1': 1.0}}, auc_threshold=0.1)\n"
        "print(auc['R'].sum() > 0, sum(aucell.score_block.stats.cache_hits.values()))\n"
    )
    environment = os.environ | {"NUMBA_CACHE_DIR": str(tmp_path)}
    runs = [
        subprocess.run(
            [sys.executable, "-c", code], cwd=ROOT, env=environment, capture_output=True, text=True, check=True
        )
        for _ in range(2)
    ]
    assert [run.stdout for run in runs] == ["True 0\n", "True 1\n"]


@pytest.mark.parametrize("score", [aucell.score, pyscenic_compat.score_cells])
def test_nothing_to_score_keeps_the_shape(score, caplog):
    counts, genes, regulons = simulate(6)
    assert score(counts, genes, {}).shape == (60, 0)
    empty = score(counts[:0], genes, regulons)
    assert empty.shape == (0, len(regulons)) and empty.columns.tolist() == list(regulons)


def test_unmeasured_regulons_are_named(caplog):
    counts, genes, regulons = simulate(6)
    aucell.score(counts, genes, regulons)
    assert "1 of 28 regulons score 0: less than 80 % of their targets are measured (hardly measured)" in caplog.text


@pytest.mark.parametrize("score", [aucell.score, pyscenic_compat.score_cells])
def test_what_is_not_measured_is_what_both_engines_score_0(score):
    counts, genes, regulons = simulate(8)
    kept, left_out = aucell.split_measured(genes, regulons)
    assert left_out == ["hardly measured"] and list(kept) == [name for name in regulons if name != "hardly measured"]
    whole, own = (score(counts, genes, sets, auc_threshold=0.4, seed=3) for sets in (regulons, kept))
    assert whole.columns[(whole == 0).all()].tolist() == left_out
    pd.testing.assert_frame_equal(own, whole[list(kept)])


@pytest.mark.parametrize("score", [aucell.score, pyscenic_compat.score_cells])
def test_mistakes_have_one_clear_error(score):
    counts, genes, regulons = simulate(7)
    with pytest.raises(ExpressionError, match="179 gene names"):
        score(counts, genes[1:], regulons)
    with pytest.raises(ExpressionError, match=r"duplicate genes \(G5\)"):
        score(counts, [*genes[:6], "G5", *genes[7:]], regulons)
    for value in (-1.0, np.nan, np.inf):
        matrix = counts.copy()
        matrix[3, 4] = value
        for expression in (matrix, sparse.csr_matrix(matrix)):
            with pytest.raises(ExpressionError, match="missing, infinite or negative"):
                score(expression, genes, regulons)
    for threshold in (0.0, 0.001, 1.0, 1.5):
        with pytest.raises(ThresholdError, match=f"auc_threshold: {threshold} of 180 genes"):
            score(counts, genes, regulons, auc_threshold=threshold)
    for targets in ({}, {"G1": 0.0}, {"G1": -1.0, "G2": 2.0}, {"G1": np.nan}):
        with pytest.raises(ExpressionError, match=r"regulon X\(\+\): no target, or a weight"):
            score(counts, genes, {"X(+)": targets})

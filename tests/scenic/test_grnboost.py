"""Networks of GRNBoost2: the same on any cores, in any chunks; importances that mean what they say."""

from __future__ import annotations

import threading
import time

import numpy as np
import pandas as pd
import pytest
from boosted import boost, simulate
from hypothesis import given
from hypothesis import strategies as st
from scipy import sparse
from slow_grnboost import boost_slowly

from scripts.scenic import grnboost
from scripts.scenic.factors import bin_values
from scripts.scenic.grnboost import infer_network


def joined(networks) -> tuple[pd.DataFrame, pd.Series]:
    """Return the edges of chunks in the order of one network, and their rounds."""
    edges = pd.concat([network.adjacencies for network in networks])
    edges = edges.sort_values(["importance", "TF", "target"], ascending=[False, True, True], ignore_index=True)
    return edges, pd.concat([network.rounds for network in networks])


@pytest.mark.parametrize("importance", grnboost.IMPORTANCES)
def test_threads_chunks_and_order_change_no_bit(umi, importance):
    x, genes, tfs = umi
    one = infer_network(sparse.csr_matrix(x), genes, tfs, seed=5, importance=importance)
    edges, rounds = joined([one])
    pd.testing.assert_frame_equal(one.adjacencies, edges, check_exact=True)
    shuffled = np.random.default_rng(0).permutation(len(genes))
    others = {
        "two threads": [infer_network(x, genes, tfs, seed=5, importance=importance, threads=2)],
        "eight chunks": [infer_network(x, genes, tfs, genes[i::8], seed=5, importance=importance) for i in range(8)],
        "genes, factors and targets in another order": [
            infer_network(
                x[:, shuffled], [genes[i] for i in shuffled], tfs[::-1] * 2, genes[::-1], seed=5, importance=importance
            )
        ],
    }
    for what, networks in others.items():
        other_edges, other_rounds = joined(networks)
        pd.testing.assert_frame_equal(edges, other_edges, check_exact=True, obj=what)
        assert other_rounds[rounds.index].tolist() == rounds.tolist(), what
    assert not infer_network(x, genes, tfs, seed=6).adjacencies.equals(one.adjacencies)


def test_sparse_and_dense_input_give_the_same_network(umi):
    x, genes, tfs = umi
    expected = infer_network(x, genes, tfs, genes[30:], seed=5).adjacencies
    with_stored_zeros = sparse.csr_matrix(np.ones(x.shape))
    with_stored_zeros.data = x.ravel()
    forms = [sparse.csr_matrix(x), sparse.csc_matrix(x), sparse.csr_array(x), sparse.csr_matrix(x.astype(np.float32))]
    for form in [*forms, with_stored_zeros]:
        before = form.copy()
        edges = infer_network(form, genes, tfs, genes[30:], seed=5).adjacencies
        pd.testing.assert_frame_equal(edges, expected, check_exact=True)
        assert (form != before).nnz == 0 and form.nnz == before.nnz


def test_a_factor_never_explains_itself():
    x, genes, tfs = simulate("umi", 150, 8, 2)
    x = np.hstack([x, x[:, :1]])  # a copy of TF00: it must win, and TF00 must not
    genes, tfs = [*genes, "COPY"], [*tfs, "COPY"]
    edges = infer_network(x, genes, tfs, seed=1, max_features=1.0).adjacencies
    assert not (edges["TF"] == edges["target"]).any()
    assert edges[edges["target"] == "TF00"].iloc[0]["TF"] == "COPY"
    alone = infer_network(x, genes, ["TF00"], ["TF00", "GENE00"], seed=1, importance="explained")
    assert alone.rounds["TF00"] == 0 and set(alone.adjacencies["target"]) == {"GENE00"}


def test_importances_mean_what_they_say(umi):
    """Published: a target's importances add up to its trees. Explained: to R², if every tree sees all cells."""
    x, genes, tfs = umi
    published = infer_network(x, genes, tfs, seed=2, importance="published")
    sums = published.adjacencies.groupby("target")["importance"].sum()
    np.testing.assert_allclose(sums[published.rounds.index], published.rounds, rtol=1e-9)
    settings = {"subsample": 1.0, "max_rounds": 300, "importance": "explained"}
    explained = infer_network(x, genes, tfs, genes[30:], seed=2, **settings).adjacencies
    for target, share in explained.groupby("target")["importance"].sum().items():
        y = x[:, genes.index(target)]
        prediction = boost(x[:, :30], y, seed=grnboost.seed_of(2, target), subsample=1.0, max_rounds=300)[2]
        assert share == pytest.approx(1 - np.mean((y - prediction) ** 2) / y.var(), abs=1e-9)
        assert 0.1 < share < 1


def test_validated_gains_are_the_improvement_out_of_the_bag():
    """But for the roots' steps, which no factor has earned."""
    x, _, _ = simulate("dense", 240, 30, 4)
    for column in range(30, 34):
        _, _, _, improvements, by_roots = boost_slowly(x[:, :30], x[:, column], seed=3)
        _, validated = boost(x[:, :30], x[:, column], seed=3)[0]
        assert validated.sum() == pytest.approx(improvements.sum() - by_roots, rel=1e-9)


def test_validated_importances_add_up_to_a_correlation(umi):
    """They are in proportion to the positive gains out of the bag; squared, their sum is what these explain."""
    x, genes, tfs = umi
    edges = infer_network(x, genes, tfs, genes[30:], seed=4, importance="validated").adjacencies
    for target in genes[30:]:
        y = x[:, genes.index(target)]
        _, validated = boost(x[:, :30], y, seed=grnboost.seed_of(4, target))[0]
        kept = pd.Series(validated, index=tfs).clip(lower=0)
        weights = edges[edges["target"] == target].set_index("TF")["importance"].reindex(tfs, fill_value=0.0)
        np.testing.assert_allclose(weights.sum() ** 2, kept.sum() / y.var(), rtol=1e-9)
        np.testing.assert_allclose(weights / weights.sum(), kept / kept.sum(), rtol=1e-9)
        assert 0 < weights.sum() < 1


def test_combined_importances_are_the_geometric_mean_of_published_and_validated(umi):
    found = {
        importance: infer_network(*umi, seed=4, importance=importance).adjacencies.set_index(["TF", "target"])[
            "importance"
        ]
        for importance in ("published", "validated", "combined")
    }
    assert set(found["combined"].index) == set(found["validated"].index) < set(found["published"].index)
    mean = np.sqrt(found["published"] * found["validated"]).dropna()
    np.testing.assert_allclose(found["combined"], mean[found["combined"].index], rtol=1e-12)


def test_noise_is_not_validated():
    """In the bag noise always gains something; out of it, about half of the factors lose, and the rest gain little."""
    x, _, tfs = simulate("dense", 240, 30, 1)
    genes = [*(f"NOISE{i}" for i in range(40)), *tfs]
    x = np.hstack([np.random.default_rng(5).random((240, 40)), x[:, :30]])
    explained, validated = (
        infer_network(x, genes, tfs, genes[:40], seed=1, importance=importance).adjacencies
        for importance in ("explained", "validated")
    )
    assert len(validated) < 0.6 * len(explained)
    on_its_scale = (validated.groupby("target")["importance"].sum() ** 2).sum()
    assert on_its_scale < 0.3 * explained["importance"].sum()


def test_adjacencies_are_sorted_and_positive(umi):
    x, genes, tfs = umi
    network = infer_network(x, genes, tfs, seed=2)
    assert network.adjacencies.columns.tolist() == ["TF", "target", "importance"]
    assert (network.adjacencies["importance"] > 0).all()
    assert network.adjacencies["importance"].is_monotonic_decreasing
    assert network.rounds.index.tolist() == genes and network.rounds.name == "trees"


@given(st.lists(st.integers(1, 2000), min_size=1, max_size=1500))
def test_bins_are_exact_or_equal_shares(numbers):
    values = np.array(numbers, dtype=np.float32) / 7
    bins, low, high = bin_values(values)
    distinct = np.unique(values)
    assert sorted(set(bins)) == list(range(1, bins.max() + 1))
    by_value = bins[np.argsort(values, kind="stable")].astype(int)
    assert (np.diff(by_value) >= 0).all()
    for bin_ in set(bins):
        assert low[bin_] == values[bins == bin_].min() and high[bin_] == values[bins == bin_].max()
    if len(distinct) <= 255:
        assert bins.max() == len(distinct)
    else:
        assert bins.max() > 127
        most_common = np.unique(values, return_counts=True)[1].max()
        assert np.bincount(bins).max() <= len(values) / 255 + 1 + most_common


def test_threads_are_honoured(umi, monkeypatch):
    x, genes, tfs = umi
    busy, most, lock = set(), [0], threading.Lock()

    def watch(y, *arguments):
        with lock:
            busy.add(threading.get_ident())
            most[0] = max(most[0], len(busy))
        time.sleep(0.01)
        arguments[-3][0] = 1.0  # a gain
        with lock:
            busy.discard(threading.get_ident())
        return 25

    monkeypatch.setattr(grnboost, "boost", watch)
    for threads in (1, 2, 3):
        most[0] = 0
        assert len(infer_network(x, genes, tfs, genes[30:], seed=1, threads=threads).rounds) == 12
        assert most[0] == threads


def test_progress_counts_every_target(umi):
    x, genes, tfs = umi
    for threads in (1, 2):
        calls = []

        def progress(*call, calls=calls):
            calls.append(call)

        infer_network(x, genes, tfs, genes[30:35], seed=1, max_rounds=2, threads=threads, progress=progress)
        assert calls == [(i, 5) for i in range(1, 6)]


def test_a_failing_target_fails_the_job(umi, monkeypatch):
    x, genes, tfs = umi

    def fail(*_):
        raise MemoryError("no room")

    monkeypatch.setattr(grnboost, "boost", fail)
    with pytest.raises(MemoryError):
        infer_network(x, genes, tfs, seed=1, threads=2)

"""GRNBoost2: the trees of a plain reference and of scikit-learn, published early stopping, the same on any cores."""

from __future__ import annotations

import logging
import threading
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import sparse, stats
from sklearn.ensemble import GradientBoostingRegressor
from sklearn.metrics import average_precision_score
from sklearn.tree import DecisionTreeRegressor
from slow_grnboost import boost_slowly

from scripts.base.job import UserError
from scripts.scenic import grnboost
from scripts.scenic.errors import ScenicInputError
from scripts.scenic.factors import bin_values
from scripts.scenic.grnboost import infer_network

GOLD = Path(__file__).parents[3] / "shared" / "data" / "grn"


def simulate(kind: str, n_cells: int, n_tfs: int, n_targets: int, seed: int = 0):
    """Return (cells × genes, genes, tfs): targets follow two or three factors each, with noise, and are never negative.

    ``umi`` is sparse and log-normalised, ``counts`` has few distinct values, ``dense`` has none twice and no zero.
    """
    rng = np.random.default_rng(seed)
    activity = rng.normal(size=(n_cells, n_tfs))
    weights = np.zeros((n_tfs, n_targets))
    for target in range(n_targets):
        weights[rng.choice(n_tfs, 3, replace=False), target] = [1.0, 0.7, -0.7]
    level = np.hstack([activity, activity @ weights + 0.3 * rng.normal(size=(n_cells, n_targets))])
    level += rng.normal(-1.0, 0.7, size=n_tfs + n_targets)
    if kind == "dense":
        x = np.exp(0.5 * level)
    else:
        x = rng.poisson(np.exp(level - 0.5)).astype(float)
        if kind == "umi":
            x = np.log1p(x / rng.lognormal(0, 0.3, size=(n_cells, 1)))
    x = x.astype(np.float32).astype(float)
    genes = [f"TF{i:02d}" for i in range(n_tfs)] + [f"GENE{i:02d}" for i in range(n_targets)]
    return x, genes, genes[:n_tfs]


def boost(
    x,
    y,
    seed=1,
    *,
    learning_rate=0.01,
    max_depth=3,
    max_features=0.1,
    subsample=0.9,
    max_rounds=5000,
    window=25,
    itself=-1,
):
    """Call the kernel as infer_network does; return (gains in and out of the bag, trees, prediction)."""
    n_cells, n_tfs = x.shape
    factors = grnboost.bin_factors(sparse.csc_matrix(x), range(n_tfs), [f"TF{i:03d}" for i in range(n_tfs)])
    gains, prediction = np.zeros((2, n_tfs)), np.empty(n_cells)
    n_drawn = max(1, int(max_features * (n_tfs - (itself >= 0))))
    trees = grnboost.boost(
        y, *factors.arrays, itself, np.uint64(seed), learning_rate, max_depth, n_drawn,
        max(1, int(subsample * n_cells)), max_rounds, window, *gains, prediction,
    )  # fmt: skip
    return gains, trees, prediction


@pytest.mark.parametrize(
    "kind, n_cells, settings",
    [
        ("umi", 240, {}),
        ("counts", 240, {"itself": 4}),
        ("dense", 240, {}),
        ("umi", 90, {"max_depth": 5, "max_features": 0.3, "subsample": 0.6, "window": 10, "learning_rate": 0.1}),
        ("counts", 51, {"max_depth": 1, "max_features": 1.0}),
        ("umi", 150, {"subsample": 1.0, "max_rounds": 60}),
        ("counts", 20_000, {"max_rounds": 12, "window": 0}),
    ],
)
def test_kernel_grows_the_trees_of_the_plain_reference(kind, n_cells, settings):
    x, _, tfs = simulate(kind, n_cells, 30, 4, seed=n_cells)
    for column in range(len(tfs), x.shape[1]):
        y = x[:, column]
        gains, trees, prediction, _, _ = boost_slowly(x[:, :30], y, seed=column, **settings)
        mine = boost(x[:, :30], y, seed=column, **settings)
        assert mine[1] == trees
        np.testing.assert_allclose(mine[2], prediction, rtol=0, atol=1e-9)
        np.testing.assert_allclose(mine[0], gains, rtol=1e-6, atol=1e-10)
        assert gains[0].sum() > 0


@pytest.mark.parametrize("kind", ["umi", "counts", "dense"])
@pytest.mark.parametrize("max_depth", [1, 3])
def test_without_chance_it_is_scikit_learn(kind, max_depth):
    """All cells, all factors: nothing is drawn, so predictions and importances are scikit-learn's.

    Two factors may part a small node's cells alike, and which of them gets the credit is chance in scikit-learn: so
    importances are compared one by one for trees of one split. A little noise keeps gains of different splits apart.
    """
    x, _, _ = simulate(kind, 200, 12, 3)
    rng = np.random.default_rng(0)
    for column in range(12, 15):
        y = x[:, column] + rng.normal(0, 1e-3, 200)
        model = GradientBoostingRegressor(learning_rate=0.05, n_estimators=60, max_depth=max_depth, random_state=0)
        model.fit(x[:, :12].astype(np.float32), y)
        (gains, _), trees, prediction = boost(
            x[:, :12], y, learning_rate=0.05, max_depth=max_depth, max_features=1.0, subsample=1.0, max_rounds=60
        )
        assert trees == 60
        np.testing.assert_allclose(prediction, model.predict(x[:, :12].astype(np.float32)), rtol=0, atol=1e-9)
        theirs = [stage[0].tree_.compute_feature_importances(normalize=False) for stage in model.estimators_]
        assert gains.sum() == pytest.approx(np.sum(theirs), rel=1e-9)
        if max_depth == 1:
            np.testing.assert_allclose(gains / gains.sum(), model.feature_importances_, rtol=0, atol=1e-9)


def boost_with_sklearn_trees(x, y, seed: int, n_max: int = 3000):
    """Return (importances as published, trees): scikit-learn's trees, stage by stage, with published early stopping."""
    rng, n = np.random.RandomState(seed), len(y)
    prediction, gains, improvements = np.full(n, y.mean()), np.zeros(x.shape[1]), []
    while len(improvements) < n_max:
        out = rng.permutation(n)[int(0.9 * n) :]
        bag = np.setdiff1d(np.arange(n), out)
        residual = y - prediction
        tree = DecisionTreeRegressor(max_depth=3, max_features=0.1, random_state=rng).fit(x[bag], residual[bag])
        prediction += 0.01 * tree.predict(x)
        gains += tree.tree_.compute_feature_importances(normalize=False)
        improvements.append(np.mean(residual[out] ** 2) - np.mean((y - prediction)[out] ** 2))
        if len(improvements) >= 25 and np.mean(improvements[-25:]) < 0:
            break
    return gains / gains.sum() * len(improvements), len(improvements)


@pytest.mark.slow
def test_importances_and_tree_counts_agree_with_scikit_learn_as_well_as_it_does_with_itself():
    """500 distinct values a factor: they are binned. Tolerances are the issue's: Spearman − 0.02, trees ± 15 %."""
    x, genes, tfs = simulate("dense", 500, 25, 4, seed=3)
    network = infer_network(x, genes, tfs, genes[25:], seed=1, importance="published")
    wide = network.adjacencies.pivot(index="TF", columns="target", values="importance").reindex(tfs).fillna(0.0)
    first, second, counts = [], [], []
    for target in genes[25:]:
        y = x[:, genes.index(target)]
        one, trees_one = boost_with_sklearn_trees(x[:, :25].astype(np.float32), y, seed=1)
        two, trees_two = boost_with_sklearn_trees(x[:, :25].astype(np.float32), y, seed=2)
        first.append(one), second.append(two), counts.append((trees_one + trees_two) / 2)
    first, second, mine = np.concatenate(first), np.concatenate(second), wide[genes[25:]].to_numpy().T.ravel()
    assert stats.spearmanr(mine, first)[0] >= stats.spearmanr(first, second)[0] - 0.02
    assert network.rounds.sum() == pytest.approx(sum(counts), rel=0.15)


def test_boosting_goes_on_until_the_last_25_improvements_are_negative():
    x, _, _ = simulate("umi", 300, 30, 3)
    for column in range(30, 33):
        _, trees, _, improvements, _ = boost_slowly(x[:, :30], x[:, column], seed=9)
        means = pd.Series(improvements).rolling(25).mean()
        assert means.iloc[-1] < 0 and (means.iloc[24:-1] >= 0).all()
        assert boost(x[:, :30], x[:, column], seed=9)[1] == trees == len(improvements)


def test_noise_is_given_up_after_few_trees_and_signal_is_not():
    x, genes, tfs = simulate("dense", 300, 30, 5)
    rng = np.random.default_rng(1)
    x = np.hstack([x, rng.random((300, 20))])
    genes = [*genes, *(f"NOISE{i}" for i in range(20))]
    rounds = infer_network(x, genes, tfs, genes[30:], seed=1).rounds
    assert rounds.min() >= 25
    assert rounds[5:].median() < 60 < 150 < rounds[:5].min()


def test_without_out_of_bag_cells_or_window_all_trees_are_grown():
    x, genes, tfs = simulate("umi", 100, 10, 2)
    for settings in ({"subsample": 1.0}, {"early_stop_window": 0}):
        network = infer_network(x, genes, tfs, genes[10:], seed=1, max_rounds=70, importance="explained", **settings)
        assert network.rounds.tolist() == [70, 70]


def test_todays_scikit_learn_stops_where_the_published_boosting_goes_on():
    """The reason for this kernel: since 1.3 an improvement compares two different draws of out-of-bag cells."""
    x, _, _ = simulate("dense", 300, 30, 4)
    theirs, ours = [], []
    for column in range(30, 34):
        y = x[:, column]
        model = GradientBoostingRegressor(
            learning_rate=0.01, n_estimators=2000, max_features=0.1, subsample=0.9, random_state=1
        )

        def monitor(i, model, _):
            return i >= 24 and np.mean(model.oob_improvement_[i - 24 : i + 1]) < 0

        theirs.append(len(model.fit(x[:, :30], y, monitor=monitor).estimators_))
        ours.append(boost(x[:, :30], y)[1])
    assert np.median(theirs) < 0.4 * np.median(ours)


@pytest.fixture(scope="module")
def umi():
    """Sparse expression of 30 factors and 12 targets in 200 cells."""
    return simulate("umi", 200, 30, 12)


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


def test_walking_and_looking_up_find_the_same_splits(umi):
    """The kernel's two ways through a node agree: factors that all cells express make it look up nearly all nodes."""
    x, _, _ = umi
    y = x[:, 31]
    dense_factors = np.random.default_rng(0).random((200, 40)).round(2) * 1e-3 + 1.0
    for factors in (x[:, :30], np.hstack([x[:, :30], dense_factors])):
        mine, reference = boost(factors, y), boost_slowly(factors, y, 1)
        assert mine[1] == reference[1]
        np.testing.assert_allclose(mine[0], reference[0], rtol=1e-6, atol=1e-10)


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


def test_validated_importances_need_cells_out_of_the_bag(umi):
    with pytest.raises(ScenicInputError, match="validated importances need cells out of the bag"):
        infer_network(*umi, seed=1, importance="validated", subsample=1.0)


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


def test_a_constant_target_has_no_edges_and_is_logged(umi, caplog):
    x, genes, tfs = umi
    x = x.copy()
    x[:, 30], x[:, 31], x[:, 0] = 0.0, 2.5, 0.0
    with caplog.at_level(logging.INFO, logger="persister-regulons"):
        network = infer_network(x, genes, tfs, seed=1)
    assert network.rounds[["GENE00", "GENE01", "TF00"]].tolist() == [0, 0, 0]
    assert not network.adjacencies["target"].isin(["GENE00", "GENE01", "TF00"]).any()
    assert not (network.adjacencies["TF"] == "TF00").any()
    assert "3 of 42 targets are constant and get no edges: TF00, GENE00, GENE01" in caplog.text
    with pytest.raises(ScenicInputError, match="all 2 targets are constant"):
        infer_network(x, genes, tfs, ["GENE00", "GENE01"], seed=1)


def with_value(x, value):
    """Return ``x`` with one entry, of GENE02, replaced."""
    x = x.copy()
    x[3, 32] = value
    return x


BAD = {
    "fewer cells": (lambda x, genes, tfs: (x[:49], genes, tfs), "49 cells are too few.*at least 50"),
    "negative": (lambda x, genes, tfs: (with_value(x, -1.0), genes, tfs), "expression of GENE02 is negative"),
    "NaN": (lambda x, genes, tfs: (with_value(x, np.nan), genes, tfs), "expression of GENE02 is NaN"),
    "infinite": (lambda x, genes, tfs: (with_value(x, np.inf), genes, tfs), "expression of GENE02 is NaN or infinite"),
    "duplicates": (lambda x, genes, tfs: (x, [*genes[:-1], genes[0]], tfs), r"1 genes occur more than once \(TF00\)"),
    "no factor": (lambda x, genes, tfs: (x, genes, ["Fosl1"]), "none of 1 transcription factors.*species and naming"),
    "no factors at all": (lambda x, genes, tfs: (x, genes, []), "none of 0 transcription factors"),
    "ensembl genes": (
        lambda x, genes, tfs: (x, [f"ENSG{i:011d}.4" for i in range(len(genes))], tfs),
        "the genes are Ensembl ids, the factors are symbols",
    ),
    "ensembl factors": (
        lambda x, genes, tfs: (x, genes, ["ENSMUSG00000024912"]),
        "the factors are Ensembl ids, the genes are symbols",
    ),
    "names missing": (lambda x, genes, tfs: (x, genes[1:], tfs), "has 42 genes, but 41 gene names"),
}


@pytest.mark.parametrize("change, message", BAD.values(), ids=BAD)
@pytest.mark.parametrize("form", [np.asarray, sparse.csr_matrix])
def test_bad_input_is_one_clear_error(umi, change, message, form):
    x, genes, tfs = change(*umi)
    with pytest.raises(UserError, match=message) as caught:
        infer_network(form(x), genes, tfs, seed=1)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "settings, message",
    [
        ({"importance": "gain"}, "importance is 'gain'"),
        ({"subsample": 0.0}, "subsample is 0.0"),
        ({"max_features": 1.5}, "max_features is 1.5"),
        ({"learning_rate": 0}, "learning_rate is 0"),
        ({"threads": 0}, "threads is 0"),
        ({"max_rounds": 0}, "max_rounds is 0"),
        ({"targets": ["GENE00", "GENE99"]}, "1 targets are not among the genes: GENE99"),
        ({"targets": ["GENE00", "GENE00"]}, "1 targets are asked for more than once: GENE00"),
    ],
)
def test_bad_settings_are_one_clear_error(umi, settings, message):
    with pytest.raises(UserError, match=message):
        infer_network(*umi, seed=1, **settings)


def precision(adjacencies: pd.DataFrame, genes, tfs, edges: set) -> float:
    """Return the area under the precision–recall curve over all pairs of a factor and another gene."""
    weight = adjacencies.set_index(["TF", "target"])["importance"]
    pairs = pd.MultiIndex.from_tuples([(tf, gene) for tf in tfs for gene in genes if tf != gene])
    return average_precision_score([pair in edges for pair in pairs], weight.reindex(pairs, fill_value=0.0))


@pytest.mark.skipif(not GOLD.exists(), reason="no gold standards beside the repository (../shared/data/grn)")
def test_gold_standard_sergio():
    """arboreto on scikit-learn 1.2.2: AUPRC 0.448 ± 0.080 over five seeds, 550 trees a target; ours 0.445 ± 0.013.

    The bound is where the issue began: arboreto's 0.373 at one seed.
    """
    x = pd.read_csv(GOLD / "SERGIO_DS4" / "simulated_noNoise_S_0.csv.gz", index_col=0).to_numpy().T
    genes = [f"G{i}" for i in range(x.shape[1])]
    gold = pd.read_csv(GOLD / "SERGIO_DS4" / "gt_GRN.csv.gz", header=None).to_numpy()
    edges = {(f"G{tf}", f"G{target}") for tf, target in gold}
    tfs = sorted({tf for tf, _ in edges})
    for importance in grnboost.IMPORTANCES:
        network = infer_network(x, genes, tfs, seed=1, importance=importance, threads=2)
        assert network.rounds.mean() == pytest.approx(550, rel=0.15)
        assert precision(network.adjacencies, genes, tfs, edges) > 0.373


@pytest.mark.skipif(not GOLD.exists(), reason="no gold standards beside the repository (../shared/data/grn)")
@pytest.mark.parametrize("number, chance", [(1, 0.018), (2, 0.025), (3, 0.020)])
def test_gold_standard_dream4(number, chance):
    """Three times as good as chance (edges ÷ pairs), at least, with either importance."""
    x = pd.read_csv(GOLD / "DREAM4" / f"insilico_size100_{number}_multifactorial.tsv", sep="\t")
    gold = GOLD / "DREAM4" / f"DREAM4_GoldStandard_InSilico_Size100_multifactorial_{number}.tsv"
    gold = pd.read_csv(gold, sep="\t", header=None, names=["TF", "target", "edge"])
    edges = set(gold[gold["edge"] == 1][["TF", "target"]].itertuples(index=False, name=None))
    genes = x.columns.tolist()
    assert len(edges) / (100 * 99) == pytest.approx(chance, abs=0.001)
    for importance in grnboost.IMPORTANCES:
        adjacencies = infer_network(x.to_numpy(), genes, genes, seed=1, importance=importance, threads=2).adjacencies
        assert precision(adjacencies, genes, genes, edges) > 3 * chance

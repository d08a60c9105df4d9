"""The kernel of GRNBoost2: the trees of a plain reference and of scikit-learn, published early stopping."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from boosted import boost, simulate
from scipy import stats
from sklearn.ensemble import GradientBoostingRegressor
from sklearn.tree import DecisionTreeRegressor
from slow_grnboost import boost_slowly

from scripts.scenic.grnboost import infer_network


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


@pytest.mark.full
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


def test_walking_and_looking_up_find_the_same_splits(umi):
    """The kernel's two ways through a node agree: factors that all cells express make it look up nearly all nodes."""
    x, _, _ = umi
    y = x[:, 31]
    dense_factors = np.random.default_rng(0).random((200, 40)).round(2) * 1e-3 + 1.0
    for factors in (x[:, :30], np.hstack([x[:, :30], dense_factors])):
        mine, reference = boost(factors, y), boost_slowly(factors, y, 1)
        assert mine[1] == reference[1]
        np.testing.assert_allclose(mine[0], reference[0], rtol=1e-6, atol=1e-10)

"""Labels swapped within models: calibrated without an effect, sharp with one, whatever the numbers of replicates."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from simulators import studies as simulated

from scripts.stats import flips, paired, permutation

REPLICATES = {"HBCx95": 3, "HBCx39": 2, "HBCx172": 4}


def draw(sheet: pd.DataFrame, n: int, rng: np.random.Generator, effect: float = 0.0, correlation: float = 0.0):
    """Return samples × features: models differ, features are correlated, the first ten change by ``effect``."""
    common = rng.normal(size=(len(sheet), 1))
    noise = np.sqrt(1 - correlation) * rng.normal(size=(len(sheet), n)) + np.sqrt(correlation) * common
    model = pd.Categorical(sheet["model"]).codes
    noise += rng.normal(0, 2, (model.max() + 1, n))[model]
    noise[:, :10] += effect * (sheet["timepoint"] == "persister").to_numpy()[:, None]
    return pd.DataFrame(noise, index=sheet.index, columns=[f"f{i}" for i in range(n)])


def run(values, sheet, seed=0):
    return permutation.test(values, sheet, "untreated", "persister", seed=seed)


@pytest.mark.parametrize(
    "replicates, relapse", [({}, 0), (REPLICATES, 2)], ids=["a sample each", "unequal replicates and relapse"]
)
def test_p_values_are_uniform_without_an_effect(replicates, relapse):
    """Kolmogorov-Smirnov over 800 independent features; the steps of 1/128 (8 models) move it by 0.008 at most."""
    sheet = simulated.sheet_of(8, relapse, replicates)
    found = run(draw(sheet, 800, np.random.default_rng(3)), sheet)
    assert stats.kstest(found["p_perm"] - found["p_perm_min"] / 2, "uniform").pvalue > 0.01
    assert found["p_perm"].min() >= found["p_perm_min"].min() > 0


def test_family_wise_error_is_held_where_features_are_correlated():
    """200 studies without an effect, 30 features each: a false call at 5 % in 5 % of them (binomial 99.9 %: 22)."""
    sheet = simulated.sheet_of(8, 0)
    rng = np.random.default_rng(5)
    calls = sum(run(draw(sheet, 30, rng, correlation=0.5), sheet)["fwer"].min() <= 0.05 for _ in range(200))
    assert calls <= 22


def test_planted_changes_are_called_and_few_others():
    sheet = simulated.sheet_of(8, 2, REPLICATES)
    found = run(draw(sheet, 300, np.random.default_rng(7), effect=3.0), sheet)
    assert (found["fwer"].head(10) <= 0.05).all() and (found["fwer"].tail(290) > 0.05).all()
    called = found["fdr_perm"] <= 0.1
    assert called.head(10).all() and called.tail(290).sum() <= 3
    assert (found["fwer"] >= found["p_perm"]).all()


def test_with_a_sample_each_it_is_the_flip_of_signs():
    sheet = simulated.sheet_of(7, 0)
    values = draw(sheet, 50, np.random.default_rng(11), effect=1.0)
    table = paired.over_arms(paired.differences(values, sheet, "untreated", "persister"))
    found = run(values, sheet)
    np.testing.assert_allclose(found["p_perm"], flips.sign_flip_p(table.to_numpy(), 0), rtol=0, atol=1e-12)
    assert (found["exact"] == "yes").all() and (found["n_permutations"] == 2**7).all()
    assert found["p_perm_min"].iloc[0] == flips.smallest_p(7)


def test_the_observed_deal_is_the_difference_that_is_reported():
    sheet = simulated.sheet_of(4, 2, REPLICATES)
    values = draw(sheet, 5, np.random.default_rng(2))
    weights = permutation.contrast_weights(sheet, "untreated", "persister")
    table = paired.over_arms(paired.differences(values, sheet, "untreated", "persister"))
    deals = permutation.deal(weights, 0)
    np.testing.assert_allclose(deals.weights[0] @ values.to_numpy(), table.mean(), atol=1e-12)
    assert not weights.loc[sheet["timepoint"] == "relapse"].to_numpy().any()


def test_all_orders_are_those_of_itertools():
    values = np.array([-0.5, -0.5, 1.0, 0.0])
    orders = permutation.all_orders(values)
    assert {tuple(order) for order in orders.tolist()} == set(permutations(values.tolist()))
    assert len(orders) == permutation.count_orders(values) == 12 and orders[0].tolist() == values.tolist()


def test_many_deals_are_drawn_the_same_again():
    sheet = simulated.sheet_of(3, 0, dict.fromkeys(simulated.MODELS, 8))
    values = draw(sheet, 20, np.random.default_rng(4), effect=2.0)
    first, again = run(values, sheet, 1), run(values, sheet, 1)
    pd.testing.assert_frame_equal(first, again)
    assert (first["exact"] == "no").all() and (first["n_permutations"] == permutation.DRAWS + 1).all()
    assert (first["p_perm"].head(10) < 0.01).all()


@pytest.mark.parametrize("models", [0, 1], ids=["no model", "one model"])
def test_what_cannot_be_told_is_empty(models):
    sheet = simulated.sheet_of(max(models, 1), 0)
    sheet = sheet if models else sheet[sheet["timepoint"] == "untreated"]
    found = run(draw(sheet, 12, np.random.default_rng(0)), sheet)
    assert found[["p_perm", "fwer", "fdr_perm"]].isna().all(axis=None)


def test_one_model_gives_no_p_value_however_many_tumours_it_has():
    """Five and five tumours can be dealt in 252 ways, of which none says anything about another patient."""
    sheet = simulated.sheet_of(1, 0, {"HBCx95": 5})
    found = run(draw(sheet, 12, np.random.default_rng(0), effect=9.0), sheet)
    assert found[["p_perm", "p_perm_min", "fwer", "fdr_perm"]].isna().all(axis=None)
    both = simulated.sheet_of(2, 0, {"HBCx95": 5, "HBCx39": 5})
    assert run(draw(both, 12, np.random.default_rng(0)), both)["p_perm"].notna().all()


def test_a_feature_that_a_model_lacks_is_left_out_and_one_that_never_varies_too():
    sheet = simulated.sheet_of(5, 0)
    values = draw(sheet, 20, np.random.default_rng(0))
    values.iloc[0, 3] = np.nan
    values["f4"] = 1.0
    found = run(values, sheet)
    assert np.isnan(found.loc["f3", "p_perm"]) and found["p_perm"].notna().sum() >= 18
    assert found.loc["f4", "p_perm"] == 1.0

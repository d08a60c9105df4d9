"""Flipping the signs of whole models against brute force and SciPy."""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from scipy import stats

from scripts.stats import flips


def brute_force(values: list[float]) -> float:
    sums = [
        abs(sum(s * v for s, v in zip(flip, values, strict=True)))
        for flip in itertools.product([1, -1], repeat=len(values))
    ]
    return np.mean([total >= abs(sum(values)) - 1e-12 for total in sums])


@pytest.mark.parametrize(
    "values", [[1, 2], [1, -2, 3], [0.3, 0.1, 0.2, 0.4, 0.9], [1, 1, 1, -1, -1, 0, 0], [5, -5, 1, 2, -3, 4, 4, 1]]
)
def test_sign_flip_is_all_flips(values):
    p = flips.sign_flip_p(np.array(values, dtype=float)[:, None], seed=0)[0]
    assert p == pytest.approx(brute_force(values), abs=1e-15)


def test_sign_flip_equals_scipys_exact_permutation_test():
    values = np.random.default_rng(1).normal(0.4, 1, size=(9, 20))
    expected = stats.permutation_test((values,), lambda x, axis: np.abs(x.mean(axis)), permutation_type="samples",
                                      n_resamples=np.inf, alternative="greater", axis=0).pvalue  # fmt: skip
    np.testing.assert_allclose(flips.sign_flip_p(values, seed=0), expected, atol=1e-12)


@pytest.mark.parametrize(("n", "expected"), [(2, 0.5), (3, 0.25), (5, 0.0625), (8, 0.0078125)])
def test_smallest_p_is_reached_when_all_agree(n, expected):
    assert flips.smallest_p(n) == expected
    assert flips.sign_flip_p(np.arange(1.0, n + 1)[:, None], seed=0)[0] == expected


def test_no_difference_anywhere_gives_p_of_one():
    assert flips.sign_flip_p(np.zeros((5, 1)), seed=0)[0] == 1.0


@given(arrays.arrays(float, (6, 3), elements=st.floats(-10, 10, allow_subnormal=False)), st.floats(0.01, 100))
@settings(max_examples=60, deadline=None)
def test_sign_flip_knows_neither_unit_nor_direction(values, scale):
    p = flips.sign_flip_p(values, seed=0)
    np.testing.assert_allclose(flips.sign_flip_p(-values, seed=0), p)
    np.testing.assert_allclose(flips.sign_flip_p(values * scale, seed=0), p)
    assert ((p >= flips.smallest_p(6)) & (p <= 1)).all()


@pytest.mark.parametrize("n", [3, 5, 8])
@pytest.mark.parametrize("kind", ["normal", "heavy tails", "unequal spread"])
def test_sign_flip_is_calibrated_under_the_null(n, kind):
    rng = np.random.default_rng(n)
    size = 4000
    values = rng.standard_t(1.5, size=(n, size)) if kind == "heavy tails" else rng.normal(size=(n, size))
    if kind == "unequal spread":
        values *= np.geomspace(0.05, 5, n)[:, None]
    p = flips.sign_flip_p(values, seed=0)
    # Without ties p is uniform over the multiples of 2 / 2^n: a share of p's up to such a level is that level.
    for level in np.arange(1, min(2 ** (n - 1), 16) + 1) * 2 / 2**n:
        error = np.sqrt(level * (1 - level) / size)
        assert abs((p <= level + 1e-12).mean() - level) <= 4 * error + 1e-12


def test_many_models_draw_flips_and_come_close_to_the_exact_value():
    rng = np.random.default_rng(2)
    values = rng.normal(0.35, 1, size=(18, 5))
    drawn = flips.sign_flip_p(values, seed=1)
    assert not flips.signs(18, 0)[1] and flips.signs(16, 0)[1]
    np.testing.assert_array_equal(drawn, flips.sign_flip_p(values, seed=1))
    every = np.array([[1.0, *flip] for flip in itertools.product([1.0, -1.0], repeat=17)])
    exact = (np.abs(every @ values) >= np.abs(values.sum(axis=0)) - 1e-9).mean(axis=0)
    # 100,000 draws: four standard errors
    assert (np.abs(drawn - exact) <= 4 * np.sqrt(exact * (1 - exact) / flips.DRAWS) + 1e-5).all()


# -- all features together


def by_hand(table: np.ndarray) -> np.ndarray:
    """Return the single-step family-wise error of each feature over all flips, mirror images included."""

    def statistic(values):
        error = values.std(axis=0, ddof=1) / np.sqrt(len(values))
        return np.abs(values.mean(axis=0)) / (error + np.median(error))

    observed = statistic(table)
    highest = [
        statistic(np.array(flip)[:, None] * table).max() for flip in itertools.product([1, -1], repeat=len(table))
    ]
    return (np.array(highest)[:, None] >= observed - 1e-12).mean(axis=0)


def test_family_wise_error_of_the_first_feature_is_that_of_the_maximum_over_all_flips():
    table = np.random.default_rng(3).normal(0.4, 1, (7, 12))
    found = flips.family_wise(pd.DataFrame(table), 0)
    first = int(found["fwer"].argmin())
    assert found["fwer"].iloc[first] == pytest.approx(by_hand(table)[first])
    # Step-down: never larger than the single step.
    assert (found["fwer"] <= by_hand(table) + 1e-12).all()
    assert (found["fwer_min"] == 1 / 64).all() and (found["n_flips"] == 64).all() and (found["exact"] == "yes").all()


def test_family_wise_error_is_held_where_tumours_are_many_in_one_model_and_spread_unequally():
    """300 studies of four patients with 5 tumours and one each, sd .2 and .6; five patients are needed for .0625."""
    rng, calls = np.random.default_rng(5), 0
    for _ in range(300):
        sd = np.array([0.6, 0.2, 0.2, 0.2, 0.2, 0.6])[:, None]
        common = rng.normal(size=(6, 1))
        table = sd * (0.7 * common + 0.7 * rng.normal(size=(6, 20)))
        calls += flips.family_wise(pd.DataFrame(table), 0)["fwer"].min() <= 0.0625
    # binomial 99.9 %
    assert calls <= stats.binom.ppf(0.999, 300, 0.0625)


def test_family_wise_error_calls_what_is_planted():
    table = np.random.default_rng(7).normal(0, 0.5, (8, 100))
    table[:, :10] += 2.5
    found = flips.family_wise(pd.DataFrame(table), 0)["fwer"]
    assert (found[:10] <= 0.05).all() and (found[10:] > 0.05).mean() > 0.95


def test_family_wise_error_leaves_absent_models_out_and_says_nothing_below_three():
    table = pd.DataFrame(np.random.default_rng(1).normal(1, 0.3, (5, 6)))
    table.iloc[0, 2], table.iloc[:3, 3], table[4] = np.nan, np.nan, 0.0
    found = flips.family_wise(table, 0)
    assert found["fwer"].isna().tolist() == [False, False, False, True, True, False]
    assert flips.family_wise(table.iloc[:2], 0)["fwer"].isna().all()
    assert flips.family_wise(table.iloc[:0], 0)["fwer"].isna().all()


def test_many_models_draw_the_same_flips_again():
    table = pd.DataFrame(np.random.default_rng(2).normal(0.5, 1, (20, 4)))
    first, again = flips.family_wise(table, 1), flips.family_wise(table, 1)
    pd.testing.assert_frame_equal(first, again)
    assert (first["exact"] == "no").all() and (first["n_flips"] == flips.JOINT_DRAWS).all()

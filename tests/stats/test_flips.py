"""Flipping the signs of whole models against brute force and SciPy."""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from scripts.stats import flips


def brute_force(values: list[float]) -> float:
    sums = [
        abs(sum(s * v for s, v in zip(flip, values, strict=True)))
        for flip in itertools.product([1, -1], repeat=len(values))
    ]
    return np.mean([total >= abs(sum(values)) - 1e-12 for total in sums])


@pytest.mark.parametrize(("n", "expected"), [(2, 0.5), (3, 0.25), (5, 0.0625), (8, 0.0078125)])
def test_smallest_p_is_reached_when_all_agree(n, expected):
    assert flips.smallest_p(n) == expected == brute_force(list(range(1, n + 1)))


def test_up_to_sixteen_models_all_flips_are_tried():
    every, exact = flips.signs(16, 0)
    assert exact and len(np.unique(every, axis=0)) == 2**15 and (every[0] == 1).all()
    drawn, exact = flips.signs(18, 0)
    assert not exact and len(drawn) == flips.DRAWS and (drawn[0] == 1).all()
    np.testing.assert_array_equal(drawn, flips.signs(18, 0)[0])


@pytest.mark.parametrize("n", [2, 4])
def test_rotations_are_orthogonal_and_uniform(n):
    """A uniform rotation takes every vector to every direction alike: entries have mean 0 and variance 1 / n."""
    drawn = flips.rotations(n, 4000, np.random.default_rng(0))
    np.testing.assert_allclose(drawn @ drawn.transpose(0, 2, 1), np.broadcast_to(np.eye(n), drawn.shape), atol=1e-12)
    assert np.abs(drawn.mean(axis=0)).max() < 4 / np.sqrt(n * 4000)
    np.testing.assert_allclose((drawn**2).mean(axis=0), 1 / n, atol=0.03)
    assert abs((np.linalg.det(drawn) > 0).mean() - 0.5) < 4 * 0.5 / np.sqrt(4000)


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


@pytest.mark.full
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

"""Labels permuted within models: every order once, or a number of draws that a seed repeats."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pandas as pd

from scripts.stats import permutation


def test_all_orders_are_those_of_itertools():
    values = np.array([-0.5, -0.5, 1.0, 0.0])
    orders = permutation.all_orders(values)
    assert {tuple(order) for order in orders.tolist()} == set(permutations(values.tolist()))
    assert len(orders) == permutation.count_orders(values) == 12 and orders[0].tolist() == values.tolist()


def test_deals_keep_each_model_s_labels_and_begin_with_the_observed():
    weights = pd.DataFrame({"A": [-1.0, 0.5, 0.5, 0, 0], "B": [0, 0, 0, -1.0, 1.0]})
    deals = permutation.deal(weights, 0)
    assert deals.exact and len(deals.weights) == 3 * 2
    np.testing.assert_allclose(deals.weights[0], weights.mean(axis=1))
    assert len({tuple(row) for row in deals.weights}) == 6
    for row in deals.weights:
        assert sorted(row[:3] * 2) == [-1.0, 0.5, 0.5] and sorted(row[3:] * 2) == [-1.0, 1.0]


def test_many_deals_are_drawn_the_same_again():
    weights = pd.DataFrame(np.kron(np.eye(3), np.repeat([-0.125, 0.125], 8)[:, None]))
    first, again = permutation.deal(weights, 1), permutation.deal(weights, 1)
    assert not first.exact and len(first.weights) == permutation.DRAWS + 1
    np.testing.assert_array_equal(first.weights, again.weights)
    np.testing.assert_allclose(first.weights[0], weights.mean(axis=1))

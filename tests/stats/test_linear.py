"""Linear models of many genes: those that no sample of a platform has are left open, and change no other."""

import numpy as np

from scripts.stats import linear


def test_a_gene_that_no_sample_has_is_left_open():
    design = np.array([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0], [0.0, 1.0]])
    contrasts = np.array([[-1.0, 1.0]])
    values = np.array([[1.0, np.nan, 5.0], [2.0, np.nan, 5.5], [4.0, np.nan, 4.0], [6.0, np.nan, 4.5]])
    found = linear.fit(values, design, contrasts)
    alone = linear.fit(values[:, [0, 2]], design, contrasts)
    assert np.isnan(found.effect[1]).all() and np.isnan(found.variance[1]) and found.df[1] == 0
    np.testing.assert_allclose(found.effect[[0, 2]], alone.effect)
    np.testing.assert_allclose(alone.effect[:, 0], [3.5, -1.0])

"""The score in models left out, against studies without a shared change in which all is learned again."""

import numpy as np
import pytest

from scripts.expression import left_out


def study(rng, n: int, shift: float = 0.0, noisy: bool = False) -> np.ndarray:
    """Return changes of models × 200 genes that vary together in blocks of 20; 40 genes shift, half of them down."""
    common = np.repeat(rng.normal(size=(n, 10)), 20, axis=1)
    values = 0.4 * (np.sqrt(0.2) * common + np.sqrt(0.8) * rng.normal(size=(n, 200)))
    values *= np.linspace(0.7, 1.6, n)[:, None] if noisy else 1.0
    values[:, :40] += shift * np.where(np.arange(40) % 2, 1, -1)
    return values


@pytest.mark.full
@pytest.mark.parametrize("n, noisy", [(3, False), (6, True)])
def test_type_1_error_of_the_null(n, noisy):
    """120 studies: 5 % and three standard errors (6.0). All 32 flips of six models are tried."""
    rng = np.random.default_rng(n)
    p = np.array([left_out.null_of(study(rng, n, noisy=noisy), 15, seed, draws=40).p for seed in range(120)])
    assert 0.0 < (p <= 0.05).mean() <= 0.11


def test_a_shared_change_is_found_with_three_models_and_with_eight():
    rng = np.random.default_rng(0)
    for n, least in ((3, 0.7), (8, 0.95)):
        p = [left_out.null_of(study(rng, n, shift=0.8), 15, seed, draws=60).p for seed in range(12)]
        assert (np.array(p) <= 0.05).mean() >= least


def test_all_flips_are_tried_where_they_are_few_and_two_models_have_no_p():
    rng = np.random.default_rng(1)
    found = left_out.null_of(study(rng, 7, shift=2.0), 15, 0)
    assert found.method == "all 64 flips" and found.p == pytest.approx(1 / 64)
    assert left_out.null_of(study(rng, 4), 15, 0, draws=99).method == "99 rotations"
    assert left_out.null_of(study(rng, 12), 15, 0, draws=49).method == "49 flips"
    assert np.isnan(left_out.null_of(study(rng, 2), 15, 0).p)


def test_the_mirror_image_of_a_study_scores_the_same():
    changes = study(np.random.default_rng(2), 5, shift=0.3)
    one, other = (left_out.changes_left_out(values, [10, 20]) for values in (changes, -changes))
    np.testing.assert_allclose(one, other)


def test_several_sizes_at_once_are_each_size_alone():
    changes = study(np.random.default_rng(3), 6, shift=0.2)
    both = left_out.nulls_of(changes, [5, 20], 0)
    assert [both[0].p, both[1].p] == [left_out.null_of(changes, size, 0).p for size in (5, 20)]

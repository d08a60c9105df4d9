"""The mixture that gives the fraction: against its own model, and against what counting or averaging would say."""

import numpy as np
import pytest

from scripts.biopsy import fraction

RNG = np.random.default_rng(0)
TRAINING = tuple([RNG.normal(mean + shift, 0.4, 1000) for shift in (-0.1, 0.0, 0.1)] for mean in (0.0, 1.0))
SHIFTS = np.array(
    [[-0.1, -0.1], [0.0, 0.05], [0.1, 0.05], [-0.05, 0.0], [0.05, -0.05], [0.0, 0.1], [-0.1, 0.0], [0.1, 0.0]]
)


@pytest.fixture(scope="module")
def states():
    return fraction.learn_states(TRAINING)


def draw(share: float, shift: float, n: int, seed: int) -> np.ndarray:
    """Return the scores of a patient whose two states are shifted."""
    rng = np.random.default_rng(seed)
    persister = round(n * share)
    return np.concatenate([rng.normal(shift, 0.4, n - persister), rng.normal(1 + shift, 0.4, persister)])


def test_densities_are_those_of_the_states(states):
    assert states.means == pytest.approx((0.0, 1.0), abs=0.05)
    for density in states.densities:
        assert np.trapezoid(density, states.grid) == pytest.approx(1)
        spread = np.sqrt(np.trapezoid(density * states.grid**2, states.grid))
        assert spread == pytest.approx(0.4, rel=0.1)


@pytest.mark.parametrize("share", [0.0, 0.5, 0.9])
def test_estimates_are_near_where_averages_are_not(states, share):
    """Patients shifted by 0.15, beyond what training models were: a mean of scores would be off by these 15 points."""
    found = [fraction.estimate(draw(share, 0.15, 300, seed), states, SHIFTS, 0.95) for seed in range(15)]
    average = np.mean([f.fraction for f in found])
    assert average == pytest.approx(share, abs=0.05)
    held = np.mean([f.low <= share <= f.high for f in found])
    assert held >= 0.8


def test_intervals_narrow_with_cells_and_widen_with_differences_between_patients(states):
    def width(n: int, shifts: np.ndarray) -> float:
        found = [fraction.estimate(draw(0.3, 0.0, n, seed), states, shifts, 0.95) for seed in range(4)]
        return float(np.mean([one.high - one.low for one in found]))

    assert width(50, SHIFTS) > 1.5 * width(500, SHIFTS)
    assert width(200, 4 * SHIFTS) > 1.05 * width(200, 0.1 * SHIFTS)


def test_shifts_are_found(states):
    found = fraction.estimate(draw(0.5, 0.2, 1000, 2), states, 2 * SHIFTS, 0.95)
    assert found.shift == pytest.approx((0.2, 0.2), abs=0.08)


@pytest.mark.parametrize("n", [0, 1, 2])
def test_too_few_models_give_no_interval(states, n):
    found = fraction.estimate(draw(0.5, 0.0, 300, 6), states, SHIFTS[:n], 0.95)
    assert found.fraction == pytest.approx(0.5, abs=0.1) and np.isnan([found.low, found.high]).all()


def test_a_shift_between_the_nodes_of_a_coarse_grid_is_found(states):
    """Cells tell their shift to 0.01; nodes 0.7 standard deviations apart would be off by up to 0.1."""
    for shift in (-0.13, 0.04, 0.11):
        found = fraction.estimate(draw(0.5, shift, 3000, 7), states, 3 * SHIFTS, 0.95)
        assert found.shift == pytest.approx((shift, shift), abs=0.04)


def test_a_single_cell_leaves_all_open(states):
    found = fraction.estimate(np.array([1.0]), states, SHIFTS, 0.95)
    assert found.high - found.low > 0.7 and found.chance.shape == (1,)


def test_chances_are_calibrated(states):
    """Of cells said to be persisters with a chance around 0.3 (0.7), about that part is."""
    n = 20_000
    scores = draw(0.4, 0.0, n, 3)
    truth = np.arange(n) >= n - round(0.4 * n)
    chance = fraction.estimate(scores, states, SHIFTS, 0.95).chance
    for low, high in ((0.2, 0.4), (0.6, 0.8)):
        inside = (chance > low) & (chance < high)
        assert inside.sum() > 300
        assert truth[inside].mean() == pytest.approx(chance[inside].mean(), abs=0.08)


def test_cells_of_neither_state_show_in_the_misfit(states):
    good = fraction.estimate(draw(0.3, 0.0, 400, 4), states, SHIFTS, 0.95)
    strange = fraction.estimate(np.random.default_rng(5).normal(0.5, 0.05, 400), states, SHIFTS, 0.95)
    assert good.misfit < 0.06 < 0.2 < strange.misfit


def test_the_interval_is_the_shortest_that_holds():
    posterior = np.zeros(201)
    posterior[[0, 1, 100]] = 0.9, 0.08, 0.02
    assert fraction.highest_density(posterior, 0.95) == (0.0, 0.005)

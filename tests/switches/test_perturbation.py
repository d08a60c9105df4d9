"""Factors silenced in a model of the persisters: ridge as scikit-learn's, propagation by hand, joined over models."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from sklearn.linear_model import Ridge

from scripts.switches.evidence import join_perturbations, perturbation

GENES = pd.Index([f"g{i}" for i in range(60)])


def edges_of(pairs: dict[str, list[str]]) -> pd.DataFrame:
    return pd.DataFrame([(tf, target) for tf, own in pairs.items() for target in own], columns=["tf", "target"])


@pytest.fixture(scope="module")
def cells() -> np.ndarray:
    """Cells × genes: g0 drives g10 to g19, g1 drives g2 (a factor), which drives g20 to g24."""
    rng = np.random.default_rng(0)
    values = rng.normal(2, 0.3, (400, len(GENES)))
    values[:, 0] = rng.normal(1.5, 0.5, 400)
    values[:, 10:20] += 0.8 * values[:, [0]]
    values[:, 2] += 0.9 * (values[:, 1] - 2)
    values[:, 20:25] += 0.7 * (values[:, [2]] - 2)
    return np.maximum(values, 0)


EDGES = edges_of(
    {"g0": [f"g{i}" for i in range(10, 20)], "g1": ["g2"], "g2": [f"g{i}" for i in range(20, 25)], "g3": ["g30", "g10"]}
)


@pytest.mark.parametrize("form", [np.asarray, sparse.csr_matrix], ids=["dense", "sparse"])
def test_coefficients_are_those_of_ridge(cells, form):
    network, names = perturbation.build_network(EDGES, GENES)
    found = perturbation.fit(perturbation.moments_of(form(cells), network.factors), network, alpha=10.0)
    for target in ("g10", "g30", "g22"):
        own = [names.index(tf) for tf in EDGES.loc[EDGES["target"] == target, "tf"]]
        x = cells[:, network.factors[own]]
        sd = x.std(axis=0)
        reference = Ridge(alpha=10.0).fit((x - x.mean(axis=0)) / sd, cells[:, GENES.get_loc(target)]).coef_ / sd
        np.testing.assert_allclose(found[own, GENES.get_loc(target)], reference, rtol=1e-8)
    assert network.out_degree().tolist() == [10, 1, 5, 2]


def test_strata_leave_differences_between_samples_out(cells):
    """A shift of factor and targets between samples, with none inside them, must not make a slope."""
    network, names = perturbation.build_network(EDGES, GENES)
    shifted, sample = cells.copy(), np.repeat([0, 1], 200)
    shifted[200:, [3, 30]] += 5
    inside = perturbation.fit(perturbation.moments_of(shifted, network.factors, sample), network, 1.0)
    pooled = perturbation.fit(perturbation.moments_of(shifted, network.factors), network, 1.0)
    at = names.index("g3"), GENES.get_loc("g30")
    assert abs(inside[at]) < 0.15 < 0.8 < pooled[at]


def test_a_change_is_passed_on_along_the_edges():
    """g0 → g1 (0.5) → g2 (0.4) → g3 (0.2), and back g1 → g0: held, so that it doesn't come round."""
    factors = np.array([0, 1, 2])
    coefficients = np.zeros((3, 5))
    coefficients[0, 1], coefficients[1, 2], coefficients[2, 3], coefficients[1, 0] = 0.5, 0.4, 0.2, 7.0
    weights = np.array([100.0, 1.0, 10.0, 1000.0, 1.0])
    by_hand = {1: 0.5, 2: 0.5 + 0.5 * 0.4 * 10, 3: 0.5 + 0.5 * 0.4 * 10 + 0.5 * 0.4 * 0.2 * 1000}
    for steps, expected in by_hand.items():
        assert perturbation.respond(coefficients, factors, weights, steps)[0] == pytest.approx(expected)


def silence(cells, signature, **options):
    """Silence in cells of which the first half is untreated, with g0 and its targets lower."""
    untreated = cells[:200].copy()
    untreated[:, 0] *= 0.3
    untreated[:, 10:20] -= 0.8 * 0.7 * cells[:200, [0]]
    values = np.vstack([untreated, cells[200:]])
    persister = np.arange(400) >= 200
    given = {"alpha": 1.0, "steps": 3} | options
    return perturbation.silence(values, GENES, persister, ~persister, EDGES, signature, **given)


def test_the_driver_takes_the_programme_back_and_others_do_not(cells):
    signature = pd.Series(1.0, index=[f"g{i}" for i in range(10, 20)])
    table = silence(cells, signature)
    own = table.set_index("tf")
    share = -own["zero_change"] / own["programme_shift"]
    assert share["g0"] > 0.9 and share.drop("g0").abs().max() < 0.1
    back = -own.loc["g0", "untreated_change"] / own.loc["g0", "programme_shift"]
    assert back == pytest.approx(1.0, abs=0.1)
    assert own.loc["g0", "classed_untreated"] < 0.1 < 0.8 < own.loc["g0", "classed_before"]


def test_beside_it_stands_the_mean_change_of_the_targets(cells):
    own = silence(cells, pd.Series(1.0, index=[f"g{i}" for i in range(10, 20)])).set_index("tf")["targets_change"]
    untreated = cells[:200].copy()
    untreated[:, 10:20] -= 0.8 * 0.7 * cells[:200, [0]]
    change = cells[200:].mean(axis=0) - untreated.mean(axis=0)
    for tf, targets in {"g0": range(10, 20), "g1": [2], "g2": range(20, 25), "g3": [30, 10]}.items():
        assert own[tf] == pytest.approx(change[list(targets)].mean())


def test_joint_shares_are_sums_over_the_models_that_have_the_factor():
    rows = pd.DataFrame(
        {
            "model": ["P1", "P2", "P1", "all models", "all models"],
            "tf": ["A", "A", "B", "A", "B"],
            "out_degree": 5,
            "programme_shift": [1.0, 3.0, 1.0, 2.0, 1.0],
            "zero_change": [-0.5, -0.3, 0.2, -0.4, 0.2],
            "untreated_change": [-0.1, -0.1, 0.0, -0.1, 0.0],
            "targets_change": [0.4, 0.2, 0.1, 0.3, 0.1],
        }
    )
    found = join_perturbations.shares_of(rows).set_index(["model", "tf", "level"])
    assert found.loc[("all models", "A", "zero"), "share"] == pytest.approx(0.8 / 4)
    assert found.loc[("P1", "A", "zero"), "share"] == pytest.approx(0.5)
    assert found.loc[("all models", "B", "zero"), "share"] == pytest.approx(-0.2)
    assert found.loc[("all models", "A", "untreated"), "targets_change"] == pytest.approx(0.3)


@pytest.mark.parametrize("kind", ["few cells", "no baseline", "no signature", "no factor"])
def test_what_cannot_be_silenced_gives_no_rows(cells, kind):
    signature = pd.Series(1.0, index=["g10"]) if kind != "no signature" else pd.Series(dtype=float)
    persister = np.arange(400) < (10 if kind == "few cells" else 200)
    untreated = np.zeros(400, dtype=bool) if kind == "no baseline" else ~persister
    edges = edges_of({"other": ["g10"]}) if kind == "no factor" else EDGES
    table = perturbation.silence(cells, GENES, persister, untreated, edges, signature, alpha=1.0, steps=3)
    assert table.empty and list(table) == perturbation.KNOCKOUT[1:]

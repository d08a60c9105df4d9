"""The demo's perturbations against what was planted: one factor that is switched on, and one that does nothing."""

import pandas as pd
import pytest
from checkout import only_whole

pytestmark = only_whole


@pytest.fixture(scope="module")
def planted(truth) -> pd.DataFrame:
    """Return factor and gain of each perturbation."""
    return pd.read_csv(truth / "perturbations.tsv", sep="\t").set_index("perturbation")


@pytest.fixture(scope="module")
def found(results) -> pd.DataFrame:
    """Return what was found, by perturbation."""
    return pd.read_csv(results / "perturbations" / "perturbations.tsv", sep="\t").set_index("perturbation")


def test_a_factor_whose_module_follows_is_tested_on_and_an_idle_one_contradicted(results, planted):
    factors = pd.read_csv(results / "perturbations" / "factors.tsv", sep="\t").set_index("tf")["tested"]
    switches = pd.read_csv(results / "switches" / "switches.tsv", sep="\t").set_index("tf")["tested"]
    wanted = {row.factor: "switched on" if row.gain else "contradicted" for row in planted.itertuples()}
    assert len(set(wanted.values())) == 2 and factors.to_dict() == wanted
    assert {tf: switches[tf] for tf in wanted} == wanted
    assert set(switches.drop(list(wanted))) == {"not tested"}


def test_the_targets_of_the_factor_follow_and_no_others(found, planted):
    """Of FOSL1's targets ≥ 0.9 rise (measured: all 20); the idle factor's shift by less than 0.2 log2 (0.06)."""
    active = planted.index[planted["gain"] > 0]
    assert (found.loc[active, "targets_follow"] >= 0.9).all() and (found.loc[active, "targets_p"] < 0.001).all()
    idle = found.loc[planted.index[planted["gain"] == 0]]
    assert (idle["targets_shift"].abs() < 0.2).all() and (idle["own_log_fc"] > 1.5).all()
    assert (idle["programme_share_high"] < 0.2).all()


def test_what_shows_that_a_factor_changed_is_named(found, planted):
    """The table has no p-values: targets show it of FOSL1; of the idle factor the config states it."""
    shown = {name: "targets" if gain else "stated" for name, gain in planted["gain"].items()}
    assert found["own_p"].isna().all() and found["factor_changed"].to_dict() == shown

"""Differences within models and what they say over models, on simulated activity with known truth."""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from scipy import stats

from scripts.stats import moderation, paired

UNIT = pd.Series({"r": 1.0, "s": 1.0, "x": 1.0})


def matrix(values: list[float], name: str = "r") -> pd.DataFrame:
    return pd.DataFrame({name: values}, index=[f"P{i}" for i in range(len(values))])


# -- differences


def test_difference_is_treated_minus_baseline(simulate):
    sheet = simulate.paired_sheet(["P1", "P2"], relapse=["P1"])
    values = pd.DataFrame({"up": [1.0, 3.0, 2.0, 1.0, 4.0], "down": [5.0, 1.0, 5.0, 2.0, 0.0]}, index=sheet.index)
    found = paired.differences(values, sheet, "untreated", "persister")
    assert found.loc[("P1", "drug")].to_dict() == {"up": 2.0, "down": -4.0}
    assert found.loc[("P2", "drug")].to_dict() == {"up": 3.0, "down": -2.0}
    relapse = paired.differences(values, sheet, "untreated", "relapse")
    assert relapse.index.tolist() == [("P1", "drug")] and relapse.loc[("P1", "drug"), "up"] == 1.0


def test_replicates_are_averaged_before_arms_and_arms_weigh_the_same(simulate):
    rows = [("u1", "P", "untreated", "none"), ("u2", "P", "untreated", "vehicle"), ("a1", "P", "persister", "A")]
    rows += [("b1", "P", "persister", "B"), ("b2", "P", "persister", "B"), ("b3", "P", "persister", "B")]
    sheet = simulate.sheet_of(rows)
    values = pd.DataFrame({"r": [0.0, 2.0, 5.0, 8.0, 9.0, 10.0]}, index=sheet.index)
    found = paired.differences(values, sheet, "untreated", "persister")
    assert found["r"].to_dict() == {("P", "A"): 4.0, ("P", "B"): 8.0}
    assert paired.over_arms(found)["r"].to_dict() == {"P": 6.0}  # a mean over samples would be 7


def test_model_without_a_baseline_or_persister_has_no_row(simulate):
    sheet = simulate.paired_sheet(["P1", "P2", "P3"]).drop(["P1_untreated", "P2_drug"])
    values = pd.DataFrame({"r": np.arange(len(sheet), dtype=float)}, index=sheet.index)
    assert paired.differences(values, sheet, "untreated", "persister").index.tolist() == [("P3", "drug")]


def test_samples_without_values_do_not_count(simulate):
    sheet = simulate.paired_sheet(["P1", "P2"])
    values = pd.DataFrame({"r": [1.0, 2.0, 3.0]}, index=["P1_untreated", "P1_drug", "P2_drug"])
    assert paired.differences(values, sheet, "untreated", "persister").index.tolist() == [("P1", "drug")]


# -- sign flips


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
    p = paired.sign_flip_p(np.array(values, dtype=float)[:, None], seed=0)[0]
    assert p == pytest.approx(brute_force(values), abs=1e-15)


def test_sign_flip_equals_scipys_exact_permutation_test():
    values = np.random.default_rng(1).normal(0.4, 1, size=(9, 20))
    expected = stats.permutation_test((values,), lambda x, axis: np.abs(x.mean(axis)), permutation_type="samples",
                                      n_resamples=np.inf, alternative="greater", axis=0).pvalue  # fmt: skip
    np.testing.assert_allclose(paired.sign_flip_p(values, seed=0), expected, atol=1e-12)


@pytest.mark.parametrize(("n", "expected"), [(2, 0.5), (3, 0.25), (5, 0.0625), (8, 0.0078125)])
def test_smallest_p_is_reached_when_all_agree(n, expected):
    assert paired.smallest_p(n) == expected
    assert paired.sign_flip_p(np.arange(1.0, n + 1)[:, None], seed=0)[0] == expected


def test_no_difference_anywhere_gives_p_of_one():
    assert paired.sign_flip_p(np.zeros((5, 1)), seed=0)[0] == 1.0


@given(arrays.arrays(float, (6, 3), elements=st.floats(-10, 10, allow_subnormal=False)), st.floats(0.01, 100))
@settings(max_examples=60, deadline=None)
def test_sign_flip_knows_neither_unit_nor_direction(values, scale):
    p = paired.sign_flip_p(values, seed=0)
    np.testing.assert_allclose(paired.sign_flip_p(-values, seed=0), p)
    np.testing.assert_allclose(paired.sign_flip_p(values * scale, seed=0), p)
    assert ((p >= paired.smallest_p(6)) & (p <= 1)).all()


@pytest.mark.parametrize("n", [3, 5, 8])
@pytest.mark.parametrize("kind", ["normal", "heavy tails", "unequal spread"])
def test_sign_flip_is_calibrated_under_the_null(n, kind):
    rng = np.random.default_rng(n)
    size = 4000
    values = rng.standard_t(1.5, size=(n, size)) if kind == "heavy tails" else rng.normal(size=(n, size))
    if kind == "unequal spread":
        values *= np.geomspace(0.05, 5, n)[:, None]
    p = paired.sign_flip_p(values, seed=0)
    # Without ties p is uniform over the multiples of 2 / 2^n: a share of p's up to such a level is that level.
    for level in np.arange(1, min(2 ** (n - 1), 16) + 1) * 2 / 2**n:
        error = np.sqrt(level * (1 - level) / size)
        assert abs((p <= level + 1e-12).mean() - level) <= 4 * error + 1e-12


def test_many_models_draw_flips_and_come_close_to_the_exact_value():
    rng = np.random.default_rng(2)
    values = rng.normal(0.35, 1, size=(18, 5))
    drawn = paired.sign_flip_p(values, seed=1)
    assert not paired.signs(18, 0)[1] and paired.signs(16, 0)[1]
    np.testing.assert_array_equal(drawn, paired.sign_flip_p(values, seed=1))
    every = np.array([[1.0, *flip] for flip in itertools.product([1.0, -1.0], repeat=17)])
    exact = (np.abs(every @ values) >= np.abs(values.sum(axis=0)) - 1e-9).mean(axis=0)
    # 100,000 draws: four standard errors
    assert (np.abs(drawn - exact) <= 4 * np.sqrt(exact * (1 - exact) / paired.DRAWS) + 1e-5).all()


# -- summary over models


def test_summary_equals_a_t_test_over_models():
    values = np.random.default_rng(0).normal(0.5, 1, size=(5, 4))
    table = pd.DataFrame(values, columns=list("abcd"))
    sd = pd.Series({"a": 2.0, "b": 0.5, "c": 1.0, "d": 4.0})
    found = paired.summarise(table, sd, seed=0)
    expected = stats.ttest_1samp(values, 0, axis=0)
    interval = expected.confidence_interval(0.95)
    np.testing.assert_allclose(found["t"], expected.statistic)
    np.testing.assert_allclose(found["p_t"], expected.pvalue)
    np.testing.assert_allclose(found["ci_low"], interval.low)
    np.testing.assert_allclose(found["ci_high"], interval.high)
    np.testing.assert_allclose(found["activity_change_sd"], values.mean(axis=0) / sd)
    np.testing.assert_allclose(found["activity_change_sd_low"], interval.low / sd)
    np.testing.assert_allclose(found["fdr_t"], stats.false_discovery_control(expected.pvalue))
    np.testing.assert_allclose(found["fdr"], stats.false_discovery_control(found["p"]))


def test_interval_covers_the_truth():
    rng = np.random.default_rng(3)
    table = pd.DataFrame(rng.normal(0.3, 0.5, size=(5, 4000)))
    found = paired.summarise(table, pd.Series(1.0, index=table.columns), seed=0)
    covered = ((found["ci_low"] <= 0.3) & (found["ci_high"] >= 0.3)).mean()
    assert 0.937 <= covered <= 0.963  # 95 % ± four standard errors of 4,000 draws


def test_sign_count_and_leave_one_out():
    found = paired.summarise(matrix([1.0, 2.0, 3.0, -0.5]), UNIT, seed=0).loc["r"]
    assert found[["n", "k", "loo_stable"]].tolist() == [4, 3, 4]
    assert found["loo_min_effect"] == pytest.approx((1.0 + 2.0 - 0.5) / 3)
    carried = paired.summarise(matrix([-0.1, -0.2, -0.1, 9.0]), UNIT, seed=0).loc["r"]
    assert carried[["k", "loo_stable"]].tolist() == [1, 3] and carried["loo_min_effect"] < 0
    falling = paired.summarise(matrix([-1.0, -2.0, -3.0, 0.5]), UNIT, seed=0).loc["r"]
    assert falling["effect"] < 0 and falling["k"] == 3 and falling["loo_min_effect"] == found["loo_min_effect"]


def test_one_model_has_an_effect_and_nothing_else():
    found = paired.summarise(matrix([0.7]), UNIT, seed=0).loc["r"]
    assert found[["n", "k", "effect", "activity_change_sd"]].tolist() == [1, 1, 0.7, 0.7]
    rest = found.drop(["n", "k", "effect", "activity_change_sd"]).astype(float)
    assert rest.isna().all(), rest


def test_no_model_has_nothing_but_its_rows():
    found = paired.summarise(matrix([]), UNIT, seed=0)
    assert found.index.tolist() == ["r"] and found.loc["r", ["n", "k"]].tolist() == [0, 0]
    assert found.drop(columns=["n", "k"]).isna().all(axis=None)
    assert paired.summarise(pd.DataFrame(index=["P0"]), UNIT, seed=0).empty


def test_two_models_have_an_interval_of_one_degree_of_freedom():
    found = paired.summarise(matrix([1.0, 2.0]), UNIT, seed=0).loc["r"]
    assert found["ci_high"] - found["effect"] == pytest.approx(12.706 * 0.5, rel=1e-4)
    assert found["p_min"] == 0.5 and found[["p", "p_t", "p_mod", "fdr_least", "same_direction"]].isna().all()


def test_flips_can_be_left_out_and_all_else_stays(monkeypatch):
    rng = np.random.default_rng(0)
    table = pd.DataFrame(rng.normal(0.3, 1, (7, 40)), index=[f"P{i}" for i in range(7)])
    table.iloc[0, :5] = np.nan
    whole = paired.summarise(table, pd.Series(1.0, index=table.columns), 0)
    monkeypatch.setattr(paired, "sign_flip_p", None)  # not to be called
    quick = paired.summarise(table, pd.Series(1.0, index=table.columns), 0, flips=False)
    pd.testing.assert_frame_equal(quick.drop(columns=["p", "fdr"]), whole.drop(columns=["p", "fdr"]))
    assert quick[["p", "fdr"]].isna().all(axis=None) and whole["p"].notna().all()


def test_models_that_lack_a_feature_do_not_count_for_it():
    table = pd.DataFrame({"r": [1.0, 2.0, 3.0, np.nan], "s": [1.0, 2.0, 3.0, 4.0], "x": [np.nan] * 4})
    found = paired.summarise(table, UNIT, seed=0)
    assert found["n"].to_dict() == {"r": 3, "s": 4, "x": 0}
    alone = paired.summarise(table[["r"]].dropna(), UNIT, seed=0)
    pd.testing.assert_series_equal(
        found.loc["r"].drop(["fdr", "fdr_t", "fdr_mod", "fdr_least"]),
        alone.loc["r"].drop(["fdr", "fdr_t", "fdr_mod", "fdr_least"]),
    )
    assert found.loc["r", "fdr"] == pytest.approx(max(alone.loc["r", "p"], found.loc["s", "p"]))  # two tests, not three


def test_no_spread_between_cells_gives_no_standardised_effect():
    found = paired.summarise(matrix([1.0, 2.0, 3.0]), pd.Series({"r": 0.0}), seed=0).loc["r"]
    assert found["effect"] == 2.0 and np.isnan(found["activity_change_sd"]) and np.isnan(found["loo_min_effect"])


def test_a_regulon_that_is_off_everywhere_is_not_called():
    found = paired.summarise(matrix([0.0] * 5), UNIT, seed=0).loc["r"]
    assert found["k"] == 0 and found["p"] == 1.0 and not found["fdr_t"] <= 0.05


def test_arms_are_summarised_on_their_own(simulate):
    sheet = simulate.paired_sheet(["P1", "P2", "P3"], arms={"P1": ["A"], "P2": ["A", "B"], "P3": ["B"]})
    values = pd.DataFrame({"r": [0.0, 1.0, 0.0, 2.0, 5.0, 0.0, 7.0]}, index=sheet.index)
    found = paired.summarise_arms(paired.differences(values, sheet, "untreated", "persister"), UNIT, seed=0)
    found = found.set_index("arm")
    assert found["n"].to_dict() == {paired.ALL_ARMS: 3, "A": 2, "B": 2}
    assert found["effect"].to_dict() == {paired.ALL_ARMS: pytest.approx((1 + 3.5 + 7) / 3), "A": 1.5, "B": 6.0}


def test_pooled_sd_gives_samples_equal_weight():
    assert paired.pooled_sd(pd.DataFrame({"r": [3.0, 4.0]}))["r"] == pytest.approx(np.sqrt(12.5))
    assert paired.pooled_sd(pd.DataFrame({"r": [3.0, np.nan]}))["r"] == 3.0


# -- relapse


def arm_rows(values: dict[tuple[str, str], float]) -> pd.DataFrame:
    return pd.DataFrame({"r": list(values.values())}, index=pd.MultiIndex.from_tuples(values, names=["model", "arm"]))


def test_relapse_lies_between_baseline_and_persister():
    persister = arm_rows({("P1", "A"): 2.0, ("P2", "A"): 4.0, ("P3", "A"): 9.0})
    relapse = arm_rows({("P1", "A"): 1.0, ("P2", "A"): 0.5})
    joined, single = paired.relapse_position(persister, relapse)
    assert joined.loc["r"].to_dict() == {"position": 0.25, "n": 2, "shift": 3.0}
    assert single["r"].to_dict() == {"P1": 0.5, "P2": 0.125}


@pytest.mark.parametrize(("relapse", "position"), [(0.0, 0.0), (-3.0, 1.0), (-6.0, 2.0), (3.0, -1.0)])
def test_position_of_a_falling_regulon_has_the_same_sense(relapse, position):
    joined, _ = paired.relapse_position(arm_rows({("P1", "A"): -3.0}), arm_rows({("P1", "A"): relapse}))
    assert joined.loc["r", "position"] == position


def test_only_arms_that_a_model_has_at_both_timepoints_count():
    persister = arm_rows({("P1", "A"): 2.0, ("P1", "B"): 6.0, ("P2", "B"): 4.0})
    relapse = arm_rows({("P1", "B"): 3.0, ("P2", "A"): 4.0})
    joined, single = paired.relapse_position(persister, relapse)
    assert joined.loc["r", "n"] == 1 and joined.loc["r", "position"] == 0.5 and list(single.index) == ["P1"]


def test_without_relapse_there_is_no_position():
    persister = arm_rows({("P1", "A"): 2.0})
    joined, single = paired.relapse_position(persister, persister.iloc[:0])
    assert joined.loc["r", "n"] == 0 and np.isnan(joined.loc["r", "position"]) and single.empty


def test_no_shift_gives_no_position_rather_than_infinity():
    joined, single = paired.relapse_position(arm_rows({("P1", "A"): 0.0}), arm_rows({("P1", "A"): 1.0}))
    assert np.isnan(joined.loc["r", "position"]) and np.isnan(single.loc["P1", "r"])


def test_moderated_p_values_are_limmas_for_one_column_of_differences():
    """An intercept alone, variances squeezed over the features: the posterior by hand, and few features left alone."""
    rng = np.random.default_rng(5)
    table = pd.DataFrame(rng.normal(0.3, rng.uniform(0.5, 2, 40), (6, 40)), columns=[f"r{i}" for i in range(40)])
    unit = pd.Series(1.0, index=table.columns)
    found = paired.summarise(table, unit, 0)
    shrunk = moderation.moderate(table.var(ddof=1).to_numpy(), np.full(40, 5.0), caution=paired.CAUTION)
    t = table.mean() / np.sqrt(shrunk.variance / 6)
    np.testing.assert_allclose(found["p_mod"], 2 * stats.t.sf(np.abs(t), shrunk.df))
    few = paired.summarise(table.iloc[:, :29], unit.iloc[:29], 0)
    np.testing.assert_array_equal(few["p_mod"], few["p_t"])


def test_moderated_p_values_are_uniform_without_a_change():
    """Models as replicates, variances that differ between features: a thousand features of four models."""
    rng = np.random.default_rng(6)
    table = pd.DataFrame(rng.normal(0, np.sqrt(rng.gamma(4, 0.25, 1000)), (4, 1000)))
    found = paired.summarise(table, pd.Series(1.0, index=table.columns), 0)
    assert stats.kstest(found["p_mod"], "uniform").pvalue > 0.01


@pytest.mark.parametrize("n", [3, 5, 8])
def test_intervals_of_activity_cover_the_true_difference(n):
    """Patients differ in how far a regulon shifts; 4,000 regulons, each with its own spread."""
    rng = np.random.default_rng(n)
    true, spread = rng.normal(0, 1, 4000), rng.uniform(0.2, 2, 4000)
    table = pd.DataFrame(rng.normal(true, spread, (n, 4000)))
    found = paired.summarise(table, pd.Series(1.0, index=table.columns), 0)
    assert 0.93 <= ((found["ci_low"] <= true) & (true <= found["ci_high"])).mean() <= 0.97

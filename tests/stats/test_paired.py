"""Differences within models and what they say over models, on simulated activity with known truth."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
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


# -- summary over models


def test_summary_equals_a_t_test_over_models():
    values = np.random.default_rng(0).normal(0.5, 1, size=(5, 4))
    table = pd.DataFrame(values, columns=list("abcd"))
    sd = pd.Series({"a": 2.0, "b": 0.5, "c": 1.0, "d": 4.0})
    found = paired.summarise(table, sd)
    expected = stats.ttest_1samp(values, 0, axis=0)
    interval = expected.confidence_interval(0.95)
    np.testing.assert_allclose(found["t"], expected.statistic)
    np.testing.assert_allclose(found["p"], expected.pvalue)
    np.testing.assert_allclose(found["ci_low"], interval.low)
    np.testing.assert_allclose(found["ci_high"], interval.high)
    np.testing.assert_allclose(found["activity_change_sd"], values.mean(axis=0) / sd)
    np.testing.assert_allclose(found["activity_change_sd_low"], interval.low / sd)
    np.testing.assert_allclose(found["fdr"], stats.false_discovery_control(found["p"]))


def test_interval_covers_the_truth():
    rng = np.random.default_rng(3)
    table = pd.DataFrame(rng.normal(0.3, 0.5, size=(5, 4000)))
    found = paired.summarise(table, pd.Series(1.0, index=table.columns))
    covered = ((found["ci_low"] <= 0.3) & (found["ci_high"] >= 0.3)).mean()
    assert 0.937 <= covered <= 0.963  # 95 % ± four standard errors of 4,000 draws


def test_sign_count_and_leave_one_out():
    found = paired.summarise(matrix([1.0, 2.0, 3.0, -0.5]), UNIT).loc["r"]
    assert found[["n", "k", "loo_stable"]].tolist() == [4, 3, 4]
    assert found["loo_min_effect"] == pytest.approx((1.0 + 2.0 - 0.5) / 3)
    carried = paired.summarise(matrix([-0.1, -0.2, -0.1, 9.0]), UNIT).loc["r"]
    assert carried[["k", "loo_stable"]].tolist() == [1, 3] and carried["loo_min_effect"] < 0
    falling = paired.summarise(matrix([-1.0, -2.0, -3.0, 0.5]), UNIT).loc["r"]
    assert falling["effect"] < 0 and falling["k"] == 3 and falling["loo_min_effect"] == found["loo_min_effect"]


def test_one_model_has_an_effect_and_nothing_else():
    found = paired.summarise(matrix([0.7]), UNIT).loc["r"]
    assert found[["n", "k", "effect", "activity_change_sd"]].tolist() == [1, 1, 0.7, 0.7]
    rest = found.drop(["n", "k", "effect", "activity_change_sd"]).astype(float)
    assert rest.isna().all(), rest


def test_no_model_has_nothing_but_its_rows():
    found = paired.summarise(matrix([]), UNIT)
    assert found.index.tolist() == ["r"] and found.loc["r", ["n", "k"]].tolist() == [0, 0]
    assert found.drop(columns=["n", "k"]).isna().all(axis=None)
    assert paired.summarise(pd.DataFrame(index=["P0"]), UNIT).empty


def test_two_models_have_neither_interval_nor_p_value():
    found = paired.summarise(matrix([1.0, 2.0]), UNIT).loc["r"]
    assert found["effect"] == 1.5 and found["loo_min_effect"] == 1.0 and found["spread"] == pytest.approx(0.5**0.5)
    assert found[["ci_low", "ci_high", "t", "p", "fdr", "fdr_least", "same_direction"]].isna().all()


def test_models_that_lack_a_feature_do_not_count_for_it():
    table = pd.DataFrame({"r": [1.0, 2.0, 3.0, np.nan], "s": [1.0, 2.0, 3.0, 4.0], "x": [np.nan] * 4})
    found = paired.summarise(table, UNIT)
    assert found["n"].to_dict() == {"r": 3, "s": 4, "x": 0}
    alone = paired.summarise(table[["r"]].dropna(), UNIT)
    pd.testing.assert_series_equal(
        found.loc["r"].drop(["fdr", "fdr_least"]),
        alone.loc["r"].drop(["fdr", "fdr_least"]),
    )
    assert found.loc["r", "fdr"] == pytest.approx(max(alone.loc["r", "p"], found.loc["s", "p"]))  # two tests, not three


def test_no_spread_between_cells_gives_no_standardised_effect():
    found = paired.summarise(matrix([1.0, 2.0, 3.0]), pd.Series({"r": 0.0})).loc["r"]
    assert found["effect"] == 2.0 and np.isnan(found["activity_change_sd"]) and np.isnan(found["loo_min_effect"])


def test_a_regulon_that_is_off_everywhere_is_not_called():
    found = paired.summarise(matrix([0.0] * 5), UNIT).loc["r"]
    assert found["k"] == 0 and not found["p"] <= 0.05


def test_arms_are_summarised_on_their_own(simulate):
    sheet = simulate.paired_sheet(["P1", "P2", "P3"], arms={"P1": ["A"], "P2": ["A", "B"], "P3": ["B"]})
    values = pd.DataFrame({"r": [0.0, 1.0, 0.0, 2.0, 5.0, 0.0, 7.0]}, index=sheet.index)
    found = paired.summarise_arms(paired.differences(values, sheet, "untreated", "persister"), UNIT)
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
    found = paired.summarise(table, unit)
    shrunk = moderation.moderate(table.var(ddof=1).to_numpy(), np.full(40, 5.0), caution=paired.CAUTION)
    t = table.mean() / np.sqrt(shrunk.variance / 6)
    np.testing.assert_allclose(found["p"], 2 * stats.t.sf(np.abs(t), shrunk.df))
    few = paired.summarise(table.iloc[:, :29], unit.iloc[:29])
    np.testing.assert_allclose(few["p"], stats.ttest_1samp(table.iloc[:, :29], 0).pvalue)


def test_moderated_p_values_are_uniform_without_a_change():
    """Models as replicates, variances that differ between features: a thousand features of four models."""
    rng = np.random.default_rng(6)
    table = pd.DataFrame(rng.normal(0, np.sqrt(rng.gamma(4, 0.25, 1000)), (4, 1000)))
    found = paired.summarise(table, pd.Series(1.0, index=table.columns))
    assert stats.kstest(found["p"], "uniform").pvalue > 0.01


@pytest.mark.parametrize("n", [3, 5, 8])
def test_intervals_of_activity_cover_the_true_difference(n):
    """Patients differ in how far a regulon shifts; 4,000 regulons, each with its own spread."""
    rng = np.random.default_rng(n)
    true, spread = rng.normal(0, 1, 4000), rng.uniform(0.2, 2, 4000)
    table = pd.DataFrame(rng.normal(true, spread, (n, 4000)))
    found = paired.summarise(table, pd.Series(1.0, index=table.columns))
    assert 0.93 <= ((found["ci_low"] <= true) & (true <= found["ci_high"])).mean() <= 0.97


# -- equal differences


def counts_of(n: int, rng: np.random.Generator) -> pd.DataFrame:
    """Return differences of log counts of 200 genes, most of them near zero, without any change."""
    rate = np.exp(rng.normal(-0.5, 1.2, 200))
    logs = np.log2(rng.poisson(rate, (2, n, 200)) + 1.0)
    return pd.DataFrame(logs[1] - logs[0])


def test_models_alike_by_chance_are_no_certainty():
    """Small counts give three patients the same difference in one gene or other of nearly every study."""
    rng = np.random.default_rng(31)
    tables = [counts_of(3, rng) for _ in range(100)]
    alike = [((table.std(ddof=1) == 0) & (table.mean() != 0)).any() for table in tables]
    assert np.mean(alike) > 0.5
    found = [paired.summarise(table, pd.Series(1.0, index=table.columns)) for table in tables]
    assert np.mean([(own["fdr"] <= 0.05).any() for own in found]) <= 0.05 + 2 * np.sqrt(0.05 * 0.95 / 100)
    assert np.mean([paired.is_shared(own, 0.05).any() for own in found]) <= 0.05 + 2 * np.sqrt(0.05 * 0.95 / 100)


def test_a_feature_with_equal_differences_has_the_error_that_the_others_tell():
    rng = np.random.default_rng(7)
    table = pd.DataFrame(rng.normal(0, 1, (3, 60))).assign(same=0.4, off=0.0)
    found = paired.summarise(table, pd.Series(1.0, index=table.columns))
    changing = table.drop(columns="off")
    shrunk = moderation.moderate(changing.var(ddof=1).to_numpy(), np.full(61, 2.0), caution=paired.CAUTION)
    assert found.loc["same", "t"] == pytest.approx(0.4 / np.sqrt(shrunk.variance[-1] / 3))
    assert found.loc["same", "ci_low"] < 0.4 < found.loc["same", "ci_high"]
    assert found.loc["off", ["t", "p", "ci_low", "ci_high", "same_direction"]].isna().all()


def test_equal_differences_of_few_features_have_no_error():
    """Where no others tell how models vary, three equal numbers say nothing about the next patient."""
    few = paired.summarise(matrix([0.4, 0.4, 0.4]), UNIT).loc["r"]
    assert few[["ci_low", "ci_high", "t", "p", "fdr", "fdr_least", "same_direction"]].isna().all()
    sets = pd.DataFrame(np.full((4, 40), 0.4))
    found = paired.summarise(sets, pd.Series(1.0, index=sets.columns), moderated=False)
    assert found[["ci_low", "t", "p", "fdr"]].isna().all(axis=None) and (found["effect"] == 0.4).all()


# -- number of models


def share_called(n: int, spreads: float) -> float:
    """Return the share called shared of features that all patients change alike, by so many spreads of what is
    measured.
    """
    rng = np.random.default_rng([n, round(10 * spreads)])
    found = []
    for _ in range(20):
        table = pd.DataFrame(rng.normal(size=(n, 200)))
        table.iloc[:, :40] += spreads
        summary = paired.summarise(table, pd.Series(1.0, index=table.columns))
        found.append(paired.is_shared(summary, 0.05)[:40].mean())
    return float(np.mean(found))


def test_more_patients_do_not_lower_the_power_for_a_shared_change():
    power = [share_called(n, 1.6) for n in (3, 5, 8, 25, 100)]
    assert (np.diff(power) >= -0.02).all() and power[-1] > 0.95


def test_a_change_that_measurement_hides_in_single_patients_is_not_shared():
    """A mean of one spread: one more patient goes the other way in 16 %, and a hundred patients show just that."""
    assert share_called(100, 1.0) < 0.05

"""Position of relapse: interval over models, verdicts by the interval, models and features that are used."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from scripts.activity import reversibility
from scripts.activity.verdicts import BACK, BEYOND, STAYS, UNCLEAR, VERDICTS
from scripts.base import columns
from scripts.base.verdicts import meaning

CONTRAST = {"baseline": "untreated", "persister": "persister", "relapse": "relapse"}


def sheet(relapse: int, models: int = 5) -> pd.DataFrame:
    """Return samples of models, of which the first have relapse; two replicates of persisters."""
    rows = []
    for model in range(models):
        states = ["untreated", "persister", "persister", *(["relapse"] if model < relapse else [])]
        rows += [(f"m{model}_{i}", f"m{model}", state, "drug") for i, state in enumerate(states)]
    table = pd.DataFrame(rows, columns=["sample", "model", "timepoint", "arm"]).set_index("sample")
    return table.assign(block=table["model"])


def values_of(samples: pd.DataFrame, position: float, noise: float = 0.05) -> pd.DataFrame:
    rng = np.random.default_rng(0)
    level = samples["timepoint"].map({"untreated": 0.0, "persister": 1.0, "relapse": position}).to_numpy()
    values = 2 * level[:, None] + noise * rng.normal(size=(len(samples), 40))
    return pd.DataFrame(values, samples.index, [f"g{i}" for i in range(40)])


def test_limits_are_the_positions_that_a_t_test_over_models_just_rejects():
    rng = np.random.default_rng(1)
    shift, recovered = 2 + rng.normal(0, 0.4, (6, 3)), 1 + rng.normal(0, 0.4, (6, 3))
    for ends in reversibility.fieller(recovered, shift):
        for feature, end in enumerate(ends):
            p = stats.ttest_1samp(recovered[:, feature] - end * shift[:, feature], 0).pvalue
            assert p == pytest.approx(0.05, abs=1e-9)


def test_without_a_sure_shift_or_with_two_models_there_are_no_limits():
    rng = np.random.default_rng(2)
    shift, recovered = rng.normal(0, 1, (5, 4)) * [1, 1, 1, 0.001] + [0, 0, 0, 3], rng.normal(0, 1, (5, 4))
    sure = stats.ttest_1samp(shift, 0).pvalue < 0.05
    low, high = reversibility.fieller(recovered, shift)
    assert (np.isfinite(low) == sure).all() and (np.isfinite(high) == sure).all() and sure.any() and not sure.all()
    assert np.isnan(reversibility.fieller(recovered[:2], shift[:2])).all()


@pytest.mark.parametrize(
    ("position", "verdict"), [(0.0, BACK), (0.2, BACK), (0.5, UNCLEAR), (0.9, STAYS), (1.6, BEYOND)]
)
def test_verdicts_follow_the_interval(position, verdict):
    samples = sheet(4)
    table = reversibility.positions(values_of(samples, position), samples, CONTRAST, "gene")
    assert (table["verdict"] == verdict).mean() > 0.8
    assert table["position"].mean() == pytest.approx(position, abs=0.05)


def test_a_model_counts_once_whatever_its_replicates():
    samples = sheet(4)
    values = values_of(samples, 0.3)
    twice = pd.concat([samples, samples.rename(index=lambda name: f"{name}_again")])
    again = pd.concat([values, values.rename(index=lambda name: f"{name}_again")])
    one = reversibility.positions(values, samples, CONTRAST, "gene")
    pd.testing.assert_frame_equal(one, reversibility.positions(again, twice, CONTRAST, "gene"))


def test_two_models_with_relapse_give_positions_without_verdict():
    samples = sheet(2)
    table = reversibility.shifted(reversibility.positions(values_of(samples, 0.0), samples, CONTRAST, "gene"), 0.05)
    assert len(table) == 40 and set(table["verdict"]) == {UNCLEAR} and table["ci_low"].isna().all()
    assert set(table["models"]) == {"m0,m1"} and table["position"].abs().max() < 0.2


def test_what_a_model_with_relapse_lacks_is_left_out_and_what_another_lacks_is_not():
    samples = sheet(3)
    values = values_of(samples, 0.0)
    values.loc[samples["model"] == "m0", "g0"] = np.nan
    values.loc[samples["model"] == "m4", "g1"] = np.nan
    found = reversibility.positions(values, samples, CONTRAST, "gene")
    assert "g0" not in set(found["feature"]) and "g1" in set(found["feature"])


def test_without_relapse_there_is_nothing():
    samples = sheet(0)
    assert reversibility.positions(values_of(samples, 0.0), samples, CONTRAST, "gene").empty


def test_the_dictionary_says_what_the_rules_say():
    text = columns.describe("activity/reversibility.tsv", "verdict").description
    assert text.endswith(f"the first whose rule applies: {meaning(VERDICTS)}")

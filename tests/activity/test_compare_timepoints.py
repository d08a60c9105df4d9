"""Persisters at several timepoints: table, design and figure, on simulated patients of known change and trend."""

import json

import numpy as np
import pandas as pd
import pytest

from scripts.activity import compare_timepoints, design, timepoint_figures
from scripts.expression import compare_timepoints as expression
from scripts.expression import timepoint_figures as gene_figures
from scripts.figure.style import Style
from scripts.profiles.profiles import Profiles
from scripts.stats import paired

CONTRAST = {"baseline": "d0", "persister": "d33", "relapse": None, "further": ["d50", "d67"]}
DAYS = {"d33": 33.0, "d50": 50.0, "d67": 67.0}
N, RISING, STEADY = 60, "f0", "f1"


@pytest.fixture(scope="module")
def study():
    """Return values, samples and days of six models: f0 rises by 2 per doubling, f1 steps up by 3 and stays."""
    rng = np.random.default_rng(3)
    rows = [(f"m{m}_{t}", f"m{m}", t, "none" if t == "d0" else "drug") for m in range(6) for t in ("d0", *DAYS)]
    samples = pd.DataFrame(rows, columns=["sample", "model", "timepoint", "arm"]).set_index("sample")
    values = pd.DataFrame(rng.normal(0, 0.2, (len(rows), N)), samples.index, [f"f{i}" for i in range(N)])
    day = samples["timepoint"].map(DAYS)
    values[RISING] += 2 * np.log2(day / 33).fillna(0)
    values[STEADY] += 3 * day.notna()
    return values, samples, {sample: DAYS[t] for sample, t in samples["timepoint"].items() if t in DAYS}


def test_changes_and_trend_are_found(study):
    values, samples, days = study
    table = compare_timepoints.compare(values, samples, CONTRAST, days, pd.Series(1.0, index=values.columns))
    assert list(table["comparison"].unique()) == ["d33 vs d0", "d50 vs d0", "d67 vs d0", "trend over d33, d50, d67"]
    assert set(table.loc[table["headline"] == "yes", "comparison"]) == {"d33 vs d0"}
    whole = table[table["arm"] == paired.ALL_ARMS].set_index(["comparison", "regulon"])
    trend = whole.loc["trend over d33, d50, d67"]
    assert trend.loc[RISING, "effect"] == pytest.approx(2, abs=0.3) and trend.loc[RISING, "fdr"] < 0.05
    assert trend.loc[STEADY, "fdr"] > 0.05 and abs(trend.loc[STEADY, "effect"]) < 0.4
    assert whole.loc[("d67 vs d0", STEADY), "effect"] == pytest.approx(3, abs=0.3)
    assert whole.loc[("d33 vs d0", RISING), "fdr"] > 0.05 > whole.loc[("d67 vs d0", RISING), "fdr"]


def test_the_headline_has_the_numbers_of_the_main_table(study):
    values, samples, days = study
    sd = pd.Series(1.0, index=values.columns)
    table = compare_timepoints.compare(values, samples, CONTRAST, days, sd)
    main = paired.summarise_arms(paired.differences(values, samples, "d0", "d33"), sd)
    own = table[table["headline"] == "yes"]
    for column in ("effect", "ci_low", "p", "fdr"):
        assert own[column].tolist() == pytest.approx(main[column].tolist())


def test_without_days_there_is_no_trend_and_the_design_says_so(study):
    values, samples, _ = study
    table = compare_timepoints.compare(values, samples, CONTRAST, {}, pd.Series(1.0, index=values.columns))
    trend = table[table["timepoint"] == ""]
    assert len(trend) == N and trend[["effect", "p", "fdr"]].isna().all().all() and (trend["n"] == 0).all()
    answers = design.design_table(samples, CONTRAST, {}, 0.05).set_index("contrast")
    note = answers.loc["trend over d33, d50, d67", "note"]
    assert note.startswith("no model has persisters of two days in one arm: no trend is tested")
    assert "no day after the start of treatment (column day of the samples sheet): m0_d33" in note


def test_design_names_what_cannot_be_answered(study):
    _, samples, days = study
    kept = samples.drop(["m0_d50", "m1_d50", "m1_d67", "m2_d33", "m2_d50", "m3_d50"])
    answers = design.design_table(kept, CONTRAST, {}, 0.05, days=days)
    whole = answers[answers["arm"] == paired.ALL_ARMS].set_index("contrast")
    assert list(whole.index) == ["d33 vs d0", "d50 vs d0", "d67 vs d0", "trend over d33, d50, d67"]
    assert "too few to call a change shared" in whole.loc["d50 vs d0", "note"]
    assert "other models than at d33 (m2 only here; m1 only at d33)" in whole.loc["d67 vs d0", "note"]
    assert whole.loc["trend over d33, d50, d67", "n_models"] == 4
    assert "only one day within an arm, so no slope: m1, m2" in whole.loc["trend over d33, d50, d67", "note"]


def test_a_study_with_one_persister_has_the_rows_it_had(study):
    _, samples, days = study
    one = {**CONTRAST, "further": []}
    assert set(design.design_table(samples, one, {}, 0.05, days=days)["contrast"]) == {"d33 vs d0"}


def test_expression_finds_the_same(study):
    values, samples, days = study
    described = samples.assign(replicate="1", platform="x", block=samples["model"])
    data = Profiles(values, values, described)
    table = expression.compare(data, CONTRAST, days).set_index(["comparison", "gene"])
    trend = table.loc["trend over d33, d50, d67"]
    assert trend.loc[RISING, "log_fc"] == pytest.approx(2, abs=0.3) and trend.loc[RISING, "fdr"] < 0.05
    assert (table.loc["d33 vs d0", "headline"] == "yes").all() and (trend["headline"] == "no").all()
    assert table.loc[("d50 vs d0", STEADY), "log_fc"] == pytest.approx(3, abs=0.3)


def test_slopes_are_within_platforms(study):
    """A model whose days were measured on two platforms has no slope: the difference may be one of platforms."""
    values, samples, days = study
    block = samples["model"].where(samples["timepoint"] != "d67", samples["model"] + "_bulk")
    kept = samples.assign(replicate="1", platform="x", block=block)
    kept = kept[samples["timepoint"] != "d50"]
    table = expression.compare(Profiles(values.loc[kept.index], values.loc[kept.index], kept), CONTRAST, days)
    assert (table.loc[table["timepoint"] == "", "n_models"] == 0).all()


def test_figure_shows_changes_and_trend(study):
    values, samples, days = study
    table = compare_timepoints.compare(values, samples, CONTRAST, days, pd.Series(1.0, index=values.columns))
    style = Style(("m0",), ("none", "drug"), ("d0", "d33", "d50", "d67"), CONTRAST)
    figure = timepoint_figures.draw_timepoints(table, style)
    assert [panel.title for panel in figure.panels] == ["change against the baseline", "trend over days"]
    assert (
        figure.n
        == f"d33: 6 models, d50: 6 models, d67: 6 models; trend: 6 models; the 20 largest changes of {N} regulons."
    )
    assert {RISING, STEADY} <= set(figure.data["trend"]["regulon"])
    assert all(json.dumps(panel.chart.to_dict(validate=True)) for panel in figure.panels)


def test_expression_is_drawn_likewise(study):
    values, samples, days = study
    described = samples.assign(replicate="1", platform="x", block=samples["model"])
    style = Style(("m0",), ("none", "drug"), ("d0", "d33", "d50", "d67"), CONTRAST)
    figure = gene_figures.draw_timepoints(
        expression.compare(Profiles(values, values, described), CONTRAST, days), style
    )
    assert [panel.title for panel in figure.panels] == ["change against the baseline", "trend over days"]
    assert figure.n.endswith(f"trend: 6 models; the 20 smallest p-values of {N} genes.")
    assert {RISING, STEADY} <= set(figure.data["changes"]["gene"]) and set(figure.data["trend"]["timepoint"]) == {""}
    assert all(json.dumps(panel.chart.to_dict(validate=True)) for panel in figure.panels)
    one = described[described["model"] == "m0"]
    table = expression.compare(Profiles(values.loc[one.index], values.loc[one.index], one), CONTRAST, days)
    made = gene_figures.draw_timepoints(table, style)
    assert "the 20 largest changes of" in made.n and "d33: 1 model" in made.n
    assert gene_figures.draw_timepoints(table.assign(log_fc=float("nan")), style) is None


def test_figure_of_one_model_has_no_intervals(study):
    values, samples, days = study
    own = samples[samples["model"] == "m0"]
    table = compare_timepoints.compare(values.loc[own.index], own, CONTRAST, days, pd.Series(1.0, index=values.columns))
    assert table["p"].isna().all()
    style = Style(("m0",), ("none", "drug"), ("d0", "d33", "d50", "d67"), CONTRAST)
    assert "d33: 1 model" in timepoint_figures.draw_timepoints(table, style).n

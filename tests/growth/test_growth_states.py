"""Shares of states and their log ratios, from cells of known states; and a planted growing cluster."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from scripts.growth import states, terms

CONTRAST = {"baseline": "untreated", "persister": "persister", "relapse": "relapse", "further": []}
MODELS = ("A", "B", "C", "D")
PLANTED = {"untreated": 0.5, "persister": 0.2}
"""Share of cycling cells."""


def cells_of(sample: str, model: str, timepoint: str, phases: dict[str, int], like: float = 0.0) -> pd.DataFrame:
    """Return cells with these numbers of phases, the first share ``like`` of each phase being persister-like."""
    parts = [np.arange(n) < like * n for n in phases.values()]
    table = pd.DataFrame({"phase": np.repeat(list(phases), list(phases.values())), "like": np.concatenate(parts)})
    labels = {"sample": sample, "model": model, "timepoint": timepoint, "arm": "drug", "total_counts": 1000}
    return table.astype({"like": float}).assign(**labels)


@pytest.fixture
def study() -> pd.DataFrame:
    """Return four models whose cycling cells fall from one half to a fifth, give or take a few."""
    parts = []
    for number, model in enumerate(MODELS):
        for timepoint, share in PLANTED.items():
            cycling = round(200 * share) + 2 * number
            phases = {"G1": 200 - cycling, "S": cycling // 2, "G2M": cycling - cycling // 2}
            parts.append(cells_of(f"{model}_{timepoint}", model, timepoint, phases, 0.1 + 0.5 * (share < 0.5)))
    return pd.concat(parts, ignore_index=True)


def compare(cells: pd.DataFrame, contrast: dict = CONTRAST, days: dict | None = None) -> pd.DataFrame:
    """Return the changes of a study's cells."""
    shares = states.count_states(cells, 20)
    ratios, parts = states.log_ratios(shares)
    samples = cells.drop_duplicates("sample").set_index("sample")[["model", "timepoint", "arm"]].loc[ratios.index]
    return states.compare(ratios, parts, samples, contrast, days or {})


def test_shares_of_each_partition_add_up_to_one(study):
    shares = states.count_states(study, 20)
    assert list(shares) == terms.SHARES
    assert np.allclose(shares.groupby(["sample", "partition"])["share"].sum(), 1)
    own = shares[(shares["sample"] == "A_untreated")].set_index(["partition", "state"])["cells"]
    assert own[terms.PHASE].to_dict() == {"G1": 100, "S": 50, "G2M": 50}
    assert own[terms.PROGRAMME].sum() == 200 and own[terms.PROGRAMME, "persister-like, cycling"] == 10
    assert shares["share_se"].iloc[0] == pytest.approx(np.sqrt(0.5 * 0.5 / 200))


def test_the_change_is_the_paired_t_of_log_ratios_over_models(study):
    table = compare(study)
    row = table[(table["arm"] == "all arms") & (table["ratio"] == terms.MAIN)].iloc[0]
    cycling = study["phase"].ne("G1").groupby(study["sample"]).sum() + 0.5
    resting = study["phase"].eq("G1").groupby(study["sample"]).sum() + 0.5
    odds = np.log2(cycling / resting)
    change = [odds[f"{model}_persister"] - odds[f"{model}_untreated"] for model in MODELS]
    found = stats.ttest_1samp(change, 0)
    interval = found.confidence_interval()
    assert row["effect"] == pytest.approx(np.mean(change)) and row["n"] == row["k"] == 4
    assert row[["p", "ci_low", "ci_high"]].tolist() == pytest.approx([found.pvalue, *interval])
    assert row["share_baseline"] == pytest.approx(0.515) and row["share_treated"] == pytest.approx(0.215)


def test_ratios_of_the_programme_have_an_effect_and_no_p(study):
    table = compare(study)
    untested = table[(table["tested"] == "no") & (table["n"] > 0)]
    assert set(table.loc[table["tested"] == "yes", "ratio"]) == set(terms.TESTED)
    assert untested["effect"].notna().all() and untested[["ci_low", "ci_high", "p", "fdr"]].isna().all(axis=None)
    assert (
        len(untested) == 10 and (untested["effect"] > 0)[untested["ratio"] == "persister-like : untreated-like"].all()
    )


@pytest.mark.parametrize("n", [1, 2])
def test_below_three_models_there_is_no_p(study, n):
    table = compare(study[study["model"].isin(MODELS[:n])])
    own = table[(table["ratio"] == terms.MAIN) & (table["headline"] == "yes")]
    assert own["effect"].notna().all() and own[["p", "fdr", "ci_low"]].isna().all(axis=None) and (own["n"] == n).all()


def test_a_state_without_cells_and_small_samples(study):
    none = cells_of("E_untreated", "E", "untreated", {"G1": 40, "S": 0, "G2M": 0})
    few = cells_of("E_persister", "E", "persister", {"G1": 10, "S": 5, "G2M": 4})
    shares = states.count_states(pd.concat([none, few]), 20)
    assert shares.groupby("sample")["used"].first().to_dict() == {"E_untreated": "yes", "E_persister": "no"}
    ratios, _ = states.log_ratios(shares)
    assert list(ratios.index) == ["E_untreated"]
    assert ratios.at["E_untreated", terms.MAIN] == pytest.approx(np.log2(0.5 / 40.5))


def test_cells_without_a_phase_or_a_score_have_no_state(study):
    study = study.assign(phase=np.where(study["sample"] == "A_untreated", "", study["phase"]))
    study.loc[study["sample"] == "B_untreated", "like"] = np.nan
    counted = states.count_states(study, 20).groupby(["sample", "partition"])["n_cells"].first()
    assert "A_untreated" not in counted.index.get_level_values(0)
    assert counted["B_untreated"].to_dict() == {terms.PHASE: 200}
    table = compare(study)
    numbers = table[(table["arm"] == "all arms") & (table["headline"] == "yes")].set_index("ratio")["n"]
    assert numbers[terms.MAIN] == 3 and numbers["persister-like : untreated-like"] == 2


def test_the_cut_of_the_programme_is_each_model_s_own():
    rng = np.random.default_rng(0)
    rows = [(f"{m}_{t}", m, t) for m in "AB" for t in ("untreated", "persister") for _ in range(1000)]
    cells = pd.DataFrame(rows, columns=["sample", "model", "timepoint"])
    cells["score"] = rng.normal(size=len(cells)) + 3 * (cells["model"] == "B") + 2 * (cells["timepoint"] == "persister")
    like = pd.Series(states.call_programme(cells, "untreated", 0.9)).groupby(cells["sample"]).mean()
    assert like[["A_untreated", "B_untreated"]].tolist() == pytest.approx([0.1, 0.1])
    expected = stats.norm.sf(stats.norm.ppf(0.9) - 2)
    assert like[["A_persister", "B_persister"]].tolist() == pytest.approx([expected] * 2, abs=0.08)
    alone = states.call_programme(cells[cells["timepoint"] == "persister"], "untreated", 0.9)
    assert np.isnan(alone).all()


def test_slopes_over_several_days_are_those_that_were_planted():
    """The odds of cycling double with each doubling of the days; a step at the first day is no part of the trend."""
    times = {"untreated": 0.0, "d20": 20.0, "d40": 40.0, "d80": 80.0}
    parts, days = [], {}
    for model in MODELS:
        for timepoint, day in times.items():
            odds = 1.0 if not day else 0.1 * day / 20
            cycling = round(20_000 * odds / (1 + odds))
            parts.append(cells_of(f"{model}_{timepoint}", model, timepoint, {"G1": 20_000 - cycling, "S": cycling}))
            days[f"{model}_{timepoint}"] = day
    contrast = {"baseline": "untreated", "persister": "d20", "relapse": None, "further": ["d40", "d80"]}
    table = compare(pd.concat(parts, ignore_index=True), contrast, days)
    trend = table[(table["timepoint"] == "") & (table["arm"] == "all arms")].set_index("ratio")
    assert trend.at[terms.MAIN, "effect"] == pytest.approx(1, abs=0.01) and trend.at[terms.MAIN, "n"] == 4
    assert trend.at[terms.MAIN, "comparison"] == "trend over d20, d40, d80"
    first = table[(table["timepoint"] == "d20") & (table["arm"] == "all arms")].set_index("ratio")
    assert first.at[terms.MAIN, "effect"] == pytest.approx(np.log2(0.1), abs=0.02)
    assert set(table.loc[table["headline"] == "yes", "timepoint"]) == {"d20"}


def test_a_planted_cluster_grows_and_one_without_a_counterpart_has_no_growth():
    clusters = pd.DataFrame(
        {
            "timepoint": ["untreated", "untreated", "persister", "persister", "persister"],
            "cluster": ["0", "1", "0", "1", "2"],
            "n_cells": [180, 20, 100, 60, 40],
            "lineage": [0, 1, 1, 0, 2],
        }
    )
    cells = clusters.loc[clusters.index.repeat(clusters["n_cells"])].assign(phase="G1", like=0.0)
    table = states.describe_clusters(cells, clusters, "A", "untreated").set_index(["timepoint", "cluster"])
    grown = table.loc[("persister", "0")]
    assert grown["log2_change"] == pytest.approx(np.log2(100.5 / 100.5) - np.log2(20.5 / 180.5))
    assert 0 < grown["log2_change_se"] < 0.5
    assert table.at[("persister", "1"), "log2_change"] < -2
    assert table.loc[("persister", "2"), ["log2_change", "log2_change_se"]].isna().all()
    assert table.loc["untreated", "log2_change"].isna().all()
    assert table.groupby(level=0)["share"].sum().tolist() == pytest.approx([1, 1])


def test_clusters_that_split_are_compared_as_one():
    """Two clusters of a lineage at either timepoint: neither is compared with a part of itself."""
    sizes = [100, 60, 40, 150, 20, 30]
    clusters = pd.DataFrame({"timepoint": ["untreated"] * 3 + ["persister"] * 3, "cluster": list("012012"),
                             "n_cells": sizes, "lineage": [0, 1, 1, 0, 1, 1]})  # fmt: skip
    cells = clusters.drop_duplicates("timepoint").assign(phase="G1", like=0.0)
    table = states.describe_clusters(cells, clusters, "A", "untreated").set_index(["timepoint", "cluster"])
    expected = np.log2(50.5 / 150.5) - np.log2(100.5 / 100.5)
    assert table.loc["persister", "log2_change"].tolist()[1:] == pytest.approx([expected, expected])


def test_the_counting_error_of_a_cluster_s_growth_is_that_of_repeated_draws():
    rng = np.random.default_rng(1)
    found = []
    for _ in range(400):
        n = rng.binomial(300, 0.1), rng.binomial(200, 0.3)
        sizes = [n[0], 300 - n[0], n[1], 200 - n[1]]
        clusters = pd.DataFrame({"timepoint": ["untreated"] * 2 + ["persister"] * 2, "cluster": list("0101"),
                                 "n_cells": sizes, "lineage": [0, 1, 0, 1]})  # fmt: skip
        cells = clusters.drop_duplicates("timepoint").assign(phase="G1", like=0.0)
        table = states.describe_clusters(cells, clusters, "A", "untreated")
        found.append(table.loc[2, ["log2_change", "log2_change_se"]])
    table = pd.DataFrame(found).astype(float)
    assert table["log2_change_se"].mean() == pytest.approx(table["log2_change"].std(), rel=0.12)

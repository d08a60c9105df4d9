"""What the design can't answer is said, for the study's own designs and for lame ones."""

from __future__ import annotations

import numpy as np
import pytest

from scripts.activity import design
from scripts.stats.paired import ALL_ARMS

CONTRAST = {"baseline": "untreated", "persister": "persister", "relapse": "relapse"}


def table_of(sheet, contrast=CONTRAST, groups=None):
    groups = groups or dict.fromkeys(sheet.index, "all")
    return design.design_table(sheet, contrast, groups, 0.05).set_index(["contrast", "arm"])


def test_each_model_one_arm_is_confounded(simulate):
    arms = {"P1": ["A"], "P2": ["A"], "P3": ["A"], "P4": ["A"], "P5": ["B"]}
    table = table_of(simulate.paired_sheet([*arms], relapse=["P1", "P5"], arms=arms))
    whole = table.loc[("persister vs untreated", ALL_ARMS)]
    assert whole["n_models"] == 5 and whole["models"] == "P1,P2,P3,P4,P5" and whole["p_min"] == 0.0625
    assert whole["confounded"] == "yes" and "confounded: each model has one arm" in whole["note"]
    assert "with 5 models sign flips cannot give a family-wise error below 0.0625" in whole["note"]
    one = table.loc[("persister vs untreated", "B")]
    assert one["confounded"] == "yes" and "n = 1 model: no conclusion about other patients" in one["note"]
    assert np.isnan(one["p_min"]) and one["n_baseline"] == one["n_treated"] == 1
    assert table.loc[("relapse vs untreated", ALL_ARMS), "models"] == "P1,P5"
    assert "n = 2 models: too few" in table.loc[("relapse vs untreated", ALL_ARMS), "note"]


def test_arms_within_a_model_can_be_compared_there(simulate):
    arms = {"P1": ["A", "B"], "P2": ["A"], "P3": ["C"]}
    table = table_of(simulate.paired_sheet([*arms], arms=arms)).loc["persister vs untreated"]
    assert table.loc[ALL_ARMS, "confounded"] == "no" and "compared within P1 only" in table.loc[ALL_ARMS, "note"]
    assert table["confounded"].to_dict() == {ALL_ARMS: "no", "A": "no", "B": "no", "C": "yes"}


def test_fully_crossed_arms_need_no_warning(simulate):
    models = [f"P{i}" for i in range(8)]
    table = table_of(simulate.paired_sheet(models, arms={model: ["A", "B"] for model in models}))
    assert table.loc["persister vs untreated", "note"].tolist() == ["", "", ""]


def test_one_arm_says_nothing_about_others(simulate):
    note = table_of(simulate.paired_sheet([f"P{i}" for i in range(8)])).loc[("persister vs untreated", ALL_ARMS)]
    assert note["note"] == "one arm (drug): no conclusion about other treatments" and note["confounded"] == "no"


def test_model_without_a_usable_baseline_is_named(simulate):
    sheet = simulate.paired_sheet(["P1", "P2"]).drop("P2_untreated")
    whole = table_of(sheet).loc[("persister vs untreated", ALL_ARMS)]
    assert whole["n_models"] == 1 and "without enough cells at untreated, left out: P2" in whole["note"]


def test_untreated_only_study(simulate):
    sheet = simulate.paired_sheet(["P1", "P2"])
    table = table_of(sheet[sheet["timepoint"] == "untreated"])
    assert table.index.tolist() == [("persister vs untreated", ALL_ARMS), ("relapse vs untreated", ALL_ARMS)]
    assert table["n_models"].eq(0).all() and table["note"].str.contains("nothing is compared").all()


def test_study_without_a_recovered_role(simulate):
    table = table_of(
        simulate.paired_sheet(["P1"]), {"baseline": "untreated", "persister": "persister", "relapse": None}
    )
    assert set(table.index.get_level_values("contrast")) == {"persister vs untreated"}


@pytest.mark.parametrize("split", [True, False])
def test_timepoints_scored_in_different_groups_are_named(simulate, split):
    sheet = simulate.paired_sheet(["P1", "P2"])
    groups = {sample: f"{row.model}_{row.timepoint}" if split else row.model for sample, row in sheet.iterrows()}
    note = table_of(sheet, groups=groups).loc[("persister vs untreated", ALL_ARMS), "note"]
    assert ("of P1, P2 were scored in different groups" in note) == split

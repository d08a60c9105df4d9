"""Figures of the switches from small tables: what they show, and what they say where there is nothing to show."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from scripts.base.tables import ALL_MODELS
from scripts.figure.figure import Absent
from scripts.figure.style import Style
from scripts.switches import figures, verdicts
from scripts.switches.evidence import charts, join_perturbations, kinds
from scripts.switches.evidence.family import FAMILIES
from scripts.switches.rank_switches import BY_MODEL
from scripts.switches.switches import SWITCHES

STYLE = Style(
    models=("P1", "P2", "P3", "P4"),
    arms=("none", "X", "Y"),
    timepoints=("untreated", "early", "persister", "relapse"),
    contrast={"baseline": "untreated", "persister": "persister", "relapse": "relapse"},
    settings={"fdr": 0.05, "min_effect": 0.5},
)
PROFILES = Style(**{**vars(STYLE), "cells": False})


@pytest.fixture
def switches() -> pd.DataFrame:
    """Return three regulons: shared up, shared down, and one of stress of which little was measured."""
    rows = pd.DataFrame({
        "tf": ["A", "B", "C"], "verdict": [verdicts.SHARED.name, verdicts.SHARED.name, "stress"],
        "direction": ["up", "down", "up"], "n": 3, "k": 3, "p": 0.25, "effect": [0.1, -0.08, 0.03],
        "activity_change_sd": [1.0, -0.8, 0.3], "loo_min_effect": [0.9, 0.004, -0.001],
        "mrna_log2fc": [0.1, -0.9, np.nan],
        "on_difference": [0.2, -0.3, 0.1], "signature_enrichment_log2": [1.0, 2.0, -1.0],
        "relapse_position": [0.1, 0.4, np.nan], "perturbation_share": [0.2, 0.4, np.nan],
        "perturbation_level": ["zero", "untreated", ""], "perturbation_targets_change": [0.3, -0.2, np.nan],
        "evidence_rank": [1, 2, 3], "rank_best": [1, 1, 3], "rank_worst": [2, 2, 3], "targets": [20, 30, 10],
    })  # fmt: skip
    rows["regulon"] = rows["tf"] + "(+)"
    for name, mean, reach in (("activity_change_sd_{}", "activity_change_sd", 0.2), ("mrna_ci_{}", "mrna_log2fc", 0.3)):
        rows[name.format("low")], rows[name.format("high")] = rows[mean] - reach, rows[mean] + reach
    return rows.reindex(columns=SWITCHES)


@pytest.fixture
def differences(switches) -> pd.DataFrame:
    """Return the changes of three models, one of which had two arms, and those of another comparison."""
    rows = [
        {"contrast": contrast, "model": model, "arm": arm, "regulon": row.regulon}
        | {"activity_change_sd": row.activity_change_sd + shift, "n_baseline": 1, "n_treated": 1}
        | dict.fromkeys(("baseline", "treated", "difference"), 0.1)
        for contrast in ("persister vs untreated", "relapse vs untreated")
        for row in switches.itertuples()
        for model, arm, shift in (("P1", "X", -0.1), ("P2", "X", 0.0), ("P3", "X", 0.0), ("P3", "Y", 0.2))
    ]
    return pd.DataFrame(rows)


@pytest.fixture
def by_model(switches) -> pd.DataFrame:
    """Return mRNA and position of relapse by model; only P1 has relapse."""
    rows = [
        {"model": model, "regulon": row.regulon, "mrna_log2fc": row.mrna_log2fc}
        | {"relapse_position": row.relapse_position if model == "P1" else np.nan}
        for row in switches.itertuples()
        for model in ("P1", "P2", "P3")
    ]
    return pd.DataFrame(rows).reindex(columns=BY_MODEL)


@pytest.fixture
def activity(switches) -> pd.DataFrame:
    """Return activity by sample: P2 has two arms and two persisters in one, P3 no baseline, P4 a baseline alone."""
    samples = [
        ("P1", "untreated", "none"), ("P1", "persister", "X"), ("P1", "relapse", "X"), ("P2", "untreated", "none"),
        ("P2", "persister", "X"), ("P2", "persister", "X"), ("P2", "persister", "Y"), ("P3", "persister", "Y"),
        ("P4", "untreated", "none"),
    ]  # fmt: skip
    rows = [
        {"sample": f"S{i}", "model": model, "timepoint": timepoint, "arm": arm, "regulon": regulon, "activity": 0.1}
        for i, (model, timepoint, arm) in enumerate(samples)
        for regulon in switches["regulon"]
    ]
    return pd.DataFrame(rows)


def test_verdicts_that_occur_are_listed_with_rule_and_number(switches):
    made = figures.list_verdicts(switches, STYLE)
    assert [values["name"] for _, values in made.parts] == ["stress", verdicts.SHARED.name] and made.kind == "bullets"
    assert made.parts[1][1]["number"] == "2 regulons" and "beyond 0.5 sd" in made.parts[1][1]["rule"]
    assert "{" not in made.parts[1][1]["rule"] and figures.list_verdicts(switches.iloc[:0], STYLE) is None


def test_forest_has_a_row_per_regulon_best_on_top_and_a_point_per_model_and_arm(switches, differences, by_model):
    made = figures.draw_forest(switches, differences, by_model, STYLE)
    left, right = (panel.chart.to_dict() for panel in made.panels)
    assert made.data["means"]["regulon"].tolist() == ["A(+)", "B(+)", "C(+)"]
    assert left["layer"][1]["encoding"]["y"]["sort"] == ["A(+)", "B(+)", "C(+)"]
    assert len(made.data["differences"]) == 3 * 4 and made.n == "3 models; 3 regulons."
    assert sorted(made.data["differences"]["activity_change_sd"]) == pytest.approx(
        sorted(differences["activity_change_sd"].iloc[:12])
    )
    # The factor whose mRNA isn't measured has its row, and no point.
    assert len(made.data["mrna"]) == 2 * 3 and made.data["means"]["judged"].iloc[2] == "C(+): stress, 3 of 3"
    assert right["layer"][1]["encoding"]["y"]["sort"] == made.data["means"]["judged"].tolist()


def test_arms_have_shapes_where_there_are_several(switches, differences, by_model):
    one = differences[differences["arm"] == "X"]
    for table, shaped in ((differences, True), (one, False)):
        layers = figures.draw_forest(switches, table, by_model, STYLE).panels[0].chart.to_dict()["layer"]
        assert any("shape" in layer["encoding"] for layer in layers) == shaped


def test_one_model_is_drawn_without_intervals(switches, differences, by_model):
    unknown = ("p", "activity_change_sd_low", "activity_change_sd_high", "mrna_ci_low", "mrna_ci_high")
    one = switches.assign(n=1, k=1, verdict=verdicts.FEW.name, **dict.fromkeys(unknown, np.nan))
    made = figures.draw_forest(one, differences[differences["model"] == "P1"], by_model, STYLE)
    assert made.data["means"]["judged"].iloc[0] == "A(+): too few models, 1 of 1"
    for panel in (*made.panels, *figures.draw_mrna(one, STYLE).panels):
        encodings = [layer["encoding"] for layer in panel.chart.to_dict()["layer"]]
        assert not any("x2" in encoding or "y2" in encoding for encoding in encodings)


def test_many_regulons_are_cut_to_the_best(switches, differences, by_model):
    many = pd.concat([switches.assign(regulon=switches["tf"] + str(i)) for i in range(20)], ignore_index=True)
    made = figures.draw_forest(many, differences, by_model, STYLE)
    assert len(made.data["means"]) == figures.MAX_ROWS and made.n.endswith("the first 30 of 60 regulons.")


def test_nothing_compared_is_no_figure(switches, differences, by_model):
    assert figures.draw_forest(switches, differences.iloc[:0], by_model, STYLE) is None
    assert figures.draw_forest(switches.iloc[:0], differences, by_model, STYLE) is None
    empty = switches.iloc[:0]
    assert figures.draw_relapse(empty, by_model, STYLE) is None and figures.draw_mrna(empty, STYLE) is None
    assert figures.draw_timecourse(empty, None, None, STYLE) is None and charts.list_ap1(empty, STYLE) is None


def test_timecourse_joins_each_model_and_arm_from_its_own_baseline(switches, activity):
    made = figures.draw_timecourse(switches, activity, None, STYLE)
    own = made.data["timecourse"].query("regulon == 'A(+)'")
    lines = {line: part["timepoint"].tolist() for line, part in own.groupby("line")}
    # P1 to relapse, P2 by two arms, P3 without a baseline a point; P4 has a dot only.
    assert lines == {
        "P1 X": ["untreated", "persister", "relapse"],
        "P2 X": ["untreated", "persister", "persister"],
        "P2 Y": ["untreated", "persister"],
        "P3 Y": ["persister"],
        "P4 none": ["untreated"],
    }
    assert set(own["sample"]) == {f"S{i}" for i in range(9)} and made.n == "4 lines of 3 models; the first 3 regulons."
    x = made.panels[0].chart.to_dict()["layer"][0]["encoding"]["x"]
    assert x["sort"] == ["untreated", "persister", "relapse"], "no place for a timepoint without a sample"
    assert [panel.title for panel in made.panels][-2] == "C(+): stress"
    key = made.panels[-1].chart.to_dict()["encoding"]
    dashes = made.panels[0].chart.to_dict()["layer"][0]["encoding"]["strokeDash"]["scale"]
    assert key["strokeDash"]["scale"] == dashes == {"domain": ["none", "X", "Y"]}, "a dash means one arm in all panels"
    assert key["color"]["legend"]["orient"] == key["strokeDash"]["legend"]["orient"] == "bottom"


def test_an_untreated_study_has_dots(switches, activity):
    made = figures.draw_timecourse(switches, activity[activity["timepoint"] == "untreated"], None, STYLE)
    assert not made.data["timecourse"].duplicated(["regulon", "line"]).any() and made.n.startswith("0 lines")


def test_a_study_of_profiles_shows_activity_of_factors(switches, activity):
    made = figures.draw_timecourse(switches, None, activity, PROFILES)
    assert made.n.endswith("factors.") and figures.draw_timecourse(switches, activity, None, PROFILES) is None


def test_relapse_has_a_point_per_model_that_has_one(switches, by_model):
    made = figures.draw_relapse(switches, by_model, STYLE)
    assert (
        made.data["relapse"]["regulon"].tolist() == ["A(+)", "B(+)"] and made.n == "1 model with relapse; 2 regulons."
    )
    assert made.data["marks"]["name"].tolist() == ["untreated", "persister"]


def test_scatter_shows_measured_factors_only_and_names_switches(switches):
    table = figures.draw_mrna(switches, STYLE).data["mrna"]
    assert table["name"].tolist() == ["B", "A"], "the best is drawn last, on top"
    assert table["group"].tolist() == ["shared switch, down", "shared switch, up"]
    many = pd.concat([switches.head(1).assign(verdict="stress")] * (figures.MAX_INTERVALS + 1), ignore_index=True)
    made = figures.draw_mrna(many, STYLE)
    assert made.data["mrna"]["barred"].sum() == figures.FIRST and "bars (10 that rank first)" in made.n


# -- evidence


def test_ranks_are_those_of_each_kind_by_itself(switches):
    table = kinds.rank_evidence(switches)
    assert list(table) == kinds.EVIDENCE and table["regulon"].tolist() == [
        r for r in switches["regulon"] for _ in kinds.COLUMNS
    ]
    above = table.pivot(index="regulon", columns="kind", values="rank_above")
    # In its direction, B changes the most cells; C has none that silencing could say something of.
    assert above["on_off"].to_dict() == {"A(+)": 0.5, "B(+)": 0.0, "C(+)": 1.0}
    assert above["knockout"].tolist()[:2] == [1, 0] and np.isnan(above.loc["C(+)", "knockout"])
    assert kinds.rank_evidence(switches.iloc[:0]).empty


def test_evidence_that_there_is_not_is_a_dash_and_zero_has_no_sign(switches):
    table = charts.tiles(kinds.rank_evidence(switches), switches).set_index(["regulon", "kind"])
    heads = {kind: head for kind, (head, _) in charts.KINDS.items()}
    assert table.loc[("C(+)", heads["knockout"]), "said"] == "–"
    assert table.loc[("A(+)", heads["activity"]), "said"] == "+0.90"
    assert table.loc[("B(+)", heads["activity"]), "said"] == "0.00" == table.loc[("C(+)", heads["activity"]), "said"]
    made = charts.draw_evidence(switches, kinds.rank_evidence(switches), STYLE)
    assert made.n == "3 models; 3 regulons." and len(made.data["kinds"]) == 12
    nothing = switches.assign(evidence_rank=np.nan)
    assert charts.draw_evidence(nothing, kinds.rank_evidence(nothing), STYLE) is None


def test_only_shared_switches_are_coloured(switches):
    assert charts.group(switches).tolist() == ["shared switch, up", "shared switch, down", "other verdicts"]


@pytest.fixture
def joined() -> pd.DataFrame:
    """Return changes of two factors in three models and their means."""
    rows = [
        {"model": model, "tf": tf, "out_degree": 20, "programme_shift": 1.0 + i, "zero_change": -0.2 * (1 + i)}
        | {"untreated_change": -0.4 * (1 + i), "targets_change": 0.3}
        for i, model in enumerate(("P1", "P2", "P3"))
        for tf in "AB"
    ]
    table = pd.DataFrame(rows)
    means = table.groupby("tf", as_index=False)[list(table.columns[2:])].mean().assign(model=ALL_MODELS)
    return pd.concat([means, table], ignore_index=True)


def test_what_goes_back_is_a_share_of_the_shift(joined):
    table = join_perturbations.shares_of(joined).set_index(["model", "tf", "level"])
    assert np.allclose(table.xs("zero", level="level")["share"], 0.2)
    assert np.allclose(table.xs("untreated", level="level")["share"], 0.4)


def test_a_programme_that_does_not_shift_gives_no_share(joined):
    assert join_perturbations.shares_of(joined.assign(programme_shift=-1.0))["share"].isna().all()
    none = join_perturbations.shares_of(joined.iloc[:0])
    assert none.empty and list(none) == join_perturbations.SHARES


def test_each_factor_is_shown_at_the_level_that_counts(switches, joined):
    made = charts.draw_silenced(switches, join_perturbations.shares_of(joined), STYLE)
    assert made.data["factors"]["factor"].tolist() == ["B → untreated", "A → 0"]
    models = made.data["models"].set_index("tf")
    assert np.allclose(models.loc["A", "share"], 0.2) and np.allclose(models.loc["B", "share"], 0.4)
    assert ALL_MODELS not in set(made.data["models"]["model"]) and made.n == "3 models; 2 factors."
    none = switches.assign(perturbation_share=np.nan)
    assert charts.draw_silenced(none, join_perturbations.shares_of(joined), STYLE) == Absent("none_silenced")


# -- families


def families() -> pd.DataFrame:
    """Return nine families that are better than AP-1, and AP-1, which has two members."""
    rows = [{"family": f"F{i}", "members": f"F{i}a,F{i}b", "activity_change_sd": 3 - i / 10} for i in range(9)]
    rows.append({"family": "AP-1", "members": "A,B", "activity_change_sd": 1.6, "targets": 34, "shared_targets": 7})
    return pd.DataFrame(rows).assign(n=3, k=3).reindex(columns=FAMILIES)


def test_ap1_is_among_the_families_whatever_its_rank_and_members_need_cells(switches):
    table = charts.draw_families(families(), switches, STYLE).data["families"]
    assert table["family"].nunique() == charts.MAX_FAMILIES and "AP-1" in set(table["family"])
    own = table[table["family"] == "AP-1"]
    assert own["row"].tolist() == ["AP-1 (34 targets)", "· A", "· B"]
    assert own["activity_change_sd"].tolist() == [1.6, 1.0, -0.8]
    alone = charts.draw_families(families(), switches, PROFILES)
    assert (
        set(alone.data["families"]["kind"]) == {"whole family"}
        and alone.n == "3 models; 8 of 10 families of two members or more."
    )
    assert charts.draw_families(families().iloc[:0], switches, STYLE) == Absent("no_family")


def test_rows_of_ap1_are_those_of_its_members(switches):
    table = charts.list_ap1(switches.assign(tf=["JUNB", "MYC", "FOSL1"]), STYLE)
    assert table.frame["tf"].tolist() == ["JUNB", "FOSL1"] and table.source == "switches/switches.tsv"


def test_no_factor_silenced_is_said_and_not_drawn(switches):
    """A study of one model that has too few persisters: all columns of silencing are empty."""
    empty = {name: np.nan for name in switches if name.startswith("perturbation_")}
    names = ["model", "tf", "level", "share", "targets_change"]
    made = charts.draw_silenced(switches.assign(**empty), pd.DataFrame(columns=names, dtype=object), STYLE)
    assert isinstance(made, Absent) and made.reason == "none_silenced"

"""Figures of activity from small tables: what they show, and what they say where a study can't be asked."""

import dataclasses

import numpy as np
import pandas as pd
import pytest

from scripts.activity import figures, reversibility
from scripts.activity.terms import AGREE, ALONE, NEITHER, OPPOSITE
from scripts.figure.figure import Absent
from scripts.figure.style import Style

CONTRAST = "persister vs untreated"
STYLE = Style(
    models=("A", "B"),
    arms=("untreated", "AC", "NA"),
    timepoints=("untreated", "persister", "relapse"),
    contrast={"baseline": "untreated", "persister": "persister", "relapse": "relapse"},
)


def test_an_arm_is_set_against_all_arms():
    rows = [(arm, tf, value) for arm, value in (("all arms", 1.0), ("NA", 0.5), ("AC", 2.0)) for tf in ("JUN", "MYC")]
    table = pd.DataFrame(rows, columns=["arm", "regulon", "activity_change_sd"]).assign(contrast=CONTRAST, n=2, k=2)
    table = table.assign(activity_change_sd_low=np.nan, activity_change_sd_high=np.nan)
    table.loc[table["arm"] == "AC", "n"] = 1
    made = figures.draw_arms(table, STYLE)
    assert [panel.title for panel in made.panels] == ["AC (1 model)", "NA (2 models)"], "in the order of the config"
    assert set(made.data["arms"]["all_arms"]) == {1.0} and list(made.data["diagonal"]["end"]) == [0.5, 2.0]
    assert made.n == "AC: 1 model, NA: 2 models; 2 regulons."
    assert "2 factors" in figures.draw_arms(table, dataclasses.replace(STYLE, cells=False)).n
    assert figures.draw_arms(table[table["arm"] == "all arms"], STYLE) is None


def test_factors_are_those_that_change_most_with_their_own_mrna(monkeypatch):
    monkeypatch.setattr(figures, "MAX_FACTORS", 2)
    table = pd.DataFrame({"tf": ["a", "b", "c", "d"], "effect": [0.1, -2.0, 1.0, np.nan]})
    table = table.assign(contrast=CONTRAST, n_models=3, mrna_log_fc=[1.0, np.nan, 0.2, 0.1], ci_low=0.0)
    table = table.assign(ci_high=1.0, mrna_ci_low=0.0, mrna_ci_high=1.0)
    made = figures.draw_factors(table, STYLE)
    assert list(made.data["factors"]["tf"]) == ["c", "b"] and made.n == "3 models; the 2 largest changes of 3 factors."
    titles = [panel.chart.to_dict()["layer"][2]["encoding"]["x"]["title"] for panel in made.panels]
    assert titles == ["change in activity (z)", "change in mRNA (log2)"]
    rows = [panel.chart.to_dict()["layer"][2]["encoding"]["y"]["scale"]["domain"] for panel in made.panels]
    assert rows == [["c", "b"]] * 2, "both panels have the same rows, measured or not"
    assert figures.draw_factors(table.assign(contrast="other"), STYLE) is None
    assert len(figures.draw_factors(table.assign(mrna_log_fc=np.nan), STYLE).panels) == 1, "none is measured"


def networks() -> pd.DataFrame:
    """Return network_comparison.tsv: three factors that both know, and one without a regulon."""
    table = pd.DataFrame({"tf": ["JUNB", "MYC", "SOX10", "REST"], "agreement": [AGREE, OPPOSITE, NEITHER, ALONE]})
    return table.assign(regulon=["JUNB(+)", "MYC(+)", "SOX10(+)", ""], regulon_effect=[0.2, -0.1, 0.0, np.nan],
                        model_effect=[2.0, 1.0, 0.1, 0.3], regulon_n=[3, 3, 3, np.nan], n_models=3)  # fmt: skip


def test_factors_that_both_know_are_compared():
    made = figures.draw_networks(networks(), STYLE)
    table = made.data["networks"].set_index("tf")
    assert set(table.index) == {"JUNB", "MYC", "SOX10"}
    assert table.loc["JUNB", "above"] == "JUNB" and table.loc["SOX10", ["above", "below"]].eq("").all()
    assert made.n.startswith(
        "3 factors with regulon and network (1 both, same direction; 1 both, opposite directions; 1 neither)"
    )


@pytest.mark.parametrize(("cells", "reason"), [(True, "none_in_common"), (False, "no_regulons")])
def test_without_a_factor_in_common_the_reason_is_that_of_the_study(cells, reason):
    alone = networks().iloc[3:]
    assert figures.draw_networks(alone, dataclasses.replace(STYLE, cells=cells)) == Absent(reason)
    assert figures.tabulate_networks(alone, STYLE) is None
    assert len(figures.tabulate_networks(networks(), STYLE).frame) == 4


def positions() -> pd.DataFrame:
    """Return reversibility.tsv: the signature, eleven genes of which one lies far off, a factor and a regulon."""
    kinds = [("signature", "signature", 0.1), *((f"g{i}", "gene", i / 10) for i in range(10)), ("far", "gene", 7.0)]
    kinds += [("JUNB", "factor", 0.2), ("JUNB(+)", "regulon", np.nan)]
    table = pd.DataFrame(kinds, columns=["feature", "kind", "position"])
    low, high = table["position"] - 0.1, table["position"] + 0.1
    return table.assign(ci_low=low, ci_high=high, n_models=2, models="A,B", shift=1.0, verdict="back")


def test_positions_beyond_the_edges_are_counted_in_the_last_bin():
    bins = reversibility.bin_positions(positions())
    assert list(bins.columns) == reversibility.BINS and set(bins["kind"]) == {"gene", "factor"}
    assert bins.groupby("kind")["share"].sum().round(9).eq(1).all()
    genes = bins[bins["kind"] == "gene"]
    assert genes["features"].sum() == 11 and genes.iloc[-1]["features"] == 1 and len(genes) == 30
    assert reversibility.bin_positions(positions().iloc[:0]).empty


def test_the_signature_comes_first_and_what_lies_beyond_the_axis_is_cut():
    made = figures.draw_reversibility(positions(), reversibility.bin_positions(positions()), STYLE)
    rows = made.data["named"]
    assert list(rows["feature"]) == ["signature", "JUNB", "JUNB(+)"]
    assert list(dict.fromkeys(made.data["bins"]["shown"])) == ["genes (11)", "factors (1)"]
    assert list(made.data["marks"]["name"]) == ["untreated", "persister"]
    assert made.notes["signature"]["verdict"] == "back" and "below 0.5" in made.notes["signature"]["rule"]
    assert "14 features" in made.n
    genes = positions().query("kind == 'gene'")
    alone = figures.draw_reversibility(genes, reversibility.bin_positions(genes), STYLE)
    assert len(alone.data["named"]) == 11 and alone.notes == {}
    assert alone.data["named"]["place"].max() == 2, "the axis ends there"


def test_the_strongest_of_each_kind_are_chosen_by_turns(monkeypatch):
    monkeypatch.setattr(figures, "MAX_RETURNING", 2)
    table = pd.DataFrame({"feature": list("abcd"), "kind": ["factor"] * 3 + ["regulon"], "shift": [9.0, -10, 8, 0.1]})
    assert list(figures.choose_returning(table)["feature"]) == ["b", "d"]


def test_a_study_without_relapse_says_nothing_of_it_and_one_without_positions_why():
    empty = positions().iloc[:0]
    none = dataclasses.replace(STYLE, contrast={**STYLE.contrast, "relapse": None})
    bins = reversibility.bin_positions(empty)
    assert figures.draw_reversibility(empty, bins, none) == Absent("no_relapse")
    assert figures.draw_reversibility(empty, bins, STYLE) == Absent("none_placed")

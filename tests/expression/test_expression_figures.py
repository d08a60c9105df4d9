"""Figures of expression from small tables: what they show, and what they say where a study can't be asked."""

import numpy as np
import pandas as pd
import pytest

from scripts.expression import figures, gene_set_figures, signature, state_figures
from scripts.expression.terms import ARMS, DRUGS, UNITS
from scripts.figure.figure import Absent
from scripts.figure.labels import place_names
from scripts.figure.style import Style
from scripts.profiles.profiles import Profiles

CONTRAST = "persister vs untreated"
STYLE = Style(
    models=("A", "B", "C", "NA"),
    arms=("untreated", "AC", "cisplatin", "high dose"),
    timepoints=("untreated", "persister", "relapse"),
    contrast={"baseline": "untreated", "persister": "persister", "relapse": "relapse"},
    settings={"fdr": 0.05, "max_points": 3, "signatures": [{"path": "sets/published.up.txt"}]},
)


def genes(**columns) -> pd.DataFrame:
    """Return differential_expression.tsv of ten genes, and one arm's rows."""
    table = pd.DataFrame({"contrast": CONTRAST, "arm": "all arms", "gene": [f"g{i}" for i in range(10)]})
    table = table.assign(log_fc=np.arange(10.0) - 5, t=np.arange(10.0) - 5, ci_low=-6.0, ci_high=6.0, fdr=0.01)
    table = table.assign(models_agreeing=3, n_models=3, same_direction=0.95, p=0.01, **columns)
    voom = ("log_fc", "ci_low", "ci_high", "t", "p", "fdr", "n_models")
    table = table.assign(**{f"voom_{name}": table[name] for name in voom if f"voom_{name}" not in table})
    return pd.concat([table, table.assign(arm="AC", fdr=0.5)], ignore_index=True)


def learned() -> pd.DataFrame:
    """Return signature.tsv: g9 and g8 up, g0 down."""
    rows = [("g9", "up", 1), ("g8", "up", 2), ("g0", "down", 1)]
    return pd.DataFrame(rows, columns=["gene", "direction", "rank"])


def treatments() -> pd.DataFrame:
    """Return treatment.tsv: A had two drugs with replicates, B and C one each; no model had both AC and cisplatin."""
    rows = [
        (ARMS, "AC", "cisplatin", np.nan, np.nan, "confounded: no model had both"),
        (UNITS, "same arm", "different arms", np.nan, np.nan, None),
        (DRUGS, "A", "AC,cisplatin", 50, 5, None),
        (DRUGS, "B", "AC", np.nan, np.nan, "confounded: one arm only"),
        (DRUGS, "C", "cisplatin", np.nan, np.nan, "confounded: one arm only"),
    ]
    table = pd.DataFrame(rows, columns=["question", "subject", "other", "genes", "changed", "note"])
    return table.assign(
        value=0.2, expected=0.01, p=0.04, signature_value=0.1, signature_genes=[np.nan, np.nan, 10, np.nan, np.nan],
        signature_changed=[np.nan, np.nan, 2, np.nan, np.nan],
    )  # fmt: skip


# --- Genes and the signature ---


def test_the_volcano_has_all_of_the_signature_and_a_part_of_the_others():
    made = figures.draw_volcano(genes(), learned(), STYLE)
    table = made.data["volcano"].set_index("gene")
    assert len(table) == 6 and table["group"].value_counts()["other genes"] == 3
    assert table.loc["g0", "group"] == "signature, down" and table.loc["g9", "evidence"] == pytest.approx(2)
    assert "10 genes, 6 drawn" in made.n and "2 up and 1 down" in made.n
    whole = Style(**{**STYLE.__dict__, "settings": {**STYLE.settings, "max_points": 100}})
    assert "drawn" not in figures.draw_volcano(genes(), learned(), whole).n


def test_the_volcano_says_why_it_is_absent():
    assert figures.draw_volcano(genes().iloc[:0], learned(), STYLE) == Absent("nothing_compared")
    assert figures.draw_volcano(genes(fdr=np.nan), learned(), STYLE) == Absent("no_p_values")


def test_names_of_points_do_not_lie_over_each_other():
    table = pd.DataFrame({"tf": list("abcd"), "x": [1.0, 1, 1, 9], "y": [1.0, 1, 1, 9]})
    named = place_names(table, "tf", "x", "y", pd.Series([1, 3, 2, np.nan]), {"above": -9, "below": 13})
    assert list(named["above"]) == ["", "b", "", ""] and list(named["below"]) == ["", "", "c", ""]
    # The axis holds a bar that makes eight letters of room a wider part of it: what stood next to has none.
    apart = table.assign(x=[1.0, 2, 3, 9])
    named = place_names(apart, "tf", "x", "y", pd.Series([1, 3, 2, np.nan]), {"above": -9})
    assert list(named["above"]) == ["a", "b", "c", ""]
    named = place_names(apart, "tf", "x", "y", pd.Series([1, 3, 2, np.nan]), {"above": -9}, ([-20.0, np.nan], []))
    assert list(named["above"]) == ["", "b", "", ""]
    assert place_names(table.iloc[:0], "tf", "x", "y", pd.Series(dtype=float), {"above": -9}).empty


def test_the_table_of_genes_is_sorted_by_evidence_and_names_the_signature():
    table = genes()
    table.loc[7, "fdr"] = 1e-9
    made = figures.tabulate_genes(table, learned(), STYLE)
    assert made.frame["gene"].iloc[0] == "g7" and len(made.frame) == 10
    assert made.frame.set_index("gene").loc[["g9", "g5", "g0"], "direction"].tolist() == ["up", "", "down"]
    assert not {"contrast", "arm"} & set(made.frame)
    assert figures.tabulate_genes(table.iloc[:0], learned(), STYLE) is None


def profiles() -> Profiles:
    """Return six profiles of two models, B measured on two platforms whose levels differ by ten."""
    labels = [("A", "A"), ("A", "A"), ("B", "B:bulk"), ("B", "B:bulk"), ("B", "B:array"), ("B", "B:array")]
    samples = pd.DataFrame(labels, columns=["model", "block"], index=[f"s{i}" for i in range(6)])
    samples = samples.assign(timepoint=["untreated", "persister"] * 3, arm=["untreated", "AC"] * 3, platform="bulk")
    values = pd.DataFrame({"g9": [0.0, 2, 0, 2, 10, 12], "g0": [1.0, 0, 1, 0, 1, 0], "g8": 5.0}, index=samples.index)
    return Profiles(values, values, samples)


def test_the_heat_map_is_relative_to_the_model_on_its_platform():
    table = signature.heatmap(profiles(), learned(), size=1)
    assert list(table.columns) == signature.HEATMAP and list(dict.fromkeys(table["gene"])) == ["g9", "g0"]
    assert table.loc[table["gene"] == "g9", "deviation"].tolist() == [-1, 1, -1, 1, -1, 1]
    assert table.loc[table["gene"] == "g0", "direction"].eq("down").all()
    flat = signature.heatmap(profiles(), learned(), size=2)
    assert flat.loc[flat["gene"] == "g8", "deviation"].isna().all(), "it doesn't vary"
    made = figures.draw_heatmap(table, STYLE)
    sort = made.panels[0].chart.to_dict()["layer"][0]["encoding"]["x"]["sort"]
    assert sort == ["s0", "s2", "s4", "s1", "s3", "s5"], "by timepoint, then by model"
    assert made.n == "6 profiles of 2 models; 2 genes."
    assert figures.draw_heatmap(signature.heatmap(profiles(), learned().iloc[:0]), STYLE) is None


def test_each_platform_has_its_panel_of_scores():
    table = pd.DataFrame(
        {"sample": ["s1", "s2", "s3"], "model": "NA", "timepoint": "persister", "arm": "AC", "replicate": "1",
         "platform": ["array", "bulk", "bulk"], "score": [1.0, 2, np.nan], "relative": 0.0}
    )  # fmt: skip
    made = figures.draw_scores(table, STYLE)
    assert [panel.where["platform"] for panel in made.panels] == ["array", "bulk"]
    assert made.n == "2 samples of 1 model."
    assert figures.draw_scores(table.assign(score=np.nan), STYLE) is None


def test_models_left_out_are_points_and_all_of_them_a_mean():
    rows = [(size, name) for size in (10, 40) for name in ("A", "NA", "all models")]
    table = pd.DataFrame(rows, columns=["size", "left_out"]).assign(difference=2.0, auc=1.0)
    table = table.assign(n_baseline=1, n_persister=1, models_agreeing=2, n_models=1, p=0.02, null="all 64 flips")
    made = figures.draw_left_out(table, STYLE)
    assert list(made.data["models"]["model"]) == ["A", "NA"] * 2 and len(made.data["mean"]) == 2
    assert made.n == "2 models, each left out once; 2 sizes of the signature."
    assert made.notes == {"tested": {"p": "10 genes: 0.02, 40 genes: 0.02", "null": "all 64 flips"}}
    assert figures.draw_left_out(table.assign(p=np.nan), STYLE).notes == {"few": {}}
    assert figures.draw_left_out(table.iloc[:0], STYLE) is None


# --- Gene sets ---


def sets() -> pd.DataFrame:
    """Return gene_sets.tsv: six hallmarks, a published signature with a low score, and one without a score."""
    names = [*(f"HALLMARK_SET_{i}" for i in range(6)), "DTP up", "few genes"]
    table = pd.DataFrame({"contrast": CONTRAST, "gene_set": names, "collection": "hallmarks"})
    table.loc[6, "collection"] = "published.up"
    change = np.array([-2.5, -1.5, -0.5, 0.5, 1.5, 2.6, 0.1, np.nan])
    table = table.assign(log_fc=change, ci_low=change - 1, ci_high=change + 1, p=0.01, fdr=[0.5, *[0.01] * 7])
    return table.assign(measured=20, models_agreeing=2, n_models=3)


def test_published_signatures_are_all_drawn_whatever_their_score(monkeypatch):
    monkeypatch.setattr(gene_set_figures, "MAX_SETS", 3)
    made = gene_set_figures.draw_gene_sets(sets(), STYLE)
    table = made.data["gene_sets"].set_index("gene_set")
    assert list(table.index) == ["DTP up", "HALLMARK_SET_5", "HALLMARK_SET_0"] and "4 with the least evidence" in made.n
    assert [panel.title for panel in made.panels] == ["published signatures", "gene sets"]
    assert list(table["group"]) == ["more", "more", "above the FDR"] and set(table["models"]) == {"2/3"}
    assert table.loc["HALLMARK_SET_5", "name"].replace("|", " ") == "SET 5 (20)"


def test_the_table_of_gene_sets_has_those_without_a_score_too():
    made = gene_set_figures.tabulate_gene_sets(sets(), STYLE)
    assert len(made.frame) == 8 and made.frame["gene_set"].iloc[-1] == "HALLMARK_SET_0"
    assert gene_set_figures.draw_gene_sets(sets().assign(log_fc=np.nan), STYLE) == Absent("not_scored")


# --- States and treatments ---


def test_states_have_a_scatter_and_strips_for_each_adjustment():
    structure = pd.DataFrame({"adjustment": ["blind", "known"], "n_samples": 9, "n_models": 3, "n_genes": 50})
    structure = structure.assign(purity=1.0, expected=0.6, p=0.01, permutations=99, pc1_share=0.7, pc1_state=0.9)
    structure = structure.assign(pc2_share=0.1, note=["unequal timepoints in A", "states known"])
    places = pd.DataFrame({"adjustment": ["blind", "known"], "sample": "s", "model": "A", "timepoint": "persister"})
    places = places.assign(arm="AC", pc1=0.0, pc2=1.0, cluster=["1", "2"], leaf=0)
    made = state_figures.draw_states(structure, places, STYLE)
    assert [panel.where["adjustment"] for panel in made.panels] == ["blind", "known"] * 2
    assert made.panels[0].title == "states unknown: purity 1.00 (by chance 0.60, p 0.01)"
    assert set(made.data["states"]["cluster"]) == set(state_figures.CLUSTERS)
    assert made.notes == {"limits": {"note": "unequal timepoints in A"}}, "the other's note is in the caption"
    assert state_figures.draw_states(structure.assign(note=None), places, STYLE).notes == {}
    assert state_figures.draw_states(structure, places.iloc[:0], STYLE) is None


def test_units_are_split_by_the_names_of_the_config():
    assert state_figures.split_unit("A AC", STYLE) == ("A", "AC")
    assert state_figures.split_unit("NA high dose", STYLE) == ("NA", "high dose")
    assert state_figures.split_unit("X y z", STYLE) == ("X y", "z")


def test_pairs_of_one_arm_are_neighbours():
    units = ["A AC", "B cisplatin", "C AC"]
    matrix = pd.DataFrame(np.full((3, 3), 0.5) + 0.5 * np.eye(3), index=units, columns=units)
    made = state_figures.draw_correlation(matrix.rename_axis("unit").reset_index(), treatments(), STYLE)
    encoding = made.panels[0].chart.to_dict()["layer"][0]["encoding"]
    assert encoding["x"]["sort"] == encoding["y"]["sort"] == ["A AC", "C AC", "B cisplatin"]
    table = made.data["correlation"]
    assert set(table.loc[table["pair"] == "itself", "correlation"]) == {1.0}
    assert made.n == "3 pairs of model and arm: 3 models, 2 arms." and made.notes["gap"]["value"] == "0.20"
    alone = treatments().query("question != @UNITS")
    assert state_figures.draw_correlation(matrix.rename_axis("unit").reset_index(), alone, STYLE).notes == {}
    assert state_figures.draw_correlation(matrix.iloc[:1].rename_axis("unit").reset_index(), alone, STYLE) is None


def test_drugs_are_compared_where_a_model_had_several():
    made = state_figures.draw_drugs(treatments(), STYLE)
    table = made.data["drugs"].set_index("genes")
    assert list(table["share"]) == [0.1, 0.2] and table.loc["signature", "numbers"] == "2 of 10"
    assert made.n == "1 model with several drugs and replicates."
    assert state_figures.draw_drugs(treatments().query("subject != 'A'"), STYLE) is None


def test_patients_with_one_drug_are_called_confounded():
    (models, some), (arms, named) = state_figures.tell_confounded(treatments(), STYLE).parts
    assert (models, some) == ("models", {"some": "2 of 3 models", "models": "B and C"})
    assert (arms, named) == ("arms", {"arms": "AC and cisplatin"})
    assert state_figures.tell_confounded(treatments().query("subject == 'A'"), STYLE) is None

"""The study's own 87 profiles through the stages: its results are found, FOSL1 as measured."""

import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
from checkout import drop_if_outdated

ROOT = Path(__file__).parents[2]
DATA = ROOT.parent / "shared" / "data"
CONTRAST = "persister vs untreated"
pytestmark = [
    pytest.mark.full,
    pytest.mark.skipif(not (DATA / "study_profiles").is_dir(), reason="../shared/data/study_profiles isn't here"),
]


@pytest.fixture(scope="module")
def programme() -> Path:
    """Return the results of tests/real/study_profiles/config.yaml."""
    drop_if_outdated(ROOT / "results" / "study_profiles")
    configs = ["config/config.yaml", "tests/real/study_profiles/config.yaml"]
    command = [sys.executable, "-m", "snakemake", "programme", "--cores", "2", "--configfile", *configs]
    ran = subprocess.run([*command, "--rerun-incomplete"], cwd=ROOT, capture_output=True, text=True)
    assert ran.returncode == 0, (ran.stdout + ran.stderr)[-8000:]
    return ROOT / "results" / "study_profiles"


def read(programme: Path, name: str) -> pd.DataFrame:
    """Return a table of one of the stages."""
    (path,) = programme.glob(f"*/{name}")
    return pd.read_csv(path, sep="\t", keep_default_na=False, na_values=[""])


def test_tables_have_the_promised_columns(programme):
    asked = {
        "differential_expression.tsv": "contrast gene log_fc ci_low ci_high t p fdr models_agreeing voom_t voom_fdr",
        "tf_activity.tsv": "contrast tf effect ci_low ci_high p fdr score",
    }
    for name, columns in asked.items():
        assert set(columns.split()) <= set(read(programme, name).columns)
    for name in ("signature", "switches", "reversibility", "markers", "confounders"):
        assert len(read(programme, f"{name}.tsv")), name


def test_all_profiles_and_genes_are_compared(programme):
    table = read(programme, "differential_expression.tsv")
    assert table.groupby("contrast")["gene"].nunique().eq(9394).all()
    assert {CONTRAST, "relapse vs untreated", "relapse vs persister"} <= set(table["contrast"])


def test_genes_go_where_the_study_saw_them_go(programme):
    table = read(programme, "differential_expression.tsv")
    own = table[(table["contrast"] == CONTRAST) & (table["arm"] == "all arms")].set_index("gene")
    up, down = ["JUNB", "KRT14", "ABCA1", "INHBA"], ["SQLE", "LDLR", "IDI1", "HMGCR", "CA9"]
    assert (own.loc[up, "log_fc"] > 0).all() and (own.loc[down, "log_fc"] < 0).all()
    assert (own.loc[up + down, "voom_fdr"] < 0.05).all()
    assert (own.loc[up + down, "models_agreeing"] >= 7).all(), "of eight"
    assert (own.loc[up + down, "voom_ci_low"] * own.loc[up + down, "voom_ci_high"] > 0).all()


def test_most_of_what_these_tumours_show_is_not_shown_over_patients(programme):
    """An independent analysis had 5,365 genes with samples as replicates, and 8 with a moderated paired t."""
    table = read(programme, "differential_expression.tsv")
    own = table[(table["contrast"] == CONTRAST) & (table["arm"] == "all arms")]
    assert ((own["voom_fdr"] <= 0.05).sum(), (own["fdr"] <= 0.05).sum()) == (5365, 8)
    opposite = (own["voom_fdr"] <= 0.05) & (own["log_fc"] * own["voom_log_fc"] < 0)
    assert opposite.sum() == 627
    said = read(programme, "expression_design.tsv").iloc[0]
    assert (said["voom_changed"], said["changed"], said["voom_opposite"]) == (5365, 8, 627)


def test_factors_go_where_the_study_saw_them_go(programme):
    table = read(programme, "tf_activity.tsv")
    score = table[table["contrast"] == CONTRAST].set_index("tf")["score"]
    assert (score[["NFKB1", "STAT1", "RELA", "IRF1"]] > 1).all()
    assert (score[["MYC", "SREBF1", "SREBF2", "E2F4"]] < -1).all()


def test_the_rise_of_ap1_is_that_of_three_models(programme):
    """JUN and AP1 rise in the bulk and array models and fall in most single-cell ones: not over patients."""
    factors = read(programme, "tf_activity.tsv")
    own = factors[factors["contrast"] == CONTRAST].set_index("tf").loc[["JUN", "AP1"]]
    assert (own["fdr"] > 0.05).all() and (own["score"].abs() < 1).all()
    switches = read(programme, "switches.tsv").set_index("tf").loc[["JUN", "AP1"]]
    assert (switches["verdict"] != "shared switch").all() and (switches["platform_difference"] < 0).all()


def test_fosl1_is_told_as_it_is(programme):
    """Its mRNA is not shown to rise over patients, nor its activity: a switch by the paper, not by these profiles."""
    genes = read(programme, "differential_expression.tsv")
    mrna = genes[(genes["contrast"] == CONTRAST) & (genes["arm"] == "all arms") & (genes["gene"] == "FOSL1")].iloc[0]
    assert mrna["ci_low"] < 0 < mrna["ci_high"] and mrna["fdr"] > 0.05
    row = read(programme, "switches.tsv").set_index("tf").loc["FOSL1"]
    assert row["verdict"] != "shared switch" and row["effect"] > 0


def test_sterol_factors_lead_the_switches(programme):
    """Targets of SREBF1 and SREBF2 fall in all eight patients: the clearest change of these profiles."""
    table = read(programme, "switches.tsv")
    first = table.head(5).set_index("tf")
    assert {"SREBF1", "SREBF2"} <= set(first.index)
    assert (first.loc[["SREBF1", "SREBF2"], "k"] == 8).all()
    assert (first.loc[["SREBF1", "SREBF2"], "direction"] == "down").all()


def test_signature_tells_patients_it_was_not_learned_from(programme):
    table = read(programme, "signature_sizes.tsv")
    assert table["left_out"].nunique() == 9, "each of eight models, and all"
    whole = table[table["left_out"] == "all models"].set_index("size")
    assert set(whole.index) == {30, 100, 300}
    assert (whole["auc"] > 0.95).all() and (whole["models_agreeing"] == 8).all() and (whole["p"] == 1 / 128).all()


def test_two_models_with_relapse_have_a_position_and_no_verdict(programme):
    table = read(programme, "reversibility.tsv")
    row = table[table["feature"] == "signature"].iloc[0]
    assert row["position"] < 0.5 and row["n_models"] == 2
    assert pd.isna(row["ci_low"]) and row["verdict"] == "unclear"


def test_markers_tell_left_out_patients_better_than_chance(programme):
    panels = read(programme, "markers_panels.tsv")
    chosen = panels[panels["size"].astype(str) == "chosen"].set_index("pool")
    assert set(chosen.index) == {"all genes", "surface", "secreted"}
    # Secreted proteins are few among these genes: whether they do is the data's to say.
    assert (chosen.loc[["all genes", "surface"], "auc"] > 0.8).all()
    assert chosen.loc["surface", "p"] <= 0.05
    assert read(programme, "markers.tsv")["location"].isin(["surface", "secreted"]).any()


def test_what_the_design_can_not_answer_is_called_confounded(programme):
    """HBCx95 had capecitabine alone; arms are distinguished in the two models that had several."""
    table = read(programme, "treatment.tsv").set_index(["question", "subject"]).sort_index()
    assert table.loc[("state x drug", "HBCx95"), "note"].str.startswith("confounded").all()
    assert not table.loc[("state x drug", "HBCx33"), "note"].fillna("").str.startswith("confounded").any()


def test_it_is_no_cycle_and_no_stress_alone(programme):
    """Scores can be held equal in three models only, whose limits can't show that half of the change remains."""
    assert read(programme, "programme_verdict.tsv")["verdict"].tolist() == ["programme, confounders unclear"]

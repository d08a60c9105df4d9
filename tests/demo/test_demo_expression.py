"""The demo's expression profiles against what was planted: the signature, patients left out, factors."""

import pandas as pd
import pytest
from checkout import only_whole

pytestmark = only_whole


@pytest.fixture(scope="module")
def read(results):
    """Return a function that reads a table of the demo, given as stage/name."""
    return lambda name: pd.read_csv(results / name, sep="\t")


@pytest.fixture(scope="module")
def planted(truth) -> pd.Series:
    """Return the direction of each planted gene: the targets of the persister factors."""
    return pd.read_csv(truth / "persister.tsv", sep="\t").set_index("gene")["direction"]


def persisters(table: pd.DataFrame) -> pd.DataFrame:
    return table[(table["contrast"] == "persister vs untreated") & (table["arm"] == "all arms")].set_index("gene")


def test_the_planted_signature_is_recovered(read, planted):
    """Counted so: as many genes from the top of t as rise by plan (89), as many from its bottom as fall (39); the
    planted ones among them. The issue asks for 80; 122 were found, and what stood in place of the others were the
    factors themselves, whose mRNA follows.
    """
    t = persisters(read("expression/differential_expression.tsv"))["t"]
    up, down = (set(planted.index[planted == direction]) for direction in ("up", "down"))
    found = len(up & set(t.nlargest(len(up)).index)) + len(down & set(t.nsmallest(len(down)).index))
    assert found >= 110 and len(up) + len(down) == 128


def test_all_profiles_of_all_platforms_are_compared(read):
    losses = read("profiles/profile_losses.tsv")
    assert losses.groupby("platform")["samples"].sum().to_dict() == {"array": 20, "bulk": 9, "single-cell": 12}
    assert (losses["kept"] == 457).all()
    answers = read("expression/expression_design.tsv").set_index(["contrast", "arm"])
    assert answers.loc[("persister vs untreated", "all arms"), "n_models"] == 8


def test_the_signature_is_found_in_patients_it_was_not_learned_from(read):
    whole = read("expression/signature_sizes.tsv").set_index(["left_out", "size"]).loc["all models"]
    assert (whole["models_agreeing"] == 8).all() and (whole["auc"] == 1).all() and (whole["p"] == 1 / 128).all()


def test_cells_score_by_their_state(results):
    cells = pd.read_parquet(results / "expression" / "signature_cells.parquet")
    means = cells.groupby(["model", "timepoint"])["score"].mean().unstack()
    assert len(means) == 5 and (means["persister"] - means["untreated"] > 0.8).all()
    assert ((means["relapse"] - means["untreated"]).dropna() < 0.3).all()


def test_planted_factors_come_first_by_their_targets(read, truth):
    factors = pd.read_csv(truth / "factors.tsv", sep="\t").set_index("tf")
    table = read("activity/tf_activity.tsv").query("contrast == 'persister vs untreated'").set_index("tf")
    planted = factors.index[factors["role"].isin(["persister_up", "persister_down"])]
    assert set(table.index[: len(planted)]) == set(planted)
    assert ((table.loc[planted, "score"] > 0) == (factors.loc[planted, "role"] == "persister_up")).all()
    assert (table.loc[planted, "models_agreeing"] == 8).all()


def test_relapse_is_back_at_the_baseline(read):
    table = read("expression/differential_expression.tsv")
    relapse = table[(table["contrast"] == "relapse vs untreated") & (table["arm"] == "all arms")]
    assert (relapse[["fdr", "voom_fdr"]] <= 0.05).sum().max() <= 5

"""The demo's states of cells against what was planted: fewer persisters cycle, and switches need no division."""

import anndata
import pandas as pd
import pytest
from checkout import only_whole

from scripts.biopsy import clusters
from scripts.growth.terms import MAIN

pytestmark = only_whole


@pytest.fixture(scope="module")
def read(results):
    """Return a function that reads a table of the stage."""
    return lambda name: pd.read_csv(results / "growth" / f"{name}.tsv", sep="\t")


def planted_shares(truth) -> pd.Series:
    """Return the share of cycling cells among the planted tumour cells of each sample."""
    found = {}
    for path in sorted(truth.glob("*.cells.tsv")):
        cells = pd.read_csv(path, sep="\t", dtype={"phase": str}, keep_default_na=False)
        own = cells.loc[cells["phase"] != "", "phase"]
        found[path.name.removesuffix(".cells.tsv")] = (own != "G1").mean()
    return pd.Series(found)


def test_shares_of_cycling_cells_are_those_planted(read, truth):
    """Tirosh's rule has no margin: some resting cells are called cycling (tests/demo/test_demo_clusters.py)."""
    shares = read("shares").query("partition == 'phase'")
    own = shares[shares["state"] != "G1"].groupby("sample")["share"].sum()
    planted = planted_shares(truth).reindex(own.index)
    assert (own - planted).between(-0.03, 0.2).all() and own.corr(planted) > 0.8


def test_cycling_cells_fall_in_persisters_and_come_back(read):
    changes = read("changes")
    changes = changes[(changes["arm"] == "all arms") & (changes["ratio"] == MAIN)].set_index("comparison")
    row = changes.loc["persister vs untreated"]
    # Planted: 48 % to 34 %, log2 odds −0.84. Scores are relative to other genes, many of which rise in persisters.
    assert row["n"] == row["k"] == 5 and row["effect"] < -0.4 and row["fdr"] <= 0.05
    assert -2 < row["ci_low"] < -0.84 and -1.04 < row["ci_high"] < 0
    again = changes.loc["relapse vs untreated"]
    assert again["n"] == 2 and pd.isna(again["p"]) and abs(again["effect"]) < 0.8


def test_the_persister_like_state_grows_in_every_model(read):
    """It is the planted state that grows: the programme is on in persisters whether or not they cycle."""
    shares = read("shares").query("partition == 'programme and cycle'")
    like = shares[shares["state"].str.startswith("persister-like")].groupby(["model", "timepoint"])["share"].sum()
    table = like.unstack()
    assert len(table) == 5 and (table["persister"] > 0.8).all() and (table["untreated"] < 0.15).all()
    assert (table["relapse"].dropna() < 0.3).all()


def test_planted_switches_hold_in_cycling_and_in_other_cells(read):
    """Their activity is drawn without regard to the phase."""
    table = read("switches_by_cycle").set_index("tf")
    planted = ["FOSL1", "JUNB", "NFKB1", "STAT1", "KLF4", "SREBF2", "MYC"]
    assert (table.loc[planted, "verdict"] == "holds in both").all()
    assert (table["verdict"] == "only cycling").sum() == 0 and (table["verdict"] == "only non-cycling").sum() == 0
    assert table[["cycling_n", "resting_n"]].eq(5).all(axis=None)


def test_shares_of_clusters_add_up_in_each_timepoint(read):
    table = read("clusters")
    assert table.groupby(["model", "timepoint"])["share"].sum().sub(1).abs().max() < 1e-4  # shares have six digits
    assert not {"p", "fdr"} & set(table)


@pytest.fixture(scope="module")
def common(results, truth) -> pd.DataFrame:
    """Return the cells of the common clusters with what was planted: their cluster, phase and activities."""
    cells = pd.read_csv(results / "growth" / "common_cells.tsv.gz", sep="\t", dtype={"cluster": str})
    parts = []
    for path in sorted(truth.glob("*.cells.tsv")):
        planted = pd.read_csv(path, sep="\t", keep_default_na=False)
        parts.append(planted.set_index(path.name.removesuffix(".cells.tsv") + ":" + planted["barcode"]))
    planted = pd.concat(parts)[["kind", "phase", "cluster_secretory"]]
    return cells.join(planted[planted["kind"] == "cell"], on="cell").dropna(subset=["phase"])


def test_the_planted_cluster_is_found_in_all_models_and_grows(read, truth, common):
    """Its cells express housekeeping genes of secretion, and are 6 % of untreated and 18 % of persister cells."""
    table = pd.crosstab(common["cluster"], common["cluster_secretory"].astype(float))
    own = table[1.0].idxmax()
    found, planted = table.loc[own, 1.0], table[1.0].sum()
    assert found >= 0.9 * table.loc[own].sum() and found >= 0.75 * planted
    changes = read("common_changes").astype({"cluster": str}).set_index(["contrast", "cluster"])
    row = changes.loc[("persister vs untreated", own)]
    shares = pd.read_csv(truth / "clusters.tsv", sep="\t").set_index("cluster").loc["secretory"]
    assert row["verdict"] == "grows" and row["n_models"] == row["k"] == 5
    assert abs(row["share_baseline"] - shares["share_untreated"]) < 0.04
    assert abs(row["share_treated"] - shares["share_persister"]) < 0.06
    named = read("common_clusters").astype({"cluster": str}).set_index("cluster").loc[own, "genes"].split(", ")
    assert len(set(named) & {"SEC61B", "SSR4", "SPCS1", "CANX", "PDIA3", "P4HB", "HSPA5", "CLTC", "LAMP1", "CTSD"}) >= 7


def test_clusters_of_cycling_cells_do_not_grow(read, common):
    """Fewer persisters cycle. Clusters of the planted programme, of which all persisters have more, grow as well."""
    phases = pd.crosstab(common["cluster"], common["phase"], normalize="index")
    cycling = phases.index[phases.drop(columns="G1").sum(axis=1) > 0.8]
    changes = read("common_changes").astype({"cluster": str}).query("contrast == 'persister vs untreated'")
    found = changes.set_index("cluster").loc[cycling]
    assert len(found) >= 2 and (found["effect"] < 0).all() and not found["verdict"].eq("grows").any()


def test_models_left_out_are_assigned_to_the_common_clusters(results, common):
    """As a biopsy is, whose patient the reference does not know."""
    cells = anndata.read_h5ad(results / "reference" / "cells.h5ad")
    labels = cells.obs.reset_index(drop=True).astype(str)
    values, _ = clusters.components(cells.X, cells.X[:0], labels["sample"].to_numpy())
    assigned = pd.Series(clusters.assign_left_out(values, labels)[0], cells.obs_names)
    assert (assigned == cells.obs[clusters.LABEL].astype(str)).mean() > 0.7
    planted = common[common["cluster_secretory"].astype(float) == 1]
    own = planted["cluster"].mode()[0]
    assert (assigned.reindex(planted["cell"]).dropna() == own).mean() > 0.8

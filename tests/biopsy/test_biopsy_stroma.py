"""Lineages of a biopsy's stroma: named as in training, placed among comparable training samples, else described."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from stroma.test_stroma_naming import library

from scripts.biopsy import describe, drift, freeze, reference, score_biopsy, stroma
from scripts.published.terms import SIGNATURES
from scripts.stroma.shares import CHANGES

SETTINGS = {"max_cells": 500, "seed": 0}
SPECIES = {"host": "mouse", "normal": "human"}


@pytest.fixture(scope="module")
def biopsy(simulator):
    """Return a function that draws the stroma of a biopsy of a new xenograft at a timepoint."""

    def drawn(timepoint: str, cells: int = 240) -> tuple[stroma.Stroma, pd.Series]:
        host = simulator.host_cells("HBCx7", "B", seed=5, timepoint=timepoint, graft_cells=60, host_cells=cells)
        own = stroma.Stroma("host", "mouse", host.n_obs, host.n_obs, stroma.count_own(host, "mouse"), 20)
        return own, host.obs["planted"].value_counts()

    return drawn


def test_the_reference_holds_each_sample_s_lineages_named_both_ways(frozen):
    table = frozen.table("stroma")
    assert list(table) == stroma.TABLE and table["sample"].nunique() == 12
    assert (table["own_cells"] - table["cells"]).abs().max() <= 3  # planted, and by markers
    assert (table.groupby("sample")["own_cells"].sum() == table.groupby("sample")["own_called"].first()).all()
    assert frozen.manifest["stroma"] == {"kind": "host", "species": "mouse", "min_cells": 20, **SETTINGS}
    change = frozen.table("stroma_changes").set_index(["contrast", "lineage"])
    assert change.loc[("persister vs untreated", "macrophage"), "verdict"] == "rises"
    assert frozen.table("published")["signature"].tolist() == ["related"]


def test_a_study_without_stroma_and_lists_freezes_empty_tables():
    about = {"kind": "", "species": "", "libraries": ["A"], "max_cells": 500, "seed": 0}
    assert list(freeze.frozen_stroma({}, about)) == stroma.TABLE and freeze.frozen_stroma({}, about).empty
    for columns in (CHANGES, SIGNATURES):
        table = freeze.read_optional(None, columns)
        assert table.empty and list(table) == columns


def test_lineages_that_the_user_or_the_markers_alone_name_have_rows(tmp_path):
    import anndata

    counts, genes = library(["fibroblast"] * 30 + ["B cell"] * 2, "human", np.random.default_rng(3))
    anndata.AnnData(counts.astype(np.int32), var=pd.DataFrame(index=genes)).write_h5ad(tmp_path / "A.h5ad")
    row = {"sample": "A", "model": "M", "timepoint": "u", "arm": "u", "used": "yes"}
    found = pd.DataFrame([row | {"lineage": "CAF", "cells": 30}, row | {"lineage": "other", "cells": 2}])
    table = stroma.to_freeze(found.assign(share=found["cells"] / 32), {"A": tmp_path / "A.h5ad"}, "human", SETTINGS)
    table = table.set_index("lineage")
    assert table["own_cells"].to_dict() == {"fibroblast": 30, "B cell": 2, "CAF": 0, "other": 0}
    assert table["own_called"].eq(32).all() and table["model"].eq("M").all()
    assert table["cells"].isna().to_dict() == {"fibroblast": True, "B cell": True, "CAF": False, "other": False}


@pytest.mark.parametrize(("timepoint", "call"), [("untreated", "as untreated"), ("persister", "above untreated")])
def test_shares_are_those_planted_and_macrophages_are_called_where_they_grow(frozen, biopsy, timepoint, call):
    own, planted = biopsy(timepoint)
    rows = stroma.place(frozen, own, 0.95).set_index("item")
    assert set(rows.index) == set(planted.index) and rows["section"].eq("stroma").all()
    assert rows["value"].sum() == pytest.approx(1)
    for lineage, cells in planted.items():
        assert rows.at[lineage, "value"] == pytest.approx(cells / own.called, abs=0.02)
    found = rows.loc["macrophage"]
    assert found["call"] == call and found["low"] < found["untreated"] < found["high"] < found["persister"] + 0.1
    cells = own.counts["macrophage"]
    assert found["note"].startswith(f"{cells} of {own.called} cells that markers name; ")
    assert "by counting alone (95 % binomial interval" in found["note"]
    assert "untreated models" in found["note"] and "persister models" in found["note"]
    if timepoint == "untreated":
        assert set(rows["call"]) == {"as untreated"}


def test_normal_cells_of_a_person_are_placed_among_those_of_people(frozen, biopsy):
    own = changed(biopsy("persister")[0], kind="normal", species="human")
    manifest = frozen.manifest | {"stroma": {"kind": "normal", "species": "human"}}
    rows = stroma.place(reference.Reference(frozen.folder, manifest), own, 0.95).set_index("item")
    assert rows.at["macrophage", "call"] == "above untreated" and rows["low"].notna().all()


def changed(own: stroma.Stroma, **changes) -> stroma.Stroma:
    return replace(own, **changes)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"cells": 19}, "19 stromal cells, fewer than the 20 that samples of the reference need"),
        ({"drawn": 5000}, "markers show a lineage in only"),
        (
            {"kind": "normal", "species": "human"},
            "the reference's are mouse host cells of xenografts, the biopsy's human normal cells of tumour samples",
        ),
        ({"species": "human"}, "the biopsy's human host cells of xenografts"),
    ],
)
def test_shares_that_are_not_comparable_are_described_only(frozen, biopsy, changes, said):
    own = changed(biopsy("persister")[0], **changes)
    rows = stroma.place(frozen, own, 0.95)
    assert len(rows) == 4 and rows["value"].sum() == pytest.approx(1)
    assert rows[["low", "high", "untreated", "persister"]].isna().all(None) and rows["call"].eq("").all()
    assert rows["note"].str.contains(said, regex=False).all() and rows["note"].str.contains("not placed").all()


def test_a_reference_without_stroma_and_tumour_cells_that_are_not_scored_place_nothing(frozen, biopsy):
    own, _ = biopsy("untreated")
    manifest = {key: value for key, value in frozen.manifest.items() if key != "stroma"}
    rows = stroma.place(reference.Reference(frozen.folder, manifest), own, 0.95)
    assert rows["note"].str.endswith("not placed: the reference holds no shares of a stroma").all()
    few = [drift.check_cells(3, 20, {"cells_graft": 3, "cells_host": 400})]
    rows = score_biopsy.not_scored(frozen, few, own, 0.95)
    assert list(rows["section"]) == ["verdict", "check", *["stroma"] * 4]
    own = rows[rows["section"] == "stroma"]
    assert own["note"].str.endswith("not placed: the tumour cells are not scored").all() and own["low"].isna().all()


def test_a_lineage_that_training_hardly_has_is_described(frozen, biopsy):
    own, _ = biopsy("untreated")
    counts = own.counts.copy()
    counts["T cell"] = 40
    rows = stroma.place(frozen, changed(own, counts=counts), 0.95).set_index("item")
    assert rows.at["T cell", "call"] == "" and np.isnan(rows.at["T cell", "high"])
    assert rows.at["T cell", "note"].endswith("not placed: less than 1 % of the training samples' cells")
    assert rows.at["fibroblast", "call"] != ""


def test_a_lineage_that_the_biopsy_lacks_has_a_row(frozen, biopsy):
    own, _ = biopsy("untreated")
    rows = stroma.place(frozen, changed(own, counts=own.counts.drop("macrophage")), 0.95).set_index("item")
    assert rows.at["macrophage", "value"] == 0 and rows.at["macrophage", "call"] == "below untreated"


def test_no_stroma_is_one_row_or_none(frozen, tmp_path, simulator):
    host = simulator.host_cells("HBCx7", "B", seed=5, graft_cells=20, host_cells=60)
    host.write_h5ad(tmp_path / "host.h5ad")
    host[:0].copy().write_h5ad(tmp_path / "normal.h5ad")
    paths = {kind: tmp_path / f"{kind}.h5ad" for kind in SPECIES}
    assert stroma.read(frozen, "pure", paths, SPECIES) is None
    assert stroma.read(frozen, "xenograft", paths, SPECIES | {"host": ""}) is None
    assert stroma.place(frozen, None, 0.95).empty
    rows = stroma.place(frozen, stroma.read(frozen, "tumour", paths, SPECIES), 0.95)
    assert len(rows) == 1 and rows["note"].item() == "0 cells: the library has none" and rows["value"].isna().all()
    few = frozen.manifest | {"stroma": frozen.manifest["stroma"] | {"max_cells": 30}}
    own = stroma.read(reference.Reference(frozen.folder, few), "xenograft", paths, SPECIES)
    assert (own.kind, own.species, own.cells, own.drawn) == ("host", "mouse", host.n_obs, 30) and own.called <= 30
    own = stroma.read(reference.Reference(frozen.folder, few | {"stroma": {}}), "xenograft", paths, SPECIES)
    assert own.drawn == own.cells == host.n_obs and own.least == 0


def test_shares_stay_and_their_calls_go_where_a_check_warns(frozen, biopsy):
    rows = stroma.place(frozen, biopsy("persister")[0], 0.95)
    kept = describe.withhold(rows, "expression")
    assert kept["value"].equals(rows["value"]) and set(kept["call"]) == {"unreliable"}
    assert kept[["low", "high"]].isna().all(None) and kept["note"].str.endswith("unreliable: expression").all()


def test_a_switch_is_shown_with_its_change_over_models():
    known = {"n": 5, "activity_change_sd": -1.58, "activity_change_sd_low": -1.69, "activity_change_sd_high": -1.47}
    switch = SimpleNamespace(regulon="MYC(+)", direction="down", **known)
    said = "change in the study −1.58 sd (mean of 5 models, 95 % CI −1.69 to −1.47)"
    assert describe.effect_of(switch) == said
    assert describe.evidence_of(switch) == f"MYC(+) is down in persisters; {said}"
    switch.activity_change_sd_low = switch.activity_change_sd_high = np.nan
    assert describe.effect_of(switch) == "change in the study −1.58 sd (mean of 5 models)"
    assert describe.effect_of(SimpleNamespace(regulon="MYC(+)", direction="down")) == ""

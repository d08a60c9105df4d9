"""Sections on the programme from small made-up tables: what is shown, what is computed, and what is said instead."""

import numpy as np
import pandas as pd
import pytest
from made_up import (
    HEADERS,
    STAGES,
    Results,
    samples,
)

from scripts.base.columns import describe
from scripts.report.inputs import results_of, tables_of
from scripts.report.sections import clusters, regulons
from scripts.report.source import Source

SETS = {"gene_sets": [{"path": "sets/hallmarks.gmt"}], "signatures": [{"path": "sets/published.up.txt"}]}


def test_what_is_read_hangs_on_the_design(tmp_path):
    network = {"path": "network.tsv"}
    cells = set(results_of(Results(tmp_path, "scrna", {"network": None}).study))
    profiles = set(results_of(Results(tmp_path, "profile", {"network": network}).study))
    alone = set(results_of(Results(tmp_path, "profile", {"network": None, "gene_sets": [], "signatures": []}).study))
    for files in (cells, profiles):
        assert {"markers/markers.tsv", "switches/perturbation_shares.tsv", "confounders/confounders.tsv"} <= files
    assert "expression/signature_cells.parquet" in cells and "activity/network_comparison.tsv" not in cells
    assert {"activity/network_comparison.tsv", "activity/profile_activity.tsv"} <= profiles
    assert not {"activity/activity.tsv", "expression/signature_cells.parquet"} & profiles
    assert alone & {"switches/switches.tsv", "markers/markers.tsv", "expression/gene_sets.tsv"} == set()
    assert {"expression/state_places.tsv", "expression/treatment.tsv", "activity/reversibility.tsv"} <= alone


def test_every_column_that_is_exported_is_described(tmp_path):
    study = Results(tmp_path, settings={"network": {"path": "network.tsv"}, **SETS}).study
    exported = {path for path in tables_of(study) if path.startswith(STAGES)}
    tables = {path for path in HEADERS if path.endswith(".tsv")}
    # The design has libraries, so its activity is of regulons; the network's comes in addition.
    assert exported == tables
    for table in exported:
        for column in HEADERS[table]:
            assert describe(table, column).description


# --- Clusters ---


@pytest.mark.parametrize("scored", [True, False])
def test_cells_are_coloured_by_the_signature_where_there_is_one(tmp_path, scored):
    cells = pd.DataFrame({"cell": ["s:1", "s:2"], "sample": "s", "timepoint": ["untreated", "persister"], "arm": "AC",
                          "cluster": "0", "phase": "G1", "umap_1": [0.0, 1], "umap_2": [0.0, 1], "stress": 0.1,
                          "hypoxia": [0.1, 0.2]})  # fmt: skip
    links = pd.DataFrame(columns=["timepoint_from", "cluster_from", "timepoint_to", "cluster_to", "status", "nearest"])
    (tmp_path / "clusters" / "A").mkdir(parents=True)
    cells.to_csv(tmp_path / "clusters" / "A" / "cells.tsv.gz", sep="\t", index=False)
    links.to_csv(tmp_path / "clusters" / "A" / "links.tsv", sep="\t", index=False)
    # In another order than the cells, as they may come.
    scores = pd.DataFrame({"cell": ["s:2", "s:1"], "score": [2.0, -1.0] if scored else [np.nan, np.nan]})
    whole = Results(tmp_path, models=("A",), tables={"signature_cells.parquet": scores}).write()
    files = whole.files | {"clusters/A/cells.tsv.gz", "clusters/A/links.tsv"}
    source = Source(whole.root, files, whole.config, whole.samples)
    figure = clusters.draw_umap(source, 10)
    titles = [panel.title for panel in figure.panels]
    assert titles[:2] == ["A: timepoint", "A: cluster"] and ("A: signature" in titles) == scored
    if scored:
        assert figure.data["umap"].set_index("cell")["signature"].to_dict() == {"s:1": -1.0, "s:2": 2.0}
    assert figure.columns == len(titles)


# --- Regulons ---


def test_a_group_that_does_not_measure_a_regulon_has_no_distribution_of_it(tmp_path):
    """Activity and thresholds of B lack MYC: no empty panel, no row of the heat map that is full there."""
    folder = tmp_path / "regulons"
    rows, cuts, files = [], [], ["samples", "thresholds"]
    for group, found in (("A", ["JUN(+)", "MYC(+)"]), ("B", ["JUN(+)"])):
        (folder / group).mkdir(parents=True)
        bins = [
            (group, r, t, i / 4, i / 4 + 0.25, 5) for r in found for t in ("untreated", "persister") for i in (0, 1)
        ]
        names = ["group", "regulon", "timepoint", "left", "right", "cells"]
        pd.DataFrame(bins, columns=names).to_csv(folder / group / "histograms.tsv", sep="\t", index=False)
        files.append(f"{group}/histograms")
        for regulon in found:
            cuts.append({"group": group, "regulon": regulon, "threshold": 0.2, "bimodal": True, "on": 0.5})
            for i, timepoint in enumerate(("untreated", "persister")):
                label = {"group": group, "sample": f"{group}_{timepoint}", "model": group, "timepoint": timepoint}
                rows.append(
                    {**label, "arm": "untreated", "regulon": regulon, "activity": 0.1 + i, "on": i, "n_cells": 9}
                )
    pd.DataFrame(rows).to_csv(folder / "samples.tsv", sep="\t", index=False)
    pd.DataFrame(cuts).assign(separation=2.0, bic_gain=1.0).to_csv(folder / "thresholds.tsv", sep="\t", index=False)
    known = frozenset(f"regulons/{name}.tsv" for name in files)
    source = Source(tmp_path, known, Results(tmp_path).study.config, samples("scrna", ("A", "B")))
    figure = regulons.draw_on_off(source)
    assert {panel.title for panel in figure.panels} == {"JUN(+) · A", "MYC(+) · A", "JUN(+) · B"}
    heat = regulons.draw_heatmap(source).data["activity_heatmap"]
    assert len(heat) == 6 and heat["z"].notna().all() and set(heat.loc[heat["model"] == "B", "regulon"]) == {"JUN(+)"}

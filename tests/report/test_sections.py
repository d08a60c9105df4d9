"""Sections on the programme from small made-up tables: what is shown, what is computed, and what is said instead."""

import dataclasses
import re

import numpy as np
import pandas as pd
import pytest
import vl_convert
from browser import CHROMIUM, WIDTHS, opened
from made_up import (
    HEADERS,
    MODELS,
    ROOT,
    STAGES,
    Results,
    confounders,
    everything,
    expression,
    families,
    knockouts,
    samples,
    switches,
)

from scripts.base.columns import describe
from scripts.report import charts, page
from scripts.report.inputs import results_of, tables_of
from scripts.report.sections import clusters, evidence, regulons
from scripts.report.sections import confounders as confounding
from scripts.report.sections import markers as marking
from scripts.report.sections import switches as switching
from scripts.report.source import Source

FIGURES = {
    "switches": {"evidence", "mrna", "knockout", "families"},
    "markers": {"marker_panels", "marker_scores"},
    "confounders": {"held"},
}
MODULES = {"switches": switching, "markers": marking, "confounders": confounding}
SETS = {"gene_sets": [{"path": "sets/hallmarks.gmt"}], "signatures": [{"path": "sets/published.up.txt"}]}


@pytest.fixture(scope="module")
def source(tmp_path_factory) -> Source:
    """Return made-up results of three models with libraries, all tables filled."""
    return Results(tmp_path_factory.mktemp("full"), settings=SETS, tables=everything()).write()


def said(section: page.Section) -> str:
    """Return what a section says beside its figures and tables."""
    return " ".join([section.absent, *(str(block) for block in section.blocks if isinstance(block, str))])


@pytest.mark.parametrize("name", FIGURES)
def test_each_section_has_its_figures_and_each_figure_can_be_drawn(source, name, tmp_path):
    section = MODULES[name].build(source)
    assert {figure.name for figure in section.figures} == FIGURES[name] and not section.absent
    for figure in section.figures:
        charts.save(figure, tmp_path)
        svg = (tmp_path / f"{figure.name}.svg").read_text()
        assert svg.count("<path") > 5, figure.name
        assert (tmp_path / f"{figure.name}.pdf").read_bytes()[:4] == b"%PDF"
        assert (tmp_path / f"{figure.name}.png").read_bytes()[1:4] == b"PNG"
        assert all(key in figure.data for panel in figure.panels for key in named_data(panel.chart.to_dict())), (
            figure.name
        )


def named_data(spec) -> set[str]:
    """Return the names of all tables that a specification asks for."""
    if isinstance(spec, list):
        return set().union(*map(named_data, spec)) if spec else set()
    if not isinstance(spec, dict):
        return set()
    own = {spec["data"]["name"]} if isinstance(spec.get("data"), dict) and "name" in spec["data"] else set()
    return own.union(*map(named_data, spec.values()))


@pytest.mark.parametrize("assay", ["scrna", "profile"])
@pytest.mark.parametrize("models", [("A",), MODELS])
def test_tables_without_rows_give_a_sentence_and_no_figure(tmp_path, assay, models):
    """A study in which nothing could be compared: every table holds its header alone."""
    empty = Results(tmp_path, assay, settings=SETS, models=models).write()
    for name in ("switches", "markers", "confounders"):
        section = MODULES[name].build(empty)
        assert section.figures == [] and len(re.sub("<[^>]+>", "", said(section))) > 40, name


def test_each_table_may_be_missing(source, monkeypatch):
    """A page is made of what a study has: an older run's results have no table of a later version's."""
    asked, table = set(), Source.table
    monkeypatch.setattr(Source, "table", lambda self, path, **options: asked.add(path) or table(self, path, **options))
    for name, module in MODULES.items():
        asked.clear()
        module.build(source)
        assert len(asked & source.files) >= 2, "tables are read by other ways than this test knows"
        for path in asked & source.files:
            section = module.build(dataclasses.replace(source, files=source.files - {path}))
            assert {figure.name for figure in section.figures} <= FIGURES[name], path


def test_a_study_of_profiles_without_a_network_says_why_there_are_no_switches(tmp_path):
    source = Results(
        tmp_path, "profile", {"network": None, "gene_sets": [], "signatures": []}, tables=expression()
    ).write()
    for name in ("switches", "markers", "confounders"):
        assert "activity.network" in MODULES[name].build(source).absent


def test_what_is_read_hangs_on_the_design(tmp_path):
    network = {"path": "network.tsv"}
    cells = set(results_of(Results(tmp_path, "scrna", {"network": None}).study))
    profiles = set(results_of(Results(tmp_path, "profile", {"network": network}).study))
    alone = set(results_of(Results(tmp_path, "profile", {"network": None, "gene_sets": [], "signatures": []}).study))
    for files in (cells, profiles):
        assert {"markers/markers.tsv", "switches/perturbation/A.null.parquet", "confounders/confounders.tsv"} <= files
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


# --- Switches ---


def test_evidence_that_there_is_not_is_a_dash(source):
    table = evidence.tiles(switches())
    missing = table[(table["regulon"] == "SOX10(+)") & table["kind"].str.startswith(("relapse", "knock"))]
    assert set(missing["said"]) == {"–"} and missing["above"].isna().all()
    best = table[(table["regulon"] == "JUNB(+)") & table["kind"].str.startswith("activity")].iloc[0]
    assert best["said"] == "+1.40" and best["above"] == 0
    assert not any(text.startswith(("+0.00", "−0.00")) for text in table["said"])


def test_what_goes_back_is_a_share_of_the_shift_at_the_level_that_counts(source):
    """JUNB rises and is set to zero, MYC falls and is set to its untreated level."""
    factors, models = evidence.knockouts(source)
    assert list(factors["factor"]) == ["JUNB → 0", "FOSL1 → 0", "MYC → untreated"]
    share = models.set_index(["tf", "model"])["share"]
    assert np.allclose(share["JUNB"], 0.2) and np.allclose(share["MYC"], 0.4)
    assert "all models" not in set(models["model"])


def test_random_networks_are_joined_as_the_models_are(source):
    """The sum of the models' changes over the sum of their shifts: 3 × ±0.1 over 1 + 2 + 3."""
    factors, _ = evidence.knockouts(source)
    row = factors.set_index("tf").loc["JUNB"]
    low, middle, high = np.quantile([-0.05, 0, 0, 0.05], [0.05, 0.5, 0.95])
    assert row[["random_low", "random_middle", "random_high"]].to_numpy(dtype=float) == pytest.approx(
        [low, middle, high]
    )


def test_a_model_without_random_networks_takes_no_part_in_their_share(tmp_path):
    tables = {"switches.tsv": switches(), **knockouts()}
    tables["perturbation/C.null.parquet"] = pd.DataFrame()
    factors, _ = evidence.knockouts(Results(tmp_path, tables=tables).write())
    assert factors["random_high"].iloc[0] == pytest.approx(np.quantile([-0.2 / 3, 0, 0, 0.2 / 3], 0.95))


def test_ap1_is_among_the_families_whatever_its_rank_and_members_need_cells():
    table = evidence.family_rows(families(), switches(), members=True)
    assert table["family"].nunique() == evidence.MAX_FAMILIES and "AP-1" in set(table["family"])
    own = table[table["family"] == "AP-1"]
    assert list(own["row"]) == ["AP-1", "· JUNB", "· FOSL1"]
    assert list(own["activity_change_sd"]) == [1.6, 1.5, 1.0]
    alone = evidence.family_rows(families(), switches(), members=False)
    assert set(alone["kind"]) == {"whole family"}


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


# --- Markers ---


def test_too_few_models_for_markers_are_told_as_the_table_tells_it(tmp_path):
    note = "1 model has both timepoints: two to learn from and one to judge are needed"
    tables = {"markers_panels.tsv": pd.DataFrame([{"pool": "all genes", "n_models": 1, "note": note}])}
    section = marking.build(Results(tmp_path, tables=tables).write())
    assert note in section.absent and not section.blocks


def test_panels_of_chosen_size_come_first_and_a_pool_without_genes_says_so(source):
    section = marking.build(source)
    table = next(table for table in section.tables if table.name == "marker_panel_table").frame
    assert list(table["size"].iloc[:2]) == ["chosen", "chosen"] and "1" in set(table["size"])
    assert "too few such genes" in said(section)
    figure = next(figure for figure in section.figures if figure.name == "marker_panels")
    assert [panel.where["pool"] for panel in figure.panels] == ["all genes", "surface"]
    genes = next(table for table in section.tables if table.name == "marker_table")
    assert {"location", "in_panel", "auc"} <= set(genes.shown)


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


# --- Confounders ---


def test_models_with_one_reason_are_named_together(source):
    found = confounding.reasons(source)
    assert "**CNV clone: within clones**: not inferable: 9 genes (A and B)." in found
    assert "**CNV clone: within clones**: 8 cells (C)." in found
    assert "**depth: at equal scores**: too few cells; of 3 (B)." in found
    assert len(found) == 3  # notes that name no model say how much was held, not why it wasn't


def test_the_verdict_is_a_sentence_with_its_numbers(source):
    text = confounding.verdict(source)
    assert "persister programme" in text and "1.00" in text and "0.80 to 1.20" in text and "3 models" in text


def test_what_could_not_be_held_is_not_drawn(source):
    figure = confounding.draw_held(source)
    assert list(figure.data["signature"]["row"]) == [
        "dissociation stress (n 3): at equal scores",
        "depth (n 2): at equal scores",
    ]
    assert list(figure.data["switches"]["switch"]) == ["JUNB"] and len(figure.panels) == 3


def test_clones_are_drawn_where_they_could_be_told(tmp_path):
    tables = confounders()
    rows = [("A", f"A_{t}", t, clone, 50, 0.5) for t in ("untreated", "persister") for clone in (1, 2)]
    tables["clones.tsv"] = pd.DataFrame(rows, columns=["model", "sample", "timepoint", "clone", "cells", "share"])
    section = confounding.build(Results(tmp_path, tables=tables).write())
    figure = next(figure for figure in section.figures if figure.name == "clones")
    assert [panel.model for panel in figure.panels] == ["A"] and "200 cells" in figure.n
    assert "No copy-number clones" not in said(section)


# --- The page ---


def render(source: Source) -> str:
    """Return a page of the sections on the programme."""
    return page.render(
        [module.build(source) for module in MODULES.values()],
        title="made up",
        models=dict.fromkeys(source.models, "#332288"),
        templates=ROOT / "resources" / "report",
        bundle=vl_convert.javascript_bundle(vl_version=charts.VEGALITE),
        config=charts.CONFIG,
    )


def test_no_two_elements_of_the_page_share_a_name(source):
    names = re.findall(r'<[^>]* id="([^"]+)"', render(source))
    assert len(names) == len(set(names))


@pytest.mark.slow
@pytest.mark.skipif(CHROMIUM is None, reason="chromium isn't installed (Debian: apt-get install chromium)")
@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("assay", ["scrna", "profile"])
def test_made_up_results_open_without_an_error_at_both_widths(tmp_path, width, assay):
    settings = {**SETS, "network": {"path": "network.tsv"}}
    tables = everything()
    tables["profile_activity.tsv"] = tables["activity.tsv"]
    source = Results(tmp_path, assay, settings, tables=tables).write()
    path = tmp_path / "page.html"
    path.write_text(render(source))
    with opened(path, width) as found:
        assert found.errors == [] and found.beyond() == []
        assert {url for url in found.requests if not url.startswith(("data:", "blob:"))} == {path.resolve().as_uri()}
        empty = found.page.evaluate(
            """() => [...document.querySelectorAll(".chart")].filter((chart) => chart.dataset.drawn !== "yes"
                 || !(chart.querySelector("svg, canvas")?.getBoundingClientRect().height > 40)
                 || chart.scrollWidth > chart.clientWidth + 1).map((chart) => chart.dataset.figure)"""
        )
    assert empty == []

"""Sections of the page that are bound from what stages drew, on made-up results: what they show, and what they say."""

import re

import pandas as pd
import pytest
import vl_convert
from browser import CHROMIUM, WIDTHS, opened
from made_up import MODELS, ROOT, Results, draw_stages
from made_up_evidence import everything
from made_up_expression import expression

from scripts.figure import export
from scripts.report import bind, page
from scripts.report.make_report import SECTIONS
from scripts.report.source import Source

FIGURES = {
    "expression": {
        *("volcano", "signature_heatmap", "scores", "left_out", "states", "treatment_correlation", "drugs"),
        "gene_sets",
    },
    "activity": {"arms", "factors", "network_comparison", "reversibility"},
    "switches": {"regulon_forest", "evidence", "timecourse", "mrna", "silenced", "families"},
    "growth": {"state_shares", "state_changes", "common_clusters", "switches_by_cycle"},
    "markers": {"marker_panels", "marker_roc", "marker_scores", "marker_assays", "marker_values"},
    "confounders": {"adjusted"},
}
SETTINGS = {
    "gene_sets": [{"path": "sets/hallmarks.gmt"}],
    "signatures": [{"path": "sets/published.up.txt"}],
    "network": {"path": "network.tsv"},
}


@pytest.fixture(scope="module")
def source(tmp_path_factory) -> Source:
    """Return made-up results of three models with libraries, all tables filled, all figures drawn."""
    results = Results(tmp_path_factory.mktemp("full"), settings=SETTINGS, tables=everything())
    return draw_stages(results.write(), *FIGURES)


def said(section: page.Section) -> str:
    """Return what a section says besides its figures and tables."""
    return " ".join([section.absent, *(str(block) for block in section.blocks if isinstance(block, str))])


def test_each_section_has_its_figures_and_tables(source):
    made = {name: bind.build(source, name) for name in FIGURES}
    assert {name: {figure.name for figure in section.figures} for name, section in made.items()} == FIGURES
    tables = {name: [table.name for table in section.tables] for name, section in made.items()}
    assert tables["expression"] == ["genes", "treatments", "all_gene_sets"], "the sources of profiles are none"
    assert tables["switches"] == ["switches", "family_table", "ap1"] and tables["confounders"] == ["confounder_table"]
    assert tables["markers"] == ["assay_table", "marker_table", "marker_panel_table"]
    assert tables["activity"] == ["networks"] and not any(section.absent for section in made.values())


def test_drugs_that_can_not_be_separated_from_patients_are_a_warning(source):
    warned = next(str(block) for block in bind.build(source, "expression").blocks if "warning" in str(block))
    assert "confounded" in warned and "2 of 3 models (B and C)" in warned and "AC and cisplatin" in warned


def test_sentences_tell_what_figures_do_not(source):
    found = {name: said(bind.build(source, name)) for name in FIGURES}
    assert "shared switch</strong> (3 regulons): shared, that is 3 models or more" in found["switches"]
    assert "persister programme" in found["confounders"] and "rises in 3 of 3 models" in found["confounders"]
    assert "within clones</strong>: not inferable: 9 genes (A and B)." in found["confounders"]
    assert "No copy-number clones are drawn" in found["confounders"]
    assert "secreted: too few such genes are measured." in found["markers"]


def test_too_few_models_for_markers_are_told_as_the_table_tells_it(tmp_path):
    note = "1 model has both timepoints: two for learning and one for evaluation are needed"
    tables = {"markers_panels.tsv": pd.DataFrame([{"pool": "all genes", "n_models": 1, "note": note}])}
    section = bind.build(draw_stages(Results(tmp_path, tables=tables).write(), "markers"), "markers")
    assert note in section.absent and not section.blocks


def test_sections_come_in_the_order_of_reading():
    names = [entry if isinstance(entry, str) else entry.__name__.rsplit(".", 1)[1] for entry in SECTIONS]
    assert names[names.index("expression") :] == [
        *("expression", "activity", "perturbations", "chromatin", "switches", "published", "growth"),
        *("markers", "confounders", "stroma"),
        *("methods", "provenance"),
    ]


@pytest.mark.parametrize("assay", ["scrna", "profile"])
@pytest.mark.parametrize("models", [("A",), MODELS])
def test_tables_without_rows_give_a_sentence_and_no_figure(tmp_path, assay, models):
    """A study in which nothing could be compared: every table holds its header alone."""
    empty = draw_stages(Results(tmp_path, assay, settings=SETTINGS, models=models).write(), *FIGURES)
    for name in FIGURES:
        section = bind.build(empty, name)
        assert section.blocks == () and len(section.absent) > 40, name


def test_a_study_of_profiles_without_a_network_or_gene_sets_says_so(tmp_path):
    settings = {"network": None, "gene_sets": [], "signatures": []}
    source = Results(tmp_path, "profile", settings, tables=expression()).write()
    draw_stages(source, *(name for name in FIGURES if source.has(f"{name}/figures")))
    expressed, active, *others = (bind.build(source, name) for name in FIGURES if name != "growth")
    assert all("activity.network" in section.absent for section in others)
    assert "cells" in bind.build(source, "growth").absent
    assert "expression.gene_sets" in said(expressed) and "activity.network" in said(active)
    assert {"states", "treatment_correlation"} <= {figure.name for figure in expressed.figures}
    assert {figure.name for figure in active.figures} == {"reversibility"}


def render(source: Source) -> str:
    """Return a page of the sections."""
    return page.render(
        [bind.build(source, name) for name in FIGURES],
        title="made up",
        models=dict.fromkeys(source.models, "#332288"),
        templates=ROOT / "resources" / "report",
        bundle=vl_convert.javascript_bundle(vl_version=export.VEGALITE),
        config=export.CONFIG,
    )


def test_no_two_elements_of_the_page_share_a_name(source):
    names = re.findall(r'<[^>]* id="([^"]+)"', render(source))
    assert len(names) == len(set(names))


@pytest.mark.slow
@pytest.mark.skipif(CHROMIUM is None, reason="chromium isn't installed (Debian: apt-get install chromium)")
@pytest.mark.parametrize("width", WIDTHS)
def test_made_up_results_open_without_an_error_at_both_widths(source, tmp_path, width):
    path = tmp_path / "page.html"
    path.write_text(render(source))
    with opened(path, width) as found:
        assert found.errors == [] and found.beyond() == []
        empty = found.page.evaluate(
            """() => [...document.querySelectorAll(".chart")].filter((chart) => chart.dataset.drawn !== "yes"
                 || !(chart.querySelector("svg, canvas")?.getBoundingClientRect().height > 40)
                 || chart.scrollWidth > chart.clientWidth + 1).map((chart) => chart.dataset.figure)"""
        )
    assert empty == []

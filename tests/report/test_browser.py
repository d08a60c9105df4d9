"""The demo's report in a real browser: nothing asked from a network, nothing fails, tables and charts do their work."""

import re
from pathlib import Path

import pytest
from browser import CHROMIUM, WIDTHS, opened
from checkout import only_whole

pytestmark = [
    pytest.mark.skipif(CHROMIUM is None, reason="chromium isn't installed (Debian: apt-get install chromium)"),
]
FIGURES = {
    "findings": set(),
    "design": {"study_design"},
    "reads": {"saturation", "barnyard", "ranks", "other_cells"},
    "cells": {"attrition", "attrition_libraries", "quality"},
    "clusters": {"umap", "stability", "flow"},
    "regulons": {"specificity", "activity_heatmap", "on_off", "agreement"},
    "expression": {
        *("volcano", "signature_heatmap", "scores", "left_out", "states", "treatment_correlation", "drugs"),
    },
    "activity": {"arms", "factors", "network_comparison", "reversibility"},
    "perturbations": {"perturbed_programme", "mrna_bins"},
    "chromatin": {"target_peaks", "peak_deciles"},
    "switches": {"regulon_forest", "evidence", "timecourse", "relapse", "mrna", "silenced", "families"},
    "published": {"published_change", "published_similarity", "published_regulators"},
    "growth": {"state_shares", "state_changes", "common_clusters", "switches_by_cycle"},
    "markers": {"marker_panels", "marker_roc", "marker_scores", "marker_assays", "marker_values"},
    "confounders": {"adjusted"},
    "stroma": {"stroma_shares", "stroma_changes", "stroma_pairs"},
    "methods": set(),
    "provenance": set(),
}
"""What the demo's report must show at least, by section in the order of reading."""
MORE = {"drugs", "relapse", "common_clusters"}
"""Figures that need a patient with several drugs, single cells of a relapse, or more cells: not in the reduced demo."""


@pytest.fixture(scope="module")
def report(results):
    """Return the page of the demo, reduced or whole."""
    return results / "report" / "report.html"


@pytest.fixture(scope="module")
def promised(results) -> dict[str, set[str]]:
    """Return the figures that the page must show, by section."""
    return {name: figures - MORE for name, figures in FIGURES.items()} if "reduced" in results.parts else FIGURES


@pytest.fixture(scope="module", params=WIDTHS, ids=lambda width: f"{width}px")
def page(report, request):
    """Return the open page at one width, for all tests of the module."""
    with opened(report, request.param) as page:
        yield page


def test_it_opens_without_an_error_and_without_a_network(page, report):
    assert page.errors == []
    assert {url for url in page.requests if not url.startswith(("data:", "blob:"))} == {report.resolve().as_uri()}


def test_nothing_runs_over_the_edge(page):
    assert page.beyond() == []


@pytest.mark.parametrize("width", WIDTHS)
def test_every_entry_of_the_navigation_leads_to_its_section(report, width):
    """On a page as it is at first, folded and with charts that are drawn only after the jump."""
    with opened(report, width, unfolded=False) as fresh:
        assert width < 1000 or fresh.page.evaluate("document.documentElement.scrollHeight") <= 12_000
        names = fresh.page.evaluate("[...document.querySelectorAll('nav a')].map((link) => link.hash.slice(1))")
        assert names == [*FIGURES]
        for name in names:
            fresh.page.locator(f'nav a[href="#{name}"]').click()
            fresh.wait()
            assert -1 <= fresh.off(name) <= 24, name
            # About 6,000 pixels, since fonts differ: tables of an unfolded section stay folded.
            # The methods are one text for all stages, with its references.
            most = 8_000 if name == "methods" else 6_200
            assert width < 1000 or fresh.page.locator(f"#{name}").bounding_box()["height"] <= most, name


def test_sections_come_in_order_with_their_figures_drawn(page, promised):
    found = page.page.evaluate(
        """() => [...document.querySelectorAll("main > section")].map((section) => [section.id,
             [...section.querySelectorAll("figure")].map((figure) => figure.id)])"""
    )
    names = [name for name, _ in found]
    assert [name for name in names if name in FIGURES] == list(FIGURES)
    for name, figures in found:
        assert set(figures) >= promised.get(name, set()), name
    empty = page.page.evaluate(
        """() => [...document.querySelectorAll(".chart")].filter((chart) => chart.dataset.drawn !== "yes"
             || !(chart.querySelector("svg, canvas")?.getBoundingClientRect().height > 40))
             .map((chart) => chart.dataset.figure)"""
    )
    assert empty == []


def test_every_figure_has_question_number_words_and_data(page):
    lacking = page.page.evaluate(
        """() => [...document.querySelectorAll("figure")].filter((figure) => !(
             figure.querySelector(".question").textContent.includes("?")
             && /\\d/.test(figure.querySelector(".n").textContent)
             && figure.querySelector("figcaption").textContent.length > 150 && figure.querySelector("[data-save=tsv]")
             && [...figure.querySelectorAll(".chart")].every((chart) => chart.getAttribute("aria-label"))))
             .map((figure) => figure.id)"""
    )
    assert lacking == []


@only_whole
def test_tables_sort_both_ways_and_what_is_missing_comes_last(page):
    page.page.locator('[data-wide="switches"]').click()
    head = page.page.locator('[data-table="switches"] [data-sort="relapse_position"]')
    head.focus()
    page.page.keyboard.press("Enter")
    down = page.column("switches", "relapse_position")
    page.page.keyboard.press("Enter")
    up = page.column("switches", "relapse_position")
    page.page.locator('[data-wide="switches"]').click()
    numbers = [[float(cell.replace("−", "-")) for cell in cells if cell] for cells in (down, up)]
    assert len(numbers[0]) > 3 and len(set(numbers[0])) > 3
    assert numbers[0] == sorted(numbers[0], reverse=True) and numbers[1] == sorted(numbers[0])
    for cells in (down, up):
        filled = [bool(cell) for cell in cells]
        assert filled == sorted(filled, reverse=True)


def test_a_search_filters_rows_and_says_how_many_are_left(page):
    search = page.page.locator('[data-search="regulon_table"]')
    search.fill("JUNB(+)")
    left = page.column("regulon_table", "regulon")
    said = page.page.locator('[data-count="regulon_table"]').inner_text()
    search.fill("")
    every = page.column("regulon_table", "regulon")
    assert "JUNB(+)" in left and len(left) < len(every)
    assert re.fullmatch(rf"{len(left)} of {len(every)} rows", said)


def test_columns_of_evidence_come_at_a_click(page):
    hidden = page.page.locator('[data-table="switches"] th.more').first
    assert not hidden.is_visible()
    page.page.locator('[data-wide="switches"]').click()
    assert hidden.evaluate("(cell) => getComputedStyle(cell).display") == "table-cell"
    page.page.locator('[data-wide="switches"]').click()


def test_one_model_is_chosen_for_all_figures(page):
    """Panels of other models go, marks of other models fade, and the key Escape brings all back."""
    page.page.locator('[data-pick="HBCx218"]').click()
    shown = page.page.evaluate(
        """() => [...document.querySelectorAll("#umap .panel")].filter((p) => !p.hidden).map((p) => p.dataset.model)"""
    )
    faded = page.page.locator("#regulon_forest svg path[opacity='0.08']").count()
    page.page.keyboard.press("Escape")
    assert set(shown) == {"HBCx218"}
    assert page.page.locator("#umap .panel[hidden]").count() == 0
    assert faded > 10


def test_data_and_pictures_can_be_saved(page, results):
    with page.page.expect_download() as download:
        page.page.locator('[data-save="tsv"][data-of="study_design"]').click()
    lines = Path(download.value.path()).read_text().splitlines()
    assert lines[0].split("\t")[:3] == ["model", "arm", "timepoint"]
    assert len(lines) == 10 if "reduced" in results.parts else len(lines) > 20
    with page.page.expect_download() as download:
        page.page.locator('[data-save="svg"][data-of="study_design"]').click()
    assert "<svg" in Path(download.value.path()).read_text()


def test_the_keyboard_reaches_all_there_is(page):
    """Everything that answers a click is a button, a link or a field; charts and wide tables can be scrolled."""
    odd = page.page.evaluate(
        """() => [...document.querySelectorAll("[data-save], [data-sort], [data-pick], [data-wide], .scroll, .chart")]
             .filter((e) => e.tabIndex < 0).map((e) => e.outerHTML.slice(0, 80))"""
    )
    assert odd == []


def test_the_page_is_small_enough_to_mail(report, promised):
    """Less than 25 MB, and its figures lie next to it for papers."""
    assert report.stat().st_size < 25e6
    for name in {name for names in promised.values() for name in names}:
        for form, start in (("svg", b"<svg"), ("png", b"\x89PNG"), ("pdf", b"%PDF")):
            assert (report.parent / "figures" / f"{name}.{form}").read_bytes()[:4] == start, name

"""The figures of a biopsy's page: what they show, and their SVG."""

import re
from types import SimpleNamespace
from xml.etree import ElementTree

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from scripts.biopsy import describe, draw_biopsy, figures
from scripts.figure import export, words
from scripts.figure.palette import HIGH_CONTRAST

SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture
def distribution() -> pd.DataFrame:
    """Return densities on four scores."""
    score = [-0.5, 0.0, 0.5, 1.0]
    parts = {"biopsy": [0.2, 1.1, 0.3, 0.4], "untreated": [0.25, 0.9, 0.2, 0.0], "persister": [0.0, 0.0, 0.1, 0.4]}
    return pd.DataFrame({"score": score, **parts})


@pytest.fixture
def scores() -> pd.DataFrame:
    """Return the fraction, and switches of which one isn't scored and two are of one factor."""
    rows = [
        ("fraction", "persister-like cells", 0.25, 0.2, 0.31, "", "of 412 tumour cells"),
        ("switch", "FOSL1", 0.9, -0.2, 0.3, "active", ""),
        ("switch", "KLF4 & <x>", 0.1, -0.3, 0.2, "as untreated", ""),
        ("switch", "SOX2", 0.4, np.nan, np.nan, "not judged", ""),
        ("switch", "FOSL1", -0.4, -0.2, 0.28, "against the switch", ""),
        ("switch", "YAP1", np.nan, np.nan, np.nan, "not scored", ""),
    ]
    return pd.DataFrame(rows, columns=["section", "item", "value", "low", "high", "call", "note"])


def marks_of(svg: str, role: str) -> list[list[dict]]:
    """Return the attributes of a drawn group's paths, group by group."""
    root = ElementTree.fromstring(svg)
    groups = [group for group in root.iter(f"{SVG}g") if role in group.get("class", "").split()]
    return [[path.attrib for path in group.iter(f"{SVG}path")] for group in groups]


def test_figure_of_the_distribution_has_bars_and_three_lines(distribution, scores):
    figure = figures.draw_distribution(distribution, scores, figures.STYLE)
    drawn = figure.data["densities"].set_index("part")
    bars = drawn.loc["cells of the biopsy"]
    assert bars["density"].tolist() == distribution["biopsy"].tolist()
    assert bars["low"].tolist() == [-0.75, -0.25, 0.25, 0.75] and bars["high"].tolist() == [-0.25, 0.25, 0.75, 1.25]
    assert drawn.loc["both together", "density"].tolist() == pytest.approx([0.25, 0.9, 0.3, 0.4])
    assert figure.n == "25 % persister-like cells (20 % to 31 %). of 412 tumour cells"
    svg = export.to_svg(export.static_spec(figure), "title", "words")
    assert len(marks_of(svg, "layer_0_marks")[0]) == 4
    lines = [path for group in marks_of(svg, "mark-line") for path in group]
    assert [line["stroke"].upper() for line in lines] == [*HIGH_CONTRAST[:2], "#000000"]
    assert ["stroke-dasharray" in line for line in lines] == [False, False, True]


def test_figure_of_the_switches_has_a_row_for_each_that_was_scored(scores):
    figure = figures.draw_switches(scores, figures.STYLE)
    assert figure.data["switches"]["item"].tolist() == ["FOSL1", "KLF4 & <x>", "SOX2", "FOSL1"]
    assert figure.n == "Active: FOSL1."
    svg = export.to_svg(export.static_spec(figure), "title", "words")
    dots = marks_of(svg, "layer_2_marks")[0]
    assert [dot["fill"].upper() for dot in dots] == [HIGH_CONTRAST[2], *["#FFFFFF"] * 3]
    assert {dot["stroke"].upper() for dot in dots} == {HIGH_CONTRAST[2]}
    assert len(marks_of(svg, "layer_0_marks")[0]) == 3, "no range, no grey"
    labels = [text.text for text in ElementTree.fromstring(svg).iter(f"{SVG}text")]
    assert labels.count("FOSL1") == 2 and "KLF4 & <x>" in labels and "YAP1" not in labels
    none = scores.assign(call="as untreated")
    assert figures.draw_switches(none, figures.STYLE).n == "Active: none."


def test_page_has_figures_with_their_words_the_same_each_time(distribution, scores):
    made = draw_biopsy.figures_of(scores, distribution)
    assert made == draw_biopsy.figures_of(scores, distribution)
    assert len(made) == 2 == len(words.read("biopsy")["figures"])
    for figure in made:
        root = ElementTree.fromstring(figure["svg"])
        assert root.find(f"{SVG}title").text == figure["title"] and root.find(f"{SVG}desc").text == figure["alt"]
        assert "?" in figure["caption"] and "{" not in figure["caption"] + figure["alt"]
    assert "412 tumour cells" in made[0]["alt"] and "Active: FOSL1." in made[1]["alt"]


def test_a_called_switch_is_in_one_table_of_the_page():
    rows = [
        ("switch", "FOSL1", 0.9, -0.2, 0.3, "active", "FOSL1(+) is up in persisters"),
        ("regulon", "FOSL1(+)", 0.4, 0.1, 0.3, "above untreated", "on in 35% of the cells"),
        ("regulon", "STAT1(+)", 0.4, 0.1, 0.3, "above untreated", "on in 12% of the cells"),
        ("regulon", "MYC(+)", 0.2, 0.1, 0.3, "as untreated", "on in 55% of the cells"),
    ]
    scores = pd.DataFrame(rows, columns=["section", "item", "value", "low", "high", "call", "note"])
    tables = {name: draw_biopsy.table_of(scores, name) for name in ("switch", "regulon")}
    items = {name: [row["cells"][0]["text"] for row in table["rows"]] for name, table in tables.items()}
    assert items == {"switch": ["FOSL1"], "regulon": ["STAT1(+)"]}
    assert all(table["columns"][1] == "status" for table in tables.values()), "in sight on a telephone"
    assert [cell["text"] for cell in tables["switch"]["rows"][0]["cells"]] == ["FOSL1", "active", "0.9", "−0.2 to 0.3"]
    assert draw_biopsy.span(20, np.nan)["text"] == "≥ 20" and draw_biopsy.span(np.nan, 0.2)["text"] == "≤ 0.2"
    assert draw_biopsy.span(np.nan, np.nan)["text"] == ""
    assert tables["switch"]["rows"][0]["note"] == "FOSL1(+) is up in persisters"


def test_shares_of_cells_are_shown_in_per_cent():
    rows = [("cluster", "1: G0, G1", 0.0936, 0.0009, 0.252, "as untreated", "38 of 406 cells")]
    scores = pd.DataFrame(rows, columns=["section", "item", "value", "low", "high", "call", "note"])
    shown = [cell["text"] for cell in draw_biopsy.table_of(scores, "cluster")["rows"][0]["cells"]]
    assert shown == ["1: G0, G1", "as untreated", "9.4 %", "0.09 % to 25 %"]
    assert draw_biopsy.span(0.0, 1.0, is_share=True)["text"] == "0 % to 100 %"
    assert draw_biopsy.span(-0.12, 3e-7, is_share=True)["text"] == "0 % to < 0.01 %"
    assert draw_biopsy.cell(np.nan, is_share=True)["text"] == ""


def test_pictures_of_the_page_fit_a_telephone(distribution, scores):
    for figure in draw_biopsy.figures_of(scores, distribution):
        widths = [float(re.search(r'<svg[^>]*? width="([\d.]+)"', figure[key])[1]) for key in ("svg", "narrow")]
        assert widths[1] <= 375 - 2 * 16 < widths[0]


def test_page_without_anything_to_draw_has_no_figures(distribution, scores):
    assert draw_biopsy.figures_of(scores[:0], distribution[:0]) == []
    unscored = scores[scores["item"] == "YAP1"]
    assert draw_biopsy.figures_of(unscored, distribution[:0]) == []


def test_figures_of_one_page_have_ids_of_their_own():
    svg = '<svg><clipPath id="clip7"/><path clip-path="url(#clip7)"/></svg>'
    ids = [re.findall(r'id="([^"]+)"|url\(#([^)]+)\)', export.named(svg, "t", "d", ids=name)) for name in ("a-", "b-")]
    assert ids == [[("a-0", ""), ("", "a-0")], [("b-0", ""), ("", "b-0")]]


@pytest.mark.parametrize(
    ("tested", "chromatin", "said"),
    [
        ("switched on", "supported", "FOSL1(+) is up in persisters; perturbation: switched on; peaks: supported"),
        ("not tested", "no peaks", "FOSL1(+) is up in persisters"),
        (np.nan, np.nan, "FOSL1(+) is up in persisters"),
    ],
)
def test_a_switch_has_its_other_evidence(tested, chromatin, said):
    row = {"regulon": "FOSL1(+)", "direction": "up", "tested": tested, "chromatin": chromatin}
    assert describe.evidence_of(SimpleNamespace(**row)) == said
    del row["tested"], row["chromatin"]
    assert describe.evidence_of(SimpleNamespace(**row)) == "FOSL1(+) is up in persisters", "an older reference"


def test_without_a_range_a_switch_is_not_judged(scores):
    none = scores[scores["section"] != "fraction"].assign(call="")
    figure = figures.draw_switches(none, figures.STYLE)
    assert figure.n == "Active: not judged (too few training models)." and set(figure.data["switches"]["state"]) == {
        "not judged"
    }
    table = draw_biopsy.table_of(none, "switch")
    assert {row["cells"][1]["text"] for row in table["rows"]} == {"not judged"}


def test_a_marker_has_its_assay_where_the_reference_knows_one():
    counts = sparse.csr_matrix(np.ones((4, 2), dtype=int))
    labels = pd.DataFrame({"model": ["m", "n", "m", "n"], "timepoint": ["u", "u", "p", "p"]})
    markers = pd.DataFrame({"gene": ["A", "B"], "direction": "up", "assay": [np.nan, "stain of tissue"]})
    rows = [describe.panel(counts, ["A", "B"], counts, labels, table, ("u", "p"), 0.95)["note"].tolist()
            for table in (markers, markers.drop(columns="assay"))]  # fmt: skip
    assert rows == [["up", "up, stain of tissue"], ["up", "up"]]

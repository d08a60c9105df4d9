"""The saturation curve, and the genes that lose reads, from small tables."""

import pandas as pd

from scripts.counts.figures import draw_other_species, draw_saturation
from scripts.figure.style import Style

SHEET = [{"sample": f"S{i}", "model": "A", "timepoint": t} for i, t in enumerate(["untreated", "persister"])]
STYLE = Style(models=("A",), timepoints=("untreated", "persister"), settings={"samples": SHEET})


def test_each_library_with_reads_is_a_line_with_the_labels_of_the_sheet():
    curves = pd.DataFrame({"sample": ["S1", "S1"], "reads": [10, 20], "saturation": [0.1, 0.2]})
    figure = draw_saturation(curves, STYLE)
    table = figure.data["saturation"]
    assert figure.n == "1 library with reads." and set(table["timepoint"]) == {"persister"} and len(table) == 2


def test_libraries_that_came_as_counts_have_no_curve():
    assert draw_saturation(pd.DataFrame(columns=["sample", "reads", "saturation"]), STYLE) is None


def other_species(*shares: float, umis: int = 100) -> pd.DataFrame:
    """Return counts/other_species.tsv of genes that lose these shares."""
    rows = [("graft", f"G{i}", f"G{i}", f"M{i}", share, umis) for i, share in enumerate(shares)]
    table = pd.DataFrame(
        rows, columns=["species", "symbol", "other_symbol", "other_gene_id", "share_taken", "umis_taken"]
    )
    return table.assign(distrusted=(table["share_taken"] >= 0.1).map({True: "yes", False: "no"}))


def test_genes_that_lose_reads_are_shown_whether_or_not_they_are_distrusted():
    style = Style(models=("A",), timepoints=("untreated", "persister"), settings={"distrust_share": 0.1})
    figure = draw_other_species(other_species(0.3, 0.02), style)
    assert figure.n == "2 genes that lose 20 UMIs or more, 1 of them distrusted."
    assert figure.data["other_species"]["gene"].tolist() == ["G0 (graft)", "G1 (graft)"]
    assert "0.1" in figure.panels[0].chart.to_json()
    none = Style(models=("A",), timepoints=("untreated", "persister"), settings={"distrust_share": None})
    assert "rule" not in draw_other_species(other_species(0.3), none).panels[0].chart.to_json()
    assert draw_other_species(other_species(0.3, umis=19), style) is None

"""The saturation curve from small tables."""

import pandas as pd

from scripts.counts.figures import draw_saturation
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

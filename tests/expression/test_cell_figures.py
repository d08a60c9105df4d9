"""The signature in the layout of the cells."""

import numpy as np
import pandas as pd
import pytest

from scripts.expression.cell_figures import draw_umap_signature
from scripts.figure.style import Style

STYLE = Style(models=("A",), arms=("AC",), timepoints=("untreated", "persister"), settings={"max_points": 10})
CELLS = pd.DataFrame({
    "model": "A", "cell": ["s:1", "s:2"], "sample": "s", "timepoint": ["untreated", "persister"], "arm": "AC",
    "cluster": "0", "phase": "G1", "umap_1": [0.0, 1], "umap_2": [0.0, 1],
})  # fmt: skip


@pytest.mark.parametrize("scored", [True, False])
def test_cells_are_coloured_by_the_signature_where_there_is_one(scored):
    # In another order than the cells, as they may come.
    scores = pd.DataFrame({"cell": ["s:2", "s:1"], "score": [2.0, -1.0] if scored else [np.nan, np.nan]})
    made = draw_umap_signature(CELLS, scores, STYLE)
    if scored:
        assert made.data["umap_signature"].set_index("cell")["signature"].to_dict() == {"s:1": -1.0, "s:2": 2.0}
        assert made.n == "2 cells of 1 model (all shown)." and [panel.model for panel in made.panels] == ["A"]
    else:
        assert made is None

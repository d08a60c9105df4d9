"""The signature in single cells, shown in the layout of each model's cells."""

from __future__ import annotations

import pandas as pd

from scripts.clusters.figures import drawn_cells, say_cells, scatter, score_colour
from scripts.figure.figure import Figure, Panel
from scripts.figure.style import Style

CELLS, SCORES = "clusters/{model}/cells.tsv.gz", "expression/signature_cells.parquet"


def draw_umap_signature(cells: pd.DataFrame, scores: pd.DataFrame, style: Style) -> Figure | None:
    """Return the layout of each model's cells coloured by the signature's score; None if no cell has a score.

    Parameters
    ----------
    cells
        clusters/{model}/cells.tsv.gz of all models.
    scores
        expression/signature_cells.parquet: a score per cell, in any order.
    """
    scored = cells.assign(signature=cells["cell"].map(scores.set_index("cell")["score"]).astype(float))
    scored = scored[scored["signature"].notna()]
    if scored.empty:
        return None
    table = drawn_cells(scored, style, ["signature"])
    panels = []
    for model in style.in_order("model", table["model"]):
        own = table[table["model"] == model]
        chart = scatter("umap_signature", score_colour(own, "signature"), len(own), ["signature"])
        panels.append(Panel(chart, model, {"model": model}, model))
    return Figure(
        panels=tuple(panels),
        data={"umap_signature": table},
        n=say_cells(scored, table, style),
        columns=min(5, len(panels)),
        min_width=160,
    )

"""Figure of the pools: number of a pool's cells by sample, and number of unassigned cells."""

import altair as alt
import pandas as pd

from scripts.cells.fates import EMPTY, OTHER, SAMPLE, TWO, UNASSIGNED
from scripts.figure.figure import Figure, Panel
from scripts.figure.style import Style, below, count, rows_high

FATES = {SAMPLE: "#0072B2", UNASSIGNED: "#999999", TWO: "#CC79A7", OTHER: "#E69F00"}
"""Colour per fate of a pool's cells; cells of a sample have the colour of kept cells."""
NAMES = {SAMPLE: "a sample's", UNASSIGNED: "no tag", TWO: "two tags", OTHER: "tag of no sample"}
"""Fate → label in the legend."""


def draw_pools(pools: pd.DataFrame, style: Style) -> Figure | None:
    """Return the fates of the cells of each pool, one bar per pool (cells/{pool}.pool.tsv of all pools)."""
    table = pools[pools["fate"] != EMPTY].assign(fate_name=lambda own: own["fate"].map(NAMES))
    table = table.assign(order=range(len(table)))
    if table.empty or not table["barcodes"].sum():
        return None
    names = list(dict.fromkeys(table["pool"]))
    seen = [fate for fate in FATES if table.loc[table["fate"] == fate, "barcodes"].any()]
    chart = (
        alt.Chart(alt.NamedData("pools"))
        .mark_bar(stroke="white", strokeWidth=1)
        .encode(
            y=alt.Y("pool:N", sort=names, title=None),
            x=alt.X("barcodes:Q", stack="normalize", title="share of the pool's cells", axis=alt.Axis(format="%")),
            color=alt.Color(
                "fate_name:N",
                scale=alt.Scale(domain=[NAMES[fate] for fate in seen], range=[FATES[fate] for fate in seen]),
                legend=below(None),
            ),
            order="order:Q",
            tooltip=[
                "pool:N",
                alt.Tooltip("fate_name:N", title="cells"),
                "sample:N",
                alt.Tooltip("barcodes:Q", title="number", format=","),
                alt.Tooltip("share:Q", format=".1%"),
            ],
        )
        .properties(width="container", height=rows_high(len(names), 26))
    )
    samples, cells = (table["fate"] == SAMPLE).sum(), table["barcodes"].sum()
    return Figure(
        panels=(Panel(chart),),
        data={"pools": table},
        n=f"{count(len(names), 'pool')} of {count(int(samples), 'sample')}, {cells:,} cells.",
    )

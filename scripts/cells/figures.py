"""Figures of the cells: barnyard and rank plots, cells removed by each step, quality of the cells, stroma over time."""

from functools import partial

import altair as alt
import pandas as pd

from scripts.base import job
from scripts.cells.attrition_figures import draw_attrition, draw_libraries
from scripts.cells.droplet_figures import draw_barnyard, draw_ranks
from scripts.cells.pool_figures import draw_pools
from scripts.figure import draw
from scripts.figure.figure import Figure, Panel
from scripts.figure.style import Style, count, picked, rows_high, unless_picked

MEASURES = {
    "total_counts": "UMIs",
    "n_genes": "genes",
    "pct_counts_mt": "mitochondrial UMIs (%)",
    "ambient_fraction": "ambient share of UMIs",
    "doublet_score": "doublet score",
}
"""Measure of a cell → its name on the axis."""


def draw_quality(quality: pd.DataFrame, style: Style) -> Figure | None:
    """Return quantiles of each measure over the cells kept, one row per library.

    ``quality``: cells/{sample}.quality.tsv of all libraries.
    """
    if quality.empty:
        return None
    table = quality.assign(measure=quality["measure"].map(MEASURES))
    samples = list(dict.fromkeys(table["sample"]))
    panels = []
    for name in [name for name in MEASURES.values() if name in set(table["measure"])]:
        scale = alt.Scale(type="log", nice=False) if name in ("UMIs", "genes") else alt.Scale(zero=True)
        base = alt.Chart(alt.NamedData("quality")).encode(
            y=alt.Y("sample:N", sort=samples, title=None, axis=alt.Axis(labelLimit=130)),
            color=style.colour("timepoint", table["timepoint"]),
            opacity=unless_picked(),
            tooltip=[
                "sample:N",
                alt.Tooltip("n_cells:Q", title="cells", format=","),
                alt.Tooltip("median:Q", title="median", format=",.3~r"),
                alt.Tooltip("q05:Q", title="5th percentile", format=",.3~r"),
                alt.Tooltip("q95:Q", title="95th percentile", format=",.3~r"),
            ],
        )
        whisker = base.mark_rule(strokeWidth=1.5).encode(
            x=alt.X("q05:Q", title=name, scale=scale, axis=alt.Axis(tickCount=4)), x2="q95:Q"
        )
        box = base.mark_bar(height=9).encode(x="q25:Q", x2="q75:Q")
        tick = base.mark_tick(color="white", thickness=2, height=9).encode(x="median:Q", color=alt.value("white"))
        chart = (
            alt.layer(whisker, box, tick)
            .add_params(picked())
            .properties(width="container", height=rows_high(len(samples), 18))
        )
        panels.append(Panel(chart, where={"measure": name}))
    cells = table.drop_duplicates("sample")["n_cells"].sum()
    return Figure(
        panels=tuple(panels),
        data={"quality": table},
        n=f"{count(len(samples), 'library')}, {cells:,} cells kept.",
        columns=2,
        min_width=330,
    )


def through_time(table: pd.DataFrame, column: str, title: str, style: Style) -> alt.LayerChart:
    """Return a share (%) over time: a point per library, and the mean of each model and arm as a line."""
    order = style.in_order("timepoint", table["timepoint"])
    base = alt.Chart(alt.NamedData("stroma")).encode(
        x=alt.X("timepoint:N", sort=order, title=None, axis=alt.Axis(labelAngle=0), scale=alt.Scale(padding=0.3)),
        y=alt.Y(f"{column}:Q", title=title, scale=alt.Scale(zero=True)),
        color=style.colour("model", table["model"], columns=3),
        opacity=unless_picked(),
        tooltip=[
            "sample:N",
            "model:N",
            "arm:N",
            "timepoint:N",
            alt.Tooltip(f"{column}:Q", format=".1f"),
            *(f"{name}:Q" for name in ("host", "normal") if name in table),
            "tumour:Q",
        ],
    )
    lines = base.mark_line(strokeWidth=1.5).encode(
        detail="line:N", y=alt.Y(f"mean({column}):Q", title=title), tooltip=alt.value(None)
    )
    return (
        alt.layer(lines, base.mark_point(filled=True, size=50))
        .add_params(picked())
        .properties(width="container", height=230)
    )


def draw_other_cells(libraries: pd.DataFrame, style: Style) -> Figure | None:
    """Return host cells and ambient RNA over time (cells/libraries.tsv); without a host, the normal cells.

    None if there are neither.
    """
    what = next((name for name in ("host", "normal") if name in libraries and libraries[name].sum()), None)
    if what is None:
        return None
    # Normal cells are among those of the tumour's species.
    cells = libraries["host"] + libraries["tumour"]
    table = libraries.assign(host_cells=100 * libraries[what].astype(float) / cells.clip(lower=1))
    baseline = style.contrast["baseline"]
    first, later = table[table["timepoint"] == baseline], table[table["timepoint"] != baseline]
    # Each arm's line begins at the model's own baseline; a model without a later sample is a point.
    if len(first):
        treated = later[["model", "arm"]].drop_duplicates()
        starts = first.drop(columns="arm").merge(treated, on="model", how="left")
        first = starts.fillna({"arm": first["arm"].iloc[0]})
    lines = pd.concat([first, later], ignore_index=True)
    lines["line"] = lines["model"] + " " + lines["arm"]
    kept = ["sample", "model", "arm", "timepoint", "line", what, "tumour", "host_cells", "ambient"]
    panels = [Panel(through_time(lines[kept], "host_cells", f"{what} cells (% of cells)", style), "stroma")]
    if lines["ambient"].notna().any():
        panels.append(
            Panel(through_time(lines[kept], "ambient", "ambient RNA (% of a cell's UMIs)", style), "ambient RNA")
        )
    return Figure(
        panels=tuple(panels),
        data={"stroma": lines[kept]},
        n=f"{count(len(table), 'library')} of {count(table['model'].nunique(), 'model')}.",
        columns=2,
        min_width=300,
    )


FIGURES = {
    "barnyard": (draw_barnyard, ["cells/{sample}.barnyard.tsv", "cells/libraries.tsv"]),
    "ranks": (draw_ranks, ["cells/{sample}.ranks.tsv", "cells/libraries.tsv"]),
    "other_cells": (draw_other_cells, "cells/libraries.tsv"),
    "attrition": (draw_attrition, "cells/attrition.tsv"),
    "pool_cells": (draw_pools, "cells/{pool}.pool.tsv"),
    "attrition_libraries": (draw_libraries, "cells/attrition.tsv"),
    "quality": (draw_quality, "cells/{sample}.quality.tsv"),
}

if __name__ == "__main__":
    job.run(partial(draw.main, FIGURES), snakemake)

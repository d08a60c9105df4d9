"""Figures of the counts: how much more sequencing would find, and which genes lose reads to the other species."""

from functools import partial

import altair as alt
import pandas as pd

from scripts.base import job
from scripts.base.columns import axis_title
from scripts.counts.distrust import distrusted
from scripts.figure import draw
from scripts.figure.figure import Figure, Panel
from scripts.figure.style import Style, below, count, picked, unless_picked

MOST_GENES = 25
"""Genes shown, those that lose most first."""


def draw_saturation(curves: pd.DataFrame, style: Style) -> Figure | None:
    """Return saturation by number of reads; None where all libraries came as counts.

    ``curves``: counts/{sample}.saturation.tsv of all libraries; ``style.settings["samples"]``: the samples sheet.
    """
    if curves.empty:
        return None
    sheet = pd.DataFrame(style.settings["samples"])[["sample", "model", "timepoint"]]
    table = curves.merge(sheet, on="sample", how="left")
    title = partial(axis_title, "counts/x.saturation.tsv")
    chart = (
        alt.Chart(alt.NamedData("saturation"))
        .mark_line()
        .encode(
            x=alt.X("reads:Q", title=f"{title('reads')} in genes", axis=alt.Axis(format="~s", tickCount=6)),
            y=alt.Y(
                "saturation:Q", title=title("saturation"), axis=alt.Axis(format="%"), scale=alt.Scale(domain=[0, 1])
            ),
            color=style.colour("model", table["model"]),
            strokeDash=alt.StrokeDash("timepoint:N", sort=list(style.timepoints), legend=below(None)),
            detail="sample:N",
            opacity=unless_picked(),
            tooltip=["sample:N", alt.Tooltip("reads:Q", format=","), alt.Tooltip("saturation:Q", format=".1%")],
        )
        .add_params(picked())
        .properties(width="container", height=260)
    )
    return Figure(
        panels=(Panel(chart),),
        data={"saturation": table},
        n=f"{count(table['sample'].nunique(), 'library')} with reads.",
    )


def draw_other_species(table: pd.DataFrame, style: Style) -> Figure | None:
    """Return the share of their reads that genes lose to the other species; None where none loses a tenth.

    ``table``: counts/other_species.tsv.
    """
    shown = distrusted(table).head(MOST_GENES)
    if shown.empty:
        return None
    title = partial(axis_title, "counts/other_species.tsv")
    chart = (
        alt.Chart(alt.NamedData("other_species"))
        .mark_bar()
        .encode(
            x=alt.X("share_taken:Q", title=title("share_taken"), axis=alt.Axis(format="%")),
            y=alt.Y("symbol:N", title=None, sort=list(shown["symbol"])),
            tooltip=[
                "symbol:N", "species:N", "other_gene_id:N", alt.Tooltip("share_taken:Q", format=".1%"),
                alt.Tooltip("umis_taken:Q", format=",.0f"),
            ],
        )
        .properties(width="container", height=alt.Step(16))
    )  # fmt: skip
    return Figure(panels=(Panel(chart),), data={"other_species": shown}, n=f"{count(len(shown), 'gene')}.")


FIGURES = {
    "saturation": (draw_saturation, "counts/{sample}.saturation.tsv"),
    "other_species": (draw_other_species, "counts/other_species.tsv"),
}

if __name__ == "__main__":
    job.run(partial(draw.main, FIGURES), snakemake)

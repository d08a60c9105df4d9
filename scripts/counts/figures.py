"""Figures of the counts: saturation of sequencing, and genes that lose reads to the other species."""

from functools import partial

import altair as alt
import pandas as pd

from scripts.base import job
from scripts.base.columns import axis_title
from scripts.counts.distrust import FEWEST
from scripts.figure import draw
from scripts.figure.figure import Figure, Panel
from scripts.figure.style import Style, below, count, picked, rows_high, tooltips, unless_picked

OTHER = "counts/other_species.tsv"
MOST_GENES = 25
"""Number of genes shown, in decreasing order of the share lost."""


def draw_saturation(curves: pd.DataFrame, style: Style) -> Figure | None:
    """Return saturation by number of reads; None if all libraries were given as counts.

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
    """Return the share of reads that genes lose to the other species; None if no gene loses enough for an estimate.

    ``table``: counts/other_species.tsv. A line marks ``style.settings["distrust_share"]``.
    """
    told = table[table["umis_taken"] >= FEWEST]
    if told.empty:
        return None
    shown = told.head(MOST_GENES).assign(gene=lambda t: t["symbol"] + " (" + t["species"] + ")")
    least = style.settings.get("distrust_share")
    title = partial(axis_title, OTHER)
    shades = alt.Scale(domain=["yes", "no"], range=["#D55E00", "#A0A0A0"])
    chart = (
        alt.Chart(alt.NamedData("other_species"))
        .mark_bar()
        .encode(
            x=alt.X("share_taken:Q", title=title("share_taken"), axis=alt.Axis(format="%", tickCount=6)),
            y=alt.Y("gene:N", title=None, sort=list(shown["gene"])),
            color=alt.Color("distrusted:N", scale=shades, legend=below(title("distrusted"), 2)),
            tooltip=tooltips(OTHER, "symbol", "species", "other_gene_id", "share_taken", "umis_taken", "distrusted"),
        )
    )
    if least is not None:
        rule = alt.Chart(alt.NamedData("other_species")).mark_rule(strokeDash=[4, 3]).encode(x=alt.datum(least))
        chart = alt.layer(chart, rule)
    chart = chart.properties(width="container", height=rows_high(len(shown), 18))
    many = int((table["distrusted"] == "yes").sum())
    return Figure(
        panels=(Panel(chart),),
        data={"other_species": shown},
        n=f"{count(len(told), 'gene')} that lose {FEWEST} UMIs or more, {many} of them distrusted.",
    )


FIGURES = {
    "saturation": (draw_saturation, "counts/{sample}.saturation.tsv"),
    "other_species": (draw_other_species, OTHER),
}

if __name__ == "__main__":
    job.run(partial(draw.main, FIGURES), snakemake)

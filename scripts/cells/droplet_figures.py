"""Figures of the droplets of each library: barnyard, and UMIs by rank."""

import altair as alt
import pandas as pd

from scripts.base.columns import axis_title
from scripts.figure.figure import Absent, Figure, Panel
from scripts.figure.style import Style, below, count

VERDICTS = {
    "kept tumour cell": "#0072B2",
    "cut on quality": "#56B4E9",
    "doublet": "#CC79A7",
    "mixed": "#D55E00",
    "host cell": "#E69F00",
    "normal cell": "#882255",
    "unsure": "#DDCC77",
}
"""Colour per verdict of the barnyard plot (Okabe & Ito 2008, and two of Tol 2021, safe for the colour-blind)."""


RANKS = "cells/x.ranks.tsv"
CURVES = {"all barcodes": "#999999", "droplets with cells": "#0072B2"}
LOG = {"scale": alt.Scale(type="log", nice=False), "axis": alt.Axis(tickCount=3, format="~s", grid=False)}
"""Arguments of ``alt.X`` and ``alt.Y`` for a logarithmic axis."""


def models_of(libraries: pd.DataFrame) -> dict[str, str]:
    """Return sample → model (cells/libraries.tsv)."""
    return dict(zip(libraries["sample"], libraries["model"], strict=True))


def draw_barnyard(bins: pd.DataFrame, libraries: pd.DataFrame, style: Style) -> Figure | Absent:
    """Return the number of droplets with cells by graft and host UMIs, coloured by verdict, one panel per library.

    Parameters
    ----------
    bins
        cells/{sample}.barnyard.tsv of all libraries.
    libraries
        cells/libraries.tsv.
    """
    if bins.empty:
        return Absent("no_droplets")
    # The rare verdicts are drawn last, so that the frequent ones don't hide them.
    totals = bins.groupby("verdict")["droplets"].sum()
    bins = bins.assign(rank=bins["verdict"].map(totals.rank(ascending=False)))
    bins = bins.sort_values(["sample", "rank", "droplets"], kind="stable").drop(columns="rank")
    seen = [verdict for verdict in VERDICTS if verdict in totals]
    colours = alt.Scale(domain=seen, range=[VERDICTS[verdict] for verdict in seen])
    charts = {}
    for measure in bins["measure"].unique():
        with_host = measure == "host UMIs"
        own, title = ("graft UMIs + 1", "host UMIs + 1") if with_host else ("UMIs + 1", "genes detected")
        charts[measure] = (
            alt.Chart(alt.NamedData("barnyard"))
            .mark_rect()
            .encode(
                x=alt.X("graft_from:Q", title=own, **LOG),
                x2="graft_to:Q",
                y=alt.Y("other_from:Q", title=title, **LOG),
                y2="other_to:Q",
                color=alt.Color("verdict:N", scale=colours, legend=below(None, 2)),
                opacity=alt.Opacity(
                    "droplets:Q", scale=alt.Scale(type="log", domain=[1, 30], range=[0.55, 1], clamp=True), legend=None
                ),
                tooltip=[
                    "verdict:N",
                    alt.Tooltip("droplets:Q", format=","),
                    alt.Tooltip("graft_from:Q", title=f"{own}, from", format=",.0f"),
                    alt.Tooltip("other_from:Q", title=f"{title}, from", format=",.0f"),
                ],
            )
            .properties(width="container", height=190)
        )
    of_sample = bins.drop_duplicates("sample").set_index("sample")["measure"]
    numbers, models = bins.groupby("sample")["droplets"].sum(), models_of(libraries)
    panels = tuple(
        Panel(charts[of_sample[sample]], f"{sample}: {numbers[sample]:,}", {"sample": sample}, models[sample])
        for sample in libraries["sample"]
        if sample in of_sample
    )
    return Figure(
        panels=panels,
        data={"barnyard": bins},
        n=f"{count(len(panels), 'library')}, {bins['droplets'].sum():,} droplets with cells.",
        notes={"without_host": {}} if set(bins["measure"]) == {"genes"} else {},
        columns=min(4, len(panels)),
        min_width=200,
    )


def draw_ranks(ranks: pd.DataFrame, libraries: pd.DataFrame, style: Style) -> Figure | Absent:
    """Return UMIs of barcodes by rank, all and those of droplets with cells, one panel per library.

    Parameters
    ----------
    ranks
        cells/{sample}.ranks.tsv of all libraries.
    libraries
        cells/libraries.tsv, whose ``knee`` and ``ambient_limit`` are drawn as lines.
    """
    if ranks.empty:
        return Absent("no_droplets")
    limits = libraries[["sample", "knee", "ambient_limit"]].melt("sample", var_name="limit", value_name="umis")
    limits = limits.dropna().replace({"limit": {"ambient_limit": "ambient pool, up to"}})
    lines = (
        alt.Chart(alt.NamedData("ranks"))
        .mark_line(strokeWidth=2)
        .encode(
            x=alt.X("rank:Q", title=axis_title(RANKS, "rank"), **LOG),
            y=alt.Y("umis:Q", title=axis_title(RANKS, "umis"), **LOG),
            color=alt.Color(
                "barcodes:N",
                scale=alt.Scale(domain=list(CURVES), range=list(CURVES.values())),
                legend=below(None, 2),
            ),
            tooltip=["barcodes:N", alt.Tooltip("rank:Q", format=","), alt.Tooltip("umis:Q", format=",")],
        )
    )
    rules = (
        alt.Chart(alt.NamedData("limits"))
        .mark_rule(color="black")
        .encode(
            y="umis:Q",
            strokeDash=alt.StrokeDash(
                "limit:N",
                scale=alt.Scale(domain=["knee", "ambient pool, up to"], range=[[6, 3], [2, 2]]),
                legend=below(None, 2),
            ),
            tooltip=["limit:N", alt.Tooltip("umis:Q", format=",")],
        )
    )
    ranked = [sample for sample in libraries["sample"] if sample in set(ranks["sample"])]
    barcodes = int(ranks[ranks["barcodes"] == "all barcodes"].groupby("sample")["rank"].max().sum())
    return Figure.by(
        "sample",
        alt.layer(lines, rules).properties(width="container", height=190),
        {"ranks": ranks, "limits": limits},
        values=ranked,
        models=models_of(libraries),
        n=f"{count(len(ranked), 'library')}, {barcodes:,} barcodes with a UMI.",
        columns=3,
    )

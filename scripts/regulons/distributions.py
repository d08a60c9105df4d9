"""Distributions of a regulon's activity over cells, and the threshold between on and off."""

from __future__ import annotations

import altair as alt
import numpy as np
import pandas as pd

from scripts.base.columns import axis_title
from scripts.figure.figure import Figure, Panel
from scripts.figure.style import Style, below, count, tooltips

HISTOGRAMS = "regulons/{group}/histograms.tsv"
DASHES = {"two modes": [1, 0], "mean + 2 sd": [3, 3]}
"""Kind of threshold → dashes of its line."""
MAX_SHOWN, MAX_GROUPS = 6, 8
"""Regulons and groups whose distributions are drawn."""


def models_of(samples: pd.DataFrame) -> dict[str, str]:
    """Return group → the model of its samples."""
    return samples.drop_duplicates("group").set_index("group")["model"].to_dict()


def shares_of(bins: pd.DataFrame, regulons: list[str]) -> pd.DataFrame:
    """Return the histograms of some regulons with each bin's midpoint and share of the cells of its timepoint."""
    bins = bins[bins["regulon"].isin(regulons)]
    cells = bins.groupby(["group", "regulon", "timepoint"])["cells"].transform("sum")
    return bins.assign(
        panel=bins["group"] + " " + bins["regulon"],
        middle=(bins["left"] + bins["right"]) / 2,
        share=bins["cells"] / cells.clip(lower=1),
    )[["panel", "group", "regulon", "timepoint", "left", "right", "middle", "cells", "share"]]


def distribution(bins: pd.DataFrame, kinds: list[str], style: Style, legend: bool) -> alt.LayerChart:
    """Return the chart of a regulon in a group: cells by activity, the threshold and, optionally, a legend.

    ``kinds``: the keys of :data:`DASHES` that the figure shows.
    """
    title = axis_title("regulons/samples.tsv", "activity")
    area = (
        alt.Chart(alt.NamedData("cells"))
        .mark_area(opacity=0.45, interpolate="step", line={"strokeWidth": 1})
        .encode(
            x=alt.X("middle:Q", title=title if legend else None, axis=alt.Axis(tickCount=4)),
            y=alt.Y(
                "share:Q",
                title=None,
                stack=None,
                scale=alt.Scale(type="sqrt"),
                axis=alt.Axis(labels=False, ticks=False, grid=False),
            ),
            color=style.colour("timepoint", bins["timepoint"], legend=below(None, 1) if legend else None),
            tooltip=["timepoint:N", *tooltips("regulons/x/histograms.tsv", "left", "right", "cells")],
        )
    )
    line = (
        alt.Chart(alt.NamedData("thresholds"))
        .mark_rule(color="#1B1F24", strokeWidth=1.3)
        .encode(
            x="threshold:Q",
            strokeDash=alt.StrokeDash(
                "kind:N",
                scale=alt.Scale(domain=kinds, range=[DASHES[kind] for kind in kinds]),
                legend=below("threshold", 1) if legend else None,
            ),
            tooltip=[
                *tooltips("regulons/thresholds.tsv", "threshold", "p_one_mode", "mrna_r"),
                "kind:N",
                alt.Tooltip("on:Q", title="cells on", format=".0%"),
            ],
        )
    )
    return alt.layer(area, line).properties(width="container", height=80)


def draw_on_off(
    bins: pd.DataFrame, cuts: pd.DataFrame, variability: pd.DataFrame, samples: pd.DataFrame, style: Style
) -> Figure | None:
    """Return distributions of the regulons whose share of active cells differs most, one panel per regulon and group.

    Parameters
    ----------
    bins
        regulons/{group}/histograms.tsv of all groups.
    cuts, variability, samples
        regulons/thresholds.tsv, variability.tsv and samples.tsv.
    """
    regulons = variability.sort_values("variability_rank")["regulon"].tolist()[:MAX_SHOWN]
    groups = list(dict.fromkeys(samples["group"]))
    table = shares_of(bins, regulons)
    if table.empty:
        return None
    cuts = cuts[cuts["regulon"].isin(regulons)]
    cuts = cuts.assign(
        panel=cuts["group"] + " " + cuts["regulon"], kind=np.where(cuts["bimodal"], "two modes", "mean + 2 sd")
    )
    model_of, drawn = models_of(samples), set(table["panel"])
    kinds = [kind for kind in DASHES if (cuts["kind"] == kind).any()]
    charts = {legend: distribution(table, kinds, style, legend) for legend in (False, True)}
    # First and last rows: one of them is on a printed page.
    ends = (regulons[0], regulons[-1])
    # A group in which a regulon was not measured has no distribution.
    panels = [
        Panel(charts[regulon in ends], f"{regulon} · {group}", {"panel": f"{group} {regulon}"}, model_of[group])
        for regulon in regulons
        for group in groups[:MAX_GROUPS]
        if f"{group} {regulon}" in drawn
    ]
    kept = ["panel", "group", "regulon", "threshold", "bimodal", "kind", "p_one_mode", "separation", "bic_gain", "on"]
    kept += ["mrna_r"]
    return Figure(
        panels=tuple(panels),
        data={"cells": table, "thresholds": cuts[kept]},
        n=f"{count(len(regulons), 'regulon')} in {count(len(groups), 'group')} of cells; two modes in "
        f"{cuts['bimodal'].sum()} of {len(cuts)}.",
        columns=min(5, len(groups)),
        min_width=130,
    )

"""Regulons: which are specific to what, active where, on or off, and how far runs and patients agree on them."""

import altair as alt
import numpy as np
import pandas as pd

from scripts.base.columns import Column
from scripts.regulons.plot_activity import MAX_REGULONS, MAX_SHOWN, most_variable, order_rows, standardise
from scripts.report.charts import below, colour_bar, colour_scale, picked, rows_high, unless_picked
from scripts.report.page import Figure, Panel, Section, Table
from scripts.report.source import Source, count, listed
from scripts.report.words import section, words

TOP = 3
"""Regulons named in a rank plot."""


def draw_heatmap(source: Source) -> Figure:
    """Return the activity of regulons in samples, standardised."""
    samples = source.table("regulons/samples.tsv")
    wide = standardise(samples)
    kept = most_variable(samples, MAX_REGULONS)
    regulons = order_rows(wide.loc[[regulon for regulon in wide.index if regulon in set(kept)]])
    ranks = {kind: {n: i for i, n in enumerate(getattr(source, kind + "s"))} for kind in ("timepoint", "model")}
    labels = samples.drop_duplicates("sample")
    labels = labels.assign(
        t=labels["timepoint"].map(ranks["timepoint"]), m=labels["model"].map(ranks["model"])
    ).sort_values(["t", "m", "arm"])
    table = samples[samples["regulon"].isin(kept)].drop(columns=["group"])
    table = table.assign(z=[wide.at[r, s] for r, s in zip(table["regulon"], table["sample"], strict=True)])
    limit = float(np.nanquantile(table["z"].abs(), 0.98)) if table["z"].notna().any() else 1.0
    x = alt.X("sample:N", sort=list(labels["sample"]), title=None, axis=alt.Axis(labelAngle=-60, labelLimit=150))
    scale = alt.Scale(scheme="purpleorange", domain=[-limit, 0, limit], clamp=True)
    tooltip = [
        "regulon:N",
        "sample:N",
        alt.Tooltip("activity:Q", format=".3f"),
        alt.Tooltip("z:Q", format=".2f"),
        alt.Tooltip("on:Q", title="cells on", format=".0%"),
    ]
    cells = (
        alt.Chart(alt.NamedData("activity_heatmap"))
        .mark_rect()
        .encode(
            x=x,
            y=alt.Y("regulon:N", sort=regulons, title=None),
            color=alt.Color(
                "z:Q",
                scale=scale,
                legend=colour_bar("sd from the regulon's mean"),
            ),
            opacity=unless_picked(hidden=0.15),
            tooltip=tooltip,
        )
    )
    strip = (
        alt.Chart(alt.NamedData("activity_heatmap"))
        .mark_rect(height=8)
        .encode(
            x=x,
            y=alt.value(-7),
            color=alt.Color(
                "timepoint:N",
                scale=colour_scale("timepoint", source.timepoints, labels["timepoint"]),
                legend=below(None),
            ),
        )
    )
    chart = alt.layer(cells, strip).resolve_scale(color="independent").add_params(picked())
    return Figure(
        **words("activity_heatmap"),
        n=f"{samples['sample'].nunique()} libraries of {count(samples['model'].nunique(), 'model')}; "
        + (
            f"the {len(kept)} most variable of {samples['regulon'].nunique()} regulons."
            if len(kept) < samples["regulon"].nunique()
            else f"{len(kept)} regulons."
        ),
        panels=(Panel(chart.properties(width="container", height=rows_high(len(regulons), 15))),),
        data={"activity_heatmap": table},
        note=source.config["regulons"]["synthetic_data_note"],
    )


def draw_rss(source: Source) -> Figure:
    """Return the regulons most specific to each timepoint, by group."""
    table = source.table("regulons/rss.tsv")
    table = table[(table["kind"] == "timepoint") & table["rss"].notna()]
    groups = list(dict.fromkeys(table["group"]))
    if table.groupby("group")["label"].nunique().max() < 2:
        table = source.table("regulons/rss.tsv").query("kind == 'cluster'").dropna(subset=["rss"])
    table = table.sort_values(["group", "label", "rss"], ascending=[True, True, False], kind="stable")
    table = table.assign(rank=table.groupby(["group", "label"]).cumcount() + 1)
    labels = source.in_order("timepoint", table["label"]) or sorted(set(table["label"]))
    scale = (
        colour_scale("timepoint", source.timepoints, labels) if set(labels) <= set(source.timepoints) else alt.Undefined
    )
    base = alt.Chart(alt.NamedData("specificity")).encode(
        x=alt.X(
            "rank:Q",
            title="rank",
            scale=alt.Scale(type="log", nice=False),
            axis=alt.Axis(grid=False, values=[1, 2, 5, 10, 20, 50, 100, 200, 500]),
        ),
        y=alt.Y("rss:Q", title="specificity (RSS)", scale=alt.Scale(zero=False)),
        color=alt.Color("label:N", scale=scale, sort=labels, legend=below(None, 3)),
        tooltip=[
            "label:N",
            "regulon:N",
            alt.Tooltip("rss:Q", format=".3f"),
            "rank:Q",
            alt.Tooltip("n_cells:Q", title="cells", format=","),
        ],
    )
    named = base.transform_filter(f"datum.rank <= {TOP}").mark_text(align="left", dx=6, fontSize=9)
    chart = alt.layer(
        base.mark_line(strokeWidth=0.6, opacity=0.5), base.mark_circle(size=16), named.encode(text="regulon:N")
    ).properties(width="container", height=210)
    model_of = {
        group: next((m for m in source.models if group == m or group.startswith(m + "_")), "") for group in groups
    }
    return Figure(
        **words("specificity", top=TOP),
        n=f"{count(len(groups), 'group')} of cells, {count(table['regulon'].nunique(), 'regulon')}; "
        "cells behind each label on hover.",
        panels=tuple(Panel(chart, group, {"group": group}, model_of[group]) for group in groups),
        data={"specificity": table},
        columns=3,
    )


def draw_on_off(source: Source) -> Figure:
    """Return the distributions of the regulons whose share of active cells differs most between samples."""
    samples, cuts = source.table("regulons/samples.tsv"), source.table("regulons/thresholds.tsv")
    groups = list(dict.fromkeys(samples["group"]))
    bins = pd.concat([source.table(f"regulons/{group}/histograms.tsv") for group in groups], ignore_index=True)
    regulons = most_variable(samples, MAX_SHOWN)
    bins = bins[bins["regulon"].isin(regulons)]
    bins = bins.assign(
        share=bins["cells"] / bins.groupby(["group", "regulon", "timepoint"])["cells"].transform("sum").clip(lower=1),
        panel=bins["group"] + " " + bins["regulon"],
    )
    bins = bins.assign(middle=(bins["left"] + bins["right"]) / 2)
    cuts = cuts[cuts["regulon"].isin(regulons)].assign(panel=lambda t: t["group"] + " " + t["regulon"])
    cuts = cuts.assign(kind=np.where(cuts["bimodal"], "two modes", "mean + 2 sd"))
    none = alt.Axis(labels=False, ticks=False, grid=False)
    area = (
        alt.Chart(alt.NamedData("cells"))
        .mark_area(opacity=0.45, interpolate="step", line={"strokeWidth": 1})
        .encode(
            x=alt.X("middle:Q", title=None, axis=alt.Axis(tickCount=4)),
            y=alt.Y("share:Q", title=None, stack=None, scale=alt.Scale(type="sqrt"), axis=none),
            color=alt.Color(
                "timepoint:N", scale=colour_scale("timepoint", source.timepoints, bins["timepoint"]), legend=None
            ),
            tooltip=[
                "timepoint:N",
                alt.Tooltip("left:Q", format=".3f"),
                alt.Tooltip("right:Q", format=".3f"),
                alt.Tooltip("cells:Q", format=","),
            ],
        )
    )
    line = (
        alt.Chart(alt.NamedData("thresholds"))
        .mark_rule(color="#1B1F24", strokeWidth=1.3)
        .encode(
            x="threshold:Q",
            strokeDash=alt.StrokeDash(
                "kind:N", scale=alt.Scale(domain=["two modes", "mean + 2 sd"], range=[[1, 0], [3, 3]]), legend=None
            ),
            tooltip=[
                alt.Tooltip("threshold:Q", format=".3f"),
                "kind:N",
                alt.Tooltip("on:Q", title="cells on", format=".0%"),
            ],
        )
    )
    chart = alt.layer(area, line).properties(width="container", height=80)
    model_of = {
        group: next((m for m in source.models if group == m or group.startswith(m + "_")), "") for group in groups
    }
    # A group in which a regulon wasn't measured has no distribution of it.
    drawn = set(bins["panel"])
    panels = [
        Panel(chart, f"{regulon} · {group}", {"panel": f"{group} {regulon}"}, model_of[group])
        for regulon in regulons
        for group in groups[:8]
        if f"{group} {regulon}" in drawn
    ]
    two = cuts["bimodal"].sum()
    return Figure(
        **words("on_off"),
        n=f"{len(regulons)} regulons in {count(len(groups), 'group')} of cells; two modes in {two} of {len(cuts)}.",
        panels=tuple(panels),
        data={
            "cells": bins[["panel", "group", "regulon", "timepoint", "left", "right", "middle", "cells", "share"]],
            "thresholds": cuts[
                ["panel", "group", "regulon", "threshold", "bimodal", "kind", "separation", "bic_gain", "on"]
            ],
        },
        columns=min(5, len(groups)),
        min_width=130,
    )


def draw_agreement(source: Source) -> Figure:
    """Return how far seeds and groups agree on each regulon's edges."""
    edges, support = source.table("regulons/consensus.tsv"), source.table("regulons/support.tsv")
    groups = list(dict.fromkeys(support["group"]))
    seeds = len(source.config["regulons"]["seeds"])
    support = support.assign(share=support["edges"] / support["targets"].clip(lower=1))
    rank = support.groupby("regulon")["share"].mean().sort_values(ascending=False, kind="stable")
    kept = list(rank.index[:MAX_REGULONS])
    runs = (
        edges.assign(share=edges["seeds"] / (edges["groups"] * seeds))
        .groupby("regulon")
        .agg(targets=("target", "size"), runs=("share", "mean"), groups=("groups", "mean"), weight=("weight", "sum"))
        .reset_index()
    )
    support, runs = (table[table["regulon"].isin(kept)] for table in (support, runs))
    y = alt.Y("regulon:N", sort=kept, title=None)
    heat = (
        alt.Chart(alt.NamedData("models"))
        .mark_rect()
        .encode(
            x=alt.X("group:N", sort=groups, title=None, axis=alt.Axis(labelAngle=-40)),
            y=y,
            color=alt.Color(
                "share:Q",
                scale=alt.Scale(scheme="cividis", domain=[0, 1]),
                legend=colour_bar("edges found in the group", length=140, format="%"),
            ),
            tooltip=["regulon:N", "group:N", "edges:Q", "targets:Q", alt.Tooltip("share:Q", format=".0%")],
        )
        .properties(width="container", height=rows_high(len(kept), 15))
    )
    dots = (
        alt.Chart(alt.NamedData("seeds"))
        .mark_point(filled=True, opacity=1, color="#004488")
        .encode(
            x=alt.X(
                "runs:Q",
                title="runs (seeds) that found an edge, mean share",
                axis=alt.Axis(format="%", tickCount=5),
                scale=alt.Scale(domain=[0, 1]),
            ),
            y=y,
            size=alt.Size(
                "targets:Q",
                legend=alt.Legend(orient="bottom", title="targets", tickCount=3),
                scale=alt.Scale(range=[20, 180]),
            ),
            tooltip=[
                "regulon:N",
                "targets:Q",
                alt.Tooltip("runs:Q", format=".0%"),
                alt.Tooltip("groups:Q", format=".1f", title="groups of an edge, mean"),
            ],
        )
        .properties(width="container", height=rows_high(len(kept), 15))
    )
    r = source.config["regulons"]
    return Figure(
        **words("agreement", seeds=seeds, groups=len(groups), min_seeds=r["min_seeds"], min_groups=r["min_groups"]),
        n=f"{count(edges['regulon'].nunique(), 'consensus regulon')}, {len(edges):,} edges; "
        f"{count(len(groups), 'group')} of cells × {count(seeds, 'seed')}"
        + (f"; the {len(kept)} best supported drawn." if len(kept) < edges["regulon"].nunique() else "."),
        panels=(Panel(heat, "by group"), Panel(dots, "by seed")),
        data={"models": support, "seeds": runs},
        columns=2,
        min_width=320,
    )


def targets(source: Source) -> Table:
    """Return the consensus regulons with their targets."""
    edges = source.table("regulons/consensus.tsv")
    table = (
        edges.groupby(["regulon", "tf"], sort=False)
        .agg(
            targets=("target", "size"),
            groups=("groups", "mean"),
            runs=("seeds", "mean"),
            strongest=("target", lambda t: ", ".join(t[:12])),
            all_targets=("target", ", ".join),
        )
        .reset_index()
    )
    return Table(
        **words("regulon_table"),
        frame=table,
        source="regulons/consensus.tsv",
        shown=("regulon", "targets", "groups", "runs", "strongest"),
        meaning={
            "groups": Column("groups", "", ".2f", "number of groups whose network has an edge, mean over edges"),
            "runs": Column("runs", "", ".2f", "number of runs (seeds, all groups) that found an edge, mean over edges"),
        },
    )


def build(source: Source) -> Section:
    """Return the section."""
    settings = source.config["regulons"]
    values = {"group_by": listed(settings["group_by"])} | {key: settings[key] for key in ("min_seeds", "min_groups")}
    if not source.has("regulons/consensus.tsv"):
        return section("regulons", [], "no_libraries", **values)
    if source.table("regulons/consensus.tsv").empty:
        return section("regulons", [], "none_found", **values)
    figures = [draw_rss(source), draw_heatmap(source), draw_on_off(source), draw_agreement(source)]
    return section("regulons", [*figures, targets(source)], **values)

"""Figures of the regulons: activity and specificity, and agreement between runs and between patients."""

from functools import partial

import altair as alt
import numpy as np
import pandas as pd

from scripts.base import job
from scripts.base.columns import axis_title
from scripts.figure import draw
from scripts.figure.figure import Absent, Figure, Panel, Text
from scripts.figure.labels import place_names
from scripts.figure.style import (
    Style,
    below,
    colour_bar,
    colour_scale,
    count,
    picked,
    rows_high,
    tooltips,
    unless_picked,
)
from scripts.figure.verdicts import list_rules
from scripts.regulons import distributions, verdicts

NETWORK_CHANGES = "regulons/network_change_factors.tsv"
SUPPORT, SUMMARY, SAMPLES, STANDARDISED, VARIABILITY, THRESHOLDS, RSS = (
    f"regulons/{name}.tsv"
    for name in ("support", "summary", "samples", "standardised", "variability", "thresholds", "rss")
)
NAME_AT, PANEL = {"name": -7}, (270, 210)
"""Height of a name in a rank plot, relative to its point, and size of the plot (pixels)."""
MAX_ROWS, NAMED = 60, 3
"""Regulons whose agreement is drawn; regulons named in a rank plot."""
FACTORS = 30
"""Factors whose change is drawn."""
STRIPS = {"timepoint": -7, "model": -16, "arm": -25}
"""Strips above the heat map: what their colours show, and their height above it (pixels)."""


def first(rank: pd.Series) -> pd.Series:
    """Return the order in which regulons are named, by rank; NaN for those that are not among the first."""
    return (-rank.astype(float)).where(rank <= NAMED)


def draw_specificity(rss: pd.DataFrame, samples: pd.DataFrame, style: Style) -> Figure | None:
    """Return regulons by specificity to timepoints (to clusters if no group has two timepoints), a panel per group.

    Parameters
    ----------
    rss, samples
        regulons/rss.tsv and samples.tsv.
    """
    table = rss[rss["rss_adjusted"].notna()]
    by_time = table[table["kind"] == "timepoint"]
    if by_time.groupby("group")["label"].nunique().max() > 1:
        table = by_time
        labels = style.in_order("timepoint", table["label"])
        scale = style.scale("timepoint", labels)
    else:
        table = table[table["kind"] == "cluster"]
        labels = sorted(set(table["label"]))
        scale = colour_scale("cluster", labels)
    if table.empty:
        return None
    groups = list(dict.fromkeys(table["group"]))
    table = table.sort_values(["group", "label", "rss_adjusted"], ascending=[True, True, False], kind="stable")
    table = table.assign(rank=table.groupby(["group", "label"]).cumcount() + 1)
    parts = [
        place_names(
            own.assign(at=np.log(own["rank"])), "regulon", "at", "rss_adjusted", first(own["rank"]), NAME_AT, size=PANEL
        )
        for _, own in table.groupby("group", sort=False)
    ]
    table = pd.concat(parts).drop(columns="at")
    base = alt.Chart(alt.NamedData("specificity")).encode(
        x=alt.X(
            "rank:Q",
            title="rank",
            scale=alt.Scale(type="log", nice=False, domain=[1, max(2, int(table["rank"].max()))]),
            axis=alt.Axis(grid=False, values=[1, 2, 5, 10, 20, 50, 100, 200, 500]),
        ),
        y=alt.Y("rss_adjusted:Q", title=axis_title(RSS, "rss_adjusted"), scale=alt.Scale(zero=False)),
        color=alt.Color("label:N", scale=scale, sort=labels, legend=below(None, 3)),
        tooltip=[
            "label:N",
            *tooltips(RSS, "regulon", "rss_adjusted", "rss", "rss_z"),
            "rank:Q",
            *tooltips(RSS, "n_cells"),
        ],
    )
    named = base.transform_filter("datum.name").mark_text(align="left", dx=3, dy=-7, fontSize=9)
    chart = alt.layer(
        base.mark_line(strokeWidth=0.6, opacity=0.5), base.mark_circle(size=16), named.encode(text="name:N")
    ).properties(width="container", height=210)
    return Figure.by(
        "group",
        chart,
        {"specificity": table},
        values=groups,
        models=distributions.models_of(samples),
        n=f"{count(len(groups), 'group')} of cells, {count(table['regulon'].nunique(), 'regulon')}; "
        "cells per label on hover.",
        columns=3,
    )


def draw_heatmap(
    samples: pd.DataFrame, standardised: pd.DataFrame, variability: pd.DataFrame, style: Style
) -> Figure | None:
    """Return the activity of the most variable regulons in samples; blank for regulons that a group lacks.

    Parameters
    ----------
    samples, standardised, variability
        regulons/samples.tsv, standardised.tsv and variability.tsv.
    """
    rows = variability.dropna(subset=["row"]).sort_values("row")["regulon"].tolist()
    if not rows:
        return None
    table = samples[samples["regulon"].isin(rows)].drop(columns="group")
    table = table.merge(standardised, on=["regulon", "sample"], how="left")
    table["strip"] = ~table.duplicated("sample")
    labels = table.drop_duplicates("sample")
    ranks = pd.DataFrame({kind: labels[kind].map(style.names(kind).index) for kind in STRIPS})
    labels = labels.loc[ranks.assign(sample=labels["sample"]).sort_values([*STRIPS, "sample"]).index]
    limit = float(np.nanquantile(table["z"].abs(), 0.98)) if table["z"].notna().any() else 1.0
    x = alt.X("sample:N", sort=list(labels["sample"]), title=None, axis=alt.Axis(labelAngle=-60, labelLimit=150))
    base = alt.Chart(alt.NamedData("activity_heatmap"))
    cells = base.mark_rect().encode(
        x=x,
        y=alt.Y("regulon:N", sort=rows, title=None),
        color=alt.Color(
            "z:Q",
            scale=alt.Scale(scheme="purpleorange", domain=[-limit, 0, limit], clamp=True),
            legend=colour_bar("sd from the regulon's mean"),
        ),
        opacity=unless_picked(hidden=0.15),
        tooltip=[
            *tooltips(SAMPLES, "regulon", "sample", "n_cells", "activity"),
            *tooltips(STANDARDISED, "z"),
            alt.Tooltip("on:Q", title="cells on", format=".0%"),
        ],
    )
    strips = [
        base.transform_filter("datum.strip")
        .mark_rect(height=8)
        .encode(
            x=x,
            y=alt.value(height),
            color=style.colour(kind, labels[kind], legend=below(kind, 2)),
            tooltip=tooltips(SAMPLES, "sample", "model", "timepoint", "arm"),
        )
        for kind, height in STRIPS.items()
    ]
    chart = alt.layer(cells, *strips).resolve_scale(color="independent").add_params(picked())
    number = len(variability)
    few = f"the {len(rows)} most variable of " if len(rows) < number else ""
    return Figure(
        panels=(Panel(chart.properties(width="container", height=rows_high(len(rows), 15))),),
        data={"activity_heatmap": table},
        n=f"{len(labels)} libraries of {count(labels['model'].nunique(), 'model')}; {few}{count(number, 'regulon')}.",
        notes={"synthetic": {"note": style.settings["note"]}} if style.settings.get("note") else {},
    )


def describe_null(support: pd.DataFrame) -> dict[str, dict[str, str]]:
    """Return the applicable note on exchanged motifs: the largest expected false share of a group, or no test."""
    if support["false_share"].notna().any():
        return {"exchanged": {"share": f"{support['false_share'].max():.1%}"}}
    return {"not_tested": {}}


def draw_agreement(support: pd.DataFrame, summary: pd.DataFrame, style: Style) -> Figure | Absent | None:
    """Return the agreement of groups and seeds on each regulon's edges.

    Parameters
    ----------
    support, summary
        regulons/support.tsv and summary.tsv.
    """
    if summary.empty:
        return None
    if support.empty:
        return Absent("given")
    groups = list(dict.fromkeys(support["group"]))
    # Regulons with equal shares stay in the order of their names.
    best = summary.sort_values("regulon").sort_values("group_share", ascending=False, kind="stable")
    kept = best["regulon"].tolist()[:MAX_ROWS]
    all_groups, support = support, support[support["regulon"].isin(kept)]
    support = support.assign(share=support["edges"] / support["targets"].clip(lower=1))
    runs = best[best["regulon"].isin(kept)].drop(columns=["strongest", "all_targets"])
    y, height = alt.Y("regulon:N", sort=kept, title=None), rows_high(len(kept), 15)
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
            tooltip=[
                *tooltips(SUPPORT, "regulon", "group", "edges", "targets", "p", "false_share"),
                alt.Tooltip("share:Q", format=".0%"),
            ],
        )
        .properties(width="container", height=height)
    )
    dots = (
        alt.Chart(alt.NamedData("seeds"))
        .mark_point(filled=True, opacity=1, color="#004488")
        .encode(
            x=alt.X(
                "run_share:Q",
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
            tooltip=tooltips(SUMMARY, "regulon", "targets", "run_share", "groups"),
        )
        .properties(width="container", height=height)
    )
    few = f"; the {len(kept)} best supported drawn." if len(kept) < len(summary) else "."
    notes = describe_null(all_groups)
    return Figure(
        panels=(Panel(heat, "by group"), Panel(dots, "by seed")),
        data={"models": support, "seeds": runs},
        n=f"{count(len(summary), 'consensus regulon')}, {summary['targets'].sum():,} edges; "
        f"{count(len(groups), 'group')} of cells × {count(style.settings['seeds'], 'seed')}{few}",
        notes=notes,
        columns=2,
        min_width=320,
    )


def draw_network_changes(factors: pd.DataFrame | None, style: Style) -> Figure | Absent | None:
    """Return the change in strength of the factors' edges, over models.

    Parameters
    ----------
    factors
        regulons/network_change_factors.tsv, if the networks of timepoints were compared.
    """
    if factors is None:
        return Absent("not_compared")
    table = factors.dropna(subset=["effect"])
    if table.empty:
        return None
    shown = table.loc[table["effect"].abs().sort_values(ascending=False, kind="stable").index][:FACTORS]
    shown = shown.sort_values("effect", ascending=False, kind="stable")
    base = alt.Chart(alt.NamedData("network_changes")).encode(y=alt.Y("tf:N", sort=shown["tf"].tolist(), title=None))
    said = [verdict.name for verdict in verdicts.NETWORK_CHANGES]
    scale = alt.Scale(domain=said, range=["#BBBBBB", "#888888", "#004488", "#BB5566"])
    colour = alt.Color("change:N", legend=below(None, 2), scale=scale)
    interval = base.mark_rule().encode(x="ci_low:Q", x2="ci_high:Q", color=colour)
    points = base.mark_circle(size=60, opacity=1).encode(
        x=alt.X("effect:Q", title=axis_title(NETWORK_CHANGES, "effect")),
        color=colour,
        tooltip=tooltips(NETWORK_CHANGES, "tf", "effect", "ci_low", "ci_high", "fdr", "gained", "lost", "n", "change"),
    )
    chart = alt.layer(interval, points).properties(width="container", height=rows_high(len(shown), 15))
    few = f"the {len(shown)} largest changes of {count(len(table), 'factor')}"
    return Figure(
        panels=(Panel(chart),),
        data={"network_changes": shown},
        n=f"{count(int(table['n'].max()), 'model')}; {few}.",
    )


def list_network_changes(factors: pd.DataFrame | None, style: Style) -> Text | None:
    """Return the verdicts on factors' edges that occur, with number, rule and measured error."""
    if factors is None:
        return None
    numbers = {name: count(int(n), "factor") for name, n in factors["change"].value_counts().items()}
    return list_rules("network changes", verdicts.NETWORK_CHANGES, numbers, fdr=style.settings["fdr"])


FIGURES = {
    "specificity": (draw_specificity, [RSS, SAMPLES]),
    "activity_heatmap": (draw_heatmap, [SAMPLES, STANDARDISED, VARIABILITY]),
    "on_off": (distributions.draw_on_off, [distributions.HISTOGRAMS, THRESHOLDS, VARIABILITY, SAMPLES]),
    "agreement": (draw_agreement, [SUPPORT, SUMMARY]),
    "network_changes": (draw_network_changes, [f"?{NETWORK_CHANGES}"]),
    "network_change_rules": (list_network_changes, [f"?{NETWORK_CHANGES}"]),
}

if __name__ == "__main__":
    job.run(partial(draw.main, FIGURES), snakemake)

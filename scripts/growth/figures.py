"""Figures of growth: shares of states over timepoints, log ratios of states and clusters, and switches by cycle."""

from functools import partial

import altair as alt
import pandas as pd

from scripts.base import job
from scripts.base.columns import axis_title
from scripts.base.tables import ALL_ARMS
from scripts.figure import draw, ratios
from scripts.figure.figure import Figure, Text
from scripts.figure.style import INTERVAL, Style, below, count, rows_high, tooltips
from scripts.figure.verdicts import list_rules
from scripts.growth import terms
from scripts.growth.verdicts import CLUSTER_VERDICTS, NOT_JUDGED, VERDICTS

SHARES, CHANGES, SWITCHES = "growth/shares.tsv", "growth/changes.tsv", "growth/switches_by_cycle.tsv"
COMMON, COMMON_CHANGES = "growth/common_clusters.tsv", "growth/common_changes.tsv"
MOST = 24
"""Regulons drawn: those ranked first among the switches."""
NAMES = dict(zip(terms.GROUPS, (terms.CYCLING, terms.RESTING), strict=True))
COLOURS = {terms.CYCLING: "#762A83", terms.RESTING: "#777777"}
PARTS = ("effect", "low", "high", "n", "fdr")


def mean_shares(shares: pd.DataFrame) -> pd.DataFrame:
    """Return model, timepoint, state, share and n_cells: cycling cells, then each state of programme and cycle.

    Replicates and arms of a model at a timepoint are averaged; samples with too few cells are left out.
    """
    used = shares[shares["used"] == "yes"]
    phases = used[(used["partition"] == terms.PHASE) & used["state"].isin(terms.RATIOS[terms.MAIN][0])]
    keys = ["sample", "model", "timepoint", "n_cells"]
    cycling = phases.groupby(keys, sort=False, as_index=False)["share"].sum().assign(state=terms.CYCLING)
    table = pd.concat([cycling, used.loc[used["partition"] == terms.PROGRAMME, [*keys, "state", "share"]]])
    return (
        table.groupby(["model", "timepoint", "state"], sort=False, as_index=False)
        .agg(share=("share", "mean"), n_cells=("n_cells", "sum"))
        .sort_values("state", key=lambda names: names.map([terms.CYCLING, *terms.FOUR].index), kind="stable")
    )


def draw_shares(shares: pd.DataFrame, style: Style) -> Figure | None:
    """Return the share of each state by timepoint, a line per model (growth/shares.tsv)."""
    table = mean_shares(shares)
    if table.empty:
        return None
    points = style.in_order("timepoint", table["timepoint"])
    base = alt.Chart(alt.NamedData("shares")).encode(
        x=alt.X("timepoint:N", sort=points, title=None, axis=alt.Axis(labelAngle=0)),
        y=alt.Y("share:Q", title="share of the cells", axis=alt.Axis(format="%")),
        color=style.colour("model", style.in_order("model", table["model"]), columns=1),
        tooltip=["model:N", *tooltips(SHARES, "timepoint", "state", "share", "n_cells")],
    )
    chart = alt.layer(base.mark_line(strokeWidth=1.5), base.mark_point(filled=True, size=45, opacity=1))
    return Figure.by(
        "state",
        chart.properties(width="container", height=200),
        {"shares": table},
        n=f"{count(table['model'].nunique(), 'model')}, {count(shares['sample'].nunique(), 'sample')}.",
        columns=3,
        min_width=250,
    )


def draw_changes(changes: pd.DataFrame, style: Style) -> Figure | None:
    """Return ratios of cycling cells at each timepoint against the baseline, with intervals (growth/changes.tsv)."""
    drawn = (*terms.TESTED, terms.AMONG)
    table = changes[(changes["arm"] == ALL_ARMS) & changes["effect"].notna() & changes["ratio"].isin(drawn)]
    if table.empty:
        return None
    rows = [name for name in drawn if name in set(table["ratio"])]
    compared = list(dict.fromkeys(table["comparison"]))
    numbers = ("n", "k", "share_baseline", "share_treated", "effect", "ci_low", "ci_high", "p", "fdr")
    base = alt.Chart(alt.NamedData("changes")).encode(
        y=alt.Y("ratio:N", sort=rows, title=None, axis=alt.Axis(grid=True, labelLimit=260)),
        tooltip=["comparison:N", "ratio:N", *tooltips(CHANGES, *numbers)],
    )
    title = axis_title(CHANGES, "effect")
    layers = [
        alt.Chart(alt.NamedData("changes")).mark_rule(color="#888888").encode(x=alt.datum(0)),
        base.mark_point(filled=True, size=60, opacity=1, color="#0072B2").encode(x=alt.X("effect:Q", title=title)),
    ]
    if table["ci_low"].notna().any():
        bars = base.transform_calculate(**INTERVAL).mark_rule(strokeWidth=2, color="#0072B2")
        layers.insert(1, bars.encode(x=alt.X("from:Q", title=title), x2="to:Q"))
    models = table.groupby("comparison", sort=False)["n"].max()
    return Figure.by(
        "comparison",
        alt.layer(*layers).properties(width="container", height=rows_high(len(rows), 26)),
        {"changes": table[["comparison", "ratio", *numbers]]},
        values=compared,
        n="; ".join(f"{name}: {count(int(n), 'model')}" for name, n in models.items()) + ".",
        columns=2,
        min_width=420,
    )


def draw_clusters(changes: pd.DataFrame, clusters: pd.DataFrame, style: Style) -> Figure | None:
    """Return the change of each common cluster's log ratio with its interval (growth/common_changes.tsv)."""
    table = changes[changes["effect"].notna()].copy()
    if table.empty:
        return None
    names = terms.name_clusters(clusters)
    table["name"] = table["cluster"].astype(str).map(names)
    order = [name for name in names.values() if name in set(table["name"])]
    numbers = ("n_models", "k", "share_baseline", "share_treated", "effect", "ci_low", "ci_high", "p", "fdr", "verdict")
    return ratios.draw(table, COMMON_CHANGES, "name", order, "cluster", numbers, style)


def list_cluster_verdicts(changes: pd.DataFrame, style: Style) -> Text | None:
    """Return the verdicts on common clusters in persisters that occur, with number, rule and measured error."""
    main = changes.loc[changes["contrast"] == style.comparison, "verdict"]
    numbers = {name: count(int(n), "cluster") for name, n in main.value_counts().items()}
    return list_rules("clusters", CLUSTER_VERDICTS, numbers, fdr=style.settings["fdr"])


def draw_switches(switches: pd.DataFrame, style: Style) -> Figure | None:
    """Return changes of activity in cycling and in non-cycling cells (growth/switches_by_cycle.tsv)."""
    own = switches[switches["kind"] == "regulon"].head(MOST)
    parts = [
        own[["feature", "verdict", *(f"{group}_{name}" for name in PARTS)]]
        .set_axis(["feature", "verdict", *PARTS], axis=1)
        .assign(cells=name)
        for group, name in NAMES.items()
    ]
    table = pd.concat(parts, ignore_index=True).dropna(subset=["effect"])
    if table.empty:
        return None
    rows = list(dict.fromkeys(own["feature"]))
    title = axis_title(SWITCHES, "cycling_effect").replace(f"{terms.CYCLING}: ", "")
    names = list(NAMES.values())
    base = alt.Chart(alt.NamedData("switches")).encode(
        y=alt.Y("feature:N", sort=rows, title=None, axis=alt.Axis(grid=True)),
        yOffset=alt.YOffset("cells:N", sort=names),
        color=alt.Color(
            "cells:N", scale=alt.Scale(domain=names, range=[COLOURS[name] for name in names]), legend=below(None, 2)
        ),
        tooltip=[
            *(f"{name}:N" for name in ("feature", "cells", "verdict")),
            *(alt.Tooltip(f"{name}:Q", format=".2f") for name in ("effect", "low", "high")),
            "n:Q",
            alt.Tooltip("fdr:Q", title="FDR", format=".2g"),
        ],
    )
    layers = [
        alt.Chart(alt.NamedData("switches")).mark_rule(color="#888888").encode(x=alt.datum(0)),
        base.mark_point(filled=True, size=45, opacity=1).encode(x=alt.X("effect:Q", title=title)),
    ]
    if table["low"].notna().any():
        bars = base.transform_filter("isValid(datum.low)").mark_rule(strokeWidth=1.6)
        layers.insert(1, bars.encode(x=alt.X("low:Q", title=title), x2="high:Q"))
    total = int((switches["kind"] == "regulon").sum())
    models = {name: int(own[f"{group}_n"].max()) for group, name in NAMES.items()}
    some = f"{len(rows)} of {count(total, 'regulon')}"
    return Figure.by(
        "panel",
        alt.layer(*layers).properties(width="container", height=rows_high(len(rows), 22)),
        {"switches": table.assign(panel="")},
        n=", ".join(f"{name}: {count(n, 'model')}" for name, n in models.items()) + f"; {some}.",
    )


def list_verdicts(switches: pd.DataFrame, style: Style) -> Text | None:
    """Return the verdicts that occur, with number, rule and measured error."""
    judged = switches.loc[switches["verdict"] != NOT_JUDGED.name, "verdict"]
    numbers = {name: count(int(n), "regulon") for name, n in judged.value_counts().items()}
    return list_rules("growth", VERDICTS, numbers, fdr=style.settings["fdr"])


FIGURES = {
    "state_shares": (draw_shares, SHARES),
    "state_changes": (draw_changes, CHANGES),
    "common_clusters": (draw_clusters, [COMMON_CHANGES, COMMON]),
    "cluster_verdicts": (list_cluster_verdicts, COMMON_CHANGES),
    "switches_by_cycle": (draw_switches, SWITCHES),
    "cycle_verdicts": (list_verdicts, SWITCHES),
}

if __name__ == "__main__":
    job.run(partial(draw.main, FIGURES), snakemake)

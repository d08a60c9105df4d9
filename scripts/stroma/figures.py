"""Figures of the stroma: shares of lineages by model, their change over models, and pairs with the tumour."""

from functools import partial

import altair as alt
import pandas as pd

from scripts.base import job
from scripts.base.columns import axis_title
from scripts.figure import draw, ratios
from scripts.figure.figure import Absent, Figure, Text
from scripts.figure.style import INTERVAL, MEAN, Style, count, rows_high, tooltips
from scripts.figure.verdicts import list_rules
from scripts.stroma.terms import DIRECTIONS, OTHER
from scripts.stroma.verdicts import VERDICTS

SAMPLES, SHARES, CHANGES = "stroma/samples.tsv", "stroma/shares.tsv", "stroma/changes.tsv"
PAIRS = "stroma/pairs.tsv"
SHOWN = 15
"""Pairs of a panel: those of the smallest p."""


def none_of(samples: pd.DataFrame) -> Absent:
    """Return why there are no lineages: how many stromal cells the libraries have."""
    return Absent(
        "no_cells", {"cells": f"{int(samples['cells'].sum()):,}", "libraries": count(len(samples), "library")}
    )


def draw_shares(shares: pd.DataFrame, samples: pd.DataFrame, style: Style) -> Figure | Absent:
    """Return the share of each lineage by timepoint, a line per model (stroma/shares.tsv)."""
    used = shares[shares["used"] == "yes"]
    if used.empty:
        return none_of(samples)
    keys = ["lineage", "model", "timepoint"]
    table = used.groupby(keys, sort=False, as_index=False).agg(share=("share", "mean"), cells=("cells", "sum"))
    if table.empty:
        return none_of(samples)
    order = table.groupby("lineage")["share"].mean().sort_values(ascending=False, kind="stable").index
    lineages = [name for name in order if name != OTHER] + [name for name in order if name == OTHER]
    points = style.in_order("timepoint", table["timepoint"])
    models = style.in_order("model", table["model"])
    chart = (
        alt.Chart(alt.NamedData("shares"))
        .mark_line(point=alt.OverlayMarkDef(size=35, filled=True), strokeWidth=1.8)
        .encode(
            x=alt.X("timepoint:N", sort=points, title=None, axis=alt.Axis(labelAngle=0)),
            y=alt.Y("share:Q", title=axis_title(SHARES, "share"), axis=alt.Axis(format="%")),
            color=style.colour("model", models, columns=3),
            tooltip=tooltips(SHARES, "model", "timepoint", "lineage", "cells", "share"),
        )
    )
    return Figure.by(
        "lineage",
        chart.properties(width="container", height=170),
        {"shares": table},
        values=lineages,
        titles={name: name for name in lineages},
        n=f"{count(len(models), 'model')}, {int(table['cells'].sum()):,} stromal cells.",
        columns=3,
        min_width=220,
    )


def draw_changes(changes: pd.DataFrame, style: Style) -> Figure | None:
    """Return the change of each lineage's log ratio with its interval, by timepoint (stroma/changes.tsv)."""
    table = changes[changes["effect"].notna()]
    if table.empty:
        return None
    main = table[table["contrast"] == style.comparison]
    rows = (main if len(main) else table).sort_values("effect", ascending=False, kind="stable")
    numbers = ("n_models", "effect", "ci_low", "ci_high", "p", "fdr", "verdict")
    return ratios.draw(table, CHANGES, "lineage", list(dict.fromkeys(rows["lineage"])), "lineage", numbers, style)


def draw_pairs(pairs: pd.DataFrame, samples: pd.DataFrame, style: Style) -> Figure | Absent:
    """Return the pairs of the smallest p with their change and interval, one panel per direction (stroma/pairs.tsv)."""
    table = pairs[pairs["effect"].notna()]
    if table.empty:
        return Absent("no_pairs") if samples["cells"].sum() else none_of(samples)
    order = ["p", "random_share", "direction", "lineage", "ligand", "receptor"]
    table = table.sort_values(order, kind="stable").groupby("direction", sort=False).head(SHOWN)
    table = table.assign(pair=table["ligand"] + " – " + table["receptor"] + ": " + table["lineage"])
    table = table.sort_values("effect", ascending=False, kind="stable")
    numbers = ("n_models", "effect", "ci_low", "ci_high", "random_share", "p", "fdr")
    title = axis_title(PAIRS, "effect")
    base = alt.Chart(alt.NamedData("pairs")).encode(
        y=alt.Y("pair:N", sort=None, title=None, axis=alt.Axis(grid=True, labelLimit=230)),
        tooltip=tooltips(PAIRS, "lineage", "ligand", "receptor", *numbers),
    )
    layers = [
        alt.Chart(alt.NamedData("pairs")).mark_rule(color=MEAN, strokeDash=[4, 3]).encode(x=alt.datum(0)),
        base.mark_point(filled=True, size=60, opacity=1, color="#555555").encode(x=alt.X("effect:Q", title=title)),
    ]
    if table["ci_low"].notna().any():
        bars = base.transform_calculate(**INTERVAL).mark_rule(strokeWidth=1.5, color="#999999")
        layers.insert(1, bars.encode(x=alt.X("from:Q", title=title), x2="to:Q"))
    ways = [way for way in DIRECTIONS if way in set(table["direction"])]
    most = int(table.groupby("direction").size().max())
    some = "" if len(table) == len(pairs) else f"the {len(table)} of the smallest p of "
    return Figure.by(
        "direction",
        alt.layer(*layers).properties(width="container", height=rows_high(most, 18)),
        {"pairs": table[["direction", "pair", "lineage", "ligand", "receptor", *numbers]]},
        values=ways,
        titles={way: way for way in ways},
        n=f"{some}{count(len(pairs), 'pair')} of ligand, receptor and lineage; "
        f"up to {count(int(pairs['n_models'].max()), 'model')}.",
        columns=2,
        min_width=330,
    )


def list_verdicts(changes: pd.DataFrame, samples: pd.DataFrame, style: Style) -> Text | None:
    """Return the verdicts of the main contrast, and how many libraries have too few stromal cells."""
    main = changes[changes["contrast"] == style.comparison]
    numbers = {
        name: ", ".join(own["lineage"]) for name, own in main.sort_values("lineage").groupby("verdict", sort=False)
    }
    rules = list_rules("stroma", VERDICTS, numbers, fdr=style.settings["fdr"])
    left = samples[samples["used"] == "no"]
    parts = list(rules.parts) if rules else []
    if len(left):
        values = {"left": len(left), "libraries": count(len(samples), "library")}
        parts.append(("left_out", values))
    return Text(tuple(parts), "bullets") if parts else None


FIGURES = {
    "stroma_shares": (draw_shares, [SHARES, SAMPLES]),
    "stroma_changes": (draw_changes, CHANGES),
    "stroma_pairs": (draw_pairs, [PAIRS, SAMPLES]),
    "stroma_verdicts": (list_verdicts, [CHANGES, SAMPLES]),
}

if __name__ == "__main__":
    job.run(partial(draw.main, FIGURES), snakemake)

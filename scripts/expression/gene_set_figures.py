"""Figure and table of the change of gene sets and published signatures."""

from __future__ import annotations

import textwrap

import altair as alt
import numpy as np
import pandas as pd

from scripts.base.columns import axis_title
from scripts.base.files import bare_name
from scripts.figure import palette
from scripts.figure.figure import Absent, Figure, Panel, Table
from scripts.figure.style import DOWN, NARROW, UP, Style, below, count, rows_high, tooltips

TABLE = "expression/gene_sets.tsv"
MAX_SETS = 30
"""Gene sets drawn."""
DIRECTIONS = {"more": UP, "less": DOWN, "above the FDR": palette.ABSENT}
"""Direction of a gene set in persisters → its colour."""
LETTERS = 22
"""Letters of a set's name in one line on a telephone."""


def choose_sets(table: pd.DataFrame, published: set[str], fdr: float) -> pd.DataFrame:
    """Return the sets to draw, from the top: all published signatures, then sets with the strongest evidence.

    Parameters
    ----------
    table
        Sets with a change.
    published
        Collections that are published signatures.
    fdr
        False discovery rate up to which a set is coloured.
    """
    alone, many = (table[table["collection"].isin(published) == is_one] for is_one in (True, False))
    order = many.assign(_size=-many["log_fc"].abs()).sort_values(["p", "_size"], kind="stable").index
    best = many.loc[order].head(max(0, MAX_SETS - len(alone)))
    shown = pd.concat(part.sort_values("log_fc", ascending=False, kind="stable") for part in (alone, best))
    names = shown["gene_set"].str.replace("HALLMARK_", "").str.replace("_", " ")
    names = names + " (" + shown["measured"].astype(int).astype(str) + ")"
    agreeing, models = (shown[name].astype("Int64").astype(str) for name in ("models_agreeing", "n_models"))
    return shown.assign(
        name=["|".join(textwrap.wrap(name, LETTERS)) for name in names],
        group=np.select([~(shown["fdr"] <= fdr), shown["log_fc"] > 0], ["above the FDR", "more"], "less"),
        kind=np.where(shown.index.isin(alone.index), "published signatures", "gene sets"),
        models=agreeing + "/" + models,
    )


def draw_gene_sets(table: pd.DataFrame, style: Style) -> Figure | Absent:
    """Return the change of gene sets against all other genes (expression/gene_sets.tsv).

    ``style.settings``: ``fdr`` and ``signatures``, the published ones as the config lists them.
    """
    rows = style.main_rows(table).dropna(subset=["log_fc"])
    if rows.empty:
        return Absent("not_scored")
    published = {bare_name(entry.get("url") or entry["path"]) for entry in style.settings["signatures"]}
    shown = choose_sets(rows, published, style.settings["fdr"])
    lines = "split(datum.label, '|')"
    axis = alt.Axis(
        labelExpr=f"{NARROW} ? {lines} : join({lines}, ' ')",
        labelFontSize=alt.ExprRef(f"{NARROW} ? 8 : 10"),
        labelLimit=320,
    )
    base = alt.Chart(alt.NamedData("gene_sets")).encode(
        y=alt.Y("name:N", sort=list(shown["name"]), title=None, axis=axis),
        tooltip=tooltips(
            TABLE, "gene_set", "collection", "log_fc", "ci_low", "ci_high", "fdr", "same_direction", "models_agreeing",
            "n_models", "measured", "nes", "shared_up", "shared_down", "leading",
        ),
    )  # fmt: skip
    title = axis_title(TABLE, "log_fc")
    x = alt.X("log_fc:Q", title=title)
    colours = alt.Scale(domain=list(DIRECTIONS), range=list(DIRECTIONS.values()))
    dots = base.mark_circle(size=60, opacity=1).encode(
        x=x, color=alt.Color("group:N", scale=colours, legend=below(None, 3))
    )
    layers = [alt.Chart(alt.NamedData("gene_sets")).mark_rule(color="#888888").encode(x=alt.datum(0)), dots]
    if shown["ci_low"].notna().any():
        layers.insert(1, base.mark_rule(color="#999999").encode(x=alt.X("ci_low:Q", title=title), x2="ci_high:Q"))
    # To the right of the interval, or of the point if there is no interval.
    ends = base.transform_calculate(end="isValid(datum.ci_high) ? datum.ci_high : datum.log_fc")
    texts = ends.mark_text(align="left", dx=6, fontSize=9, color="#444444").encode(
        x=alt.X("end:Q", title=title), text="models:N"
    )
    layers.append(texts)
    panels = []
    for kind in dict.fromkeys(shown["kind"]):
        high = rows_high(int((shown["kind"] == kind).sum()), 20)
        panels.append(Panel(alt.layer(*layers).properties(width="container", height=high), kind, {"kind": kind}))
    hidden = len(rows) - len(shown)
    return Figure(
        panels=tuple(panels),
        data={"gene_sets": shown},
        n=f"{count(int(rows['n_models'].max()), 'model')}; {count(len(rows), 'set')}"
        + (f", all but the {hidden} with the least evidence drawn." if hidden else "."),
    )


def tabulate_gene_sets(table: pd.DataFrame, style: Style) -> Table | None:
    """Return all gene sets, the strongest evidence first."""
    rows = style.main_rows(table).drop(columns="contrast").sort_values(["fdr", "collection"], kind="stable")
    first = ["gene_set", "collection"]
    return None if rows.empty else Table(rows[[*first, *[c for c in rows if c not in first]]], TABLE)

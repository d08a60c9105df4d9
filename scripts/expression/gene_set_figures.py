"""Figure and table of the enrichment of gene sets and published signatures."""

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
    """Return the sets to draw, from the top: all of published signatures, then those of highest absolute score.

    Parameters
    ----------
    table
        Sets with a score.
    published
        Collections that are published signatures.
    fdr
        False discovery rate up to which a set is coloured.
    """
    alone, many = (table[table["collection"].isin(published) == is_one] for is_one in (True, False))
    best = many.loc[many["nes"].abs().sort_values(ascending=False, kind="stable").index]
    best = best.head(max(0, MAX_SETS - len(alone)))
    shown = pd.concat(part.sort_values("nes", ascending=False, kind="stable") for part in (alone, best))
    names = shown["gene_set"].str.replace("HALLMARK_", "").str.replace("_", " ")
    names = names + " (" + shown["measured"].astype(int).astype(str) + ")"
    agreeing, models = (shown[name].astype("Int64").astype(str) for name in ("models_agreeing", "n_models"))
    return shown.assign(
        name=["|".join(textwrap.wrap(name, LETTERS)) for name in names],
        group=np.select([shown["fdr"] > fdr, shown["nes"] > 0], ["above the FDR", "more"], "less"),
        kind=np.where(shown.index.isin(alone.index), "published signatures", "gene sets"),
        models=agreeing + "/" + models,
    )


def draw_gene_sets(table: pd.DataFrame, style: Style) -> Figure | Absent:
    """Return the enrichment of gene sets (expression/gene_sets.tsv).

    ``style.settings``: ``fdr`` and ``signatures``, the published ones as the config lists them.
    """
    rows = style.main_rows(table).dropna(subset=["nes"])
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
            TABLE, "gene_set", "collection", "nes", "fdr", "mean_log_fc", "models_agreeing", "n_models",
            "measured", "shared_up", "shared_down", "leading",
        ),
    )  # fmt: skip
    reach = float(shown["nes"].abs().max()) * 1.2
    x = alt.X("nes:Q", title=axis_title(TABLE, "nes"), scale=alt.Scale(domain=[-reach, reach]))
    colours = alt.Scale(domain=list(DIRECTIONS), range=list(DIRECTIONS.values()))
    bars = base.mark_bar(height=13).encode(x=x, color=alt.Color("group:N", scale=colours, legend=below(None, 3)))
    # At the end of the bar, outside.
    texts = [
        base.transform_filter(f"datum.nes {sign} 0")
        .mark_text(align=align, dx=dx, fontSize=9, color="#444444")
        .encode(x=x, text="models:N")
        for sign, align, dx in ((">", "left", 3), ("<", "right", -3))
    ]
    panels = []
    for kind in dict.fromkeys(shown["kind"]):
        high = rows_high(int((shown["kind"] == kind).sum()), 20)
        panels.append(Panel(alt.layer(bars, *texts).properties(width="container", height=high), kind, {"kind": kind}))
    hidden = len(rows) - len(shown)
    return Figure(
        panels=tuple(panels),
        data={"gene_sets": shown},
        n=f"{count(int(rows['n_models'].max()), 'model')}; {count(len(rows), 'set')}"
        + (f", all but the {hidden} weakest drawn." if hidden else "."),
    )


def tabulate_gene_sets(table: pd.DataFrame, style: Style) -> Table | None:
    """Return all gene sets by their enrichment."""
    rows = style.main_rows(table).drop(columns="contrast").sort_values("nes", ascending=False, kind="stable")
    first = ["gene_set", "collection"]
    return None if rows.empty else Table(rows[[*first, *[c for c in rows if c not in first]]], TABLE)

"""Figures of chromatin: peaks near the targets of regulons, and peaks gained and lost by the change of genes."""

from functools import partial

import altair as alt
import numpy as np
import pandas as pd

from scripts.base import job
from scripts.base.columns import axis_title
from scripts.chromatin.terms import CHANGES, DISTAL, GAINED, KEPT, LOST
from scripts.chromatin.verdicts import VERDICTS
from scripts.figure import draw
from scripts.figure.figure import Absent, Figure, Text
from scripts.figure.style import DOWN, UP, Style, below, count, rows_high, tooltips
from scripts.figure.verdicts import list_rules

ENRICHMENT, SUPPORT, SETS = "chromatin/enrichment.tsv", "chromatin/support.tsv", "chromatin/peak_sets.tsv"
DECILES, TRENDS = "chromatin/deciles.tsv", "chromatin/trends.tsv"
SHOWN = 10
"""Regulons of a panel: the factor's own, and those of the smallest p."""
MAX_PANELS = 12
LIMITS = (1 / 16, 64)
"""Odds ratios at which limits are cut in the figure; the table has them whole."""
COLOURS = {GAINED: UP, LOST: DOWN, KEPT: "#777777"}
OWN, OTHER = "factor of the peaks", "another factor"


def chosen(table: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of the wide window that are drawn: per peak set the factor's own regulon and the best others."""
    parts = []
    for _, rows in table[table["window"] == DISTAL].groupby("peak_set", sort=False):
        own = rows[rows["tf"] == rows["factor"]]
        others = rows.drop(own.index).sort_values(["p", "regulon"], kind="stable").head(SHOWN - len(own))
        parts.append(pd.concat([own, others]).sort_values("odds_ratio", ascending=False, kind="stable"))
    return pd.concat(parts[:MAX_PANELS], ignore_index=True) if parts else table.iloc[:0]


def draw_targets(enrichment: pd.DataFrame, style: Style) -> Figure | Absent:
    """Return odds ratios with intervals, one panel per peak set (chromatin/enrichment.tsv)."""
    table = chosen(enrichment.assign(factor=enrichment["factor"].fillna("")))
    if table.empty:
        return Absent("none_found")
    limits = {"odds_ratio": 1.0, "ci_low": LIMITS[0], "ci_high": LIMITS[1]}
    drawn = {name: table[name].fillna(without).clip(*LIMITS) for name, without in limits.items()}
    table = table.assign(
        whose=np.where(table["tf"] == table["factor"], OWN, OTHER),
        **{f"{name}_drawn": values for name, values in drawn.items()},
    )
    x = alt.Scale(type="log", domain=[drawn["ci_low"].min(), drawn["ci_high"].max()], nice=True)
    numbers = ("targets", "near", "expected", "odds_ratio", "ci_low", "ci_high", "p", "fdr")
    base = alt.Chart(alt.NamedData("targets")).encode(
        y=alt.Y("regulon:N", sort=None, title=None, axis=alt.Axis(grid=True)),
        tooltip=tooltips(ENRICHMENT, "regulon", *numbers),
    )
    title = axis_title(ENRICHMENT, "odds_ratio")
    shape = alt.Scale(domain=[OWN, OTHER], range=[UP, "#9A9A9A"])
    chart = alt.layer(
        base.mark_rule(color="#1B1F24", strokeDash=[4, 3]).encode(
            x=alt.datum(1), y=alt.value(0), y2=alt.value("height")
        ),
        base.mark_rule(strokeWidth=1.5, color="#777777").encode(
            x=alt.X("ci_low_drawn:Q", scale=x, title=title), x2="ci_high_drawn:Q"
        ),
        base.mark_point(filled=True, size=70, opacity=1).encode(
            x=alt.X("odds_ratio_drawn:Q", scale=x, title=title),
            color=alt.Color("whose:N", scale=shape, legend=below(None, 2)),
        ),
    )
    sets = list(dict.fromkeys(table["peak_set"]))
    most = int(table.groupby("peak_set").size().max())
    columns = ["peak_set", "window", "regulon", *numbers, "whose", *(f"{name}_drawn" for name in drawn)]
    return Figure.by(
        "peak_set",
        chart.properties(width="container", height=rows_high(most, 18)),
        {"targets": table[columns]},
        values=sets,
        titles={name: name for name in sets},
        n=", ".join(
            count(enrichment[c].nunique(), one) for c, one in (("peak_set", "peak set"), ("regulon", "regulon"))
        )
        + ".",
        columns=3,
        min_width=260,
    )


def draw_deciles(deciles: pd.DataFrame, trends: pd.DataFrame, style: Style) -> Figure | None:
    """Return the share of genes near gained, lost and kept peaks by decile of change (chromatin/deciles.tsv)."""
    if deciles.empty:
        return None
    name = deciles["subject"] + " in " + deciles["peak_sample"]
    table = deciles.assign(what=name)
    present = [change for change in CHANGES if change in set(table["change"])]
    scale = alt.Scale(domain=present, range=[COLOURS[change] for change in present])
    line = alt.Chart(alt.NamedData("deciles")).encode(
        x=alt.X("decile:O", title=axis_title(DECILES, "decile"), axis=alt.Axis(labelAngle=0)),
        y=alt.Y("share:Q", title=axis_title(DECILES, "share"), axis=alt.Axis(format="%")),
        color=alt.Color("change:N", scale=scale, legend=below(None, 3)),
        tooltip=tooltips(DECILES, "change", "decile", "genes", "near", "share"),
    )
    chart = line.mark_line(point=alt.OverlayMarkDef(size=30, filled=True), strokeWidth=2)
    subjects = list(dict.fromkeys(table["what"]))[:MAX_PANELS]
    peaks = trends.assign(what=trends["subject"] + " in " + trends["peak_sample"])
    numbers = {
        what: ", ".join(f"{row.peaks:,} {row.change}" for row in own.itertuples())
        for what, own in peaks.groupby("what", sort=False)
    }
    genes = int(table.groupby(["what", "change"])["genes"].sum().max())
    return Figure.by(
        "what",
        chart.properties(width="container", height=220),
        {"deciles": table},
        values=subjects,
        titles={what: f"{what} (peaks: {numbers[what]})" for what in subjects},
        n=f"{count(genes, 'gene')}.",
        columns=2,
        min_width=300,
    )


def list_verdicts(support: pd.DataFrame, sets: pd.DataFrame, style: Style) -> Text | None:
    """Return the verdicts that occur, in the order of their rules, and peak sets that may be of another genome."""
    numbers = {name: count(int(n), "regulon") for name, n in support["verdict"].value_counts().items()}
    rules = list_rules("chromatin", VERDICTS, numbers, fdr=style.settings["fdr"])
    odd = sets.loc[sets["note"].notna() & (sets["note"] != ""), "peak_set"]
    parts = (*(rules.parts if rules else ()), *((("other_genome", {"sets": ", ".join(odd)}),) if len(odd) else ()))
    return Text(parts, "bullets") if parts else None


FIGURES = {
    "target_peaks": (draw_targets, ENRICHMENT),
    "peak_deciles": (draw_deciles, [DECILES, TRENDS]),
    "peak_verdicts": (list_verdicts, [SUPPORT, SETS]),
}

if __name__ == "__main__":
    job.run(partial(draw.main, FIGURES), snakemake)

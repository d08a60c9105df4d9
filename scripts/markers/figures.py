"""Figures of the markers: number of genes needed to distinguish persister from untreated in left-out patients."""

from functools import partial

import altair as alt
import pandas as pd

from scripts.base import job
from scripts.base.columns import axis_title
from scripts.figure import draw
from scripts.figure.figure import Absent, Figure, Table, Text
from scripts.figure.style import Style, below, count, picked, rows_high, tooltips, unless_picked
from scripts.markers.terms import NESTED

PANELS, SCORES, ROC = "markers/markers_panels.tsv", "markers/markers_scores.tsv", "markers/markers_roc.tsv"
ASSAYS, VALUES = "markers/markers_assays.tsv", "markers/markers_values.tsv"
POSITIVE = "markers/markers_positive.tsv"
POOLS = {"all genes": "all genes", "surface": "surface proteins", "secreted": "secreted proteins"}
"""Pool of genes → title of its panel."""
COLOUR = "#0072B2"


def judged(panels: pd.DataFrame) -> pd.DataFrame:
    """Return the panels that could be evaluated; ``size`` is text: a number, or the size chosen in each fold."""
    return panels.assign(size=panels["size"].astype(str).str.removesuffix(".0")).dropna(subset=["auc"])


def draw_panels(panels: pd.DataFrame, style: Style) -> Figure | Absent | None:
    """Return the AUC in left-out patients by panel size, against random panels; one plot per pool of genes.

    ``panels``: markers/markers_panels.tsv.
    """
    table = judged(panels)
    if table.empty:
        said = " ".join(f"{row.pool}: {row.note}." for row in panels.dropna(subset=["note"]).itertuples())
        return Absent("too_few", {"reason": said}) if said else None
    order = [*sorted({size for size in table["size"] if size != NESTED}, key=float), NESTED]
    what = {True: "size chosen without the patient", False: "size given"}
    table = table.assign(what=(table["size"] == NESTED).map(what), random_reach=table["random_high"].clip(upper=1))
    title = "AUC within left-out patients"
    numbers = ["auc", "random_auc", "random_high", "p", "chosen_in", "genes"]
    base = alt.Chart(alt.NamedData("panels")).encode(
        x=alt.X("size:N", sort=order, title=axis_title(PANELS, "size"), axis=alt.Axis(labelAngle=0)),
        tooltip=tooltips(PANELS, "size", *numbers),
    )
    random = base.transform_filter("isValid(datum.random_auc)")
    shape = alt.Scale(domain=["size given", "size chosen without the patient"], range=["circle", "diamond"])
    y = alt.Y("auc:Q", title=title, scale=alt.Scale(domain=[0, 1]))
    chart = alt.layer(
        alt.Chart(alt.NamedData("panels")).mark_rule(color="#888888", strokeDash=[4, 3]).encode(y=alt.datum(0.5)),
        random.mark_bar(color="#D0D0D0", width={"band": 0.5}).encode(
            y=alt.Y("random_auc:Q", title=title), y2="random_reach:Q"
        ),
        random.mark_tick(color="#777777", thickness=2, width={"band": 0.5}).encode(y="random_auc:Q"),
        base.mark_point(filled=True, size=70, opacity=1, color=COLOUR).encode(
            y=y, shape=alt.Shape("what:N", scale=shape, legend=below(None, 2))
        ),
    ).properties(width="container", height=230)
    pools = [pool for pool in POOLS if pool in set(table["pool"])]
    candidates = table.groupby("pool")["candidates"].max()
    columns = [*table.columns.difference(["note", "random_reach"], sort=False), "random_reach"]
    return Figure.by(
        "pool",
        chart,
        {"panels": table[columns]},
        values=pools,
        titles={pool: f"{POOLS[pool]} ({int(candidates[pool]):,} candidates)" for pool in pools},
        n=f"{count(int(table['n_models'].max()), 'model')}, each left out once: "
        f"{count(int(table['n_untreated'].max()), 'untreated sample')}, "
        f"{count(int(table['n_persister'].max()), 'persister sample')}.",
        columns=3,
        min_width=250,
    )


def draw_roc(roc: pd.DataFrame, panels: pd.DataFrame, style: Style) -> Figure | None:
    """Return the ROC curve of the left-out scores of each pool's panels of chosen size (markers/markers_roc.tsv)."""
    if roc.empty:
        return None
    chosen = judged(panels).query("size == @NESTED").set_index("pool")
    pools = [pool for pool in POOLS if pool in set(roc["pool"])]
    ends = pd.DataFrame({"end": [0, 1]})
    curve = alt.Chart(alt.NamedData("roc")).encode(
        x=alt.X("false_positive_rate:Q", title=axis_title(ROC, "false_positive_rate"), axis=alt.Axis(format="%")),
        y=alt.Y("true_positive_rate:Q", title=axis_title(ROC, "true_positive_rate"), axis=alt.Axis(format="%")),
        order="order:Q",
        tooltip=tooltips(ROC, "cut", "false_positive_rate", "true_positive_rate"),
    )
    chance = alt.Chart(alt.NamedData("chance")).mark_line(color="#999999", strokeDash=[4, 3])
    chart = alt.layer(
        chance.encode(x="end:Q", y="end:Q"),
        curve.mark_line(strokeWidth=2, color=COLOUR, point=alt.OverlayMarkDef(size=16)),
    )
    numbers = {"n_models": "model", "n_untreated": "untreated sample", "n_persister": "persister sample"}
    return Figure.by(
        "pool",
        chart.properties(width="container", height=230),
        {"roc": roc.assign(order=roc.groupby("pool").cumcount()), "chance": ends},
        values=pools,
        titles={
            pool: f"{POOLS[pool]}: {chosen.at[pool, 'auc_across']:.2f} across, {chosen.at[pool, 'auc']:.2f} within"
            for pool in pools
        },
        n=", ".join(count(int(chosen[column].max()), one) for column, one in numbers.items()) + ".",
        columns=3,
        min_width=250,
    )


def draw_scores(scores: pd.DataFrame, style: Style) -> Figure | None:
    """Return the score of each left-out patient's samples by a panel learned in the others (markers_scores.tsv)."""
    if scores.empty:
        return None
    models = style.in_order("model", scores["model"])
    order = style.in_order("timepoint", scores["timepoint"])
    forms = dict(zip(order, ("circle", "triangle-up", "square"), strict=False))
    base = alt.Chart(alt.NamedData("scores"))
    dots = base.mark_point(filled=True, size=50).encode(
        x=alt.X(
            "score:Q",
            title=f"{axis_title(SCORES, 'score')}; 0: threshold of other patients",
            scale=alt.Scale(padding=8),
        ),
        y=alt.Y("model:N", sort=models, title=None, axis=alt.Axis(grid=True)),
        color=style.colour("timepoint", order),
        shape=alt.Shape(
            "timepoint:N", scale=alt.Scale(domain=list(forms), range=list(forms.values())), legend=below(None)
        ),
        opacity=unless_picked(shown=0.8),
        tooltip=tooltips(SCORES, "sample", "model", "timepoint", "size", "score"),
    )
    zero = base.mark_rule(color="#1B1F24", strokeWidth=0.8).encode(x=alt.datum(0))
    chart = alt.layer(zero, dots).add_params(picked()).properties(width="container", height=rows_high(len(models), 22))
    pools = [pool for pool in POOLS if pool in set(scores["pool"])]
    return Figure.by(
        "pool",
        chart,
        {"scores": scores},
        values=pools,
        titles=POOLS,
        n=f"{count(len(models), 'model')}, {count(scores['sample'].nunique(), 'sample')}.",
        columns=3,
        min_width=250,
    )


def draw_assays(positive: pd.DataFrame, assays: pd.DataFrame, style: Style) -> Figure | None:
    """Return the share of positive cells (or samples) of each left-out patient in both states, by pool.

    ``positive``: markers/markers_positive.tsv; ``assays``: markers/markers_assays.tsv.
    """
    if positive.empty:
        return None
    pools = [pool for pool in POOLS if pool in set(positive["pool"])]
    before, after = style.contrast["baseline"], style.contrast["persister"]
    long = positive.melt(["pool", "model", "unit"], ["positive_untreated", "positive_persister"], "state", "share")
    long["timepoint"] = long["state"].map({"positive_untreated": before, "positive_persister": after})
    models = style.in_order("model", long["model"])
    base = alt.Chart(alt.NamedData("positive"))
    y = alt.Y("model:N", sort=models, title=None, axis=alt.Axis(grid=True))
    title = f"positive {positive['unit'].iloc[0]}"
    x = alt.X("share:Q", title=title, axis=alt.Axis(format="%"), scale=alt.Scale(domain=[0, 1]))
    chart = alt.layer(
        base.mark_line(color="#BBBBBB").encode(x=x, y=y, detail="model:N"),
        base.mark_point(filled=True, size=55, opacity=1).encode(
            x=x,
            y=y,
            color=style.colour("timepoint", style.in_order("timepoint", [before, after])),
            tooltip=["model:N", "timepoint:N", alt.Tooltip("share:Q", format=".0%")],
        ),
    ).properties(width="container", height=rows_high(len(models), 22))
    own = assays.set_index("pool")
    return Figure.by(
        "pool",
        chart,
        {"positive": long[["pool", "model", "timepoint", "share"]]},
        values=pools,
        titles={pool: f"{POOLS[pool]}: {own.at[pool, 'assay']}" for pool in pools},
        n=f"{count(len(models), 'model')}, each left out once.",
        columns=3,
        min_width=250,
    )


def draw_values(values: pd.DataFrame, style: Style) -> Figure | None:
    """Return predictive values by prevalence with their lower limits (markers/markers_values.tsv)."""
    if values.empty:
        return None
    pools = [pool for pool in POOLS if pool in set(values["pool"])]
    kinds = {"positive_predictive_value": "positive", "negative_predictive_value": "negative"}
    parts = [
        values[["pool", "unit", "prevalence", name, f"{name}_low"]].set_axis(
            ["pool", "unit", "prevalence", "value", "low"], axis=1
        ).assign(kind=kind)
        for name, kind in kinds.items()
    ]  # fmt: skip
    table = pd.concat(parts, ignore_index=True)
    order = sorted(set(table["prevalence"]))
    base = alt.Chart(alt.NamedData("values")).encode(
        x=alt.X("prevalence:N", sort=order, title=f"share of persister {table['unit'].iloc[0]}",
                axis=alt.Axis(labelAngle=0, labelExpr="format(datum.value, '.0~%')")),
        xOffset=alt.XOffset("kind:N", sort=list(kinds.values())),
        color=alt.Color("kind:N", scale=alt.Scale(domain=list(kinds.values()), range=[COLOUR, "#D55E00"]),
                        legend=below("predictive value", 2)),
        tooltip=["kind:N", alt.Tooltip("prevalence:Q", format=".0~%"), alt.Tooltip("value:Q", format=".1%"),
                 alt.Tooltip("low:Q", format=".1%")],
    )  # fmt: skip
    y = alt.Y("value:Q", title="predictive value", axis=alt.Axis(format="%"), scale=alt.Scale(domain=[0, 1]))
    chart = alt.layer(
        base.mark_rule(strokeWidth=2).encode(y=y, y2="low:Q"), base.mark_point(filled=True, size=60).encode(y=y)
    ).properties(width="container", height=200)
    return Figure.by(
        "pool",
        chart,
        {"values": table.drop(columns="unit")},
        values=pools,
        titles=POOLS,
        n=f"{count(int(values['n_models'].max()), 'model')}, each left out once.",
        columns=3,
        min_width=250,
    )


def list_panels(panels: pd.DataFrame, style: Style) -> Table:
    """Return the panels, those of chosen size first."""
    table = judged(panels)
    return Table(table.iloc[(table["size"] != NESTED).argsort(kind="stable")], PANELS)


def list_notes(panels: pd.DataFrame, style: Style) -> Text | None:
    """Return the notes of the table on pools of genes."""
    noted = panels.dropna(subset=["note"])
    return (
        Text(tuple(("note", {"pool": r.pool, "note": r.note}) for r in noted.itertuples()), "bullets")
        if len(noted)
        else None
    )


FIGURES = {
    "marker_panels": (draw_panels, PANELS),
    "marker_roc": (draw_roc, [ROC, PANELS]),
    "marker_scores": (draw_scores, SCORES),
    "marker_assays": (draw_assays, [POSITIVE, ASSAYS]),
    "marker_values": (draw_values, VALUES),
    "marker_panel_table": (list_panels, PANELS),
    "marker_notes": (list_notes, PANELS),
}

if __name__ == "__main__":
    job.run(partial(draw.main, FIGURES), snakemake)

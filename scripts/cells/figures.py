"""Figures of the cells: barnyard and rank curve, what each step removed, quality of what is left, stroma over time."""

from functools import partial

import altair as alt
import pandas as pd

from scripts.base import job
from scripts.figure import draw
from scripts.figure.figure import Absent, Figure, Panel
from scripts.figure.style import Style, below, count, picked, rows_high, unless_picked

VERDICTS = {
    "kept graft cell": "#0072B2",
    "graft, cut on quality": "#56B4E9",
    "graft doublet": "#CC79A7",
    "mixed": "#D55E00",
    "host cell": "#E69F00",
}
"""Colour per verdict of the barnyard plot (Okabe & Ito 2008, safe for the colour-blind)."""
STEPS = {
    "host": "#E69F00",
    "mixed": "#D55E00",
    "doublet": "#CC79A7",
    "low_counts": "#56B4E9",
    "high_counts": "#009E73",
    "few_genes": "#F0E442",
    "many_genes": "#000000",
    "high_mt": "#999999",
    "kept": "#0072B2",
}
"""Colour per step that removes droplets with cells, in its order; those of the barnyard plot for the same verdict."""
MEASURES = {
    "total_counts": "UMIs",
    "n_genes": "genes",
    "pct_counts_mt": "mitochondrial UMIs (%)",
    "ambient_fraction": "ambient share of UMIs",
    "doublet_score": "doublet score",
}
"""Measure of a cell → its name on the axis."""
CURVES = {"all barcodes": "#999999", "droplets with cells": "#0072B2"}


def name_of(step: str) -> str:
    """Return a step as a reader calls it."""
    return step.replace("_", " ")


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
    models = dict(zip(libraries["sample"], libraries["model"], strict=True))
    seen = [verdict for verdict in VERDICTS if verdict in totals]
    colours = alt.Scale(domain=seen, range=[VERDICTS[verdict] for verdict in seen])
    log = alt.Scale(type="log", nice=False)
    axis = alt.Axis(tickCount=3, format="~s", grid=False)
    charts = {}
    for measure in bins["measure"].unique():
        title = "host UMIs + 1" if measure == "host UMIs" else "genes detected"
        charts[measure] = (
            alt.Chart(alt.NamedData("barnyard"))
            .mark_rect()
            .encode(
                x=alt.X("graft_from:Q", title="graft UMIs + 1", scale=log, axis=axis),
                x2="graft_to:Q",
                y=alt.Y("other_from:Q", title=title, scale=log, axis=axis),
                y2="other_to:Q",
                color=alt.Color("verdict:N", scale=colours, legend=below(None, 2)),
                opacity=alt.Opacity(
                    "droplets:Q", scale=alt.Scale(type="log", domain=[1, 30], range=[0.55, 1], clamp=True), legend=None
                ),
                tooltip=[
                    "verdict:N",
                    alt.Tooltip("droplets:Q", format=","),
                    alt.Tooltip("graft_from:Q", title="graft UMIs + 1, from", format=",.0f"),
                    alt.Tooltip("other_from:Q", title=f"{title}, from", format=",.0f"),
                ],
            )
            .properties(width="container", height=190)
        )
    of_sample = bins.drop_duplicates("sample").set_index("sample")["measure"]
    numbers = bins.groupby("sample")["droplets"].sum()
    panels = tuple(
        Panel(charts[of_sample[sample]], f"{sample}: {numbers[sample]:,}", {"sample": sample}, models[sample])
        for sample in libraries["sample"]
        if sample in of_sample
    )
    return Figure(
        panels=panels,
        data={"barnyard": bins},
        n=f"{count(len(panels), 'library')}, {bins['droplets'].sum():,} droplets with cells.",
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
    models = dict(zip(libraries["sample"], libraries["model"], strict=True))
    log = alt.Scale(type="log", nice=False)
    lines = (
        alt.Chart(alt.NamedData("ranks"))
        .mark_line(strokeWidth=2)
        .encode(
            x=alt.X("rank:Q", title="barcode rank", scale=log, axis=alt.Axis(tickCount=3, format="~s", grid=False)),
            y=alt.Y("umis:Q", title="UMIs", scale=log, axis=alt.Axis(tickCount=3, format="~s", grid=False)),
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
        models=models,
        n=f"{count(len(ranked), 'library')}, {barcodes:,} barcodes with a UMI.",
        columns=3,
    )


def waterfall(by_arm: pd.DataFrame) -> pd.DataFrame:
    """Return bars: per arm and timepoint each step's removal, between what was left before and after.

    ``from``, ``to`` and ``share`` are shares of the droplets with cells; the last bar stands for the cells kept.
    """
    rows = []
    for (arm, timepoint), steps in by_arm.groupby(["arm", "timepoint"], sort=False):
        steps = steps.set_index("step")
        cells = int(steps.at["empty", "remaining"])
        common = {"arm": arm, "timepoint": timepoint, "libraries": int(steps["samples"].iloc[0]), "cells": cells}
        common["condition"] = f"{timepoint}, {arm}" if timepoint != arm else timepoint
        left = cells
        for step in STEPS:
            removed = left if step == "kept" else int(steps.at[step, "removed"])
            after = 0 if step == "kept" else left - removed
            shares = {key: value / max(cells, 1) for key, value in (("from", left), ("to", after), ("share", removed))}
            rows.append({**common, "step": name_of(step), "droplets": removed, **shares})
            left = after
    return pd.DataFrame(rows)


def draw_attrition(by_arm: pd.DataFrame, style: Style) -> Figure | None:
    """Return droplets removed by each step, one panel per timepoint and arm (cells/attrition_by_arm.tsv)."""
    if by_arm.empty:
        return None
    table = waterfall(by_arm)
    ranks = {name: i for i, name in enumerate(style.timepoints)}
    ordered = table.assign(rank=table["timepoint"].map(ranks)).sort_values("rank", kind="stable")
    names = [name_of(step) for step in STEPS]
    chart = (
        alt.Chart(alt.NamedData("attrition"))
        .mark_bar(cornerRadius=1)
        .encode(
            x=alt.X("step:N", sort=names, title=None, axis=alt.Axis(labelAngle=-40)),
            y=alt.Y(
                "from:Q",
                title="share of droplets with cells",
                axis=alt.Axis(format="%"),
                scale=alt.Scale(domain=[0, 1]),
            ),
            y2="to:Q",
            color=alt.Color("step:N", scale=alt.Scale(domain=names, range=list(STEPS.values())), legend=None),
            tooltip=[
                "condition:N",
                "step:N",
                alt.Tooltip("droplets:Q", format=","),
                alt.Tooltip("share:Q", format=".1%"),
                "libraries:Q",
                alt.Tooltip("cells:Q", title="droplets with cells", format=","),
            ],
        )
        .properties(width="container", height=190)
    )
    numbers = table.drop_duplicates("condition").set_index("condition")
    kept = table.loc[table["step"] == "kept", "droplets"].sum()
    return Figure.by(
        "condition",
        chart,
        {"attrition": table},
        values=dict.fromkeys(ordered["condition"]),
        titles={
            row.Index: f"{row.Index}: {row.cells:,} droplets, {count(row.libraries, 'library')}"
            for row in numbers.itertuples()
        },
        n=f"{count(numbers['libraries'].sum(), 'library')}, {numbers['cells'].sum():,} droplets with cells, "
        f"{kept:,} cells kept.",
        columns=3,
    )


def verdicts(attrition: pd.DataFrame) -> pd.DataFrame:
    """Return the droplets with cells by library and verdict, kept first, then in the order of the steps."""
    rows = []
    for sample, steps in attrition.groupby("sample", sort=False):
        removed = steps.set_index("step")["removed"]
        cells = int(steps.set_index("step").at["empty", "remaining"])
        labels = {key: steps[key].iloc[0] for key in ("model", "timepoint", "arm")} | {"sample": sample}
        counts = {name_of(step): int(removed[step]) for step in STEPS if step != "kept"}
        counts = {"kept": cells - sum(counts.values()), **counts}
        for order, (verdict, droplets) in enumerate(counts.items()):
            rows.append({**labels, "verdict": verdict, "droplets": droplets, "cells": cells, "order": order})
    return pd.DataFrame(rows)


def draw_libraries(attrition: pd.DataFrame, style: Style) -> Figure | None:
    """Return what became of the droplets with cells, one bar per library (cells/attrition.tsv)."""
    if attrition.empty:
        return None
    table = verdicts(attrition)
    colours = {"kept": STEPS["kept"], **{name_of(step): colour for step, colour in STEPS.items() if step != "kept"}}
    seen = [name for name in colours if table.loc[table["verdict"] == name, "droplets"].any()]
    samples = list(dict.fromkeys(table["sample"]))
    chart = (
        alt.Chart(alt.NamedData("libraries"))
        .mark_bar()
        .encode(
            y=alt.Y("sample:N", sort=samples, title=None),
            x=alt.X(
                "sum(droplets):Q", stack="normalize", title="share of droplets with cells", axis=alt.Axis(format="%")
            ),
            color=alt.Color(
                "verdict:N",
                scale=alt.Scale(domain=seen, range=[colours[name] for name in seen]),
                legend=below(None),
            ),
            order="order:Q",
            opacity=unless_picked(),
            tooltip=[
                "sample:N",
                "verdict:N",
                alt.Tooltip("droplets:Q", format=","),
                alt.Tooltip("cells:Q", title="of", format=","),
            ],
        )
        .add_params(picked())
        .properties(width="container", height=rows_high(len(samples), 22))
    )
    return Figure(panels=(Panel(chart),), data={"libraries": table}, n=f"{count(len(samples), 'library')}.")


def draw_quality(quality: pd.DataFrame, style: Style) -> Figure | None:
    """Return quantiles of each measure over the cells kept, one row per library.

    ``quality``: cells/{sample}.quality.tsv of all libraries.
    """
    if quality.empty:
        return None
    table = quality.assign(measure=quality["measure"].map(MEASURES))
    samples = list(dict.fromkeys(table["sample"]))
    panels = []
    for name in [name for name in MEASURES.values() if name in set(table["measure"])]:
        scale = alt.Scale(type="log", nice=False) if name in ("UMIs", "genes") else alt.Scale(zero=True)
        base = alt.Chart(alt.NamedData("quality")).encode(
            y=alt.Y("sample:N", sort=samples, title=None, axis=alt.Axis(labelLimit=130)),
            color=style.colour("timepoint", table["timepoint"]),
            opacity=unless_picked(),
            tooltip=[
                "sample:N",
                alt.Tooltip("n_cells:Q", title="cells", format=","),
                alt.Tooltip("median:Q", title="median", format=",.3~r"),
                alt.Tooltip("q05:Q", title="5th percentile", format=",.3~r"),
                alt.Tooltip("q95:Q", title="95th percentile", format=",.3~r"),
            ],
        )
        whisker = base.mark_rule(strokeWidth=1.5).encode(
            x=alt.X("q05:Q", title=name, scale=scale, axis=alt.Axis(tickCount=4)), x2="q95:Q"
        )
        box = base.mark_bar(height=9).encode(x="q25:Q", x2="q75:Q")
        tick = base.mark_tick(color="white", thickness=2, height=9).encode(x="median:Q", color=alt.value("white"))
        chart = (
            alt.layer(whisker, box, tick)
            .add_params(picked())
            .properties(width="container", height=rows_high(len(samples), 18))
        )
        panels.append(Panel(chart, where={"measure": name}))
    cells = table.drop_duplicates("sample")["n_cells"].sum()
    return Figure(
        panels=tuple(panels),
        data={"quality": table},
        n=f"{count(len(samples), 'library')}, {cells:,} cells kept.",
        columns=2,
        min_width=330,
    )


def through_time(table: pd.DataFrame, column: str, title: str, style: Style) -> alt.LayerChart:
    """Return a share (%) by timepoint: a point per library, and the mean of each model and arm as a line."""
    order = style.in_order("timepoint", table["timepoint"])
    base = alt.Chart(alt.NamedData("stroma")).encode(
        x=alt.X("timepoint:N", sort=order, title=None, axis=alt.Axis(labelAngle=0), scale=alt.Scale(padding=0.3)),
        y=alt.Y(f"{column}:Q", title=title, scale=alt.Scale(zero=True)),
        color=style.colour("model", table["model"], columns=3),
        opacity=unless_picked(),
        tooltip=[
            "sample:N",
            "model:N",
            "arm:N",
            "timepoint:N",
            alt.Tooltip(f"{column}:Q", format=".1f"),
            "host:Q",
            "tumour:Q",
        ],
    )
    lines = base.mark_line(strokeWidth=1.5).encode(
        detail="line:N", y=alt.Y(f"mean({column}):Q", title=title), tooltip=alt.value(None)
    )
    return (
        alt.layer(lines, base.mark_point(filled=True, size=50))
        .add_params(picked())
        .properties(width="container", height=230)
    )


def draw_stroma(libraries: pd.DataFrame, style: Style) -> Figure | None:
    """Return host cells and ambient RNA over treatment (cells/libraries.tsv); None where there is no host."""
    if not libraries["host"].sum():
        return None
    cells = libraries["host"] + libraries["tumour"]
    table = libraries.assign(host_cells=100 * libraries["host"] / cells.clip(lower=1))
    baseline = style.contrast["baseline"]
    first, later = table[table["timepoint"] == baseline], table[table["timepoint"] != baseline]
    # Each arm's line begins at the model's own baseline; a model without a later sample is a point.
    if len(first):
        treated = later[["model", "arm"]].drop_duplicates()
        starts = first.drop(columns="arm").merge(treated, on="model", how="left")
        first = starts.fillna({"arm": first["arm"].iloc[0]})
    lines = pd.concat([first, later], ignore_index=True)
    lines["line"] = lines["model"] + " " + lines["arm"]
    kept = ["sample", "model", "arm", "timepoint", "line", "host", "tumour", "host_cells", "ambient"]
    panels = [Panel(through_time(lines, "host_cells", "host cells (% of cells)", style), "stroma")]
    if lines["ambient"].notna().any():
        panels.append(Panel(through_time(lines, "ambient", "ambient RNA (% of a cell's UMIs)", style), "ambient RNA"))
    return Figure(
        panels=tuple(panels),
        data={"stroma": lines[kept]},
        n=f"{count(len(table), 'library')} of {count(table['model'].nunique(), 'model')}.",
        columns=2,
        min_width=300,
    )


FIGURES = {
    "barnyard": (draw_barnyard, ["cells/{sample}.barnyard.tsv", "cells/libraries.tsv"]),
    "ranks": (draw_ranks, ["cells/{sample}.ranks.tsv", "cells/libraries.tsv"]),
    "stroma": (draw_stroma, "cells/libraries.tsv"),
    "attrition": (draw_attrition, "cells/attrition_by_arm.tsv"),
    "attrition_libraries": (draw_libraries, "cells/attrition.tsv"),
    "quality": (draw_quality, "cells/{sample}.quality.tsv"),
}

if __name__ == "__main__":
    job.run(partial(draw.main, FIGURES), snakemake)

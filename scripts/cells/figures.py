"""Figures of the cells: barnyard and rank plots, cells removed by each step, quality of the cells, stroma over time."""

from functools import partial

import altair as alt
import pandas as pd

from scripts.base import job
from scripts.cells.droplet_figures import draw_barnyard, draw_ranks
from scripts.cells.pool_figures import draw_pools
from scripts.figure import draw
from scripts.figure.figure import Figure, Panel
from scripts.figure.style import Style, below, count, picked, rows_high, unless_picked

STEPS = {
    "host": "#E69F00",
    "mixed": "#D55E00",
    "doublet": "#CC79A7",
    "normal": "#882255",
    "low_counts": "#56B4E9",
    "high_counts": "#009E73",
    "few_genes": "#F0E442",
    "many_genes": "#000000",
    "high_mt": "#999999",
    "unsure": "#DDCC77",
    "kept": "#0072B2",
}
"""Colour per step that removes droplets with cells, in order; the same as in the barnyard plot."""
NAMED = ("normal", "unsure")
"""Steps that are shown only if they removed cells: a study with a host has none."""
MEASURES = {
    "total_counts": "UMIs",
    "n_genes": "genes",
    "pct_counts_mt": "mitochondrial UMIs (%)",
    "ambient_fraction": "ambient share of UMIs",
    "doublet_score": "doublet score",
}
"""Measure of a cell → its name on the axis."""


def name_of(step: str) -> str:
    """Return the name of a step in figures."""
    return step.replace("_", " ")


def waterfall(by_arm: pd.DataFrame) -> pd.DataFrame:
    """Return bars: per arm and timepoint, each step's removal, from the share before it to the share after it.

    ``from``, ``to`` and ``share`` are shares of the droplets with cells. The last bar shows the cells kept.
    """
    rows = []
    for (arm, timepoint), steps in by_arm.groupby(["arm", "timepoint"], sort=False):
        steps = steps.set_index("step")
        cells = int(steps.at["empty", "remaining"])
        common = {"arm": arm, "timepoint": timepoint, "libraries": int(steps["samples"].iloc[0]), "cells": cells}
        common["condition"] = f"{timepoint}, {arm}" if timepoint != arm else timepoint
        left = cells
        for step in STEPS:
            if step in NAMED and not by_arm.loc[by_arm["step"] == step, "removed"].any():
                continue
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
    names = list(dict.fromkeys(table["step"]))
    colours = {name_of(step): colour for step, colour in STEPS.items()}
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
            color=alt.Color(
                "step:N", scale=alt.Scale(domain=names, range=[colours[name] for name in names]), legend=None
            ),
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
    """Return the verdicts on droplets with cells, one bar per library (cells/attrition.tsv)."""
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
    """Return a share (%) over time: a point per library, and the mean of each model and arm as a line."""
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
            *(f"{name}:Q" for name in ("host", "normal") if name in table),
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
    """Return host cells and ambient RNA over time (cells/libraries.tsv); without a host, the normal cells.

    None if there are neither.
    """
    what = next((name for name in ("host", "normal") if name in libraries and libraries[name].sum()), None)
    if what is None:
        return None
    # Normal cells are among those of the tumour's species.
    cells = libraries["host"] + libraries["tumour"]
    table = libraries.assign(host_cells=100 * libraries[what].astype(float) / cells.clip(lower=1))
    baseline = style.contrast["baseline"]
    first, later = table[table["timepoint"] == baseline], table[table["timepoint"] != baseline]
    # Each arm's line begins at the model's own baseline; a model without a later sample is a point.
    if len(first):
        treated = later[["model", "arm"]].drop_duplicates()
        starts = first.drop(columns="arm").merge(treated, on="model", how="left")
        first = starts.fillna({"arm": first["arm"].iloc[0]})
    lines = pd.concat([first, later], ignore_index=True)
    lines["line"] = lines["model"] + " " + lines["arm"]
    kept = ["sample", "model", "arm", "timepoint", "line", what, "tumour", "host_cells", "ambient"]
    panels = [Panel(through_time(lines[kept], "host_cells", f"{what} cells (% of cells)", style), "stroma")]
    if lines["ambient"].notna().any():
        panels.append(
            Panel(through_time(lines[kept], "ambient", "ambient RNA (% of a cell's UMIs)", style), "ambient RNA")
        )
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
    "pool_cells": (draw_pools, "cells/{pool}.pool.tsv"),
    "attrition_libraries": (draw_libraries, "cells/attrition.tsv"),
    "quality": (draw_quality, "cells/{sample}.quality.tsv"),
}

if __name__ == "__main__":
    job.run(partial(draw.main, FIGURES), snakemake)

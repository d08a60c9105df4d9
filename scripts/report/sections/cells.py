"""Cells: what each step removed by arm, and how good the cells are that stayed."""

import altair as alt
import pandas as pd

from scripts.cells.plot_attrition import COLOURS
from scripts.report.charts import below, colour_scale, picked, rows_high, unless_picked
from scripts.report.page import Figure, Panel, Section
from scripts.report.source import Source, count
from scripts.report.words import section, words

STEPS = [step for step in COLOURS if step != "kept"]
MEASURES = {
    "total_counts": "UMIs",
    "n_genes": "genes",
    "pct_counts_mt": "mitochondrial UMIs (%)",
    "ambient_fraction": "ambient share of UMIs",
    "doublet_score": "doublet score",
}
QUANTILES = {"low": 0.05, "lower": 0.25, "middle": 0.5, "upper": 0.75, "high": 0.95}


def name_of(step: str) -> str:
    """Return a step as a reader calls it."""
    return step.replace("_", " ")


def waterfall(source: Source, by_arm: pd.DataFrame) -> pd.DataFrame:
    """Return bars of the waterfall: per arm and timepoint each step's removal, between what was left before and after.

    ``from`` and ``to`` are shares of the droplets with cells.
    """
    rows = []
    for (arm, timepoint), steps in by_arm.groupby(["arm", "timepoint"], sort=False):
        steps = steps.set_index("step")
        cells = int(steps.at["empty", "remaining"])
        common = {"arm": arm, "timepoint": timepoint, "libraries": int(steps["samples"].iloc[0]), "cells": cells}
        common["condition"] = f"{timepoint}, {arm}" if timepoint != arm else timepoint
        left = cells
        for step in STEPS:
            removed = int(steps.at[step, "removed"])
            bar = {"from": left / max(cells, 1), "to": (left - removed) / max(cells, 1)}
            rows.append({**common, "step": name_of(step), "droplets": removed, **bar, "share": removed / max(cells, 1)})
            left -= removed
        rows.append(
            {
                **common,
                "step": "kept",
                "droplets": left,
                "from": left / max(cells, 1),
                "to": 0.0,
                "share": left / max(cells, 1),
            }
        )
    return pd.DataFrame(rows)


def draw_waterfall(source: Source) -> Figure:
    """Return the waterfall of droplets by arm and timepoint."""
    by_arm = source.table("cells/attrition_by_arm.tsv")
    table = waterfall(source, by_arm)
    ranks = {name: i for i, name in enumerate(source.timepoints)}
    order = table.assign(t=table["timepoint"].map(ranks)).sort_values("t", kind="stable")
    conditions = list(dict.fromkeys(order["condition"]))
    names = [name_of(step) for step in COLOURS]
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
            color=alt.Color("step:N", scale=alt.Scale(domain=names, range=list(COLOURS.values())), legend=None),
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
    panels = [
        Panel(
            chart,
            f"{c}: {numbers.at[c, 'cells']:,} droplets, {count(numbers.at[c, 'libraries'], 'library')}",
            {"condition": c},
        )
        for c in conditions
    ]
    kept = table[table["step"] == "kept"]["droplets"].sum()
    return Figure(
        **words("attrition"),
        n=f"{len(source.libraries)} libraries, {numbers['cells'].sum():,} droplets with cells, {kept:,} cells kept.",
        panels=tuple(panels),
        data={"attrition": table},
        columns=min(3, len(panels)),
    )


def draw_libraries(source: Source) -> Figure:
    """Return what became of the droplets with cells, a bar a library."""
    table = source.table("cells/attrition.tsv")
    rows = []
    for sample, steps in table.groupby("sample", sort=False):
        steps = steps.set_index("step")
        left = cells = int(steps.at["empty", "remaining"])
        labels = {key: steps[key].iloc[0] for key in ("model", "timepoint", "arm")} | {"sample": sample}
        for step in STEPS:
            rows.append(
                {**labels, "verdict": name_of(step), "droplets": int(steps.at[step, "removed"]), "cells": cells}
            )
            left -= int(steps.at[step, "removed"])
        rows.append({**labels, "verdict": "kept", "droplets": left, "cells": cells})
    frame = pd.DataFrame(rows)
    frame["order"] = frame["verdict"].map({name_of(step): i for i, step in enumerate(["kept", *STEPS])})
    names = ["kept", *map(name_of, STEPS)]
    seen = [name for name in names if frame.loc[frame["verdict"] == name, "droplets"].any()]
    colours = alt.Scale(domain=seen, range=[COLOURS[name.replace(" ", "_")] for name in seen])
    chart = (
        alt.Chart(alt.NamedData("libraries"))
        .mark_bar()
        .encode(
            y=alt.Y("sample:N", sort=list(source.libraries["sample"]), title=None),
            x=alt.X(
                "sum(droplets):Q", stack="normalize", title="share of droplets with cells", axis=alt.Axis(format="%")
            ),
            color=alt.Color("verdict:N", scale=colours, legend=below(None)),
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
        .properties(width="container", height=rows_high(len(source.libraries), 22))
    )
    return Figure(
        **words("attrition_libraries"),
        n=f"{len(source.libraries)} libraries.",
        panels=(Panel(chart),),
        data={"libraries": frame.drop(columns="order").assign(order=frame["order"])},
    )


def quality(source: Source) -> pd.DataFrame:
    """Return quantiles of each measure over the kept cells of each library."""
    rows = []
    for model in source.models_with_cells:
        cells = source.table(f"clusters/{model}/cells.tsv.gz")
        for sample, part in cells.groupby("sample", sort=False):
            labels = {
                "sample": sample,
                "model": model,
                "timepoint": part["timepoint"].iloc[0],
                "arm": part["arm"].iloc[0],
            }
            for column, name in MEASURES.items():
                values = part[column].dropna()
                if len(values):
                    found = {key: float(values.quantile(q)) for key, q in QUANTILES.items()}
                    rows.append({**labels, "n_cells": len(part), "measure": name, **found})
    return pd.DataFrame(rows, columns=["sample", "model", "timepoint", "arm", "n_cells", "measure", *QUANTILES])


def draw_quality(source: Source) -> Figure:
    """Return the distributions of UMIs, genes, mitochondrial and ambient share, and doublet score by library."""
    table = quality(source)
    colours = colour_scale("timepoint", source.timepoints, table["timepoint"])
    numbers = table.drop_duplicates("sample")["n_cells"]
    panels = []
    for name in [n for n in MEASURES.values() if n in set(table["measure"])]:
        scale = alt.Scale(type="log", nice=False) if name in ("UMIs", "genes") else alt.Scale(zero=True)
        base = alt.Chart(alt.NamedData("quality")).encode(
            y=alt.Y("sample:N", sort=list(source.libraries["sample"]), title=None, axis=alt.Axis(labelLimit=130)),
            color=alt.Color("timepoint:N", scale=colours, legend=below(None)),
            opacity=unless_picked(),
            tooltip=[
                "sample:N",
                alt.Tooltip("n_cells:Q", title="cells", format=","),
                alt.Tooltip("middle:Q", title="median", format=",.3~r"),
                alt.Tooltip("low:Q", title="5th percentile", format=",.3~r"),
                alt.Tooltip("high:Q", title="95th percentile", format=",.3~r"),
            ],
        )
        whisker = base.mark_rule(strokeWidth=1.5).encode(
            x=alt.X("low:Q", title=name, scale=scale, axis=alt.Axis(tickCount=4)), x2="high:Q"
        )
        box = base.mark_bar(height=9).encode(x="lower:Q", x2="upper:Q")
        tick = base.mark_tick(color="white", thickness=2, height=9).encode(x="middle:Q", color=alt.value("white"))
        chart = (
            alt.layer(whisker, box, tick)
            .add_params(picked())
            .properties(width="container", height=rows_high(len(numbers), 18))
        )
        panels.append(Panel(chart, where={"measure": name}))
    return Figure(
        **words("quality"),
        n=f"{count(len(numbers), 'library')}, {numbers.sum():,} cells kept.",
        panels=tuple(panels),
        data={"quality": table},
        columns=2,
        min_width=330,
    )


def build(source: Source) -> Section:
    """Return the section."""
    if not len(source.libraries):
        return section("cells", [], "no_libraries")
    return section("cells", [draw_waterfall(source), draw_libraries(source), draw_quality(source)])

"""Figures of what each step removes: a waterfall by timepoint and arm, and the verdicts of each library."""

import altair as alt
import pandas as pd

from scripts.cells import steps as removing
from scripts.cells.steps import NOBODYS
from scripts.figure.figure import Figure, Panel
from scripts.figure.style import Style, below, count, picked, rows_high, unless_picked

STEPS = {
    "untagged": "#BBBBBB",
    "two_tags": "#AA4499",
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
NAMED = (*NOBODYS, "host", "mixed", "normal", "unsure")
"""Steps that are shown only if they removed cells: they depend on pools, a host, or its absence."""


def name_of(step: str) -> str:
    """Return the name of a step in figures."""
    return step.replace("_", " ")


def droplets_by_step(attrition: pd.DataFrame) -> pd.DataFrame:
    """Return samples × :data:`STEPS`: the droplets with cells that each step removed, and those kept.

    Of the cells of a pool without a tag or with two, each sample has the part that it has of the cells with one tag.
    The sum over the samples is then the number of the pool's cells, each counted once.
    """
    removed = attrition.pivot(index="sample", columns="step", values="removed")
    removed = (
        removed.reindex(attrition["sample"].unique())
        .reindex(columns=[*removing.POOL, *removing.STEPS], fill_value=0)
        .fillna(0)
    )
    own = attrition[attrition["step"] == "empty"].set_index("sample")["remaining"].reindex(removed.index)
    tagged = own + removed["other_sample"]
    part = (own / tagged.where(tagged > 0)).fillna(0.0)
    found = removed.drop(columns=["other_sample", "empty"]).astype(float)
    found["kept"] = own - found.drop(columns=list(NOBODYS)).sum(axis=1)
    found[list(NOBODYS)] = found[list(NOBODYS)].mul(part, axis=0)
    return found[list(STEPS)]


def waterfall(attrition: pd.DataFrame) -> pd.DataFrame:
    """Return bars: per arm and timepoint, each step's removal, from the share before it to the share after it.

    ``from``, ``to`` and ``share`` are shares of the droplets with cells. The last bar shows the cells kept.
    """
    of_sample = droplets_by_step(attrition)
    drawn = [step for step in STEPS if step not in NAMED or of_sample[step].any()]
    groups = attrition.drop_duplicates("sample").groupby(["arm", "timepoint"], sort=False)["sample"]
    rows = []
    for (arm, timepoint), samples in groups:
        removed = of_sample.loc[list(samples), drawn].sum()
        cells = left = removed.sum()
        common = {"arm": arm, "timepoint": timepoint, "libraries": len(samples), "cells": round(cells)}
        common["condition"] = f"{timepoint}, {arm}" if timepoint != arm else timepoint
        for step, number in removed.items():
            after = 0 if step == "kept" else left - number
            shares = {key: value / max(cells, 1) for key, value in (("from", left), ("to", after), ("share", number))}
            rows.append({**common, "step": name_of(step), "droplets": round(number), **shares})
            left = after
    return pd.DataFrame(rows)


def draw_attrition(attrition: pd.DataFrame, style: Style) -> Figure | None:
    """Return droplets removed by each step, one panel per timepoint and arm (cells/attrition.tsv)."""
    if attrition.empty:
        return None
    table = waterfall(attrition)
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
    labels = attrition.drop_duplicates("sample").set_index("sample")[["model", "timepoint", "arm"]]
    for sample, counts in droplets_by_step(attrition).iterrows():
        own = {**labels.loc[sample], "sample": sample, "cells": round(counts.sum())}
        for order, step in enumerate(["kept", *(step for step in STEPS if step != "kept")]):
            rows.append({**own, "verdict": name_of(step), "droplets": round(counts[step]), "order": order})
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

"""Figure and sentences of the design: which models, arms and timepoints were measured, and what is asked of them.

Both are made from the samples sheet and the config, before any result is there.
"""

from functools import partial

import altair as alt
import pandas as pd

from scripts.base import job
from scripts.figure import draw
from scripts.figure.figure import Figure, Panel, Text
from scripts.figure.style import Style, below, count, listed, picked, rows_high, unless_picked

ASSAYS = {"scrna": "single cells", "profile": "profiles"}
"""Names of the assays in the figure."""


def count_conditions(style: Style) -> pd.DataFrame:
    """Return the number of samples (column ``samples``) by model, arm, timepoint and assay.

    The column ``condition`` is the timepoint, with the arm where that has drugs. Rows are in the order of the
    timepoints, then of the arms, then of the sheet. ``style.settings`` has ``samples`` (the sheet's rows) and ``drugs``
    (the arms with drugs).
    """
    sheet = pd.DataFrame(style.settings["samples"])
    table = sheet.groupby(["model", "arm", "timepoint", "assay"], sort=False).size().reset_index(name="samples")
    table["assay"] = table["assay"].map(ASSAYS)
    treated = table["arm"].isin(style.settings["drugs"])
    table["condition"] = table["timepoint"].where(~treated, table["timepoint"] + ", " + table["arm"])
    ranks = {kind: {name: i for i, name in enumerate(style.names(kind))} for kind in ("timepoint", "arm")}
    order = pd.DataFrame({kind: table[kind].map(rank) for kind, rank in ranks.items()})
    return table.loc[order.sort_values(["timepoint", "arm"], kind="stable").index].reset_index(drop=True)


def draw_design(style: Style) -> Figure:
    """Return the matrix of models and conditions; see :func:`count_conditions` for ``style.settings``."""
    table = count_conditions(style)
    models = style.in_order("model", table["model"])
    both = bool(table.duplicated(["model", "condition"]).any())
    base = alt.Chart(alt.NamedData("study_design")).encode(
        x=alt.X(
            "condition:N",
            sort=list(dict.fromkeys(table["condition"])),
            title=None,
            axis=alt.Axis(labelAngle=-40, orient="top"),
            scale=alt.Scale(paddingOuter=0.9),  # room for the last slanted name
        ),
        y=alt.Y("model:N", sort=models, title=None),
        yOffset=alt.YOffset("assay:N", sort=list(ASSAYS.values())) if both else alt.Undefined,
        tooltip=["model:N", "timepoint:N", "arm:N", "assay:N", "samples:Q"],
    )
    forms = dict(zip(ASSAYS.values(), ("square", "circle"), strict=True))
    seen = [assay for assay in forms if (table["assay"] == assay).any()]
    shapes = alt.Scale(domain=seen, range=[forms[assay] for assay in seen])
    marks = base.mark_point(filled=True, size=330, opacity=1).encode(
        shape=alt.Shape("assay:N", scale=shapes, legend=below(None)),
        color=style.colour("timepoint", table["timepoint"]),
        opacity=unless_picked(),
    )
    named = base.mark_text(color="white", fontSize=11, fontWeight="bold").encode(
        text="samples:Q", opacity=unless_picked()
    )
    chart = alt.layer(marks, named).add_params(picked())
    assays = pd.DataFrame(style.settings["samples"])["assay"].value_counts()
    libraries, profiles = (int(assays.get(assay, 0)) for assay in ASSAYS)
    return Figure(
        panels=(Panel(chart.properties(width="container", height=rows_high(len(models), 46 if both else 30))),),
        data={"study_design": table},
        n=f"{count(len(models), 'model')}, {count(libraries + profiles, 'sample')} "
        f"({count(libraries, 'single-cell library')}, {count(profiles, 'profile')}).",
    )


def tell_source(style: Style) -> Text | None:
    """Return the warnings of simulated reads (setting ``demo``) and of stand-in databases (setting ``note``)."""
    parts = []
    if style.settings["demo"]:
        parts.append(("demo", {"seed": style.settings["demo"]["seed"]}))
    if style.settings["note"]:
        parts.append(("note", {"note": style.settings["note"]}))
    return Text(tuple(parts), "warning") if parts else None


def tell_question(style: Style) -> Text:
    """Return what was measured and what the study asks."""
    sheet = pd.DataFrame(style.settings["samples"])
    measured = {
        "models": count(sheet["model"].nunique(), "model"),
        "timepoints": listed(style.in_order("timepoint", sheet["timepoint"])),
        "drugs": listed(style.in_order("arm", set(sheet["arm"]) & set(style.settings["drugs"]))),
    }
    keys = ["question", *(["relapse"] if style.contrast.get("relapse") else []), "shared"]
    return Text((("measured", measured), *((key, {}) for key in keys)))


def tell_replicate(style: Style) -> Text:
    """Return what the replicate is."""
    return Text((("", {}),))


FIGURES = {
    "source": (tell_source, []),
    "question": (tell_question, []),
    "replicate": (tell_replicate, []),
    "study_design": (draw_design, []),
}

if __name__ == "__main__":
    job.run(partial(draw.main, FIGURES), snakemake)

"""Question and design: which models, arms and timepoints there are, how often, and what they can't answer."""

import altair as alt
import pandas as pd

from scripts.figure.style import count, listed
from scripts.report.charts import below, colour_scale, picked, rows_high, unless_picked
from scripts.report.page import Figure, Panel, Section, Table
from scripts.report.source import Source
from scripts.report.text import paragraph, warning
from scripts.report.words import read, section, sentence, words

ASSAYS = {"scrna": "single cells", "profile": "profiles"}


def matrix(source: Source) -> pd.DataFrame:
    """Return one row per model, arm, timepoint and assay: number of samples, and of cells kept (0 for profiles)."""
    keys = ["model", "arm", "timepoint", "assay"]
    table = source.samples.groupby(keys, sort=False).size().reset_index(name="samples")
    kept = source.table("cells/attrition.tsv")
    table["cells"] = 0
    if kept is not None and len(kept):
        last = kept.groupby("sample", sort=False)["remaining"].last()
        cells = source.libraries.assign(cells=source.libraries["sample"].map(last)).groupby(keys)["cells"].sum()
        table["cells"] = [int(cells.get(tuple(row), 0)) for row in table[keys].itertuples(index=False)]
    table["assay"] = table["assay"].map(ASSAYS)
    table["condition"] = table["timepoint"].where(
        table["arm"].isin(no_drugs(source)), table["timepoint"] + ", " + table["arm"]
    )
    return table


def no_drugs(source: Source) -> list[str]:
    """Return the arms without drugs."""
    return [entry["arm"] for entry in source.config["arms"] if not entry["drugs"]]


def conditions(source: Source) -> list[str]:
    """Return timepoints with their arms in order: the baseline first, then arm by arm through time."""
    table = matrix(source)
    ranks = {name: i for i, name in enumerate(source.timepoints)}, {name: i for i, name in enumerate(source.arms)}
    table = table.assign(t=table["timepoint"].map(ranks[0]), a=table["arm"].map(ranks[1]))
    return list(dict.fromkeys(table.sort_values(["t", "a"])["condition"]))


def figure(source: Source) -> Figure:
    """Return the matrix of models and conditions."""
    table = matrix(source)
    models = source.in_order("model", table["model"])
    both = bool(table.duplicated(["model", "condition"]).any())
    base = alt.Chart(alt.NamedData("design")).encode(
        x=alt.X("condition:N", sort=conditions(source), title=None, axis=alt.Axis(labelAngle=-40, orient="top")),
        y=alt.Y("model:N", sort=models, title=None),
        yOffset=alt.YOffset("assay:N", sort=list(ASSAYS.values())) if both else alt.Undefined,
        tooltip=[
            "model:N",
            "timepoint:N",
            "arm:N",
            "assay:N",
            "samples:Q",
            alt.Tooltip("cells:Q", title="cells kept", format=","),
        ],
    )
    forms = dict(zip(ASSAYS.values(), ("square", "circle"), strict=True))
    seen = [assay for assay in forms if (table["assay"] == assay).any()]
    shapes = alt.Scale(domain=seen, range=[forms[assay] for assay in seen])
    colours = colour_scale("timepoint", source.timepoints, table["timepoint"])
    marks = base.mark_point(filled=True, size=330, opacity=1).encode(
        shape=alt.Shape("assay:N", scale=shapes, legend=below(None)),
        color=alt.Color("timepoint:N", scale=colours, legend=below(None)),
        opacity=unless_picked(),
    )
    named = base.mark_text(color="white", fontSize=11, fontWeight="bold").encode(
        text="samples:Q", opacity=unless_picked()
    )
    chart = alt.layer(marks, named).add_params(picked())
    n_models, n_samples = len(models), len(source.samples)
    return Figure(
        **words("design", models=count(n_models, "model")),
        n=f"{count(n_models, 'model')}, {count(n_samples, 'sample')} "
        f"({count(len(source.libraries), 'single-cell library')}, {count(len(source.profiles), 'profile')}).",
        panels=(Panel(chart.properties(width="container", height=rows_high(n_models, 46 if both else 30))),),
        data={"design": table},
    )


def limits(source: Source) -> Table | None:
    """Return what the design can't answer."""
    table = source.table("activity/design.tsv")
    if table is None:
        return None
    shown = ("contrast", "arm", "n_models", "models", "p_min", "confounded", "note")
    return Table(
        **words("design_limits"),
        frame=table,
        source="activity/design.tsv",
        shown=tuple(column for column in shown if column in table),
        meaning=source.meanings("activity/design.tsv"),
    )


def build(source: Source) -> Section:
    """Return the section."""
    config, said = source.config, read()["sections"]["question"]
    roles = config["contrast"]
    back = f", and turn back at *{roles['relapse']}*" if roles["relapse"] else ""
    factors, blocks = sentence(f"factors_of_{source.kind}"), []
    if config["demo"]:
        blocks.append(warning(said["demo"].format(seed=config["demo"]["seed"])))
    if config["regulons"]["synthetic_data_note"]:
        blocks.append(warning(said["standin"].format(note=config["regulons"]["synthetic_data_note"])))
    blocks += [
        paragraph(said["question"].format(**roles, at_relapse=back, factors=factors)),
        paragraph(said["replicate"]),
    ]
    drugs = [entry["arm"] for entry in config["arms"] if entry["drugs"]]
    return section(
        "question",
        [*blocks, figure(source), limits(source)],
        models=count(source.samples["model"].nunique(), "model"),
        timepoints=listed(source.in_order("timepoint", source.samples["timepoint"])),
        drugs=listed(source.in_order("arm", set(source.samples["arm"]) & set(drugs))),
    )

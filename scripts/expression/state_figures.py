"""Figures of states and treatments: clusters of profiles, similarity of treatments, drugs compared in one model."""

from __future__ import annotations

import altair as alt
import numpy as np
import pandas as pd

from scripts.base.columns import axis_title
from scripts.expression.terms import ARMS, CONFOUNDED, DRUGS, UNITS
from scripts.figure import palette
from scripts.figure.figure import Figure, Panel, Text
from scripts.figure.style import (
    MEAN,
    UP,
    Style,
    below,
    colour_bar,
    count,
    listed,
    picked,
    rows_high,
    tooltips,
    two_lines,
    unless_picked,
)

PLACES, TREATMENT, CORRELATION = (
    f"expression/{name}.tsv" for name in ("state_places", "treatment", "treatment_correlation")
)
ADJUSTMENTS = {"blind": "states unknown", "known": "states known"}
"""Adjustment → title of its panels."""
CLUSTERS = {"cluster 1": "#222222", "cluster 2": "#CCCCCC"}
MAX_NUMBERED = 16
"""Columns of a matrix up to which its numbers are written."""


def draw_states(structure: pd.DataFrame, places: pd.DataFrame, style: Style) -> Figure | None:
    """Return profiles by two components and in the order of Ward's tree, for both adjustments of the models' levels.

    Parameters
    ----------
    structure
        expression/state_structure.tsv.
    places
        expression/state_places.tsv.
    """
    if places.empty:
        return None
    places = places.assign(cluster="cluster " + places["cluster"])
    padded = alt.Scale(zero=False, padding=10)
    scatters, strips = [], []
    for row in structure.itertuples():
        scatter = (
            alt.Chart(alt.NamedData("states"))
            .mark_point(filled=True, size=48)
            .encode(
                x=alt.X(
                    "pc1:Q",
                    title=f"PC1 ({row.pc1_share:.0%} of the variance, {row.pc1_state:.0%} of it between states)",
                    scale=padded,
                ),
                y=alt.Y("pc2:Q", title=f"PC2 ({row.pc2_share:.0%})", scale=padded),
                color=style.colour("timepoint", places["timepoint"], columns=3),
                shape=alt.Shape("cluster:N", scale=alt.Scale(range=["circle", "triangle-up"]), legend=below(None)),
                opacity=unless_picked(shown=0.85),
                tooltip=tooltips(PLACES, "sample", "model", "timepoint", "arm", "cluster"),
            )
            .add_params(picked())
            .properties(width="container", height=260)
        )
        name, where = ADJUSTMENTS[row.adjustment], {"adjustment": row.adjustment}
        head = f"{name}: purity {row.purity:.2f} (by chance {row.expected:.2f}, p {row.p:.2g})"
        scatters.append(Panel(scatter, head, where))
        strips.append(Panel(draw_leaves(places, style), f"{name}: order of the tree", where))
    first = structure.iloc[0]
    # Statements that are true of the other adjustment in every study are in the caption.
    noted = structure.loc[structure["adjustment"] == "blind", "note"].dropna()
    return Figure(
        panels=(*scatters, *strips),
        data={"states": places},
        n=f"{count(int(first['n_samples']), 'profile')} of {count(int(first['n_models']), 'model')}; the "
        f"{int(first['n_genes']):,} most variable genes; {int(first['permutations']):,} relabellings.",
        columns=2,
        min_width=300,
        notes={"limits": {"note": noted.iloc[0]}} if len(noted) else {},
    )


def draw_leaves(places: pd.DataFrame, style: Style) -> alt.LayerChart:
    """Return strips of timepoint, model and cluster in the order of the tree's leaves."""
    colours = {
        "timepoint": style.colour("timepoint", places["timepoint"], legend=None),
        "model": style.colour("model", places["model"]),
        "cluster": alt.Color(
            "cluster:N", scale=alt.Scale(domain=list(CLUSTERS), range=list(CLUSTERS.values())), legend=None
        ),
    }
    leaf = alt.X(
        "leaf:O",
        title="profiles in the order of the tree",
        axis=alt.Axis(labels=False, ticks=False),
        scale=alt.Scale(paddingInner=0),
    )
    strips = [
        alt.Chart(alt.NamedData("states"))
        .transform_calculate(strip=f"'{name}'")
        .mark_rect()
        .encode(
            x=leaf,
            y=alt.Y("strip:N", sort=list(colours), title=None),
            color=colour,
            tooltip=tooltips(PLACES, "sample", "model", "timepoint", "arm", "cluster"),
        )
        for name, colour in colours.items()
    ]
    return alt.layer(*strips).resolve_scale(color="independent").properties(width="container", height=66)


def split_unit(unit: str, style: Style) -> tuple[str, str]:
    """Return model and arm from a unit's name; both may contain spaces."""
    found = [(m, unit[len(m) + 1 :]) for m in style.models if unit.startswith(f"{m} ")]
    known = [pair for pair in found if pair[1] in style.arms]
    return known[0] if known else tuple(unit.rsplit(" ", 1))


def draw_correlation(matrix: pd.DataFrame, treatment: pd.DataFrame, style: Style) -> Figure | None:
    """Return the correlation of the effects of all pairs of model and arm, sorted by arm.

    Parameters
    ----------
    matrix
        expression/treatment_correlation.tsv: model and arm × the same.
    treatment
        expression/treatment.tsv, with the difference between pairs of one arm and pairs of different arms.
    """
    if len(matrix) < 2:
        return None
    parts = {unit: split_unit(unit, style) for unit in matrix["unit"]}
    ranks = [{name: i for i, name in enumerate(names)} for names in (style.arms, style.models)]
    order = sorted(parts, key=lambda unit: (ranks[0].get(parts[unit][1], 99), ranks[1].get(parts[unit][0], 99)))
    long = matrix.melt("unit", var_name="other", value_name="correlation")
    for column, unit in (("", "unit"), ("other_", "other")):
        long[f"{column}model"] = [parts[name][0] for name in long[unit]]
        long[f"{column}arm"] = [parts[name][1] for name in long[unit]]
    long["pair"] = np.select(
        [long["unit"] == long["other"], long["model"] == long["other_model"]],
        ["itself", "same model: they share untreated samples"],
        "different models",
    )
    base = alt.Chart(alt.NamedData("correlation")).encode(
        x=alt.X("other:N", sort=order, title=None, axis=alt.Axis(labelAngle=-60, labelLimit=150)),
        y=alt.Y("unit:N", sort=order, title=None),
        tooltip=["unit:N", "other:N", alt.Tooltip("correlation:Q", format=".3f"), "pair:N"],
    )
    layers = [
        base.mark_rect().encode(
            color=alt.Color(
                "correlation:Q",
                scale=alt.Scale(scheme="purpleorange", domain=[-1, 0, 1]),
                legend=colour_bar("correlation"),
            )
        ),
        base.mark_rect(height=8).encode(
            y=alt.value(-7),
            color=alt.Color("other_arm:N", scale=style.scale("arm", long["arm"]), legend=below("arm")),
        ),
    ]
    if len(matrix) <= MAX_NUMBERED:
        ink = alt.condition("abs(datum.correlation) > 0.7", alt.value("#FFFFFF"), alt.value(MEAN))
        size = alt.value(alt.ExprRef(f"width / {len(matrix)} < 28 ? 0 : 10"))
        layers.append(base.mark_text().encode(text=alt.Text("correlation:Q", format=".2f"), color=ink, size=size))
    chart = alt.layer(*layers).resolve_scale(color="independent")
    gap = treatment[(treatment["question"] == UNITS) & treatment["value"].notna()]
    notes = {}
    if len(gap):
        row = gap.iloc[0]
        notes["gap"] = {"value": f"{row['value']:.2f}", "expected": f"{row['expected']:.2f}", "p": f"{row['p']:.2g}"}
    models, arms = ({part[i] for part in parts.values()} for i in (0, 1))
    return Figure(
        panels=(Panel(chart.properties(width="container", height=rows_high(len(matrix), 22))),),
        data={"correlation": long},
        n=f"{len(matrix)} pairs of model and arm: {count(len(models), 'model')}, {count(len(arms), 'arm')}.",
        notes=notes,
    )


def draw_drugs(treatment: pd.DataFrame, style: Style) -> Figure | None:
    """Return the share of genes that differ between the drugs of one model, for all genes and for the signature.

    ``treatment``: expression/treatment.tsv.
    """
    drugs = treatment[(treatment["question"] == DRUGS) & treatment["genes"].notna()]
    rows = []
    for row in drugs.itertuples():
        for kind, part, whole, degree in (
            ("all genes", row.changed, row.genes, row.value),
            ("signature", row.signature_changed, row.signature_genes, row.signature_value),
        ):
            if whole:
                numbers = (int(part), int(whole), part / whole, f"{int(part):,} of {int(whole):,}", degree)
                rows.append((row.subject, row.other.replace(",", ", "), kind, *numbers))
    if not rows:
        return None
    columns = ["model", "drugs", "genes", "differ", "measured", "share", "numbers", "of_shift"]
    data = pd.DataFrame(rows, columns=columns)
    data["row"] = data["model"] + ": " + data["drugs"]
    kinds = {"all genes": palette.ABSENT, "signature": UP}
    base = alt.Chart(alt.NamedData("drugs")).encode(
        y=alt.Y("row:N", sort=list(dict.fromkeys(data["row"])), title=None, axis=two_lines()),
        yOffset=alt.YOffset("genes:N", sort=list(kinds)),
        x=alt.X(
            "share:Q",
            title="share of genes that differ",
            axis=alt.Axis(format="%"),
            scale=alt.Scale(domainMin=0, domainMax=max(0.1, float(data["share"].max()) * 1.25)),
        ),
        tooltip=[
            "model:N",
            "drugs:N",
            "genes:N",
            alt.Tooltip("numbers:N", title=axis_title(TREATMENT, "changed")),
            alt.Tooltip("of_shift:Q", title="difference, as a share of the change", format=".0%"),
        ],
    )
    colours = alt.Scale(domain=list(kinds), range=list(kinds.values()))
    chart = alt.layer(
        base.mark_bar().encode(color=alt.Color("genes:N", scale=colours, legend=below(None))),
        base.mark_text(align="left", dx=4, fontSize=10).encode(text="numbers:N"),
    ).properties(width="container", height=rows_high(data["row"].nunique(), 48))
    return Figure(
        panels=(Panel(chart),),
        data={"drugs": data},
        n=f"{count(data['model'].nunique(), 'model')} with several drugs and replicates.",
    )


def tell_confounded(treatment: pd.DataFrame, style: Style) -> Text | None:
    """Return the effects of treatments that cannot be separated from those of patients; None if there are none.

    ``treatment``: expression/treatment.tsv.
    """
    confounded = treatment["note"].fillna("").str.startswith(CONFOUNDED)
    models = treatment["question"] == DRUGS
    one, pairs = treatment[models & confounded], treatment[(treatment["question"] == ARMS) & confounded]
    parts = []
    if len(one):
        some = f"{len(one)} of {count(int(models.sum()), 'model')}"
        parts.append(("models", {"some": some, "models": listed(one["subject"])}))
    if len(pairs):
        named = listed(f"{row.subject} and {row.other}" for row in pairs.itertuples())
        parts.append(("arms", {"arms": named}))
    return Text(tuple(parts), "warning") if parts else None

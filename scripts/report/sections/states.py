"""States of expression: in patients left out, as clusters, by treatment, and after the tumour has regrown."""

import altair as alt
import numpy as np
import pandas as pd

from scripts.base.tables import ALL_MODELS
from scripts.expression.terms import ARMS, DRUGS, UNITS
from scripts.figure import palette
from scripts.report.charts import UP, below, colour_bar, colour_scale, picked, rows_high, two_lines, unless_picked
from scripts.report.page import Figure, Panel, Table
from scripts.report.source import Source, count, listed
from scripts.report.words import sentence, words

ADJUSTMENTS = {"blind": "states unknown", "told": "states told"}
KINDS = dict(zip(("gene", "factor", "regulon"), palette.BRIGHT, strict=False))
"""Kinds of features that may return, with their colours."""
MAX_UNITS, MAX_RETURNING = 16, 20
"""Columns of a matrix up to which its numbers are written; features with intervals."""
BINS = np.linspace(-1, 2, 31)
"""Positions of relapse: from as far beyond untreated as persisters are from it, to as far beyond persisters."""


def draw_left_out(source: Source) -> Figure | None:
    """Return how far the signature learned in the other models rises in each model, by its size."""
    table = source.table("expression/signature_sizes.tsv")
    if table is None or table.empty:
        return None
    models, whole = (table[(table["left_out"] == ALL_MODELS) == is_all] for is_all in (False, True))
    if models.empty:
        return None
    models = models.rename(columns={"left_out": "model"})
    x = alt.X("size:O", title="genes in each direction", axis=alt.Axis(labelAngle=0))
    colour = colour_scale("model", source.models, models["model"])
    panels = []
    for value, low, high, title in (
        ("difference", "ci_low", "ci_high", "rise of the score (log2)"),
        ("auc", "auc_low", "auc_high", "area under the ROC curve"),
    ):
        y = alt.Y(f"{value}:Q", title=title)
        dots = (
            alt.Chart(alt.NamedData("models"))
            .mark_point(filled=True, size=46)
            .encode(
                x=x,
                xOffset=alt.XOffset("model:N", sort=source.models),
                y=y,
                color=alt.Color("model:N", scale=colour, legend=below(None)),
                opacity=unless_picked(),
                tooltip=[
                    "model:N",
                    "size:O",
                    alt.Tooltip(f"{value}:Q", format=".2f"),
                    alt.Tooltip(f"{low}:Q", title="95 % from", format=".2f"),
                    alt.Tooltip(f"{high}:Q", title="to", format=".2f"),
                    "n_baseline:Q",
                    "n_persister:Q",
                ],
            )
        )
        base = alt.Chart(alt.NamedData("mean")).encode(x=x)
        none = alt.datum(0 if value == "difference" else 0.5)
        layers = [
            alt.Chart(alt.NamedData("mean")).mark_rule(color="#888888", strokeDash=[4, 3]).encode(y=none),
            base.mark_bar(opacity=0.18, color="#1B1F24").encode(y=alt.Y(f"{low}:Q", title=title), y2=f"{high}:Q"),
            base.mark_tick(thickness=2, color="#1B1F24").encode(y=f"{value}:Q"),
            dots,
        ]
        chart = alt.layer(*layers).resolve_scale(xOffset="independent")
        panels.append(Panel(chart.add_params(picked()).properties(width="container", height=240), title))
    return Figure(
        **words("left_out", size=source.config["expression"]["signature_size"]),
        n=f"{count(models['model'].nunique(), 'model')}, each left out once; "
        f"{count(models['size'].nunique(), 'size')} of the signature.",
        panels=tuple(panels),
        data={"models": models, "mean": whole},
        columns=2,
        min_width=300,
    )


def draw_states(source: Source) -> Figure | None:
    """Return profiles without the models' levels: two components and the order of Ward's tree, per adjustment."""
    structure, places = (source.table(f"expression/state_{name}.tsv") for name in ("structure", "places"))
    if structure is None or places is None or places.empty:
        return None
    timepoints = colour_scale("timepoint", source.timepoints, places["timepoint"])
    places = places.assign(cluster="cluster " + places["cluster"].astype(str))
    tooltip = ["sample:N", "model:N", "timepoint:N", "arm:N", "cluster:N"]
    panels, padded = [], alt.Scale(zero=False, padding=10)
    for row in structure.itertuples():
        scatter = (
            alt.Chart(alt.NamedData("states"))
            .mark_point(filled=True, size=48)
            .encode(
                x=alt.X("pc1:Q", title=f"component 1 ({row.pc1_share:.0%} of the variance)", scale=padded),
                y=alt.Y("pc2:Q", title=f"component 2 ({row.pc2_share:.0%})", scale=padded),
                color=alt.Color("timepoint:N", scale=timepoints, legend=below(None, 3)),
                shape=alt.Shape("cluster:N", scale=alt.Scale(range=["circle", "triangle-up"]), legend=below(None)),
                opacity=unless_picked(shown=0.85),
                tooltip=tooltip,
            )
            .add_params(picked())
            .properties(width="container", height=260)
        )
        head = f"{ADJUSTMENTS[row.adjustment]}: purity {row.purity:.2f} (by chance {row.expected:.2f}, p {row.p:.2g})"
        panels.append(Panel(scatter, head, {"adjustment": row.adjustment}))
    for row in structure.itertuples():
        panels.append(
            Panel(
                tree_strips(source, places),
                f"{ADJUSTMENTS[row.adjustment]}: order of the tree",
                {"adjustment": row.adjustment},
            )
        )
    first = structure.iloc[0]
    # What the told adjustment does by construction is in the caption of every study.
    notes = structure.loc[structure["adjustment"] == "blind", "note"].dropna()
    noted = f" In this study: {notes.iloc[0]}." if len(notes) else ""
    return Figure(
        **words(
            "states", genes=f"{int(first['n_genes']):,}", persister=source.config["contrast"]["persister"], notes=noted
        ),
        n=f"{count(int(first['n_samples']), 'profile')} of {count(int(first['n_models']), 'model')}; "
        f"{int(first['permutations']):,} relabellings.",
        panels=tuple(panels),
        data={"states": places},
        columns=2,
        min_width=300,
    )


def tree_strips(source: Source, places: pd.DataFrame) -> alt.LayerChart:
    """Return strips of timepoint, model and cluster in the order of the tree's leaves."""
    scales = {
        "timepoint": colour_scale("timepoint", source.timepoints, places["timepoint"]),
        "model": colour_scale("model", source.models, places["model"]),
        "cluster": alt.Scale(domain=["cluster 1", "cluster 2"], range=["#222222", "#CCCCCC"]),
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
            y=alt.Y("strip:N", sort=list(scales), title=None),
            color=alt.Color(f"{name}:N", scale=scale, legend=below(None) if name == "model" else None),
            tooltip=["sample:N", "model:N", "timepoint:N", "arm:N", "cluster:N"],
        )
        for name, scale in scales.items()
    ]
    return alt.layer(*strips).resolve_scale(color="independent").properties(width="container", height=66)


def split_unit(unit: str, source: Source) -> tuple[str, str]:
    """Return model and arm of a unit's name, of which either may hold spaces."""
    found = [
        (m, unit[len(m) + 1 :]) for m in source.models if unit.startswith(m + " ") and unit[len(m) + 1 :] in source.arms
    ]
    return found[0] if found else tuple(unit.rsplit(" ", 1))


def draw_likeness(source: Source) -> Figure | None:
    """Return how alike the effects of all pairs of model and arm are, those of one arm beside each other."""
    table = source.table("expression/treatment_correlation.tsv")
    if table is None or len(table) < 2:
        return None
    ranks = [{name: i for i, name in enumerate(names)} for names in (source.arms, source.models)]
    parts = {unit: split_unit(unit, source) for unit in table["unit"]}
    order = sorted(parts, key=lambda unit: (ranks[0].get(parts[unit][1], 99), ranks[1].get(parts[unit][0], 99)))
    long = table.melt("unit", var_name="other", value_name="correlation")
    long = long.assign(
        model=[parts[u][0] for u in long["unit"]],
        arm=[parts[u][1] for u in long["unit"]],
        other_model=[parts[u][0] for u in long["other"]],
    )
    long["pair"] = np.select(
        [long["unit"] == long["other"], long["model"] == long["other_model"]],
        ["itself", "one model: they share untreated samples"],
        "different models",
    )
    x = alt.X("other:N", sort=order, title=None, axis=alt.Axis(labelAngle=-60, labelLimit=150))
    y = alt.Y("unit:N", sort=order, title=None)
    base = alt.Chart(alt.NamedData("likeness")).encode(
        x=x, y=y, tooltip=["unit:N", "other:N", alt.Tooltip("correlation:Q", format=".3f"), "pair:N"]
    )
    bar = colour_bar("correlation")
    cells = base.mark_rect().encode(
        color=alt.Color("correlation:Q", scale=alt.Scale(scheme="purpleorange", domain=[-1, 0, 1]), legend=bar)
    )
    strip = base.mark_rect(height=8).encode(
        y=alt.value(-7),
        # The labels name the arms already.
        color=alt.Color("other_arm:N", scale=colour_scale("arm", source.arms, long["arm"]), legend=None),
    )
    long["other_arm"] = [parts[u][1] for u in long["other"]]
    layers = [cells, strip]
    if len(table) <= MAX_UNITS:
        ink = alt.condition("abs(datum.correlation) > 0.7", alt.value("#FFFFFF"), alt.value("#1B1F24"))
        size = alt.value(alt.ExprRef(f"width / {len(table)} < 28 ? 0 : 10"))
        layers.append(base.mark_text().encode(text=alt.Text("correlation:Q", format=".2f"), color=ink, size=size))
    chart = alt.layer(*layers).resolve_scale(color="independent")
    rows = source.table("expression/treatment.tsv")
    gap = [] if rows is None else rows[(rows["question"] == UNITS) & rows["value"].notna()]
    said = ""
    if len(gap):
        one = gap.iloc[0]
        numbers = {"value": f"{one['value']:.2f}", "expected": f"{one['expected']:.2f}", "p": f"{one['p']:.2g}"}
        said = " " + sentence("likeness_gap", **numbers)
    return Figure(
        **words("likeness", gap=said),
        n=f"{len(table)} pairs of model and arm: {count(len({m for m, _ in parts.values()}), 'model')}, "
        f"{count(len({a for _, a in parts.values()}), 'arm')}.",
        panels=(Panel(chart.properties(width="container", height=rows_high(len(table), 22))),),
        data={"likeness": long},
    )


def draw_drugs(source: Source) -> Figure | None:
    """Return which share of genes differs between the drugs of one model, of all genes and of the signature."""
    table = source.table("expression/treatment.tsv")
    if table is None:
        return None
    drugs = table[(table["question"] == DRUGS) & table["genes"].notna()]
    if drugs.empty:
        return None
    rows = []
    for row in drugs.itertuples():
        names = str(row.other).replace(",", ", ")
        for kind, part, whole, degree in (
            ("all genes", row.changed, row.genes, row.value),
            ("signature", row.signature_changed, row.signature_genes, row.signature_value),
        ):
            if whole:
                said = f"{int(part):,} of {int(whole):,}"
                rows.append((row.subject, names, kind, int(part), int(whole), part / whole, said, degree))
    columns = ["model", "drugs", "genes", "differ", "measured", "share", "said", "of_shift"]
    data = pd.DataFrame(rows, columns=columns)
    data = data.assign(row=data["model"] + ": " + data["drugs"])
    kinds = ["all genes", "signature"]
    base = alt.Chart(alt.NamedData("drugs")).encode(
        y=alt.Y("row:N", sort=list(dict.fromkeys(data["row"])), title=None, axis=two_lines()),
        yOffset=alt.YOffset("genes:N", sort=kinds),
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
            "said:N",
            alt.Tooltip("of_shift:Q", title="difference, share of the shift", format=".0%"),
        ],
    )
    colour = alt.Color("genes:N", scale=alt.Scale(domain=kinds, range=[palette.ABSENT, UP]), legend=below(None))
    chart = alt.layer(
        base.mark_bar().encode(color=colour),
        base.mark_text(align="left", dx=4, fontSize=10).encode(text="said:N"),
    ).properties(width="container", height=rows_high(len(drugs), 48))
    return Figure(
        **words("drugs", fdr=f"{source.config['statistics']['fdr']:g}"),
        n=f"{count(len(drugs), 'model')} that had several drugs with replicates.",
        panels=(Panel(chart),),
        data={"drugs": data},
    )


def confounded(source: Source) -> str:
    """Return what can't be told apart about treatments, as a sentence; empty if nothing."""
    table = source.table("expression/treatment.tsv")
    if table is None or table.empty:
        return ""
    drugs = table[table["question"] == DRUGS]
    one = drugs[drugs["note"].fillna("").str.startswith("confounded")]
    pairs = table[table["question"] == ARMS]
    apart = pairs[pairs["note"].fillna("").str.startswith("confounded")]
    said = []
    if len(one):
        said.append(
            sentence(
                "confounded_models", some=f"{len(one)} of {count(len(drugs), 'model')}", models=listed(one["subject"])
            )
        )
    if len(apart):
        named = listed(f"{row.subject} and {row.other}" for row in apart.itertuples())
        said.append(sentence("confounded_arms", arms=named))
    return " ".join(said)


def treatment_table(source: Source) -> Table | None:
    """Return all that was asked about treatments, with what can't be answered."""
    frame = source.table("expression/treatment.tsv")
    if frame is None or frame.empty:
        return None
    path = "expression/treatment.tsv"
    return Table(**words("treatment_table"), frame=frame, source=path, meaning=source.meanings(path))


def histogram(table: pd.DataFrame) -> pd.DataFrame:
    """Return the share of each kind's features by position of relapse; what lies beyond the bins counts in the last."""
    rows = []
    for kind in KINDS:
        own = table.loc[(table["kind"] == kind) & table["position"].notna(), "position"]
        if len(own):
            counts, _ = np.histogram(own.clip(BINS[0], BINS[-1]), BINS)
            label = f"{kind}s ({len(own):,})"
            rows += [
                (label, kind, left, right, (left + right) / 2, int(n), n / len(own))
                for left, right, n in zip(BINS, BINS[1:], counts, strict=False)
            ]
    return pd.DataFrame(rows, columns=["shown", "kind", "left", "right", "middle", "features", "share"])


def draw_return(source: Source) -> Figure | None:
    """Return where relapse lies between untreated and persister: of all that shifts, and of the strongest by name."""
    table = source.table("activity/reversibility.tsv")
    if table is None or table.empty:
        return None
    bins = histogram(table)
    named = table[table["kind"].isin(["factor", "regulon"])]
    named = named if len(named) else table[table["kind"] == "gene"]
    # Kinds have units of their own: the strongest of each by turns.
    strength = named["shift"].abs().groupby(named["kind"]).rank(ascending=False, method="first")
    named = named.loc[strength.sort_values(kind="stable").index].head(MAX_RETURNING)
    rows = pd.concat([table[table["kind"] == "signature"], named.sort_values(["kind", "feature"], kind="stable")])
    rows = rows.assign(
        low=rows["ci_low"].clip(BINS[0], BINS[-1]),
        high=rows["ci_high"].clip(BINS[0], BINS[-1]),
        place=rows["position"].clip(BINS[0], BINS[-1]),
    )
    roles = source.config["contrast"]
    marks = pd.DataFrame({"at": [0, 1], "name": [roles["baseline"], roles["persister"]]})
    rule = alt.Chart(alt.NamedData("marks")).mark_rule(strokeDash=[4, 3], color="#666666").encode(x="at:Q")
    name = (
        alt.Chart(alt.NamedData("marks"))
        .mark_text(dy=-6, fontSize=11, color="#444444", baseline="bottom")
        .encode(x="at:Q", y=alt.value(0), text="name:N")
    )
    title, domain = f"position of {roles['relapse']}", alt.Scale(domain=[float(BINS[0]), float(BINS[-1])])
    kinds = {kind: colour for kind, colour in KINDS.items() if kind in set(bins["kind"])}
    shown = list(dict.fromkeys(bins["shown"]))
    curves = (
        alt.Chart(alt.NamedData("histogram"))
        .mark_line(interpolate="step", strokeWidth=1.6)
        .encode(
            x=alt.X("middle:Q", title=title, scale=domain),
            y=alt.Y("share:Q", title="share of those that shift", axis=alt.Axis(format="%")),
            color=alt.Color(
                "shown:N", scale=alt.Scale(domain=shown, range=list(kinds.values())), legend=below(None, 3)
            ),
            tooltip=[
                "shown:N",
                alt.Tooltip("left:Q", format=".1f"),
                alt.Tooltip("right:Q", format=".1f"),
                "features:Q",
            ],
        )
    )
    height = max(220, rows_high(len(rows), 16))
    scale = alt.Scale(domain=["signature", *KINDS], range=["#1B1F24", *KINDS.values()])
    base = alt.Chart(alt.NamedData("named")).encode(
        y=alt.Y("feature:N", sort=list(rows["feature"]), title=None, axis=alt.Axis(grid=True)),
        color=alt.Color("kind:N", scale=scale, legend=None),
        tooltip=[
            "feature:N",
            "kind:N",
            alt.Tooltip("position:Q", format=".2f"),
            alt.Tooltip("ci_low:Q", title="95 % from", format=".2f"),
            alt.Tooltip("ci_high:Q", title="to", format=".2f"),
            "verdict:N",
            "n_models:Q",
            "models:N",
        ],
    )
    right = alt.layer(
        rule,
        base.transform_filter("isValid(datum.low) && isValid(datum.high)")
        .mark_rule(strokeWidth=1.6)
        .encode(x=alt.X("low:Q", title=title, scale=domain), x2="high:Q"),
        base.transform_filter("isValid(datum.place)")
        .mark_point(filled=True, size=42, opacity=1)
        .encode(x=alt.X("place:Q", title=title, scale=domain)),
    )
    verdict = table.loc[table["kind"] == "signature", "verdict"]
    panels = [Panel(alt.layer(rule, name, curves).properties(width="container", height=220), "all that shifts")]
    panels.append(Panel(right.properties(width="container", height=height), "the signature, and the strongest by name"))
    said = f" The signature: {verdict.iloc[0]}." if len(verdict) else ""
    n = int(table["n_models"].max())
    return Figure(
        **words("return", **roles),
        n=f"{count(n, 'model')} with all three timepoints in one arm; {len(table):,} features that shift.{said}",
        panels=tuple(panels),
        data={"histogram": bins, "named": rows, "marks": marks},
        columns=2,
        min_width=300,
    )

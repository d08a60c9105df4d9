"""Figures of the expression profiles: genes that change, their signature, gene sets; selection of the figures."""

from functools import partial

import altair as alt
import numpy as np
import pandas as pd

from scripts.base import job
from scripts.base.columns import axis_title
from scripts.base.tables import ALL_MODELS
from scripts.expression import cell_figures, gene_set_figures, state_figures, timepoint_figures
from scripts.expression.terms import IN_TUMOURS, with_level
from scripts.figure import draw, palette
from scripts.figure.figure import Absent, Figure, Panel, Table
from scripts.figure.labels import place_names
from scripts.figure.style import (
    DOWN,
    MEAN,
    UP,
    Style,
    below,
    colour_bar,
    count,
    picked,
    rows_high,
    thin,
    tooltips,
    unless_picked,
)

EXPRESSION, SCORES, SIZES = (
    f"expression/{name}.tsv" for name in ("differential_expression", "signature_scores", "signature_sizes")
)
NAMED, MAX_GENES = 14, 500
"""Genes of each direction that the volcano plot names; genes of the page's table."""
GROUPS = {"signature, up": UP, "signature, down": DOWN, "other genes": palette.ABSENT}
STRIPS = {"timepoint": -7, "model": -16, "arm": -25}
"""Strips above the heat map: what their colours show, and their height above it (pixels)."""
MAX_NAMES = 45
"""Samples up to which the heat map has their names."""


def draw_volcano(expression: pd.DataFrame, signature: pd.DataFrame, style: Style) -> Figure | Absent:
    """Return the size of each gene's change against the evidence for it.

    Parameters
    ----------
    expression
        expression/differential_expression.tsv.
    signature
        expression/signature.tsv; its genes are coloured, the first of each direction named.
    style
        Its settings: ``max_points``, most genes drawn outside the signature, and ``fdr``.
    """
    rows = with_level(style.main_rows(expression))
    if rows.empty:
        return Absent("nothing_compared")
    # Without residual degrees of freedom there is neither an interval nor a p-value.
    table = rows[rows["fdr"].notna()]
    if table.empty:
        return Absent("no_p_values")
    signature = signature.set_index("gene")
    direction = table["gene"].map(signature["direction"])
    table = table.assign(
        group=np.where(direction.isna(), "other genes", "signature, " + direction.fillna("")),
        evidence=-np.log10(table["fdr"].clip(lower=1e-300)),
    )
    rank = table["gene"].map(signature["rank"])
    table = place_names(table, "gene", "log_fc", "evidence", (-rank).where(rank <= NAMED), {"name": -7})
    shown = pd.concat([thin(table[direction.isna()], style.settings["max_points"]), table[direction.notna()]])
    base = alt.Chart(alt.NamedData("volcano")).encode(
        x=alt.X("log_fc:Q", title=axis_title(EXPRESSION, "log_fc")),
        y=alt.Y("evidence:Q", title=f"−log10 {axis_title(EXPRESSION, 'fdr')}"),
        color=alt.Color(
            "group:N", scale=alt.Scale(domain=list(GROUPS), range=list(GROUPS.values())), legend=below(None)
        ),
        tooltip=tooltips(
            EXPRESSION,
            "gene",
            "log_fc",
            "ci_low",
            "ci_high",
            "fdr",
            "same_direction",
            "models_agreeing",
            "n_models",
            "voom_log_fc",
            "voom_fdr",
        ),
    )
    line = alt.Chart(alt.NamedData("volcano")).mark_rule(color="#888888", strokeDash=[4, 3])
    layers = [
        line.encode(y=alt.datum(-np.log10(style.settings["fdr"]))),
        base.mark_circle(size=22, opacity=0.8),
    ]
    # A layer without rows would leave the scales without an extent.
    if (shown["name"] != "").any():
        named = base.transform_filter("datum.name !== ''").mark_text(dy=-7, fontSize=9)
        layers.append(named.encode(text="name:N", color=alt.value(MEAN)))
    some = "" if len(shown) == len(table) else f", {len(shown):,} drawn: the signature, and others by a fixed seed"
    ways = [f"{(direction == way).sum()} {way}" for way in ("up", "down")]
    return Figure(
        panels=(Panel(alt.layer(*layers).properties(width="container", height=360)),),
        data={
            "volcano": shown[
                [
                    *("gene", "group", "name", "log_fc", "ci_low", "ci_high", "t", "fdr", "same_direction"),
                    *("models_agreeing", "n_models", "voom_log_fc", "voom_fdr", "evidence"),
                ]
            ]
        },
        n=f"{count(int(table['n_models'].max()), 'model')}, {count(len(table), 'gene')}{some}; "
        f"signature: {' and '.join(ways)}; {table['level'].iloc[0]}.",
        notes=tell_levels(table, style.settings["fdr"]),
    )


def tell_levels(table: pd.DataFrame, fdr: float) -> dict[str, dict]:
    """Return the note on changes in these tumours and over patients; ``table``: rows with their level."""
    voom = table["voom_fdr"] <= fdr
    if table["level"].iloc[0] == IN_TUMOURS:
        return {"few": {"voom": f"{voom.sum():,}", "genes": f"{len(table):,}"}}
    numbers = {
        "voom": voom,
        "changed": table["fdr"] <= fdr,
        "opposite": voom & (table["log_fc"] * table["voom_log_fc"] < 0),
    }
    return {"levels": {name: f"{own.sum():,}" for name, own in numbers.items()} | {"genes": f"{len(table):,}"}}


def tabulate_genes(expression: pd.DataFrame, signature: pd.DataFrame, style: Style) -> Table | None:
    """Return the genes with the strongest evidence for a change, and their direction in the signature."""
    rows = style.main_rows(expression)
    if rows.empty:
        return None
    direction = rows["gene"].map(signature.set_index("gene")["direction"])
    rows = rows.drop(columns=["contrast", "arm"]).assign(direction=direction.fillna(""))
    rows = rows.assign(_size=-rows["t"].fillna(rows["voom_t"]).abs())
    rows = rows.sort_values(["fdr", "_size"], kind="stable").drop(columns="_size").head(MAX_GENES)
    return Table(rows[["gene", "direction", *[c for c in rows if c not in ("gene", "direction")]]], EXPRESSION)


def draw_heatmap(table: pd.DataFrame, style: Style) -> Figure | None:
    """Return the signature's first genes in all profiles (expression/heatmap.tsv); None without a signature."""
    if table.empty:
        return None
    name = "expression/heatmap.tsv"
    labels = table.drop_duplicates("sample").set_index("sample")
    ranks = {kind: {one: i for i, one in enumerate(style.names(kind))} for kind in ("timepoint", "model", "arm")}
    keys = pd.DataFrame({kind: labels[kind].map(rank) for kind, rank in ranks.items()})
    samples = list(keys.sort_values(list(ranks), kind="stable").index)
    genes = list(dict.fromkeys(table["gene"]))
    reach = table["deviation"].abs().quantile(0.98)
    limit = float(reach) if reach > 0 else 1.0
    # Names are shown only if they do not overlap.
    axis = alt.Axis(
        labels=len(samples) <= MAX_NAMES, ticks=False, labelAngle=-60,
        labelExpr=f"width < {11 * len(samples)} ? '' : datum.label",
    )  # fmt: skip
    base = alt.Chart(alt.NamedData("heatmap")).encode(x=alt.X("sample:N", sort=samples, title=None, axis=axis))
    cells = base.mark_rect().encode(
        y=alt.Y("gene:N", sort=genes, title=None),
        color=alt.Color(
            "deviation:Q",
            scale=alt.Scale(scheme="purpleorange", domain=[-limit, 0, limit], clamp=True),
            legend=colour_bar(axis_title(name, "deviation")),
        ),
        opacity=unless_picked(hidden=0.15),
        tooltip=tooltips(name, "gene", "sample", "model", "timepoint", "arm", "platform", "deviation"),
    )
    first = base.transform_filter(alt.datum.gene == genes[0])
    strips = [
        first.mark_rect(height=8).encode(
            y=alt.value(height),
            color=style.colour(kind, labels[kind], legend=below(kind, 2)),
            tooltip=tooltips(name, "sample", "model", "timepoint", "arm"),
        )
        for kind, height in STRIPS.items()
    ]
    chart = alt.layer(cells, *strips).resolve_scale(color="independent").add_params(picked())
    return Figure(
        panels=(Panel(chart.properties(width="container", height=rows_high(len(genes), 13))),),
        data={"heatmap": table},
        n=f"{count(len(samples), 'profile')} of {count(labels['model'].nunique(), 'model')}; "
        f"{count(len(genes), 'gene')}.",
    )


def draw_scores(scores: pd.DataFrame, style: Style) -> Figure | None:
    """Return the signature's score of each sample by timepoint, one panel per platform.

    ``scores``: expression/signature_scores.tsv.
    """
    table = scores.dropna(subset=["score"])
    if table.empty:
        return None
    chart = (
        alt.Chart(alt.NamedData("scores"))
        .mark_point(filled=True, size=48)
        .encode(
            x=alt.X(
                "timepoint:N",
                sort=style.in_order("timepoint", table["timepoint"]),
                title=None,
                axis=alt.Axis(labelAngle=0),
            ),
            xOffset=alt.XOffset("model:N", sort=list(style.models)),
            y=alt.Y("score:Q", title=axis_title(SCORES, "score")),
            color=style.colour("model", table["model"], columns=3),
            shape=alt.Shape("arm:N", sort=list(style.arms), legend=below(None, 3)),
            opacity=unless_picked(),
            tooltip=tooltips(SCORES, "sample", "model", "timepoint", "arm", "score", "relative"),
        )
        .add_params(picked())
        .properties(width="container", height=260)
    )
    return Figure.by(
        "platform",
        chart,
        {"scores": table[["sample", "model", "timepoint", "arm", "replicate", "platform", "score", "relative"]]},
        n=f"{count(len(table), 'sample')} of {count(table['model'].nunique(), 'model')}.",
        columns=3,
    )


def draw_left_out(sizes: pd.DataFrame, style: Style) -> Figure | None:
    """Return change and ROC AUC of the score in each left-out model, by size of the signature.

    ``sizes``: expression/signature_sizes.tsv; its rows over all models are drawn as means and give p.
    """
    whole = sizes["left_out"] == ALL_MODELS
    models = sizes[~whole].assign(model=sizes["left_out"])
    if models.empty:
        return None
    x = alt.X("size:O", title=axis_title(SIZES, "size"), axis=alt.Axis(labelAngle=0))
    panels = []
    for value, none in (("difference", 0), ("auc", 0.5)):
        title = axis_title(SIZES, value)
        base = alt.Chart(alt.NamedData("mean")).encode(x=x)
        dots = (
            alt.Chart(alt.NamedData("models"))
            .mark_point(filled=True, size=46)
            .encode(
                x=x,
                xOffset=alt.XOffset("model:N", sort=list(style.models)),
                y=alt.Y(f"{value}:Q", title=title),
                color=style.colour("model", models["model"]),
                opacity=unless_picked(),
                tooltip=tooltips(SIZES, "model", "size", value, "n_models", "n_baseline", "n_persister"),
            )
        )
        chart = alt.layer(
            alt.Chart(alt.NamedData("mean")).mark_rule(color="#888888", strokeDash=[4, 3]).encode(y=alt.datum(none)),
            base.mark_tick(thickness=2, color=MEAN).encode(
                y=alt.Y(f"{value}:Q", title=title),
                tooltip=tooltips(SIZES, "size", value, "models_agreeing", "p", "null"),
            ),
            dots,
        ).resolve_scale(xOffset="independent")
        panels.append(Panel(chart.add_params(picked()).properties(width="container", height=240), title))
    told = ", ".join(f"{row.size} genes: {row.p:.2g}" for row in sizes[whole].dropna(subset=["p"]).itertuples())
    return Figure(
        panels=tuple(panels),
        data={"models": models, "mean": sizes[whole]},
        notes={"tested": {"p": told, "null": sizes.loc[whole, "null"].iloc[0]}} if told else {"few": {}},
        n=f"{count(models['model'].nunique(), 'model')}, each left out once; "
        f"{count(models['size'].nunique(), 'size')} of the signature.",
        columns=2,
        min_width=300,
    )


FIGURES = {
    "volcano": (draw_volcano, [EXPRESSION, "expression/signature.tsv"]),
    "genes": (tabulate_genes, [EXPRESSION, "expression/signature.tsv"]),
    "persister_timepoints": (timepoint_figures.draw_timepoints, timepoint_figures.TABLE),
    "signature_heatmap": (draw_heatmap, "expression/heatmap.tsv"),
    "scores": (draw_scores, SCORES),
    "left_out": (draw_left_out, SIZES),
    "umap_signature": (cell_figures.draw_umap_signature, [cell_figures.CELLS, cell_figures.SCORES]),
    "states": (state_figures.draw_states, ["expression/state_structure.tsv", state_figures.PLACES]),
    "treatment_correlation": (state_figures.draw_correlation, [state_figures.CORRELATION, state_figures.TREATMENT]),
    "drugs": (state_figures.draw_drugs, state_figures.TREATMENT),
    "confounded": (state_figures.tell_confounded, state_figures.TREATMENT),
    "gene_sets": (gene_set_figures.draw_gene_sets, gene_set_figures.TABLE),
    "all_gene_sets": (gene_set_figures.tabulate_gene_sets, gene_set_figures.TABLE),
}

if __name__ == "__main__":
    job.run(partial(draw.main, FIGURES), snakemake)

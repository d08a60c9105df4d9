"""Expression of the programme: genes that change in all patients, their signature, factors that a network names."""

import altair as alt
import anndata
import numpy as np
import pandas as pd

from scripts.base.columns import Column
from scripts.base.tables import ALL_ARMS
from scripts.figure import palette
from scripts.report.charts import DOWN, UP, below, colour_bar, colour_scale, picked, rows_high, unless_picked
from scripts.report.page import Figure, Panel, Table
from scripts.report.source import Source, count, thin
from scripts.report.text import paragraph
from scripts.report.words import sentence, words

PER_SIDE, MAX_FACTORS, NAMED = 20, 30, 8
"""Genes of each direction in the heat map; factors drawn; genes of each direction named in the volcano."""
GROUPS = ("signature, up", "signature, down", "other genes")


def main_contrast(source: Source, table: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of the contrast that everything is ranked by, over all arms where the table has arms."""
    roles = source.config["contrast"]
    rows = table[table["contrast"] == f"{roles['persister']} vs {roles['baseline']}"]
    return rows[rows["arm"] == ALL_ARMS] if "arm" in rows else rows


def draw_volcano(source: Source) -> Figure | None:
    """Return size against evidence of each gene's change."""
    table = main_contrast(source, source.table("expression/differential_expression.tsv"))
    # Without residual degrees of freedom there is neither interval nor p-value.
    table = table[table["fdr"].notna()]
    if table.empty:
        return None
    signature = source.table("expression/signature.tsv").set_index("gene")
    direction = table["gene"].map(signature["direction"])
    rank = table["gene"].map(signature["rank"])
    evidence = -np.log10(table["fdr"].clip(lower=1e-300))
    table = table.assign(
        group=np.where(direction.isna(), GROUPS[2], "signature, " + direction.fillna("")),
        evidence=evidence,
        name=table["gene"].where(rank <= NAMED, ""),
    )
    inside, others = table[direction.notna()], table[direction.isna()]
    most = source.config["report"]["max_points"]
    shown = pd.concat([thin(others, most), inside])
    kept = [
        "gene",
        "group",
        "name",
        "log_fc",
        "ci_low",
        "ci_high",
        "t",
        "fdr",
        "models_agreeing",
        "n_models",
        "evidence",
    ]
    scale = alt.Scale(domain=list(GROUPS), range=[UP, DOWN, palette.ABSENT])
    base = alt.Chart(alt.NamedData("volcano")).encode(
        x=alt.X("log_fc:Q", title="log2 fold change"),
        y=alt.Y("evidence:Q", title="−log10 of the false discovery rate"),
        color=alt.Color("group:N", scale=scale, legend=below(None)),
        tooltip=[
            "gene:N",
            alt.Tooltip("log_fc:Q", format=".2f"),
            alt.Tooltip("ci_low:Q", format=".2f"),
            alt.Tooltip("ci_high:Q", format=".2f"),
            alt.Tooltip("fdr:Q", format=".2g"),
            "models_agreeing:Q",
            "n_models:Q",
        ],
    )
    named = base.transform_filter("datum.name !== ''").mark_text(dy=-7, fontSize=9)
    labels = named.encode(text="name:N", color=alt.value("#1B1F24"))
    # A layer without rows would leave the scales without an extent.
    layers = [base.mark_circle(size=22, opacity=0.8), *([labels] if (shown["name"] != "").any() else [])]
    chart = alt.layer(*layers).properties(width="container", height=360)
    drawn = (
        "" if len(shown) == len(table) else f", {len(shown):,} drawn: all of the signature and others by a fixed seed"
    )
    return Figure(
        **words("volcano"),
        n=f"{count(int(table['n_models'].max()), 'model')}, {count(len(table), 'gene')}{drawn}.",
        panels=(Panel(chart),),
        data={"volcano": shown[kept]},
    )


def draw_profiles(source: Source) -> Figure | None:
    """Return the signature's best genes over all profiles, standardised within each model."""
    signature = source.table("expression/signature.tsv")
    genes = signature.sort_values("rank").groupby("direction", sort=False).head(PER_SIDE)
    if genes.empty:
        return None
    data = anndata.read_h5ad(source.root / "profiles" / "profiles.h5ad")
    order = [g for d in ("up", "down") for g in genes.loc[genes["direction"] == d, "gene"] if g in data.var_names]
    values = pd.DataFrame(np.asarray(data[:, order].X, dtype=float), index=data.obs_names, columns=order)
    model = data.obs["model"].astype(str)
    # A patient's own level isn't of interest here, nor is how far a gene moves on its platform.
    centred = values - values.groupby(model).transform("mean")
    values = centred / centred.std(ddof=0).replace(0, np.nan)
    long = values.rename_axis("sample").reset_index().melt("sample", var_name="gene", value_name="z")
    labels = data.obs[["model", "timepoint", "arm", "platform"]].astype(str)
    table = long.merge(labels, left_on="sample", right_index=True)
    ranks = [{n: i for i, n in enumerate(names)} for names in (source.timepoints, source.models, source.arms)]
    keys = labels.assign(
        **{name: labels[name].map(rank) for name, rank in zip(("timepoint", "model", "arm"), ranks, strict=True)}
    )
    samples = list(keys.sort_values(["timepoint", "model", "arm"], kind="stable").index)
    limit = float(np.nanquantile(table["z"].abs(), 0.98)) if table["z"].notna().any() else 1.0
    # Names only where they don't lie over each other.
    axis = alt.Axis(
        labels=len(samples) <= 45, ticks=False, labelAngle=-60,
        labelExpr=f"width < {11 * len(samples)} ? '' : datum.label",
    )  # fmt: skip
    x = alt.X("sample:N", sort=samples, title=None, axis=axis)
    scale = alt.Scale(scheme="purpleorange", domain=[-limit, 0, limit], clamp=True)
    bar = colour_bar("sd from the model's mean")
    base = alt.Chart(alt.NamedData("profiles"))
    cells = base.mark_rect().encode(
        x=x,
        y=alt.Y("gene:N", sort=order, title=None),
        color=alt.Color("z:Q", scale=scale, legend=bar),
        opacity=unless_picked(hidden=0.15),
        tooltip=[
            "gene:N",
            "sample:N",
            "model:N",
            "timepoint:N",
            "arm:N",
            "platform:N",
            alt.Tooltip("z:Q", format=".2f"),
        ],
    )
    colours = colour_scale("timepoint", source.timepoints, labels["timepoint"])
    strip = base.mark_rect(height=8).encode(
        x=x, y=alt.value(-7), color=alt.Color("timepoint:N", scale=colours, legend=below(None))
    )
    chart = alt.layer(cells, strip).resolve_scale(color="independent").add_params(picked())
    return Figure(
        **words("profiles"),
        n=f"{count(len(samples), 'profile')} of {count(model.nunique(), 'model')}; {count(len(order), 'gene')}.",
        panels=(Panel(chart.properties(width="container", height=rows_high(len(order), 13))),),
        data={"profiles": table},
    )


def draw_scores(source: Source) -> Figure | None:
    """Return the signature's score of each sample by timepoint, a panel per platform."""
    table = source.table("expression/signature_scores.tsv")
    if table is None or table["score"].isna().all():
        return None
    table = table.dropna(subset=["score"])
    platforms = list(dict.fromkeys(table["platform"]))
    order = source.in_order("timepoint", table["timepoint"])
    chart = (
        alt.Chart(alt.NamedData("scores"))
        .mark_point(filled=True, size=48)
        .encode(
            x=alt.X("timepoint:N", sort=order, title=None, axis=alt.Axis(labelAngle=0)),
            xOffset=alt.XOffset("model:N", sort=source.models),
            y=alt.Y("score:Q", title="score of the signature"),
            color=alt.Color("model:N", scale=colour_scale("model", source.models, table["model"]), legend=below(None)),
            shape=alt.Shape("arm:N", sort=source.arms, legend=below(None)),
            opacity=unless_picked(),
            tooltip=["sample:N", "model:N", "timepoint:N", "arm:N", alt.Tooltip("score:Q", format=".2f")],
        )
        .add_params(picked())
        .properties(width="container", height=260)
    )
    return Figure(
        **words("scores"),
        n=f"{count(len(table), 'sample')} of {count(table['model'].nunique(), 'model')}.",
        panels=tuple(Panel(chart, name, {"platform": name}) for name in platforms),
        data={"scores": table},
        columns=min(3, len(platforms)),
        min_width=260,
    )


def draw_factors(source: Source) -> Figure | None:
    """Return the change in activity of the factors that a known network names, over models."""
    if not source.has("activity/tf_activity.tsv"):
        return None
    table = main_contrast(source, source.table("activity/tf_activity.tsv")).dropna(subset=["model_effect"])
    if table.empty:
        return None
    shown = table.reindex(table["model_effect"].abs().sort_values(ascending=False, kind="stable").index).head(
        MAX_FACTORS
    )
    shown = shown.sort_values("model_effect", ascending=False, kind="stable")
    order = list(shown["tf"])
    colour = alt.condition("datum.model_effect > 0", alt.value(UP), alt.value(DOWN))
    tooltip = [
        "tf:N",
        "n_targets:Q",
        alt.Tooltip("model_effect:Q", format=".2f"),
        alt.Tooltip("model_ci_low:Q", format=".2f"),
        alt.Tooltip("model_ci_high:Q", format=".2f"),
        alt.Tooltip("fdr:Q", format=".2g"),
        alt.Tooltip("mrna_log_fc:Q", title="own mRNA, log2 fold change", format=".2f"),
        "models_agreeing:Q",
        "n_models:Q",
    ]
    base = alt.Chart(alt.NamedData("factors")).encode(
        y=alt.Y("tf:N", sort=order, title=None), color=colour, tooltip=tooltip
    )
    title = "difference in activity (score)"
    interval = base.mark_bar(height=5, opacity=0.35).encode(
        x=alt.X("model_ci_low:Q", title=title), x2="model_ci_high:Q"
    )
    dots = base.mark_point(filled=True, size=60, opacity=1).encode(x=alt.X("model_effect:Q", title=title))
    zero = alt.Chart(alt.NamedData("factors")).mark_rule(color="#888888").encode(x=alt.datum(0))
    chart = alt.layer(zero, interval, dots).properties(width="container", height=rows_high(len(order), 16))
    return Figure(
        **words("factors", beside=sentence(f"beside_regulons_in_{source.kind}")),
        n=f"{count(int(table['n_models'].max()), 'model')}; the largest {len(shown)} of {count(len(table), 'factor')}.",
        panels=(Panel(chart),),
        data={"factors": shown},
    )


def gene_table(source: Source) -> Table | None:
    """Return the genes that change, the signature's among them."""
    table = main_contrast(source, source.table("expression/differential_expression.tsv"))
    if table.empty:
        return None
    direction = source.table("expression/signature.tsv").set_index("gene")["direction"]
    table = table.assign(signature=table["gene"].map(direction).fillna("")).sort_values("fdr", kind="stable")
    first = ["gene", "signature", "log_fc", "ci_low", "ci_high", "t", "fdr", "models_agreeing", "n_models"]
    path = "expression/differential_expression.tsv"
    frame = table[[*first, *[c for c in table if c not in (*first, "contrast", "arm")]]]
    meaning = source.meanings(path) | {"signature": Column("signature", "", "", "direction of a gene of the signature")}
    return Table(**words("genes"), frame=frame, source=path, shown=tuple(first), meaning=meaning)


def genes(source: Source) -> list:
    """Return what is said gene by gene, and the score of the signature."""
    if not source.has("expression/differential_expression.tsv", "expression/signature.tsv"):
        return []
    volcano = draw_volcano(source) or paragraph(sentence("no_p_values"))
    return [volcano, gene_table(source), draw_profiles(source), draw_scores(source)]

"""Opinions of others: known gene sets, published signatures; factors of a known network beside the regulons."""

import textwrap

import altair as alt
import numpy as np
import pandas as pd

from scripts.activity.terms import AGREE, NEITHER, ONE, OPPOSITE
from scripts.figure import palette
from scripts.profiles.networks import name_of
from scripts.report.charts import DOWN, NARROW, UP, below, rows_high
from scripts.report.page import Figure, Panel, Table
from scripts.report.source import Source, count
from scripts.report.words import words

MAX_SETS = 30
SETS = {"more": UP, "less": DOWN, "beyond the FDR": palette.ABSENT}
"""Directions in persisters."""
LINE = 22
"""Letters of a set's name in one line on a telephone."""
PLACES = {"above": -9, "below": 13}
"""Where a name stands beside its point (pixels)."""
AGREEMENT = {AGREE: "#004488", OPPOSITE: "#BB5566", ONE: "#DDAA33", NEITHER: palette.ABSENT}
"""Verdicts on a factor that both know, with colours that survive a grey print."""


def main_sets(source: Source) -> pd.DataFrame | None:
    """Return the gene sets of the contrast that everything is ranked by."""
    table, roles = source.table("expression/gene_sets.tsv"), source.config["contrast"]
    return None if table is None else table[table["contrast"] == f"{roles['persister']} vs {roles['baseline']}"]


def draw_gene_sets(source: Source) -> Figure | None:
    """Return the sets by their enrichment: all published signatures, then the strongest of the others."""
    table = main_sets(source)
    if table is None or table["nes"].notna().sum() == 0:
        return None
    table, fdr = table.dropna(subset=["nes"]), source.config["statistics"]["fdr"]
    published = {name_of(entry.get("url") or entry["path"]) for entry in source.config["expression"]["signatures"]}
    alone, many = (table[table["collection"].isin(published) == is_one] for is_one in (True, False))
    best = many.loc[many["nes"].abs().sort_values(ascending=False, kind="stable").index]
    best = best.head(max(0, MAX_SETS - len(alone))).sort_values("nes", ascending=False, kind="stable")
    shown = pd.concat([alone.sort_values("nes", ascending=False, kind="stable"), best])
    shown = shown.assign(
        name=shown["gene_set"].str.replace("HALLMARK_", "").str.replace("_", " ")
        + " ("
        + shown["measured"].astype(int).astype(str)
        + ")",
        group=np.select([shown["fdr"] > fdr, shown["nes"] > 0], list(SETS)[::-2], list(SETS)[1]),
        kind=np.where(shown.index.isin(alone.index), "published signatures", "gene sets"),
        models=shown["models_agreeing"].astype("Int64").astype(str)
        + "/"
        + shown["n_models"].astype("Int64").astype(str),
    )
    shown = shown.assign(name=["|".join(textwrap.wrap(name, LINE)) for name in shown["name"]])
    order = list(shown["name"])
    lines = "split(datum.label, '|')"
    axis = alt.Axis(
        labelExpr=f"{NARROW} ? {lines} : join({lines}, ' ')",
        labelFontSize=alt.ExprRef(f"{NARROW} ? 8 : 10"),
        labelLimit=320,
    )
    base = alt.Chart(alt.NamedData("gene_sets")).encode(
        y=alt.Y("name:N", sort=order, title=None, axis=axis),
        tooltip=[
            "gene_set:N",
            "collection:N",
            alt.Tooltip("nes:Q", format=".2f"),
            alt.Tooltip("fdr:Q", format=".2g"),
            alt.Tooltip("mean_log_fc:Q", format=".2f"),
            "models_agreeing:Q",
            "n_models:Q",
            "measured:Q",
            "shared_up:Q",
            "shared_down:Q",
            "leading:N",
        ],
    )
    scale = alt.Scale(domain=list(SETS), range=list(SETS.values()))
    reach = float(shown["nes"].abs().max()) * 1.2
    x = alt.X("nes:Q", title="normalised enrichment score", scale=alt.Scale(domain=[-reach, reach]))
    bars = base.mark_bar(height=13).encode(x=x, color=alt.Color("group:N", scale=scale, legend=below(None, 3)))
    # Beside the bar's end, on its own side.
    texts = [
        base.transform_filter(f"datum.nes {sign} 0")
        .mark_text(align=align, dx=dx, fontSize=9, color="#444444")
        .encode(x=x, text="models:N")
        for sign, align, dx in ((">", "left", 3), ("<", "right", -3))
    ]
    kinds = [kind for kind in ("published signatures", "gene sets") if kind in set(shown["kind"])]
    panels = []
    for kind in kinds:
        n = int((shown["kind"] == kind).sum())
        chart = alt.layer(bars, *texts).properties(width="container", height=rows_high(n, 20))
        panels.append(Panel(chart, kind, {"kind": kind}))
    hidden = len(table) - len(shown)
    return Figure(
        **words("gene_sets", fdr=f"{fdr:g}"),
        n=f"{count(int(table['n_models'].max()), 'model')}; {len(table)} sets"
        + (f", all but the {hidden} weakest drawn." if hidden else "."),
        panels=tuple(panels),
        data={"gene_sets": shown},
    )


def gene_set_table(source: Source) -> Table | None:
    """Return all sets of the main contrast."""
    table = main_sets(source)
    if table is None or table.empty:
        return None
    first = ["gene_set", "collection", "nes", "fdr", "mean_log_fc", "models_agreeing", "n_models", "measured"]
    table = table.sort_values("nes", ascending=False, kind="stable")
    frame = table[[*first, *[c for c in table if c not in (*first, "contrast")]]]
    path = "expression/gene_sets.tsv"
    meaning = source.meanings(path)
    return Table(**words("gene_set_table"), frame=frame, source=path, shown=tuple(first), meaning=meaning)


def name_apart(table: pd.DataFrame) -> pd.DataFrame:
    """Return the factors with the names that are written above or below their points (columns of :data:`PLACES`).

    The largest changes are named first; one that would lie over another name stays without: it is told on hover.
    """
    size = table[["regulon_effect", "model_effect"]].abs().max().replace(0, 1.0)
    at = (table[["regulon_effect", "model_effect"]] / size).to_numpy(dtype=float)
    taken: list[tuple[float, float]] = []
    names = {place: [""] * len(table) for place in PLACES}
    for i in np.argsort(-np.abs(at).sum(axis=1), kind="stable"):
        if table["agreement"].iloc[i] == NEITHER:
            continue
        for place, dy in PLACES.items():
            spot = (at[i, 0], at[i, 1] - dy / 180)  # half the chart's height is the largest change
            if all(abs(spot[0] - x) > 0.3 or abs(spot[1] - y) > 0.07 for x, y in taken):
                names[place][i] = table["tf"].iloc[i]
                taken.append(spot)
                break
    return table.assign(**names)


def draw_second_opinion(source: Source) -> Figure | None:
    """Return the change of each factor's activity by its regulon against that by the network's targets."""
    table = source.table("activity/network_comparison.tsv")
    if table is None:
        return None
    both = table[table["agreement"].isin(AGREEMENT) & table["regulon_effect"].notna() & table["model_effect"].notna()]
    if both.empty:
        return None
    present = [name for name in AGREEMENT if name in set(both["agreement"])]
    shapes = dict(zip(AGREEMENT, ("circle", "cross", "triangle-up", "square"), strict=True))
    columns = [
        "tf",
        "regulon",
        "agreement",
        "regulon_effect",
        "regulon_fdr",
        "regulon_k",
        "regulon_n",
        "model_effect",
        "model_fdr",
        "n_models",
        "network_targets",
        "regulon_targets",
        "shared_targets",
        "shared_p",
        "shared_fdr",
    ]
    base = alt.Chart(alt.NamedData("network_comparison")).encode(
        x=alt.X("regulon_effect:Q", title="by its regulon (difference in AUC)"),
        y=alt.Y("model_effect:Q", title="by the network's targets (difference in score)"),
        tooltip=[
            "tf:N",
            "agreement:N",
            alt.Tooltip("regulon_effect:Q", format=".3f"),
            alt.Tooltip("regulon_fdr:Q", format=".2g"),
            alt.Tooltip("model_effect:Q", format=".2f"),
            alt.Tooltip("model_fdr:Q", format=".2g"),
            "shared_targets:Q",
            "regulon_targets:Q",
            "network_targets:Q",
        ],
    )
    zero = [
        alt.Chart(alt.NamedData("network_comparison"))
        .mark_rule(color="#888888", strokeWidth=0.7)
        .encode(**{axis: alt.datum(0)})
        for axis in ("x", "y")
    ]
    dots = base.mark_point(filled=True, size=60, opacity=0.95).encode(
        color=alt.Color(
            "agreement:N", scale=alt.Scale(domain=present, range=[AGREEMENT[n] for n in present]), legend=below(None)
        ),
        shape=alt.Shape(
            "agreement:N", scale=alt.Scale(domain=present, range=[shapes[n] for n in present]), legend=below(None)
        ),
    )
    named = [
        base.mark_text(dy=dy, fontSize=10, color="#1B1F24").encode(text=f"{place}:N") for place, dy in PLACES.items()
    ]
    chart = alt.layer(*zero, dots, *named).properties(width="container", height=360)
    counts = table["agreement"].value_counts()
    both = name_apart(both)
    return Figure(
        **words("network_comparison", fdr=f"{source.config['statistics']['fdr']:g}"),
        n=f"{count(len(both), 'factor')} known to both ("
        + "; ".join(f"{counts.get(name, 0)} {name}" for name in present)
        + f") of {len(table)}; {count(int(both['regulon_n'].max()), 'model')} with libraries, "
        f"{int(both['n_models'].max())} with profiles.",
        panels=(Panel(chart),),
        data={"network_comparison": both[[*columns, *PLACES]]},
    )


def opinion_table(source: Source) -> Table | None:
    """Return both opinions on every factor."""
    frame = source.table("activity/network_comparison.tsv")
    if frame is None or frame["regulon"].notna().sum() == 0:
        return None
    path = "activity/network_comparison.tsv"
    shown = (
        "tf",
        "agreement",
        "model_effect",
        "model_fdr",
        "regulon",
        "regulon_effect",
        "regulon_fdr",
        "regulon_k",
        "regulon_n",
        "shared_targets",
        "shared_p",
        "shared_fdr",
    )
    return Table(**words("opinion_table"), frame=frame, source=path, shown=shown, meaning=source.meanings(path))

"""Clusters: each model's cells in one layout, how stable its clusters are, and how they flow through time."""

import altair as alt
import numpy as np
import pandas as pd

from scripts.clusters.plot_clusters import cluster_colours, cluster_names, label_of, stack
from scripts.figure import palette
from scripts.report.charts import below, colour_bar, colour_scale
from scripts.report.page import Figure, Panel, Section, Table
from scripts.report.source import Source, count, thin
from scripts.report.words import section, words

SCORES = {"signature": "signature", "stress": "stress", "hypoxia": "hypoxia"}
"""What cells are coloured by beside timepoint and cluster: column and title."""
CURVE = np.linspace(0, 1, 13)
"""Points of a ribbon between two timepoints."""
WIDTH = 0.08
"""Half the width of a block, in units of the distance between timepoints."""


def read_cells(source: Source, model: str) -> pd.DataFrame:
    """Return the model's cells with cluster, scores and coordinates."""
    return source.table(f"clusters/{model}/cells.tsv.gz").fillna({"phase": ""})


def read_links(source: Source, model: str) -> pd.DataFrame:
    """Return the model's links."""
    table = source.table(f"clusters/{model}/links.tsv")
    return table.fillna(dict.fromkeys(["cluster_from", "cluster_to", "nearest"], ""))


def points(source: Source, most: int) -> pd.DataFrame:
    """Return at most ``most`` cells a model, with what they are coloured by; in random order, so that no group hides
    another.
    """
    parts = []
    scores = source.table("expression/signature_cells.parquet", columns=["cell", "score"])
    signature = pd.Series(dtype=float) if scores is None else scores.set_index("cell")["score"]
    for model in source.models_with_cells:
        cells = read_cells(source, model)
        cells = cells.assign(signature=cells["cell"].map(signature).astype(float))
        named = [label_of(*key) for key in zip(cells["timepoint"], cells["cluster"], strict=True)]
        kept = ["cell", "sample", "timepoint", "arm", "phase", "umap_1", "umap_2", *SCORES]
        part = thin(cells[kept].assign(model=model, cluster=named), most)
        parts.append(part.sample(frac=1, random_state=0))
    table = pd.concat(parts, ignore_index=True)
    table[["umap_1", "umap_2"]] = table[["umap_1", "umap_2"]].round(2)
    table[list(SCORES)] = table[list(SCORES)].round(3)
    return table


def scatter(colour: alt.Color, n: int) -> alt.Chart:
    """Return a layout coloured by one thing."""
    axis = alt.Axis(labels=False, ticks=False, grid=False, domain=False)
    return (
        alt.Chart(alt.NamedData("umap"))
        .mark_circle(size=float(np.clip(9000 / max(n, 1), 4, 22)), opacity=0.75)
        .encode(
            x=alt.X("umap_1:Q", title=None, axis=axis, scale=alt.Scale(zero=False)),
            y=alt.Y("umap_2:Q", title=None, axis=axis, scale=alt.Scale(zero=False)),
            color=colour,
            tooltip=[
                "sample:N",
                "cluster:N",
                "phase:N",
                alt.Tooltip("signature:Q", format=".2f"),
                alt.Tooltip("stress:Q", format=".2f"),
                alt.Tooltip("hypoxia:Q", format=".2f"),
            ],
        )
        .properties(width="container", height=230)
    )


def colourings(source: Source, model: str, cells: pd.DataFrame) -> dict[str, alt.Color]:
    """Return what a model's cells are coloured by."""
    whole, links = read_cells(source, model), read_links(source, model)
    names = cluster_names(whole, source.timepoints)
    by_cluster = cluster_colours(names, links)
    clusters = alt.Scale(domain=[label_of(*name) for name in names], range=[by_cluster[name] for name in names])
    found = {
        "timepoint": alt.Color(
            "timepoint:N", scale=colour_scale("timepoint", source.timepoints, cells["timepoint"]), legend=below(None, 3)
        ),
        "cluster": alt.Color("cluster:N", scale=clusters, legend=below(None, 4)),
    }
    for column, title in SCORES.items():
        if cells[column].notna().any():
            low, high = np.nanquantile(cells[column], [0.02, 0.98])
            scale = alt.Scale(scheme=palette.SEQUENTIAL, domain=[float(low), float(max(high, low + 1e-9))], clamp=True)
            bar = colour_bar(length=120, tickCount=3)
            found[title] = alt.Color(f"{column}:Q", scale=scale, legend=bar)
    return found


def draw_umap(source: Source, most: int) -> Figure:
    """Return the layouts of all models, a row of panels each."""
    table = points(source, most)
    panels = []
    for model in source.in_order("model", table["model"]):
        cells = table[table["model"] == model]
        for title, colour in colourings(source, model, cells).items():
            panels.append(Panel(scatter(colour, len(cells)), f"{model}: {title}", {"model": model}, model))
    shown_scores = [column for column in SCORES if table[column].notna().any()]
    total = sum(len(read_cells(source, model)) for model in source.models_with_cells)
    shown = (
        "all shown"
        if total == len(table)
        else f"{len(table):,} of them drawn, at most {most:,} a model, chosen at random from a fixed seed"
    )
    return Figure(
        **words("umap"),
        n=f"{total:,} cells of {count(table['model'].nunique(), 'model')} ({shown}).",
        panels=tuple(panels),
        data={"umap": table},
        columns=2 + len(shown_scores),
        min_width=160,
    )


def draw_stability(source: Source) -> Figure:
    """Return agreement of clusterings by resolution, a panel a model."""
    parts = []
    for model in source.models_with_cells:
        numbers = read_cells(source, model)["timepoint"].value_counts()
        for timepoint in source.in_order("timepoint", numbers.index):
            curve = source.table(f"clusters/{model}/{timepoint}.stability.tsv")
            parts.append(curve.assign(model=model, timepoint=timepoint, n_cells=int(numbers[timepoint])))
    table = pd.concat(parts, ignore_index=True)
    limit = source.config["clusters"]["min_stability"]
    table = table.assign(
        low=table["ari_mean"] - table["ari_sd"], high=(table["ari_mean"] + table["ari_sd"]).clip(upper=1)
    )
    base = alt.Chart(alt.NamedData("stability")).encode(
        x=alt.X("resolution:Q", title="Leiden resolution"),
        color=alt.Color(
            "timepoint:N", scale=colour_scale("timepoint", source.timepoints, table["timepoint"]), legend=below(None, 3)
        ),
        tooltip=[
            "timepoint:N",
            alt.Tooltip("n_cells:Q", format=","),
            "resolution:Q",
            "clusters:Q",
            alt.Tooltip("ari_mean:Q", format=".2f"),
            alt.Tooltip("ari_sd:Q", format=".2f"),
        ],
    )
    axis = alt.Y("ari_mean:Q", title="adjusted Rand index", scale=alt.Scale(domain=[-0.1, 1.05], clamp=True))
    several = base.transform_filter("datum.clusters > 1")
    chart = alt.layer(
        alt.Chart(alt.NamedData("stability")).mark_rule(strokeDash=[4, 4], color="#444444").encode(y=alt.datum(limit)),
        several.mark_line(strokeWidth=1.2).encode(y=axis),
        several.mark_rule().encode(y=alt.Y("low:Q"), y2="high:Q"),
        several.mark_point(size=40, fill="white", opacity=1).encode(y=axis),
        several.transform_filter("datum.chosen == 1").mark_point(size=90, filled=True, opacity=1).encode(y=axis),
        base.transform_filter("datum.clusters < 2")
        .mark_point(shape="cross", angle=45, filled=True, opacity=0.6)
        .encode(y=axis),
    ).properties(width="container", height=180)
    models = source.in_order("model", table["model"])
    chosen = table[table["chosen"] == 1]
    return Figure(
        **words("stability", part=f"{100 * source.config['clusters']['subsample_fraction']:g}", limit=f"{limit:g}"),
        n=f"{count(len(models), 'model')}, {count(len(parts), 'clustering')}, "
        f"{source.config['clusters']['subsamples']} subsamples each; a resolution was chosen in {len(chosen)}.",
        panels=tuple(Panel(chart, model, {"model": model}, model) for model in models),
        data={"stability": table.drop(columns=["low", "high"]).assign(low=table["low"], high=table["high"])},
        columns=3,
    )


def flow(source: Source, model: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return blocks (clusters by timepoint) and ribbons (kept links) of a model's flow diagram.

    Blocks: x0, x1, low, high in units of timepoints and of shares of cells; ribbons: x, low, high along their length.
    """
    cells, links = read_cells(source, model), read_links(source, model)
    present = source.in_order("timepoint", cells["timepoint"])
    names = cluster_names(cells, source.timepoints)
    colours = cluster_colours(names, links)
    sizes = cells.groupby(["timepoint", "cluster"]).size()
    blocks, place = [], {}
    fates = {}
    for row in links.itertuples():
        if row.status == "lost":
            fates[row.timepoint_from, row.cluster_from] = "lost afterwards"
        elif row.status == "emerged":
            fates[row.timepoint_to, row.cluster_to] = "emerged"
    for x, timepoint in enumerate(present):
        own = [name for name in names if name[0] == timepoint]
        for name, (bottom, height) in zip(own, stack([sizes[n] for n in own]), strict=True):
            place[name] = (x, bottom, bottom + height)
            blocks.append(
                {
                    "model": model,
                    "timepoint": timepoint,
                    "cluster": label_of(*name),
                    "colour": colours[name],
                    "n_cells": int(sizes[name]),
                    "share": sizes[name] / max(sizes[timepoint].sum(), 1),
                    "fate": fates.get(name, ""),
                    "x0": x - WIDTH,
                    "x1": x + WIDTH,
                    "low": bottom,
                    "high": bottom + height,
                }
            )
    ribbons = []
    for number, row in enumerate(links[links["status"] == "kept"].itertuples()):
        a, b = (row.timepoint_from, str(row.cluster_from)), (row.timepoint_to, str(row.cluster_to))
        (xa, la, ha), (xb, lb, hb) = place[a], place[b]
        bend = (1 - np.cos(np.pi * CURVE)) / 2
        common = {
            "model": model,
            "link": f"{model} {number}",
            "from": label_of(*a),
            "to": label_of(*b),
            "similarity": row.score,
            "p": row.p,
            "basis": row.basis,
            "colour": colours[a],
        }
        start, end = xa + WIDTH, xb - WIDTH
        for t, s in zip(CURVE, bend, strict=True):
            ribbons.append(
                {**common, "x": start + t * (end - start), "low": la + s * (lb - la), "high": ha + s * (hb - ha)}
            )
    columns = ["model", "link", "from", "to", "similarity", "p", "basis", "colour", "x", "low", "high"]
    return pd.DataFrame(blocks), pd.DataFrame(ribbons, columns=columns)


def draw_flow(source: Source) -> Figure | None:
    """Return the clusters of all models through time; None where no model has two timepoints."""
    found = {model: flow(source, model) for model in source.models_with_cells}
    found = {model: parts for model, parts in found.items() if parts[0]["timepoint"].nunique() > 1}
    if not found:
        return None
    blocks, ribbons = (pd.concat([parts[i] for parts in found.values()], ignore_index=True) for i in (0, 1))
    panels = []
    for model, (own, links) in found.items():
        present = list(dict.fromkeys(own["timepoint"]))
        named = "[" + ",".join(f"'{name}'" for name in present) + "][datum.value]"
        axis = alt.Axis(
            values=list(range(len(present))),
            labelExpr=named,
            title=None,
            grid=False,
            domain=False,
            ticks=False,
            orient="top",
        )
        x = alt.X("x0:Q", scale=alt.Scale(domain=[-0.25, len(present) - 0.35], nice=False), axis=axis)
        none = alt.Axis(labels=False, ticks=False, grid=False, domain=False, title=None)
        block = alt.Chart(alt.NamedData("blocks")).encode(
            x=x,
            y=alt.Y("low:Q", axis=none),
            tooltip=[
                "timepoint:N",
                "cluster:N",
                alt.Tooltip("n_cells:Q", title="cells", format=","),
                alt.Tooltip("share:Q", format=".0%"),
                "fate:N",
            ],
        )
        layers = []
        if len(links):
            layers.append(
                alt.Chart(alt.NamedData("ribbons"))
                .mark_area(opacity=0.35, interpolate="monotone")
                .encode(
                    x=alt.X("x:Q"),
                    y="low:Q",
                    y2="high:Q",
                    detail="link:N",
                    color=alt.Color("colour:N", scale=None),
                    tooltip=[
                        "from:N",
                        "to:N",
                        alt.Tooltip("similarity:Q", format=".2f"),
                        alt.Tooltip("p:Q", format=".2g"),
                        "basis:N",
                    ],
                )
            )
        layers.append(block.mark_rect().encode(x2="x1:Q", y2="high:Q", color=alt.Color("colour:N", scale=None)))
        named = block.transform_calculate(
            middle="(datum.low + datum.high) / 2",
            end="datum.x1 + 0.02",
            words="datum.cluster + (datum.fate ? ' ' + datum.fate : '') + ': ' + format(datum.n_cells, ',')",
        )
        layers.append(named.mark_text(align="left", fontSize=10).encode(x=alt.X("end:Q"), y="middle:Q", text="words:N"))
        panels.append(
            Panel(alt.layer(*layers).properties(width="container", height=260), model, {"model": model}, model)
        )
    status = pd.concat([read_links(source, model) for model in found])["status"].value_counts()
    said = ", ".join(f"{status.get(name, 0)} {name}" for name in ("kept", "lost", "emerged"))
    return Figure(
        **words("flow"),
        n=f"{count(len(found), 'model')}, {len(blocks)} clusters ({said}).",
        panels=tuple(panels),
        data={"blocks": blocks, "ribbons": ribbons},
        columns=2,
        min_width=300,
    )


def markers(source: Source) -> Table | None:
    """Return the best markers of each cluster."""
    parts = []
    for model in source.models_with_cells:
        for timepoint in source.in_order(
            "timepoint", source.libraries.loc[source.libraries["model"] == model, "timepoint"]
        ):
            table = source.table(f"clusters/{model}/{timepoint}.markers.tsv")
            parts.append(table.groupby("cluster", sort=False).head(10).assign(model=model, timepoint=timepoint))
    table = pd.concat([part for part in parts if len(part)] or parts[:1], ignore_index=True)
    if table.empty:
        return None
    first = ["gene", "model", "timepoint", "cluster"]
    table = table[[*first, *[c for c in table if c not in first]]]
    return Table(
        **words("cluster_markers"),
        frame=table,
        source="clusters/{model}/{timepoint}.markers.tsv",
    )


def build(source: Source) -> Section:
    """Return the section."""
    if not source.models_with_cells:
        return section("clusters", [], "no_libraries")
    most = source.config["report"]["max_points"]
    return section("clusters", [draw_umap(source, most), draw_stability(source), draw_flow(source), markers(source)])

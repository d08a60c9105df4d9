"""Figures of the clusters: each model's cells in one layout, stability of its clusters, which persist through time."""

from collections.abc import Iterable
from functools import partial

import altair as alt
import numpy as np
import pandas as pd

from scripts.base import job
from scripts.base.columns import axis_title
from scripts.clusters.flow import blocks_of, flow_chart, label_clusters, ribbons_of, with_labels
from scripts.figure import draw, palette
from scripts.figure.figure import Absent, Figure, Panel, Table
from scripts.figure.style import Style, below, colour_bar, count, thin

SCORES = ("stress", "hypoxia")
UNKNOWN = "not called"
"""Phase of cells with too few of its genes."""
TOP_MARKERS = 10
"""Markers of a cluster in the page's table."""


# --- Cells in their layout ---


def scatter(data: str, colour: alt.Color, n: int, scores: Iterable[str] = SCORES) -> alt.Chart:
    """Return the layout of ``n`` cells (a table of the figure's ``data``), coloured by one thing."""
    axis = alt.Axis(labels=False, ticks=False, grid=False, domain=False)
    return (
        alt.Chart(alt.NamedData(data))
        .mark_circle(size=float(np.clip(9000 / max(n, 1), 4, 22)), opacity=0.75)
        .encode(
            x=alt.X("umap_1:Q", title=None, axis=axis, scale=alt.Scale(zero=False)),
            y=alt.Y("umap_2:Q", title=None, axis=axis, scale=alt.Scale(zero=False)),
            color=colour,
            tooltip=["sample:N", "cluster:N", "phase:N", *(alt.Tooltip(f"{name}:Q", format=".2f") for name in scores)],
        )
        .properties(width="container", height=230)
    )


def score_colour(cells: pd.DataFrame, column: str) -> alt.Color:
    """Return the colour of a score, from the 2nd to the 98th percentile of a model's cells."""
    low, high = np.nanquantile(cells[column], [0.02, 0.98])
    scale = alt.Scale(scheme=palette.SEQUENTIAL, domain=[float(low), float(max(high, low + 1e-9))], clamp=True)
    return alt.Color(f"{column}:Q", scale=scale, legend=colour_bar(length=120, tickCount=3))


def drawn_cells(cells: pd.DataFrame, style: Style, scores: Iterable[str] = SCORES) -> pd.DataFrame:
    """Return at most ``style.settings["max_points"]`` cells a model, in random order: no group hides another.

    ``cells``: clusters/{model}/cells.tsv.gz of all models, with the columns ``scores``. Clusters become their labels.
    """
    most = style.settings["max_points"]
    parts = [thin(own, most).sample(frac=1, random_state=0) for _, own in cells.groupby("model", sort=False)]
    table = pd.concat(parts, ignore_index=True)
    labels = label_clusters(table, style.timepoints)
    kept = ["model", "cell", "sample", "timepoint", "arm", "phase", "umap_1", "umap_2", *scores]
    table = table[kept].assign(cluster=labels, phase=table["phase"].fillna(UNKNOWN))
    return table.round(dict.fromkeys(("umap_1", "umap_2"), 2) | dict.fromkeys(scores, 3))


def say_cells(cells: pd.DataFrame, drawn: pd.DataFrame, style: Style) -> str:
    """Return how many cells there are, and how many of them are drawn."""
    most = style.settings["max_points"]
    few = f"{len(drawn):,} of them drawn, at most {most:,} a model, chosen at random from a fixed seed"
    shown = "all shown" if len(drawn) == len(cells) else few
    return f"{len(cells):,} cells of {count(drawn['model'].nunique(), 'model')} ({shown})."


def colourings(cells: pd.DataFrame, clusters: pd.DataFrame, style: Style) -> dict[str, alt.Color]:
    """Return what a model's cells are coloured by: title of the panel → colour."""
    phases = [*palette.PHASES, UNKNOWN]
    kept = [phase for phase in phases if phase in set(cells["phase"])]
    colours = palette.colours_of("phase", phases)
    found = {
        "timepoint": style.colour("timepoint", cells["timepoint"], columns=3),
        "arm": style.colour("arm", cells["arm"], columns=2),
        "cluster": alt.Color(
            "cluster:N",
            scale=alt.Scale(domain=list(clusters["label"]), range=list(clusters["colour"])),
            legend=below(None, 4),
        ),
        "phase": alt.Color(
            "phase:N",
            scale=alt.Scale(domain=kept, range=[colours[phase] for phase in kept]),
            legend=below(None, 3),
        ),
    }
    return found | {name: score_colour(cells, name) for name in SCORES if cells[name].notna().any()}


def draw_umap(cells: pd.DataFrame, clusters: pd.DataFrame, style: Style) -> Figure | None:
    """Return the layouts of all models, a row of panels each.

    Parameters
    ----------
    cells, clusters
        clusters/{model}/cells.tsv.gz and clusters.tsv of all models. ``style.settings["max_points"]`` cells of a model
        are drawn.
    """
    if cells.empty:
        return None
    table, named = drawn_cells(cells, style), with_labels(clusters, style.timepoints)
    panels, rows = [], []
    for model in style.in_order("model", table["model"]):
        own = table[table["model"] == model]
        colours = colourings(own, named[named["model"] == model], style)
        rows.append(len(colours))
        for title, colour in colours.items():
            panels.append(Panel(scatter("umap", colour, len(own)), f"{model}: {title}", {"model": model}, model))
    return Figure(
        panels=tuple(panels),
        data={"umap": table},
        n=say_cells(cells, table, style),
        columns=max(rows),
        min_width=150,
    )


# --- Stability ---


def draw_stability(curves: pd.DataFrame, clusters: pd.DataFrame, style: Style) -> Figure | Absent:
    """Return agreement of clusterings by resolution, a panel per model and a line per timepoint.

    Parameters
    ----------
    curves
        clusters/{model}/{timepoint}.stability.tsv of all; one without rows was too small to be divided.
    clusters
        clusters/{model}/clusters.tsv of all models.
    """
    if curves.empty:
        return Absent("not_tried")
    numbers = clusters.groupby(["model", "timepoint"], sort=False)["n_cells"].sum().reset_index()
    table = curves.merge(numbers, on=["model", "timepoint"], how="left")
    table = table.assign(
        low=table["ari_mean"] - table["ari_sd"], high=(table["ari_mean"] + table["ari_sd"]).clip(upper=1)
    )
    of_curves = partial(axis_title, "clusters/x/x.stability.tsv")
    # Given, as a panel may have no point of a kind, such as no chosen resolution.
    ends = [float(table["resolution"].min()), float(table["resolution"].max())]
    base = alt.Chart(alt.NamedData("stability")).encode(
        x=alt.X("resolution:Q", title=of_curves("resolution"), scale=alt.Scale(domain=ends, padding=8)),
        color=style.colour("timepoint", table["timepoint"], columns=3),
        tooltip=[
            "timepoint:N",
            alt.Tooltip("n_cells:Q", title="cells", format=","),
            "resolution:Q",
            "clusters:Q",
            *(alt.Tooltip(f"{name}:Q", title=of_curves(name), format=".2f") for name in ("ari_mean", "ari_sd")),
        ],
    )
    y = alt.Y("ari_mean:Q", title=of_curves("ari_mean"), scale=alt.Scale(domain=[-0.1, 1.05], clamp=True))
    limit = alt.Chart(alt.NamedData("stability")).mark_rule(strokeDash=[4, 4], color="#444444")
    several, one = base.transform_filter("datum.clusters > 1"), base.transform_filter("datum.clusters < 2")
    chart = alt.layer(
        limit.encode(y=alt.datum(style.settings["min_stability"])),
        several.mark_line(strokeWidth=1.2).encode(y=y),
        several.mark_rule().encode(y=alt.Y("low:Q"), y2="high:Q"),
        several.mark_point(size=40, fill="white", opacity=1).encode(y=y),
        several.transform_filter("datum.chosen == 1").mark_point(size=90, filled=True, opacity=1).encode(y=y),
        one.mark_point(shape="cross", angle=45, filled=True, opacity=0.6).encode(y=y),
    ).properties(width="container", height=180)
    models = style.in_order("model", table["model"])
    return Figure.by(
        "model",
        chart,
        {"stability": table},
        values=models,
        n=f"{count(len(models), 'model')}, {count(len(numbers), 'clustering')}, "
        f"{style.settings['subsamples']} subsamples each; a resolution was chosen in {(table['chosen'] == 1).sum()}.",
        columns=3,
    )


# --- Flow ---


def draw_flow(clusters: pd.DataFrame, links: pd.DataFrame, style: Style) -> Figure | None:
    """Return the clusters of all models through time; None where no model has two timepoints with cells.

    Parameters
    ----------
    clusters, links
        clusters/{model}/clusters.tsv and links.tsv of all models.
    """
    panels, blocks, ribbons = [], [], []
    named = with_labels(clusters, style.timepoints)
    for model in style.in_order("model", named["model"]):
        own, of_model = named[named["model"] == model], links[links["model"] == model]
        present = style.in_order("timepoint", own["timepoint"])
        if len(present) > 1:
            blocks.append(blocks_of(own, of_model, present))
            ribbons.append(ribbons_of(blocks[-1], of_model))
            panels.append(Panel(flow_chart(blocks[-1], ribbons[-1], present), model, {"model": model}, model))
    if not panels:
        return None
    data = {"blocks": pd.concat(blocks, ignore_index=True), "ribbons": pd.concat(ribbons, ignore_index=True)}
    status = links.loc[links["model"].isin(data["blocks"]["model"]), "status"].value_counts()
    said = ", ".join(f"{status.get(name, 0)} {name}" for name in ("kept", "lost", "emerged"))
    if both := int(data["blocks"]["fate"].eq("emerged, lost").sum()):
        said += f"; {both} of them both"
    return Figure(
        panels=tuple(panels),
        data=data,
        n=f"{count(len(panels), 'model')}, {len(data['blocks'])} clusters ({said}).",
        columns=2,
        min_width=300,
    )


# --- Markers ---


def list_markers(markers: pd.DataFrame, style: Style) -> Table | None:
    """Return the best markers of each cluster (clusters/{model}/{timepoint}.markers.tsv of all)."""
    if markers.empty:
        return None
    best = markers.groupby(["model", "timepoint", "cluster"], sort=False).head(TOP_MARKERS)
    first = ["gene", "model", "timepoint", "cluster"]
    others = [column for column in best if column not in first]
    return Table(best[[*first, *others]], source="clusters/{model}/{timepoint}.markers.tsv")


FIGURES = {
    "umap": (draw_umap, ["clusters/{model}/cells.tsv.gz", "clusters/{model}/clusters.tsv"]),
    "stability": (draw_stability, ["clusters/{model}/{timepoint}.stability.tsv", "clusters/{model}/clusters.tsv"]),
    "flow": (draw_flow, ["clusters/{model}/clusters.tsv", "clusters/{model}/links.tsv"]),
    "cluster_markers": (list_markers, "clusters/{model}/{timepoint}.markers.tsv"),
}

if __name__ == "__main__":
    job.run(partial(draw.main, FIGURES), snakemake)

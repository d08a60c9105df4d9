"""Clusters through time as a flow diagram: blocks by timepoint, ribbons between those that are linked."""

from __future__ import annotations

import json
from collections.abc import Iterable

import altair as alt
import numpy as np
import pandas as pd

from scripts.figure import palette

SHORT = 3
"""Letters of a timepoint's name in a cluster's label, at least."""
CURVE = np.linspace(0, 1, 13)
"""Points of a ribbon between two timepoints."""
WIDTH, GAP, LEAST = 0.08, 0.04, 0.045
"""Half the width of a block, in units of the distance between timepoints; the gap between two blocks, and the least
height of one, which its label needs, in shares of a timepoint's cells."""
TWO_LINES = 0.1
"""Height of a block from which its label may have a second line."""
LINE = 16
"""Height of a line of the heads (pixels)."""


def short_names(timepoints: Iterable[str]) -> dict[str, str]:
    """Return timepoint → its first letters: :data:`SHORT`, or as many as distinguish all timepoints."""
    names = list(timepoints)
    longest = max(map(len, names), default=SHORT)
    length = next((n for n in range(SHORT, longest) if len({name[:n] for name in names}) == len(names)), longest)
    return {name: name[:length] for name in names}


def label_clusters(table: pd.DataFrame, timepoints: Iterable[str]) -> list[str]:
    """Return a short label of each row's ``timepoint`` and ``cluster``; ``timepoints``: all of the study."""
    short = short_names(timepoints)
    return [f"{short[key]}·{cluster}" for key, cluster in zip(table["timepoint"], table["cluster"], strict=True)]


def with_labels(clusters: pd.DataFrame, timepoints: Iterable[str]) -> pd.DataFrame:
    """Return the clusters of all models (clusters/{model}/clusters.tsv) with ``label`` and ``colour``.

    Clusters of a model that are linked one to one share a colour.
    """
    table = clusters.assign(label=label_clusters(clusters, timepoints), colour=palette.ABSENT)
    for _, own in clusters.groupby("model", sort=False):
        lineages = own["lineage"].astype(str).str.zfill(3)
        table.loc[own.index, "colour"] = lineages.map(palette.colours_of("cluster", sorted(set(lineages))))
    return table


def stack(sizes: Iterable[int]) -> list[tuple[float, float]]:
    """Return bottom and height of blocks stacked from the top down, as shares of all."""
    sizes = list(sizes)
    heights = [max(size / max(sum(sizes), 1), LEAST) for size in sizes]
    top, places = sum(heights) + GAP * (len(heights) - 1), []
    for height in heights:
        places.append((top - height, height))
        top -= height + GAP
    return places


def blocks_of(clusters: pd.DataFrame, links: pd.DataFrame, present: list[str]) -> pd.DataFrame:
    """Return a block per cluster of a model: x0, x1 (units of timepoints), low and high (shares of cells), its fate.

    Parameters
    ----------
    clusters
        The model's clusters, with their labels and colours.
    links
        The model's links; one that is lost or emerged names the nearest cluster and its similarity.
    present
        The model's timepoints with cells, in order.
    """
    label = clusters.set_index(["timepoint", "cluster"])["label"]
    fates: dict[tuple[str, str], list[tuple[str, str]]] = {}
    for row in links[links["status"] != "kept"].itertuples():
        ends = [(row.timepoint_from, row.cluster_from), (row.timepoint_to, row.cluster_to)]
        key, other = ends if row.status == "lost" else ends[::-1]
        fates.setdefault(key, []).append((row.status, f"{label[other[0], row.nearest]} ({row.score:.2f})"))
    parts = []
    for x, timepoint in enumerate(present):
        own = clusters[clusters["timepoint"] == timepoint]
        places = pd.DataFrame(stack(own["n_cells"]), columns=["low", "height"], index=own.index)
        parts.append(own.assign(x0=x - WIDTH, x1=x + WIDTH, low=places["low"], high=places["low"] + places["height"]))
    blocks = pd.concat(parts, ignore_index=True)
    own = [fates.get(key, []) for key in zip(blocks["timepoint"], blocks["cluster"], strict=True)]
    return blocks.assign(
        fate=[", ".join(fate for fate, _ in sorted(found)) for found in own],
        nearest=[", ".join(other for _, other in sorted(found)) for found in own],
    ).drop(columns="lineage")


def ribbons_of(blocks: pd.DataFrame, links: pd.DataFrame) -> pd.DataFrame:
    """Return the kept links of a model as ribbons: x, low and high along their length, and at their end a label at y.

    A link between two undivided timepoints has no similarity: its ribbon is grey and has no label.
    """
    columns = ["model", "link", "from", "to", "similarity", "p", "basis", "colour", "x", "low", "high", "label", "y"]
    place = {(row.timepoint, row.cluster): row for row in blocks.itertuples()}
    kept = links[links["status"] == "kept"]
    ends = list(zip(kept["timepoint_to"], kept["cluster_to"], strict=True))
    bend, ribbons = (1 - np.cos(np.pi * CURVE)) / 2, []
    for number, row in enumerate(kept.itertuples()):
        start, end = place[row.timepoint_from, row.cluster_from], place[ends[number]]
        # Several ribbons that end at one block have their labels one above the other.
        share = (ends[:number].count(ends[number]) + 1) / (ends.count(ends[number]) + 1)
        divided = row.basis != "undivided"
        ribbon = {
            "model": row.model,
            "link": f"{row.model} {number}",
            "from": start.label,
            "to": end.label,
            "similarity": row.score,
            "p": row.p,
            "basis": row.basis,
            "colour": start.colour if divided else palette.ABSENT,
            "x": start.x1 + CURVE * (end.x0 - start.x1),
            "low": start.low + bend * (end.low - start.low),
            "high": start.high + bend * (end.high - start.high),
            "label": [""] * (len(CURVE) - 1) + [f"{row.score:.2f}" if divided else ""],
            "y": end.low + share * (end.high - end.low),
        }
        ribbons.append(pd.DataFrame(ribbon))
    return pd.concat(ribbons, ignore_index=True) if ribbons else pd.DataFrame(columns=columns)


def flow_chart(blocks: pd.DataFrame, ribbons: pd.DataFrame, present: list[str]) -> alt.LayerChart:
    """Return a model's flow diagram: blocks by timepoint, ribbons between them (data ``blocks`` and ``ribbons``)."""
    numbers = blocks.groupby("timepoint")["n_cells"].sum()
    heads = [[timepoint, f"{numbers[timepoint]:,} cells"] for timepoint in present]
    axis = alt.Axis(
        values=list(range(len(present))),
        labelExpr=f"{json.dumps(heads, ensure_ascii=False)}[datum.value]",
        **dict.fromkeys(("grid", "domain", "ticks"), False),
        title=None,
        orient="top",
        labelPadding=LINE,  # the second line of a head is set below the first one's place
    )
    x = alt.X("x0:Q", scale=alt.Scale(domain=[-0.25, len(present) - 0.35], nice=False), axis=axis)
    # Up to the highest block, which would else lie over the heads: gaps make many clusters higher than few.
    y = alt.Y(
        "low:Q",
        scale=alt.Scale(domain=[0, float(blocks["high"].max())], nice=False),
        axis=alt.Axis(labels=False, ticks=False, grid=False, domain=False, title=None),
    )
    colour = alt.Color("colour:N", scale=None)
    block = alt.Chart(alt.NamedData("blocks")).encode(
        x=x,
        y=y,
        tooltip=[
            "timepoint:N",
            alt.Tooltip("label:N", title="cluster"),
            alt.Tooltip("n_cells:Q", title="cells", format=","),
            alt.Tooltip("share:Q", format=".0%"),
            "fate:N",
            alt.Tooltip("nearest:N", title="nearest (similarity)"),
        ],
    )
    layers = []
    if len(ribbons):
        ribbon = alt.Chart(alt.NamedData("ribbons"))
        tooltip = ["from:N", "to:N", alt.Tooltip("similarity:Q", format=".2f"), alt.Tooltip("p:Q", format=".2g")]
        area = ribbon.mark_area(opacity=0.35, interpolate="monotone").encode(
            x="x:Q", y="low:Q", y2="high:Q", detail="link:N", color=colour, tooltip=[*tooltip, "basis:N"]
        )
        # An empty label draws nothing. A filter might leave no row, and a layer without rows has no extent of its own.
        score = ribbon.mark_text(align="right", dx=-3, fontSize=10)
        layers = [area, score.encode(x="x:Q", y="y:Q", text="label:N")]
    own_line = f"datum.high - datum.low > {TWO_LINES} ? '\\n' : ', '"
    words = f"datum.label + ': ' + format(datum.n_cells, ',') + (datum.fate ? ({own_line}) + datum.fate : '')"
    text = {"align": "left", "fontSize": 10, "lineBreak": "\n"}
    named = block.transform_calculate(middle="(datum.low + datum.high) / 2", end="datum.x1 + 0.02", words=words)
    layers += [
        block.mark_rect().encode(x2="x1:Q", y2="high:Q", color=colour),
        named.mark_text(**text).encode(x=alt.X("end:Q"), y="middle:Q", text="words:N"),
    ]
    return alt.layer(*layers).properties(width="container", height=260)

"""The rules of a workflow as a graph: read from Snakemake's DOT, laid out and drawn without Graphviz."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from itertools import pairwise

import igraph
import matplotlib.pyplot as plt
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch, Patch
from matplotlib.path import Path

Edge = tuple[str, str]
Point = tuple[float, int]

NODE = re.compile(r'^\s*(\d+)\[label = "([^"]+)"', re.MULTILINE)
EDGE = re.compile(r"^\s*(\d+) -> (\d+)$", re.MULTILINE)
COLOURS = (
    *("#BBCCEE", "#CCEEFF", "#CCDDAA", "#EEEEBB", "#FFCCCC", "#DDDDDD", "#BBE4D8", "#E8D5F0", "#FAD7AC", "#C9D6DF"),
)
"""Paul Tol's pale set, and four similar hues: black text is readable on them."""
CHARACTER, LINE = 0.082, 0.30
"""Width of a letter and height of a box at the label's size (inches)."""
GAP = (0.2, 0.66)
"""Distance between neighbouring boxes, and between the centres of layers (inches)."""


def read_dot(text: str) -> tuple[list[str], list[Edge]]:
    """Return the rules and the edges (from, to) of what ``snakemake --rulegraph`` prints."""
    names = dict(NODE.findall(text))
    edges = [(names[a], names[b]) for a, b in EDGE.findall(text)]
    return sorted(names.values()), sorted({(a, b) for a, b in edges if a != b})


def reduced(edges: Iterable[Edge]) -> list[Edge]:
    """Return the edges of an acyclic graph that no longer path implies (its transitive reduction)."""
    following: dict[str, set[str]] = {}
    for a, b in edges:
        following.setdefault(a, set()).add(b)
    reach: dict[str, set[str]] = {}

    def reached(name: str) -> set[str]:
        if name not in reach:
            reach[name] = set().union(*({n} | reached(n) for n in following.get(name, ())))
        return reach[name]

    return sorted(
        (a, b) for a, nexts in following.items() for b in nexts if not any(b in reached(c) for c in nexts if c != b)
    )


def layers_of(names: list[str], edges: list[Edge]) -> dict[str, int]:
    """Return the layer of every rule: one below the lowest rule that it reads from, 0 if it reads from none."""
    before: dict[str, list[str]] = {name: [] for name in names}
    for a, b in edges:
        before[b].append(a)
    layer: dict[str, int] = {}

    def find(name: str) -> int:
        if name not in layer:
            layer[name] = max((find(n) + 1 for n in before[name]), default=0)
        return layer[name]

    return {name: find(name) for name in names}


def lay_out(names: list[str], edges: list[Edge]) -> tuple[dict[str, Point], dict[Edge, list[Point]]]:
    """Return the place of every rule (x in inches, layer from the top) and the points that its edges pass.

    Order and places within the layers are Sugiyama's (igraph). An edge over several layers gets a vertex in each, so
    that it runs between the boxes and not behind them.
    """
    layer = layers_of(names, edges)
    vertices: list[str | tuple[Edge, int]] = list(names)
    lines: dict[Edge, list[str | tuple[Edge, int]]] = {}
    for a, b in edges:
        passed = [((a, b), i) for i in range(layer[a] + 1, layer[b])]
        vertices += passed
        lines[a, b] = [a, *passed, b]
    number = {vertex: i for i, vertex in enumerate(vertices)}
    pairs = [(number[x], number[y]) for line in lines.values() for x, y in pairwise(line)]
    levels = [layer[v] if isinstance(v, str) else v[1] for v in vertices]
    graph = igraph.Graph(len(vertices), pairs, directed=True)
    layout = graph.layout_sugiyama(layers=levels, hgap=max(map(box_width, names)) + GAP[0], maxiter=500)
    point = {vertex: (layout[i][0], levels[i]) for vertex, i in number.items()}
    return {name: point[name] for name in names}, {edge: [point[v] for v in line] for edge, line in lines.items()}


def box_width(name: str) -> float:
    """Return the width of a rule's box in inches."""
    return CHARACTER * len(name) + 0.2


def edge_path(points: list[tuple[float, float]]) -> Path:
    """Return a smooth line from below the first box through the points to above the last, upright where it passes."""
    (x, y), (_, last) = points[0], points[-1]
    stops = [(x, y + LINE / 2), *points[1:-1], (points[-1][0], last - LINE / 2)]
    vertices, codes = [stops[0]], [Path.MOVETO]
    for (x0, y0), (x1, y1) in pairwise(stops):
        half = (y0 + y1) / 2
        vertices += [(x0, half), (x1, half), (x1, y1)]
        codes += [Path.CURVE4] * 3
    return Path(vertices, codes)


def draw(names: list[str], edges: list[Edge], stages: Mapping[str, str]) -> Figure:
    """Return the picture: boxes coloured by stage, in the order in which the workflow includes the stages."""
    present = [stage for stage in dict.fromkeys(stages.values()) if any(stages.get(name) == stage for name in names)]
    colour = {stage: COLOURS[i % len(COLOURS)] for i, stage in enumerate(present)}
    place, lines = lay_out(names, reduced(edges))
    spans = [(x - box_width(name) / 2, x + box_width(name) / 2) for name, (x, _) in place.items()]
    spans += [(x, x) for points in lines.values() for x, _ in points]
    left, right = min(start for start, _ in spans), max(end for _, end in spans)
    bottom = max(layer for _, layer in place.values()) * GAP[1]
    figure, axes = plt.subplots(figsize=(max(right - left + 0.4, 6.0), bottom + 1.5))
    for points in lines.values():
        path = edge_path([(x, layer * GAP[1]) for x, layer in points])
        arrow = {"arrowstyle": "-|>", "mutation_scale": 9, "shrinkA": 0, "shrinkB": 0}
        axes.add_patch(FancyArrowPatch(path=path, color="#777777", linewidth=0.9, zorder=1, **arrow))
    for name, (x, layer) in place.items():
        width = box_width(name)
        axes.add_patch(
            FancyBboxPatch(
                (x - width / 2, layer * GAP[1] - LINE / 2),
                width,
                LINE,
                boxstyle="round,pad=0,rounding_size=0.06",
                facecolor=colour.get(stages.get(name, ""), "white"),
                edgecolor="#555555",
                linewidth=0.8,
                zorder=2,
            )
        )
        axes.text(x, layer * GAP[1], name, ha="center", va="center", fontsize=9, family="DejaVu Sans", zorder=3)
    axes.set_xlim(left - 0.1, right + 0.1)
    axes.set_ylim(bottom + LINE, -LINE)
    axes.set_aspect("equal")
    axes.axis("off")
    keys = [Patch(facecolor=colour[stage], edgecolor="#555555", label=stage) for stage in present]
    figure.legend(handles=keys, loc="lower center", ncols=min(len(keys), 10), frameon=False, fontsize=9)
    figure.subplots_adjust(left=0.01, right=0.99, top=0.99, bottom=0.6 / figure.get_figheight())
    return figure

"""The rule graph: what is read from DOT, which arrows stay, and where boxes and lines lie."""

import itertools

import matplotlib.pyplot as plt
import networkx as nx
import numpy as np
import pytest
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch

from scripts.report import rulegraph

DOT = """digraph snakemake_dag {
    graph[bgcolor=white, margin=0];
    node[shape=box, style=rounded, fontname=sans,                 fontsize=10, penwidth=2];
    edge[penwidth=2, color=grey];
\t0[label = "all", color = "0.23 0.6 0.85", style="rounded"];
\t1[label = "count_kb", color = "0.31 0.6 0.85", style="rounded,dashed"];
\t2[label = "index_kb", color = "0.58 0.6 0.85", style="rounded"];
\t1 -> 0
\t2 -> 0
\t2 -> 1
}
"""


def random_dag(seed: int, size: int = 30) -> tuple[list[str], list[tuple[str, str]]]:
    """Return an acyclic graph: every rule reads from up to three earlier ones."""
    rng = np.random.default_rng(seed)
    names = [f"rule_{'x' * int(rng.integers(0, 12))}{i}" for i in range(size)]
    edges = {(names[int(rng.integers(0, i))], names[i]) for i in range(1, size) for _ in range(rng.integers(0, 4))}
    return names, sorted(edges)


def test_rules_and_edges_are_read():
    names, edges = rulegraph.read_dot(DOT)
    assert names == ["all", "count_kb", "index_kb"]
    assert edges == [("count_kb", "all"), ("index_kb", "all"), ("index_kb", "count_kb")]


def test_an_arrow_that_a_longer_way_implies_is_left_out():
    assert rulegraph.reduced(rulegraph.read_dot(DOT)[1]) == [("count_kb", "all"), ("index_kb", "count_kb")]


@pytest.mark.parametrize("seed", range(5))
def test_the_reduction_is_that_of_networkx(seed):
    _, edges = random_dag(seed)
    assert set(rulegraph.reduced(edges)) == set(nx.transitive_reduction(nx.DiGraph(edges)).edges)


@pytest.mark.parametrize("seed", range(5))
def test_arrows_point_down_and_boxes_stand_apart(seed):
    names, edges = random_dag(seed)
    place, lines = rulegraph.lay_out(names, rulegraph.reduced(edges))
    for (a, b), points in lines.items():
        assert points[0] == place[a] and points[-1] == place[b]
        assert [layer for _, layer in points] == list(range(place[a][1], place[b][1] + 1))
    boxes = [(x, layer, rulegraph.box_width(name) / 2) for name, (x, layer) in place.items()]
    for (x, layer, half), (other_x, other_layer, other_half) in itertools.combinations(boxes, 2):
        assert layer != other_layer or abs(x - other_x) > half + other_half
    for (a, b), points in lines.items():
        for x, layer in points[1:-1]:
            behind = [n for n, (m, at) in place.items() if at == layer and abs(m - x) < rulegraph.box_width(n) / 2]
            assert behind == [], f"{a} → {b} runs behind {behind}"


def test_the_picture_has_every_box_with_its_name_in_its_stage_s_colour():
    names, edges = rulegraph.read_dot(DOT)
    stages = {"index_kb": "references", "count_kb": "counts", "unused": "cells"}
    figure = rulegraph.draw(names, edges, stages)
    axes = figure.axes[0]
    boxes = [patch for patch in axes.patches if isinstance(patch, FancyBboxPatch)]
    assert {text.get_text() for text in axes.texts} == set(names)
    assert len(boxes) == 3 and sum(isinstance(patch, FancyArrowPatch) for patch in axes.patches) == 2
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["references", "counts"]
    figure.canvas.draw()
    for text, box in zip(axes.texts, boxes, strict=True):
        inner, outer = text.get_window_extent(), box.get_window_extent()
        assert outer.x0 <= inner.x0 and inner.x1 <= outer.x1, text.get_text()
    plt.close(figure)


def test_a_single_rule_can_be_drawn():
    figure = rulegraph.draw(["only"], [], {"only": "cells"})
    assert [text.get_text() for text in figure.axes[0].texts] == ["only"]
    plt.close(figure)

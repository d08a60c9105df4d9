"""Files of a figure: its specification with data for the page, SVG and PNG for papers, and the rows behind it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from html import escape
from pathlib import Path
from typing import Any

import vl_convert

from scripts.figure.figure import Figure, Panel, Table, columnar, to_rows
from scripts.figure.heights import heights_of
from scripts.figure.legends import drawn_spec
from scripts.figure.style import CONFIG, VEGALITE

STATIC_WIDTH, STATIC_GAP = 640, 30
"""Width of a figure for papers, and between its panels (pixels of 1/72 inch)."""
MAX_MARKS = 15_000
"""Rows beyond which a figure is written as PNG only: an SVG has an element per mark, 3 MB for 10,000."""
MAX_PANELS = 24
"""Panels of one static page; further panels are on additional pages, named -2, -3 …"""
IDS = re.compile(r'\bid="([^"]+)"')


def static_spec(figure: Any, panels: tuple[Panel, ...] | None = None) -> dict:
    """Return panels of a figure (all by default) as one Vega-Lite specification of fixed width, with its data."""
    panels = figure.panels if panels is None else panels
    width = max(150, (STATIC_WIDTH - (figure.columns - 1) * STATIC_GAP) // figure.columns)
    parts, params = [], {}
    for number, panel in enumerate(panels):
        spec = drawn_spec(figure, panel)
        del spec["autosize"]
        params |= {param["name"]: param for param in spec.pop("params", []) if "select" not in param}
        if spec.get("width") == "container":
            spec["width"] = width
        if panel.title:
            spec["title"] = panel.title
        renamed = _rename(spec, {name: f"{name}_{number}" for name in figure.data})
        parts.append((renamed, {f"{k}_{number}": to_rows(t, panel.where) for k, t in figure.data.items()}))
    datasets = {name: rows for _, data in parts for name, rows in data.items()}
    # Panels side by side have no signal of their width to count ticks by: without a number they would have none.
    ticks = {"axisXQuantitative": {"tickCount": max(2, -(-width // 80))}}
    head = {
        "$schema": f"https://vega.github.io/schema/vega-lite/v{VEGALITE}.json",
        "config": CONFIG | ticks,
        "datasets": datasets,
        "params": list(params.values()),
    }
    if len(parts) == 1:
        return {**head, **parts[0][0]}
    # Both, so that a legend of colours and shapes of one column stays one.
    apart = dict.fromkeys(("color", "shape"), "independent")
    resolve = {"scale": apart, "legend": apart}
    return {**head, "concat": [spec for spec, _ in parts], "columns": figure.columns, "resolve": resolve}


def _rename(spec, names: dict[str, str]):
    """Return the specification with its tables renamed."""
    if isinstance(spec, dict):
        if set(spec) == {"name"} and spec["name"] in names:
            return {"name": names[spec["name"]]}
        return {key: _rename(value, names) for key, value in spec.items()}
    return [_rename(value, names) for value in spec] if isinstance(spec, list) else spec


def named(svg: str, title: str, description: str, ids: str = "id") -> str:
    """Return an SVG with title and description, and with ids that do not depend on earlier figures.

    The renderer counts its ids (clip paths, gradients) up over all figures of a process. ``ids``: what they begin with;
    figures in one HTML document need different ones.
    """
    new = {old: f"{ids}{number}" for number, old in enumerate(dict.fromkeys(IDS.findall(svg)))}
    if new:
        either = "|".join(map(re.escape, sorted(new, key=len, reverse=True)))
        svg = re.sub(rf'(\bid="|url\(#|href="#)({either})(?=["\)])', lambda found: found[1] + new[found[2]], svg)
    words = f"<title>{escape(title, quote=False)}</title><desc>{escape(description, quote=False)}</desc>"
    return re.sub(r"<svg\b[^>]*>", lambda found: found[0] + words, svg, count=1)


def to_svg(spec: dict, title: str, description: str, ids: str = "id") -> str:
    """Return a static specification as SVG, see :func:`named`."""
    return named(vl_convert.vegalite_to_svg(spec, vl_version=VEGALITE), title, description, ids)


def pages_of(figure: Figure) -> list[tuple[Panel, ...]]:
    """Return the panels page by page, whole rows of panels on each."""
    size = max(1, MAX_PANELS // figure.columns) * figure.columns
    return [figure.panels[i : i + size] for i in range(0, len(figure.panels), size)]


def marks_of(spec: dict) -> int:
    """Return the rows that a static specification draws, an upper bound of its marks by layer."""
    return sum(map(len, spec["datasets"].values()))


def write_json(path: Path, content: dict) -> None:
    """Write a file that is the same for the same content."""
    path.write_text(json.dumps(content, ensure_ascii=False, separators=(",", ":"), allow_nan=False) + "\n")


def warned(spec: dict, warning: str) -> dict:
    """Return a static specification with a warning above it: a picture may be shown without that of the page."""
    if not warning:
        return spec
    title = spec.get("title")
    return spec | {"title": {"text": title, "subtitle": warning} if title else {"text": warning}}


def save(
    name: str,
    figure: Figure,
    folder: Path,
    *,
    title: str,
    alt: str,
    warning: str = "",
    tables: Iterable[str] = (),
) -> None:
    """Write ``<name>.json``, ``.svg``, ``.pdf``, ``.png`` and ``.tsv`` (``<name>.<key>.tsv`` of several tables).

    ``title`` and ``alt`` stand in the SVG for those who don't see it; ``warning``, if there is one, above the picture.
    ``tables`` are those that the figure was drawn from, relative to the results.
    Beyond :data:`MAX_MARKS` rows there is neither SVG nor PDF.
    """
    write_json(
        folder / f"{name}.json",
        {
            "kind": "figure",
            "n": figure.n,
            "columns": figure.columns,
            "min_width": figure.min_width,
            "tables": list(tables),
            "notes": {key: dict(values) for key, values in figure.notes.items()},
            "panels": [
                {
                    "spec": drawn_spec(figure, panel),
                    "title": panel.title,
                    "where": dict(panel.where),
                    "model": panel.model,
                    "heights": heights,
                }
                for panel, heights in zip(figure.panels, heights_of(figure), strict=True)
            ],
            "data": {key: columnar(table) for key, table in figure.data.items()},
        },
    )
    for number, panels in enumerate(pages_of(figure), 1):
        stem = name if number == 1 else f"{name}-{number}"
        spec = warned(static_spec(figure, panels), warning)
        svg = to_svg(spec, title, f"{alt} {figure.n}")
        if marks_of(spec) <= MAX_MARKS:
            (folder / f"{stem}.svg").write_text(svg)
            (folder / f"{stem}.pdf").write_bytes(vl_convert.svg_to_pdf(svg))
        (folder / f"{stem}.png").write_bytes(vl_convert.svg_to_png(svg, scale=2))
    for key, table in figure.data.items():
        stem = name if len(figure.data) == 1 else f"{name}.{key}"
        table.to_csv(folder / f"{stem}.tsv", sep="\t", index=False, float_format="%.6g")


def save_table(name: str, table: Table, folder: Path) -> None:
    """Write ``<name>.json`` of a table."""
    numeric = [str(column) for column in table.frame if table.frame[column].dtype.kind in "iuf"]
    content = {"kind": "table", "source": table.source, "numeric": numeric, "data": columnar(table.frame)}
    write_json(folder / f"{name}.json", content)

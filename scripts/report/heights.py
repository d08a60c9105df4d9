"""Heights of the charts on the page. Space is reserved before they are drawn, so that jumps reach their target."""

from __future__ import annotations

import re
from typing import Any

import vl_convert

from scripts.figure.export import VEGALITE, answered
from scripts.figure.figure import from_columnar, to_rows
from scripts.figure.style import CONFIG

WIDE, PHONE, GAP = 1024, 346, 16
"""Room for figures on a page of 1280 and of 375 pixels, and between panels (pixels)."""
HEIGHT = re.compile(r'<svg\b[^>]*?\bheight="([\d.]+)"')


def height_of(spec: dict, datasets: dict[str, list[dict]], width: float) -> int:
    """Return the height of one panel at a width (pixels)."""
    full = {**answered(spec, width), "datasets": datasets, "config": answered(CONFIG, width)}
    if full.get("width") == "container":
        full["width"] = int(width)
    svg = vl_convert.vegalite_to_svg(full, vl_version=VEGALITE)
    return round(float(HEIGHT.search(svg)[1]))


def width_of(room: int, columns: int, least: int) -> float:
    """Return the width of a panel as the style sheet lays them out: ``columns`` side by side if each has its least."""
    own = max(least, (room - (columns - 1) * GAP) / columns)
    fit = max(1, (room + GAP) // (own + GAP))
    return min(room, (room - (fit - 1) * GAP) / fit)


def heights_of(figure: Any) -> list[tuple[int, int]]:
    """Return the height of each panel on a wide and on a narrow page.

    ``figure``: as :class:`scripts.report.page.Figure` or ``Drawn``.
    """
    tables = {key: from_columnar(columns) for key, columns in figure.store["data"].items()}
    found = []
    for panel in figure.store["panels"]:
        datasets = {key: to_rows(table, panel["where"]) for key, table in tables.items()}
        widths = [width_of(room, figure.columns, figure.min_width) for room in (WIDE, PHONE)]
        found.append(tuple(height_of(panel["spec"], datasets, width) for width in widths))
    return found

"""Heights of the charts on the page. Space is reserved before they are drawn, so that jumps reach their target."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

import vl_convert

from scripts.figure.figure import Figure, to_rows
from scripts.figure.legends import drawn_spec
from scripts.figure.style import CONFIG, QUESTIONS, VEGALITE

WIDE, PHONE, GAP = 1024, 346, 16
"""Room for figures on a page of 1280 and of 375 pixels, and between panels (pixels)."""
HEIGHT = re.compile(r'<svg\b[^>]*?\bheight="([\d.]+)"')


def answered(value: Any, width: float) -> Any:
    """Return a specification with the questions answered how much room there is, which only a page can ask.

    ``width``: of the chart with its axes (pixels).
    """
    text = json.dumps(value, allow_nan=False)
    for question, least in QUESTIONS.items():
        text = text.replace(json.dumps(question)[1:-1], "true" if width < least else "false")
    return json.loads(text)


def height_of(spec: dict, datasets: Mapping[str, list[dict]], width: float) -> int:
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


def heights_of(figure: Figure) -> list[tuple[int, int]]:
    """Return the height of each panel on a wide and on a narrow page."""
    found = []
    for panel in figure.panels:
        datasets = {key: to_rows(table, panel.where) for key, table in figure.data.items()}
        widths = [width_of(room, figure.columns, figure.min_width) for room in (WIDE, PHONE)]
        found.append(tuple(height_of(drawn_spec(figure, panel), datasets, width) for width in widths))
    return found

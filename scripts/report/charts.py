"""What the figures that the report draws itself share; to go once every stage draws its own."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterable
from pathlib import Path

import altair as alt
import vl_convert

from scripts.figure.export import VEGALITE, static_spec
from scripts.figure.style import (
    CONFIG,
    DIVERGING,
    DOWN,
    FONT,
    MEAN,
    NARROW,
    SEQUENTIAL,
    UP,
    below,
    colour_bar,
    colour_scale,
    picked,
    rows_high,
    two_lines,
    unless_picked,
)
from scripts.report.page import Drawn, Figure, Panel

__all__ = [
    "CONFIG", "DIVERGING", "DOWN", "FONT", "MEAN", "NARROW", "SEQUENTIAL", "UP", "VEGALITE", "below", "colour_bar",
    "colour_scale", "panels_by", "picked", "rows_high", "save", "static_spec", "two_lines", "unless_picked",
]  # fmt: skip


def copy(figure: Drawn, folder: Path) -> None:
    """Copy the files of a figure that a stage drew, and write its PDF."""
    for path in sorted(figure.folder.iterdir()):
        if path.suffix != ".json" and re.fullmatch(rf"{figure.name}(-\d+|\.\w+)?", path.stem):
            shutil.copy(path, folder / path.name)
            if path.suffix == ".svg":
                (folder / f"{path.stem}.pdf").write_bytes(vl_convert.svg_to_pdf(path.read_text()))


def save(figure: Figure, folder: Path) -> None:
    """Write a figure as SVG, PDF and PNG, and its tables as TSV."""
    folder.mkdir(parents=True, exist_ok=True)
    svg = vl_convert.vegalite_to_svg(static_spec(figure), vl_version=VEGALITE)
    (folder / f"{figure.name}.svg").write_text(svg)
    (folder / f"{figure.name}.pdf").write_bytes(vl_convert.svg_to_pdf(svg))
    (folder / f"{figure.name}.png").write_bytes(vl_convert.svg_to_png(svg, scale=2))
    for key, table in figure.data.items():
        name = figure.name if len(figure.data) == 1 else f"{figure.name}.{key}"
        table.to_csv(folder / f"{name}.tsv", sep="\t", index=False, float_format="%.6g")


def panels_by(
    chart: alt.TopLevelMixin, column: str, values: Iterable[str], models: dict[str, str] | None = None
) -> tuple[Panel, ...]:
    """Return a panel per value of a column; ``models`` names the model that a value belongs to."""
    return tuple(
        Panel(chart, title=value, where={column: value}, model=(models or {}).get(value, "")) for value in values
    )

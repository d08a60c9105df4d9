"""What all charts share: look, colours of models, arms and timepoints, the choice of a model, files for papers."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import altair as alt
import vl_convert

from scripts.figure import palette
from scripts.report.page import Figure, Panel, spec_of, to_rows

VEGALITE = "6.4"
"""Vega-Lite's version in vl-convert that altair's specifications are of."""
FONT = "Liberation Sans, Arial, Helvetica, sans-serif"
STATIC_WIDTH, STATIC_GAP = 640, 30
"""Width of a figure for papers, and between its panels (pixels of 1/72 inch)."""
UP, DOWN, MEAN = "#B35806", "#542788", "#1B1F24"
"""Ends of the diverging map (more, less), and the ink of means."""
NARROW = "width > 0 && containerSize()[0] < 460"
"""Whether a chart has little room. Not by the plot's width: that shrinks by the labels after the legends were laid out,
and what more rows need would be cut off. The width is asked so that this follows when the window changes."""
CONFIG = {
    "font": FONT,
    "background": "#FFFFFF",
    "padding": 4,
    "view": {"stroke": None},
    "axis": {
        "labelFontSize": 11,
        "titleFontSize": 12,
        "titleFontWeight": "normal",
        "gridColor": "#EEEEEE",
        "domainColor": "#888888",
        "tickColor": "#888888",
        "labelLimit": 190,
    },
    "axisXQuantitative": {"tickCount": {"expr": "ceil(width / 80)"}},
    "legend": {
        "labelFontSize": 11,
        "titleFontSize": 11,
        "titleFontWeight": "normal",
        "symbolOpacity": 1,
        "labelLimit": 180,
        # Side by side where there is room; below each other on a telephone.
        "layout": {"bottom": {"direction": {"signal": f"{NARROW} ? 'vertical' : 'horizontal'"}}},
    },
    "header": {"labelFontSize": 11, "titleFontSize": 12},
    "title": {"fontSize": 12, "fontWeight": "normal", "anchor": "start"},
    "range": {"heatmap": {"scheme": palette.SEQUENTIAL}, "ramp": {"scheme": palette.SEQUENTIAL}},
}
"""Vega-Lite's settings for every chart of the page."""
DIVERGING = alt.Scale(scheme="purpleorange", domainMid=0, reverse=False)
SEQUENTIAL = alt.Scale(scheme=palette.SEQUENTIAL)


def picked() -> alt.Parameter:
    """Return the parameter that the page sets to the chosen model; empty for all."""
    return alt.param(name="picked", value="")


def unless_picked(shown: float = 1.0, hidden: float = 0.08) -> alt.Opacity:
    """Return an opacity that fades the marks of models other than the chosen one."""
    return alt.condition("picked === '' || datum.model === picked", alt.value(shown), alt.value(hidden))


def colour_scale(kind: str, names: Iterable[str], present: Iterable[str] | None = None) -> alt.Scale:
    """Return the colours of ``names`` (all of the config, in its order); the legend has those ``present`` only."""
    colours = palette.colours_of(kind, names)
    wanted = set(colours if present is None else map(str, present))
    kept = {name: colour for name, colour in colours.items() if name in wanted}
    return alt.Scale(domain=list(kept), range=list(kept.values()))


def rows_high(n: int, each: int) -> int:
    """Return the height of a chart with ``n`` rows (pixels); Vega-Lite has no steps beside the page's width."""
    return max(n * each, 2 * each)


def below(title: str | None = None, columns: int = 4) -> alt.Legend:
    """Return a legend below the chart, which takes nothing of its width."""
    title = alt.Undefined if title == "" else title
    few = alt.ExprRef(f"{NARROW} ? 2 : {columns}")
    return alt.Legend(orient="bottom", title=title, columns=few, symbolLimit=60)


def colour_bar(title: str | None = None, length: int = 160, **options) -> alt.Legend:
    """Return a colour bar below the chart, with room for its first label: a minus may stand left of the bar."""
    return alt.Legend(orient="bottom", title=title, gradientLength=length, padding=10, **options)


def two_lines(**options) -> alt.Axis:
    """Return an axis whose labels are broken at ": ", so that they leave room for the chart on a telephone."""
    return alt.Axis(labelExpr="split(datum.label, ': ')", labelFontSize=10, labelLimit=170, **options)


def static_spec(figure: Figure) -> dict:
    """Return all panels of a figure as one Vega-Lite specification of fixed width, with its data."""
    width = max(150, (STATIC_WIDTH - (figure.columns - 1) * STATIC_GAP) // figure.columns)
    panels, params = [], {}
    for number, panel in enumerate(figure.panels):
        spec = spec_of(panel)
        del spec["autosize"]
        params |= {param["name"]: param for param in spec.pop("params", []) if "select" not in param}
        if spec.get("width") == "container":
            spec["width"] = width
        if panel.title:
            spec["title"] = panel.title
        renamed = _rename(spec, {name: f"{name}_{number}" for name in figure.data})
        panels.append((renamed, {f"{k}_{number}": to_rows(t, panel.where) for k, t in figure.data.items()}))
    datasets = {name: rows for _, data in panels for name, rows in data.items()}
    # Beside each other, panels have no signal of their width to count ticks by: without a number they would have none.
    ticks = {"axisXQuantitative": {"tickCount": max(2, -(-width // 80))}}
    head = {
        "$schema": f"https://vega.github.io/schema/vega-lite/v{VEGALITE}.json",
        "config": CONFIG | ticks,
        "datasets": datasets,
        "params": list(params.values()),
    }
    if len(panels) == 1:
        return {**head, **panels[0][0]}
    resolve = {"scale": {"color": "independent"}, "legend": {"color": "independent"}}
    return {**head, "concat": [spec for spec, _ in panels], "columns": figure.columns, "resolve": resolve}


def _rename(spec, names: dict[str, str]):
    """Return the specification with its tables named otherwise."""
    if isinstance(spec, dict):
        if set(spec) == {"name"} and spec["name"] in names:
            return {"name": names[spec["name"]]}
        return {key: _rename(value, names) for key, value in spec.items()}
    return [_rename(value, names) for value in spec] if isinstance(spec, list) else spec


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

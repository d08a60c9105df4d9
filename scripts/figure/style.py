"""What all figures share: look, colours of models, arms and timepoints, choice of a model, numbers with nouns."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import altair as alt
import pandas as pd

from scripts.base.columns import describe
from scripts.base.tables import ALL_ARMS
from scripts.figure import palette

FONT = "Liberation Sans, Arial, Helvetica, sans-serif"
UP, DOWN, MEAN = "#B35806", "#542788", "#1B1F24"
"""Ends of the diverging map (more, less), and the ink of means."""
NARROW = "width > 0 && containerSize()[0] < 460"
"""Whether a chart has little room. Not by the plot's width: that shrinks by the labels after the legends were laid out,
and what more rows need would be cut off. The width is asked so that this follows when the window changes."""
SLIM = "width > 0 && containerSize()[0] < 300"
"""Whether a chart has no room for two names of twenty letters side by side."""
COLUMN = "width > 0 && containerSize()[0] < 640"
"""Whether a chart shares the page with others, so that two legends side by side would extend beyond it."""
QUESTIONS = {NARROW: 460, SLIM: 300, COLUMN: 640}
"""Question about the room of a chart → width below which the answer is yes (pixels)."""
VEGALITE = "6.4"
"""Vega-Lite's version in vl-convert that altair's specifications are of."""
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
        # Side by side across the whole page; below each other in a panel of a column, where two would be cut.
        "layout": {"bottom": {"direction": {"signal": f"{COLUMN} ? 'vertical' : 'horizontal'"}}},
    },
    "header": {"labelFontSize": 11, "titleFontSize": 12},
    "title": {"fontSize": 12, "fontWeight": "normal", "anchor": "start"},
    "range": {"heatmap": {"scheme": palette.SEQUENTIAL}, "ramp": {"scheme": palette.SEQUENTIAL}},
}
"""Vega-Lite's settings for every chart of the page."""
SEQUENTIAL = alt.Scale(scheme=palette.SEQUENTIAL)
INTERVAL = {
    end: f"isValid(datum.ci_{name}) ? datum.ci_{name} : datum.effect" for end, name in (("from", "low"), ("to", "high"))
}
"""Ends of an interval; the effect itself where there is none, as a panel without rows would have no extent."""


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
    """Return the height of a chart with ``n`` rows (pixels); Vega-Lite has no steps together with the page's width."""
    return max(n * each, 2 * each)


def below(title: str | None = None, columns: int = 4, **options) -> alt.Legend:
    """Return a legend below the chart, which takes nothing of its width."""
    title = alt.Undefined if title == "" else title
    few = alt.ExprRef(f"{NARROW} ? ({SLIM} ? 1 : {min(columns, 2)}) : {columns}")
    return alt.Legend(orient="bottom", title=title, columns=few, symbolLimit=60, **options)


def colour_bar(title: str | None = None, length: int = 160, **options) -> alt.Legend:
    """Return a colour bar below the chart, with space for a minus sign that extends beyond the bar."""
    return alt.Legend(orient="bottom", title=title, gradientLength=length, padding=10, **options)


def two_lines(**options) -> alt.Axis:
    """Return an axis whose labels are broken at ": ", so that they leave room for the chart on a telephone."""
    return alt.Axis(labelExpr="split(datum.label, ': ')", labelFontSize=10, labelLimit=170, **options)


def tooltips(table: str, *columns: str) -> list[alt.Tooltip]:
    """Return tooltips of a table's columns with the labels and formats of resources/columns.tsv."""
    found = {column: describe(table, column) for column in columns}
    return [
        alt.Tooltip(f"{name}:Q", title=column.title, format=column.format)
        if column.format
        else alt.Tooltip(f"{name}:N", title=column.title)
        for name, column in found.items()
    ]


@dataclass(frozen=True)
class Style:
    """The study's names and colours, as all figures use them.

    Parameters
    ----------
    models, arms, timepoints
        All names of the config, in its order.
    contrast
        ``baseline``, ``persister`` and ``relapse``: the timepoints that are compared.
    cells
        Whether the study has single-cell libraries; without them, activity is of factors and not of regulons.
    settings
        What else of the config the stage's figures need (param ``settings`` of the rule).
    """

    models: tuple[str, ...] = ()
    arms: tuple[str, ...] = ()
    timepoints: tuple[str, ...] = ()
    contrast: Mapping[str, Any] = field(default_factory=dict)
    cells: bool = True
    settings: Mapping[str, Any] = field(default_factory=dict)

    @property
    def comparison(self) -> str:
        """The contrast that everything is ranked by, as tables name it."""
        return f"{self.contrast['persister']} vs {self.contrast['baseline']}"

    def main_rows(self, table: pd.DataFrame) -> pd.DataFrame:
        """Return the rows of :attr:`comparison`, over all arms where the table has arms."""
        rows = table[table["contrast"] == self.comparison]
        return rows[rows["arm"] == ALL_ARMS] if "arm" in rows else rows

    def names(self, kind: str) -> tuple[str, ...]:
        """Return all names of a kind (model, arm, timepoint)."""
        return {"model": self.models, "arm": self.arms, "timepoint": self.timepoints}[kind]

    def in_order(self, kind: str, values: Iterable[str]) -> list[str]:
        """Return the names of a kind that occur, in the order of the config."""
        found = set(map(str, values))
        return [name for name in self.names(kind) if name in found]

    def scale(self, kind: str, present: Iterable[str] | None = None) -> alt.Scale:
        """Return the colours of a kind's names; the legend has those ``present`` only."""
        return colour_scale(kind, self.names(kind), present)

    def colour(self, kind: str, present: Iterable[str] | None = None, *, columns: int = 4, **options) -> alt.Color:
        """Return the colour of the column ``kind`` (model, arm, timepoint), with a legend below the chart."""
        options = {"scale": self.scale(kind, present), "legend": below(None, columns)} | options
        return alt.Color(f"{kind}:N", **options)


def thin(table: pd.DataFrame, most: int, by: str | None = None, seed: int = 0) -> pd.DataFrame:
    """Return at most ``most`` rows, drawn with a fixed seed and in their order; ``by``: at most that many per value."""
    if by is not None:
        parts = [thin(part, most, seed=seed) for _, part in table.groupby(by, sort=False)]
        return pd.concat(parts).sort_index() if parts else table
    return table if len(table) <= most else table.sample(most, random_state=seed).sort_index()


def count(number: int, one: str) -> str:
    """Return a number with its noun: 1 model, 3 models, 2 libraries."""
    many = f"{one[:-1]}ies" if one.endswith("y") else f"{one}s"
    return f"{number:,} {one if number == 1 else many}"


def listed(names: Iterable[str]) -> str:
    """Return names as a list in a sentence: a, b and c."""
    names = list(names)
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}" if names else "none"

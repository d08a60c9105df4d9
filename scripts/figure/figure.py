"""What a stage shows: figures, tables and sentences with their data and numbers, but without words."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import altair as alt
import numpy as np
import pandas as pd

DIGITS = 5
"""Significant digits of the numbers in specifications: more than any figure shows, and half the bytes."""


@dataclass(frozen=True)
class Panel:
    """One chart of a figure.

    Parameters
    ----------
    chart
        An Altair chart whose data are ``alt.NamedData(key)``, with a key of the figure's ``data``.
    title
        Printed above the panel.
    where
        Column → value: the rows of the figure's tables that the panel shows; a table without the column is given whole.
    model
        Set if the panel shows that model alone; the page hides it when another model is chosen.
    """

    chart: alt.TopLevelMixin
    title: str = ""
    where: Mapping[str, Any] = field(default_factory=dict)
    model: str = ""


@dataclass(frozen=True)
class Figure:
    """Panels and their data. Title, question, caption and alternative text are in ``resources/words/<stage>.yaml``.

    Parameters
    ----------
    panels, data
        Charts, and the tables that they name.
    n
        Numbers of what is shown, as a sentence: "5 libraries, 12,345 cells."
    columns, min_width
        Panels side by side where the page is wide enough, each at least ``min_width`` pixels wide.
    notes
        Sentence above the figure → values of its places: keys of ``notes`` in the figure's words.
    """

    panels: tuple[Panel, ...]
    data: Mapping[str, pd.DataFrame]
    n: str
    columns: int = 1
    min_width: int = 260
    notes: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    def __post_init__(self):
        """Refuse what can't be shown."""
        if not self.n or not self.panels:
            raise ValueError("a figure needs a panel and its n")
        for chart in {id(panel.chart): panel.chart for panel in self.panels}.values():
            if missing := named_data(chart.to_dict()) - set(self.data):
                raise ValueError(f"a panel needs tables that the figure doesn't have: {sorted(missing)}")

    @classmethod
    def by(
        cls,
        column: str,
        chart: alt.TopLevelMixin,
        data: Mapping[str, pd.DataFrame],
        *,
        values: Iterable[str] | None = None,
        titles: Mapping[str, str] | None = None,
        models: Mapping[str, str] | None = None,
        **options,
    ) -> Figure:
        """Return a figure with a panel per value of a column.

        Parameters
        ----------
        column, chart, data
            Each panel shows ``chart`` of the rows that have its value in ``column``.
        values
            Values in the order of the panels; by default those of the first table, in the order of its rows.
        titles, models
            Value → title (default: the value) and value → the model that it belongs to (default: the value itself
            where ``column`` is ``model``, else none).
        options
            Further fields of :class:`Figure`: n, columns, min_width, notes. ``columns`` is cut to the panels there are.
        """
        values = list(dict.fromkeys(next(iter(data.values()))[column])) if values is None else list(values)
        titles = titles or {}
        models = models or ({value: value for value in values} if column == "model" else {})
        panels = tuple(
            Panel(chart, str(titles.get(value, value)), {column: value}, models.get(value, "")) for value in values
        )
        options["columns"] = max(1, min(options.get("columns", 1), len(panels)))
        return cls(panels=panels, data=data, **options)


@dataclass(frozen=True)
class Table:
    """Rows that the page shows as a table, where those of a file need sorting or joining first.

    ``source`` is the path of the whole table, relative to the results.
    """

    frame: pd.DataFrame
    source: str


@dataclass(frozen=True)
class Text:
    """Sentences with their numbers; ``parts`` are (key of the text's words, values of its places), in order.

    ``kind``: paragraph, warning, or bullets (one part a bullet).
    """

    parts: tuple[tuple[str, Mapping[str, Any]], ...]
    kind: str = "paragraph"


@dataclass(frozen=True)
class Absent:
    """Why there is no figure: a key of ``absent`` in its words, or in the section's, and the values of its places."""

    reason: str
    values: Mapping[str, Any] = field(default_factory=dict)


def named_data(spec: Any) -> set[str]:
    """Return the names of all tables that a specification asks for."""
    if isinstance(spec, list):
        return set().union(*map(named_data, spec)) if spec else set()
    if not isinstance(spec, dict):
        return set()
    own = {spec["data"]["name"]} if isinstance(spec.get("data"), dict) and "name" in spec["data"] else set()
    return own.union(*map(named_data, spec.values()))


def plain(value: Any) -> Any:
    """Return a cell for JSON: missing as None, numbers to :data:`DIGITS` significant digits."""
    if value is None or value is pd.NaT or (isinstance(value, float | np.floating) and not math.isfinite(value)):
        return None
    if isinstance(value, bool | np.bool_):
        return bool(value)
    if isinstance(value, int | np.integer):
        return int(value)
    if isinstance(value, float | np.floating):
        short = float(f"{value:.{DIGITS}g}")
        return int(short) if short.is_integer() and abs(short) < 1e15 else short
    return str(value)


def columnar(table: pd.DataFrame) -> dict[str, Any]:
    """Return column → values: half the size of rows with their keys.

    A column of text with few values is coded: {"levels": […], "codes": […]}.
    """
    done: dict[str, Any] = {}
    for name in table.columns:
        values = [plain(value) for value in table[name].tolist()]
        levels = list(dict.fromkeys(values))
        if len(values) > 20 and len(levels) < len(values) / 2 and all(isinstance(v, str) for v in levels):
            code = {level: i for i, level in enumerate(levels)}
            done[str(name)] = {"levels": levels, "codes": [code[value] for value in values]}
        else:
            done[str(name)] = values
    return done


def from_columnar(columns: Mapping[str, Any]) -> pd.DataFrame:
    """Return the table that :func:`columnar` wrote."""
    return pd.DataFrame(
        {
            name: [values["levels"][code] for code in values["codes"]] if isinstance(values, dict) else values
            for name, values in columns.items()
        }
    )


def rows_of(table: pd.DataFrame, where: Mapping[str, Any]) -> pd.DataFrame:
    """Return the rows of a table that a panel shows."""
    for column, value in where.items():
        if column in table:
            table = table[table[column] == value]
    return table


def to_rows(table: pd.DataFrame, where: Mapping[str, Any]) -> list[dict]:
    """Return the rows that a panel shows, as Vega-Lite wants them."""
    shown = rows_of(table, where)
    return [{key: plain(value) for key, value in row.items()} for row in shown.to_dict("records")]


def spec_of(panel: Panel) -> dict:
    """Return a panel's Vega-Lite specification without data; the page's settings take the place of its config."""
    spec = panel.chart.to_dict()
    spec.pop("config", None)
    spec.pop("$schema", None)
    # The width is the page's, the height the chart's own.
    return spec | {"autosize": {"type": "fit-x", "contains": "padding"}}

"""What the report is made of: sections of text, figures and tables; and how these become one page."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import altair as alt
import jinja2
import numpy as np
import pandas as pd
from markupsafe import Markup, escape

from scripts.base.columns import Column

NAME = re.compile(r"[a-z][a-z0-9_]*")
DIGITS = 5
"""Significant digits of the numbers in the page: more than any figure shows, and half the bytes."""
INLINE = (
    (re.compile(r"`([^`]+)`"), r"<code>\1</code>"),
    (re.compile(r"\*\*(.+?)\*\*"), r"<strong>\1</strong>"),
    (re.compile(r"\*(\S.*?)\*"), r"<em>\1</em>"),
    (re.compile(r"\[([^\]]+)\]\((https?://[^)\s]+)\)"), r'<a href="\2">\1</a>'),
)
"""Marks within a sentence, as Markdown has them."""


@dataclass(frozen=True)
class Panel:
    """One chart of a figure.

    ``where`` picks its rows from the figure's tables (column → value; a table without the column is given whole);
    ``model`` is set if the panel shows that model alone.
    """

    chart: alt.TopLevelMixin
    title: str = ""
    where: Mapping[str, Any] = field(default_factory=dict)
    model: str = ""


@dataclass(frozen=True)
class Figure:
    """A figure with the question it answers, its n, and what it looks like to those who don't see it.

    Charts name their tables: ``alt.NamedData(name)`` with a key of ``data``. ``columns`` panels stand side by side
    where the page is wide enough, each at least ``min_width`` pixels wide.
    """

    name: str
    title: str
    question: str
    n: str
    caption: str
    alt: str
    panels: tuple[Panel, ...]
    data: Mapping[str, pd.DataFrame]
    columns: int = 1
    min_width: int = 260
    note: str = ""

    def __post_init__(self):
        """Refuse what a reader couldn't use."""
        if not NAME.fullmatch(self.name):
            raise ValueError(f"{self.name!r} is no name of a figure")
        if "?" not in self.question or not self.alt or not self.n:
            raise ValueError(f"figure {self.name} needs a question, n and a text for those who don't see it")


@dataclass(frozen=True)
class Table:
    """A table that can be sorted and searched.

    ``shown`` are the columns at first sight (all if empty); ``meaning`` explains columns; at most ``limit`` rows come
    into the page, and ``source`` says where all are.
    """

    name: str
    title: str
    caption: str
    frame: pd.DataFrame
    source: str
    shown: tuple[str, ...] = ()
    meaning: Mapping[str, Column] = field(default_factory=dict)
    limit: int = 500

    @property
    def rows(self) -> list[dict]:
        """The rows that come into the page."""
        return self.frame.head(self.limit).to_dict("records")


@dataclass(frozen=True)
class Section:
    """A section: paragraphs, figures and tables in order of reading. ``absent`` says why there is nothing else."""

    name: str
    title: str
    lead: str
    blocks: tuple[Any, ...] = ()
    absent: str = ""

    @property
    def figures(self) -> list[Figure]:
        """The figures of the section."""
        return [block for block in self.blocks if isinstance(block, Figure)]

    @property
    def tables(self) -> list[Table]:
        """The tables of the section."""
        return [block for block in self.blocks if isinstance(block, Table)]


def inline(text: str) -> Markup:
    """Return text with its few marks as HTML; everything else is escaped."""
    done = str(escape(text))
    for pattern, replacement in INLINE:
        done = pattern.sub(replacement, done)
    return Markup(done)


def plain(value: Any) -> Any:
    """Return a cell as JSON can hold it: missing as None, numbers to :data:`DIGITS` significant digits."""
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


def columnar(table: pd.DataFrame) -> dict[str, list]:
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


def to_rows(table: pd.DataFrame, where: Mapping[str, Any]) -> list[dict]:
    """Return the rows that a panel shows, as Vega-Lite wants them."""
    for column, value in where.items():
        if column in table:
            table = table[table[column] == value]
    return [{key: plain(value) for key, value in row.items()} for row in table.to_dict("records")]


def spec_of(panel: Panel) -> dict:
    """Return a panel's Vega-Lite specification without data; the page's settings take the place of its config."""
    spec = panel.chart.to_dict()
    spec.pop("config", None)
    spec.pop("$schema", None)
    # The width is the page's, the height the chart's own.
    return spec | {"autosize": {"type": "fit-x", "contains": "padding"}}


def dump(value: Any) -> Markup:
    """Return JSON that can stand within a ``<script>`` element."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return Markup(text.replace("</", "<\\/").replace("<!--", "<\\!--"))


def show(value: Any) -> str:
    """Return a cell of a table as a reader wants it."""
    value = plain(value)
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}" if abs(value) >= 10_000 else str(value)
    if isinstance(value, float):
        return f"{value:.3g}".replace("-", "−")
    return value


def is_number(table: pd.DataFrame, column: str) -> bool:
    """Return whether a column is set right-aligned and sorted by size."""
    return pd.api.types.is_numeric_dtype(table[column]) and not pd.api.types.is_bool_dtype(table[column])


def render(
    sections: Iterable[Section], *, title: str, models: Mapping[str, str], templates: Path, bundle: str, config: dict
) -> str:
    """Return the page: ``templates`` holds page.html.j2, style.css and page.js; ``bundle`` is Vega with all it needs.

    ``models``: model → colour, for the choice of a model; ``config``: Vega-Lite's, for all charts alike.
    """
    sections = list(sections)
    names = [block.name for section in sections for block in (*section.figures, *section.tables)]
    if len(set(names)) < len(names):
        raise ValueError(f"names come twice: {sorted({name for name in names if names.count(name) > 1})}")
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(templates), autoescape=True, trim_blocks=True, lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )  # fmt: skip
    environment.filters |= {"inline": inline, "show": show, "plain": plain}
    environment.tests |= {"figure": lambda b: isinstance(b, Figure), "table": lambda b: isinstance(b, Table)}
    figures = [figure for section in sections for figure in section.figures]
    tables = [table for section in sections for table in section.tables]
    store = {
        "config": config,
        "figures": {
            figure.name: [{"spec": spec_of(panel), "where": dict(panel.where)} for panel in figure.panels]
            for figure in figures
        },
        "data": {figure.name: {key: columnar(table) for key, table in figure.data.items()} for figure in figures},
        "tables": {table.name: columnar(table.frame.head(table.limit)) for table in tables},
    }
    return environment.get_template("page.html.j2").render(
        sections=sections,
        title=title,
        models=models,
        style=Markup((templates / "style.css").read_text()),
        script=Markup((templates / "page.js").read_text()),
        bundle=Markup(bundle.replace("</script", "<\\/script")),
        store=dump(store),
        is_number=is_number,
    )

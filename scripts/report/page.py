"""Parts of the report (sections of text, figures and tables), and the page made from them."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import jinja2
import pandas as pd
from markupsafe import Markup

from scripts.base.columns import Column
from scripts.figure.figure import columnar, plain
from scripts.report.parts import SHORT, inline, is_note, link, notes_of, shown_of, split

__all__ = ["columnar", "inline", "plain"]

NAME = re.compile(r"[a-z][a-z0-9_]*")
COMMA, MINUS = re.compile(r",(?=[A-Za-z])"), re.compile(r"(?:(?<=[\s(;])|^)-(?=\d)")
"""Separators of names without a space, at which no line could break, and hyphens that are minus signs."""


@dataclass(frozen=True)
class Drawn:
    """A figure that a stage drew, with its words: ``drawn`` is the content of its JSON file in ``folder``."""

    name: str
    title: str
    question: str
    caption: str
    interpretation: str
    alt: str
    note: str
    drawn: Mapping[str, Any]
    folder: Path

    def __post_init__(self):
        """Raise ValueError for a figure without question, n or alternative text."""
        if not NAME.fullmatch(self.name):
            raise ValueError(f"{self.name!r} is no name of a figure")
        if "?" not in self.question or not self.alt or not self.n:
            raise ValueError(f"figure {self.name} needs a question, n and an alternative text")

    @property
    def n(self) -> str:
        """Numbers of what is shown."""
        return self.drawn["n"]

    @property
    def columns(self) -> int:
        """Panels side by side."""
        return self.drawn["columns"]

    @property
    def min_width(self) -> int:
        """Least width of a panel (pixels)."""
        return self.drawn["min_width"]

    @property
    def panels(self) -> list[SimpleNamespace]:
        """Panels with title, model, ``where``, and heights on a wide and on a narrow page (pixels)."""
        return [SimpleNamespace(**panel) for panel in self.drawn["panels"]]

    @property
    def data(self) -> Mapping[str, Any]:
        """The data by name and column."""
        return self.drawn["data"]

    @property
    def sources(self) -> list[str]:
        """The tables that it was drawn from."""
        return self.drawn.get("tables", [])

    @property
    def store(self) -> dict:
        """What the page's script needs: panels with their rows, and the data by column."""
        panels = [{"spec": panel["spec"], "where": panel["where"]} for panel in self.drawn["panels"]]
        return {"panels": panels, "data": self.data}


@dataclass(frozen=True)
class Table:
    """A table that can be sorted and searched.

    ``shown`` are the columns shown at first (by default the first ones; at most eight); ``meaning`` explains columns;
    at most ``limit`` rows are in the page; ``source`` is the path of the whole table.
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
        """The rows that the page contains."""
        return self.frame.head(self.limit).to_dict("records")

    @property
    def columns(self) -> list[str]:
        """All columns except notes, which have separate lines; columns shown at first are first."""
        return [*self.first, *(column for column in self.frame if column not in self.first and not is_note(column))]

    @property
    def first(self) -> list[str]:
        """The columns shown at first."""
        return shown_of(self.frame.columns, self.shown)


@dataclass(frozen=True)
class Section:
    """A section: paragraphs, figures and tables in order of reading. ``absent``: why there is no content, if so.

    ``folded``: whether its blocks unfold at a click.
    """

    name: str
    title: str
    lead: str
    blocks: tuple[Any, ...] = ()
    absent: str = ""
    folded: bool = True

    @property
    def figures(self) -> list[Drawn]:
        """The figures of the section."""
        return [block for block in self.blocks if isinstance(block, Drawn)]

    @property
    def tables(self) -> list[Table]:
        """The tables of the section."""
        return [block for block in self.blocks if isinstance(block, Table)]

    @property
    def contents(self) -> str:
        """What unfolds: the numbers of figures and tables, or the text of a section with neither."""
        numbers = {"figure": len(self.figures), "table": len(self.tables)}
        return ", ".join(f"{n} {kind}{'s' * (n > 1)}" for kind, n in numbers.items() if n) or "the text"


def dump(value: Any) -> Markup:
    """Return JSON that can be placed within a ``<script>`` element."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return Markup(text.replace("</", "<\\/").replace("<!--", "<\\!--"))


def show(value: Any) -> str:
    """Return a cell of a table as text: numbers with at most three significant digits, lists with spaces."""
    value = plain(value)
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return (f"{value:,}" if abs(value) >= 10_000 else str(value)).replace("-", "−")
    if isinstance(value, float):
        return f"{value:.3g}".replace("-", "−")
    return MINUS.sub("−", COMMA.sub(", ", value)) if isinstance(value, str) else value


def is_number(table: pd.DataFrame, column: str) -> bool:
    """Return whether a column is set right-aligned and sorted by size."""
    return pd.api.types.is_numeric_dtype(table[column]) and not pd.api.types.is_bool_dtype(table[column])


def places_of(sections: Iterable[Section]) -> dict[str, str]:
    """Return title → name on the page, of sections, figures and tables; titles that two have are left out."""
    found: dict[str, list[str]] = {}
    for section in sections:
        found.setdefault(section.title, []).append(section.name)
        for figure in section.figures:
            found.setdefault(figure.title, []).append(figure.name)
        for table in section.tables:
            found.setdefault(table.title, []).append(f"table-{table.name}")
    return {title: names[0] for title, names in found.items() if len(names) == 1}


def render(
    sections: Iterable[Section],
    *,
    title: str,
    models: Mapping[str, str],
    templates: Path,
    bundle: str,
    config: dict,
    paths: Collection[str] = (),
) -> str:
    """Return the page: ``templates`` holds page.html.j2, style.css and page.js; ``bundle`` is Vega with all it needs.

    ``models``: model → colour, for the choice of a model; ``config``: Vega-Lite's, for all charts alike; ``paths``:
    results that are linked, relative to the results.
    """
    sections = list(sections)
    names = [block.name for section in sections for block in (*section.figures, *section.tables)]
    if len(set(names)) < len(names):
        raise ValueError(f"names occur twice: {sorted({name for name in names if names.count(name) > 1})}")
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(templates), autoescape=True, trim_blocks=True, lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )  # fmt: skip
    titles = places_of(sections)

    def linked(text: str | Markup) -> Markup:
        """Return text or HTML with its paths and titles as links."""
        return Markup(link(str(text if isinstance(text, Markup) else inline(text)), paths, titles))

    environment.filters |= {"inline": linked, "show": show, "plain": plain, "split": split, "notes": notes_of}
    environment.tests |= {"figure": lambda b: isinstance(b, Drawn), "table": lambda b: isinstance(b, Table)}
    figures = [figure for section in sections for figure in section.figures]
    tables = [table for section in sections for table in section.tables]
    store = {
        "config": config,
        "figures": {figure.name: figure.store["panels"] for figure in figures},
        "data": {figure.name: figure.store["data"] for figure in figures},
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
        tables_of={path: [table for table in tables if table.source == path] for path in {t.source for t in tables}},
        short=SHORT,
    )

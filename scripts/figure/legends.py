"""Legends of colours list only what their own panel shows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pandas as pd

from scripts.figure.figure import Panel, rows_of, spec_of


def coloured(spec: Any, data: str = "") -> Iterator[tuple[dict, str]]:
    """Yield every colour encoding with names and a legend in a specification, with its table.

    ``data``: the table of the layers around it.
    """
    if isinstance(spec, list):
        for part in spec:
            yield from coloured(part, data)
    elif isinstance(spec, dict):
        data = (spec.get("data") or {}).get("name", data) if isinstance(spec.get("data"), dict) else data
        colour = spec.get("encoding", {}).get("color", {}) if isinstance(spec.get("encoding"), dict) else {}
        has_names = isinstance((colour.get("scale") or {}).get("domain"), list) and colour.get("type") == "nominal"
        if has_names and isinstance(colour.get("legend"), dict):
            yield colour, data
        for value in spec.values():
            yield from coloured(value, data)


def of_panel(spec: dict, tables: Mapping[str, pd.DataFrame]) -> dict:
    """Set the values of each legend of colours in a specification to the names among a panel's rows, and return it.

    Parameters
    ----------
    spec
        Vega-Lite specification of one panel.
    tables
        Table of the figure → the rows that the panel shows. Colours of columns that a table doesn't have (those that
        the chart calculates) keep all names.
    """
    shown: dict[tuple[str, tuple], set[str]] = {}
    found = []
    for colour, data in coloured(spec):
        key = (colour["field"], tuple(colour["scale"]["domain"]))
        if data in tables and colour["field"] in tables[data]:
            shown.setdefault(key, set()).update(tables[data][colour["field"]].dropna().astype(str))
            found.append((key, colour))
    for key, colour in found:
        # A panel without rows keeps its legend: Vega-Lite would draw an empty one with its title.
        if values := [name for name in key[1] if str(name) in shown[key]]:
            colour["legend"] = {"values": values} | colour["legend"]
    return spec


def drawn_spec(figure: Any, panel: Panel) -> dict:
    """Return the specification of a panel without data, with legends that list only what it shows."""
    return of_panel(spec_of(panel), {key: rows_of(table, panel.where) for key, table in figure.data.items()})

"""The words of the sections that the report writes itself: methods and provenance."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import yaml

from scripts.report.page import Section

PATH = Path(__file__).parents[2] / "resources" / "report" / "words.yaml"


@cache
def read() -> dict[str, dict[str, str]]:
    """Return all words by the name of a table, and those of sections."""
    return yaml.safe_load(PATH.read_text())


def words(name: str) -> dict[str, str]:
    """Return the words of a table; a name that is missing raises KeyError."""
    return {"name": name, **read()[name]}


def section(name: str, blocks: list) -> Section:
    """Return a section with its words."""
    found = read()["sections"][name]
    return Section(name, found["title"], found["lead"], tuple(blocks))

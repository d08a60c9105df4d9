"""The words of the report, which lie apart from its scripts: titles, questions, captions, alternative texts."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import yaml

from scripts.report.page import Section

PATH = Path(__file__).parents[2] / "resources" / "report" / "words.yaml"


@cache
def read() -> dict[str, dict[str, str]]:
    """Return all words by the name of figure or table."""
    return yaml.safe_load(PATH.read_text())


def words(name: str, **values) -> dict[str, str]:
    """Return the words of a figure or table, with its values filled in; a name that is missing raises KeyError."""
    return {"name": name} | {key: text.format(**values) for key, text in read()[name].items()}


def section(name: str, blocks: list, why: str = "", **values) -> Section:
    """Return a section with its words; blocks that are None are left out. ``why`` names the reason for having none."""
    found = read()["sections"][name]
    shown = tuple(block for block in blocks if block is not None)
    absent = found[why].format(**values) if why else ""
    return Section(name, found["title"], found["lead"].format(**values), shown, absent)


def sentence(name: str, **values) -> str:
    """Return a sentence that stands where a figure can't, or beside one, with its values filled in."""
    return read()["sentences"][name].format(**values)

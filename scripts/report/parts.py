"""Shortened captions, notes and columns, and links to files and parts of the page."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping

import pandas as pd
from markupsafe import Markup, escape

INLINE = (
    (re.compile(r"(?<=\d) (?=%)"), "\u00a0"),
    (re.compile(r"(?<=[\s(])-(?=\d)"), "−"),
    (re.compile(r"`([^`]+)`"), r"<code>\1</code>"),
    (re.compile(r"\*\*(.+?)\*\*"), r"<strong>\1</strong>"),
    (re.compile(r"\*(\S.*?)\*"), r"<em>\1</em>"),
    (re.compile(r"\[([^\]]+)\]\(((?:https?://|#)[^)\s]+)\)"), r'<a href="\2">\1</a>'),
)
"""Marks within a sentence, as Markdown has them."""
SENTENCE = re.compile(r"(?<=[.?!])[)*_`]*\s+(?=[*`(“\[]*[A-Z])")
ABBREVIATED = re.compile(r"\b(?:e\.g|i\.e|vs|al|cf|no|Fig|approx)\.$", re.IGNORECASE)
CODE = re.compile(r"<code>([\w./-]+)</code>")
TITLE = re.compile(r"<em>([^<]+)</em>")
SHORT, COLUMNS = 40, 8
"""Letters of a cell before it is folded, and columns of a table at first sight."""


def inline(text: str) -> Markup:
    """Return text with its few marks as HTML; everything else is escaped. A number and its % stay on one line."""
    done = str(escape(text))
    for pattern, replacement in INLINE:
        done = pattern.sub(replacement, done)
    return Markup(done)


def sentences(text: str) -> list[str]:
    """Return the sentences of a text."""
    found, start = [], 0
    for match in SENTENCE.finditer(text):
        if not ABBREVIATED.search(text[start : match.start()]):
            found.append(text[start : match.end()].strip())
            start = match.end()
    return [*found, text[start:].strip()] if text[start:].strip() else found


def split(text: str, first: int = 2) -> tuple[str, str]:
    """Return the first sentences of a text, and the rest."""
    parts = sentences(text)
    return " ".join(parts[:first]), " ".join(parts[first:])


def is_note(column: str) -> bool:
    """Return whether a column holds remarks on the row, which stand on a line of their own."""
    return column == "note" or column.endswith("_note")


def shown_of(columns: Collection[str], shown: Collection[str]) -> list[str]:
    """Return the columns at first sight: those chosen, or the first, but no more than :data:`COLUMNS`."""
    wanted = [column for column in (shown or columns) if column in columns and not is_note(column)]
    return wanted[:COLUMNS]


def notes_of(row: Mapping[str, object]) -> str:
    """Return the remarks on a row of a table, empty if there are none."""
    told = [str(value) for column, value in row.items() if is_note(column) and not pd.isna(value)]
    return "; ".join(filter(None, told))


def link(html: str, paths: Collection[str], titles: Mapping[str, str]) -> str:
    """Return HTML with the paths of results as links to their files, and titles of the page as jumps.

    Parameters
    ----------
    html
        Made of text by :func:`inline` and the templates.
    paths
        Results that lie beside the report's folder.
    titles
        Title of a section, figure or table → its name on the page.
    """

    def to_file(match: re.Match) -> str:
        return f'<a href="../{match[1]}">{match[0]}</a>' if match[1] in paths else match[0]

    def to_place(match: re.Match) -> str:
        return f'<a href="#{titles[match[1]]}">{match[0]}</a>' if match[1] in titles else match[0]

    return TITLE.sub(to_place, CODE.sub(to_file, html))

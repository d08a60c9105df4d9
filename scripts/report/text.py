"""Blocks of text."""

from collections.abc import Mapping

import pandas as pd
from markupsafe import Markup

from scripts.report.page import inline


def paragraph(text: str) -> Markup:
    """Return a paragraph."""
    return Markup('<p class="text">{}</p>').format(inline(text))


def warning(text: str) -> Markup:
    """Return a paragraph that must not be overlooked."""
    return Markup('<p class="warning">{}</p>').format(inline(text))


def bullets(items: list[str], kind: str = "") -> Markup:
    """Return a list; ``kind`` is a class for the style sheet."""
    return Markup('<ul class="{}">{}</ul>').format(
        f"text {kind}".strip(), Markup("").join(Markup("<li>{}</li>").format(inline(i)) for i in items)
    )


def heading(text: str) -> Markup:
    """Return a heading within a section."""
    return Markup("<h3>{}</h3>").format(text)


def facts(pairs: Mapping[str, str]) -> Markup:
    """Return names with what they are."""
    rows = (Markup("<dt>{}</dt><dd>{}</dd>").format(name, inline(value)) for name, value in pairs.items())
    return Markup('<dl class="facts">{}</dl>').format(Markup("").join(rows))


def folded(title: str, text: str) -> Markup:
    """Return a long text without changes, folded under its title."""
    return Markup("<details><summary>{}</summary><pre tabindex='0'><code>{}</code></pre></details>").format(title, text)


def numbered(title: str, items: list[str]) -> Markup:
    """Return a numbered list under its title."""
    rows = Markup("").join(Markup("<li>{}</li>").format(inline(item)) for item in items)
    return Markup('<h3>{}</h3><ol class="references">{}</ol>').format(title, rows)


def of_p(value: float) -> str:
    """Return a p-value as text."""
    return "p not known" if pd.isna(value) else f"p {value:.2g}"

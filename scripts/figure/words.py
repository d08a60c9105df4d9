"""The words of figures, tables and sections: ``resources/words/<stage>.yaml``, with the study's terms filled in.

A text may hold places in braces. Everywhere: the terms of ``resources/words/terms.yaml`` (``{ones}``, …), the
timepoints compared (``{baseline}``, ``{persister}``, ``{relapse}``) and the config
(``{config[regulons][min_seeds]}``). In ``notes``, ``absent`` and ``texts`` also the values that the figure's function
gives.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import yaml

FOLDER = Path(__file__).parents[2] / "resources" / "words"
OF_FIGURE = ("title", "question", "caption", "interpretation", "alt")
"""What every figure has; ``interpretation`` may be empty."""


@cache
def _load(path: Path) -> dict[str, Any]:
    """Return a YAML file."""
    return yaml.load(path.read_text(), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)) or {}


def read(stage: str, folder: Path = FOLDER) -> dict[str, Any]:
    """Return the words of a stage: section, blocks, figures, tables, texts, absent; the places are still empty."""
    return _load(folder / f"{stage}.yaml")


def has_section(stage: str, folder: Path = FOLDER) -> bool:
    """Return whether a stage has words with a section for the page."""
    return (folder / f"{stage}.yaml").exists() and "section" in read(stage, folder)


def terms(config: Mapping[str, Any], cells: bool, folder: Path = FOLDER) -> dict[str, Any]:
    """Return the values of the places in all texts.

    ``config``: the study's, complete; ``cells``: whether it has single-cell libraries.
    """
    names = {
        role: " or ".join(name) if isinstance(name, list | tuple) else str(name or "")
        for role, name in config["contrast"].items()
    }
    kind = "cells" if cells else "profiles"
    own = {name: of[kind] for name, of in _load(folder / "terms.yaml").items()}
    return {**{name: text.format_map(names) for name, text in own.items()}, **names, "config": config}


def fill(text: str, places: Mapping[str, Any]) -> str:
    """Return a text with its places filled in; an unknown place raises KeyError with its name."""
    return text.format_map(places)


def of_figure(stage: str, name: str, places: Mapping[str, Any], folder: Path = FOLDER) -> dict[str, str]:
    """Return a figure's title, question, caption, interpretation and alternative text."""
    found = read(stage, folder).get("figures", {})
    if name not in found:
        raise KeyError(f"{name}: no words of this figure in resources/words/{stage}.yaml")
    return {key: fill(found[name].get(key, ""), places).strip() for key in OF_FIGURE}


def without_marks(text: str) -> str:
    """Return a text without its marks of emphasis, code and links."""
    text = re.sub(r"\[([^\]]+)\]\(https?://[^)\s]+\)", r"\1", text)
    return re.sub(r"\*\*(.+?)\*\*|\*(\S.*?)\*|`([^`]+)`", lambda found: next(filter(None, found.groups())), text)


def as_rst(text: str) -> str:
    """Return a text as Snakemake's report sets it: code and links as reStructuredText has them."""
    text = re.sub(r"`([^`]+)`", r"``\1``", text)
    return re.sub(r"\[([^\]]+)\]\((https?://[^)\s]+)\)", r"`\1 <\2>`__", text)


def for_rule(stage: str, config: Mapping[str, Any], cells: bool, folder: Path = FOLDER) -> dict[str, dict[str, str]]:
    """Return figure → title, alternative text, caption of Snakemake's report, and a warning of stand-in databases."""
    places, done = terms(config, cells, folder), {}
    for name in read(stage, folder).get("figures", {}):
        words = of_figure(stage, name, places, folder)
        caption = [f"**{words['question']}**", words["caption"], words["interpretation"]]
        done[name] = {
            "title": words["title"],
            "alt": without_marks(words["alt"]),
            "caption": as_rst("\n\n".join(filter(None, caption))),
            "warning": config["regulons"]["synthetic_data_note"],
        }
    return done

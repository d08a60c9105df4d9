"""Params of the rules that draw figures: the study's names and the stage's words."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from scripts.figure import words

ROOT = Path(__file__).parents[2]


def hash_of(folder: str | Path, pattern: str) -> str:
    """Return a hash of the files of a folder: a param that makes a rule run again when they change."""
    found = hashlib.sha256()
    for path in sorted(Path(folder).glob(pattern)):
        found.update(path.name.encode() + b"\0" + path.read_bytes())
    return found.hexdigest()[:16]


def style_of(config: Mapping[str, Any], cells: bool) -> dict[str, Any]:
    """Return the fields of :class:`scripts.figure.style.Style`, but for ``settings``."""
    return {
        "models": [entry["model"] for entry in config["models"]],
        "arms": [entry["arm"] for entry in config["arms"]],
        "timepoints": list(config["timepoints"]),
        "contrast": dict(config["contrast"]),
        "cells": cells,
    }


def read_n(folder: str | Path, name: str) -> str:
    """Return the n of a figure that was drawn."""
    return json.loads((Path(folder) / f"{name}.json").read_text())["n"]


def params_of(stage: str, config: Mapping[str, Any], cells: bool, root: Path = ROOT) -> dict[str, Any]:
    """Return the param ``figures`` of the rule that draws a stage: style and words.

    ``config``: the study's, complete; ``cells``: whether the study has single-cell libraries; ``root``: the workflow's
    folder, which holds words.
    """
    return {
        "style": style_of(config, cells),
        "words": words.for_rule(stage, config, cells, root / "resources" / "words"),
    }


def report_of(category: str, labels: Callable) -> dict[str, Any]:
    """Return how a folder of figures appears in Snakemake's report: arguments of ``report``."""
    return {
        "patterns": ["{figure}.png"],
        "caption": "../resources/captions/figure.rst",
        "category": category,
        "labels": labels,
    }


def labels_of(figure: str, folder: str | Path, words: Mapping[str, Any]) -> dict[str, str]:
    """Return a figure's title and its n.

    ``figure``: the picture's name without its ending, ``<name>`` or ``<name>-<page>``; ``folder``: where it lies;
    ``words``: as :func:`params_of` gives them.
    """
    name, _, page = figure.partition("-")
    return {"figure": words[name]["title"] + (f", page {page}" if page else ""), "n": read_n(folder, name)}

"""Methods: what was done, written from the config and the versions in use, with the works it stands on."""

import platform
import re
from importlib.metadata import version
from pathlib import Path

import jinja2
import yaml

from scripts.report.page import Section
from scripts.report.source import Source
from scripts.report.text import numbered, paragraph
from scripts.report.words import section

RESOURCES = Path(__file__).parents[3] / "resources" / "report"
CITATION = re.compile(r"\[@[\w; @]+\]")


def numbers(source: Source) -> dict[str, int]:
    """Return what there is how often."""
    chemistries = source.matching("reads/*.chemistry.json")
    kept = source.table("cells/attrition.tsv")
    edges = source.table("regulons/consensus.tsv")
    compared = source.table("programme/differential_expression.tsv")
    factors = source.table("programme/tf_activity.tsv")

    def filled(name: str, column: str) -> int:
        table = source.table(f"programme/{name}")
        return 0 if table is None else int(table[column].notna().sum())

    return {
        "models": int(source.samples["model"].nunique()),
        "libraries": len(source.libraries),
        "profiles": len(source.profiles),
        "sequenced": len(chemistries),
        "imported": len(source.libraries) - len(chemistries),
        "cells": int(kept.groupby("sample")["remaining"].last().sum()) if kept is not None else 0,
        "regulons": int(edges["regulon"].nunique()) if edges is not None else 0,
        "compared": 0 if compared is None else int(compared["gene"].nunique()),
        "silenced": filled("switches.tsv", "ko_share"),
        "held": filled("confounders.tsv", "effect_after"),
        "panels": filled("markers_panels.tsv", "auc"),
        "factors": 0 if factors is None else int(factors["tf"].nunique()),
    }


def write(source: Source) -> tuple[list[str], list[str]]:
    """Return the paragraphs, with citations as numbers, and the references in the order of their numbers."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(RESOURCES),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    text = environment.get_template("methods.j2").render(
        config=source.config, n=numbers(source), v=version, python=platform.python_version()
    )
    works = yaml.safe_load((RESOURCES / "citations.yaml").read_text())
    order: dict[str, int] = {}

    def numbered_citation(match: re.Match) -> str:
        keys = [key.strip().removeprefix("@") for key in match[0][1:-1].split(";")]
        return f"[{', '.join(str(order.setdefault(key, len(order) + 1)) for key in keys)}]"

    paragraphs = [" ".join(part.split()) for part in text.split("\n\n") if part.strip()]
    paragraphs = [CITATION.sub(numbered_citation, part) for part in paragraphs]
    references = []
    for key in order:
        doi = works[key]["doi"]
        link = f" [doi:{doi}](https://doi.org/{doi})" if doi else ""
        references.append(f"{works[key]['text']}.{link}")
    return paragraphs, references


def as_markdown(source: Source) -> str:
    """Return the text as a file of its own."""
    paragraphs, references = write(source)
    listed = "\n".join(f"{i}. {text}" for i, text in enumerate(references, 1))
    return "# Methods\n\n" + "\n\n".join(paragraphs) + "\n\n## References\n\n" + listed + "\n"


def build(source: Source) -> Section:
    """Return the section."""
    paragraphs, references = write(source)
    return section("methods", [*map(paragraph, paragraphs), numbered("References", references)])

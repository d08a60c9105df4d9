"""Methods: what was done, written from the config and the versions in use, with the works it stands on."""

import platform
import re
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import jinja2
import yaml

from scripts.base.tables import ALL_ARMS
from scripts.base.verdicts import MIN_MODELS, meaning
from scripts.confounders import verdicts as confounders
from scripts.report.page import Section
from scripts.report.source import Source
from scripts.report.text import numbered, paragraph
from scripts.report.words import section
from scripts.stats.paired import MIN_MODERATED
from scripts.switches import verdicts as switches
from scripts.switches.evidence.rotated import MIN_ROTATED

ROOT = Path(__file__).parents[3]
RESOURCES = ROOT / "resources" / "report"
CITATION = re.compile(r"\[@[\w; @]+\]")


def named(package: str, name: str = "", root: Path = ROOT) -> str:
    """Return a package's name (or ``name``) with its version, if that is known.

    Where each rule has an environment of its own, the report's lacks most packages: then those pinned for the others
    are what ran. Without any pin the name stands alone, since all results are there by now.
    """
    name = name or package
    try:
        return f"{name} {version(package)}"
    except PackageNotFoundError:
        pin = re.compile(rf"^(?:\s*- )?{re.escape(package)}==?([^\s=;]+)", re.MULTILINE)
        for path in [*sorted((root / "envs").glob("*.yaml")), root / "requirements.lock"]:
            found = pin.search(path.read_text()) if path.is_file() else None
            if found:
                return f"{name} {found[1]}"
    return name


def droplets(source: Source) -> dict[str, int]:
    """Return in how many libraries what was done with droplets, by the libraries' own summaries."""
    paths = [f"cells/{sample}.summary.json" for sample in source.libraries["sample"]]
    found = [summary for summary in map(source.json, paths) if summary]
    rates = [(summary.get("doublet_rate") or {}).get("source") for summary in found]
    ways = [summary.get("droplets_method") for summary in found]
    bases = [summary.get("malignant_evidence") or "" for summary in found]
    return {
        "host": sum(summary.get("mixed_rate") is not None for summary in found),
        "ambient": sum(summary.get("ambient_fraction") is not None for summary in found),
        "whole": ways.count("all"),
        "tested": ways.count("knee and test"),
        "rate_mixed": rates.count("mixed droplets"),
        "rate_loaded": rates.count("cells loaded"),
        "judged": sum(bool(basis) for basis in bases),
        "annotated": sum(basis.startswith("annotation") for basis in bases),
        "by_markers": sum(basis.endswith("markers alone") for basis in bases),
    }


def numbers(source: Source) -> dict[str, int]:
    """Return what there is how often."""
    chemistries = source.matching("reads/*.chemistry.json")
    kept = source.table("cells/attrition.tsv")
    edges = source.table("regulons/consensus.tsv")
    activity = source.table(source.activity)

    def rows(name: str, of: str, filled: str | None = None) -> int:
        """Return how many different ``of`` a table of the programme has, where the column ``filled`` has a value."""
        table = source.table(name)
        if table is None or not len(table):
            return 0
        return int((table if filled is None else table[table[filled].notna()])[of].nunique())

    return {
        "models": int(source.samples["model"].nunique()),
        "libraries": len(source.libraries),
        "profiles": len(source.profiles),
        "sequenced": len(chemistries),
        "imported": len(source.libraries) - len(chemistries),
        "cells": int(kept.groupby("sample")["remaining"].last().sum()) if kept is not None else 0,
        "regulons": int(edges["regulon"].nunique()) if edges is not None else 0,
        "compared": rows("expression/differential_expression.tsv", "gene"),
        **levels(source),
        "signature": rows("expression/signature.tsv", "gene"),
        "sets": rows("expression/gene_sets.tsv", "gene_set", "p"),
        "tried": rows("expression/signature_sizes.tsv", "left_out"),
        "ranked": rows("switches/switches.tsv", "regulon"),
        "replicated": int(activity is not None and activity["sd"].notna().any()),
        "silenced": rows("switches/switches.tsv", "tf", "perturbation_share"),
        "held": rows("confounders/confounders.tsv", "confounder", "effect_after"),
        "panels": rows("markers/markers_panels.tsv", "pool", "auc"),
        "relabelled": relabelled(source),
        "factors": rows("activity/tf_activity.tsv", "tf"),
        **droplets(source),
    }


def levels(source: Source) -> dict[str, int | str]:
    """Return how many genes change over patients and in these tumours, and which of the two the signature speaks of."""
    design, signature = source.table("expression/expression_design.tsv"), source.table("expression/signature.tsv")
    told = {"compared_twice": 0, "changed": 0, "voom_changed": 0, "signature_level": ""}
    if design is not None and "voom_changed" in design:
        whole = design[(design["arm"] == ALL_ARMS) & design["voom_changed"].notna()]
        if len(whole):
            first = whole.iloc[0]
            told |= {"compared_twice": 1, "changed": int(first["changed"]), "voom_changed": int(first["voom_changed"])}
    if signature is not None and len(signature) and "level" in signature:
        told["signature_level"] = str(signature["level"].iloc[0])
    return told


def relabelled(source: Source) -> int:
    """Return against how many relabellings the markers were judged: fewer than asked for where there are no more."""
    panels = source.table("markers/markers_panels.tsv")
    if panels is None or panels["n_permutations"].isna().all():
        return 0
    return int(panels["n_permutations"].max()) - 1  # the observed labels are one of them


def write(source: Source) -> tuple[list[str], list[str]]:
    """Return the paragraphs, with citations as numbers, and the references in the order of their numbers."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(RESOURCES),
        undefined=jinja2.StrictUndefined,
        # Not trim_blocks: a paragraph that ends with a block would lose its end.
        lstrip_blocks=True,
    )
    text = environment.get_template("methods.j2").render(
        config=source.config,
        n=numbers(source),
        named=named,
        python=platform.python_version(),
        min_models=MIN_MODELS,
        min_rotated=MIN_ROTATED,
        min_moderated=MIN_MODERATED,
        meaning=meaning,
        switch_verdicts=switches.VERDICTS,
        programme_verdicts=confounders.VERDICTS,
    )
    works = yaml.safe_load((RESOURCES / "citations.yaml").read_text())
    order: dict[str, int] = {}

    def numbered_citation(match: re.Match) -> str:
        keys = [key.strip().removeprefix("@") for key in match[0][1:-1].split(";")]
        return f"[{', '.join(str(order.setdefault(key, len(order) + 1)) for key in keys)}]"

    paragraphs = [" ".join(part.split()) for part in re.split(r"\n\s*\n", text) if part.strip()]
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

"""Methods text, written from the config and the versions in use, with its citations."""

import platform
import re
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import jinja2
import yaml

from scripts.base.verdicts import MIN_MODELS, meaning
from scripts.chromatin import verdicts as chromatin
from scripts.confounders import verdicts as confounders
from scripts.growth import verdicts as growth
from scripts.perturbations import verdicts as perturbations
from scripts.report.inputs import stage_results
from scripts.report.page import Section
from scripts.report.source import Source
from scripts.report.text import numbered, paragraph
from scripts.report.words import section
from scripts.stats.paired import MIN_MODERATED
from scripts.stroma import verdicts as stroma
from scripts.switches import verdicts as switches
from scripts.switches.evidence.rotated import MIN_FLIPPED, MIN_ROTATED

ROOT = Path(__file__).parents[2]
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


def numbers(source: Source) -> dict[str, int | str]:
    """Return what the text counts: models and samples by the sheet, and what each stage counted."""
    found = {
        "models": int(source.samples["model"].nunique()),
        "libraries": len(source.libraries),
        "profiles": len(source.profiles),
    }
    for results in stage_results():
        if hasattr(results, "numbers"):
            found |= results.numbers(source)
    return found | {"imported": found["libraries"] - found["sequenced"]}


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
        min_flipped=MIN_FLIPPED,
        min_moderated=MIN_MODERATED,
        meaning=meaning,
        switch_verdicts=switches.VERDICTS,
        programme_verdicts=confounders.VERDICTS,
        peak_verdicts=chromatin.VERDICTS,
        tested_verdicts=perturbations.TESTED,
        growth_verdicts=growth.VERDICTS,
        cluster_verdicts=growth.CLUSTER_VERDICTS,
        stroma_verdicts=stroma.VERDICTS,
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

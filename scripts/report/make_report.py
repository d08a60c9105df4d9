"""Make the report: one page that needs no network, and its figures as files for papers."""

import re
import shutil
from pathlib import Path

import pandas as pd
import vl_convert

from scripts.base import job
from scripts.figure import palette, words
from scripts.figure.export import VEGALITE
from scripts.figure.style import CONFIG
from scripts.report import bind, findings, methods, provenance
from scripts.report.page import Drawn, Section, render
from scripts.report.source import Source
from scripts.study.stages import STAGES

TITLE = "persister-regulons"
"""Heading of a study without a title."""
SECTIONS = (findings, *(stage for stage in STAGES if words.has_section(stage)), methods, provenance)
"""In the order of reading: a name is a stage, whose section is made from the results of the stages."""


def build_sections(source: Source) -> list[Section]:
    """Return all sections in the order of reading; a section without results gives the reason."""
    made = []
    for entry in SECTIONS:
        section = bind.build(source, entry) if isinstance(entry, str) else entry.build(source)
        job.log.info("%s: %d figures, %d tables%s", section.title, len(section.figures), len(section.tables),
                     " (absent)" if section.absent else "")  # fmt: skip
        made.append(section)
    return made


def copy(figure: Drawn, folder: Path) -> None:
    """Copy the files of a figure that a stage drew."""
    for path in sorted(figure.folder.iterdir()):
        if path.suffix != ".json" and re.fullmatch(rf"{figure.name}(-\d+|\.\w+)?", path.stem):
            shutil.copy(path, folder / path.name)


def main(snakemake) -> None:
    """Read the tables; write the page and the folder of figures."""
    page, folder = Path(snakemake.output.html), Path(snakemake.output.figures)
    root = job.place_of(page).parents[1]
    source = Source(
        root=root,
        files=frozenset(str(Path(path).relative_to(root)) for path in snakemake.input.tables),
        config=snakemake.config,
        samples=pd.DataFrame(list(snakemake.params.samples)),
    )
    sections = build_sections(source)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for figure in (figure for section in sections for figure in section.figures):
        copy(figure, folder)
    text = render(
        sections,
        title=source.config.get("title") or TITLE,
        models={
            m: c for m, c in palette.colours_of("model", source.models).items() if m in set(source.samples["model"])
        },
        templates=Path(snakemake.input.templates[0]).parent,
        bundle=vl_convert.javascript_bundle(vl_version=VEGALITE),
        config=CONFIG,
        paths=source.files,
    )
    page.write_text(text)
    Path(snakemake.output.methods).write_text(methods.as_markdown(source))
    job.log.info("%s: %.1f MB, %d figures", page, len(text.encode()) / 1e6, sum(len(s.figures) for s in sections))


if __name__ == "__main__":
    job.run(main, snakemake)

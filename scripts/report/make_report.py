"""Make the report: one page that needs no network, and its figures as files for papers."""

import shutil
from pathlib import Path

import altair as alt
import pandas as pd
import vl_convert

from scripts.base import job
from scripts.figure import palette, words
from scripts.report import bind, charts, findings
from scripts.report.heights import heights_of
from scripts.report.page import Drawn, Section, render
from scripts.report.sections import (
    design,
    methods,
    provenance,
)
from scripts.report.source import Source
from scripts.study.stages import STAGES

TITLE = "persister-regulons"
"""Heading of a study without a title."""
SECTIONS = (findings, design, *(stage for stage in STAGES if words.has_section(stage)), methods, provenance)
"""In the order of reading: a name is a stage, whose section is bound from what stages made."""


def build_sections(source: Source) -> list[Section]:
    """Return all sections, in the order of reading; one without results says why."""
    made = []
    for entry in SECTIONS:
        section = bind.build(source, entry) if isinstance(entry, str) else entry.build(source)
        job.log.info("%s: %d figures, %d tables%s", section.title, len(section.figures), len(section.tables),
                     " (absent)" if section.absent else "")  # fmt: skip
        made.append(section)
    return made


def main(snakemake) -> None:
    """Read the tables; write the page and the folder of figures."""
    page, folder = Path(snakemake.output.html), Path(snakemake.output.figures)
    root = job.place_of(page).parents[1]
    alt.data_transformers.disable_max_rows()
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
        (charts.copy if isinstance(figure, Drawn) else charts.save)(figure, folder)
    text = render(
        sections,
        title=source.config.get("title") or TITLE,
        models={
            m: c for m, c in palette.colours_of("model", source.models).items() if m in set(source.samples["model"])
        },
        templates=Path(snakemake.input.templates[0]).parent,
        bundle=vl_convert.javascript_bundle(vl_version=charts.VEGALITE),
        config=charts.CONFIG,
        heights={figure.name: heights_of(figure) for section in sections for figure in section.figures},
        paths=source.files,
    )
    page.write_text(text)
    Path(snakemake.output.methods).write_text(methods.as_markdown(source))
    job.log.info("%s: %.1f MB, %d figures", page, len(text.encode()) / 1e6, sum(len(s.figures) for s in sections))


if __name__ == "__main__":
    job.run(main, snakemake)

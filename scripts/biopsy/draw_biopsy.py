"""One page per biopsy: its scores, their uncertainty, and whether the reference applies to it."""

import json
from copy import deepcopy
from pathlib import Path

import numpy as np
import pandas as pd

from scripts.base import job
from scripts.base.tables import read_labelled
from scripts.biopsy import figures
from scripts.figure import export, heights, words

TABLES = {
    "check": ("Does the reference apply to this biopsy?", ["check", "verdict", "value", "ok range"],
              "Each measure with the range in which it is ok: what a new patient of the same kind would show, by "
              "models left out. The regulons and the signature were learned from all models, the left-out one "
              "included, so these figures are somewhat optimistic. Where the check of non-tumour cells, expression, "
              "far cells or fit warns, values are marked as unreliable, without interval and status."),
    "switch": ("Switches", ["factor", "status", "position", "untreated range"],
               "Mean activity of a called switch's regulon, between untreated (0) and persister (1) models. "
               "An untreated sample of a new patient would lie in the range given; “active” is beyond it, towards "
               "persister. The change in the study is a mean over models, in standard deviations (sd) of activity "
               "between the cells of a sample."),
    "marker": ("Marker panel", ["gene", "status", "cells with the gene", "untreated range", "direction, assay"],
               "Share of tumour cells in which a marker is detected, with what an untreated sample of a new patient "
               "would show."),
    "growth": ("Cycling cells and cells nearer to persister",
               ["cells", "status", "share", "untreated range"],
               "Share of the tumour cells that cycle (S or G2/M by cell-cycle genes, scored together with the training "
               "cells), and share whose score is nearer to the persister than to the untreated state. An untreated "
               "sample of a new patient would lie in the range given."),
    "cluster": ("Clusters that the study's models have in common",
                ["cluster", "status", "share", "untreated range"],
                "Share of the tumour cells that are assigned to each cluster, named by its number and first genes. "
                "Every cell is assigned to one of them, even if the study has none like it. Training models are "
                "assigned by a rule that was learned without them. An untreated sample of a new patient would lie in "
                "the range given. Shares of all clusters, also of those not placed, add up to one: one cluster that "
                "grows lowers all others."),
    "stroma": ("Lineages of the stroma",
               ["lineage", "status", "share", "untreated range"],
               "Share of each lineage among the host cells of a xenograft, or the normal cells of another tumour "
               "sample, whose own markers show a lineage. An untreated sample of a new patient would lie in the range "
               "given; notes tell the range of training models, whose cells were named in the same way. Shares add up "
               "to one: one lineage that grows lowers all others. They are compared only between stromas of one kind "
               "and species."),
    "regulon": ("Other regulons that differ from untreated",
                ["regulon", "status", "mean activity", "untreated range"],
                "Regulons that aren't called switches, by the same rule: mean activity beyond what an untreated "
                "sample of a new patient would show (all: scores.tsv)."),
    "nearest": ("Nearest training samples", ["sample", "timepoint", "distance"],
                "By mean activity of all regulons, in standard deviations between training samples."),
}  # fmt: skip
# The status comes second, so that it is in sight on a telephone; notes have lines of their own.
COLUMNS = {
    "check": ("item", "call", "value", "range"),
    "switch": ("item", "call", "value", "range"),
    "marker": ("item", "call", "value", "range", "note"),
    "regulon": ("item", "call", "value", "range"),
    "growth": ("item", "call", "value", "range"),
    "cluster": ("item", "call", "value", "range"),
    "stroma": ("item", "call", "value", "range"),
    "nearest": ("item", "call", "value"),
}

LEAST = 0.01
"""Smallest share that is shown as a number (per cent)."""
SHARES = frozenset(("marker", "growth", "cluster", "stroma"))
"""Sections whose values are shares of cells."""


def cell(value: object, is_share: bool = False) -> dict:
    """Return a value as the page shows it; a share in per cent."""
    if not isinstance(value, float | int | np.number):
        return {"text": str(value), "number": False}
    if not np.isfinite(value):
        return {"text": "", "number": True}
    number, whole, digits = (100 * np.clip(value, 0, 1), 10, 2) if is_share else (value, 100, 3)
    text = f"{number:.0f}" if abs(number) >= whole else f"{number:.{digits}g}"
    text = "< 0.01" if is_share and 0 < number < LEAST else text
    return {"text": text.replace("-", "−") + " %" * is_share, "number": True}


def span(low: float, high: float, is_share: bool = False) -> dict:
    """Return a range as the page shows it; one end may be open."""
    ends = [cell(end, is_share)["text"] for end in (low, high)]
    text = f"{ends[0]} to {ends[1]}" if all(ends) else f"≥ {ends[0]}" if ends[0] else f"≤ {ends[1]}" if ends[1] else ""
    return {"text": text, "number": True}


def shown(row: pd.Series, name: str) -> object:
    """Return what a column of the page shows: a value without a call was not judged."""
    return figures.NOT_JUDGED if name == "call" and row["call"] == "" else row[name]


def table_of(scores: pd.DataFrame, section: str) -> dict | None:
    """Return one section as a table; None if there is nothing in it."""
    rows = scores[scores["section"] == section]
    if section == "regulon":
        # A called switch is in the table of switches, whose notes begin with its regulon.
        called = set(scores.loc[scores["section"] == "switch", "note"].astype(str).str.split().str[0])
        rows = rows[rows["call"].isin(["above untreated", "below untreated"]) & ~rows["item"].isin(called)]
    if rows.empty:
        return None
    title, columns, about = TABLES[section]
    names, share = COLUMNS[section], section in SHARES
    lines = [
        {
            "cells": [
                span(row["low"], row["high"], share) if name == "range" else cell(shown(row, name), share)
                for name in names
            ],
            "note": "" if "note" in names else str(row["note"]),
        }
        for _, row in rows.iterrows()
    ]
    return {"title": title, "columns": columns, "about": about, "rows": lines}


def figures_of(scores: pd.DataFrame, distribution: pd.DataFrame) -> list[dict[str, str]]:
    """Return the page's figures as SVG with title, words for those who can't see them, and caption."""
    drawn = {
        "biopsy_distribution": figures.draw_distribution(distribution, scores, figures.STYLE),
        "biopsy_switches": figures.draw_switches(scores, figures.STYLE),
    }
    done = []
    for name, figure in drawn.items():
        if figure:
            said = words.of_figure("biopsy", name, {})
            about = f"{said['alt']} {figure.n}"
            spec = export.static_spec(figure)
            spec["config"] = deepcopy(spec["config"])
            spec["config"]["legend"]["layout"]["bottom"]["margin"] = figures.ROOM
            wide, narrow = (
                export.to_svg(
                    heights.answered(spec, width) | {"width": width},
                    said["title"],
                    about,
                    ids=f"{name}-{width}-",
                )
                for width in (figures.WIDTH, figures.NARROW)
            )
            caption = " ".join((said["question"], said["caption"], said["interpretation"]))
            done.append({"title": said["title"], "svg": wide, "narrow": narrow, "alt": about, "caption": caption})
    return done


def main(snakemake) -> None:
    """Read what was scored; write the page."""
    from jinja2 import Environment, FileSystemLoader
    from markupsafe import Markup

    source = snakemake.input
    scores = read_labelled(source.scores, "item", "call", "note")
    manifest = json.loads(Path(source.reference).read_text())
    drawn = figures_of(scores, pd.read_csv(source.distribution, sep="\t"))
    said, about = figures.headline(scores)
    environment = Environment(loader=FileSystemLoader(job.ROOT / "resources"), autoescape=True, trim_blocks=True)
    template = environment.get_template("biopsy.html.j2")
    page = template.render(
        sample=snakemake.params.sample,
        verdict=scores[scores["section"] == "verdict"].iloc[0].to_dict(),
        headline=said,
        note=about,
        figures=[{**figure, **{key: Markup(figure[key]) for key in ("svg", "narrow")}} for figure in drawn],
        tables=[table for section in TABLES if (table := table_of(scores, section))],
        **{key: manifest[key] for key in ("workflow", "format_version", "training", "provenance")},
    )
    Path(snakemake.output.page).write_text(page, encoding="utf-8")
    job.log.info("%s", said or "not scored")


if __name__ == "__main__":
    job.run(main, snakemake)

"""One page about one biopsy: what it is like, how sure that is, and whether the reference may speak about it at all."""

import io
import json
from pathlib import Path

import numpy as np
import pandas as pd

from scripts.base import job
from scripts.base.tables import read_labelled
from scripts.figure.palette import ABSENT, HIGH_CONTRAST

TABLES = {
    "check": ("Is it of the kind that was learned from?", ["check", "value", "limit", "verdict", "meaning"],
              "Each measure beside what a new patient of the same kind would show; limits are of models left out. The "
              "regulons and the signature were learned from all models, the left-out one included, so these figures "
              "are somewhat optimistic."),
    "switch": ("Switches", ["factor", "position", "untreated from", "to", "call", "note"],
               "Mean activity of a called switch's regulon, between untreated (0) and persister (1) models. "
               "An untreated sample of a new patient would lie in the range given."),
    "marker": ("Marker panel", ["gene", "cells that show it", "untreated", "persister", "call", "direction"],
               "Part of the tumour cells in which a marker is seen, beside the means of the training models."),
    "regulon": ("Regulons on", ["regulon", "cells on", "untreated", "persister", "call", "on or off"],
                "Part of the tumour cells in which a regulon is on: those on, or unlike untreated samples "
                "(all: scores.tsv)."),
    "nearest": ("Nearest training samples", ["sample", "distance", "timepoint", "model, arm"],
                "By mean activity of all regulons, in standard deviations between training samples."),
}  # fmt: skip
COLUMNS = {
    "check": ("item", "value", "high", "call", "note"),
    "switch": ("item", "value", "low", "high", "call", "note"),
    "marker": ("item", "value", "untreated", "persister", "call", "note"),
    "regulon": ("item", "value", "untreated", "persister", "call", "note"),
    "nearest": ("item", "value", "call", "note"),
}


def cell(value: object) -> dict:
    """Return a value as the page shows it."""
    if isinstance(value, float | int | np.number):
        text = "" if not np.isfinite(value) else f"{value:.0f}" if abs(value) >= 100 else f"{value:.3g}"
        return {"text": text.replace("-", "−"), "number": True}
    return {"text": str(value), "number": False}


def table_of(scores: pd.DataFrame, section: str) -> dict | None:
    """Return one section as a table; None if there is nothing in it."""
    rows = scores[scores["section"] == section]
    if section == "regulon":
        rows = rows[(rows["note"] == "on") | rows["call"].isin(["above untreated", "below untreated"])]
    if rows.empty:
        return None
    title, columns, about = TABLES[section]
    cells = [[cell(row[name]) for name in COLUMNS[section]] for _, row in rows.iterrows()]
    return {"title": title, "columns": columns, "about": about, "rows": cells}


def percent(value: float) -> str:
    """Return a fraction in percent."""
    return f"{100 * value:.1f} %" if value < 0.1 else f"{100 * value:.0f} %"


def headline(scores: pd.DataFrame) -> tuple[str, str]:
    """Return the sentence that the page opens with, and what it is about."""
    for row in scores[scores["section"] == "fraction"].itertuples():
        return f"{percent(row.value)} persister-like cells ({percent(row.low)} to {percent(row.high)})", str(row.note)
    for row in scores[scores["section"] == "position"].itertuples():
        reach = f" ({row.low:.2f} to {row.high:.2f})" if np.isfinite(row.low) else ""
        return f"Position between untreated (0) and persister (1): {row.value:.2f}{reach}", str(row.note)
    return "", ""


def svg(figure) -> str:
    """Return a figure as SVG without date or random names."""
    import matplotlib.pyplot as plt

    with plt.rc_context({"svg.hashsalt": "biopsy", "svg.fonttype": "none"}):
        text = io.StringIO()
        figure.savefig(
            text, format="svg", metadata=dict.fromkeys(("Date", "Creator", "Format", "Type")), bbox_inches="tight"
        )
    plt.close(figure)
    return text.getvalue()[text.getvalue().index("<svg") :]


def draw_distribution(table: pd.DataFrame) -> str:
    """Draw the cells' scores over the fitted mixture."""
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(figsize=(7.5, 2.8), layout="constrained")
    width = table["score"].diff().median()
    axes.bar(table["score"], table["biopsy"], width=width, color=ABSENT, label="cells of the biopsy")
    for name, colour in (("untreated", HIGH_CONTRAST[0]), ("persister", HIGH_CONTRAST[1])):
        axes.plot(table["score"], table[name], color=colour, linewidth=2, label=f"{name} part")
    total = table["untreated"] + table["persister"]
    axes.plot(table["score"], total, color="black", linewidth=1, linestyle="--", label="both together")
    axes.set(xlabel="score of a cell (training: 0 untreated, 1 persister)", ylabel="density")
    axes.legend(frameon=False, fontsize=9)
    axes.spines[["top", "right"]].set_visible(False)
    return svg(figure)


def draw_switches(rows: pd.DataFrame) -> str:
    """Draw the position of every switch, with the range of untreated samples."""
    import matplotlib.pyplot as plt

    rows = rows.dropna(subset=["value"]).iloc[::-1]
    figure, axes = plt.subplots(figsize=(7.5, 0.8 + 0.32 * len(rows)), layout="constrained")
    at = np.arange(len(rows))
    axes.hlines(at, rows["low"], rows["high"], color=ABSENT, linewidth=8, label="an untreated sample of a new patient")
    active = (rows["call"] == "active").to_numpy()
    for chosen, face, label in ((active, HIGH_CONTRAST[2], "active"), (~active, "white", "not active")):
        axes.plot(
            rows["value"].to_numpy()[chosen],
            at[chosen],
            "o",
            markerfacecolor=face,
            markeredgecolor=HIGH_CONTRAST[2],
            label=label,
        )
    for place in (0, 1):
        axes.axvline(place, color="#555555", linewidth=0.8, linestyle=":")
    axes.set_yticks(at, rows["item"])
    axes.set_xlabel("position between untreated (0) and persister (1) training models")
    axes.legend(frameon=False, fontsize=9, loc="upper left", bbox_to_anchor=(1.0, 1.0))
    axes.spines[["top", "right"]].set_visible(False)
    return svg(figure)


def figures_of(scores: pd.DataFrame, distribution: pd.DataFrame) -> list[dict]:
    """Return the page's figures with title, words for those who can't see them, and caption."""
    figures = []
    said, about = headline(scores)
    if len(distribution):
        caption = (
            "How are the cells' scores made up? Bars: cells of the biopsy. Lines: the untreated and the persister "
            "state as in training, shifted to this patient and weighted by the fraction. "
            "Were it all untreated, bars would follow the blue line alone."
        )
        figures.append({"title": "Cells between the two states", "svg": draw_distribution(distribution),
                        "alt": f"Distribution of cell scores. {said}. {about}", "caption": caption})  # fmt: skip
    switches = scores[(scores["section"] == "switch") & scores["value"].notna()]
    if len(switches):
        names = ", ".join(switches.loc[switches["call"] == "active", "item"]) or "none"
        caption = (
            "Which switches are thrown? A dot is the biopsy's mean activity, grey what an untreated sample of a new "
            "patient would show. In one without persisters all dots would lie in the grey; with all cells persisters "
            "they would lie around 1."
        )
        figures.append({"title": "Switches between the two states", "svg": draw_switches(switches),
                        "alt": f"Position of each switch. Active: {names}.", "caption": caption})  # fmt: skip
    return figures


def main(snakemake) -> None:
    """Read what was scored; write the page."""
    from jinja2 import Environment, FileSystemLoader
    from markupsafe import Markup

    source = snakemake.input
    scores = read_labelled(source.scores, "item", "call", "note")
    manifest = json.loads(Path(source.reference).read_text())
    figures = figures_of(scores, pd.read_csv(source.distribution, sep="\t"))
    said, about = headline(scores)
    environment = Environment(loader=FileSystemLoader(job.ROOT / "resources"), autoescape=True, trim_blocks=True)
    template = environment.get_template("biopsy.html.j2")
    page = template.render(
        sample=snakemake.params.sample,
        verdict=scores[scores["section"] == "verdict"].iloc[0].to_dict(),
        headline=said,
        note=about,
        figures=[{**figure, "svg": Markup(figure["svg"])} for figure in figures],
        tables=[table for section in TABLES if (table := table_of(scores, section))],
        **{key: manifest[key] for key in ("workflow", "format_version", "training", "provenance")},
    )
    Path(snakemake.output.page).write_text(page, encoding="utf-8")
    job.log.info("%s", said or "not scored")


if __name__ == "__main__":
    job.run(main, snakemake)

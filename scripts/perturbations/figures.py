"""Figures of the perturbations: the response of the programme when a factor is switched on or off."""

from functools import partial

import altair as alt
import pandas as pd

from scripts.base import job
from scripts.base.columns import axis_title
from scripts.figure import draw
from scripts.figure.figure import Figure, Panel, Text
from scripts.figure.style import DOWN, UP, Style, below, count, rows_high, tooltips
from scripts.figure.verdicts import list_rules
from scripts.perturbations.terms import BINNED, BINS
from scripts.perturbations.verdicts import LEAST, MOVES, OPPOSITE, PERTURBATIONS, TESTED, WITHOUT

PERTURBED, FACTORS = "perturbations/perturbations.tsv", "perturbations/factors.tsv"
MRNA = "perturbations/mrna_bins.tsv"
COLOURS = {MOVES.name: UP, OPPOSITE.name: DOWN, WITHOUT.name: "#1B1F24"}
OTHER = "#999999"
SETS = {"signature": "signature", "targets": "its targets"}


def labelled(table: pd.DataFrame) -> pd.DataFrame:
    """Return the perturbations, with row names that state the intervention."""
    dose = table["dose"].fillna("").astype(str)
    done = table["tf"] + " " + table["direction"] + dose.where(dose == "", ", " + dose)
    return table.assign(row=done + " (" + table["perturbation"] + ")")


def draw_interval(rows: list[str], column: str, verdicts: list[str], marks: tuple[float, ...]) -> alt.LayerChart:
    """Return points with their intervals, one row per perturbation, and dashed lines at ``marks``."""
    base = alt.Chart(alt.NamedData("perturbations")).encode(
        y=alt.Y("row:N", sort=rows, title=None),
        color=alt.Color(
            "verdict:N",
            scale=alt.Scale(domain=verdicts, range=[COLOURS.get(verdict, OTHER) for verdict in verdicts]),
            legend=below(None, 1),
        ),
        tooltip=["row:N", *tooltips(PERTURBED, column, f"{column}_low", f"{column}_high", "verdict", "own_log_fc")],
    )
    lines = [
        alt.Chart(alt.NamedData("perturbations")).mark_rule(color="#888888", strokeDash=dash).encode(x=alt.datum(at))
        for at, dash in zip(marks, ([1, 0], [4, 3], [4, 3]), strict=False)
    ]
    title = axis_title(PERTURBED, column)
    return alt.layer(
        *lines,
        base.mark_rule(strokeWidth=2).encode(x=alt.X(f"{column}_low:Q", title=title), x2=f"{column}_high:Q"),
        base.mark_point(filled=True, size=60, opacity=1).encode(x=alt.X(f"{column}:Q", title=title)),
    )


def draw_follows(rows: list[str]) -> alt.LayerChart:
    """Return the share of signature and targets that follows, and the share among genes of similar expression."""
    base = alt.Chart(alt.NamedData("follows")).encode(
        y=alt.Y("row:N", sort=rows, title=None),
        yOffset=alt.YOffset("set:N", sort=list(SETS.values())),
        tooltip=[
            "row:N",
            "set:N",
            alt.Tooltip("share:Q", format=".0%"),
            alt.Tooltip("expected:Q", format=".0%"),
            "n:Q",
        ],
    )
    axis = alt.Axis(format="%")
    x = alt.X("share:Q", title="genes that follow", axis=axis, scale=alt.Scale(domain=[0, 1]))
    forms = alt.Scale(domain=list(SETS.values()), range=["circle", "diamond"])
    return alt.layer(
        base.mark_rule(color="#BBBBBB").encode(x=x, x2="expected:Q"),
        base.mark_tick(color="#777777", thickness=2, height=8).encode(x=alt.X("expected:Q", title="genes that follow")),
        base.mark_point(filled=True, size=55, opacity=1, color="#0072B2").encode(
            x=x, shape=alt.Shape("set:N", scale=forms, legend=below(None, 2))
        ),
    )


def draw_programme(table: pd.DataFrame, style: Style) -> Figure | None:
    """Return the effect of each perturbation on the programme (perturbations/perturbations.tsv)."""
    if table.empty:
        return None
    table = labelled(table)
    rows = list(table["row"])
    occurring = [verdict.name for verdict in PERTURBATIONS if verdict.name in set(table["verdict"])]
    parts = [
        table[["row", f"{kind}_follow{end}", f"{kind}_follow{end}_expected", genes]].set_axis(
            ["row", "share", "expected", "n"], axis=1
        ).assign(set=SETS[kind])
        for kind, end, genes in (("signature", "s", "signature_genes"), ("targets", "", "targets"))
    ]  # fmt: skip
    follows = pd.concat(parts, ignore_index=True).dropna(subset=["share"])
    numbers = ["programme_share", "correlation"]
    kept = [*(f"{column}{end}" for column in numbers for end in ("", "_low", "_high")), "own_log_fc"]
    height = rows_high(len(rows), 34)

    def sized(chart: alt.LayerChart) -> alt.LayerChart:
        return chart.properties(width="container", height=height)

    panels = [
        Panel(sized(draw_interval(rows, "programme_share", occurring, (0, LEAST, 1))), "share of the programme"),
        Panel(sized(draw_interval(rows, "correlation", occurring, (0,))), "correlation with the programme"),
    ]
    data = {"perturbations": table[["row", "verdict", *kept]]}
    if len(follows):
        panels.append(Panel(sized(draw_follows(rows)), "genes that follow"))
        data["follows"] = follows
    return Figure(
        panels=tuple(panels),
        data=data,
        n=f"{count(len(table), 'perturbation')} of {count(table['tf'].nunique(), 'factor')}; "
        f"{int(table['signature_genes'].max())} genes of the signature.",
        columns=3,
        min_width=330,
    )


def draw_bins(table: pd.DataFrame, style: Style) -> Figure | None:
    """Return the score of the signature by bins of each factor's own mRNA (perturbations/mrna_bins.tsv)."""
    if table.empty:
        return None
    cells = table[table["of"] == "cells"]
    table = table.assign(group=table["of"].where(table["of"] == "patients", "cells of a sample"))
    base = alt.Chart(alt.NamedData("bins")).encode(
        x=alt.X("bin:N", sort=list(BINS), title=axis_title(MRNA, "bin"), axis=alt.Axis(labelAngle=0)),
        y=alt.Y("mean_score:Q", title=axis_title(MRNA, "mean_score"), scale=alt.Scale(zero=False)),
        color=style.colour("timepoint", style.in_order("timepoint", table["timepoint"])),
        detail="line:N",
        tooltip=tooltips(MRNA, "of", "model", "timepoint", "sample", "bin", "n", "mean_score"),
    )
    line = base.mark_line(strokeWidth=1.2)
    chart = alt.layer(line, base.mark_point(filled=True, size=36)).properties(width="container", height=210)
    table = table.assign(
        line=table["sample"].fillna("") + table["timepoint"], panel=table["tf"] + ": " + table["group"]
    )
    return Figure.by(
        "panel",
        chart,
        {"bins": table[[*BINNED, "line", "panel"]]},
        n=f"{count(table['tf'].nunique(), 'factor')}; {count(cells['sample'].nunique(), 'sample')} of single cells.",
        columns=3,
        min_width=250,
    )


def list_verdicts(factors: pd.DataFrame, style: Style) -> Text | None:
    """Return the verdicts on factors that occur, with number, rule and measured error."""
    numbers = {name: count(int(n), "factor") for name, n in factors["tested"].value_counts().items()}
    return list_rules("tested", TESTED, numbers, fdr=style.settings["fdr"])


def list_factors(factors: pd.DataFrame, style: Style) -> Text | None:
    """Return each factor with its verdict and those of its perturbations."""
    if factors.empty:
        return None
    told = [("factor", {"tf": row.tf, "tested": row.tested, "note": row.note}) for row in factors.itertuples()]
    return Text(tuple(told), "bullets")


FIGURES = {
    "perturbed_programme": (draw_programme, PERTURBED),
    "mrna_bins": (draw_bins, MRNA),
    "tested_factors": (list_factors, FACTORS),
    "tested_verdicts": (list_verdicts, FACTORS),
}

if __name__ == "__main__":
    job.run(partial(draw.main, FIGURES), snakemake)

"""Figures of the confounders: what remains of the programme with each adjusted for, clones, and the study's verdict."""

from functools import partial

import altair as alt
import pandas as pd

from scripts.base import job
from scripts.base.columns import axis_title
from scripts.confounders.terms import GENES, SIGNATURE
from scripts.confounders.verdicts import MARKER_VERDICTS, VERDICTS
from scripts.figure import draw, palette
from scripts.figure.figure import Absent, Figure, Panel, Text
from scripts.figure.style import UP, Style, below, colour_bar, count, listed, rows_high, tooltips, two_lines
from scripts.figure.verdicts import list_rules

CONFOUNDERS, CLONES = "confounders/confounders.tsv", "confounders/clones.tsv"
MAX_SWITCHES = 12
EFFECTS = ("effect_before", "effect_after", "share_remaining", "n_models")


def label(table: pd.DataFrame) -> pd.Series:
    """Return what is adjusted for, and how."""
    return table["confounder"] + ": " + table["method"]


def draw_signature(own: pd.DataFrame) -> alt.LayerChart:
    """Return the change of the signature's score before and after each confounder is adjusted for."""
    title = "change of the score (log scale)"
    y = alt.Y("row:N", sort=list(own["row"]), title=None, axis=two_lines(grid=True))
    base = alt.Chart(alt.NamedData("signature")).encode(y=y, tooltip=["row:N", *tooltips(CONFOUNDERS, *EFFECTS)])
    return alt.layer(
        alt.Chart(alt.NamedData("signature")).mark_rule(color="#888888").encode(x=alt.datum(0)),
        base.mark_point(filled=True, size=56, opacity=1, color=UP).encode(x=alt.X("effect_after:Q", title=title)),
        # On top, as a ring: where nothing is lost both would lie in one place.
        base.mark_point(size=110, color="#555555", opacity=1).encode(x="effect_before:Q"),
    )


def draw_genes(genes: pd.DataFrame) -> alt.LayerChart:
    """Return the number of genes that change in all models, before and after."""
    most = int(genes[["effect_before", "effect_after"]].max().max())
    few = list(range(most + 1)) if most < 5 else alt.Undefined  # no halves of genes
    title, whole = "genes changed", alt.Axis(format=",d", values=few)
    bars = alt.Chart(alt.NamedData("genes")).encode(
        y=alt.Y("row:N", sort=list(genes["row"]), title=None, axis=two_lines()),
        tooltip=[
            "row:N",
            alt.Tooltip("effect_before:Q", title="before"),
            alt.Tooltip("effect_after:Q", title="after"),
            *tooltips(CONFOUNDERS, "n_models"),
        ],
    )
    return alt.layer(
        bars.mark_bar(height=14, color="#D0D0D0").encode(x=alt.X("effect_before:Q", title=title, axis=whole)),
        bars.mark_bar(height=7, color=UP).encode(x=alt.X("effect_after:Q", title=title, axis=whole)),
    )


def draw_switches(table: pd.DataFrame, kept: list[str]) -> alt.LayerChart:
    """Return tiles of the share that remains of each switch, per confounder."""
    base = alt.Chart(alt.NamedData("switches")).encode(
        x=alt.X("switch:N", sort=kept, title=None, axis=alt.Axis(labelAngle=-90, orient="top")),
        y=alt.Y("row:N", sort=list(dict.fromkeys(table["row"])), title=None, axis=two_lines()),
        tooltip=[
            "switch:N",
            "row:N",
            *tooltips(CONFOUNDERS, "share_remaining", "share_low", "share_high", "n_models"),
        ],
    )
    bar = colour_bar(axis_title(CONFOUNDERS, "share_remaining"), length=140, format="%")
    scale = alt.Scale(scheme=palette.SEQUENTIAL, domain=[0, 1], clamp=True)
    tile = base.mark_rect().encode(color=alt.Color("share_remaining:Q", scale=scale, legend=bar))
    ink = alt.condition("datum.share_remaining > 0.5", alt.value("#1B1F24"), alt.value("#FFFFFF"))
    size = alt.value(alt.ExprRef(f"width / {len(kept)} < 30 ? 0 : 10"))
    return alt.layer(
        tile, base.mark_text().encode(text=alt.Text("share_remaining:Q", format=".0%"), color=ink, size=size)
    )


def draw_adjusted(table: pd.DataFrame, style: Style) -> Figure | Absent:
    """Return the programme's size before and after each adjustment: signature, genes, switches.

    ``table``: confounders/confounders.tsv.
    """
    table = table.assign(row=label(table))
    own = table[(table["what"] == SIGNATURE) & table["effect_after"].notna()]
    if own.empty:
        return Absent("nothing_adjusted")

    def sized(chart: alt.LayerChart, rows: int) -> alt.LayerChart:
        return chart.properties(width="container", height=rows_high(rows, 30))

    # What could be adjusted for in some models alone starts from the effect in these: n explains unlike rings.
    own = own.assign(row=own["confounder"] + " (n " + own["n_models"].astype(int).astype(str) + "): " + own["method"])
    panels = [Panel(sized(draw_signature(own), len(own)), "signature: before (ring), adjusted (filled)")]
    data = {"signature": own.drop(columns="what")}
    genes = table[(table["what"] == GENES) & table["effect_after"].notna()]
    if len(genes):
        title = "genes changed in all models: before (grey), adjusted (orange)"
        panels.append(Panel(sized(draw_genes(genes), len(genes)), title))
        data["genes"] = genes.drop(columns=["what", "ci_low", "ci_high", "share_low", "share_high"])
    switches = table[~table["what"].isin([SIGNATURE, GENES]) & table["share_remaining"].notna()]
    kept = list(dict.fromkeys(switches["what"]))[:MAX_SWITCHES]
    if kept:
        chart = draw_switches(switches, kept)
        panels.append(Panel(sized(chart, switches["row"].nunique()), "each shared switch: share that remains"))
        data["switches"] = switches[switches["what"].isin(kept)].rename(columns={"what": "switch"})
    return Figure(
        panels=tuple(panels),
        data=data,
        n=f"{count(int(own['n_models'].max()), 'model')}, fewer where some couldn't be adjusted; "
        f"{count(len(own), 'adjustment')} for {count(own['confounder'].nunique(), 'confounder')}.",
        min_width=300,
    )


def draw_clones(clones: pd.DataFrame, style: Style) -> Figure | Absent:
    """Return the share of each copy-number clone in the samples of a model (confounders/clones.tsv)."""
    if clones.empty:
        return Absent("no_clones" if style.cells else "no_cells")
    table = clones.assign(clone="clone " + clones["clone"].astype(str))
    names = sorted(set(table["clone"]))
    ranks = {name: i for i, name in enumerate(style.timepoints)}
    order = list(dict.fromkeys(table.sort_values("timepoint", key=lambda t: t.map(ranks), kind="stable")["sample"]))
    colours = alt.Scale(domain=names, range=list(palette.PALETTES["cluster"][: len(names)]))
    chart = (
        alt.Chart(alt.NamedData("clones"))
        .mark_bar()
        .encode(
            x=alt.X(
                "share:Q", title=axis_title(CLONES, "share"), axis=alt.Axis(format="%"), scale=alt.Scale(domain=[0, 1])
            ),
            y=alt.Y("sample:N", sort=order, title=None),
            color=alt.Color("clone:N", scale=colours, legend=below(None)),
            order=alt.Order("clone:N"),
            tooltip=tooltips(CLONES, "sample", "timepoint", "clone", "cells", "share"),
        )
    )
    models = style.in_order("model", table["model"])
    n = table.groupby("model")["sample"].nunique()
    return Figure(
        panels=tuple(
            Panel(
                chart.properties(width="container", height=rows_high(int(n[model]), 24)), model, {"model": model}, model
            )
            for model in models
        ),
        data={"clones": table},
        n=f"{count(len(models), 'model')} with distinct clones, {count(int(table['cells'].sum()), 'cell')}.",
        columns=min(3, len(models)),
    )


def list_rule(verdicts: pd.DataFrame, style: Style) -> Text | None:
    """Return the rule of the study's verdict and its measured error (confounders/programme_verdict.tsv)."""
    return list_rules("confounders", VERDICTS, dict.fromkeys(verdicts["verdict"], ""), fdr=style.settings["fdr"])


def list_marker_rules(markers: pd.DataFrame, style: Style) -> Text | None:
    """Return the rules of the verdicts on markers and panels and their measured errors
    (confounders/marker_composition.tsv).
    """
    seen = markers["verdict"].value_counts()
    numbers = {name: f"{number} of {count(len(markers), 'marker')} and panels" for name, number in seen.items()}
    return list_rules("markers", MARKER_VERDICTS, numbers, fdr=style.settings["fdr"])


def tell_verdict(verdicts: pd.DataFrame, style: Style) -> Text | None:
    """Return what the study may claim, and by which numbers (confounders/programme_verdict.tsv)."""
    if verdicts.empty:
        return None
    row = verdicts.iloc[0]
    parts = [("verdict", {"verdict": row["verdict"]})]
    size = {"effect": f"{row['signature_effect']:.2f}", "n": count(int(row["n_models"]), "model")}
    if pd.notna(row["p"]):
        parts.append(("size_tested", size | {"k": int(row["models_agreeing"]), "p": f"{row['p']:.2g}"}))
    elif pd.notna(row["signature_effect"]):
        parts.append(("size", size))
    if pd.notna(row["remaining"]):
        parts.append(("remaining", {"remaining": row["remaining"]}))
    if pd.notna(row["note"]):
        parts.append(("note", {"note": f"{row['note'][0].upper()}{row['note'][1:]}"}))
    return Text(tuple(parts))


def list_missing(table: pd.DataFrame, notes: pd.DataFrame, style: Style) -> Text | None:
    """Return what couldn't be adjusted for, or not in all models, and why; models with one reason stand together.

    Parameters
    ----------
    table
        confounders/confounders.tsv.
    notes
        confounders/confounders_notes.tsv: reason by model.
    """
    parts = []
    for (row, reason), own in notes.assign(row=label(notes)).groupby(["row", "note"], sort=False):
        parts.append(("reason", {"row": row, "reason": reason, "models": listed(own["model"])}))
    silent = table[(table["what"] == SIGNATURE) & table["effect_after"].isna() & table["note"].isna()]
    if len(silent):
        parts.append(("not_measured", {"rows": listed(label(silent))}))
    return Text(tuple(parts), "bullets") if parts else None


def head_missing(table: pd.DataFrame, notes: pd.DataFrame, style: Style) -> Text | None:
    """Return the sentence above :func:`list_missing`."""
    return Text((("", {}),)) if list_missing(table, notes, style) else None


MISSING = [CONFOUNDERS, "confounders/confounders_notes.tsv"]
FIGURES = {
    "programme_verdict": (tell_verdict, "confounders/programme_verdict.tsv"),
    "programme_rule": (list_rule, "confounders/programme_verdict.tsv"),
    "marker_rule": (list_marker_rules, "confounders/marker_composition.tsv"),
    "adjusted": (draw_adjusted, CONFOUNDERS),
    "clones": (draw_clones, CLONES),
    "missing_head": (head_missing, MISSING),
    "missing": (list_missing, MISSING),
}

if __name__ == "__main__":
    job.run(partial(draw.main, FIGURES), snakemake)

"""Confounders: how much of the programme is left once something else that differs between the samples is held."""

import re

import altair as alt
import numpy as np
import pandas as pd

from scripts.confounders.terms import GENES, SIGNATURE
from scripts.figure import palette
from scripts.report.charts import UP, below, colour_bar, rows_high, two_lines
from scripts.report.page import Figure, Panel, Section, Table
from scripts.report.source import Source, count, listed
from scripts.report.text import bullets, paragraph
from scripts.report.words import section, sentence, words

MAX_SWITCHES = 12
CLONES = palette.PALETTES["cluster"]


def label(table: pd.DataFrame) -> pd.Series:
    """Return what a row holds, and how."""
    return table["confounder"] + ": " + table["method"]


def could_be_held(table: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of the signature in which something could be held, in order."""
    return table[(table["what"] == SIGNATURE) & table["effect_after"].notna()]


def draw_held(source: Source) -> Figure | None:
    """Return the programme's size before and after each confounder is held: signature, genes, switches."""
    table = source.table("confounders/confounders.tsv")
    table = table.assign(row=label(table))
    own = could_be_held(table)
    if own.empty:
        return None
    # What could be held in some models alone starts from the effect in these: n explains unlike rings.
    own = own.assign(row=own["confounder"] + " (n " + own["n_models"].astype(int).astype(str) + "): " + own["method"])
    order, height = list(own["row"]), rows_high(len(own), 30)
    y = alt.Y("row:N", sort=order, title=None, axis=two_lines(grid=True))
    tooltip = [
        "row:N",
        alt.Tooltip("effect_before:Q", format=".3g"),
        alt.Tooltip("effect_after:Q", format=".3g"),
        alt.Tooltip("ci_low:Q", title="95 % from", format=".3g"),
        alt.Tooltip("ci_high:Q", title="to", format=".3g"),
        alt.Tooltip("share_remaining:Q", format=".0%"),
        alt.Tooltip("n_models:Q", title="models"),
    ]
    title = "change of the score (log scale)"
    base = alt.Chart(alt.NamedData("signature")).encode(y=y, tooltip=tooltip)
    after = alt.X("effect_after:Q", title=title)
    band = base.transform_filter("isValid(datum.ci_low)").mark_bar(height=6, opacity=0.4, color=UP)
    band = band.encode(x=alt.X("ci_low:Q", title=title), x2="ci_high:Q")
    left = alt.layer(
        alt.Chart(alt.NamedData("signature")).mark_rule(color="#888888").encode(x=alt.datum(0)),
        *([band] if own["ci_low"].notna().any() else []),
        base.mark_point(filled=True, size=56, opacity=1, color=UP).encode(x=after),
        # On top, as a ring: where nothing is lost both would lie in one place.
        base.mark_point(size=110, color="#555555", opacity=1).encode(x="effect_before:Q"),
    ).properties(width="container", height=height)
    panels = [Panel(left, "signature: before (ring), held (filled)")]
    data = {"signature": own.drop(columns="what")}
    genes = table[(table["what"] == GENES) & table["effect_after"].notna()]
    if len(genes):
        bars = alt.Chart(alt.NamedData("genes")).encode(
            y=alt.Y("row:N", sort=list(genes["row"]), title=None, axis=two_lines()),
            tooltip=[
                "row:N",
                alt.Tooltip("effect_before:Q", title="before"),
                alt.Tooltip("effect_after:Q", title="after"),
                alt.Tooltip("n_models:Q", title="models"),
            ],
        )
        most = int(genes[["effect_before", "effect_after"]].max().max())
        few = list(range(most + 1)) if most < 5 else alt.Undefined  # no halves of genes
        count_title, whole = "genes changed", alt.Axis(format=",d", values=few)
        middle = alt.layer(
            bars.mark_bar(height=14, color="#D0D0D0").encode(x=alt.X("effect_before:Q", title=count_title, axis=whole)),
            bars.mark_bar(height=7, color=UP).encode(x=alt.X("effect_after:Q", title=count_title, axis=whole)),
        ).properties(width="container", height=rows_high(len(genes), 30))
        panels.append(Panel(middle, "genes changed in all models: before (grey), held (orange)"))
        data["genes"] = genes.drop(columns=["what", "ci_low", "ci_high", "share_low", "share_high"])
    switches = table[~table["what"].isin([SIGNATURE, GENES]) & table["share_remaining"].notna()]
    kept = list(dict.fromkeys(switches["what"]))[:MAX_SWITCHES]
    if kept:
        panels.append(Panel(draw_switches(switches, kept), "each shared switch: share that is left"))
        data["switches"] = switches[switches["what"].isin(kept)].rename(columns={"what": "switch"})
    return Figure(
        **words("held", inside=sentence(f"inside_of_{source.kind}")),
        n=f"{count(int(own['n_models'].max()), 'model')}, fewer where something couldn't be held in all; "
        f"{len(own)} ways to hold {own['confounder'].nunique()} confounders.",
        panels=tuple(panels),
        data=data,
        columns=1,
        min_width=300,
    )


def draw_switches(table: pd.DataFrame, kept: list[str]) -> alt.LayerChart:
    """Return tiles of the share that is left of each switch, per confounder."""
    rows = list(dict.fromkeys(table["row"]))
    base = alt.Chart(alt.NamedData("switches")).encode(
        x=alt.X("switch:N", sort=kept, title=None, axis=alt.Axis(labelAngle=-90, orient="top")),
        y=alt.Y("row:N", sort=rows, title=None, axis=two_lines()),
        tooltip=[
            "switch:N",
            "row:N",
            alt.Tooltip("share_remaining:Q", format=".0%"),
            alt.Tooltip("share_low:Q", format=".0%"),
            alt.Tooltip("share_high:Q", format=".0%"),
            "n_models:Q",
        ],
    )
    bar = colour_bar("share left", length=140, format="%")
    scale = alt.Scale(scheme=palette.SEQUENTIAL, domain=[0, 1], clamp=True)
    tile = base.mark_rect().encode(color=alt.Color("share_remaining:Q", scale=scale, legend=bar))
    ink = alt.condition("datum.share_remaining > 0.5", alt.value("#1B1F24"), alt.value("#FFFFFF"))
    size = alt.value(alt.ExprRef(f"width / {len(kept)} < 30 ? 0 : 10"))
    said = base.mark_text().encode(text=alt.Text("share_remaining:Q", format=".0%"), color=ink, size=size)
    return alt.layer(tile, said).properties(width="container", height=rows_high(len(rows), 30))


def draw_clones(source: Source) -> Figure | None:
    """Return the share of each copy-number clone in the samples of a model."""
    table = source.table("confounders/clones.tsv")
    if table is None or table.empty:
        return None
    table = table.assign(clone="clone " + table["clone"].astype(str))
    names = sorted(set(table["clone"]))
    ranks = {name: i for i, name in enumerate(source.timepoints)}
    order = list(dict.fromkeys(table.sort_values("timepoint", key=lambda t: t.map(ranks), kind="stable")["sample"]))
    chart = (
        alt.Chart(alt.NamedData("clones"))
        .mark_bar()
        .encode(
            x=alt.X(
                "share:Q",
                title="share of the sample's cells",
                axis=alt.Axis(format="%"),
                scale=alt.Scale(domain=[0, 1]),
            ),
            y=alt.Y("sample:N", sort=order, title=None),
            color=alt.Color(
                "clone:N", scale=alt.Scale(domain=names, range=list(CLONES[: len(names)])), legend=below(None)
            ),
            order=alt.Order("clone:N"),
            tooltip=[
                "sample:N",
                "timepoint:N",
                "clone:N",
                alt.Tooltip("cells:Q", format=","),
                alt.Tooltip("share:Q", format=".0%"),
            ],
        )
    )
    models = source.in_order("model", table["model"])
    n = table.groupby("model")["sample"].nunique()
    return Figure(
        **words("clones"),
        n=f"{count(len(models), 'model')} with clones that stand apart, {count(int(table['cells'].sum()), 'cell')}.",
        panels=tuple(
            Panel(
                chart.properties(width="container", height=rows_high(int(n[model]), 24)), model, {"model": model}, model
            )
            for model in models
        ),
        data={"clones": table},
        columns=3,
    )


def reasons(source: Source) -> list[str]:
    """Return why something couldn't be held, or not in all models; models with one reason are named together."""
    table = source.table("confounders/confounders.tsv")
    asked = table[(table["what"] == SIGNATURE) & table["note"].notna()]
    models = "|".join(re.escape(model) for model in sorted(source.models, key=len, reverse=True))
    said = []
    for row in asked.assign(row=label(asked)).itertuples():
        parts = re.split(rf"(?:^|; )(?=(?:{models}): )", row.note) if models else [row.note]
        by_reason: dict[str, list[str]] = {}
        for part in filter(None, parts):
            found = re.match(rf"({models}): (.*)", part) if models else None
            if found:
                by_reason.setdefault(found[2], []).append(found[1])
        said += [f"**{row.row}**: {why} ({listed(names)})." for why, names in by_reason.items()]
    silent = table[(table["what"] == SIGNATURE) & table["effect_after"].isna() & table["note"].isna()]
    return said + ([f"**{listed(label(silent))}**: {sentence('not_held')}"] if len(silent) else [])


def verdict(source: Source) -> str:
    """Return what the study may claim, in a sentence."""
    table = source.table("confounders/programme_verdict.tsv")
    if table is None or table.empty:
        return ""
    row = table.iloc[0]
    interval = "" if not np.isfinite(row["ci_low"]) else f", 95 % interval {row['ci_low']:.2f} to {row['ci_high']:.2f}"
    size = (
        ""
        if not np.isfinite(row["signature_effect"])
        else sentence(
            "verdict_size",
            effect=f"{row['signature_effect']:.2f}",
            interval=interval,
            n=count(int(row["n_models"]), "model"),
            p="" if not np.isfinite(row["p"]) else f"; p {row['p']:.2g}, one-sided",
        )
    )
    left = "" if pd.isna(row["remaining"]) else sentence("verdict_left", remaining=row["remaining"])
    note = "" if pd.isna(row["note"]) else f"{str(row['note'])[0].upper()}{str(row['note'])[1:]}."
    return " ".join(filter(None, [sentence("verdict", verdict=row["verdict"]), size, left, note]))


def whole_table(source: Source) -> Table | None:
    """Return everything that was held, with what is left."""
    frame = source.table("confounders/confounders.tsv")
    if frame.empty:
        return None
    shown = (
        "confounder",
        "method",
        "what",
        "effect_before",
        "effect_after",
        "share_remaining",
        "share_low",
        "share_high",
        "n_models",
        "note",
    )
    path = "confounders/confounders.tsv"
    return Table(**words("confounder_table"), frame=frame, source=path, shown=shown, meaning=source.meanings(path))


def build(source: Source) -> Section:
    """Return the section."""
    known = {"held": sentence(f"held_of_{source.kind}")}
    if not source.has("confounders/confounders.tsv"):
        return section("confounders", [], "no_network", **known)
    held, clones, why = draw_held(source), draw_clones(source), reasons(source)
    blocks = [
        paragraph(verdict(source)),
        held or paragraph(sentence("nothing_held")),
        clones or paragraph(sentence("no_clones" if len(source.libraries) else "no_clones_in_profiles")),
        paragraph(sentence("why_not_held")) if why else None,
        bullets(why) if why else None,
        whole_table(source),
    ]
    return section("confounders", blocks, **known)

"""Charts of the evidence on switches: all kinds with the rank, factors silenced in a model, families, AP-1."""

from __future__ import annotations

import re

import altair as alt
import pandas as pd

from scripts.base.columns import axis_title
from scripts.base.tables import ALL_MODELS
from scripts.figure import palette
from scripts.figure.figure import Absent, Figure, Panel, Table
from scripts.figure.style import (
    DOWN,
    MEAN,
    UP,
    Style,
    below,
    colour_bar,
    count,
    picked,
    rows_high,
    tooltips,
    unless_picked,
)
from scripts.switches.verdicts import SHARED

SWITCHES, SHARES, FAMILIES = "switches/switches.tsv", "switches/perturbation_shares.tsv", "switches/families.tsv"
MAX_TILES, MAX_SILENCED, MAX_FAMILIES = 25, 25, 8
KINDS = {
    "activity": ("activity|(sd)", "{:+.2f}"),
    "on_off": ("cells on|(change)", "{:+.2f}"),
    "signature_enrichment": ("enrichment|(log2)", "{:+.1f}"),
    "knockout": ("silenced|(share)", "{:+.0%}"),
}
"""Kind of evidence → head of its narrow column, broken at the bar, and form of its numbers."""
LONG = 60
"""Regulons beyond which ranks are drawn on a logarithmic scale."""
AP1 = (
    "FOS", "FOSB", "FOSL1", "FOSL2", "JUN", "JUNB", "JUND", "BATF", "BATF2", "BATF3", "ATF2", "ATF3", "ATF4", "ATF5",
    "ATF7", "JDP2", "MAF", "MAFA", "MAFB", "MAFF", "MAFG", "MAFK", "NRL",
)  # fmt: skip
"""Families of AP-1: FOS, JUN, ATF and MAF proteins that dimerise (Eferl & Wagner 2003, Nat Rev Cancer 3:859)."""
GROUPS = {f"{SHARED.name}, up": UP, f"{SHARED.name}, down": DOWN, "other verdicts": palette.ABSENT}
"""What colours a regulon where its verdict does."""


def one_of(style: Style) -> str:
    """Return what is ranked."""
    return "regulon" if style.cells else "factor"


def group(switches: pd.DataFrame) -> pd.Series:
    """Return what colours a regulon: shared switches by direction, all others in one colour."""
    named = SHARED.name + ", " + switches["direction"].astype(str)
    return named.where(switches["verdict"] == SHARED.name, "other verdicts")


def group_colour(present: pd.Series, columns: int = 4) -> alt.Color:
    """Return the colours of the groups that there are."""
    kept = {name: colour for name, colour in GROUPS.items() if name in set(present)}
    scale = alt.Scale(domain=list(kept), range=list(kept.values()))
    return alt.Color("group:N", scale=scale, legend=below(None, columns))


def first_of(number: int, total: int) -> str:
    """Return "the first 30 of " where not all are shown."""
    return f"the first {number} of " if total > number else ""


def tiles(evidence: pd.DataFrame, switches: pd.DataFrame) -> pd.DataFrame:
    """Return a row per regulon that ranks first and kind of evidence, with its value as said (a dash without any)."""
    shown = switches.head(MAX_TILES)
    table = evidence[evidence["regulon"].isin(shown["regulon"])]
    table = table.merge(shown[["regulon", "verdict"]], on="regulon", how="left")
    said = []
    for row in table.itertuples():
        text = KINDS[row.kind][1].format(row.value).replace("-", "−") if pd.notna(row.rank_above) else "–"
        said.append(text if re.search("[1-9–]", text) else text.lstrip("+−"))
    heads = {kind: head for kind, (head, _) in KINDS.items()}
    return table.assign(said=said, kind=table["kind"].map(heads))


def draw_evidence(switches: pd.DataFrame, evidence: pd.DataFrame, style: Style) -> Figure | None:
    """Return all kinds of evidence on the regulons that rank first, and their rank with its span.

    Parameters
    ----------
    switches
        switches/switches.tsv.
    evidence
        switches/evidence.tsv: value and rank by kind.
    """
    if switches["evidence_rank"].notna().sum() == 0:
        return None
    shown = switches.head(MAX_TILES)
    shown = shown.assign(group=group(shown))
    order, heads = list(shown["regulon"]), [head for head, _ in KINDS.values()]
    # The first of two lines stands where a single one would: room for the second.
    axis = alt.Axis(orient="top", labelAngle=0, labelExpr="split(datum.label, '|')", labelFontSize=9, labelPadding=15)
    base = alt.Chart(alt.NamedData("kinds")).encode(
        x=alt.X("kind:N", sort=heads, title=None, axis=axis),
        y=alt.Y("regulon:N", sort=order, title=None),
        tooltip=["regulon:N", "verdict:N", "kind:N", "said:N", *tooltips("switches/evidence.tsv", "rank_above")],
    )
    colour = alt.Color(
        "rank_above:Q",
        scale=alt.Scale(scheme=palette.SEQUENTIAL, domain=[0, 1], reverse=True),
        legend=colour_bar("others that rank above", length=140, format="%"),
    )
    filled = base.transform_filter("isValid(datum.rank_above)").mark_rect().encode(color=colour)
    ink = alt.condition("datum.rank_above > 0.55", alt.value("#FFFFFF"), alt.value("#1B1F24"))
    said = base.mark_text(fontSize=10).encode(text="said:N", color=ink)
    height = rows_high(len(order), 18)
    left = alt.layer(filled, said).properties(width="container", height=height)
    long = len(switches) > LONG
    title = "rank by all evidence" + (" (log scale)" if long else "")
    x = alt.X(
        "evidence_rank:Q",
        title=title,
        scale=alt.Scale(type="log" if long else "linear", domainMin=1, nice=False, padding=8),
        axis=alt.Axis(format="d", tickMinStep=1),
    )
    columns = ["evidence_rank", "rank_best", "rank_worst", "n_evidence", "evidence_missing"]
    ranks = alt.Chart(alt.NamedData("ranks")).encode(
        y=alt.Y("regulon:N", sort=order, title=None, axis=alt.Axis(grid=True)),
        color=group_colour(shown["group"], 3),
        tooltip=tooltips(SWITCHES, "regulon", "verdict", *columns),
    )
    layers = [ranks.mark_point(filled=True, size=60, opacity=1).encode(x=x)]
    if shown["rank_best"].notna().any():
        span = ranks.transform_filter("isValid(datum.rank_best)").mark_bar(height=6, opacity=0.45)
        layers.insert(0, span.encode(x=alt.X("rank_best:Q", title=title), x2="rank_worst:Q"))
    right = alt.layer(*layers).properties(width="container", height=height)
    return Figure(
        panels=(Panel(left, "kinds of evidence"), Panel(right, "rank, and its span with single models left out")),
        data={"kinds": tiles(evidence, switches), "ranks": shown[["regulon", "verdict", "group", *columns]]},
        n=f"{count(int(switches['n'].max()), 'model')}; {first_of(len(shown), len(switches))}"
        f"{count(len(switches), one_of(style))}.",
        columns=2,
        min_width=330,
    )


def silenced(switches: pd.DataFrame, shares: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return what silencing does, by factor and by factor and model; empty where no factor was silenced.

    Factors: those that take back most or least of the signature's change, from most to least.
    """
    table = switches[switches["perturbation_share"].notna()].drop_duplicates("tf")
    strongest = table["perturbation_share"].abs().sort_values(ascending=False, kind="stable").index[:MAX_SILENCED]
    table = table.loc[strongest].sort_values("perturbation_share", ascending=False, kind="stable")
    shares = shares.rename(columns={"level": "perturbation_level"})
    keys = ["tf", "perturbation_level"]
    table["factor"] = table["tf"] + " → " + table["perturbation_level"].replace("zero", "0")
    models = shares[(shares["model"] != ALL_MODELS) & shares["share"].notna()]
    models = models.merge(table[[*keys, "factor"]], on=keys)
    columns = ["factor", "tf", "verdict", *[c for c in table if c.startswith("perturbation_")]]
    named = ["factor", "tf", "model", "out_degree", "programme_shift", "change", "share", "targets_change"]
    return table[columns], models[named].rename(columns={"out_degree": "targets"})


def draw_silenced(switches: pd.DataFrame, shares: pd.DataFrame, style: Style) -> Figure | Absent:
    """Return the share of the signature's change that silencing takes back by model.

    Parameters
    ----------
    switches
        switches/switches.tsv; its second panel shows the persisters classed as such before and after.
    shares
        switches/perturbation_shares.tsv.
    """
    # Where no factor was silenced, the columns of both tables are empty and have no type to join by.
    if not switches["perturbation_share"].notna().any():
        return Absent("none_silenced")
    factors, models = silenced(switches, shares)
    y = alt.Y("factor:N", sort=list(factors["factor"]), title=None, axis=alt.Axis(grid=True))
    title, percent = axis_title(SHARES, "share"), alt.Axis(format="%")
    columns = [c for c in factors if c not in ("factor", "tf")]
    tips = ["factor:N", *tooltips(SWITCHES, *columns)]
    base = alt.Chart(alt.NamedData("factors")).encode(y=y, tooltip=tips)
    layers = [alt.Chart(alt.NamedData("factors")).mark_rule(color="#888888").encode(x=alt.datum(0))]
    dots = (
        alt.Chart(alt.NamedData("models"))
        .mark_point(filled=True, size=40)
        .encode(
            x=alt.X("share:Q", title=title, axis=percent),
            y=y,
            yOffset=alt.YOffset("model:N", sort=list(style.models)),
            color=style.colour("model", models["model"]),
            opacity=unless_picked(),
            tooltip=[
                "factor:N",
                "model:N",
                *tooltips(SHARES, "share", "change", "targets_change"),
                alt.Tooltip("targets:Q"),
            ],
        )
    )
    height = rows_high(len(factors), 20)
    layers += [base.mark_tick(thickness=2, height=14, color=MEAN).encode(x="perturbation_share:Q"), dots]
    left = alt.layer(*layers).add_params(picked()).properties(width="container", height=height)
    classed = f"{'cells' if style.cells else 'profiles'} classed as persisters"
    after = alt.X("perturbation_classed_after:Q", title=classed, axis=percent, scale=alt.Scale(zero=False))
    before = alt.X("perturbation_classed_before:Q", title=classed)
    ring = {"size": 42, "color": "#555555", "opacity": 1}
    ends = alt.layer(
        base.mark_rule(color="#888888").encode(x=before, x2="perturbation_classed_after:Q"),
        base.mark_point(fill="white", **ring).encode(x="perturbation_classed_before:Q"),
        base.mark_point(filled=True, **ring).encode(x=after),
    ).properties(width="container", height=height)
    total = int(switches["perturbation_share"].notna().sum())
    some = f"the strongest {len(factors)} of " if total > len(factors) else ""
    return Figure(
        panels=(
            Panel(left, "the part of the signature's change that reverts"),
            Panel(ends, "persisters before (open) and after (filled)"),
        ),
        data={"factors": factors, "models": models},
        n=f"{count(models['model'].nunique(), 'model')}; {some}{count(total, 'factor')}.",
        columns=2,
        min_width=330,
    )


def family_rows(families: pd.DataFrame, switches: pd.DataFrame, *, members: bool) -> pd.DataFrame:
    """Return a row per family and, below it, per member with a regulon, with the standardised change.

    The best families are shown, AP-1 always among them. Without ``members`` families alone, for want of a common unit.
    """
    shown = families.head(MAX_FAMILIES)
    if "AP-1" in set(families["family"]) - set(shown["family"]):
        shown = pd.concat([shown.head(MAX_FAMILIES - 1), families[families["family"] == "AP-1"]])
    own, rows = switches.drop_duplicates("tf").set_index("tf"), []
    columns = ["activity_change_sd", "activity_change_sd_low", "activity_change_sd_high", "n", "k", "targets"]
    for family in shown.to_dict("records"):
        name = (
            f"{family['family']} ({family['targets']:.0f} targets)" if pd.notna(family["targets"]) else family["family"]
        )
        common = {"family": family["family"], "shared_targets": family["shared_targets"]}
        rows.append({**common, "row": name, "kind": "whole family", **{c: family[c] for c in columns}})
        names = [tf for tf in str(family["members"]).split(",") if members and tf in own.index]
        for tf in sorted(names, key=lambda tf: -own.at[tf, "activity_change_sd"]):
            values = {c: own.at[tf, c] for c in columns}
            rows.append({"family": family["family"], "row": f"· {tf}", "kind": "member's own regulon", **values})
    return pd.DataFrame(rows)


def draw_families(families: pd.DataFrame, switches: pd.DataFrame, style: Style) -> Figure | Absent:
    """Return the change of each family's combined regulon, and of its members' own (switches/families.tsv)."""
    if families.empty:
        return Absent("no_family")
    table = family_rows(families, switches, members=style.cells)
    order, title = list(table["row"]), axis_title(FAMILIES, "activity_change_sd")
    numbers = ["activity_change_sd", "activity_change_sd_low", "activity_change_sd_high", "n", "k", "targets"]
    base = alt.Chart(alt.NamedData("families")).encode(
        y=alt.Y("row:N", sort=order, title=None, axis=alt.Axis(grid=True)),
        tooltip=["family:N", "row:N", "kind:N", *tooltips(FAMILIES, *numbers, "shared_targets")],
    )
    kinds = ["whole family", "member's own regulon"][: 2 if style.cells else 1]
    shapes = alt.Scale(domain=kinds, range=["diamond", "circle"][: len(kinds)])
    layers = [alt.Chart(alt.NamedData("families")).mark_rule(color="#888888").encode(x=alt.datum(0))]
    if table["activity_change_sd_low"].notna().any():
        band = base.transform_filter("isValid(datum.activity_change_sd_low)").mark_bar(height=5, opacity=0.4)
        colour = alt.condition("datum.activity_change_sd > 0", alt.value(UP), alt.value(DOWN))
        low = alt.X("activity_change_sd_low:Q", title=title)
        layers.append(band.encode(x=low, x2="activity_change_sd_high:Q", color=colour))
    dots = base.mark_point(filled=True, opacity=1, color=MEAN).encode(
        x=alt.X("activity_change_sd:Q", title=title),
        shape=alt.Shape("kind:N", scale=shapes, legend=below(None)),
        size=alt.condition("datum.kind === 'whole family'", alt.value(110), alt.value(45)),
    )
    chart = alt.layer(*layers, dots).properties(width="container", height=rows_high(len(order), 20))
    shown, whole = table["family"].nunique(), len(families)
    some = f"{shown} of " if shown < whole else ""
    return Figure(
        panels=(Panel(chart),),
        data={"families": table},
        n=f"{count(int(families['n'].max()), 'model')}; {some}{count(whole, 'family')} of two members or more.",
    )


def list_ap1(switches: pd.DataFrame, style: Style) -> Table | None:
    """Return the rows of the members of AP-1 that are ranked."""
    members = switches[switches["tf"].isin(AP1)]
    return Table(members, SWITCHES) if len(members) else None

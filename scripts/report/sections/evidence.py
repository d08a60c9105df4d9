"""Evidence on switches: all kinds side by side with the rank, factors silenced in a model, families of factors."""

import re

import altair as alt
import numpy as np
import pandas as pd

from scripts.base.tables import ALL_MODELS
from scripts.figure import palette
from scripts.report.charts import DOWN, MEAN, UP, below, colour_bar, colour_scale, picked, rows_high, unless_picked
from scripts.report.page import Figure, Panel, Table
from scripts.report.source import Source, count
from scripts.report.words import sentence, words
from scripts.switches.evidence.plot_evidence import TILES, tile_ranks
from scripts.switches.verdicts import SHARED

MAX_TILES, MAX_SILENCED, MAX_FAMILIES, AP1 = 25, 25, 8, "AP-1"
HEADS = dict(
    zip(
        TILES,
        ("activity|(sd)", "cells on|(change)", "reach|(log2)", "relapse|position", "knock-out|(share)"),
        strict=True,
    )
)
"""Kinds of evidence as heads of narrow columns, broken at the bar."""
LONG = 60
"""Regulons beyond which ranks are drawn on a logarithmic scale."""
VERDICTS = {"shared switch, up": UP, "shared switch, down": DOWN, "other verdicts": palette.ABSENT}
"""What colours a regulon where its verdict does."""


def verdict_scale(present: pd.Series) -> alt.Scale:
    """Return the colours of the verdicts that there are."""
    kept = {name: colour for name, colour in VERDICTS.items() if name in set(present)}
    return alt.Scale(domain=list(kept), range=list(kept.values()))


def verdicts(table: pd.DataFrame) -> pd.Series:
    """Return what colours a regulon: shared switches by direction, others alike."""
    return pd.Series(
        np.where(table["verdict"] == SHARED.name, "shared switch, " + table["direction"].astype(str), "other verdicts"),
        index=table.index,
    )


def tiles(table: pd.DataFrame) -> pd.DataFrame:
    """Return a row per regulon and kind of evidence: value, as said, and how many of all regulons rank above it (0 to
    1; missing without evidence).
    """
    ranks, rows = tile_ranks(table).head(MAX_TILES), []
    for regulon, verdict, place in zip(table["regulon"], table["verdict"], ranks.index, strict=False):
        for name, (column, form, _) in TILES.items():
            value, known = float(table.at[place, column]), np.isfinite(ranks.at[place, name])
            said = form.format(value).replace("-", "−") if known else "–"
            said = said if re.search("[1-9–]", said) else said.lstrip("+−")
            rows.append((regulon, verdict, HEADS[name], value, said, ranks.at[place, name]))
    return pd.DataFrame(rows, columns=["regulon", "verdict", "kind", "value", "said", "above"])


def draw_evidence(source: Source) -> Figure | None:
    """Return all kinds of evidence on the regulons that rank first, and their rank with its span."""
    table = source.table("switches/switches.tsv").reset_index(drop=True)
    if table.empty or table["evidence_rank"].notna().sum() == 0:
        return None
    shown = table.head(MAX_TILES).assign(group=lambda t: verdicts(t))
    order, kinds = list(shown["regulon"]), list(HEADS.values())
    y = alt.Y("regulon:N", sort=order, title=None)
    base = alt.Chart(alt.NamedData("kinds")).encode(
        x=alt.X(
            "kind:N",
            sort=kinds,
            title=None,
            # The first of two lines stands where a single one would: room for the second.
            axis=alt.Axis(
                orient="top", labelAngle=0, labelExpr="split(datum.label, '|')", labelFontSize=9, labelPadding=15
            ),
        ),
        y=y,
        tooltip=[
            "regulon:N",
            "verdict:N",
            "kind:N",
            "said:N",
            alt.Tooltip("above:Q", title="rank above", format=".0%"),
        ],
    )
    colour = alt.Color(
        "above:Q",
        scale=alt.Scale(scheme=palette.SEQUENTIAL, domain=[0, 1], reverse=True),
        legend=colour_bar("others that rank above", length=140, format="%"),
    )
    filled = base.transform_filter("isValid(datum.above)").mark_rect().encode(color=colour)
    ink = alt.condition("datum.above > 0.55", alt.value("#FFFFFF"), alt.value("#1B1F24"))
    said = base.mark_text(fontSize=10).encode(text="said:N", color=ink)
    height = rows_high(len(order), 18)
    left = alt.layer(filled, said).properties(width="container", height=height)
    long = len(table) > LONG
    title = "rank by all evidence" + (" (log scale)" if long else "")
    x = alt.X(
        "evidence_rank:Q",
        title=title,
        scale=alt.Scale(type="log" if long else "linear", domainMin=1, nice=False, padding=8),
        axis=alt.Axis(format="d", tickMinStep=1),
    )
    ranks = alt.Chart(alt.NamedData("ranks")).encode(
        y=alt.Y("regulon:N", sort=order, title=None, axis=alt.Axis(grid=True)),
        color=alt.Color("group:N", scale=verdict_scale(shown["group"]), legend=below(None, 3)),
        tooltip=[
            "regulon:N",
            "verdict:N",
            "evidence_rank:Q",
            "rank_best:Q",
            "rank_worst:Q",
            "n_evidence:Q",
            "evidence_missing:N",
        ],
    )
    layers = [ranks.mark_point(filled=True, size=60, opacity=1).encode(x=x)]
    if shown["rank_best"].notna().any():
        span = ranks.transform_filter("isValid(datum.rank_best)").mark_bar(height=6, opacity=0.45)
        layers.insert(0, span.encode(x=alt.X("rank_best:Q", title=title), x2="rank_worst:Q"))
    right = alt.layer(*layers).properties(width="container", height=height)
    columns = [
        "regulon",
        "verdict",
        "group",
        "evidence_rank",
        "rank_best",
        "rank_worst",
        "rank_product",
        "n_evidence",
        "evidence_missing",
    ]
    some = f"the first {len(shown)} of " if len(table) > len(shown) else ""
    return Figure(
        **words("evidence"),
        n=f"{count(int(table['n'].max()), 'model')}; {some}{count(len(table), source.one)}.",
        panels=(Panel(left, "kinds of evidence"), Panel(right, "rank, and its span with single models left out")),
        data={"kinds": tiles(table), "ranks": shown[columns]},
        columns=2,
        min_width=330,
    )


def random_shares(source: Source, changes: pd.DataFrame, levels: pd.Series) -> pd.DataFrame:
    """Return, by factor, the 5th, 50th and 95th percentile of the share of the programme that goes back in random
    networks, in which it has as many targets; the models joined as the observed share is.

    ``changes``: knockout.tsv of single models; ``levels``: what each factor is set to.
    """
    nulls = {model: source.table(f"switches/perturbation/{model}.null.parquet") for model in changes["model"].unique()}
    rows = {}
    for tf, own in changes.groupby("tf"):
        column = f"{tf}:{levels[tf]}"
        known = [row for row in own.itertuples() if nulls[row.model] is not None and column in nulls[row.model]]
        shift = sum(row.programme_shift for row in known)
        if known and shift > 0:
            share = -sum(nulls[row.model][column].to_numpy(dtype=float) for row in known) / shift
            rows[tf] = np.quantile(share, [0.05, 0.5, 0.95])
    return pd.DataFrame.from_dict(rows, orient="index", columns=["random_low", "random_middle", "random_high"])


def knockouts(source: Source) -> tuple[pd.DataFrame, pd.DataFrame] | None:
    """Return what silencing does, by factor and by factor and model; None where no factor was silenced.

    Factors: those that take back most or least of the signature's change, in that order.
    """
    table = source.table("switches/switches.tsv")
    table = table[table["perturbation_share"].notna()].drop_duplicates("tf")
    if table.empty:
        return None
    table = table.loc[table["perturbation_share"].abs().sort_values(ascending=False, kind="stable").index].head(
        MAX_SILENCED
    )
    table = table.sort_values("perturbation_share", ascending=False, kind="stable")
    changes = source.table("switches/perturbation.tsv")
    if changes is None:
        return None
    changes = changes[(changes["model"] != ALL_MODELS) & changes["tf"].isin(table["tf"])]
    levels = table.set_index("tf")["perturbation_level"]
    zero = changes["tf"].map(levels) == "zero"
    changes = changes.assign(
        change=changes["zero_change"].where(zero, changes["untreated_change"]),
        p=changes["p_zero"].where(zero, changes["p_untreated"]),
        set_to=changes["tf"].map(levels),
    )
    shift = changes["programme_shift"].where(changes["programme_shift"] > 0)
    changes = changes.assign(share=-changes["change"] / shift)
    table = table.merge(random_shares(source, changes, levels), left_on="tf", right_index=True, how="left")
    named = dict(zip(table["tf"], table["tf"] + " → " + table["perturbation_level"].replace("zero", "0"), strict=True))
    factors = table.assign(factor=table["tf"].map(named))[
        [
            "factor",
            "tf",
            "verdict",
            "perturbation_level",
            "perturbation_share",
            "perturbation_change",
            "perturbation_ci_low",
            "perturbation_ci_high",
            "perturbation_k",
            "perturbation_n",
            "perturbation_p",
            "random_low",
            "random_middle",
            "random_high",
            "perturbation_classed_before",
            "perturbation_classed_after",
        ]
    ]
    models = changes.assign(factor=changes["tf"].map(named))[
        ["factor", "tf", "model", "set_to", "out_degree", "programme_shift", "change", "share", "p"]
    ]
    return factors, models.dropna(subset=["share"])


def draw_knockout(source: Source) -> Figure | None:
    """Return the share of the programme that silencing takes back by model, against random networks; and persisters
    classed as such before and after.
    """
    found = knockouts(source)
    if found is None:
        return None
    factors, models = found
    order = list(factors["factor"])
    y = alt.Y("factor:N", sort=order, title=None, axis=alt.Axis(grid=True))
    title = "share that goes back"
    percent = alt.Axis(format="%")
    base = alt.Chart(alt.NamedData("factors")).encode(
        y=y,
        tooltip=[
            "factor:N",
            alt.Tooltip("perturbation_share:Q", title="goes back", format=".1%"),
            alt.Tooltip("random_low:Q", title="random networks, 5th percentile", format=".1%"),
            alt.Tooltip("random_high:Q", title="95th percentile", format=".1%"),
            alt.Tooltip("perturbation_p:Q", title="p", format=".2g"),
            alt.Tooltip("perturbation_change:Q", title="change of the score", format=".3f"),
            alt.Tooltip("perturbation_k:Q", title="models towards untreated"),
            alt.Tooltip("perturbation_n:Q", title="of"),
        ],
    )
    zero = alt.Chart(alt.NamedData("factors")).mark_rule(color="#888888").encode(x=alt.datum(0))
    layers = [zero]
    if factors["random_low"].notna().any():
        band = base.transform_filter("isValid(datum.random_low)").mark_bar(height=10, color="#D0D0D0")
        layers.append(band.encode(x=alt.X("random_low:Q", title=title, axis=percent), x2="random_high:Q"))
    dots = (
        alt.Chart(alt.NamedData("models"))
        .mark_point(filled=True, size=40)
        .encode(
            x=alt.X("share:Q", title=title, axis=percent),
            y=y,
            yOffset=alt.YOffset("model:N", sort=source.models),
            color=alt.Color("model:N", scale=colour_scale("model", source.models, models["model"]), legend=below(None)),
            opacity=unless_picked(),
            tooltip=[
                "factor:N",
                "model:N",
                alt.Tooltip("share:Q", title="goes back", format=".1%"),
                alt.Tooltip("change:Q", title="change of the score", format=".3f"),
                alt.Tooltip("out_degree:Q", title="targets"),
                alt.Tooltip("p:Q", format=".2g"),
            ],
        )
    )
    height = rows_high(len(order), 20)
    layers += [base.mark_tick(thickness=2, height=14, color=MEAN).encode(x="perturbation_share:Q"), dots]
    left = alt.layer(*layers).add_params(picked()).properties(width="container", height=height)
    classed = f"{source.kind} classed as persisters"
    after = alt.X("perturbation_classed_after:Q", title=classed, axis=percent, scale=alt.Scale(zero=False))
    way = base.mark_rule(color="#888888").encode(
        x=alt.X("perturbation_classed_before:Q", title=classed), x2="perturbation_classed_after:Q"
    )
    ends = alt.layer(
        way,
        base.mark_point(size=42, color="#555555", fill="white", opacity=1).encode(x="perturbation_classed_before:Q"),
        base.mark_point(size=42, color="#555555", filled=True, opacity=1).encode(x=after),
    ).properties(width="container", height=height)
    all_factors = int(source.table("switches/switches.tsv")["perturbation_share"].notna().sum())
    some = f"the strongest {len(order)} of " if all_factors > len(order) else ""
    return Figure(
        **words(
            "knockout",
            material=source.kind,
            silenced=sentence(f"silenced_in_{source.kind}", persister=source.config["contrast"]["persister"]),
            random=source.config["switches"]["perturbation"]["networks"],
        ),
        n=f"{count(models['model'].nunique(), 'model')}; {some}{count(all_factors, 'factor')}.",
        panels=(
            Panel(left, "the signature's change: what goes back"),
            Panel(ends, "persisters before (open) and after (filled)"),
        ),
        data={"factors": factors, "models": models},
        columns=2,
        min_width=330,
    )


def family_rows(families: pd.DataFrame, switches: pd.DataFrame, *, members: bool) -> pd.DataFrame:
    """Return a row per family and, below it, per member with a regulon: row, kind and the standardised change.

    The best families are shown, AP-1 always among them. Without ``members`` families alone, for want of a common unit.
    """
    shown = families.head(MAX_FAMILIES)
    if AP1 in set(families["family"]) - set(shown["family"]):
        shown = pd.concat([shown.head(MAX_FAMILIES - 1), families[families["family"] == AP1]])
    own, rows = switches.drop_duplicates("tf").set_index("tf"), []
    columns = ["activity_change_sd", "activity_change_sd_low", "activity_change_sd_high", "n", "k"]
    for family in shown.to_dict("records"):
        head = {
            "family": family["family"],
            "row": family["family"],
            "kind": "whole family",
            **{c: family[c] for c in columns},
        }
        rows.append({**head, "targets": family["targets"], "shared_targets": family["shared_targets"]})
        names = [tf for tf in str(family["members"]).split(",") if members and tf in own.index]
        for tf in sorted(names, key=lambda tf: -own.at[tf, "activity_change_sd"]):
            one = {c: own.at[tf, c] for c in columns}
            rows.append(
                {
                    "family": family["family"],
                    "row": f"· {tf}",
                    "kind": "member's own regulon",
                    **one,
                    "targets": own.at[tf, "targets"],
                }
            )
    return pd.DataFrame(rows)


def draw_families(source: Source) -> Figure | None:
    """Return the change of each family's combined regulon, and of its members' own."""
    families = source.table("switches/families.tsv")
    if families is None or families.empty:
        return None
    whole = len(source.libraries) > 0
    table = family_rows(families, source.table("switches/switches.tsv"), members=whole)
    order = list(table["row"])
    title = "difference in activity (sd)"
    base = alt.Chart(alt.NamedData("families")).encode(
        y=alt.Y("row:N", sort=order, title=None, axis=alt.Axis(grid=True)),
        tooltip=[
            "family:N",
            "row:N",
            "kind:N",
            alt.Tooltip("activity_change_sd:Q", format=".2f"),
            alt.Tooltip("activity_change_sd_low:Q", title="95 % from", format=".2f"),
            alt.Tooltip("activity_change_sd_high:Q", title="to", format=".2f"),
            "n:Q",
            "k:Q",
            "targets:Q",
            alt.Tooltip("shared_targets:Q", title="of two members or more"),
        ],
    )
    kinds = ["whole family", "member's own regulon"][: 2 if whole else 1]
    shapes = alt.Scale(domain=kinds, range=["diamond", "circle"][: len(kinds)])
    layers = [alt.Chart(alt.NamedData("families")).mark_rule(color="#888888").encode(x=alt.datum(0))]
    if table["activity_change_sd_low"].notna().any():
        band = base.transform_filter("isValid(datum.activity_change_sd_low)").mark_bar(height=5, opacity=0.4)
        colour = alt.condition("datum.activity_change_sd > 0", alt.value(UP), alt.value(DOWN))
        layers.append(
            band.encode(x=alt.X("activity_change_sd_low:Q", title=title), x2="activity_change_sd_high:Q", color=colour)
        )
    dots = base.mark_point(filled=True, opacity=1, color=MEAN).encode(
        x=alt.X("activity_change_sd:Q", title=title),
        shape=alt.Shape("kind:N", scale=shapes, legend=below(None)),
        size=alt.condition("datum.kind === 'whole family'", alt.value(110), alt.value(45)),
    )
    chart = alt.layer(*layers, dots).properties(width="container", height=rows_high(len(order), 20))
    shown = table["family"].nunique()
    some = f"{shown} of " if shown < len(families) else ""
    return Figure(
        **words("families", members=sentence("families_members" if whole else "families_alone")),
        n=f"{count(int(families['n'].max()), 'model')}; {some}{len(families)} "
        f"{'family' if len(families) == 1 else 'families'} of two members or more.",
        panels=(Panel(chart),),
        data={"families": table},
    )


def family_table(source: Source) -> Table | None:
    """Return the families with all their numbers."""
    frame = source.table("switches/families.tsv")
    if frame is None or frame.empty:
        return None
    shown = (
        "family",
        "members",
        "targets",
        "shared_targets",
        "overlap",
        "n",
        "k",
        "activity_change_sd",
        "activity_change_sd_low",
        "activity_change_sd_high",
        "fdr_t",
        "member_effects",
        "note",
    )
    path = "switches/families.tsv"
    return Table(**words("family_table"), frame=frame, source=path, shown=shown, meaning=source.meanings(path))

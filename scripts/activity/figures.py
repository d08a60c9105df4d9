"""Figures of activity: arms, factors of a network, their agreement with regulons, position of relapse."""

from functools import partial

import altair as alt
import numpy as np
import pandas as pd

from scripts.activity.terms import AGREE, NEITHER, ONE, OPPOSITE
from scripts.activity.timepoint_figures import TABLE, draw_timepoints
from scripts.activity.verdicts import RULES, VERDICTS
from scripts.base import job
from scripts.base.columns import axis_title
from scripts.base.tables import ALL_ARMS
from scripts.figure import draw, palette
from scripts.figure.figure import Absent, Figure, Panel, Table, Text
from scripts.figure.labels import place_names
from scripts.figure.style import DOWN, MEAN, UP, Style, below, count, rows_high, tooltips
from scripts.figure.verdicts import list_rules

EFFECTS, FACTORS, NETWORKS, RELAPSE = (
    f"activity/{name}.tsv" for name in ("effects", "tf_activity", "network_comparison", "reversibility")
)
MAX_FACTORS, MAX_RETURNING = 30, 20
"""Factors drawn by their change, and features drawn by their position of relapse."""
KINDS = dict(zip(("gene", "factor", "regulon"), palette.BRIGHT, strict=False))
"""Kind of feature that may return → its colour."""
AGREEMENT = {AGREE: "#004488", OPPOSITE: "#BB5566", ONE: "#DDAA33", NEITHER: palette.ABSENT}
"""Verdict on a factor that both know → colour (Paul Tol's high-contrast set)."""
SHAPES = dict(zip(AGREEMENT, ("circle", "cross", "triangle-up", "square"), strict=True))
PLACES = {"above": -9, "below": 13}
"""Where a name stands relative to its point (pixels)."""


def draw_arms(effects: pd.DataFrame, style: Style) -> Figure | None:
    """Return each regulon's or factor's effect in one arm against its effect over all arms, one panel per arm.

    ``effects``: activity/effects.tsv.
    """
    effects = effects[effects["contrast"] == style.comparison]
    whole = effects[effects["arm"] == ALL_ARMS].set_index("regulon")["activity_change_sd"]
    table = effects[effects["arm"].isin(style.arms)].dropna(subset=["activity_change_sd"])
    arms = style.in_order("arm", table["arm"])
    if not arms:
        return None
    table = table.assign(all_arms=table["regulon"].map(whole))
    kept = ["arm", "regulon", "n", "k", "activity_change_sd", "activity_change_sd_low", "activity_change_sd_high"]
    ends = table[["activity_change_sd", "all_arms"]]
    title = axis_title(EFFECTS, "activity_change_sd")
    base = alt.Chart(alt.NamedData("arms")).encode(
        x=alt.X("all_arms:Q", title="over all arms (sd)"),
        y=alt.Y("activity_change_sd:Q", title="in this arm (sd)"),
        color=style.colour("arm", arms, legend=None),
        tooltip=[
            *tooltips(EFFECTS, "regulon", "arm", "n", "activity_change_sd"),
            alt.Tooltip("all_arms:Q", title=f"{title}, all arms", format=".2f"),
        ],
    )
    # An arm with one model has no interval: its bar has no length.
    value, low, high = (f"datum.activity_change_sd{end}" for end in ("", "_low", "_high"))
    interval = base.transform_calculate(
        low=f"isValid({low}) ? {low} : {value}", high=f"isValid({high}) ? {high} : {value}"
    )
    chart = alt.layer(
        alt.Chart(alt.NamedData("diagonal")).mark_line(color="#BBBBBB").encode(x="end:Q", y="end:Q"),
        interval.mark_rule(opacity=0.4).encode(y="low:Q", y2="high:Q"),
        base.mark_circle(size=40, opacity=0.9),
    ).properties(width="container", height=230)
    numbers = {arm: count(int(n), "model") for arm, n in table.groupby("arm")["n"].max().items()}
    one = "regulon" if style.cells else "factor"
    return Figure.by(
        "arm",
        chart,
        {
            "arms": table[[*kept, "all_arms"]],
            "diagonal": pd.DataFrame({"end": [float(np.nanmin(ends)), float(np.nanmax(ends))]}),
        },
        values=arms,
        titles={arm: f"{arm} ({numbers[arm]})" for arm in arms},
        n=", ".join(f"{arm}: {numbers[arm]}" for arm in arms) + f"; {count(table['regulon'].nunique(), one)}.",
        columns=3,
    )


def draw_factors(factors: pd.DataFrame, style: Style) -> Figure | None:
    """Return the change of the network's factors: activity by their targets, and their own mRNA.

    ``factors``: activity/tf_activity.tsv.
    """
    table = style.main_rows(factors).dropna(subset=["effect"])
    if table.empty:
        return None
    order = table["effect"].abs().sort_values(ascending=False, kind="stable").index
    shown = table.loc[order].head(MAX_FACTORS).sort_values("effect", ascending=False, kind="stable")
    tips = tooltips(
        FACTORS, "tf", "n_targets", "effect", "ci_low", "ci_high", "fdr", "score", "mrna_log_fc", "mrna_ci_low",
        "mrna_ci_high", "models_agreeing", "n_models",
    )  # fmt: skip
    panels = []
    for value, low, high, head in (
        ("effect", "ci_low", "ci_high", "activity by its targets"),
        ("mrna_log_fc", "mrna_ci_low", "mrna_ci_high", "its own mRNA"),
    ):
        if shown[value].isna().all():
            continue
        title = axis_title(FACTORS, value)
        base = alt.Chart(alt.NamedData("factors")).encode(
            y=alt.Y("tf:N", scale=alt.Scale(domain=list(shown["tf"])), title=None, axis=alt.Axis(grid=True)),
            color=alt.condition(f"datum.{value} > 0", alt.value(UP), alt.value(DOWN)),
            tooltip=tips,
        )
        x = alt.X(f"{value}:Q", title=title)
        layers = [
            alt.Chart(alt.NamedData("factors")).mark_rule(color="#888888").encode(x=alt.datum(0)),
            base.transform_filter(f"isValid(datum.{value})").mark_point(filled=True, size=60, opacity=1).encode(x=x),
        ]
        # A layer without rows would leave the scale without an extent.
        if shown[low].notna().any():
            bars = base.transform_filter(f"isValid(datum.{low})").mark_bar(height=5, opacity=0.35)
            layers.insert(1, bars.encode(x=alt.X(f"{low}:Q", title=title), x2=f"{high}:Q"))
        chart = alt.layer(*layers)
        panels.append(Panel(chart.properties(width="container", height=rows_high(len(shown), 16)), head))
    some = f"the {len(shown)} largest changes of " if len(shown) < len(table) else ""
    return Figure(
        panels=tuple(panels),
        data={"factors": shown},
        n=f"{count(int(table['n_models'].max()), 'model')}; {some}{count(len(table), 'factor')}.",
        columns=2,
        min_width=300,
    )


def draw_networks(table: pd.DataFrame, style: Style) -> Figure | Absent:
    """Return the change of each factor's regulon against the change by the network's targets.

    ``table``: activity/network_comparison.tsv.
    """
    both = table[table["agreement"].isin(AGREEMENT) & table["regulon_effect"].notna() & table["model_effect"].notna()]
    if both.empty:
        return Absent("none_in_common" if style.cells else "no_regulons")
    effects = both[["regulon_effect", "model_effect"]].abs()
    # The largest changes are named first; factors without a change by either method are not named.
    weight = (effects / effects.max().replace(0, 1.0)).sum(axis=1).where(both["agreement"] != NEITHER)
    both = place_names(both, "tf", "regulon_effect", "model_effect", weight, PLACES)
    present = [name for name in AGREEMENT if name in set(both["agreement"])]
    base = alt.Chart(alt.NamedData("networks")).encode(
        x=alt.X("regulon_effect:Q", title=axis_title(NETWORKS, "regulon_effect"), scale=alt.Scale(padding=30)),
        y=alt.Y("model_effect:Q", title=f"network, {axis_title(NETWORKS, 'model_effect')}"),
        tooltip=tooltips(
            NETWORKS, "tf", "agreement", "regulon_effect", "regulon_fdr", "model_effect", "model_fdr",
            "shared_targets", "regulon_targets", "network_targets",
        ),
    )  # fmt: skip
    zero = alt.Chart(alt.NamedData("networks")).mark_rule(color="#888888", strokeWidth=0.7)
    scales = [alt.Scale(domain=present, range=[of[name] for name in present]) for of in (AGREEMENT, SHAPES)]
    dots = base.mark_point(filled=True, size=60, opacity=0.95).encode(
        color=alt.Color("agreement:N", scale=scales[0], legend=below(None)),
        shape=alt.Shape("agreement:N", scale=scales[1], legend=below(None)),
    )
    named = [base.mark_text(dy=dy, fontSize=10, color=MEAN).encode(text=f"{place}:N") for place, dy in PLACES.items()]
    chart = alt.layer(zero.encode(x=alt.datum(0)), zero.encode(y=alt.datum(0)), dots, *named)
    counts = both["agreement"].value_counts()
    return Figure(
        panels=(Panel(chart.properties(width="container", height=360)),),
        data={"networks": both},
        n=f"{count(len(both), 'factor')} with regulon and network "
        f"({'; '.join(f'{counts[name]} {name}' for name in present)}) of {len(table)}; "
        f"{count(int(both['regulon_n'].max()), 'model')} with libraries, {int(both['n_models'].max())} with profiles.",
    )


def tabulate_networks(table: pd.DataFrame, style: Style) -> Table | None:
    """Return all factors of activity/network_comparison.tsv; None if none of them has a regulon."""
    return Table(table, NETWORKS) if (table["regulon"] != "").any() else None


def choose_returning(table: pd.DataFrame) -> pd.DataFrame:
    """Return the signatures and the features with the largest change of each kind; each kind has its own unit.

    Genes are chosen only where there is neither a factor nor a regulon.
    """
    named = table[table["kind"].isin(["factor", "regulon"])]
    named = named if len(named) else table[table["kind"] == "gene"]
    strength = named["shift"].abs().groupby(named["kind"]).rank(ascending=False, method="first")
    named = named.loc[strength.sort_values(kind="stable").index].head(MAX_RETURNING)
    return pd.concat([table[table["kind"] == "signature"], named.sort_values(["kind", "feature"], kind="stable")])


def draw_reversibility(table: pd.DataFrame, bins: pd.DataFrame, style: Style) -> Figure | Absent:
    """Return the position of relapse between untreated and persister, of all features and of the largest changes.

    Parameters
    ----------
    table
        activity/reversibility.tsv.
    bins
        activity/reversibility_bins.tsv: features of each kind by position.
    """
    if not style.contrast["relapse"]:
        return Absent("no_relapse")
    if table.empty:
        return Absent("none_placed")
    totals = bins.groupby("kind", sort=False)["features"].sum()
    names = {kind: f"{kind}s ({int(totals[kind]):,})" for kind in KINDS if kind in totals}
    ends = [float(bins["left"].min()), float(bins["right"].max())] if len(bins) else [-1.0, 2.0]
    bins = bins.assign(middle=(bins["left"] + bins["right"]) / 2, shown=bins["kind"].map(names))
    rows = choose_returning(table)
    clipped = {"low": "ci_low", "high": "ci_high", "place": "position"}
    rows = rows.assign(**{new: rows[old].clip(*ends) for new, old in clipped.items()})
    roles = style.contrast
    title, domain = f"position of {roles['relapse']}", alt.Scale(domain=ends)
    marks = alt.Chart(alt.NamedData("marks")).encode(x="at:Q")
    rule = marks.mark_rule(strokeDash=[4, 3], color="#666666")
    label = marks.mark_text(dy=-6, fontSize=11, color="#444444", baseline="bottom")
    panels = []
    if names:
        curves = (
            alt.Chart(alt.NamedData("bins"))
            .mark_line(interpolate="step", strokeWidth=1.6)
            .encode(
                x=alt.X("middle:Q", title=title, scale=domain),
                y=alt.Y("share:Q", title="share of the features that change", axis=alt.Axis(format="%")),
                color=alt.Color(
                    "shown:N",
                    scale=alt.Scale(domain=list(names.values()), range=[KINDS[kind] for kind in names]),
                    legend=below(None, 3),
                ),
                tooltip=[
                    alt.Tooltip("shown:N", title="kind"),
                    *(alt.Tooltip(f"{name}:Q", title=f"position, {name}", format=".1f") for name in ("left", "right")),
                    "features:Q",
                ],
            )
        )
        layers = alt.layer(rule, label.encode(y=alt.value(0), text="name:N"), curves)
        panels.append(Panel(layers.properties(width="container", height=220), "all features that change"))
    base = alt.Chart(alt.NamedData("named")).encode(
        y=alt.Y("feature:N", sort=list(rows["feature"]), title=None, axis=alt.Axis(grid=True)),
        color=alt.Color(
            "kind:N", scale=alt.Scale(domain=["signature", *KINDS], range=[MEAN, *KINDS.values()]), legend=None
        ),
        tooltip=tooltips(RELAPSE, "feature", "kind", "position", "ci_low", "ci_high", "verdict", "n_models", "models"),
    )
    chart = alt.layer(
        rule,
        base.transform_filter("isValid(datum.low) && isValid(datum.high)")
        .mark_rule(strokeWidth=1.6)
        .encode(x=alt.X("low:Q", title=title, scale=domain), x2="high:Q"),
        base.transform_filter("isValid(datum.place)")
        .mark_point(filled=True, size=42, opacity=1)
        .encode(x=alt.X("place:Q", title=title, scale=domain)),
    ).properties(width="container", height=max(220, rows_high(len(rows), 16)))
    panels.append(Panel(chart, "the signature, and the largest changes"))
    verdict = table.loc[table["kind"] == "signature", "verdict"]
    return Figure(
        panels=tuple(panels),
        data={
            "bins": bins,
            "named": rows,
            "marks": pd.DataFrame({"at": [0, 1], "name": [roles["baseline"], roles["persister"]]}),
        },
        n=f"{count(int(table['n_models'].max()), 'model')} with all three timepoints in one arm; "
        f"{count(len(table), 'feature')} that change.",
        columns=2,
        min_width=300,
        notes={"signature": {"verdict": verdict.iloc[0], "rule": RULES[verdict.iloc[0]]}} if len(verdict) else {},
    )


def list_reversibility(table: pd.DataFrame, style: Style) -> Text | None:
    """Return the verdicts on the position of relapse that occur, with number, rule and measured error."""
    numbers = {name: count(int(n), "feature") for name, n in table["verdict"].value_counts().items()}
    return list_rules("reversibility", VERDICTS, numbers)


FIGURES = {
    "arms": (draw_arms, EFFECTS),
    "persister_timepoints": (draw_timepoints, TABLE),
    "factors": (draw_factors, FACTORS),
    "network_comparison": (draw_networks, NETWORKS),
    "networks": (tabulate_networks, NETWORKS),
    "reversibility_rules": (list_reversibility, RELAPSE),
    "reversibility": (draw_reversibility, [RELAPSE, "activity/reversibility_bins.tsv"]),
}

if __name__ == "__main__":
    job.run(partial(draw.main, FIGURES), snakemake)

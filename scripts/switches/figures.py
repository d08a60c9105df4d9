"""Figures of the switches: verdicts, change by patient, activity over time and at relapse, activity against mRNA."""

from functools import partial

import altair as alt
import numpy as np
import pandas as pd

from scripts.base import job
from scripts.base.columns import axis_title
from scripts.figure import draw, labels
from scripts.figure.figure import Figure, Panel
from scripts.figure.style import (
    DOWN,
    MEAN,
    UP,
    Style,
    below,
    count,
    picked,
    rows_high,
    tooltips,
    two_lines,
    unless_picked,
)
from scripts.switches.evidence.charts import (
    FAMILIES,
    SHARES,
    SWITCHES,
    draw_evidence,
    draw_families,
    draw_silenced,
    first_of,
    group,
    group_colour,
    list_ap1,
    one_of,
)
from scripts.switches.told import list_checks, list_verdicts

DIFFERENCES, BY_MODEL = "activity/differences.tsv", "switches/by_model.tsv"
NAME_AT = {"name": -9, "name_below": 12, "name_over": -21}
MAX_ROWS, MAX_PANELS, MAX_INTERVALS, FIRST = 30, 12, 60, 10
"""Rows, panels; regulons up to which all have their intervals drawn, else how many of those that rank first."""


def forest(name: str, columns: tuple[str, str, str], y: alt.Y, dots: alt.Chart, *, band: bool) -> alt.LayerChart:
    """Return means with their intervals and the points of the models, a row per regulon.

    ``columns``: mean and ends of its interval in the data ``means``; ``name``: title of their axis; ``band``: whether
    there is an interval.
    """
    mean, low, high = columns
    base = alt.Chart(alt.NamedData("means")).encode(
        y=y, tooltip=tooltips(SWITCHES, "regulon", "verdict", *columns, "n", "k", "p", "fdr")
    )
    zero = alt.Chart(alt.NamedData("means")).mark_rule(color="#888888").encode(x=alt.datum(0))
    colour = alt.condition(f"datum.{mean} > 0", alt.value(UP), alt.value(DOWN))
    bands = base.transform_filter(f"isValid(datum.{low})").mark_bar(height=6, opacity=0.35)
    bands = bands.encode(x=alt.X(f"{low}:Q", title=name), x2=f"{high}:Q", color=colour)
    tick = base.mark_tick(thickness=2, height=13, color=MEAN).encode(x=alt.X(f"{mean}:Q", title=name))
    # A layer without rows would leave the scale without an extent.
    return alt.layer(zero, *([bands] if band else []), tick, dots).add_params(picked())


def draw_forest(
    switches: pd.DataFrame, differences: pd.DataFrame, by_model: pd.DataFrame, style: Style
) -> Figure | None:
    """Return the change of each model in activity, and in the mRNA of the factor, of the regulons that rank first.

    Parameters
    ----------
    switches
        switches/switches.tsv: mean and interval over the models.
    differences
        activity/differences.tsv, by model and arm.
    by_model
        switches/by_model.tsv, with the change in mRNA by model.
    """
    differences = differences[differences["contrast"] == style.comparison]
    if differences.empty or switches.empty:
        return None
    means = switches.head(MAX_ROWS)
    agreeing = means["k"].astype(int).astype(str) + " of " + means["n"].astype(int).astype(str)
    means = means.assign(judged=means["regulon"] + ": " + means["verdict"] + ", " + agreeing)
    judged = means.set_index("regulon")["judged"]
    points = differences[differences["regulon"].isin(means["regulon"])]
    mrna = by_model[by_model["regulon"].isin(means["regulon"]) & by_model["mrna_log2fc"].notna()]
    mrna = mrna.assign(judged=mrna["regulon"].map(judged))
    arms = style.in_order("arm", points["arm"])
    activity = ("activity_change_sd", "activity_change_sd_low", "activity_change_sd_high")
    title, height = axis_title(SWITCHES, activity[0]), rows_high(len(means), 32)
    base = alt.Chart(alt.NamedData("differences")).mark_point(filled=True, size=46)
    y = alt.Y("regulon:N", sort=list(means["regulon"]), title=None, axis=alt.Axis(grid=True))
    shared = {
        "yOffset": alt.YOffset("model:N", sort=list(style.models)),
        "color": style.colour("model", points["model"]),
        "opacity": unless_picked(),
    }
    dots = base.encode(
        x=alt.X("activity_change_sd:Q", title=title),
        y=y,
        shape=alt.Shape("arm:N", sort=arms, legend=below(None, 2)) if len(arms) > 1 else alt.Undefined,
        tooltip=tooltips(DIFFERENCES, "regulon", "model", "arm", "activity_change_sd", "n_baseline", "n_treated"),
        **shared,
    )
    chart = forest(title, activity, y, dots, band=means[activity[1]].notna().any())
    panels = [Panel(chart.properties(width="container", height=height), f"activity of the {one_of(style)}")]
    columns = ["regulon", "verdict", "direction", *activity, "n", "k", "p", "fdr"]
    data = {"means": means, "differences": points.drop(columns=["contrast", "baseline", "treated", "difference"])}
    if len(mrna):
        change = ("mrna_log2fc", "mrna_ci_low", "mrna_ci_high")
        title = axis_title(SWITCHES, change[0])
        y = alt.Y("judged:N", sort=list(means["judged"]), title=None, axis=two_lines(grid=True))
        dots = alt.Chart(alt.NamedData("mrna")).mark_point(filled=True, size=40)
        dots = dots.encode(
            x=alt.X("mrna_log2fc:Q", title=title),
            y=y,
            tooltip=tooltips(BY_MODEL, "regulon", "model", "mrna_log2fc"),
            **shared,
        )
        chart = forest(title, change, y, dots, band=means[change[1]].notna().any())
        panels.append(Panel(chart.properties(width="container", height=height), "mRNA of the factor"))
        columns += ["judged", *change]
        data["mrna"] = mrna[["regulon", "judged", "model", "mrna_log2fc"]]
    data["means"] = means[columns]
    return Figure(
        panels=tuple(panels),
        data=data,
        n=f"{count(points['model'].nunique(), 'model')}; {first_of(len(means), len(switches))}"
        f"{count(len(switches), one_of(style))}.",
        columns=2,
        min_width=330,
    )


def draw_timecourse(
    switches: pd.DataFrame, regulons: pd.DataFrame | None, factors: pd.DataFrame | None, style: Style
) -> Figure | None:
    """Return activity by timepoint of the regulons that rank first: a point per sample, a line per model and arm.

    Parameters
    ----------
    switches
        switches/switches.tsv.
    regulons, factors
        activity/activity.tsv, or in a study of profiles alone activity/profile_activity.tsv.
    """
    name = "activity/activity.tsv" if style.cells else "activity/profile_activity.tsv"
    activity = regulons if style.cells else factors
    if switches.empty or activity is None or activity.empty:
        return None
    shown = switches.head(MAX_PANELS)
    table = activity[activity["regulon"].isin(shown["regulon"])]
    baseline = style.contrast["baseline"]
    later = table[table["timepoint"] != baseline]
    # The line of a model and arm begins at the model's own baseline; a model without a later sample is a point.
    first = table[table["timepoint"] == baseline].rename(columns={"arm": "own_arm"})
    first = first.merge(later[["regulon", "model", "arm"]].drop_duplicates(), on=["regulon", "model"], how="left")
    first["arm"] = first["arm"].fillna(first["own_arm"])
    lines = pd.concat([first, later], ignore_index=True)
    lines["line"] = lines["model"] + " " + lines["arm"]
    order = style.in_order("timepoint", activity["timepoint"])
    base = alt.Chart(alt.NamedData("timecourse")).encode(
        x=alt.X(
            "timepoint:N",
            sort=order,
            title=None,
            axis=alt.Axis(labelAngle=0),
            scale=alt.Scale(padding=0.3, domain=order),
        ),
        color=style.colour("model", lines["model"], legend=None),
        opacity=unless_picked(),
    )
    scale, axis = alt.Scale(zero=False), alt.Axis(tickCount=4)
    dashes = alt.Scale(domain=style.in_order("arm", lines["arm"]))  # one for all panels and the key
    mean = base.mark_line(strokeWidth=1.5).encode(
        y=alt.Y("mean(activity):Q", title=None, scale=scale, axis=axis),
        detail="line:N",
        strokeDash=alt.StrokeDash("arm:N", scale=dashes, legend=None),
    )
    # The key has a panel of its own: the same in all, it would take half the room of each.
    key = (
        alt.Chart(alt.NamedData("timecourse"))
        .mark_line(opacity=0)
        .encode(
            color=style.colour("model", lines["model"], columns=2),
            strokeDash=alt.StrokeDash("arm:N", scale=dashes, legend=below(None, 2)),
        )
    )
    dots = base.mark_point(filled=True, size=34).encode(
        y=alt.Y("activity:Q", title=None, scale=scale, axis=axis),
        tooltip=tooltips(name, "sample", "model", "arm", "timepoint", "activity"),
    )
    kept = ["regulon", "sample", "model", "arm", "timepoint", "activity", "line"]
    of_models = lines.loc[lines["timepoint"] != baseline, ["line", "model"]]
    chart = alt.layer(mean, dots).add_params(picked()).properties(width="container", height=130)
    panels = [
        Panel(chart, f"{row.regulon}: {row.verdict}", {"regulon": row.regulon})
        for row in shown.drop_duplicates("regulon").itertuples()
    ]
    return Figure(
        panels=(*panels, Panel(key.properties(width="container", height=1), "models and arms")),
        data={"timecourse": lines[kept]},
        n=f"{count(of_models['line'].nunique(), 'line')} of {count(of_models['model'].nunique(), 'model')}; "
        f"the first {count(len(shown), one_of(style))}.",
        columns=min(4, len(panels) + 1),
        min_width=200,
    )


def draw_relapse(switches: pd.DataFrame, by_model: pd.DataFrame, style: Style) -> Figure | None:
    """Return the position of relapse between untreated and persister, by regulon and model (switches/by_model.tsv)."""
    shown = switches[switches["relapse_position"].notna()].head(MAX_ROWS)
    points = by_model[by_model["regulon"].isin(shown["regulon"]) & by_model["relapse_position"].notna()]
    if points.empty:
        return None
    points = points[["regulon", "model", "relapse_position"]]
    relapse = style.contrast["relapse"]
    ends = [style.contrast["baseline"], style.contrast["persister"]]
    marks = alt.Chart(alt.NamedData("marks")).encode(x="place:Q")
    named = marks.mark_text(dy=-6, fontSize=11, color="#444444", baseline="bottom")
    dots = alt.Chart(alt.NamedData("relapse")).mark_point(filled=True, size=55)
    dots = dots.encode(
        x=alt.X("relapse_position:Q", title=axis_title(BY_MODEL, "relapse_position")),
        y=alt.Y("regulon:N", sort=list(shown["regulon"]), title=None, axis=alt.Axis(grid=True)),
        opacity=unless_picked(),
        color=style.colour("model", points["model"]),
        tooltip=tooltips(BY_MODEL, "regulon", "model", "relapse_position"),
    )
    chart = alt.layer(
        marks.mark_rule(strokeDash=[4, 3], color="#666666"),
        named.encode(y=alt.value(0), text="name:N"),
        dots,
    )
    return Figure(
        panels=(Panel(chart.add_params(picked()).properties(width="container", height=rows_high(len(shown), 17))),),
        data={"relapse": points, "marks": pd.DataFrame({"place": [0, 1], "name": ends})},
        n=f"{count(points['model'].nunique(), 'model')} with {relapse}; {count(len(shown), one_of(style))}.",
    )


def draw_mrna(switches: pd.DataFrame, style: Style) -> Figure | None:
    """Return the change in activity against that of the factor's own mRNA (switches/switches.tsv)."""
    table = switches[switches["mrna_log2fc"].notna() & switches["activity_change_sd"].notna()]
    if table.empty:
        return None
    table = table.assign(group=group(table))
    # All intervals of hundreds of factors would hide the points: then those that rank first have theirs, and a name.
    shared, many = table["group"] != "other verdicts", len(table) > MAX_INTERVALS
    first = np.arange(len(table)) < FIRST
    table = table.assign(barred=shared | first | (not many))
    activity = ["activity_change_sd", "activity_change_sd_low", "activity_change_sd_high"]
    mrna = ["mrna_log2fc", "mrna_ci_low", "mrna_ci_high"]
    bars = table[[*mrna, *activity]].where(table["barred"])
    weight = pd.Series(-np.arange(len(table)), table.index).where(shared | (first & many))
    table = labels.place_names(table, "tf", mrna[0], activity[0], weight, NAME_AT, (bars[mrna], bars[activity]))
    # Those that rank first are drawn last, on top.
    table = table[["regulon", "tf", "verdict", "group", "n", *activity, *mrna, "mrna", *NAME_AT, "barred"]].iloc[::-1]
    base = alt.Chart(alt.NamedData("mrna")).encode(
        color=group_colour(table["group"]), tooltip=tooltips(SWITCHES, "regulon", "verdict", *activity, *mrna, "mrna")
    )
    across, up = axis_title(SWITCHES, "mrna_log2fc"), axis_title(SWITCHES, "activity_change_sd")
    x, y = alt.X("mrna_log2fc:Q", title=across), alt.Y("activity_change_sd:Q", title=up)
    zero = alt.Chart(alt.NamedData("mrna")).mark_rule(color="#888888", strokeWidth=0.7)
    least = alt.Y("activity_change_sd_low:Q", title=up)
    bar = base.transform_filter("datum.barred").mark_rule(opacity=0.55)
    bars = {
        "mrna_ci_low": bar.encode(x=alt.X("mrna_ci_low:Q", title=across), x2="mrna_ci_high:Q", y=y),
        "activity_change_sd_low": bar.encode(x=x, y=least, y2="activity_change_sd_high:Q"),
    }
    # A layer without rows would leave the scales without an extent.
    layers = [chart for low, chart in bars.items() if table.loc[table["barred"], low].notna().any()]
    layers.append(base.mark_circle(size=55, opacity=1).encode(x=x, y=y))
    words = base.encode(x=x, y=y, color=alt.value("#1B1F24"))
    layers += [words.mark_text(dy=dy, fontSize=10).encode(text=f"{place}:N") for place, dy in NAME_AT.items()]
    chart = alt.layer(zero.encode(x=alt.datum(0)), zero.encode(y=alt.datum(0)), *layers)
    return Figure(
        panels=(Panel(chart.properties(width="container", height=380)),),
        data={"mrna": table},
        n=f"{count(len(table), one_of(style))}, {count(int(switches['n'].max()), 'model')}; "
        f"bars{f' ({FIRST} that rank first)' if many else ''}: 95 % intervals over models.",
    )


FIGURES = {
    "verdicts": (list_verdicts, SWITCHES),
    "checks": (list_checks, [SWITCHES, "?switches/perturbation_judged.tsv"]),
    "regulon_forest": (draw_forest, [SWITCHES, DIFFERENCES, BY_MODEL]),
    "evidence": (draw_evidence, [SWITCHES, "switches/evidence.tsv"]),
    "timecourse": (draw_timecourse, [SWITCHES, "?activity/activity.tsv", "?activity/profile_activity.tsv"]),
    "relapse": (draw_relapse, [SWITCHES, BY_MODEL]),
    "mrna": (draw_mrna, SWITCHES),
    "silenced": (draw_silenced, [SWITCHES, SHARES]),
    "families": (draw_families, [FAMILIES, SWITCHES]),
    "ap1": (list_ap1, SWITCHES),
}

if __name__ == "__main__":
    job.run(partial(draw.main, FIGURES), snakemake)

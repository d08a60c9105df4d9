"""Programme: what persisters of all patients have in common, and whether it comes back."""

import altair as alt
import numpy as np
import pandas as pd

from scripts.base.tables import ALL_ARMS
from scripts.report.charts import DOWN, MEAN, UP, below, colour_scale, picked, rows_high, unless_picked
from scripts.report.page import Figure, Panel, Section, Table
from scripts.report.sections import expression, opinions, states
from scripts.report.source import Source, count
from scripts.report.text import paragraph, warning
from scripts.report.words import section, sentence, words

MAX_ROWS, MAX_PANELS = 30, 12


def contrast_of(source: Source) -> str:
    """Return the name of the contrast that everything is ranked by."""
    roles = source.config["contrast"]
    return f"{roles['persister']} vs {roles['baseline']}"


def draw_forest(
    source: Source, table: pd.DataFrame, points: pd.DataFrame, *, said: dict[str, str], n: str, unit: str
) -> Figure:
    """Return a forest plot: ``table`` has feature, mean, low, high in order; ``points`` feature, model, arm, value."""
    order = list(table["feature"])
    models, arms = source.in_order("model", points["model"]), source.in_order("arm", points["arm"])
    y = alt.Y("feature:N", sort=order, title=None, axis=alt.Axis(grid=True))
    x = alt.X("value:Q", title=unit, scale=alt.Scale(zero=True))
    zero = alt.Chart(alt.NamedData("mean")).mark_rule(color="#888888").encode(x=alt.datum(0))
    means = alt.Chart(alt.NamedData("mean")).encode(
        y=y,
        tooltip=[
            "feature:N",
            alt.Tooltip("mean:Q", format=".2f"),
            alt.Tooltip("low:Q", title="95 % from", format=".2f"),
            alt.Tooltip("high:Q", title="to", format=".2f"),
            "n:Q",
            "k:Q",
        ],
    )
    colour = alt.condition("datum.mean > 0", alt.value(UP), alt.value(DOWN))
    band = means.mark_bar(height=6, opacity=0.35).encode(x=alt.X("low:Q", title=unit), x2="high:Q", color=colour)
    tick = means.mark_tick(thickness=2, height=13, color=MEAN).encode(x="mean:Q")
    dots = (
        alt.Chart(alt.NamedData("models"))
        .mark_point(filled=True, size=46)
        .encode(
            x=x,
            y=y,
            yOffset=alt.YOffset("model:N", sort=models),
            color=alt.Color("model:N", scale=colour_scale("model", source.models, models), legend=below(None)),
            shape=alt.Shape("arm:N", sort=arms, legend=below(None)) if len(arms) > 1 else alt.Undefined,
            opacity=unless_picked(),
            tooltip=["feature:N", "model:N", "arm:N", alt.Tooltip("value:Q", format=".2f")],
        )
    )
    # One model has no interval, and a layer without rows would leave the scale without an extent.
    bands = [band] if table["low"].notna().any() else []
    chart = (
        alt.layer(zero, *bands, tick, dots)
        .add_params(picked())
        .properties(width="container", height=rows_high(len(table), 20))
    )
    return Figure(**said, n=n, panels=(Panel(chart),), data={"mean": table, "models": points})


def regulon_forest(source: Source) -> Figure | None:
    """Return the difference in activity per model of the regulons that rank first."""
    table, points = source.table("switches/switches.tsv"), source.table("activity/differences.tsv")
    points = points[points["contrast"] == contrast_of(source)]
    if points.empty or table.empty:
        return None
    shown = table.head(MAX_ROWS)
    means = shown.rename(
        columns={
            "regulon": "feature",
            "activity_change_sd": "mean",
            "activity_change_sd_low": "low",
            "activity_change_sd_high": "high",
        }
    )
    dots = points[points["regulon"].isin(shown["regulon"])].rename(
        columns={"regulon": "feature", "activity_change_sd": "value"}
    )
    some = f"the first {len(shown)} of " if len(table) > len(shown) else ""
    return draw_forest(
        source,
        means[["feature", "verdict", "mean", "low", "high", "n", "k", "p", "fdr_mod"]],
        dots[["feature", "model", "arm", "value", "n_baseline", "n_treated"]],
        said=words(
            "regulon_forest",
            contrast=contrast_of(source).replace(" vs ", " − "),
            ones=f"{source.one}s",
            unit=sentence(f"unit_of_{source.kind}"),
        ),
        n=f"{count(points['model'].nunique(), 'model')}; {some}{count(len(table), source.one)}.",
        unit="difference in activity (sd)",
    )


def draw_arms(source: Source) -> Figure | None:
    """Return each regulon's effect by arm against its effect over all arms."""
    effects = source.table("activity/effects.tsv")
    if effects is None:
        return None
    effects = effects[effects["contrast"] == contrast_of(source)]
    arms = source.in_order("arm", effects["arm"])
    if not arms:
        return None
    whole = effects[effects["arm"] == ALL_ARMS].set_index("regulon")["activity_change_sd"]
    table = effects[effects["arm"].isin(arms)].assign(all_arms=lambda t: t["regulon"].map(whole))
    table = table[
        [
            "arm",
            "regulon",
            "n",
            "k",
            "activity_change_sd",
            "activity_change_sd_low",
            "activity_change_sd_high",
            "all_arms",
        ]
    ].dropna(subset=["activity_change_sd"])
    ends = [
        float(np.nanmin(table[["activity_change_sd", "all_arms"]])),
        float(np.nanmax(table[["activity_change_sd", "all_arms"]])),
    ]
    line = pd.DataFrame({"end": ends})
    base = alt.Chart(alt.NamedData("arms")).encode(
        x=alt.X("all_arms:Q", title="over all arms (sd)"),
        y=alt.Y("activity_change_sd:Q", title="in this arm (sd)"),
        color=alt.Color("arm:N", scale=colour_scale("arm", source.arms, arms), legend=None),
        tooltip=[
            "regulon:N",
            "arm:N",
            "n:Q",
            alt.Tooltip("activity_change_sd:Q", format=".2f"),
            alt.Tooltip("all_arms:Q", format=".2f"),
        ],
    )
    same = alt.Chart(alt.NamedData("diagonal")).mark_line(color="#BBBBBB").encode(x="end:Q", y="end:Q")
    chart = alt.layer(
        same,
        # An arm with one model has no interval: a bar without length.
        base.transform_calculate(
            low="isValid(datum.activity_change_sd_low) ? datum.activity_change_sd_low : datum.activity_change_sd",
            high="isValid(datum.activity_change_sd_high) ? datum.activity_change_sd_high : datum.activity_change_sd",
        )
        .mark_rule(opacity=0.4)
        .encode(y="low:Q", y2="high:Q"),
        base.mark_circle(size=40, opacity=0.9),
    ).properties(width="container", height=230)
    numbers = table.groupby("arm")["n"].max()
    return Figure(
        **words("treatment", one=source.one, ones=f"{source.one}s"),
        n=", ".join(f"{arm}: {count(int(numbers[arm]), 'model')}" for arm in arms)
        + f"; {count(table['regulon'].nunique(), source.one)}.",
        panels=tuple(Panel(chart, f"{arm} ({count(int(numbers[arm]), 'model')})", {"arm": arm}) for arm in arms),
        data={"arms": table, "diagonal": line},
        columns=min(3, len(arms)),
    )


def draw_timecourse(source: Source) -> Figure | None:
    """Return activity by timepoint of the regulons that rank first, a line per model and arm."""
    table, activity = source.table("switches/switches.tsv"), source.table(source.activity)
    if table.empty or activity is None or activity.empty:
        return None
    shown = list(table["regulon"].head(MAX_PANELS))
    baseline = source.config["contrast"]["baseline"]
    means = (
        activity[activity["regulon"].isin(shown)]
        .groupby(["regulon", "model", "arm", "timepoint"], sort=False)["activity"]
        .mean()
        .reset_index()
    )
    later = means[means["timepoint"] != baseline]
    # A line per model and treated arm begins at the model's own baseline.
    starts = (
        means[means["timepoint"] == baseline]
        .drop(columns="arm")
        .merge(later[["regulon", "model", "arm"]].drop_duplicates())
    )
    lines = pd.concat([starts, later], ignore_index=True)
    lines["line"] = lines["model"] + " " + lines["arm"]
    order = source.in_order("timepoint", activity["timepoint"])
    colour = alt.Color("model:N", scale=colour_scale("model", source.models, activity["model"]), legend=None)
    x = alt.X("timepoint:N", sort=order, title=None, axis=alt.Axis(labelAngle=0), scale=alt.Scale(padding=0.3))
    chart = (
        alt.Chart(alt.NamedData("timecourse"))
        .mark_line(point=alt.OverlayMarkDef(size=34))
        .encode(
            x=x,
            y=alt.Y("activity:Q", title=None, scale=alt.Scale(zero=False), axis=alt.Axis(tickCount=4)),
            color=colour,
            detail="line:N",
            strokeDash=alt.StrokeDash("arm:N", legend=None),
            opacity=unless_picked(),
            tooltip=["model:N", "arm:N", "timepoint:N", alt.Tooltip("activity:Q", format=".3f")],
        )
        .add_params(picked())
        .properties(width="container", height=130)
    )
    recovered = source.config["contrast"]["relapse"]
    return Figure(
        **words(
            "timecourse",
            at_relapse=f" at {recovered}" if recovered else "",
            ones=f"{source.one}s",
            measure=sentence(f"measure_of_{source.kind}"),
        ),
        n=f"{count(lines['line'].nunique(), 'line')} of {count(lines['model'].nunique(), 'model')}; "
        f"the first {count(len(shown), source.one)}.",
        panels=tuple(
            Panel(chart, f"{row.regulon}: {row.verdict}", {"regulon": row.regulon})
            for row in table.head(MAX_PANELS).itertuples()
        ),
        data={"timecourse": lines},
        columns=4,
        min_width=200,
    )


def draw_relapse(source: Source) -> Figure | None:
    """Return where relapse lies between untreated and persister, per regulon and model."""
    table, models = source.table("switches/switches.tsv"), source.table("switches/by_model.tsv")
    if models is None or "relapse_position" not in models or models["relapse_position"].notna().sum() == 0:
        return None
    shown = table[table["relapse_position"].notna()].head(MAX_ROWS)
    points = models[models["regulon"].isin(shown["regulon"]) & models["relapse_position"].notna()][
        ["regulon", "model", "relapse_position"]
    ]
    if points.empty:
        return None
    order = list(shown["regulon"])
    roles = source.config["contrast"]
    y = alt.Y("regulon:N", sort=order, title=None, axis=alt.Axis(grid=True))
    marks = alt.Chart(alt.NamedData("marks")).mark_rule(strokeDash=[4, 3], color="#666666").encode(x="place:Q")
    named = (
        alt.Chart(alt.NamedData("marks"))
        .mark_text(dy=-6, fontSize=11, color="#444444", baseline="bottom")
        .encode(x="place:Q", y=alt.value(0), text="name:N")
    )
    dots = (
        alt.Chart(alt.NamedData("relapse"))
        .mark_point(filled=True, size=55)
        .encode(
            x=alt.X("relapse_position:Q", title=f"position of {roles['relapse']}"),
            y=y,
            opacity=unless_picked(),
            color=alt.Color("model:N", scale=colour_scale("model", source.models, points["model"]), legend=below(None)),
            tooltip=["regulon:N", "model:N", alt.Tooltip("relapse_position:Q", format=".2f")],
        )
    )
    chart = (
        alt.layer(marks, named, dots)
        .add_params(picked())
        .properties(width="container", height=rows_high(len(order), 17))
    )
    return Figure(
        **words("relapse", **roles, one=source.one),
        n=f"{count(points['model'].nunique(), 'model')} with {roles['relapse']}; {count(len(order), source.one)}.",
        panels=(Panel(chart),),
        data={
            "relapse": points,
            "marks": pd.DataFrame({"place": [0, 1], "name": [roles["baseline"], roles["persister"]]}),
        },
    )


def of_expression(source: Source) -> list:
    """Return what the expression profiles say, whatever they were measured by."""
    roles = source.config["contrast"]
    recovered = roles["relapse"]
    blocks = [*expression.genes(source), states.draw_left_out(source) or paragraph(sentence("no_left_out"))]
    blocks.append(states.draw_states(source) or paragraph(sentence("no_states")))
    confounded = states.confounded(source)
    blocks += [states.draw_likeness(source), states.draw_drugs(source)]
    blocks += [warning(confounded) if confounded else None, states.treatment_table(source)]
    if recovered:
        blocks.append(states.draw_return(source) or paragraph(sentence("no_return", **roles)))
    if source.has("expression/gene_sets.tsv"):
        blocks += [opinions.draw_gene_sets(source) or paragraph(sentence("no_enrichment"))]
        blocks.append(opinions.gene_set_table(source))
    else:
        blocks.append(paragraph(sentence("no_gene_sets")))
    return blocks


def of_activity(source: Source) -> list:
    """Return what activity says: of regulons, or in a study of profiles of the factors that a network names."""
    blocks = []
    if source.has("switches/switches.tsv", "activity/differences.tsv"):
        blocks += [regulon_forest(source), draw_arms(source), draw_timecourse(source), draw_relapse(source)]
    if not source.has("activity/tf_activity.tsv"):
        return [*blocks, paragraph(sentence("no_network"))]
    blocks += [expression.draw_factors(source), opinions.draw_second_opinion(source)]
    if blocks[-1] is None:
        blocks[-1] = paragraph(sentence("no_opinion" if len(source.libraries) else "no_opinion_in_profiles"))
    return [*blocks, opinions.opinion_table(source)]


def build(source: Source) -> Section:
    """Return the section: expression first, which every study has, then activity."""
    blocks = [*of_expression(source), *of_activity(source)]
    found = any(isinstance(block, Figure | Table) for block in blocks)
    return section("programme", blocks if found else [], "" if found else "none_found")

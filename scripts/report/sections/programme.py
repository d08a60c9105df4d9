"""Programme: what persisters of all patients have in common, and whether it comes back."""

import altair as alt
import numpy as np
import pandas as pd

from scripts.base.tables import ALL_ARMS
from scripts.report.charts import colour_scale
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
        blocks.append(draw_arms(source))
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

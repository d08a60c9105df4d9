"""Switches: the regulons ranked, each with its evidence; activity against mRNA; the AP-1 family side by side."""

import altair as alt
import numpy as np

from scripts.report.charts import below
from scripts.report.page import Figure, Panel, Section, Table
from scripts.report.sections import evidence
from scripts.report.sections.evidence import verdict_scale, verdicts
from scripts.report.source import Source, count
from scripts.report.text import paragraph
from scripts.report.words import section, sentence, words

SHOWN = (
    "regulon",
    "verdict",
    "direction",
    "n",
    "k",
    "activity_change_sd",
    "activity_change_sd_low",
    "activity_change_sd_high",
    "fdr_mod",
    "loo_min_effect",
    "p_perm",
    "evidence_rank",
    "rank_product",
    "rank_best",
    "rank_worst",
    "on_difference",
    "signature_enrichment_log2",
    "signature_enrichment_fdr",
    "relapse_position",
    "perturbation_share",
    "perturbation_p",
    "mrna_log2fc",
    "mrna",
    "explained_by",
)
"""Columns of the table at first sight; the others come at a click."""
MAX_INTERVALS, FIRST = 60, 10
"""Regulons up to which all have their intervals drawn; else how many of those that rank first."""
AP1 = (
    "FOS",
    "FOSB",
    "FOSL1",
    "FOSL2",
    "JUN",
    "JUNB",
    "JUND",
    "BATF",
    "BATF2",
    "BATF3",
    "ATF2",
    "ATF3",
    "ATF4",
    "ATF5",
    "ATF7",
    "JDP2",
    "MAF",
    "MAFA",
    "MAFB",
    "MAFF",
    "MAFG",
    "MAFK",
    "NRL",
)
"""Families of AP-1: FOS, JUN, ATF and MAF proteins that dimerise (Eferl & Wagner 2003, Nat Rev Cancer 3:859)."""


def switch_table(source: Source) -> Table:
    """Return the ranked table with all its evidence."""
    frame = source.table("switches/switches.tsv")
    frame = frame[["regulon", *[c for c in frame if c != "regulon"]]]
    return Table(
        **words("switches"),
        frame=frame,
        source="switches/switches.tsv",
        shown=tuple(c for c in SHOWN if c in frame),
        meaning=source.meanings("switches/switches.tsv"),
    )


def draw_mrna(source: Source) -> Figure | None:
    """Return activity against the factor's own mRNA."""
    table = source.table("switches/switches.tsv")
    table = table[np.isfinite(table["mrna_log2fc"]) & np.isfinite(table["activity_change_sd"])]
    if table.empty:
        return None
    table = table.assign(group=verdicts(table))
    # All intervals of hundreds of factors would hide the points: then those that rank first have theirs, and a name.
    shared, many = table["group"] != "other verdicts", len(table) > MAX_INTERVALS
    first = np.arange(len(table)) < FIRST
    table = table.assign(
        name=table["tf"].where(shared | (first if many else False), ""), barred=shared | first | (not many)
    )
    columns = [
        "regulon",
        "tf",
        "verdict",
        "group",
        "n",
        "activity_change_sd",
        "activity_change_sd_low",
        "activity_change_sd_high",
        "mrna_log2fc",
        "mrna_ci_low",
        "mrna_ci_high",
        "mrna",
        "name",
        "barred",
    ]
    table = table[columns].iloc[::-1]
    base = alt.Chart(alt.NamedData("mrna")).encode(
        color=alt.Color("group:N", scale=verdict_scale(table["group"]), legend=below(None)),
        tooltip=[
            "regulon:N",
            "verdict:N",
            alt.Tooltip("activity_change_sd:Q", format=".2f"),
            alt.Tooltip("mrna_log2fc:Q", format=".2f"),
            "mrna:N",
        ],
    )
    across_title, up_title = "log2 fold change of the factor's own mRNA", "difference in activity (sd)"
    x, y = alt.X("mrna_log2fc:Q", title=across_title), alt.Y("activity_change_sd:Q", title=up_title)
    zero = [
        alt.Chart(alt.NamedData("mrna")).mark_rule(color="#888888", strokeWidth=0.7).encode(**{axis: alt.datum(0)})
        for axis in ("x", "y")
    ]
    bar = base.transform_filter("datum.barred").mark_rule(opacity=0.55)
    across = bar.encode(x=alt.X("mrna_ci_low:Q", title=across_title), x2="mrna_ci_high:Q", y=y)
    up = bar.encode(x=x, y=alt.Y("activity_change_sd_low:Q", title=up_title), y2="activity_change_sd_high:Q")
    dots = base.mark_circle(size=55, opacity=1).encode(x=x, y=y)
    named = (
        base.transform_filter("datum.name !== ''")
        .mark_text(dy=-9, fontSize=10)
        .encode(x=x, y=y, text="name:N", color=alt.value("#1B1F24"))
    )
    # A layer without rows would leave the scales without an extent.
    bars = [(across, "mrna_ci_low"), (up, "activity_change_sd_low")]
    layers = [*zero, *(bar for bar, low in bars if table.loc[table["barred"], low].notna().any()), dots]
    layers += [named] if (table["name"] != "").any() else []
    chart = alt.layer(*layers).properties(width="container", height=380)
    n = int(source.table("switches/switches.tsv")["n"].max())
    return Figure(
        **words("mrna", ones=f"{source.one}s"),
        n=f"{count(len(table), source.one)}, {count(n, 'model')}; "
        + (f"bars ({FIRST} that rank first): " if many else "bars: ")
        + "95 % intervals over models.",
        panels=(Panel(chart),),
        data={"mrna": table},
    )


def ap1_table(source: Source) -> Table | None:
    """Return the AP-1 families' regulons, those that were found."""
    frame = source.table("switches/switches.tsv")
    family = frame[frame["tf"].isin(AP1)]
    if family.empty:
        return None
    frame = family[["regulon", *[c for c in SHOWN if c in family and c != "regulon"]]]
    return Table(
        **words("ap1", found=len(frame), asked=len(AP1), absent=sentence(f"ap1_of_{source.kind}"), one=source.one),
        frame=frame,
        source="switches/switches.tsv",
        meaning=source.meanings("switches/switches.tsv"),
    )


def build(source: Source) -> Section:
    """Return the section."""
    table = source.table("switches/switches.tsv")
    what = {"what": "regulons" if len(source.libraries) else "factors that a network names"}
    if table is None or table.empty:
        return section("switches", [], "no_network" if table is None else "none_found", **what)
    silenced, families = evidence.draw_knockout(source), evidence.draw_families(source)
    blocks = [
        switch_table(source),
        evidence.draw_evidence(source),
        draw_mrna(source),
        silenced or paragraph(sentence("no_knockout")),
        families or paragraph(sentence("no_families", ones=f"{source.one}s")),
        evidence.family_table(source),
        ap1_table(source),
    ]
    return section("switches", blocks, **what)

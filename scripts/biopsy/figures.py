"""Figures of a biopsy's page: its cells between the two states, and its switches. The page has them as SVG."""

import json

import altair as alt
import numpy as np
import pandas as pd

from scripts.base.verdicts import UNRELIABLE
from scripts.figure.figure import Figure, Panel
from scripts.figure.palette import ABSENT, HIGH_CONTRAST
from scripts.figure.style import Style, below, rows_high

WIDTH, NARROW = 560, 220
"""Width of the plots (pixels) without their axes, and on a telephone."""
CELLS, BOTH = "cells of the biopsy", "both together"
ACTIVE, INACTIVE, NOT_JUDGED = "active", "not active", "not judged"
"""States of a switch. Without the range of untreated samples, or where checks warn, it is not judged."""
UNTREATED_SAMPLE = "untreated sample of a new patient"
SWITCH = HIGH_CONTRAST[2]
STATE_COLOURS = ((ACTIVE, SWITCH), (INACTIVE, "#FFFFFF"), (NOT_JUDGED, ABSENT))
ROOM = 30
"""Pixels between the names of a legend, and between legends: a browser's letters may be wider than the renderer's."""
STATES = ("untreated", "persister")
"""The two states as the tables name them, whatever the timepoints of the study are called."""
STYLE = Style(timepoints=STATES)
"""Names and colours of the page; a biopsy is also scored where there is no study, hence no config of models."""


def percent(value: float) -> str:
    """Return a fraction in percent."""
    return f"{100 * value:.1f} %" if value < 0.1 else f"{100 * value:.0f} %"


def headline(scores: pd.DataFrame) -> tuple[str, str]:
    """Return the sentence that the page opens with, and what it is about."""
    for row in scores[scores["section"] == "fraction"].itertuples():
        reach = "interval not given: too few models"
        if np.isfinite(row.low):
            reach = f"{percent(row.low)} to {percent(row.high)}"
        elif f"{UNRELIABLE}: " in str(row.note):
            reach = UNRELIABLE
        return f"{percent(row.value)} persister-like cells ({reach})", str(row.note)
    for row in scores[scores["section"] == "position"].itertuples():
        reach = f" ({row.low:.2f} to {row.high:.2f})" if np.isfinite(row.low) else ""
        reach = f" ({UNRELIABLE})" if f"{UNRELIABLE}: " in str(row.note) else reach
        return f"Position between untreated (0) and persister (1): {row.value:.2f}{reach}", str(row.note)
    return "", ""


def draw_distribution(distribution: pd.DataFrame, scores: pd.DataFrame, style: Style) -> Figure | None:
    """Return the cells' scores as bars, and the fitted mixture and its two parts as lines.

    ``distribution``: distribution.tsv, with equidistant ``score``; ``scores``: scores.tsv.
    """
    if distribution.empty:
        return None
    half = distribution["score"].diff().median() / 2
    colours = dict(zip(STATES, style.scale("timepoint").to_dict()["range"], strict=True))
    series = {
        CELLS: (distribution["biopsy"], ABSENT),
        **{f"{state} part": (distribution[state], colours[state]) for state in STATES},
        BOTH: (distribution["untreated"] + distribution["persister"], "#000000"),
    }
    score = distribution["score"]
    at = pd.DataFrame({"score": score, "low": score - half, "high": score + half})
    densities = pd.concat([at.assign(part=part, density=values) for part, (values, _) in series.items()])
    colour = alt.Color(
        "part:N",
        scale=alt.Scale(domain=list(series), range=[colour for _, colour in series.values()]),
        legend=below(None, columnPadding=ROOM),
    )
    axis = alt.Axis(title=["score of a cell", "(training: 0 untreated, 1 persister)"], grid=False)
    y = alt.Y("density:Q", title="density")
    base = alt.Chart(alt.NamedData("densities"))
    lines = base.mark_line(strokeWidth=2).encode(x=alt.X("score:Q", axis=axis), y=y, color=colour)
    chart = alt.layer(
        base.transform_filter(alt.datum.part == CELLS)
        .mark_rect()
        .encode(x=alt.X("low:Q", axis=axis), x2="high:Q", y=y, y2=alt.datum(0), color=colour),
        lines.transform_filter((alt.datum.part != CELLS) & (alt.datum.part != BOTH)),
        lines.transform_filter(alt.datum.part == BOTH).mark_line(strokeWidth=1.2, strokeDash=[5, 3]),
    ).properties(width=WIDTH, height=200)
    said, about = headline(scores)
    return Figure((Panel(chart),), {"densities": densities}, n=f"{said}. {about}")


def draw_switches(scores: pd.DataFrame, style: Style) -> Figure | None:
    """Return the position of every switch, with the range of untreated samples (scores.tsv)."""
    table = scores[(scores["section"] == "switch") & scores["value"].notna()]
    if table.empty:
        return None
    active, judged = table["call"] == ACTIVE, ~table["call"].isin(["", UNRELIABLE])
    rows = table[["item", "value", "low", "high", "call"]].assign(
        row=range(len(table)),
        state=np.select([active, judged], [ACTIVE, INACTIVE], NOT_JUDGED),
        expected=UNTREATED_SAMPLE,
    )
    base = alt.Chart(alt.NamedData("switches"))
    # By number, as two regulons of one factor are two rows.
    labels = alt.Axis(title=None, grid=False, labelExpr=f"{json.dumps(rows['item'].tolist())}[datum.value]")
    y = alt.Y("row:O", axis=labels)
    axis = alt.Axis(title=["position between untreated (0)", "and persister (1) training models"], grid=False)
    scale = alt.Scale(padding=10)
    grey = alt.Color(
        "expected:N",
        scale=alt.Scale(domain=[UNTREATED_SAMPLE], range=[ABSENT]),
        legend=alt.Legend(orient="bottom", title=None, symbolType="square", labelLimit=300),
    )
    states = [state for state, _ in STATE_COLOURS if (rows["state"] == state).any()]
    filled = alt.Fill(
        "state:N",
        scale=alt.Scale(domain=states, range=[dict(STATE_COLOURS)[state] for state in states]),
        legend=alt.Legend(orient="bottom", title=None, symbolType="circle", symbolStrokeColor=SWITCH),
    )
    ends = alt.Chart(alt.NamedData("ends")).mark_rule(color="#555555", strokeWidth=0.8, strokeDash=[1, 2])
    chart = alt.layer(
        base.transform_filter("isValid(datum.low) && isValid(datum.high)")
        .mark_bar(height=8)
        .encode(x=alt.X("low:Q", axis=axis, scale=scale), x2="high:Q", y=y, color=grey),
        ends.encode(x="position:Q"),
        base.mark_point(size=50, stroke=SWITCH, strokeWidth=1.2, opacity=1).encode(
            x=alt.X("value:Q", axis=axis, scale=scale), y=y, fill=filled
        ),
    ).properties(width=WIDTH, height=rows_high(len(rows), 22))
    said = f"Active: {', '.join(table.loc[active, 'item']) or 'none'}."
    if not judged.any():
        why = "too few training models" if (table["call"] == "").any() else "the values are unreliable"
        said = f"Active: {NOT_JUDGED} ({why})."
    data = {"switches": rows, "ends": pd.DataFrame({"position": [0, 1]})}
    return Figure((Panel(chart),), data, n=said)

"""Figures of the published signatures: their change in the study's patients, what they share, and their regulators."""

from functools import partial

import altair as alt
import pandas as pd

from scripts.base import job
from scripts.base.columns import axis_title
from scripts.figure import draw
from scripts.figure.figure import Figure, Panel, Text
from scripts.figure.labels import place_names
from scripts.figure.style import DOWN, UP, Style, below, colour_bar, count, rows_high, tooltips
from scripts.figure.verdicts import list_rules
from scripts.published.terms import STUDY
from scripts.published.verdicts import AGREES, OPPOSITE, PLACES

SIGNATURES, BY_MODEL = "published/signatures.tsv", "published/by_model.tsv"
SIMILARITY, REGULATORS = "published/similarity.tsv", "published/regulators.tsv"
AGREEMENT = "published/agreement.tsv"
COLOURS = {AGREES.name: UP, OPPOSITE.name: DOWN}
OTHER = "#1B1F24"
NAMED = 6
"""Factors that are named in a panel: those furthest from zero in the study."""
NAME_PLACES, WIDTH, HEIGHT = {"name_above": -9, "name_below": 10}, 230, 240
"""Where a name may be (pixels above its point, negative, or below), and the size of a panel for that purpose."""
RANKINGS = 6
"""Rankings that are drawn."""


def draw_places(table: pd.DataFrame, models: pd.DataFrame, style: Style) -> Figure | None:
    """Return the change of each signature in the study's models, against lists of other genes.

    ``table``: published/signatures.tsv; ``models``: published/by_model.tsv.
    """
    table = table.dropna(subset=["effect"])
    if table.empty:
        return None
    rows = list(table["signature"])
    models = models[models["signature"].isin(rows)].dropna(subset=["shift"])
    table = table.assign(low=-table["random_reach"])
    occurring = [verdict.name for verdict in PLACES if verdict.name in set(table["verdict"])]
    scale = alt.Scale(domain=occurring, range=[COLOURS.get(name, OTHER) for name in occurring])
    title = axis_title(SIGNATURES, "effect")
    base = alt.Chart(alt.NamedData("signatures")).encode(y=alt.Y("signature:N", sort=rows, title=None))
    tips = tooltips(SIGNATURES, "signature", "effect", "ci_low", "ci_high", "fdr", "models_agreeing", "n_models")
    mean = base.encode(color=alt.Color("verdict:N", scale=scale, legend=below(None, 3)), tooltip=tips)
    single = alt.Chart(alt.NamedData("models")).encode(
        y=alt.Y("signature:N", sort=rows, title=None), tooltip=tooltips(BY_MODEL, "model", "shift", "measured")
    )
    chart = alt.layer(
        base.mark_bar(color="#DDDDDD", height={"band": 0.6}).encode(x=alt.X("low:Q", title=title), x2="random_reach:Q"),
        base.mark_rule(color="#888888").encode(x=alt.datum(0)),
        single.mark_tick(color="#888888", thickness=1.5, height=12).encode(x=alt.X("shift:Q", title=title)),
        mean.mark_rule(strokeWidth=2).encode(x=alt.X("ci_low:Q", title=title), x2="ci_high:Q"),
        mean.mark_point(filled=True, size=60, opacity=1).encode(x=alt.X("effect:Q", title=title)),
    ).properties(width="container", height=rows_high(len(rows), 34))
    kept = ["signature", "effect", "ci_low", "ci_high", "fdr", "models_agreeing", "n_models", "random_reach", "low"]
    return Figure(
        (Panel(chart),),
        {"signatures": table[[*kept, "verdict"]], "models": models},
        n=f"{count(len(rows), 'signature')}; {count(int(table['n_models'].max()), 'model')}.",
    )


def draw_similarity(table: pd.DataFrame, style: Style) -> Figure | None:
    """Return the correlation of signatures with each other and with the study (published/similarity.tsv)."""
    table = table.dropna(subset=["correlation"])
    names = list(dict.fromkeys(table["signature"]))
    if len(names) < 2:
        return None
    base = alt.Chart(alt.NamedData("similarity")).encode(
        x=alt.X("other:N", sort=names, title=None, axis=alt.Axis(labelAngle=-45)),
        y=alt.Y("signature:N", sort=names, title=None),
        tooltip=tooltips(SIMILARITY, "signature", "other", "correlation", "shared_same", "shared_opposite"),
    )
    bar = colour_bar(axis_title(SIMILARITY, "correlation"), length=140)
    scale = alt.Scale(scheme="purpleorange", domain=[-0.6, 0.6], clamp=True)
    ink = alt.condition("abs(datum.correlation) > 0.4", alt.value("#FFFFFF"), alt.value("#1B1F24"))
    chart = alt.layer(
        base.mark_rect().encode(color=alt.Color("correlation:Q", scale=scale, legend=bar)),
        base.mark_text(fontSize=10).encode(text=alt.Text("correlation:Q", format=".2f"), color=ink),
    ).properties(width="container", height=rows_high(len(names), 34))
    # A list agrees with itself.
    shown = table[table["signature"] != table["other"]]
    return Figure((Panel(chart),), {"similarity": shown}, n=f"{count(len(names) - 1, 'signature')} and {STUDY}.")


def draw_regulators(table: pd.DataFrame, agreement: pd.DataFrame, style: Style) -> Figure | None:
    """Return the score of each factor in a published ranking against that in the study, one panel per ranking.

    ``table``: published/regulators.tsv; ``agreement``: published/agreement.tsv.
    """
    if table.empty:
        return None
    own = agreement.set_index("ranking")
    known = [name for name in dict.fromkeys(table["ranking"]) if name in own.index]
    rankings = known[:RANKINGS]
    drawn = f"{RANKINGS} of " * (len(known) > RANKINGS) + count(len(known), "ranking")
    table = table[table["ranking"].isin(rankings)]
    size = table["study_score"].abs()
    weight = size.where(size.groupby(table["ranking"]).rank(ascending=False, method="first") <= NAMED)
    panels = [
        place_names(own, "tf", "score", "study_score", weight[own.index], NAME_PLACES, size=(WIDTH, HEIGHT))
        for _, own in table.groupby("ranking", sort=False)
    ]
    table = pd.concat(panels)
    base = alt.Chart(alt.NamedData("regulators")).encode(
        x=alt.X("score:Q", title=axis_title(REGULATORS, "score"), scale=alt.Scale(padding=30)),
        y=alt.Y("study_score:Q", title=axis_title(REGULATORS, "study_score"), scale=alt.Scale(padding=8)),
        tooltip=tooltips(REGULATORS, "tf", "score", "rank", "study_score", "study_rank", "targets"),
    )
    chart = alt.layer(
        *(
            alt.Chart(alt.NamedData("regulators")).mark_rule(color="#CCCCCC").encode(**{axis: alt.datum(0)})
            for axis in "xy"
        ),
        base.mark_point(filled=True, size=30, opacity=0.7, color="#0072B2"),
        *(base.mark_text(dy=dy, fontSize=9).encode(text=f"{place}:N") for place, dy in NAME_PLACES.items()),
    ).properties(width="container", height=HEIGHT)

    def titled(name: str) -> str:
        row = own.loc[name]
        if pd.isna(row["correlation"]):
            return name
        low, high = row["correlation_low"], row["correlation_high"]
        limits = "" if pd.isna(low) else f" ({low:.2f} to {high:.2f})"
        return f"{name}: " + f"{row['correlation']:.2f}{limits}".replace("-", "−")

    return Figure.by(
        "ranking",
        chart,
        {"regulators": table.drop(columns="regulon")},
        values=rankings,
        titles={name: titled(name) for name in rankings},
        n=f"{count(int(own.loc[rankings, 'factors'].max()), 'factor')}; {drawn}.",
        columns=3,
        min_width=280,
    )


def list_verdicts(table: pd.DataFrame, style: Style) -> Text | None:
    """Return the verdicts on signatures that occur, with number, rule and measured error."""
    numbers = {name: count(int(n), "signature") for name, n in table["verdict"].value_counts().items()}
    return list_rules("published", PLACES, numbers, fdr=style.settings["fdr"])


FIGURES = {
    "published_change": (draw_places, [SIGNATURES, BY_MODEL]),
    "published_similarity": (draw_similarity, SIMILARITY),
    "published_regulators": (draw_regulators, [REGULATORS, AGREEMENT]),
    "published_verdicts": (list_verdicts, SIGNATURES),
}

if __name__ == "__main__":
    job.run(partial(draw.main, FIGURES), snakemake)

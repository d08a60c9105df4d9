"""Markers: how few genes tell persister from untreated in patients that they weren't learned from."""

import altair as alt
import pandas as pd

from scripts.markers.terms import NESTED
from scripts.report.charts import below, colour_scale, picked, rows_high, unless_picked
from scripts.report.page import Figure, Panel, Section, Table
from scripts.report.source import Source, count
from scripts.report.text import bullets
from scripts.report.words import section, sentence, words

POOLS = {"all genes": "all genes", "surface": "surface proteins", "secreted": "secreted proteins"}
COLOUR = "#0072B2"


def read_panels(source: Source) -> pd.DataFrame:
    """Return the panels that could be judged; ``size`` is text: a number, or the size that each fold chose."""
    table = source.table("markers/markers_panels.tsv", dtype={"size": str})
    return table.assign(size=table["size"].str.removesuffix(".0")).dropna(subset=["auc"])


def draw_panels(source: Source) -> Figure:
    """Return the AUC in left-out patients by panel size, with interval, against random panels; a panel per pool."""
    table = read_panels(source)
    numbers = sorted({size for size in table["size"] if size != NESTED}, key=float)
    order = [*numbers, NESTED]
    table = table.assign(
        what=(table["size"] == NESTED).map({True: "size chosen without the patient", False: "size given"}),
        random_reach=table["random_high"].clip(upper=1),
    )
    x = alt.X("size:N", sort=order, title="genes in the panel", axis=alt.Axis(labelAngle=0))
    title = "AUC within left-out patients"
    y = alt.Y("auc:Q", title=title, scale=alt.Scale(domain=[0, 1]))
    tooltip = [
        "size:N",
        alt.Tooltip("auc:Q", format=".2f"),
        alt.Tooltip("ci_low:Q", title="95 % from", format=".2f"),
        alt.Tooltip("ci_high:Q", title="to", format=".2f"),
        alt.Tooltip("random_auc:Q", format=".2f"),
        alt.Tooltip("p_random:Q", format=".2g"),
        alt.Tooltip("p:Q", format=".2g"),
        "chosen_in:Q",
        "genes:N",
    ]
    base = alt.Chart(alt.NamedData("panels")).encode(x=x, tooltip=tooltip)
    random = base.transform_filter("isValid(datum.random_auc)")
    shape = alt.Scale(domain=["size given", "size chosen without the patient"], range=["circle", "diamond"])
    chart = alt.layer(
        alt.Chart(alt.NamedData("panels")).mark_rule(color="#888888", strokeDash=[4, 3]).encode(y=alt.datum(0.5)),
        random.mark_bar(color="#D0D0D0", width={"band": 0.5}).encode(
            y=alt.Y("random_auc:Q", title=title), y2="random_reach:Q"
        ),
        random.mark_tick(color="#777777", thickness=2, width={"band": 0.5}).encode(y="random_auc:Q"),
        base.mark_rule(color=COLOUR, strokeWidth=1.5).encode(y="ci_low:Q", y2="ci_high:Q"),
        base.mark_point(filled=True, size=70, opacity=1, color=COLOUR).encode(
            y=y, shape=alt.Shape("what:N", scale=shape, legend=below(None, 2))
        ),
    ).properties(width="container", height=230)
    pools = [pool for pool in POOLS if pool in set(table["pool"])]
    candidates = table.groupby("pool")["candidates"].max()
    columns = [*table.columns.difference(["note", "random_reach"], sort=False), "random_reach"]
    return Figure(
        **words("marker_panels"),
        n=f"{count(int(table['n_models'].max()), 'model')}, each left out once: "
        f"{count(int(table['n_untreated'].max()), 'untreated sample')}, "
        f"{count(int(table['n_persister'].max()), 'persister sample')}.",
        panels=tuple(
            Panel(chart, f"{POOLS[pool]} ({int(candidates[pool]):,} candidates)", {"pool": pool}) for pool in pools
        ),
        data={"panels": table[columns]},
        columns=min(3, len(pools)),
        min_width=250,
    )


def draw_scores(source: Source) -> Figure | None:
    """Return the score of each left-out patient's samples, by a panel learned in the others."""
    table = source.table("markers/markers_scores.tsv")
    if table is None or table.empty:
        return None
    models = source.in_order("model", table["model"])
    order = source.in_order("timepoint", table["timepoint"])
    colours = colour_scale("timepoint", source.timepoints, order)
    forms = dict(zip(order, ("circle", "triangle-up", "square"), strict=False))
    base = alt.Chart(alt.NamedData("scores"))
    dots = base.mark_point(filled=True, size=50).encode(
        x=alt.X("score:Q", title="score (0: cut of the other patients)"),
        y=alt.Y("model:N", sort=models, title=None, axis=alt.Axis(grid=True)),
        color=alt.Color("timepoint:N", scale=colours, legend=below(None)),
        shape=alt.Shape(
            "timepoint:N", scale=alt.Scale(domain=list(forms), range=list(forms.values())), legend=below(None)
        ),
        opacity=unless_picked(shown=0.8),
        tooltip=[
            "sample:N",
            "model:N",
            "timepoint:N",
            alt.Tooltip("size:Q", title="genes"),
            alt.Tooltip("score:Q", format=".2f"),
        ],
    )
    zero = base.mark_rule(color="#1B1F24", strokeWidth=0.8).encode(x=alt.datum(0))
    chart = alt.layer(zero, dots).add_params(picked()).properties(width="container", height=rows_high(len(models), 22))
    pools = [pool for pool in POOLS if pool in set(table["pool"])]
    return Figure(
        **words("marker_scores"),
        n=f"{count(len(models), 'model')}, {count(table['sample'].nunique(), 'sample')}.",
        panels=tuple(Panel(chart, POOLS[pool], {"pool": pool}) for pool in pools),
        data={"scores": table},
        columns=min(3, len(pools)),
        min_width=250,
    )


def panel_table(source: Source) -> Table:
    """Return the panels, those with the chosen size first."""
    table = read_panels(source)
    table = table.iloc[(table["size"] != NESTED).argsort(kind="stable")]
    shown = (
        "pool",
        "size",
        "auc",
        "ci_low",
        "ci_high",
        "auc_across",
        "random_auc",
        "p_random",
        "p",
        "sensitivity",
        "specificity",
        "genes",
    )
    path = "markers/markers_panels.tsv"
    return Table(**words("marker_panel_table"), frame=table, source=path, shown=shown, meaning=source.meanings(path))


def gene_table(source: Source) -> Table | None:
    """Return the genes of the panels, and the best beyond them."""
    frame = source.table("markers/markers.tsv")
    if frame is None or frame.empty:
        return None
    first = [
        "gene",
        "pool",
        "location",
        "direction",
        "rank",
        "in_panel",
        "folds",
        "in_final",
        "log_fc",
        "auc",
        "ci_low",
        "ci_high",
        "sensitivity",
        "specificity",
    ]
    frame = frame[[*first, *[c for c in frame if c not in first]]]
    path = "markers/markers.tsv"
    meaning = source.meanings(path)
    return Table(**words("marker_table"), frame=frame, source=path, shown=tuple(first), meaning=meaning)


def build(source: Source) -> Section:
    """Return the section."""
    panels = source.table("markers/markers_panels.tsv")
    if panels is None:
        return section("markers", [], "no_network")
    said = [f"{row.pool}: {row.note}." for row in panels.dropna(subset=["note"]).itertuples()]
    if panels["auc"].notna().sum() == 0:
        return section("markers", [], "too_few", reason=" ".join(said) or sentence("no_reason"))
    blocks = [draw_panels(source), draw_scores(source), gene_table(source), panel_table(source)]
    return section("markers", [*blocks, bullets(said) if said else None])

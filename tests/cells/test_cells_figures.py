"""Figures of the cells from small tables: what they show, and what they say of libraries unlike the usual ones."""

import numpy as np
import pandas as pd
import pytest

from scripts.cells import assign_pool, attrition_figures, droplet_figures, figures, qc, summaries, tabulate_attrition
from scripts.cells.pool_figures import draw_pools
from scripts.cells.steps import NOBODYS
from scripts.figure.figure import Absent
from scripts.figure.style import Style

STYLE = Style(
    models=("A", "B"),
    arms=("untreated", "AC"),
    timepoints=("untreated", "persister"),
    contrast={"baseline": "untreated", "persister": "persister"},
)
REMOVED = {"empty": 900, "host": 30, "mixed": 5, "doublet": 3, "low_counts": 2}


def attrition(samples=(("S1", "untreated"), ("S2", "AC"))) -> pd.DataFrame:
    """Return cells/attrition.tsv: 1,000 barcodes a library, 100 of them droplets with cells, 60 kept."""
    rows = []
    for sample, arm in samples:
        left = 1000
        for step in qc.STEPS:
            removed = REMOVED.get(step, 0)
            timepoint = "untreated" if arm == "untreated" else "persister"
            rows.append((sample, "A", timepoint, arm, step, left, removed, left - removed))
            left -= removed
    return pd.DataFrame(rows, columns=[*tabulate_attrition.LABELS, "step", *tabulate_attrition.NUMBERS])


def libraries(**columns) -> pd.DataFrame:
    """Return cells/libraries.tsv of an untreated library and a persister."""
    table = pd.DataFrame({
        "sample": ["S1", "S2"], "model": "A", "timepoint": ["untreated", "persister"], "arm": ["untreated", "AC"],
        "host": [30, 60], "tumour": [70, 20], "ambient": [5.0, 8.0], "knee": [250, 240], "ambient_limit": [100, None],
    })  # fmt: skip
    return table.assign(**columns)


def droplets(host: bool = True) -> pd.DataFrame:
    """Return the barcodes of a library: kept cells, a host cell, a mixed droplet, and empty ones."""
    table = pd.DataFrame({
        "counts_graft": [1000, 999, 900, 40, 800, 3, 0],
        "counts_host": [9, 9, 12, 600, 700, 1, 2],
        "n_genes": [500, 510, 450, 300, 700, 3, 2],
        "filter_failed": ["", "", "low_counts", "host", "mixed", "empty", "empty"],
    })  # fmt: skip
    table["cell_call"] = table["filter_failed"] != "empty"
    return table if host else table.assign(counts_host=0)


def test_pools_are_drawn_with_nobodys_cells():
    labels = pd.Series(["H1"] * 60 + ["H2"] * 30 + ["two tags"] * 8 + ["unassigned"] * 2)
    made = draw_pools(assign_pool.summarise("P", assign_pool.assign(labels, TAGS), 1_000, TAGS), STYLE)
    table = made.data["pools"]
    assert table["barcodes"].sum() == 100 and made.n == "1 pool of 2 samples, 100 cells."
    assert table.set_index("fate_name")["barcodes"].loc["two tags"] == 8
    assert draw_pools(assign_pool.summarise("P", assign_pool.assign(labels[:0], TAGS), 1_000, TAGS), STYLE) is None


TAGS = {"H1": "S1", "H2": "S2"}


def test_the_waterfall_ends_at_the_cells_kept():
    made = attrition_figures.draw_attrition(attrition(), STYLE)
    table = made.data["attrition"]
    assert [panel.where["condition"] for panel in made.panels] == ["untreated", "persister, AC"]
    first = table[table["condition"] == "untreated"]
    # There are neither pools nor normal and unsure cells, which are steps of studies without a host.
    drawn = [step for step in attrition_figures.STEPS if step not in attrition_figures.NAMED or step in REMOVED]
    assert {"host", "mixed"} <= set(drawn) and not {"normal", "unsure", *NOBODYS} & set(drawn)
    assert list(first["step"]) == [attrition_figures.name_of(step) for step in drawn]
    assert (first["from"].iloc[1:].to_numpy() == first["to"].iloc[:-1].to_numpy()).all()
    assert first["from"].iloc[0] == 1 and first["to"].iloc[-1] == 0 and first["droplets"].iloc[-1] == 60
    assert first["droplets"].sum() == 100 and made.n == "2 libraries, 200 droplets with cells, 120 cells kept."


def test_cells_of_a_pool_without_a_sample_are_drawn_once():
    """A pool of 1,000 cells: 60 and 840 of two samples, 70 without a tag, 30 with two. A third sample is no pool's."""
    rows = []
    for sample, arm, own in (("P1", "untreated", 60), ("P2", "AC", 840)):
        elsewhere = {"empty": 9_000, "other_sample": 900 - own, "untagged": 70, "two_tags": 30}
        steps = qc.attrition(np.array([""] * (own - 10) + ["doublet"] * 10), elsewhere)
        labels = {"sample": sample, "model": "B", "timepoint": "persister" if arm == "AC" else arm, "arm": arm}
        rows.append(steps.assign(**labels))
    table = pd.concat([*rows, attrition((("S2", "AC"),))], ignore_index=True)
    drawn = attrition_figures.draw_attrition(table, STYLE).data["attrition"]
    first = drawn[drawn["condition"] == "untreated"].set_index("step")
    assert list(first.index[:2]) == ["untagged", "two tags"] and "other sample" not in first.index
    assert first["share"][["untagged", "two tags", "doublet"]].tolist() == pytest.approx([0.07, 0.03, 0.9 * 10 / 60])
    assert (first["from"].iloc[1:].to_numpy() == first["to"].iloc[:-1].to_numpy()).all() and first["to"].iloc[-1] == 0
    assert drawn.groupby("step")["droplets"].sum()[["untagged", "two tags"]].tolist() == [70, 30]
    assert drawn.drop_duplicates("condition")["cells"].sum() == 1_000 + 100
    bars = attrition_figures.draw_libraries(table, STYLE).data["libraries"]
    assert bars[bars["sample"] == "S2"]["droplets"].sum() == 100
    assert bars[bars["verdict"] == "untagged"]["droplets"].tolist() == [5, 65, 0]


def test_verdicts_of_a_library_sum_to_its_droplets_with_cells():
    table = attrition_figures.draw_libraries(attrition(), STYLE).data["libraries"]
    assert (table.groupby("sample")["droplets"].sum() == 100).all() and list(table["verdict"][:2]) == [
        "kept",
        "untagged",
    ]


def test_samples_and_arms_are_named_as_they_stand():
    table = attrition((("007", "NA"), ("8", "12")))
    made = attrition_figures.draw_libraries(table, STYLE)
    assert made.panels[0].chart.to_dict()["encoding"]["y"]["sort"] == ["007", "8"]
    assert set(attrition_figures.draw_attrition(table, STYLE).data["attrition"]["arm"]) == {"NA", "12"}


def test_a_study_without_a_droplet_says_so():
    empty = attrition(())
    assert attrition_figures.draw_libraries(empty, STYLE) is None
    assert attrition_figures.draw_attrition(empty, STYLE) is None
    none = summaries.bin_droplets(droplets().query("filter_failed == 'empty'")).assign(sample="")
    assert figures.draw_barnyard(none, libraries(), STYLE) == Absent("no_droplets")


@pytest.mark.parametrize(
    ("host", "measure", "title"), [(True, "host UMIs", "host UMIs + 1"), (False, "genes", "genes detected")]
)
def test_the_barnyard_plot_counts_every_droplet_with_a_cell_once(host, measure, title):
    bins = summaries.bin_droplets(droplets(host))
    assert bins["droplets"].sum() == 5 and set(bins["measure"]) == {measure}
    kept = bins[bins["verdict"] == "kept tumour cell"]
    # 1,000 UMIs + 1 and 999 + 1 are in one bin, which begins at 1,000.
    assert kept["droplets"].tolist() == [2]
    assert (bins["graft_from"] <= bins["graft_to"]).all() and kept["graft_from"].iloc[0] == pytest.approx(1000)
    made = figures.draw_barnyard(bins.assign(sample="S2"), libraries(), STYLE)
    assert [(panel.title, panel.model) for panel in made.panels] == [("S2: 5", "A")]
    assert made.panels[0].chart.to_dict()["encoding"]["y"]["title"] == title
    assert made.panels[0].chart.to_dict()["encoding"]["x"]["title"] == ("graft UMIs + 1" if host else "UMIs + 1")
    assert set(made.notes) == (set() if host else {"without_host"})
    # The most frequent verdict is drawn first, below the others.
    assert made.data["barnyard"]["verdict"].iloc[0] == "kept tumour cell"


def test_the_rank_curve_begins_and_ends_where_the_barcodes_do():
    totals = pd.Series(range(1, 5001)).to_numpy()
    curve = summaries.rank_curve(totals)
    assert (curve["umis"] == 5001 - curve["rank"]).all() and curve["rank"].is_monotonic_increasing
    assert curve["rank"].iloc[0] == 1 and curve["rank"].iloc[-1] == 5000 and 100 < len(curve) < 200
    assert list(summaries.rank_curve(pd.Series([0, 5, 9, 1]).to_numpy())["umis"]) == [9, 5, 1]
    assert summaries.rank_curve(totals * 0).empty
    ranks = summaries.rank_barcodes(droplets()).assign(sample="S1")
    made = figures.draw_ranks(ranks, libraries(), STYLE)
    assert made.n == "1 library, 7 barcodes with a UMI." and list(ranks["barcodes"].unique()) == list(
        droplet_figures.CURVES
    )
    assert made.data["limits"].query("sample == 'S2'")["limit"].tolist() == ["knee"], "it has no ambient pool"


def test_quantiles_are_those_of_the_cells_that_have_a_value():
    cells = pd.DataFrame({"total_counts": range(101), "doublet_score": [0.5, *[None] * 100], "pct_counts_mt": None})
    table = summaries.summarise_quality(cells, ("total_counts", "doublet_score", "pct_counts_mt"))
    assert list(table["measure"]) == ["total_counts", "doublet_score"] and set(table["n_cells"]) == {101}
    assert table.iloc[0][["q05", "q25", "median", "q75", "q95"]].tolist() == [5, 25, 50, 75, 95]
    labels = {"sample": "S1", "model": "A", "timepoint": "untreated", "arm": "untreated"}
    made = figures.draw_quality(table.assign(**labels), STYLE)
    assert [panel.where["measure"] for panel in made.panels] == ["UMIs", "doublet score"]
    assert made.n == "1 library, 101 cells kept."


def test_each_arm_begins_at_the_baseline_of_its_model():
    made = figures.draw_other_cells(libraries(), STYLE)
    lines = made.data["stroma"].set_index("sample")
    assert (
        lines.loc["S1", "arm"] == "AC" and lines.loc["S1", "host_cells"] == 30 and lines.loc["S2", "host_cells"] == 75
    )
    assert len(made.panels) == 2 and len(figures.draw_other_cells(libraries(ambient=float("nan")), STYLE).panels) == 1
    assert figures.draw_other_cells(libraries(host=0), STYLE) is None


def test_without_a_host_the_stroma_is_the_normal_cells():
    table = libraries(host=0)
    made = figures.draw_other_cells(table.assign(normal=table["tumour"] // 4), STYLE)
    shares = made.data["stroma"]
    assert shares["host_cells"].between(20, 25).all() and "normal" in shares and "host" not in shares


def test_every_verdict_and_step_has_a_colour_of_its_own():
    assert set(summaries.VERDICTS.values()) == set(droplet_figures.VERDICTS)
    assert set(summaries.VERDICTS) == {"", *qc.STEPS} - {"empty"}
    assert set(attrition_figures.STEPS) == {*NOBODYS, *qc.STEPS, "kept"} - {"empty"}
    for colours in (droplet_figures.VERDICTS, attrition_figures.STEPS):
        assert len(set(colours.values())) == len(colours)

"""Targets and factors in pseudobulk, and known programmes among the targets."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from scripts.switches import targets

MODELS = ["P1", "P2", "P3", "P4"]
GENES = [f"g{i}" for i in range(100)]
STRESS = {f"g{i}": "" for i in range(20)}
SETS = {"stress": STRESS, "s": {"g30": "", "g31": ""}, "g2m": {"g31": "", "g32": "", "new": "g33"}, "hypoxia": {}}


def changes_of(values: dict[str, float], spread: float = 0.05) -> pd.DataFrame:
    noise = np.random.default_rng(0).normal(0, spread, (len(MODELS), len(GENES)))
    return pd.DataFrame(noise, index=MODELS, columns=GENES) + pd.Series(values, dtype=float).reindex(GENES).fillna(0)


def judged(edges: pd.DataFrame, changes: pd.DataFrame) -> pd.DataFrame:
    table = targets.overlap(edges, SETS, pd.Index(GENES))
    return targets.judge_overlap(table, edges, SETS, changes, fdr=0.05).set_index(["regulon", "programme"])


def test_targets_are_weighted_by_their_edges(simulate):
    edges = simulate.edges_of({"A": ["g1", "g2", "unseen"]})  # weights 10, 5, 3.3
    found = targets.target_change(pd.DataFrame({"g1": [1.0, 0.0], "g2": [4.0, 3.0]}, index=["P1", "P2"]), edges)
    assert found["A(+)"].to_dict() == {"P1": pytest.approx((10 + 4 * 5) / 15), "P2": pytest.approx(1.0)}


def test_regulon_without_a_measured_target_is_missing(simulate):
    edges = simulate.edges_of({"A": ["g1"], "B": ["unseen"]})
    found = targets.target_change(pd.DataFrame({"g1": [1.0]}, index=["P1"]), edges)
    assert found.loc["P1", "A(+)"] == 1.0 and np.isnan(found.loc["P1", "B(+)"])


def test_factor_that_is_not_measured_is_missing_not_zero():
    found = targets.factor_change(pd.DataFrame({"A": [1.0]}, index=["P1"]), ["A", "B", "A"])
    assert list(found) == ["A", "B"] and np.isnan(found.loc["P1", "B"])


def test_overlap_is_a_hypergeometric_tail(simulate):
    edges = simulate.edges_of({"A": [f"g{i}" for i in range(15, 35)], "B": [f"g{i}" for i in range(50, 60)]})
    table = targets.overlap(edges, SETS, pd.Index(GENES)).set_index(["regulon", "programme"])
    row = table.loc[("A(+)", "stress")]
    assert (row["genes"], row["targets"], row["programme_genes"], row["shared"]) == (100, 20, 20, 5)
    assert row["expected"] == 4.0
    contingency = [[5, 15], [15, 65]]
    assert row["p"] == pytest.approx(stats.fisher_exact(contingency, alternative="greater").pvalue)
    weights = edges.loc[edges["tf"] == "A"].set_index("target")["weight"]
    assert row["weight_share"] == pytest.approx(weights[[f"g{i}" for i in range(15, 20)]].sum() / weights.sum())
    assert table.loc[("B(+)", "stress"), "p"] == 1.0


def test_cell_cycle_is_both_phases_and_old_names_count(simulate):
    edges = simulate.edges_of({"A": ["g30", "g31", "g32", "g33", "g34"]})
    row = targets.overlap(edges, SETS, pd.Index(GENES)).set_index("programme").loc["cell cycle"]
    assert row["programme_genes"] == 4 and row["shared"] == 4


def test_a_set_that_nobody_measured_gives_no_p(simulate):
    row = targets.overlap(simulate.edges_of({"A": ["g1"]}), SETS, pd.Index(GENES)).set_index("programme").loc["hypoxia"]
    assert row["shared"] == 0 and np.isnan(row["p"]) and np.isnan(row["fdr"])


def test_targets_outside_the_universe_do_not_count(simulate):
    row = (
        targets.overlap(simulate.edges_of({"A": ["g1", "unseen"]}), SETS, pd.Index(GENES))
        .set_index("programme")
        .loc["stress"]
    )
    assert row["targets"] == row["shared"] == 1 and row["weight_share"] == 1.0


STRESS_TARGETS = [f"g{i}" for i in range(12)]
OTHERS = [f"g{i}" for i in range(60, 72)]


@pytest.mark.parametrize(
    ("regulon", "values", "carries"),
    [
        # half of the weight in the set: carried, whatever the rest does
        ([*STRESS_TARGETS, *OTHERS], dict.fromkeys([*STRESS_TARGETS, *OTHERS], 1.0), "yes"),
        # enriched, but the heavier targets outside move as much: not carried
        ([*OTHERS, *STRESS_TARGETS], dict.fromkeys([*STRESS_TARGETS, *OTHERS], 1.0), "no"),
        # enriched, and those outside don't move
        ([*OTHERS, *STRESS_TARGETS], dict.fromkeys(STRESS_TARGETS, 1.0), "yes"),
        # ... move less than half as much
        ([*OTHERS, *STRESS_TARGETS], {**dict.fromkeys(STRESS_TARGETS, 1.0), **dict.fromkeys(OTHERS, 0.4)}, "yes"),
        # ... move the other way
        ([*OTHERS, *STRESS_TARGETS], {**dict.fromkeys(STRESS_TARGETS, 1.0), **dict.fromkeys(OTHERS, -1.0)}, "yes"),
        # two left outside, heavy and moving: too few to judge
        ([*OTHERS[:2], *STRESS_TARGETS], dict.fromkeys([*STRESS_TARGETS, *OTHERS], 1.0), "yes"),
        # not enriched
        ([*OTHERS, "g1"], dict.fromkeys(["g1"], 1.0), "no"),
    ],
)
def test_whether_stress_carries_a_regulon(simulate, regulon, values, carries):
    # Another, plain regulon: BH has two tests.
    edges = simulate.edges_of({"A": regulon, "Z": [f"g{i}" for i in range(80, 95)]})
    found = judged(edges, changes_of(values))
    assert found.loc[("A(+)", "stress"), "carries"] == carries
    assert found.loc[("Z(+)", "stress"), "carries"] == "no"


def test_targets_outside_that_move_in_some_models_only_follow_the_programme(simulate):
    edges = simulate.edges_of({"A": [*OTHERS, *STRESS_TARGETS]})
    changes = changes_of(dict.fromkeys([*STRESS_TARGETS, *OTHERS], 1.0))
    changes.loc["P4", OTHERS] = -0.5
    row = judged(edges, changes).loc[("A(+)", "stress")]
    assert row["outside_k"] == 3 and row["n"] == 4 and row["outside_log2fc"] > 0.5 and row["carries"] == "yes"


def test_empty_regulons_give_empty_overlaps(simulate):
    edges = simulate.edges_of({})
    table = targets.judge_overlap(targets.overlap(edges, SETS, pd.Index(GENES)), edges, SETS, changes_of({}), fdr=0.05)
    assert table.empty and list(table) == targets.OVERLAPS


def test_universe_is_what_enough_cells_of_a_model_show_and_all_samples_measured():
    shown = pd.DataFrame({"a": [2, 0, 0], "b": [1, 0, 1], "c": [50, 50, 50], "d": [0, 0, 0]}, index=["u", "p", "v"])
    cells, models = pd.Series({"u": 100, "p": 100, "v": 50}), pd.Series({"u": "P1", "p": "P1", "v": "P2"})
    everywhere = pd.Series({"a": True, "b": True, "c": False, "d": True})
    universe = targets.gene_universe(shown, cells, models, everywhere, 0.01)
    assert list(universe) == ["a", "b"]  # b by P2 (1 of 50) although not by P1 (1 of 200)
    assert list(targets.gene_universe(shown, cells, models, everywhere, 0.02)) == ["b"]
    assert targets.gene_universe(shown.iloc[:0], cells, models, everywhere, 0.01).empty


def test_targets_to_distrust_are_told_as_a_share_of_the_regulons_weight():
    edges = pd.DataFrame(
        {
            "regulon": ["A(+)", "A(+)", "B(+)"],
            "tf": ["A", "A", "B"],
            "target": ["x", "y", "z"],
            "weight": [3.0, 1.0, 2.0],
        }
    )
    found = targets.distrusted_shares(edges, pd.Index(["y", "unknown"]))
    assert found.to_dict() == {"A(+)": 0.25, "B(+)": 0.0}
    changes = pd.DataFrame({"x": [1.0], "y": [9.0], "z": [0.0]}, index=["P1"])
    assert targets.target_change(changes.drop(columns="y"), edges).loc["P1", "A(+)"] == 1.0

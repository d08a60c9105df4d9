"""What seeds and groups agree on."""

import pandas as pd
import pytest

from scripts.regulons import consensus
from scripts.regulons.consensus_over_models import to_gmt


def run(edges):
    rows = [(f"{tf}(+)", tf, target, weight) for tf, target, weight in edges]
    return pd.DataFrame(rows, columns=consensus.RUN)


A = run([("JUN", t, 1.0) for t in "abcd"] + [("MYC", t, 2.0) for t in "xyz"])
B = run([("JUN", t, 3.0) for t in "abcde"] + [("MYC", "x", 4.0)])
C = run([("JUN", t, 5.0) for t in "abf"])
PATIENTS = {"P1": "P1", "P2": "P2", "P3": "P3"}


def test_an_edge_needs_enough_seeds_and_weighs_its_mean():
    found = consensus.agree([A, B, C], min_runs=2, min_targets=1)
    edges = found.set_index(["tf", "target"])
    assert set(edges.index) == {("JUN", t) for t in "abcd"} | {("MYC", "x")}
    assert edges.loc[("JUN", "a"), ["weight", "seeds"]].tolist() == [3.0, 3]
    assert edges.loc[("JUN", "c"), ["weight", "seeds"]].tolist() == [2.0, 2]


def test_size_is_asked_of_the_regulon_after_agreement():
    found = consensus.agree([A, B, C], min_runs=2, min_targets=2)
    assert set(found["tf"]) == {"JUN"}
    assert consensus.agree([A, B, C], min_runs=3, min_targets=3).empty


def test_order_of_runs_changes_nothing():
    one = consensus.agree([A, B, C], min_runs=2, min_targets=1)
    other = consensus.agree([C, A, B], min_runs=2, min_targets=1)
    pd.testing.assert_frame_equal(one, other)


@pytest.fixture
def groups():
    seeds = {"P1": [A, B, C], "P2": [A, B], "P3": [A]}
    return {name: consensus.agree(runs, min_runs=1, min_targets=1) for name, runs in seeds.items()}


def test_a_group_with_more_seeds_has_no_more_say(groups):
    found = consensus.consensus_over_models(groups, PATIENTS, min_groups=3, min_targets=1).set_index(["tf", "target"])
    row = found.loc[("JUN", "a")]
    assert row["groups"] == 3 and row["seeds"] == 6
    assert row["weight"] == pytest.approx((3.0 + 2.0 + 1.0) / 3)


def test_an_edge_of_one_group_is_not_shared(groups):
    found = consensus.consensus_over_models(groups, PATIENTS, min_groups=2, min_targets=1)
    assert ("JUN", "f") not in set(zip(found["tf"], found["target"], strict=True))
    assert ("JUN", "e") in set(zip(found["tf"], found["target"], strict=True))


def test_two_timepoints_of_one_patient_are_one_model():
    runs = {"P1_untreated": [A], "P1_persister": [B], "P2_untreated": [C]}
    groups = {name: consensus.agree(tables, min_runs=1, min_targets=1) for name, tables in runs.items()}
    models = {name: name.split("_")[0] for name in groups}
    found = consensus.consensus_over_models(groups, models, min_groups=2, min_targets=1).set_index(["tf", "target"])
    assert list(found.index) == [("JUN", "a"), ("JUN", "b")]  # c, d and MYC's x are in both timepoints of P1 alone
    assert (found["groups"] == 3).all()
    assert found.columns.tolist() == [c for c in consensus.GROUPS if c not in ("tf", "target")]


def test_support_tells_which_patients_carry_a_regulon(groups):
    edges = consensus.consensus_over_models(groups, PATIENTS, min_groups=2, min_targets=1)
    support = consensus.support(groups, edges).set_index(["regulon", "group"])
    assert support.loc[("JUN(+)", "P1"), "edges"] == 5
    assert support.loc[("JUN(+)", "P3"), "edges"] == 4
    assert (support.loc["JUN(+)", "targets"] == 5).all()


def test_nothing_agreed_keeps_the_header():
    empty = consensus.agree([A.iloc[:0], B.iloc[:0]], min_runs=1, min_targets=1)
    assert empty.columns.tolist() == consensus.SEEDS and empty.empty
    both = consensus.consensus_over_models({"P1": empty, "P2": empty}, PATIENTS, min_groups=1, min_targets=1)
    assert both.columns.tolist() == consensus.GROUPS and both.empty
    assert consensus.support({"P1": empty}, both).columns.tolist() == consensus.SUPPORT


def test_gene_set_file_names_the_regulon_and_any_stand_in(groups):
    edges = consensus.consensus_over_models(groups, PATIENTS, min_groups=2, min_targets=1)
    first = to_gmt(edges, "stand-in database").splitlines()[0].split("\t")
    assert first[0] == "JUN(+)" and "stand-in database" in first[1] and set(first[2:]) == set("abcde")

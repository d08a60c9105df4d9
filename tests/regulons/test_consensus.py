"""What seeds and groups agree on."""

import numpy as np
import pandas as pd
import pytest

from scripts.regulons import consensus, mean_network, null
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
    tested = pd.DataFrame(
        [("JUN(+)", "JUN", 5, 4.0, 3.9, 0.01, 0.04, "kept"), ("MYC(+)", "MYC", 3, 3.1, 2.0, 0.2, 0.3, "dropped")],
        columns=null.EXCHANGED,
    )
    exchanged = {"P1": tested, "P2": tested.assign(p=np.nan, false_share=np.nan, status="not tested"), "P3": tested[1:]}
    support = consensus.support(groups, edges, exchanged).set_index(["regulon", "group"])
    assert support.loc[("JUN(+)", "P1"), "edges"] == 5
    assert support.loc[("JUN(+)", "P3"), "edges"] == 4
    assert (support.loc["JUN(+)", "targets"] == 5).all()
    assert support.loc[("JUN(+)", "P1"), ["p", "false_share"]].tolist() == [0.01, 0.04]
    assert support.loc[["JUN(+)"], "p"].isna().tolist() == [False, True, True]


def test_nothing_agreed_keeps_the_header():
    empty = consensus.agree([A.iloc[:0], B.iloc[:0]], min_runs=1, min_targets=1)
    assert empty.columns.tolist() == consensus.SEEDS and empty.empty
    both = consensus.consensus_over_models({"P1": empty, "P2": empty}, PATIENTS, min_groups=1, min_targets=1)
    assert both.columns.tolist() == consensus.GROUPS and both.empty
    assert consensus.support({"P1": empty}, both, {}).columns.tolist() == consensus.SUPPORT


def test_gene_set_file_names_the_regulon_and_any_stand_in(groups):
    edges = consensus.consensus_over_models(groups, PATIENTS, min_groups=2, min_targets=1)
    first = to_gmt(edges, "stand-in database").splitlines()[0].split("\t")
    assert first[0] == "JUN(+)" and "stand-in database" in first[1] and set(first[2:]) == set("abcde")


def test_the_mean_network_counts_a_missing_edge_as_zero():
    one = pd.DataFrame({"TF": ["A", "A"], "target": ["x", "y"], "importance": [4.0, 1.0]})
    two = pd.DataFrame({"TF": ["A", "B"], "target": ["x", "x"], "importance": [2.0, 3.0]})
    mean = mean_network.average([one, two])
    expected = pd.DataFrame({"TF": ["A", "B", "A"], "target": ["x", "x", "y"], "importance": [3.0, 1.5, 0.5]})
    pd.testing.assert_frame_equal(mean, expected)
    pd.testing.assert_frame_equal(mean, mean_network.average([two, one]))


def test_edges_of_the_mean_network_need_enough_seeds_modules():
    seeds = pd.DataFrame({"TF": "JUN", "target": list("abcd"), "seeds": [3, 2, 1, 2]})
    found = consensus.of_mean_network(A, seeds, min_runs=2, min_targets=2)
    assert found.columns.tolist() == consensus.SEEDS
    assert found.set_index("target")["seeds"].to_dict() == {"a": 3, "b": 2, "d": 2}
    assert consensus.of_mean_network(A, seeds, min_runs=2, min_targets=4).empty
    candidates = pd.DataFrame({"tf": ["JUN", "MYC"], "targets": [list("abcz"), list("xy")]})
    assert null.only_stable(candidates, seeds, 2)["targets"].tolist() == [["a", "b"], []]


def run_of(n_factors: int, false: int) -> tuple[list[pd.DataFrame], pd.DataFrame]:
    """Return candidates of factors whose own motif gives ten targets, and by ``false`` others; annotations."""
    names = [f"T{i:02d}" for i in range(n_factors)]
    rows = [(tf, "activating", f"m{tf}", 5.0, list("abcdefghij")) for tf in names]
    others = [(i, step) for i in range(n_factors) for step in range(1, false + 1)]
    rows += [
        (names[i], "activating", f"m{names[(i + step) % n_factors]}", 6.0, list("abcdefghij")) for i, step in others
    ]
    told = {"motif_similarity_qvalue": 0.0, "orthologous_identity": 1.0, "annotation": "direct"}
    return [pd.DataFrame(rows, columns=["tf", "sign", "motif", "nes", "targets"])], pd.DataFrame(
        {"tf": names, "motif": [f"m{tf}" for tf in names], **told}
    )


@pytest.mark.parametrize(
    ("factors", "false", "limit", "status"),
    [(30, 1, 0.1, "kept"), (30, 6, 0.1, "dropped"), (30, 6, 1.0, "kept"), (19, 0, 0.1, "not tested")],
)
def test_regulons_are_kept_up_to_the_false_share(factors, false, limit, status, caplog):
    runs, annotations = run_of(factors, false)
    found = null.judge_group(
        runs, annotations, annotations["tf"], {}, min_runs=1, min_targets=10, max_false_share=limit, repressors=False
    )
    assert found.columns.tolist() == null.EXCHANGED and set(found["status"]) == {status} <= set(consensus.STATUS)
    edges = pd.DataFrame({"regulon": [*found["regulon"], "Z(+)"]})
    assert len(null.drop(edges, found)) == (1 if status == "dropped" else factors + 1)
    assert ("not tested: fewer than 20" in caplog.text) == (status == "not tested")


def test_repressing_regulons_are_judged_among_themselves():
    runs, annotations = run_of(30, 0)
    both = [pd.concat([runs[0], runs[0].assign(sign="repressing")])]
    ask = {"min_runs": 1, "min_targets": 10, "max_false_share": 0.1}
    found = null.judge_group(both, annotations, annotations["tf"], {}, **ask, repressors=True)
    assert len(found) == 60 and found["regulon"].str.endswith("(-)").sum() == 30
    alone = null.judge_group(both, annotations, annotations["tf"], {}, **ask, repressors=False)
    pd.testing.assert_frame_equal(found[:30], alone)

"""Regulons against those that exchanged motifs give."""

import numpy as np
import pandas as pd
import pytest
from prunable import as_database, random_ranks, simulate_demo
from scipy import stats

from scripts.scenic import cistarget, exchange, motif_table
from scripts.scenic.modules import ACTIVATING, REPRESSING, Module, modules_from_adjacencies

SETTINGS = {"rank_threshold": 50, "auc_threshold": 0.05}


@pytest.fixture(scope="module")
def demo():
    study = simulate_demo()
    found = modules_from_adjacencies(study["adjacencies"], study["expression"], study["genes"], only_activating=False)
    table = study["table"].rename(columns={"#motif_id": "motif", "gene_name": "tf", "description": "annotation"})[
        motif_table.ANNOTATIONS
    ]
    return {"modules": found, "databases": [as_database(study["ranks"])], "annotations": table, "edges": study["edges"]}


def prune_by(study, annotations) -> pd.DataFrame:
    return cistarget.regulons_from_motifs(
        cistarget.prune(study["modules"], study["databases"], annotations, **SETTINGS)
    )


@pytest.mark.parametrize("sign", [ACTIVATING, REPRESSING])
def test_pairs_are_the_regulons_of_a_pruning_with_exchanged_motifs(demo, sign):
    """Every exchange is pruned for itself: number of targets of each factor by another's motifs."""
    factors = sorted(set(demo["annotations"]["tf"]))
    runs = [exchange.find_candidates(demo["modules"], demo["databases"], demo["annotations"], **SETTINGS)]
    sizes, scores = exchange.pair_up(runs, demo["annotations"], factors, sign, 1)
    for shift in range(0, len(factors), 5):
        given = dict(zip(np.roll(factors, shift), factors, strict=True))  # the owner of a motif → who is given it
        regulons = prune_by(demo, demo["annotations"].assign(tf=demo["annotations"]["tf"].map(given)))
        found = regulons[regulons["regulon"].str.endswith("(+)" if sign == ACTIVATING else "(-)")]
        expected = found.groupby("tf").size().reindex(factors, fill_value=0).to_numpy()
        columns = [(place - shift) % len(factors) for place in range(len(factors))]
        np.testing.assert_array_equal(sizes[np.arange(len(factors)), columns], expected)
    assert ((scores >= cistarget.NES_THRESHOLD) == (sizes > 0)).all()


def test_an_edge_needs_enough_runs_under_exchange_as_well(demo):
    run = exchange.find_candidates(demo["modules"], demo["databases"], demo["annotations"], **SETTINGS)
    factors = sorted(set(demo["annotations"]["tf"]))
    half = run.assign(targets=[targets[::2] for targets in run["targets"]])
    both, _ = exchange.pair_up([run, half], demo["annotations"], factors, ACTIVATING, 2)
    only, _ = exchange.pair_up([half], demo["annotations"], factors, ACTIVATING, 1)
    np.testing.assert_array_equal(both, only)
    either, _ = exchange.pair_up([run, half], demo["annotations"], factors, ACTIVATING, 1)
    assert (either >= both).all() and (either > both).any()


def test_planted_regulons_stand_out_and_exchanged_labels_leave_none(demo):
    runs = [exchange.find_candidates(demo["modules"], demo["databases"], demo["annotations"], **SETTINGS)]
    factors = {module.tf for module in demo["modules"]}
    ask = {"sign": ACTIVATING, "min_targets": 6}
    table, expected = exchange.against_exchange(runs, demo["annotations"], factors, {}, **ask)
    planted = set(demo["edges"]["tf"])
    kept = table[table["false_share"] <= 0.1]
    assert set(kept["tf"]) == planted and expected < 2
    names = sorted(set(demo["annotations"]["tf"]))
    left = 0
    for shift in range(1, len(names), 3):
        given = dict(zip(np.roll(names, shift), names, strict=True))
        wrong = demo["annotations"].assign(tf=demo["annotations"]["tf"].map(given))
        found, _ = exchange.against_exchange(runs, wrong, factors, {}, **ask)
        left += (found["false_share"] <= 0.1).sum()
    assert left <= 2  # of ten exchanges with 15 modules of real targets each


def test_relatives_do_not_exchange_motifs():
    """JUN given the motif of FOS keeps its regulon; that is no false one."""
    annotations = pd.DataFrame({"tf": ["FOS", "JUN", "ATF3", "ATF3", "MYC"], "motif": ["a", "b", "b", "c", "d"]})
    related = exchange.relatives(annotations, ["ATF3", "FOS", "JUN", "MYC"], {"FOS": "AP-1", "JUN": "AP-1"})
    found = {(a, b) for a in range(4) for b in range(4) if related[a, b]}
    assert found == {(0, 0), (1, 1), (2, 2), (3, 3), (0, 2), (2, 0), (1, 2), (2, 1)}


def test_many_motifs_are_compared_with_many():
    motifs = np.array([1.0] * 30 + [40.0] * 25 + [5.0] * 2)
    alike = exchange.comparable(motifs)
    assert alike[0].sum() == 30 and alike[0, :30].all()
    assert alike[30].sum() == 25 and alike[30, 30:55].all()
    assert alike[55].sum() >= exchange.MIN_FACTORS


def test_p_and_false_share_are_counted_as_told():
    """Three factors; the exchanges of two give 4.0 and 2.0 next to regulons of 5.0 and 3.0."""
    scores = np.array([[5.0, 4.0, 0.0], [0.0, 3.0, 0.0], [2.0, 0.0, 0.0]])
    sizes = np.where(scores > 0, 10, 0)
    nobody = np.eye(3, dtype=bool)
    table, expected = exchange.judge(["A", "B", "C"], sizes, scores, nobody, ~nobody | nobody, ACTIVATING, 10)
    assert table["regulon"].tolist() == ["A(+)", "B(+)"]
    # The motifs of A and of B give 7/3 on average: A has 8/3 more, B 2/3; of the exchanges 5/3 and −1/3.
    assert table["nes_excess"].tolist() == pytest.approx([8 / 3, 2 / 3])
    assert table["p"].tolist() == pytest.approx([1 / 7, 2 / 7])
    # Benjamini and Hochberg have 3/7 for both, and 3/7 ÷ (4/7)² is more than 1.
    assert table["false_share"].tolist() == [1.0, 1.0]
    assert expected == pytest.approx(3 * 2 / 6)
    few, none = exchange.judge(["A", "B", "C"], sizes, scores, nobody, ~nobody | nobody, ACTIVATING, 11)
    assert few.empty and none == 0


def test_motifs_that_all_modules_share_count_less():
    """A and B score 6; the motifs of B score 5 in half of all modules, as those of a programme's factor do."""
    scores = np.diag(np.r_[6.0, 6.0, np.zeros(38)])
    scores[20:, 1] = 5.0
    nobody = np.eye(40, dtype=bool)
    names = [f"T{i:02d}" for i in range(40)]
    sizes = np.where(scores > 0, 10, 0)
    table, _ = exchange.judge(names, sizes, scores, nobody, np.ones((40, 40), dtype=bool), ACTIVATING, 10)
    assert table["nes_excess"].tolist() == pytest.approx([6 - 6 / 40, 6 - (6 + 20 * 5) / 40])
    relatives = nobody.copy()
    relatives[20:, 1] = True  # of B: what its motifs give them isn't counted
    table, _ = exchange.judge(names, sizes, scores, relatives, np.ones((40, 40), dtype=bool), ACTIVATING, 10)
    assert table["nes_excess"].tolist() == pytest.approx([6 - 6 / 40, 6 - 6 / 20])


def test_without_information_a_limit_keeps_that_many_regulons_on_average():
    """20,000 groups of 200 factors with uniform p; the mean has a standard error of .003. Benjamini and Hochberg's own
    limit keeps α ÷ (1 − α)² = .123.
    """
    p = np.random.default_rng(0).random((20_000, 200))
    shares = exchange.false_shares(p)
    assert (shares <= 0.1).sum(axis=1).mean() == pytest.approx(0.1, abs=0.01)
    assert (stats.false_discovery_control(p, axis=1) <= 0.1).sum(axis=1).mean() == pytest.approx(0.1 / 0.81, abs=0.01)
    assert (shares >= stats.false_discovery_control(p, axis=1)).all() and shares.max() == 1


def test_a_full_exchange_keeps_no_more_regulons_than_the_limit(demo):
    """All motifs exchanged at random, with the limit applied again in each exchange, on modules of real targets."""
    factors = sorted(set(demo["annotations"]["tf"]) & {module.tf for module in demo["modules"]})
    runs = [exchange.find_candidates(demo["modules"], demo["databases"], demo["annotations"], **SETTINGS)]
    sizes, scores = exchange.pair_up(runs, demo["annotations"], factors, ACTIVATING, 1)
    related = exchange.relatives(demo["annotations"], factors, {})
    alike = exchange.comparable(demo["annotations"].groupby("tf").size()[factors].to_numpy(dtype=float))
    rng, kept = np.random.default_rng(0), []
    while len(kept) < 300:
        order = rng.permutation(len(factors))
        if related[np.arange(len(factors)), order].any():
            continue  # somebody got motifs of a relative, or the own ones
        table, _ = exchange.judge(
            factors, sizes[:, order], scores[:, order], related | related[np.ix_(order, order)],
            alike[np.ix_(order, order)], ACTIVATING, 6,
        )  # fmt: skip
        kept.append((table["false_share"] <= 0.1).sum())
    assert np.mean(kept) <= 0.1 + 2 * np.std(kept) / np.sqrt(len(kept))


def test_too_few_factors_are_not_tested():
    genes = [f"g{i}" for i in range(300)]
    database = as_database(random_ranks(200, genes, 1))
    annotations = pd.DataFrame(
        {"tf": ["A", "B"], "motif": ["m0", "m1"], "motif_similarity_qvalue": 0.0, "orthologous_identity": 1.0,
         "annotation": "direct"}
    )  # fmt: skip
    best = np.array(genes, dtype=object)[np.argsort(database.ranks[:, 0])[:30]]
    module = Module("A", "top50", ACTIVATING, best, np.ones(30))
    run = exchange.find_candidates([module], [database], annotations, **SETTINGS)
    table, expected = exchange.against_exchange([run], annotations, {"A", "B"}, {}, min_targets=10)
    assert table["regulon"].tolist() == ["A(+)"] and table[["p", "false_share"]].isna().all(axis=None)
    assert np.isnan(expected)
    assert exchange.against_exchange([run], annotations, {"C"}, {})[0].columns.tolist() == exchange.NULL

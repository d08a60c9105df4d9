"""Published lists of which it is known what they share with the study: verdicts, shares, and regulators."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from simulators.published import (
    BLOCK,
    NAMES,
    WIDE,
    WIDE_BLOCK,
    change_and_list,
    list_genes,
    make_coexpression,
    make_module_targets,
    make_targets,
    simulate,
)

from scripts.base import job
from scripts.published import places, regulators
from scripts.published import signatures as lists
from scripts.published.terms import AGREEMENT, BY_MODEL, OVERALL, REGULATORS, SIGNATURES, SIMILARITY, STUDY

SHIPPED = [
    Path(__file__).parents[2] / "resources" / "published" / name for name in ("signatures.gmt", "signatures.tsv")
]


@pytest.fixture(scope="module")
def compared():
    """Return the tables of a list that follows, one that is turned round, a random one and a short one."""
    rng = np.random.default_rng(1)
    patients = simulate(rng, 5, moving=0.3)
    follow = list_genes(rng, patients.effect, 100, 0.5)
    known = {
        "follows": follow, "turned": -follow, "random": list_genes(rng, patients.effect, 100, 0.0),
        "short": follow.iloc[:3],
    }  # fmt: skip
    sources = pd.DataFrame("", index=list(known), columns=["paper", "cancer", "drug"])
    own = pd.Series(np.sign(patients.effect), NAMES)[patients.effect != 0].iloc[:100]
    return patients, known, own, places.place(patients.changes, known, sources, patients.mean, own, 0.05)


def test_lists_that_follow_agree_and_random_ones_do_not(compared):
    _, _, _, (table, models, pairs) = compared
    assert list(table) == SIGNATURES and list(models) == BY_MODEL and list(pairs) == SIMILARITY
    said = table.set_index("signature")["verdict"]
    assert said.to_dict() == {
        "follows": "agrees", "turned": "opposite", "random": "not shown", "short": "not judged",
    }  # fmt: skip
    found = table.set_index("signature")
    assert found.loc["follows", "effect"] == pytest.approx(-found.loc["turned", "effect"])
    assert found.loc["short", "note"] == "too few of its genes are measured"
    assert table["effect"].dropna().is_monotonic_decreasing


def test_the_change_is_that_of_models_and_its_p_a_paired_t(compared):
    _, _, _, (table, models, _) = compared
    own = models[models["signature"] == "follows"]["shift"]
    row = table.set_index("signature").loc["follows"]
    assert row["effect"] == pytest.approx(own.mean())
    assert row["p"] == pytest.approx(max(stats.ttest_1samp(own, 0).pvalue, 1e-6), rel=1e-6)
    low, high = stats.t.interval(0.95, len(own) - 1, own.mean(), stats.sem(own))
    assert (row["ci_low"], row["ci_high"]) == pytest.approx((low, high))


def test_genes_that_two_lists_share_are_counted_by_direction(compared):
    _, known, own, (table, _, pairs) = compared
    row = table.set_index("signature").loc["follows"]
    both = own.index.intersection(known["follows"].index)
    same = int((own[both] == known["follows"][both]).sum())
    assert row["shared_same"] == same and row["shared_opposite"] == len(both) - same
    matrix = pairs.pivot(index="signature", columns="other", values="correlation")
    assert np.allclose(matrix, matrix.T, equal_nan=True) and np.allclose(np.diag(matrix), 1.0)
    assert matrix.loc["follows", "turned"] == pytest.approx(-1.0) and matrix.loc[STUDY, "follows"] > 0.15


def test_fewer_than_three_models_are_not_judged():
    rng = np.random.default_rng(2)
    patients = simulate(rng, 2, moving=0.3)
    known = {"follows": list_genes(rng, patients.effect, 100, 0.5)}
    sources = pd.DataFrame("", index=["follows"], columns=["paper", "cancer", "drug"])
    table, *_ = places.place(patients.changes, known, sources, patients.mean, known["follows"], 0.05)
    assert table["verdict"].item() == "not judged" and np.isnan(table["p"].item()) and table["effect"].item() > 0


def test_regulators_of_a_list_are_those_whose_targets_it_holds():
    rng = np.random.default_rng(3)
    targets = make_targets(rng, 40)
    mean = pd.Series(rng.normal(8, 2, len(NAMES)), index=NAMES)
    signs = pd.concat([targets["T0"], -targets["T20"].drop(targets["T0"].index, errors="ignore")])
    score = regulators.score_factors(signs[~signs.index.duplicated()], targets, mean)
    assert score.idxmax() == "T0" and score.idxmin() == "T20" and score["T0"] > 5 > -5 > score["T20"]
    blocks = regulators.blocks_of(targets, make_coexpression(rng, BLOCK))
    assert blocks.nunique() == 10 and (blocks.groupby(np.arange(40) // 4).nunique() == 1).all()


def test_factors_whose_targets_change_together_are_one_block():
    rng = np.random.default_rng(5)
    targets = make_module_targets(rng, 3 * WIDE)
    together = make_coexpression(rng, WIDE_BLOCK)
    blocks = regulators.blocks_of(targets, together).to_numpy().reshape(3, WIDE)
    assert (blocks == blocks[0]).mean() > 0.9 and len(set(blocks[0])) >= WIDE - 2
    scores = pd.Series(rng.normal(size=len(targets)), index=list(targets))
    study = pd.DataFrame({"regulon": list(targets), "score": scores.to_numpy()}, index=list(targets))
    few = replace(together, residuals=together.residuals[:5], df=5)
    assert regulators.compare_rankings({"a": scores}, study, targets, few)[1]["note"].item() == (
        "too few profiles to show which targets change together"
    )


def test_rankings_are_compared_over_factors_that_both_have():
    rng = np.random.default_rng(4)
    targets = make_targets(rng, 48)
    change, signs = change_and_list(rng, 0.8)
    mean = pd.Series(rng.normal(8, 2, len(NAMES)), index=NAMES)
    score = regulators.score_factors(signs, targets, mean)
    study = pd.DataFrame(
        {"regulon": [f"{tf}(+)" for tf in targets], "score": [change[own.index].mean() for own in targets.values()]},
        index=list(targets),
    )
    rankings = {"list": score, "few": score.iloc[:5], "foreign": pd.Series(1.0, index=["X"])}
    together = make_coexpression(rng, BLOCK)
    table, agreement = regulators.compare_rankings(rankings, study, targets, together)
    assert list(table) == REGULATORS and list(agreement) == AGREEMENT
    row = agreement.set_index("ranking").loc["list"]
    assert row["correlation"] == pytest.approx(stats.spearmanr(score, study["score"])[0])
    assert row["correlation_low"] < row["correlation"] < row["correlation_high"] and row["correlation_low"] > 0
    assert agreement.set_index("ranking")["note"].to_dict() == {
        "list": "", "few": "too few factors of both", "foreign": "too few factors of both",
    }  # fmt: skip
    assert list(regulators.in_order({"a": score, "b": score}, {"own": score})) == [OVERALL, "own", "a", "b"]
    assert list(regulators.in_order({"a": score}, {})) == ["a"]
    with pytest.raises(job.UserError, match="a signature has the name of the file 'a' too; rename the file"):
        regulators.in_order({"a": score}, {"a": score})


def test_a_regulon_of_repressed_targets_counts_in_the_other_direction():
    rows = [("A", "A(-)", 1.0), ("A", "A(+)", 2.0), ("B", "B(-)", 1.0), ("C", "C(+)", np.nan)]
    table = pd.DataFrame(rows, columns=["tf", "regulon", "activity_change_sd"])
    assert regulators.score_of_study(table)["score"].to_dict() == {"A": 2.0, "B": -1.0}


def test_lists_named_alike_are_one_signature():
    found = lists.pair({"x_UP": ["a", "b"], "x_DN": ["c", "b"], "y": ["d"], "z-down": ["e"], "setup": ["f"]})
    assert {name: own.to_dict() for name, own in found.items()} == {
        "x": {"a": 1.0, "c": -1.0}, "y": {"d": 1.0}, "z": {"e": -1.0}, "setup": {"f": 1.0},
    }  # fmt: skip


def test_every_shipped_signature_has_a_source_and_both_directions(tmp_path):
    found, sources = lists.read_signatures(SHIPPED, [])
    assert set(found) == set(sources.index) and len(found) == 4
    readme = (SHIPPED[0].parent / "README.md").read_text()
    for name, own in found.items():
        numbers = f"{int((own > 0).sum())}, {int((own < 0).sum())}"
        assert name in readme and numbers in readme and sources.loc[name, "paper"]
    mine = tmp_path / "mine.gmt"
    mine.write_text("rehman_2021_up\tx\tA\tB\n")
    with pytest.raises(job.UserError, match=r"mine.gmt: another file has a signature 'rehman_2021' too"):
        lists.read_signatures(SHIPPED, [str(mine)])
    mine.write_text("mine_up\tx\tA\tB\nmine_down\tx\tC\tD\n")
    found, sources = lists.read_signatures([], [str(mine)])
    assert found["mine"].to_dict() == {"A": 1.0, "B": 1.0, "C": -1.0, "D": -1.0}
    assert sources.loc["mine", "paper"] == "list of the config"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("factor\tscore\nA\t1\n", "no column 'tf'"),
        ("tf\tscore\nA\thigh\n", "row 2, column score: 'high' is not a finite number"),
        ("tf\tscore\nA\tinf\n", "row 2, column score: 'inf' is not a finite number"),
        ("tf\tscore\n\t1\n", "row 2, column tf: is empty"),
        ("tf\tscore\n", "no row names a factor"),
        ("tf\tscore\nA\t1\nA\t2\n", "row 3, column tf: 'A' is given twice"),
    ],
)
def test_a_ranking_that_cannot_be_read_is_refused(tmp_path, text, message):
    path = tmp_path / "ranking.tsv"
    path.write_text(text)
    with pytest.raises(job.UserError, match=message):
        lists.read_ranking(str(path))
    path.write_text("tf\tscore\nA\t1.5\nB\t-2\n")
    assert lists.read_ranking(str(path)).to_dict() == {"A": 1.5, "B": -2.0}

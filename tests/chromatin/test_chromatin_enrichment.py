"""Targets near peaks, against genes like them: planted and chance, and the verdicts that follow."""

import numpy as np
import pandas as pd
import pytest
from scipy import special, stats

from scripts.base.verdicts import decide
from scripts.chromatin import changes, enrichment, rotation, verdicts

SETS = {name: {"factor": tf, "mark": "", "sample": "L", "state": "s"} for name, tf in (("a", "TA"), ("b", "TB"))}


@pytest.fixture(scope="module")
def made():
    """Return genes, edges and distances: set a lies at the targets of TA, set b at long genes by chance."""
    rng = np.random.default_rng(3)
    n = 3000
    genes = pd.DataFrame({"gene": [f"g{i}" for i in range(n)], "expression": rng.normal(size=n)})
    genes["length"], genes["n_starts"] = np.exp(rng.normal(9, 1, n)), rng.integers(1, 5, n)
    base = special.expit(-2 + 1.5 * stats.zscore(np.log(genes["length"])))
    targets = {"TA": rng.choice(n, 40, replace=False), "TB": np.argsort(-genes["length"].to_numpy())[:400:8]}
    edges = pd.concat(
        [pd.DataFrame({"regulon": f"{tf}(+)", "tf": tf, "target": genes["gene"][at]}) for tf, at in targets.items()]
    )
    near = {name: rng.random(n) < base for name in SETS}
    near["a"][targets["TA"][:32]] = True
    distances = pd.DataFrame({name: np.where(own, 100.0, 1e6) for name, own in near.items()})
    return genes, distances, edges


def test_peaks_support_the_planted_regulon_alone(made):
    table = enrichment.compare_regulons(*made, SETS, promoter=2000, distal=50_000)
    own = table.set_index(["peak_set", "window", "regulon"])
    assert own.loc[("a", "promoter", "TA(+)"), "p"] < 1e-6 and own.loc[("a", "promoter", "TA(+)"), "ci_low"] > 3
    # Long genes have peaks by chance: without covariates TB would be enriched.
    row = own.loc[("b", "promoter", "TB(+)")]
    crude = stats.fisher_exact([[row["near"], 50 - row["near"]], [(made[1]["b"] < 1e6).sum(), 3000]], "greater").pvalue
    assert crude < 1e-6 and row["p"] > 0.01 and row["ci_low"] < 1
    assert row["expected"] == pytest.approx(row["near"], abs=10)
    found = enrichment.judge(table, made[2], 0.05).set_index("regulon")
    assert found.loc["TA(+)", "verdict"] == "supported" and found.loc["TB(+)", "verdict"] != "supported"
    circular = enrichment.judge(table, made[2], 0.05, circular=True).set_index("regulon")
    assert circular.loc["TA(+)", "verdict"] == "unclear" and circular.loc["TA(+)", "p"] == found.loc["TA(+)", "p"]
    assert found.loc["TA(+)", "comparisons"] == 2 and found.loc["TA(+)", "near"] >= 32


def test_peaks_at_the_targets_of_all_regulons_support_none():
    """As those of any factor of active genes: each regulon is enriched against genes like it, none against others."""
    rng = np.random.default_rng(8)
    n, regulons = 3000, 12
    genes = pd.DataFrame({"gene": [f"g{i}" for i in range(n)], "expression": rng.normal(size=n)})
    genes["length"], genes["n_starts"] = 1e4, 1
    own = rng.permutation(n)[: 25 * regulons].reshape(regulons, 25)
    near = rng.random(n) < 0.1
    near[own] = rng.random(own.shape) < 0.5
    distances = pd.DataFrame({"a": np.where(near, 100.0, 1e6)})
    parts = [pd.DataFrame({"regulon": f"T{i}", "tf": f"T{i}", "target": genes["gene"][at]}) for i, at in enumerate(own)]
    sets = {"a": {"factor": "T0", "mark": "", "sample": "L", "state": "s"}}
    table = enrichment.compare_regulons(genes, distances, pd.concat(parts), sets, promoter=2000, distal=50_000)
    assert (table["fdr"] < 0.05).mean() > 0.9 and (table["others"] == 275).all()
    assert 0.3 < table.query("regulon == 'T0'")["others_odds_ratio"].max() < 2.5
    found = enrichment.judge(table, pd.concat(parts), 0.05).set_index("regulon")
    assert found.loc["T0", "verdict"] != "supported"
    near[own[0]] = True
    distances = pd.DataFrame({"a": np.where(near, 100.0, 1e6)})
    table = enrichment.compare_regulons(genes, distances, pd.concat(parts), sets, promoter=2000, distal=50_000)
    assert enrichment.judge(table, pd.concat(parts), 0.05).set_index("regulon").loc["T0", "verdict"] == "supported"


def test_a_factor_without_peaks_or_targets_says_so(made):
    genes, distances, edges = made
    more = pd.concat([edges, pd.DataFrame({"regulon": "TC", "tf": "TC", "target": genes["gene"][:4]})])
    table = enrichment.compare_regulons(genes, distances, more, SETS, promoter=2000, distal=50_000)
    assert "TC" not in set(table["regulon"])
    assert enrichment.judge(table, more, 0.05).set_index("regulon").loc["TC", "verdict"] == "no peaks"
    none = enrichment.compare_regulons(genes, distances[[]], edges, {}, promoter=2000, distal=50_000)
    assert list(none) == [*enrichment.ENRICHMENT, enrichment.OTHERS_P] and none.empty
    assert set(enrichment.judge(none, edges, 0.05)["verdict"]) == {"no peaks"}


def test_verdicts_follow_their_rules():
    def said(n, fdr, upper):
        return decide(verdicts.VERDICTS, verdicts.Evidence(n, fdr, upper, 0.05)).name

    assert [said(0, np.nan, np.nan), said(2, 0.01, 5), said(2, 0.2, 1.4), said(2, 0.2, np.inf)] == [
        "no peaks", "supported", "not supported", "unclear",
    ]  # fmt: skip


def test_rotations_are_those_counted_one_by_one():
    rng = np.random.default_rng(2)
    weights, residuals = rng.normal(size=17), rng.normal(size=17)
    assert rotation.rotate(weights, residuals) == pytest.approx(
        [sum(weights[g] * residuals[(g + k) % 17] for g in range(17)) for k in range(17)]
    )


def test_the_fit_is_that_of_a_logistic_regression():
    from sklearn.linear_model import LogisticRegression

    rng = np.random.default_rng(4)
    x = np.column_stack([np.ones(500), rng.normal(size=(500, 2))])
    y = (rng.random(500) < special.expit(x @ [-1, 1, 0.5])).astype(float)
    reference = LogisticRegression(C=np.inf, tol=1e-9).fit(x[:, 1:], y)
    expected = [*reference.intercept_, *reference.coef_[0]]
    assert rotation.fit_logistic(x, y) == pytest.approx(expected, abs=0.002)


def test_limits_are_those_of_the_score_test_of_a_share():
    """With one probability for all genes the limits are Wilson's (1927), as odds."""
    y = np.r_[np.ones(7), np.zeros(23)]
    estimate, low, high = rotation.estimate(y, np.full(30, 0.5), 1.0)
    wilson = stats.binomtest(7, 30).proportion_ci(0.95, method="wilson")
    assert special.expit([low, high]) == pytest.approx([wilson.low, wilson.high], abs=1e-6)
    assert special.expit(estimate) == pytest.approx(7.5 / 31, abs=1e-6)
    assert rotation.estimate(np.ones(9), np.full(9, 0.2), 1.0)[2] == np.inf


def test_neighbours_that_share_peaks_widen_the_limits():
    rng = np.random.default_rng(5)
    x = np.ones((2000, 1))
    blocks = np.repeat(rng.random(200) < 0.3, 10)
    targets = np.zeros(2000, dtype=bool)
    targets[np.add.outer(rng.choice(200, 6, replace=False) * 10, np.arange(10)).ravel()] = True
    assert rotation.compare(blocks, targets, x).inflation > 4
    assert rotation.compare(rng.permutation(blocks), targets, x).inflation < 1.8


def test_gained_and_lost_peaks_by_presence_and_by_reads():
    before = pd.DataFrame({"chromosome": "1", "start": [0, 100, 300], "end": [50, 150, 350], "signal": 1.0})
    after = pd.DataFrame({"chromosome": "1", "start": [120, 149, 500], "end": [130, 160, 560], "signal": 1.0})
    found = changes.change_of_peaks(before, after)
    assert found["change"].tolist() == ["kept", "kept", "gained", "lost", "lost"]
    counts = pd.DataFrame({"chromosome": "1", "start": [0, 10, 20], "end": [5, 15, 25], "count": [99.0, 99.0, 9.0]})
    later = counts.assign(count=[99.0, 9.0, 99.0])
    assert changes.change_of_counts(counts, later)["change"].tolist() == ["kept", "lost", "gained"]
    sets = [{"factor": "F", "mark": "", "sample": "L", "state": s} for s in ("u", "p", "p")]
    assert list(changes.pairs_of(sets, "u", "p")) == [("F", "L")] and changes.pairs_of(sets, "u", "x") == {}


def test_gained_peaks_at_rising_genes_give_a_trend(made):
    genes = made[0].assign(t=np.random.default_rng(6).normal(size=3000))
    rng = np.random.default_rng(7)
    rising = rng.random(3000) < special.expit(-2 + genes["t"])
    near = {("F", "L", "gained"): rising, ("F", "L", "lost"): rng.random(3000) < 0.1}
    trends, deciles = changes.compare_deciles(genes, near, dict.fromkeys(near, 5))
    p = trends.set_index("change")["p"]
    assert p["gained"] < 1e-6 and p["lost"] > 0.001 and trends["odds_ratio_per_decile"][0] > 1.2
    own = deciles[deciles["change"] == "gained"].sort_values("decile")
    assert own["genes"].sum() == 3000 and own["share"].iloc[-1] > 3 * own["share"].iloc[0]
    empty, _ = changes.compare_deciles(genes.assign(t=np.nan), near, dict.fromkeys(near, 5))
    assert empty.empty and list(empty) == changes.TRENDS

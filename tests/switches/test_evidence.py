"""Reach, on/off, families and the product of ranks, each against what it should give by hand or by drawing."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from scripts.stats import paired
from scripts.switches.evidence import assemble, family, on_off, rank_product, reach, rotated

GENES = [f"g{i}" for i in range(200)]
MEAN = pd.Series(np.sin(np.arange(200)), index=GENES)


def edges_of(regulons: dict[str, list[str]], signs: dict[str, float] | None = None) -> pd.DataFrame:
    rows = [
        (f"{tf}(+)", tf, target, 1.0 + i, (signs or {}).get(tf, 1.0))
        for tf, own in regulons.items()
        for i, target in enumerate(own)
    ]
    return pd.DataFrame(rows, columns=["regulon", "tf", "target", "weight", "sign"])


# -- reach


def test_expected_reach_is_that_of_drawing():
    """Against 20,000 random regulons of the same expression."""
    rng = np.random.default_rng(0)
    signature = pd.Series(1.0, index=rng.choice(GENES, 40, replace=False))
    targets = [str(gene) for gene in rng.choice(GENES, 15, replace=False)]
    pool = reach.make_pool(edges_of({"A": targets}), MEAN)
    found = reach.count_reached(pool, signature, pd.Series({"A(+)": 1.0})).loc["A(+)"]
    bins = reach.expression_bins(MEAN)
    hits = np.zeros(20_000)
    for b, n in bins[targets].value_counts().items():
        genes = MEAN.index[bins == b]
        hits += rng.hypergeometric(
            int(genes.isin(signature.index).sum()), int((~genes.isin(signature.index)).sum()), n, 20_000
        )
    assert found["signature_enrichment_expected"] * 40 == pytest.approx(hits.mean(), abs=0.05)
    up = MEAN.index.isin(signature.index)
    z = rotated.enrichment(rotated.sets_of(pool), up, ~up & False, np.array([1.0]))[0]
    reached = found["signature_enrichment_targets"]
    # sd of 20,000 draws' own sd: half a percent
    assert z == pytest.approx((reached - hits.mean()) / np.sqrt(hits.var() + 0.5), rel=0.05, abs=0.02)


def test_reach_counts_what_goes_the_regulon_s_way():
    signature = pd.Series([1.0] * 10 + [-1.0] * 10, index=GENES[:20])
    up, down = GENES[:5], GENES[10:15]
    edges = edges_of({"UP": up, "DOWN": down, "REPRESSOR": up, "NONE": GENES[100:110]}, {"REPRESSOR": -1.0})
    side = pd.Series({"UP(+)": 1.0, "DOWN(+)": -1.0, "REPRESSOR(+)": -1.0, "NONE(+)": 1.0})
    pool = reach.make_pool(edges, MEAN)
    found = reach.count_reached(pool, signature, side)
    expected = {"UP(+)": 5, "DOWN(+)": 5, "REPRESSOR(+)": 5, "NONE(+)": 0}
    assert found["signature_enrichment_targets"].to_dict() == expected
    assert found.loc["UP(+)", "signature_enrichment"] == 0.5
    assert reach.count_reached(pool, signature, -side)["signature_enrichment_targets"].sum() == 0
    masks = [np.array([signature.get(gene, 0) == way for gene in GENES]) for way in (1, -1)]
    z = rotated.enrichment(rotated.sets_of(pool), *masks, side[list(pool.targets)].to_numpy())
    z = dict(zip(pool.targets, z, strict=True))
    assert min(z["UP(+)"], z["DOWN(+)"], z["REPRESSOR(+)"]) > 3 > 0 > z["NONE(+)"]


# -- enrichment against random genes, flips and rotations


def test_moderated_t_of_the_observed_signs_is_that_of_the_summary():
    rng = np.random.default_rng(4)
    changes = pd.DataFrame(rng.normal(0.2, 1, (6, 200)) * rng.gamma(2, 1, 200), columns=GENES)
    changes.iloc[0, 5] = np.nan
    changes.iloc[:4, 6] = np.nan
    t = rotated.moderated_t(changes.to_numpy())
    reference = paired.summarise(changes, pd.Series(1.0, index=GENES))["t"]
    np.testing.assert_allclose(t, reference, rtol=1e-8)
    assert np.isnan(t[6])


def programme_study(n: int, planted: bool, seed: int, some: bool = False) -> tuple:
    """Return changes, activity, edges of a study: 60 regulons that are co-regulated by patient (with ``some`` every
    other one), A0 to A5 planted.
    """
    rng = np.random.default_rng(seed)
    genes = [f"g{i}" for i in range(1200)]
    changes = pd.DataFrame(rng.normal(0, 0.5, (n, 1200)), index=[f"P{i}" for i in range(n)], columns=genes)
    regulons = {f"A{i}": [str(g) for g in rng.choice(genes[120:], 30, replace=False)] for i in range(60)}
    for i in range(6):
        regulons[f"A{i}"][:12] = [str(g) for g in rng.choice(genes[:60], 12, replace=False)]
    for number, own in enumerate(regulons.values()):
        changes[own] += rng.normal(0, 0.4, (n, 1)) * (number % 2 if some else 1)
    if planted:
        changes.iloc[:, :60] += 1.0 + rng.normal(0, 0.3, (n, 1))
    activity = pd.DataFrame({f"{tf}(+)": changes[own].mean(axis=1) for tf, own in regulons.items()})
    return changes, activity, edges_of(regulons), pd.Series(rng.normal(5, 2, 1200), index=genes)


def enrichment_p(n: int, planted: bool, seed: int = 0, some: bool = False) -> pd.Series:
    changes, activity, edges, mean = programme_study(n, planted, seed, some)
    return rotated.test(reach.make_pool(edges, mean), changes, activity, 60, 0)


@pytest.mark.full
@pytest.mark.parametrize("n", [5, 6])
def test_enrichment_of_chance_regulons_is_calibrated_whether_or_not_they_are_co_regulated(n):
    """Ten studies without a programme, 30 regulons of each kind; regulons of a study are correlated, so wide bounds
    (tests/calibration has more studies). Held against all regulons together, co-regulated ones had p ≤ .05 in 11 %.
    """
    p = pd.concat([enrichment_p(n, False, seed, some=True) for seed in range(10)], axis=1)
    assert 0.01 <= (p <= 0.05).mean(axis=None) <= 0.09
    assert (p.iloc[7::2] <= 0.05).mean(axis=None) <= 0.09
    assert (p.iloc[6::2] <= 0.05).mean(axis=None) <= 0.09


@pytest.mark.parametrize("n", [5, 8])
def test_enrichment_of_planted_regulons_is_found_and_that_of_others_is_not(n):
    p = pd.concat({seed: enrichment_p(n, True, seed) for seed in range(4)}, axis=1)
    assert (p.iloc[:6] <= 0.05).mean(axis=None) >= 0.7 and (p.iloc[6:] <= 0.05).mean(axis=None) <= 0.05
    assert enrichment_p(4, True).isna().all()
    pd.testing.assert_series_equal(enrichment_p(n, True), p[0], check_names=False)


def test_targets_of_a_signature_count_by_their_t():
    edges = edges_of({"UP": GENES[:5], "REPRESSOR": GENES[:5]}, {"REPRESSOR": -1.0})
    pool = reach.make_pool(edges, MEAN)
    weight = np.where(np.arange(len(GENES)) < 10, 3.0, 0.0)
    side = np.array([{"UP(+)": 1.0, "REPRESSOR(+)": -1.0}[name] for name in pool.targets])
    found = rotated.excess(rotated.sets_of(pool), weight, 0 * weight, side)
    bins = reach.expression_bins(MEAN)
    expected = 15 - pd.Series(weight, index=GENES).groupby(bins).mean()[bins[GENES[:5]]].sum()
    np.testing.assert_allclose(found, expected)
    np.testing.assert_array_equal(rotated.excess(rotated.sets_of(pool), weight, 0 * weight, -side), [0.0, 0.0])


def test_signature_is_learned_from_what_models_share():
    rng = np.random.default_rng(1)
    changes = pd.DataFrame(rng.normal(0, 0.3, (6, 200)), columns=GENES)
    changes.iloc[:, :10] += 1.5
    changes.iloc[:, 10:20] -= 1.5
    changes.iloc[0, 50] = 20.0
    signature = reach.learn_signature(changes, 10)
    assert set(signature.index[signature > 0]) == set(GENES[:10]) and set(signature.index[signature < 0]) == set(
        GENES[10:20]
    )


# -- on and off


def test_a_firm_threshold_agrees_with_itself_and_a_cut_through_one_mode_less():
    rng = np.random.default_rng(2)
    two = np.where(rng.random(400) < 0.4, rng.normal(0.4, 0.03, 400), rng.normal(0.1, 0.03, 400))
    table = pd.DataFrame({"two": two, "one": rng.normal(0.2, 0.05, 400)})
    found = on_off.resample_thresholds(table, pd.Series({"two": 0.25, "one": 0.2}), resamples=5, seed=0).set_index(
        "regulon"
    )
    assert found.loc["two", "bimodal_share"] == 1 and found.loc["two", "agreement"] > 0.99
    assert found.loc["one", "bimodal_share"] < 0.5 and found.loc["one", "agreement"] < 0.7
    again = on_off.resample_thresholds(table, pd.Series({"two": 0.25, "one": 0.2}), resamples=5, seed=0).set_index(
        "regulon"
    )
    pd.testing.assert_frame_equal(found, again)


def test_shares_above_different_thresholds_are_not_compared():
    samples = pd.DataFrame(
        {"model": ["A", "A", "B"], "timepoint": ["untreated", "persister", "untreated"]}, index=list("xyz")
    )
    assert on_off.is_comparable(samples, {"x": "A", "y": "A", "z": "B"})
    assert not on_off.is_comparable(samples, {"x": "A_untreated", "y": "A_persister", "z": "B_untreated"})


# -- families


def test_repressed_targets_count_against_their_factor():
    """A(+) rises, whatever A(-) does; B, whose repressed targets rise, falls."""
    side = pd.Series({"A(-)": 1.0, "A(+)": 1.0, "B(-)": 1.0})
    found = assemble.of_factors(side, {"A(-)": "A", "A(+)": "A", "B(-)": "B"})
    assert found.to_dict() == {"A": 1.0, "B": -1.0} and found.index.is_unique


def test_a_family_s_combined_regulon_holds_all_targets_and_no_member():
    edges = edges_of({"FOSL1": ["a", "b", "JUN"], "JUN": ["b", "c"], "MYC": ["d"]})
    families = pd.Series({"FOSL1": "AP-1", "JUN": "AP-1", "MYC": "MYC/MAX"})
    combined = family.combine(edges, families)
    assert set(combined) == {"AP-1"} and set(combined["AP-1"]) == {"a", "b", "c"}
    # JUN is a member and no target; b is then FOSL1's strongest target (1) and JUN's weaker one (1 of 2).
    assert combined["AP-1"]["b"] == pytest.approx(1 + 1 / 2)
    described = family.describe(edges, families).iloc[0]
    assert (
        described["n_members"] == 2
        and described["shared_targets"] == 1
        and described["overlap"] == pytest.approx(1 / 4)
    )


def test_families_name_each_factor_once():
    families = family.read_families("resources/factors/families.tsv")
    assert families.index.is_unique
    ap1 = set(families.index[families == "AP-1"])
    assert {"FOS", "FOSB", "FOSL1", "FOSL2", "JUN", "JUNB", "JUND", "ATF3", "BATF"} <= ap1


# -- the product of ranks


def test_rank_product_leaves_out_what_is_missing():
    """Each minus log of a relative rank is exponential: one kind gives its relative rank, two their product's share."""
    evidence = pd.DataFrame(
        {"activity": [3.0, 2.0, 1.0, 0.5], "signature_enrichment": [np.nan, 2.0, 3.0, 1.0], "none": [np.nan] * 4},
        index=list("abcd"),
    )
    found = rank_product.rank_product(evidence)
    assert found["n_evidence"].tolist() == [1, 2, 2, 2]
    # P(product of two uniform numbers ≤ q) = q (1 − log q)
    q = np.array([2 / 5 * 2 / 4, 3 / 5 * 1 / 4, 4 / 5 * 3 / 4])
    np.testing.assert_allclose(found["rank_product"], [1 / 5, *(q * (1 - np.log(q)))])
    assert found["evidence_rank"].tolist() == [1, 3, 2, 4]
    assert rank_product.rank_product(evidence[["none"]])["evidence_rank"].isna().all()


@pytest.mark.parametrize("correlation", [0.0, 0.6], ids=["kinds apart", "kinds that go together"])
def test_the_first_tenth_is_reached_as_often_with_one_kind_as_with_five(correlation):
    rng, first = np.random.default_rng(11), np.zeros((200, 5))
    kinds = np.repeat(np.arange(1, 6), 40)
    for study in range(200):
        values = np.sqrt(1 - correlation) * rng.normal(size=(200, 5))
        values += np.sqrt(correlation) * rng.normal(size=(200, 1))
        order = np.argsort(rng.random((200, 5)), axis=1)
        values[order >= kinds[:, None]] = np.nan
        rank = rank_product.rank_product(pd.DataFrame(values))["evidence_rank"]
        first[study] = [(rank[kinds == k] <= 20).mean() for k in range(1, 6)]
    # 8,000 rows of each number of kinds: a standard error of .0034
    np.testing.assert_allclose(first.mean(axis=0), 0.1, atol=0.015)


def test_rank_interval_spans_the_models_left_out():
    first = pd.DataFrame({"activity": [3.0, 2.0, 1.0]}, index=list("abc"))
    other = pd.DataFrame({"activity": [1.0, 2.0, 3.0]}, index=list("abc"))
    found = rank_product.rank_interval({"P1": first, "P2": other}, first.index)
    assert found.loc["a"].tolist() == [1, 3] and found.loc["b"].tolist() == [2, 2]
    assert rank_product.rank_interval({"P1": first}, first.index).isna().all(axis=None)


def test_weakest_is_that_of_the_table_of_switches():
    rng = np.random.default_rng(5)
    table = pd.DataFrame(rng.normal(0.3, 1, (5, 30)))
    table.iloc[0, 3] = np.nan
    reference = paired.summarise(table, pd.Series(1.0, index=table.columns))["loo_min_effect"]
    np.testing.assert_allclose(assemble.weakest(table), reference)

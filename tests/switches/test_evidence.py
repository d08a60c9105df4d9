"""Reach, on/off, families and the product of ranks, each against what it should give by hand or by drawing."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from scripts.switches.evidence import assemble, family, on_off, rank_product, reach

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


def test_chance_of_reach_is_that_of_drawing():
    """Exact probability against 20,000 random regulons of the same expression (sd of a share of 0.2: 0.003)."""
    rng = np.random.default_rng(0)
    signature = pd.Series(1.0, index=rng.choice(GENES, 40, replace=False))
    targets = [str(gene) for gene in rng.choice(GENES, 15, replace=False)]
    found = reach.reach(edges_of({"A": targets}), signature, pd.Series({"A(+)": 1.0}), MEAN).loc["A(+)"]
    bins = reach.expression_bins(MEAN)
    hits = np.zeros(20_000)
    for b, n in bins[targets].value_counts().items():
        pool = MEAN.index[bins == b]
        hits += rng.hypergeometric(
            int(pool.isin(signature.index).sum()), int((~pool.isin(signature.index)).sum()), n, 20_000
        )
    assert found["signature_enrichment_p"] == pytest.approx(
        (hits >= found["signature_enrichment_targets"]).mean(), abs=0.015
    )
    assert found["signature_enrichment_expected"] * 40 == pytest.approx(hits.mean(), abs=0.05)


def test_reach_counts_what_goes_the_regulon_s_way():
    signature = pd.Series([1.0] * 10 + [-1.0] * 10, index=GENES[:20])
    up, down = GENES[:5], GENES[10:15]
    edges = edges_of({"UP": up, "DOWN": down, "REPRESSOR": up, "NONE": GENES[100:110]}, {"REPRESSOR": -1.0})
    side = pd.Series({"UP(+)": 1.0, "DOWN(+)": -1.0, "REPRESSOR(+)": -1.0, "NONE(+)": 1.0})
    found = reach.reach(edges, signature, side, MEAN)
    assert found["signature_enrichment_targets"].to_dict() == {
        "UP(+)": 5,
        "DOWN(+)": 5,
        "REPRESSOR(+)": 5,
        "NONE(+)": 0,
    }
    assert (
        found.loc["UP(+)", "signature_enrichment"] == 0.5
        and found.loc["UP(+)", "signature_enrichment_p"] < 1e-4
        and found.loc["NONE(+)", "signature_enrichment_p"] > 0.999
    )
    assert reach.reach(edges, signature, -side, MEAN)["signature_enrichment_targets"].sum() == 0


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


def test_a_family_s_combined_regulon_holds_all_targets_and_no_member():
    edges = edges_of({"FOSL1": ["a", "b", "JUN"], "JUN": ["b", "c"], "MYC": ["d"]})
    families = pd.Series({"FOSL1": "AP-1", "JUN": "AP-1", "MYC": "MYC/MAX"})
    combined = family.combine(edges, families)
    assert set(combined) == {"AP-1"} and set(combined["AP-1"]) == {"a", "b", "c"}
    # b is FOSL1's second of three (2 of 3) and JUN's first of two (1 of 2).
    assert combined["AP-1"]["b"] == pytest.approx(2 / 3 + 1 / 2)
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
    evidence = pd.DataFrame(
        {"activity": [3.0, 2.0, 1.0, 0.5], "signature_enrichment": [np.nan, 2.0, 3.0, 1.0], "none": [np.nan] * 4},
        index=list("abcd"),
    )
    found = rank_product.rank_product(evidence)
    assert found["n_evidence"].tolist() == [1, 2, 2, 2]
    expected = [1 / 4, np.sqrt(2 / 4 * 2 / 3), np.sqrt(3 / 4 * 1 / 3), 1.0]
    np.testing.assert_allclose(found["rank_product"], expected)
    assert found["evidence_rank"].tolist() == [1, 3, 2, 4]


def test_rank_interval_spans_the_models_left_out():
    first = pd.DataFrame({"activity": [3.0, 2.0, 1.0]}, index=list("abc"))
    other = pd.DataFrame({"activity": [1.0, 2.0, 3.0]}, index=list("abc"))
    found = rank_product.rank_interval({"P1": first, "P2": other}, first.index)
    assert found.loc["a"].tolist() == [1, 3] and found.loc["b"].tolist() == [2, 2]
    assert rank_product.rank_interval({"P1": first}, first.index).isna().all(axis=None)


def test_weakest_is_that_of_the_table_of_switches():
    from scripts.stats import paired

    rng = np.random.default_rng(5)
    table = pd.DataFrame(rng.normal(0.3, 1, (5, 30)))
    table.iloc[0, 3] = np.nan
    reference = paired.summarise(table, pd.Series(1.0, index=table.columns))["loo_min_effect"]
    np.testing.assert_allclose(assemble.weakest(table), reference)

"""Doublets: the rate that mixed droplets imply, Scrublet's scores, and who is flagged."""

from __future__ import annotations

import os

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import sparse

from scripts.cells.doublet_scores import doublet_threshold, flag_doublets, score_by_scdblfinder, score_by_scrublet
from scripts.cells.doublets import among_graft, expected_rate, find, implied_rate, kit_of, plant, rate_of_kit
from scripts.references.chemistries import KITS

AUTO = {"n_droplets": 1_000, "rate": "auto", "rate_per_1000_cells": 0.008, "min_species_fraction": 0.03}


@given(st.floats(0.0, 0.4), st.floats(0.05, 0.95))
def test_implied_rate_inverts_random_pairing(d, p):
    graft, host, mixed = (1 - d) * p + d * p**2, (1 - d) * (1 - p) + d * (1 - p) ** 2, 2 * d * p * (1 - p)
    rate = implied_rate(1e6 * graft, 1e6 * host, 1e6 * mixed)
    assert rate.per_droplet == pytest.approx(d, abs=1e-9)
    assert rate.among_graft == pytest.approx(d * p**2 / graft, abs=1e-9)
    assert rate.low <= rate.per_droplet + 1e-12 <= rate.high + 2e-12


def test_interval_is_wilsons():
    # 8 of 100: Wilson's 95 % interval is 0.0411–0.1500; p = 0.5 doubles it.
    rate = implied_rate(46, 46, 8)
    assert rate.per_droplet == pytest.approx(0.16)
    assert (rate.low, rate.high) == pytest.approx((2 * 0.0411, 2 * 0.1500), abs=2e-4)


def test_rate_of_simulated_libraries(simulate):
    found, true = [], []
    for seed in range(10):
        truth = simulate.simulate_library(seed=seed, empties=0, doublet_rate=0.1, host_share=0.4).truth
        counts = truth["species"].value_counts()
        found.append(implied_rate(counts["graft"], counts["host"], counts["mixed"]).among_graft)
        true.append((truth["kind"].eq("doublet") & truth["species"].eq("graft")).sum() / counts["graft"])
    # Ten libraries of about 17 mixed droplets: the mean's standard error is 8 % of it.
    assert np.mean(found) == pytest.approx(np.mean(true), rel=0.25)


def test_fallback_on_the_cells_loaded():
    # No host: nothing mixed to count.
    assert expected_rate(1_000, 0, 0, **AUTO).per_droplet == pytest.approx(0.008)
    assert expected_rate(1_000, 0, 0, **AUTO).source == "cells loaded"
    assert expected_rate(1_000, 0, 0, **{**AUTO, "rate_per_1000_cells": 0.02}).per_droplet == pytest.approx(0.02)
    # GEM-X and high-throughput kits make half as many.
    rates = {kit: rate_of_kit(kit) for kit in [*KITS, ""]}
    half = {kit for kit, rate in rates.items() if rate == 0.004}
    assert half == {"v4", "5p_v3", "v3_ht", "5p_v2_ht"} and set(rates.values()) == {0.004, 0.008}
    assert kit_of({"chemistry": "v4", "configured": "auto"}) == "v4"
    assert kit_of({"chemistry": "v3", "configured": "v3_ht"}) == "v3_ht"
    # 1 % host: m / 2pq would rest on a handful of droplets.
    assert expected_rate(985, 10, 5, **AUTO).source == "cells loaded"
    # More mixed droplets than any loading makes: they measure something else.
    assert expected_rate(300, 300, 400, **AUTO).source == "cells loaded"
    assert expected_rate(0, 0, 0, **{**AUTO, "n_droplets": 0}).per_droplet == 0
    assert expected_rate(450, 450, 100, **AUTO).source == "mixed droplets"
    given_rate = expected_rate(450, 450, 100, **{**AUTO, "rate": 0.05})
    assert (given_rate.per_droplet, given_rate.source) == (0.05, "config")
    assert given_rate.among_graft == pytest.approx(among_graft(0.05, 0.5))


def graft_cells(simulate, **settings):
    """Return counts of graft droplets × graft genes, and their truth."""
    library = simulate.simulate_library(host_share=0.2, ambient=0.08, empties=0, **settings)
    graft = library.truth["species"].eq("graft").to_numpy()
    return library.counts[graft][:, : simulate.GRAFT_GENES], library.truth[graft]


def test_doublets_of_unlike_cells_are_flagged_and_few_others(simulate):
    counts, truth = graft_cells(simulate, seed=1, cells=1_000, doublet_rate=0.08)
    doublet = truth["kind"].eq("doublet").to_numpy()
    unlike = doublet & ~truth["same_type"].to_numpy()
    scores, simulated, note = score_by_scrublet(counts, rate=doublet.mean(), seed=0)
    assert note == ""
    flagged = flag_doublets(scores, doublet_threshold(scores, simulated, doublet.mean()))
    # Two cells of a type look like one big cell: Scrublet's known blind spot. Measured: 0.9 of the unlike pairs,
    # precision 0.8.
    assert flagged[unlike].mean() >= 0.75
    assert doublet[flagged].mean() >= 0.6
    assert flagged.mean() <= doublet.mean()


SETTINGS = {"enabled": True, "method": "scdblfinder", "min_cells": 50}


@pytest.mark.full
def test_scdblfinder_finds_most_doublets_of_unlike_cells(simulate):
    """Most doublets of unlike cells are flagged, and planted doublets tell how many are missed.

    Of one library's 30 doublets a handful is missed, so that six libraries are summed. Told and missed may differ by
    chance alone: both are binomial, of about as many doublets. Seeds 2 to 5 were looked at when planting was written
    (there 5.3 a library were missed; 2.2 were told by sums as they are, 5.2 with ambient RNA caught once).
    """
    told, naive, missed, doublets = 0.0, 0.0, 0, 0
    for seed in range(100, 106):
        library = simulate.simulate_library(seed=seed, cells=1_000, doublet_rate=0.08)
        graft = library.truth["species"].eq("graft").to_numpy() & library.truth["kind"].ne("empty").to_numpy()
        counts, truth = library.counts[graft][:, : simulate.GRAFT_GENES], library.truth[graft]
        doublet = truth["kind"].eq("doublet").to_numpy()
        unlike = doublet & ~truth["same_type"].to_numpy()
        rate = doublet.mean()
        ambient = (truth["ambient_umis"] / truth["total"]).to_numpy()
        first = find(counts, rate, SETTINGS, seed=0, what="graft")
        found = plant(first, counts, rate, SETTINGS, seed=0, ambient=ambient)
        naive += plant(first, counts, rate, SETTINGS, seed=0, ambient=np.full(len(truth), np.nan)).left
        print(
            f"seed {seed}: unlike {found.flagged[unlike].mean():.2f}, all {found.flagged[doublet].mean():.2f}, "
            f"precision {doublet[found.flagged].mean():.2f}, left {found.left:.1f}, truly "
            f"{(doublet & ~found.flagged).sum()}"
        )
        assert found.flagged[unlike].mean() >= 0.75
        assert doublet[found.flagged].mean() >= 0.5
        assert found.expected == pytest.approx(doublet.sum())
        told, missed = told + found.left, missed + (doublet & ~found.flagged).sum()
        doublets += doublet.sum()
    # The standard error of the difference of two binomial numbers; 2.6 of them are exceeded once in a hundred.
    share = (told + missed) / (2 * doublets)
    assert abs(told - missed) <= 2.6 * np.sqrt(2 * doublets * share * (1 - share)), (told, missed)
    # Sums with ambient RNA twice are larger than doublets are, and say that fewer are missed.
    assert naive < told


def test_scdblfinders_scores_repeat_on_one_core_or_more(simulate):
    counts, _ = graft_cells(simulate, seed=3, cells=150)
    first, second, other = (score_by_scdblfinder(counts, rate=0.05, seed=s)[0] for s in (0, 0, 1))
    assert np.array_equal(first, second) and not np.array_equal(first, other)
    if hasattr(os, "sched_setaffinity"):
        cores = os.sched_getaffinity(0)
        os.sched_setaffinity(0, {min(cores)})
        try:
            assert np.array_equal(score_by_scdblfinder(counts, rate=0.05, seed=0)[0], first)
        finally:
            os.sched_setaffinity(0, cores)
        assert os.sched_getaffinity(0) == cores


def test_what_is_not_searched_says_why_and_how_many_are_left(simulate):
    counts, _ = graft_cells(simulate, seed=3, cells=150)
    for settings, word in (({"enabled": False}, "detection is off"), ({"min_cells": 5_000}, "fewer than 5000")):
        found = find(counts, 0.1, SETTINGS | settings, seed=0, what="graft")
        assert word in found.note and not found.flagged.any()
        assert found.left == pytest.approx(0.1 * counts.shape[0])


def test_homogeneous_library_loses_no_cells(simulate):
    counts, truth = graft_cells(simulate, seed=2, cells=800, doublet_rate=0.08, graft_types=1)
    rate = truth["kind"].eq("doublet").mean()
    scores, simulated, _ = score_by_scrublet(counts, rate=rate, seed=0)
    assert np.isfinite(scores).all()
    assert doublet_threshold(scores, simulated, rate) == np.inf


def test_scores_repeat_with_the_seed(simulate):
    counts, _ = graft_cells(simulate, seed=3, cells=150)
    first, second, other = (score_by_scrublet(counts, rate=0.05, seed=s)[0] for s in (0, 0, 1))
    assert np.array_equal(first, second)
    assert not np.array_equal(first, other)


@pytest.mark.parametrize(
    "counts",
    [
        sparse.csr_matrix(np.full((60, 40), 3)),
        sparse.csr_matrix((60, 40), dtype=np.int32),
        sparse.csr_matrix(np.eye(60, 40, dtype=np.int32)),
    ],
    ids=["all cells alike", "no UMI", "each gene in one cell"],
)
def test_no_scores_where_nothing_varies(counts):
    scores, simulated, note = score_by_scrublet(counts, rate=0.05, seed=0)
    assert np.isnan(scores).all() and not len(simulated)
    assert "no doublet scores" in note
    found = find(counts, 0.05, SETTINGS, seed=0, what="graft")
    assert np.isnan(found.scores).all() and "no doublet scores" in found.note
    assert not flag_doublets(scores, doublet_threshold(scores, simulated, 0.05)).any()


def test_threshold_by_hand():
    scores = np.array([0.1] * 90 + [0.5] * 6 + [0.9] * 4)
    # All simulated doublets score high: at rate 0.1 the ten cells above 0.1 are no more than there are doublets.
    assert doublet_threshold(scores, np.full(200, 0.9), 0.1) == 0.5
    # At 0.05 ten would be too many.
    assert doublet_threshold(scores, np.full(200, 0.9), 0.05) == 0.9
    # Simulated doublets that score like single cells: flagged cells would be singlets.
    assert doublet_threshold(scores, np.full(200, 0.1), 0.1) == np.inf


@given(st.lists(st.floats(0, 1), min_size=1, max_size=80), st.lists(st.floats(0, 1), max_size=80), st.floats(0, 1))
def test_never_more_flagged_than_there_are_doublets(scores, simulated, rate):
    scores = np.array(scores)
    flagged = flag_doublets(scores, doublet_threshold(scores, np.array(simulated), rate))
    assert flagged.mean() <= rate + 1e-9

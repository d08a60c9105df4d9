"""Empty droplets: the knee, the ambient profile, the test, and the whole call against simulated truth and STAR."""

from __future__ import annotations

import shutil
import subprocess

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse, stats
from scipy.io import mmwrite

from scripts.cells.ambient_test import benjamini_hochberg, good_turing, log_likelihoods, monte_carlo_pvalues
from scripts.cells.empty_drops import (
    ambient_limit,
    call_cells,
    compare_with_expected,
)
from scripts.counts.knee import order_of_magnitude_cut


def test_knee_is_a_tenth_of_the_99th_percentile_of_the_expected_cells():
    totals = np.concatenate([np.arange(10_000, 7_000, -1), np.full(50_000, 20)])
    # 3,000 expected: the 31st largest of them is 9,970.
    assert order_of_magnitude_cut(totals, 3_000) == 997
    # Fewer barcodes than expected cells: the percentile is of what there is.
    assert order_of_magnitude_cut(np.array([500, 400, 0, 300]), 3_000) == 50
    assert order_of_magnitude_cut(np.zeros(5, int), 3_000) == 1


@given(st.lists(st.integers(0, 10_000), min_size=1, max_size=200), st.integers(1, 500))
def test_knee_is_never_above_the_largest_barcode(totals, expected):
    cut = order_of_magnitude_cut(np.array(totals), expected)
    assert 1 <= cut <= max(1, max(totals))


def test_good_turing_smooths_sparse_frequencies_by_a_line():
    # The frequencies of Gale & Sampson's prosody example: too few of each for Turing's estimate, from the first on.
    r = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 14, 15, 16, 17, 19, 20, 21, 23, 24, 25, 26, 27, 28, 31, 32, 33, 34, 36, 41]
    r += [43, 45, 46, 47, 50, 71, 84, 101, 105, 121, 124, 146, 162, 193, 199, 224, 226, 254, 257, 339, 421, 456, 481]
    r += [483, 1140, 1256, 1322, 1530, 2131, 2395, 6925, 7846]
    n = [120, 40, 24, 13, 15, 5, 11, 2, 2, 1, 3, 2, 1, 1, 3, 1, 3, 2, 3, 3, 3, 2, 2, 1, 2, 2, 1, 2, 2, 3, 1, 3]
    n += [1] * 30
    r, n = np.array(r, float), np.array(n, float)
    counts = np.concatenate([np.repeat(r, n.astype(int)), [0, 0]]).astype(int)
    assert counts.sum() == 30_902
    width = np.diff(np.concatenate([[0], r, [2 * r[-1] - r[-2]]]))
    design = np.stack([np.log(r), np.ones(len(r))], axis=1)
    slope = np.linalg.lstsq(design, np.log(n / (0.5 * (width[:-1] + width[1:]))), rcond=None)[0][0]
    line = r * (1 + 1 / r) ** (slope + 1)
    proportions = good_turing(counts)
    assert proportions[-2:] == pytest.approx(120 / 30_902 / 2)
    expected = (1 - 120 / 30_902) * line / (n * line).sum()
    assert proportions[:-2] == pytest.approx(np.repeat(expected, n.astype(int)))


def test_good_turing_keeps_turings_estimate_where_frequencies_are_many():
    # 30,000 genes seen once, 6,000 twice, 1,000 three times: the estimate's standard error is below 2 %, a line through
    # these is not it.
    n = {1: 30_000, 2: 6_000, 3: 1_000, 4: 900, 50: 1}
    counts = np.concatenate([np.repeat(list(n), list(n.values())), [0]])
    proportions = good_turing(counts)
    once, twice = (proportions[np.flatnonzero(counts == value)[0]] for value in (1, 2))
    assert twice / once == pytest.approx((3 * 1_000 / 6_000) / (2 * 6_000 / 30_000))


@given(st.lists(st.integers(0, 1_000), min_size=1, max_size=100))
def test_good_turing_is_a_distribution_without_zeros_that_keeps_the_order(counts):
    counts = np.array(counts)
    proportions = good_turing(counts)
    assert proportions.sum() == pytest.approx(1)
    assert (proportions > 0).all()
    # Genes seen equally often are equally likely.
    for value in np.unique(counts):
        assert np.ptp(proportions[counts == value]) == pytest.approx(0)


def test_likelihood_is_scipys_multinomial():
    rng = np.random.default_rng(1)
    profile = rng.dirichlet(np.ones(30))
    counts = rng.multinomial(200, profile, size=5)
    ours = log_likelihoods(sparse.csr_matrix(counts), np.log(profile))
    assert ours == pytest.approx(np.array([float(stats.multinomial.logpmf(row, 200, profile)) for row in counts]))


# With 3,000 ambient UMIs over 300 genes a profile fits its own UMIs so much better than others that 56–85 % of empty
# droplets would pass at 5 % if null droplets were drawn from it (measured); 300,000 UMIs are what a real library has
# and more.
@pytest.mark.parametrize("ambient_umis", [3_000, 300_000])
def test_pvalues_of_ambient_droplets_hold_their_level(ambient_umis):
    shares = []
    for seed in range(10):
        rng = np.random.default_rng(seed)
        profile = rng.dirichlet(np.full(300, 2.0))
        soup = rng.multinomial(ambient_umis, profile)
        droplets = sparse.csr_matrix(rng.multinomial(300, profile, size=500))
        pvalues = monte_carlo_pvalues(droplets, soup, simulations=1_000, seed=seed)
        shares.append((pvalues < 0.05).mean())
    # Standard error of the mean share 0.003 by the droplets, about 0.01 by the ten soups; averaging two half tests only
    # lowers it.
    assert 0.005 < np.mean(shares) < 0.07


def test_pvalues_find_droplets_of_another_profile_and_repeat_exactly():
    rng = np.random.default_rng(5)
    profile, other = rng.dirichlet(np.ones(200), size=2)
    soup = rng.multinomial(50_000, profile)
    droplets = [rng.multinomial(300, other), rng.multinomial(120, other), rng.multinomial(300, profile)]
    runs = [monte_carlo_pvalues(sparse.csr_matrix(droplets), soup, simulations=999, seed=s) for s in (7, 7, 8)]
    assert runs[0][0] == runs[0][1] == 1 / 1_000
    assert runs[0][2] > 0.01
    assert np.array_equal(runs[0], runs[1])
    assert not np.array_equal(runs[0], runs[2])


def test_pvalue_of_two_genes_is_the_exact_multinomial_tests():
    # Genes at 0.7 and 0.3, 20 UMIs, 10 of the first: all outcomes no more likely than that, added up.
    found = monte_carlo_pvalues(
        sparse.csr_matrix([[10, 10]]), np.array([700_000, 300_000]), simulations=40_000, seed=1
    )[0]
    chances = stats.binom.pmf(np.arange(21), 20, 0.7)
    exact = chances[chances <= chances[10] * (1 + 1e-9)].sum()
    # Five standard errors of 40,000 simulations; no other outcome is within 10 % of the one observed.
    assert found == pytest.approx(exact, abs=5 * np.sqrt(exact * (1 - exact) / 40_000))


def test_benjamini_hochberg_by_hand():
    assert benjamini_hochberg(np.array([0.01, 0.04, 0.03, 0.5])) == pytest.approx([0.04, 0.16 / 3, 0.16 / 3, 0.5])
    assert benjamini_hochberg(np.array([])).size == 0


def test_ambient_pool_reaches_the_plateau_of_a_library_with_much_ambient_rna():
    # 300 cells, 10,000 empty droplets of about 350 UMIs, 100,000 misread barcodes of a few: as HBCx172 looks.
    totals = np.concatenate([np.full(300, 20_000), np.full(10_000, 350), np.full(100_000, 2)])
    common = {"ambient_max_counts": 100, "min_counts": 500}
    assert ambient_limit(totals, 1_000, expected_cells=500, **common) == 350
    # Few expected barcodes beyond the rank, enough UMIs below: nothing to raise.
    assert ambient_limit(totals, 1_000, expected_cells=10_000, **common) == 100
    # Too thin a pool takes in all that can't become a cell, never the candidates.
    assert ambient_limit(totals, 1_000_000, expected_cells=10_000, **common) == 499


# Ambient share and host share span the demo study's libraries; an empty droplet catches 40 % of what a droplet with a
# cell does there.
@pytest.mark.parametrize("ambient, host_share, empty_umis", [(0.05, 0.6, 40), (0.15, 0.2, 64), (0.30, 0.4, 80)])
def test_demo_libraries_reach_the_issues_targets(simulate, droplet_settings, ambient, host_share, empty_umis):
    library = simulate.simulate_library(seed=1, ambient=ambient, host_share=host_share, empty_umis=empty_umis)
    calls = call_cells(library.counts, **droplet_settings)
    is_cell = library.truth["kind"].ne("empty").to_numpy()
    assert calls.is_cell[is_cell].mean() >= 0.95
    assert calls.is_cell[~is_cell].mean() <= 0.02
    assert calls.summary["method"] == "knee and test"


def test_test_finds_small_cells_and_no_empty_droplets(simulate, droplet_settings):
    library = simulate.simulate_library(seed=2, cells=500, size_sd=0.9, ambient=0.1, empties=3_000)
    calls = call_cells(library.counts, **{**droplet_settings, "min_counts": 101, "min_fraction_of_median": 0.01})
    truth = library.truth
    is_cell = truth["kind"].ne("empty").to_numpy()
    small = is_cell & (truth["total"] < calls.summary["knee_counts"]).to_numpy() & (truth["total"] >= 200).to_numpy()
    assert small.sum() > 100
    # Half of the small cells' species is not the soup's majority and their types differ: nearly all stand out. STAR
    # finds as many (below).
    assert calls.is_cell[small].mean() >= 0.9
    # FDR 1 % of about 200 calls: two expected, five allowed.
    assert calls.is_cell[~is_cell].sum() <= 5
    assert set(calls.called_by[small & calls.is_cell]) == {"test"}


@pytest.mark.full
@pytest.mark.skipif(shutil.which("STAR") is None, reason="STAR not present")
@pytest.mark.parametrize("seed, empty_umis, ambient", [(1, 40, 0.1), (3, 60, 0.3)])
def test_agrees_with_stars_emptydrops_cr(simulate, droplet_settings, tmp_path, seed, empty_umis, ambient):
    library = simulate.simulate_library(
        seed=seed, cells=500, size_sd=0.9, ambient=ambient, empty_umis=empty_umis, empties=3_000
    )
    totals = library.truth["total"].to_numpy()
    calls = call_cells(library.counts, **{**droplet_settings, "min_counts": 101, "min_fraction_of_median": 0.01})
    raw = tmp_path / "raw"
    raw.mkdir()
    mmwrite(raw / "matrix.mtx", library.counts.T.tocoo(), field="integer")
    (raw / "barcodes.tsv").write_text("\n".join(library.truth["barcode"]) + "\n")
    (raw / "features.tsv").write_text("".join(f"{gene}\t{gene}\tGene Expression\n" for gene in library.genes.index))
    # STAR takes the ambient pool as ranks: those of the barcodes that we take.
    first = int((totals > calls.summary["ambient_limit"]).sum())
    rule = ["EmptyDrops_CR", "400", "0.99", "10", first, len(totals), "100", "0.01", "20000", "0.01", "10000"]
    command = ["STAR", "--runMode", "soloCellFiltering", raw, f"{tmp_path}/star/", "--soloCellFilter", *rule]
    (tmp_path / "star").mkdir()
    subprocess.run([str(part) for part in command], check=True, capture_output=True, cwd=tmp_path)
    star = set((tmp_path / "star" / "barcodes.tsv").read_text().split())
    ours = set(library.truth["barcode"][calls.is_cell])
    agreement = len(star & ours) / len(star | ours)
    print(f"STAR {len(star)}, ours {len(ours)}, Jaccard {agreement:.4f}")
    assert calls.summary["cells_test"] > 50
    # Measured over four seeds: 0.984–1.0. What differs lies at the FDR cut: STAR draws its null from the profile
    # itself, which with 120,000 ambient UMIs makes it a little bolder, and two Monte-Carlo runs differ there too.
    assert agreement >= 0.97
    assert len(ours - star) <= 2


def test_filtered_matrix_is_kept_whole_and_says_so(simulate, droplet_settings):
    library = simulate.simulate_library(seed=3, empties=0)
    calls = call_cells(library.counts, **droplet_settings)
    assert calls.is_cell.all()
    assert calls.summary["method"] == "all"
    assert "without empty droplets" in calls.summary["note"]
    assert calls.soup.sum() == 0


def test_knee_alone_when_switched_off_or_when_the_pool_is_too_thin(simulate, droplet_settings):
    library = simulate.simulate_library(seed=3, cells=300, empties=60, empty_umis=5)
    for enabled, word in ((False, "profile is off"), (True, "too few")):
        calls = call_cells(library.counts, **{**droplet_settings, "enabled": enabled})
        assert calls.summary["method"] == "knee"
        assert word in calls.summary["note"]
        assert np.array_equal(calls.is_cell, library.truth["total"].to_numpy() >= calls.summary["knee_counts"])
        assert np.isnan(calls.fdr).all()


def test_five_cells_among_empty_droplets(simulate, droplet_settings):
    library = simulate.simulate_library(seed=4, cells=5, doublet_rate=0, empties=800)
    calls = call_cells(library.counts, **droplet_settings)
    is_cell = library.truth["kind"].ne("empty").to_numpy()
    assert calls.is_cell[is_cell].all()
    assert calls.is_cell[~is_cell].mean() <= 0.02


def test_knee_never_falls_into_the_ambient_pool(droplet_settings):
    # Nothing but empty droplets: a tenth of their 99th percentile would call them all.
    counts = sparse.csr_matrix(np.random.default_rng(6).poisson(40 / 50, size=(2_000, 50)))
    calls = call_cells(counts, **droplet_settings)
    assert calls.summary["knee_counts"] > calls.summary["ambient_limit"]
    assert calls.is_cell.sum() == 0


def test_matrix_without_any_umi(droplet_settings):
    calls = call_cells(sparse.csr_matrix((10, 4), dtype=np.int32), **droplet_settings)
    assert not calls.is_cell.any()


def test_barcodes_without_variance_are_all_cells(droplet_settings):
    calls = call_cells(sparse.csr_matrix(np.full((50, 20), 30)), **droplet_settings)
    assert calls.is_cell.all()


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_calls_dont_depend_on_the_order_of_barcodes(seed):
    rng = np.random.default_rng(seed)
    profile, other = rng.dirichlet(np.ones(40), size=2)
    rows = [rng.multinomial(n, profile) for n in rng.poisson(60, 300)]
    rows += [rng.multinomial(n, other) for n in rng.integers(150, 900, 30)]
    counts = sparse.csr_matrix(np.array(rows))
    order = rng.permutation(len(rows))
    common = {"expected_cells": 30, "enabled": True, "ambient_max_counts": 100, "min_counts": 110, "seed": 1}
    common |= {"min_fraction_of_median": 0.01, "simulations": 300, "fdr": 0.05}
    first, second = call_cells(counts, **common), call_cells(counts[order], **common)
    assert np.array_equal(first.is_cell[order], second.is_cell)


@pytest.mark.parametrize("cells, said", [(499, True), (500, False), (2_000, False), (2_001, True)])
def test_a_number_of_cells_far_from_the_expected_is_remarked(cells, said):
    remark = compare_with_expected(cells, 1_000)
    assert bool(remark) == said and (not said or "where 1,000 were expected (expected_cells)" in remark)


@pytest.mark.parametrize("expected, said", [(30, False), (1_000, True), ("auto", False)])
def test_the_remark_stands_beside_the_calls(expected, said):
    rng = np.random.default_rng(1)
    counts = sparse.csr_matrix(np.vstack([rng.poisson(20, (30, 100)), rng.poisson(0.3, (900, 100))]))
    found = call_cells(
        counts, expected_cells=expected, enabled=True, ambient_max_counts=100, min_counts=100,
        min_fraction_of_median=0.01, simulations=200, fdr=0.01, seed=0,
    )  # fmt: skip
    assert found.is_cell.sum() == 30 and ("were expected" in found.summary["note"]) == said
    assert found.summary["expected_cells_by"] == ("estimate" if expected == "auto" else "given")

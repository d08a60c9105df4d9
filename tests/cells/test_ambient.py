"""Ambient RNA: its share of a library and of cells against the truth, and its subtraction."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import sparse

from scripts.cells.ambient import (
    cell_fractions,
    library_fraction,
    soup_of_empty_droplets,
    soup_of_other_species,
    spread_removal,
    subtract,
)


def test_soup_share_by_hand():
    soup = soup_of_empty_droplets(np.array([60, 20, 20]), np.array([False, True, True]))
    assert soup.host_share == pytest.approx(0.4)
    assert soup.source == "empty droplets"
    # Not estimable without ambient UMIs or without host genes.
    assert np.isnan(soup_of_empty_droplets(np.zeros(3, int), np.array([False, True, True])).host_share)
    assert np.isnan(soup_of_empty_droplets(np.array([60, 20, 20]), np.zeros(3, bool)).host_share)


def test_library_fraction_by_hand():
    own, other = np.array([950, 900]), np.array([50, 100])
    assert library_fraction(own, other, 0.5) == pytest.approx(150 / 2_000 / 0.5)
    assert library_fraction(own, other, 0.05) == 1.0
    for share in (float("nan"), 0.0, 0.005):
        assert np.isnan(library_fraction(own, other, share))
    assert np.isnan(library_fraction(np.array([]), np.array([]), 0.5))


# The tolerance, over the demo's range of ambient RNA (5–30 %) and stroma (20–60 %).
@pytest.mark.parametrize("ambient", [0.05, 0.15, 0.30])
@pytest.mark.parametrize("host_share", [0.2, 0.6])
def test_fraction_of_library_and_cells_against_the_truth(simulate, ambient, host_share):
    library = simulate.simulate_library(seed=11, ambient=ambient, host_share=host_share)
    truth = library.truth
    empty = truth["kind"].eq("empty").to_numpy()
    is_host = library.genes["species"].eq("host").to_numpy()
    soup = soup_of_empty_droplets(np.asarray(library.counts[empty].sum(axis=0)).ravel(), is_host)
    graft = (truth["kind"].eq("cell") & truth["species"].eq("graft")).to_numpy()
    true = (truth["ambient_umis"] / truth["total"])[graft].to_numpy()
    pooled = truth["ambient_umis"][graft].sum() / truth["total"][graft].sum()
    assert library_fraction(library.graft[graft], library.host[graft], soup.host_share) == pytest.approx(
        pooled, abs=0.03
    )
    cells = cell_fractions(library.graft[graft], library.host[graft], soup.host_share)
    plain = library.host[graft] / truth["total"][graft] / soup.host_share
    # Shrinkage pays where host UMIs are few (about eight a cell in the first library); elsewhere it may cost a tenth.
    few = host_share == 0.2 and ambient == 0.05
    assert np.sqrt(np.mean((cells - true) ** 2)) <= (0.8 if few else 1.1) * np.sqrt(np.mean((plain - true) ** 2))
    assert np.corrcoef(cells, true)[0, 1] > 0.75
    host = (truth["kind"].eq("cell") & truth["species"].eq("host")).to_numpy()
    pooled = truth["ambient_umis"][host].sum() / truth["total"][host].sum()
    found = library_fraction(library.host[host], library.graft[host], 1 - soup.host_share)
    assert found == pytest.approx(pooled, abs=0.03)


def test_few_cells_get_the_librarys_fraction():
    own, other = np.array([900, 400]), np.array([9, 16])
    assert cell_fractions(own, other, 0.2) == pytest.approx(library_fraction(own, other, 0.2))
    assert np.isnan(cell_fractions(own, other, float("nan"))).all()


@given(st.lists(st.tuples(st.integers(0, 5_000), st.integers(0, 500)), max_size=60), st.floats(0.02, 1))
def test_cell_fractions_are_shares(pairs, share):
    own, other = np.array([p[0] for p in pairs], int), np.array([p[1] for p in pairs], int)
    found = cell_fractions(own, other, share)
    known = found[~np.isnan(found)]
    assert len(found) == len(pairs) and ((known >= 0) & (known <= 1)).all()


@pytest.mark.parametrize("ambient, host_share", [(0.15, 0.4), (0.3, 0.2)])
def test_soup_share_from_the_cells_themselves(simulate, ambient, host_share):
    library = simulate.simulate_library(seed=12, ambient=ambient, host_share=host_share)
    truth = library.truth
    is_host = library.genes["species"].eq("host").to_numpy()
    single = truth["kind"].eq("cell")
    cells = {name: library.counts[(single & truth["species"].eq(name)).to_numpy()] for name in ("graft", "host")}
    found = soup_of_other_species(cells["graft"], cells["host"], is_host)
    empty = np.asarray(library.counts[truth["kind"].eq("empty").to_numpy()].sum(axis=0)).ravel()
    true = empty[is_host].sum() / empty.sum()
    # Medians of 80 and more cells of ten and more UMIs: standard errors of a few per cent each.
    assert found.host_share == pytest.approx(true, rel=0.15)
    assert found.counts[is_host].sum() / found.counts.sum() == pytest.approx(found.host_share, abs=1e-3)
    assert np.corrcoef(found.counts / found.counts.sum(), empty / empty.sum())[0, 1] > 0.95
    assert soup_of_other_species(cells["graft"][:3], cells["host"], is_host).source == "unknown"


HELD = st.lists(st.tuples(st.integers(1, 300), st.integers(0, 500)), min_size=1, max_size=40)


@given(HELD, st.floats(0, 5_000))
def test_removal_takes_what_is_wanted_and_there_and_no_more(genes, wanted):
    held, weight = np.array([g[0] for g in genes], float), np.array([g[1] for g in genes], float)
    taken = spread_removal(held, weight, wanted)
    assert (taken >= 0).all() and (taken <= held + 1e-9).all()
    assert (taken[weight == 0] == 0).all()
    assert taken.sum() == pytest.approx(min(wanted, held[weight > 0].sum()), abs=1e-6)
    # Genes that are not exhausted give in proportion to the soup.
    open_ = (taken < held - 1e-6) & (weight > 0)
    levels = taken[open_] / weight[open_]
    assert levels.size == 0 or levels.max() - levels.min() <= 1e-6


@given(HELD, st.floats(0, 3_000), st.integers(0, 1_000))
def test_subtraction_keeps_whole_numbers_and_totals(genes, wanted, seed):
    held, soup = np.array([g[0] for g in genes]), np.array([g[1] for g in genes])
    counts = sparse.csr_matrix(held[None, :])
    left = subtract(counts, soup, np.array([wanted]), seed=seed)
    assert left.dtype == counts.dtype
    assert (left.toarray() >= 0).all() and (left.toarray() <= held).all()
    assert abs((held.sum() - left.sum()) - min(wanted, held[soup > 0].sum())) <= 1
    assert counts.sum() == held.sum()
    assert (left != subtract(counts, soup, np.array([wanted]), seed=seed)).nnz == 0


def test_subtraction_brings_cells_nearer_to_the_truth():
    rng = np.random.default_rng(13)
    own, soup = rng.dirichlet(np.full(400, 0.3)), rng.dirichlet(np.full(400, 0.3))
    clean = rng.poisson(900 * own, size=(200, 400))
    ambient = rng.poisson(300 * soup, size=(200, 400))
    cells = sparse.csr_matrix(clean + ambient)
    left = subtract(cells, rng.multinomial(50_000, soup), ambient.sum(axis=1), seed=0)
    before, after = ambient.sum(), np.abs(left.toarray() - clean).sum()
    # 300 soup UMIs a cell too many before. What stays wrong is the Poisson scatter of both parts, which no subtraction
    # can know: measured 0.40.
    assert after < 0.5 * before
    assert (left != subtract(cells, rng.multinomial(50_000, soup), np.zeros(200), seed=0)).nnz > 0


def test_droplets_of_two_cells_do_not_shift_the_share_of_a_library():
    """Of 1,000 UMIs 270 are ambient, 60 of them the host's: a second graft cell dilutes them, a host cell adds some."""
    own, other = np.full(100, 940), np.full(100, 60)
    assert library_fraction(own, other, 60 / 270) == pytest.approx(0.27)
    own, other = np.append(own, [1_670] * 10), np.append(other, [60] * 10)
    assert library_fraction(own, other, 60 / 270) < 0.26
    own, other = np.append(own, 940), np.append(other, 700)
    single = np.repeat([1.0, 0.0], [100, 11])
    assert library_fraction(own, other, 60 / 270, single=single) == pytest.approx(0.27)

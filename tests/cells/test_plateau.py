"""Droplets by the defaults of the config: the plateau of empty ones, quiet cells, trimmed matrices, cells to expect."""

from __future__ import annotations

import numpy as np
import pytest
from benchmarks import plateau as peaks
from scipy import sparse

from scripts.cells import plateau
from scripts.cells.empty_drops import TrimmedError, call_cells
from scripts.counts.knee import estimate_cells, order_of_magnitude_cut

DEFAULTS = {
    "expected_cells": "auto",
    "enabled": True,
    "ambient_max_counts": 100,
    "min_counts": 100,
    "min_fraction_of_median": 0.01,
    "simulations": 10_000,
    "fdr": 0.01,
    "seed": 0,
}


def test_knee_stands_above_a_plateau_of_700_umis(simulate):
    counts, kind = simulate.simulate_droplets(1, ambient=700, cells=1_200, quiet=0, empties=6_000, stray=6_000)
    calls = call_cells(counts, **DEFAULTS)
    empty = np.isin(kind, ["empty", "stray"])
    totals = np.asarray(counts.sum(axis=1)).ravel()
    # A tenth of the 99th percentile lies within the plateau: many empty droplets reach it.
    assert (empty & (totals >= order_of_magnitude_cut(totals, 3_000))).sum() > 100
    assert calls.summary["plateau"] == pytest.approx(700, rel=0.15)
    assert calls.summary["knee_counts"] > calls.summary["plateau_edge"]
    assert empty[calls.is_cell].mean() < 0.02
    assert calls.is_cell[kind == "cell"].mean() > 0.98
    # The pool is of empty droplets alone.
    assert calls.summary["ambient_limit"] < totals[kind == "cell"].min()


@pytest.mark.parametrize(("ambient", "least"), [(30, 0.9), (60, 0.75)])
def test_quiet_cells_of_300_to_500_umis_are_found(simulate, ambient, least):
    counts, kind = simulate.simulate_droplets(2, ambient=ambient, cells=400, quiet=200, empties=6_000, stray=3_000)
    calls = call_cells(counts, **DEFAULTS)
    before = call_cells(counts, **DEFAULTS | {"min_counts": 500})
    quiet = kind == "quiet"
    assert calls.is_cell[quiet].mean() >= least > 0.3 > before.is_cell[quiet].mean()
    assert np.isin(kind[calls.is_cell], ["empty", "stray"]).mean() <= 0.02


@pytest.mark.parametrize("lowest", [300, 700])
def test_trimmed_matrix_is_refused_and_a_filtered_one_is_not(simulate, lowest):
    counts, kind = simulate.simulate_droplets(3, ambient=700, cells=1_200, quiet=0, empties=6_000, stray=3_000)
    totals = np.asarray(counts.sum(axis=1)).ravel()
    trimmed = counts[totals >= lowest]
    with pytest.raises(TrimmedError, match=r"resemble empty droplets.*give the raw matrix"):
        call_cells(trimmed, **DEFAULTS)
    assert call_cells(trimmed, **DEFAULTS | {"enabled": False}).is_cell.all()
    filtered = call_cells(counts[kind == "cell"], **DEFAULTS)
    assert filtered.is_cell.all() and filtered.summary["method"] == "all"


def test_small_cells_make_no_plateau(simulate):
    # Two sizes of cells: the smaller are many, and no empty droplets.
    large, _ = simulate.simulate_droplets(4, cells=300, cell_umis=9_000, quiet=0, empties=0, stray=4_000)
    small, _ = simulate.simulate_droplets(4, cells=900, cell_umis=500, quiet=0, empties=2_000, stray=0)
    calls = call_cells(sparse.vstack([large, small]).tocsr(), **DEFAULTS)
    assert "plateau" not in calls.summary
    totals = np.asarray(small.sum(axis=1)).ravel()
    assert calls.is_cell[large.shape[0] :][totals > 400].mean() > 0.7


def test_tumour_cells_of_a_xenograft_with_some_host_cells_make_no_plateau():
    """400 cells of 8,000 UMIs, a seventh of them mouse: each tumour cell is a likely draw from the pool of all."""
    rng = np.random.default_rng(5)
    level = rng.lognormal(0, 1.6, (2, 3_000))
    level /= level.sum(axis=1, keepdims=True)
    host = np.arange(400) >= 340
    size = 8_000 * rng.lognormal(0, 0.45, 400)
    rate = np.zeros((400, 2, 3_000))
    rate[np.arange(400), host.astype(int)] = level[host.astype(int)] * size[:, None]
    cells = rng.poisson(rate.reshape(400, -1))
    soup = cells.sum(axis=0) / cells.sum()
    empty = rng.poisson(soup * 50 * rng.lognormal(0, 0.35, (5_000, 1)))
    counts = sparse.csr_matrix(np.vstack([cells, empty]).astype(np.int32))
    calls = call_cells(counts, **DEFAULTS)
    assert "plateau" not in calls.summary
    assert calls.is_cell[:400].mean() > 0.95 and calls.is_cell[400:].sum() <= 5


@pytest.mark.parametrize("cells", [100, 600, 3_000])
def test_expected_cells_are_estimated(cells):
    rng = np.random.default_rng(cells)
    totals = np.concatenate([rng.lognormal(np.log(5_000), 0.5, cells), rng.poisson(60, 20_000)]).astype(int)
    assert estimate_cells(totals[totals > 100]) == pytest.approx(cells, rel=0.1)
    assert estimate_cells(np.zeros(5, int)) == 1


def test_peaks_of_one_pool_are_divided_from_peaks_of_cells():
    """Of peaks that had no part in setting the cut one in fifteen is on the wrong side; of twelve, more than three once
    in 150 times.
    """
    wrong = 0
    kinds = [(3, 4.0, debris) for debris in peaks.DEBRIS] + [(types, noise, 1.0) for types, noise in peaks.CELLS]
    for seed, umis in ((20, 300), (21, 700)):
        for types, noise, own in kinds:
            counts = peaks.peak(seed, "log-normal, sd .25", umis, types=types, noise=noise, own=own)
            share = plateau.share_unlike(counts, np.arange(counts.shape[0]), seed=seed)
            print(f"{umis} UMIs, {types} types, own {own}: {share:.2f} unlike")
            wrong += (share >= plateau.ALIKE) != (own == 1)
    assert wrong <= 3

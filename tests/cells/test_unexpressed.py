"""Ambient RNA without a host: against simulated tumours whose ambient share is known."""

import numpy as np
import pandas as pd
import pytest

from scripts.cells import lineages
from scripts.cells.filter_cells import keep, make_cells, subtract_soup
from scripts.cells.unexpressed import measure

KINDS = {"immune": 120, "fibroblast": 80, "tumour": 600, "epithelium": 50}


def simulated(simulate, seed: int, **settings):
    """Return a simulated tumour, its soup as empty droplets show it, and the lineages that are called."""
    cells = simulate.simulate_tumour(seed, kinds=KINDS, n_genes=2_500, arms=0, **settings)
    soup = np.random.default_rng(seed).poisson(cells.var["soup"].to_numpy() * 1_000_000)
    lineage = lineages.call(cells.X, cells.var_names, soup)
    lineage[~np.isin(lineage, lineages.NORMAL)] = ""
    return cells, soup, lineage


def share_of(cells, found, kinds) -> float:
    """Return the ambient share of the UMIs of cells of some kinds; most must have one."""
    own = cells.obs["kind"].isin(kinds).to_numpy()
    totals = np.asarray(cells.X.sum(axis=1)).ravel()
    known = own & np.isfinite(found.fractions)
    assert known.sum() > 0.9 * own.sum()
    return float((found.fractions * totals)[known].sum() / totals[known].sum())


@pytest.mark.parametrize("ambient", [0.03, 0.1, 0.25])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_share_is_within_two_points(simulate, seed, ambient):
    cells, soup, lineage = simulated(simulate, seed, ambient=ambient)
    found = measure(cells.X, cells.var_names, soup, lineage, seed=0)
    share = share_of(cells, found, ["tumour", "epithelium"])
    print(f"ambient {ambient}, measured {share:.3f}; {found.note}")
    assert share == pytest.approx(ambient, abs=0.02)


def test_a_marker_that_the_tumour_expresses_misleads_nobody(simulate):
    # Lineages as copy numbers give them: by markers alone, tumour cells with much soup would count as fibroblasts.
    cells, soup, _ = simulated(simulate, 4, ambient=0.1, expressed=("DCN", "LUM"))
    lineage = cells.obs["kind"].where(cells.obs["kind"].isin(lineages.NORMAL), "").to_numpy(dtype=object)
    found = measure(cells.X, cells.var_names, soup, lineage, seed=0)
    assert share_of(cells, found, ["tumour"]) == pytest.approx(0.1, abs=0.02)


def test_normal_cells_taken_for_tumour_mislead_nobody(simulate):
    cells, soup, lineage = simulated(simulate, 5, ambient=0.1)
    lost = np.flatnonzero(lineage == "immune")[:10]
    lineage[lost] = ""
    found = measure(cells.X, cells.var_names, soup, lineage, seed=0)
    assert share_of(cells, found, ["tumour"]) == pytest.approx(0.1, abs=0.02)
    assert np.isnan(found.fractions[lost]).mean() > 0.8


def test_a_library_that_cannot_tell_says_so(simulate):
    cells, soup, lineage = simulated(simulate, 6)
    assert "no empty droplets" in measure(cells.X, cells.var_names, None, lineage, seed=0).note
    pure = measure(cells.X, cells.var_names, soup, np.full(cells.n_obs, "", dtype=object), seed=0)
    assert np.isnan(pure.fractions).all() and "0 cells of normal lineages" in pure.note
    # No gene of the panel is measured.
    named = pd.Index([f"G{i}" for i in range(cells.n_vars)])
    found = measure(cells.X, named, soup, lineage, seed=0)
    assert np.isnan(found.fractions).all() and "too few UMIs" in found.note


def test_the_stage_measures_and_subtracts_it(simulate, cell_settings):
    cells = simulate.simulate_tumour(1, kinds=KINDS, n_genes=2_500, arms=0, ambient=0.15)
    soup = np.random.default_rng(0).poisson(cells.var["soup"].to_numpy() * 1_000_000)
    genes = pd.DataFrame({"symbol": cells.var_names, "species": "graft"}, index=cells.var_names)
    settings = cell_settings | {"doublets": cell_settings["doublets"] | {"enabled": False}}
    barcodes = pd.Series([f"B{i}" for i in range(cells.n_obs)])
    table, found, summary = keep(cells.X, genes, soup, settings, seed=0, barcodes=barcodes)
    assert summary["composition"] == "tumour"
    assert summary["ambient_fraction"] == pytest.approx(0.15, abs=0.02)
    kept = table.assign(barcode=barcodes)[table["filter_failed"] == ""]
    labels = {"sample": "S", "model": "M", "timepoint": "persister", "arm": "x", "replicate": "1"}
    graft = make_cells(cells.X[kept.index.to_numpy()], kept, genes, labels)
    taken = subtract_soup(graft, kept, found, np.zeros(cells.n_vars, bool), 0)
    assert taken / graft.layers["uncorrected"].sum() == pytest.approx(0.15, abs=0.025)
    assert graft.X.sum() == graft.layers["uncorrected"].sum() - taken

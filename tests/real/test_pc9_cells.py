"""Real drug-tolerant PC9 cells and their control (Drop-seq with empty droplets), by the defaults of the config."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from scripts.cells.empty_drops import call_cells
from scripts.cells.filter_cells import keep
from scripts.cells.qc import QUALITY
from scripts.study.schema import filled, read_schema

DATA = Path(__file__).parents[3] / "shared" / "data" / "pc9_erlotinib"
FILES = {"untreated": "Day11_control.txt.gz", "persister": "Day11_Erlotinib.txt.gz"}
pytestmark = [
    pytest.mark.full,
    pytest.mark.skipif(not DATA.is_dir(), reason="../shared/data/pc9_erlotinib isn't here"),
]


@pytest.fixture(scope="module")
def settings() -> dict:
    """Return the defaults of the section cells, for a cell line."""
    schema = read_schema("config")
    return filled({"composition": "pure"}, schema["properties"]["cells"], schema)


@pytest.fixture(scope="module", params=FILES)
def judged(request, settings):
    """Return the timepoint, UMIs of all barcodes, the calls of droplets, and the table of those called cells."""
    table = pd.read_csv(DATA / FILES[request.param], sep="\t", index_col=0)
    counts = sparse.csr_matrix(table.to_numpy(dtype=np.int32).T)
    genes = pd.DataFrame({"symbol": table.index.astype(str), "species": "graft"}, index=table.index)
    calls = call_cells(counts, expected_cells=settings["expected_cells"], seed=0, **settings["empty_drops"])
    barcodes = pd.Series(table.columns)[calls.is_cell].reset_index(drop=True)
    found, _, summary = keep(counts[calls.is_cell], genes, calls.soup, settings, seed=0, barcodes=barcodes)
    return request.param, np.asarray(counts.sum(axis=1)).ravel(), calls, found, summary


def test_defaults_keep_most_persisters_and_most_of_their_controls(judged, settings):
    timepoint, _, _, found, summary = judged
    kept = found["filter_failed"].eq("").mean()
    study = (found["total_counts"] >= 2_000) & (found["n_genes"] >= 2_000)
    # Barcodes are tested for a cell from 100 UMIs on, so that quiet cells are found; most of those here, 18 and 31 % of
    # the cells, lie below the floor of 500 UMIs. It removes these alone, and all of them.
    quiet = found["total_counts"] < settings["qc"]["min_counts"]
    low = found["filter_failed"].eq("low_counts")
    others = found[~quiet]
    print(
        f"{timepoint}: {len(found)} cells, {kept:.0%} kept, {quiet.mean():.0%} quiet, of the others "
        f"{others['filter_failed'].eq('').mean():.0%} kept; the study's cuts {study.mean():.0%}; {summary['qc_limits']}"
    )
    # Measured: 72 and 64 %; of those that are not quiet 89 and 93 %. The study's cuts keep a third and a ninth.
    assert kept >= 0.6
    assert study.mean() < 0.5
    assert (low <= quiet).all()
    # The rule that warns of a step: it must not remove 30 %. The floor does, and is reported to the user.
    assert others["filter_failed"].isin(QUALITY).mean() < 0.3

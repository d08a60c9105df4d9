"""Data for figures of one library: measures of its cells, droplets by UMIs of both species, and barcodes by rank."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd

from scripts.cells import qc

QUANTILES = {"q05": 0.05, "q25": 0.25, "median": 0.5, "q75": 0.75, "q95": 0.95}
VERDICTS = {
    "": "kept tumour cell",
    "host": "host cell",
    "mixed": "mixed",
    "doublet": "doublet",
    "normal": "normal cell",
    **dict.fromkeys(qc.QUALITY, "cut on quality"),
    "unsure": "unsure",
}
"""First step that removed a droplet with cells → verdict in figures; all quality cuts share one."""
BINS_PER_DECADE = 12
RANKS_PER_DECADE = 40


def summarise_quality(cells: pd.DataFrame, measures: tuple[str, ...]) -> pd.DataFrame:
    """Return quantiles of measures over cells: measure, n_cells (all cells), q05, q25, median, q75, q95.

    A measure without a value has no row.
    """
    rows = []
    for measure in measures:
        values = cells[measure].dropna()
        if len(values):
            found = {key: float(values.quantile(q)) for key, q in QUANTILES.items()}
            rows.append({"measure": measure, "n_cells": len(cells), **found})
    return pd.DataFrame(rows, columns=["measure", "n_cells", *QUANTILES])


def bin_droplets(droplets: pd.DataFrame) -> pd.DataFrame:
    """Return the number of droplets with cells by verdict and logarithmic bins of their UMIs.

    Parameters
    ----------
    droplets
        Barcodes with counts_graft, counts_host, n_genes and filter_failed (``empty`` for those without a cell).

    Returns
    -------
    verdict, measure, graft_from, graft_to, other_from, other_to, droplets
        Limits of graft UMIs + 1, and of host UMIs + 1 (``measure`` is host UMIs) or, in a library without any host UMI,
        of the genes detected (``measure`` is genes).
    """
    columns = ["verdict", "measure", "graft_from", "graft_to", "other_from", "other_to", "droplets"]
    cells = droplets[droplets["filter_failed"] != "empty"]
    has_host = bool(droplets["counts_host"].sum())
    other = cells["counts_host"] + 1 if has_host else cells["n_genes"].clip(lower=1)
    # The constant of 1e-7 keeps powers of ten in the bin that starts with them.
    bins = {
        name: np.floor(BINS_PER_DECADE * np.log10(values.to_numpy(dtype=float)) + 1e-7).astype(int)
        for name, values in (("graft", cells["counts_graft"] + 1), ("other", other))
    }
    table = pd.DataFrame({"verdict": cells["filter_failed"].map(VERDICTS).to_numpy(), **bins})
    counted = table.value_counts(sort=False).rename("droplets").reset_index()
    counted = counted.sort_values(["verdict", "graft", "other"], ignore_index=True)
    counted["measure"] = "host UMIs" if has_host else "genes"
    for name in ("graft", "other"):
        counted[f"{name}_from"] = 10 ** (counted[name] / BINS_PER_DECADE)
        counted[f"{name}_to"] = 10 ** ((counted[name] + 1) / BINS_PER_DECADE)
    return counted[columns]


def rank_curve(totals: np.ndarray) -> pd.DataFrame:
    """Return rank and UMIs of barcodes with UMIs, at :data:`RANKS_PER_DECADE` ranks per decade and the last rank."""
    ranked = np.sort(totals[totals > 0])[::-1]
    if not len(ranked):
        return pd.DataFrame({"rank": np.empty(0, int), "umis": np.empty(0, int)})
    steps = np.arange(0, RANKS_PER_DECADE * np.log10(len(ranked)) + 1)
    ranks = np.unique(np.append(np.round(10 ** (steps / RANKS_PER_DECADE)).astype(int), len(ranked)))
    ranks = ranks[ranks <= len(ranked)]
    return pd.DataFrame({"rank": ranks, "umis": ranked[ranks - 1]})


def rank_barcodes(droplets: pd.DataFrame) -> pd.DataFrame:
    """Return barcodes, rank and UMIs: the curve of all barcodes, then that of the droplets with cells."""
    totals = (droplets["counts_graft"] + droplets["counts_host"]).to_numpy()
    curves = {"all barcodes": totals, "droplets with cells": totals[droplets["cell_call"].to_numpy()]}
    parts = [rank_curve(values).assign(barcodes=name) for name, values in curves.items()]
    return pd.concat(parts, ignore_index=True)[["barcodes", "rank", "umis"]]


def without_nan(value):
    """Return the value with NaN and infinity as None, as JSON requires."""
    if isinstance(value, dict):
        return {key: without_nan(v) for key, v in value.items()}
    if isinstance(value, list | tuple):
        return [without_nan(v) for v in value]
    if isinstance(value, np.generic):
        value = value.item()
    return None if isinstance(value, float) and not math.isfinite(value) else value

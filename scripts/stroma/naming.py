"""Lineages of stromal cells: each cell by its markers, each cluster by most of its cells."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from scipy import sparse

from scripts.cells.lineages import strengths
from scripts.stroma.terms import OTHER

MAJORITY = 0.5
"""Share of a cluster's called cells that one lineage needs, so that the whole cluster has its name."""
CALLED = 0.2
"""Share of a cluster's cells that need a call. Below, markers are too rarely seen to name the others."""
CLUSTERS = ["cluster", "lineage", "cells", "called", "majority"]


def call_cells(
    counts: sparse.csr_matrix, symbols: pd.Index, panel: Mapping[str, Mapping[str, str]], given: np.ndarray
) -> np.ndarray:
    """Return the lineage that each cell's own markers show, empty where they show none.

    The level of ambient RNA is that of all the cells, which are of one library.

    Parameters
    ----------
    counts
        Cells × genes (UMIs) of one library.
    symbols
        Names of the genes.
    panel
        Marker → alias by lineage, in the cells' species.
    given
        Labels of the user, which take precedence; empty where there is none.
    """
    table = strengths(counts, symbols, panel)
    best = np.array(list(panel), dtype=object)[table.to_numpy().argmax(axis=1)]
    own = np.where(table.max(axis=1) > 0, best, "").astype(object)
    return np.where(given != "", given, own).astype(object)


def name_clusters(cluster: np.ndarray, called: np.ndarray, given: np.ndarray) -> tuple[pd.DataFrame, np.ndarray]:
    """Return a row (:data:`CLUSTERS`) per cluster, and the lineage of every cell.

    A cluster has the lineage of most of its called cells (:data:`MAJORITY`, :data:`CALLED`). A cell has the user's
    label, else its cluster's lineage; in a cluster without one its own call, else :data:`OTHER`.

    Parameters
    ----------
    cluster, called, given
        By cell: number of the cluster, the call of :func:`call_cells`, and the user's label (empty without one).
    """
    lineage, rows = np.where(called == "", OTHER, called).astype(object), []
    for number in np.unique(cluster):
        own = cluster == number
        calls = pd.Series(called[own])
        counts = calls[calls != ""].value_counts().sort_index(kind="stable").sort_values(ascending=False, kind="stable")
        share = counts.iloc[0] / counts.sum() if len(counts) else np.nan
        is_named = len(counts) > 0 and share > MAJORITY and counts.sum() >= CALLED * own.sum()
        name = counts.index[0] if is_named else ""
        if name:
            lineage[own] = np.where(given[own] != "", given[own], name)
        rows.append((number, name, int(own.sum()), int(counts.sum()), share))
    return pd.DataFrame(rows, columns=CLUSTERS), lineage

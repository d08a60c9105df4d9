"""Cells of two timepoints whose networks are known: the same, or with targets that a factor gains."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy import sparse

from scripts.regulons import network_changes as changes
from scripts.scenic import grnboost

N_TFS, N_TARGETS, N_CELLS, EXCHANGES = 15, 30, 500, 20
TFS = [f"TF{i:02d}" for i in range(N_TFS)]
GENES = [*TFS, *(f"G{i:02d}" for i in range(N_TARGETS))]
PLANTED = {("TF00", f"G{i:02d}") for i in range(10)}
"""Edges that TF00 gains."""


def simulate(
    seed, gained: bool, *, n: int = N_CELLS, shift: float = 0.0, depth: float = 1.0
) -> tuple[sparse.csr_matrix, np.ndarray]:
    """Return counts, 2 n cells × genes, and which cells are later: each target follows one factor at both timepoints;
    10 of TF00, if ``gained``, at the later one alone.

    ``shift``: change of the first five factors' level, which their targets follow; ``depth``: of the later cells.
    """
    rng = np.random.default_rng(seed)
    late = np.repeat([False, True], n)
    level = rng.normal(0, 0.8, (2 * n, N_TFS))
    level[:, :5] += shift * late[:, None]
    follows = np.r_[np.zeros(10, dtype=int), 1 + np.arange(N_TARGETS - 10) % (N_TFS - 1)]
    signal = level[:, follows]
    if gained:
        signal[:n, :10] = rng.normal(0, 0.8, (n, 10))
    noise = rng.normal(0, 0.3, (2 * n, N_TARGETS))
    mean = np.exp(np.hstack([level, signal + noise]) + 0.7) * np.where(late, depth, 1.0)[:, None]
    return sparse.csr_matrix(rng.poisson(mean).astype(float)), late


def inferred(seed: int, gained: bool, *, exchanges: int = EXCHANGES, **options) -> pd.DataFrame:
    """Return the edges of a simulated model with their weights in the networks of all labellings, by the workflow's
    default importance.
    """
    expression, late = changes.match_cells(*simulate(seed, gained, **options), seed=seed)
    labels = changes.exchange(late, exchanges, seed)
    settings = {"importance": grnboost.IMPORTANCE, "max_rounds": 500}
    return changes.infer_pairs(expression, GENES, TFS, GENES, labels, seed=seed, **settings)

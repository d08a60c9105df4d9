"""Host cells: the same filters of doublets and quality as tumour cells, by the stroma's own measures."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import sparse

from scripts.cells import doublets, qc

FLOORS = {"min_counts": 500, "min_genes": 300}
"""Fewest UMIs and genes at most asked of a host cell: cuts made for tumour cells would remove most of the stroma."""


@dataclass(frozen=True)
class HostCells:
    """The verdict of each host cell (empty if kept, else doublet or a cut on quality), doublet scores, the cuts, and
    how many doublets must be left.
    """

    verdict: np.ndarray
    scores: np.ndarray
    limits: dict[str, float]
    doublets_left: float


def judge(counts: sparse.csr_matrix, measures: pd.DataFrame, rate: float, settings: dict, *, seed: int) -> HostCells:
    """Return the verdicts on host cells.

    Parameters
    ----------
    counts
        Host cells × host genes (UMIs).
    measures
        Their total_counts, n_genes, pct_counts_mt and ambient_fraction.
    rate
        Share of them that should be doublets.
    settings
        Section cells of the config. Cuts follow the library's median (``mads``), whatever the method for tumour cells.
    """
    found = doublets.find(counts, rate, settings["doublets"], seed=seed, what="host")
    ambient = measures["ambient_fraction"].to_numpy(float)
    found = doublets.plant(found, counts, rate, settings["doublets"], seed=seed, ambient=ambient)
    floors = {name: min(settings["qc"][name], most) for name, most in FLOORS.items()}
    limits = qc.quality_limits(measures[~found.flagged], **settings["qc"] | floors | {"method": "mads"})
    verdict = qc.quality_verdict(measures, limits)
    verdict[found.flagged] = "doublet"
    return HostCells(verdict, found.scores, limits, found.left)

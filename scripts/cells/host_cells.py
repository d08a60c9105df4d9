"""Host cells: the same doublet and quality filters as for tumour cells, with cuts from the host cells' own measures."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import sparse

from scripts.cells import doublets, qc

FLOORS = {"min_counts": 500, "min_genes": 300}
"""Upper limits of the minimum UMIs and genes of a host cell. Cuts for tumour cells would remove most of the stroma."""


@dataclass(frozen=True)
class HostCells:
    """The verdict on each host cell (empty if kept, else doublet or a quality cut), doublet scores, the cuts, and the
    expected number of doublets that remain.
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
        Expected share of doublets among them.
    settings
        Section cells of the config. Cuts are by MADs (``mads``), regardless of the method for tumour cells.
    """
    found = doublets.find(counts, rate, settings["doublets"], seed=seed, what="host")
    ambient = measures["ambient_fraction"].to_numpy(float)
    found = doublets.plant(found, counts, rate, settings["doublets"], seed=seed, ambient=ambient)
    floors = {name: min(settings["qc"][name], most) for name, most in FLOORS.items()}
    limits = qc.quality_limits(measures[~found.flagged], **settings["qc"] | floors | {"method": "mads"})
    verdict = qc.quality_verdict(measures, limits)
    verdict[found.flagged] = "doublet"
    return HostCells(verdict, found.scores, limits, found.left)

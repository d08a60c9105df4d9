"""Scores per cell: cell cycle and phase, dissociation stress, hypoxia."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from scripts.base import genesets

BINS, CONTROLS = 25, 50
"""Bins of expression, and control genes from each (Tirosh et al. 2016; scanpy's defaults)."""
MIN_BIN = 20
"""Genes a bin should hold: fewer bins where genes are few (two at least)."""
PHASES = ("G1", "S", "G2M", "")
"""Phases as called; empty where a score is missing."""


def score_set(log, genes: list[str], *, seed: int) -> np.ndarray:
    """Return the mean of the genes minus the mean of control genes of similar expression (scanpy's ``score_genes``).

    ``log``: AnnData of log expression, cells × genes. NaN where no gene is left for control.
    """
    import scanpy as sc

    bins = int(np.clip(log.n_vars // MIN_BIN, 2, BINS))
    try:
        sc.tl.score_genes(
            log,
            genes,
            ctrl_as_ref=False,
            ctrl_size=CONTROLS,
            n_bins=bins,
            score_name="_score",
            random_state=seed,
            use_raw=False,
        )
    except RuntimeError:  # "No control genes found in any cut"
        return np.full(log.n_obs, np.nan)
    return log.obs.pop("_score").to_numpy()


def call_phase(s: np.ndarray, g2m: np.ndarray) -> np.ndarray:
    """Return G1 where both scores are negative, else the phase of the larger one; empty where a score is missing."""
    phase = np.where((s < 0) & (g2m < 0), "G1", np.where(g2m > s, "G2M", "S"))
    return np.where(np.isfinite(s) & np.isfinite(g2m), phase, "")


def score_cells(log, sets: Mapping[str, Mapping[str, str]], *, min_genes: int, seed: int) -> tuple[pd.DataFrame, list]:
    """Return the scores (rows: cells; columns s_score, g2m_score, phase, stress, hypoxia), and notes.

    ``log``: AnnData of log expression; ``sets``: gene → alias per set. A set with fewer than ``min_genes`` genes
    seen in any cell gives NaN.
    """
    notes = []
    table = pd.DataFrame(index=log.obs_names)
    seen = log.var_names[np.asarray((log.X > 0).sum(axis=0)).ravel() > 0] if log.n_obs else log.var_names[:0]
    for name, column in genesets.SCORES.items():
        genes = genesets.measured(sets[name], seen)
        if len(genes) < min_genes:
            table[column] = np.nan
            notes.append(f"{column}: {len(genes)} of {len(sets[name])} genes seen, fewer than {min_genes}: no score")
            continue
        table[column] = score_set(log, genes, seed=seed)
        if table[column].isna().any():
            notes.append(f"{column}: no genes left to compare with: no score")
        else:
            notes.append(f"{column}: {len(genes)} of {len(sets[name])} genes seen")
    table.insert(2, "phase", call_phase(table["s_score"].to_numpy(), table["g2m_score"].to_numpy()))
    return table, notes

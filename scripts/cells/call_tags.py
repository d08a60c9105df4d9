"""Assign the cells of a pool to its samples by their counts of hashtags."""

from __future__ import annotations

import numpy as np
import pandas as pd

from scripts.cells.fates import TWO, UNASSIGNED

MIN_CELLS = 10
"""Fewest cells with a tag for which signal and noise can be distinguished."""


def call_tags(counts: pd.DataFrame) -> pd.Series:
    """Return the label of each barcode by its counts of tags (barcodes × tags): hashsolo of scanpy.

    Bernstein et al. 2020: log-normal signal and noise of each tag, and the posterior of no tag, one tag and two tags.
    The default priors are used. With two or three tags, one is noise in every cell; with more, all but two are.
    """
    import anndata
    import scanpy.external as sce

    labels = pd.Series(UNASSIGNED, index=counts.index, dtype=object)
    seen = counts[counts.sum(axis=1) > 0]
    if len(seen) < MIN_CELLS or counts.shape[1] < 2:
        return labels
    obs = seen.set_axis([f"tag{i}" for i in range(seen.shape[1])], axis=1).astype(float)
    obs.index = [f"cell{i}" for i in range(len(obs))]
    data = anndata.AnnData(np.zeros((len(obs), 1), dtype=np.float32), obs=obs.copy())
    sce.pp.hashsolo(data, list(obs.columns), number_of_noise_barcodes=max(1, obs.shape[1] - 2))
    called = data.obs["Classification"].astype(str)
    meant = {"Doublet": TWO, "Negative": UNASSIGNED, **dict(zip(obs.columns, map(str, counts.columns), strict=True))}
    labels.loc[seen.index] = called.map(meant).to_numpy()
    return labels

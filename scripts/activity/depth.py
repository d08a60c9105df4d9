"""Activity at equal depth: counts of a patient's samples are thinned to the lowest depth among them and scored again.

In a cell with fewer counts fewer genes are detected, so that other genes are among the most highly expressed ones.
Activity then changes without any change in the cell.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from scripts.stats import paired

TOLERANCE = 0.1
"""Mean log2 ratio of depths, treated to baseline, within which samples of a model count as equally deep."""
DRAWS = 3
"""Thinnings to average; a sample's mean over its cells averages already."""
AT_EQUAL_DEPTH = ["sample", "model", "timepoint", "arm", "replicate", "depth", "depth_matched", "regulon", "activity"]


def depth_of(counts, n_cells) -> np.ndarray:
    """Return the mean number of UMIs per cell of each sample. ``counts``: samples × genes, summed over the cells."""
    return np.asarray(counts, dtype=np.float64).sum(axis=1) / np.maximum(np.asarray(n_cells, dtype=np.float64), 1)


def gaps(depth: pd.Series, samples: pd.DataFrame, baseline: str, treated: str) -> pd.Series:
    """Return the mean log2 ratio of depths, treated to baseline, by model and arm (empty without a comparison).

    ``depth``: by sample; ``samples``: indexed by sample, with model, timepoint, arm.
    """
    logs = np.log2(depth.where(depth > 0)).to_frame("depth")
    return paired.differences(logs, samples, baseline, treated)["depth"]


def differs(gap: pd.Series) -> bool:
    """Return whether depth differs between the timepoints in any model (:data:`TOLERANCE`)."""
    return bool((gap.abs() > TOLERANCE).any())


def shares(depth: pd.Series, samples: pd.DataFrame, baseline: str, treated: str) -> pd.Series:
    """Return, for each compared sample, the share of its counts that remains at the lowest depth of its model."""
    own = samples[samples["timepoint"].isin([baseline, treated]) & samples.index.isin(depth.index[depth > 0])]
    both = own.groupby("model")["timepoint"].transform("nunique") == 2
    own = own[both]
    known = depth.reindex(own.index)
    return known.groupby(own["model"]).transform("min") / known

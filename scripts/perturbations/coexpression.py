"""Co-expression of genes in a study's profiles within states, which reduces the effective number of genes of a set."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

MIN_DF = 6
"""Least residual degrees of freedom of the profiles; fewer say too little of co-expression."""
WITHIN_STATES = 12
"""Degrees of freedom from which replicates of a state alone tell co-expression."""
GENES_PER_BLOCK = 20
MIN_BLOCKS, MAX_BLOCKS = 10, 100


@dataclass(frozen=True)
class Coexpression:
    """Residuals of profiles.

    Parameters
    ----------
    genes
        Names of G genes.
    residuals
        Samples × G; each gene has variance 1 over ``df``. A gene without variance has zeros.
    df
        Residual degrees of freedom; below :data:`MIN_DF` nothing is inferred from the residuals.
    blocks
        Block of co-expressed genes of each gene (G numbers); empty where ``df`` is too small.
    """

    genes: pd.Index
    residuals: np.ndarray
    df: int
    blocks: np.ndarray

    def inflation(self, places: np.ndarray, weights: np.ndarray) -> float:
        """Return the variance of a weighted sum of some genes, relative to that of as many independent ones.

        As the inter-gene correlation of camera (Wu & Smyth 2012, Nucleic Acids Research 40:e133). At least 1; NaN with
        too few degrees of freedom.
        """
        if self.df < MIN_DF or not len(places):
            return np.nan
        sums = self.residuals[:, places] @ weights
        return max(1.0, float((sums**2).sum() / self.df / (weights**2).sum()))


def residuals_of(values: pd.DataFrame, labels: pd.DataFrame) -> tuple[np.ndarray, int]:
    """Return residuals of samples × genes and their degrees of freedom.

    Residuals are taken around the means of model, timepoint and arm if these leave :data:`WITHIN_STATES` degrees of
    freedom. Otherwise they are taken around additive means of model and timepoint (no interaction), so that the
    differences between patients' responses remain.
    """
    table = values.to_numpy(dtype=float)
    states = labels["model"] + "|" + labels["timepoint"] + "|" + labels["arm"]
    columns = pd.get_dummies(states).to_numpy(dtype=float)
    if len(table) - np.linalg.matrix_rank(columns) < WITHIN_STATES:
        columns = pd.get_dummies(labels[["model", "timepoint"]]).to_numpy(dtype=float)
    fitted = columns @ np.linalg.lstsq(columns, table, rcond=None)[0]
    return table - fitted, int(len(table) - np.linalg.matrix_rank(columns))


def number_of_blocks(genes: int) -> int:
    """Return the number of blocks into which genes are divided."""
    return int(np.clip(genes // GENES_PER_BLOCK, MIN_BLOCKS, MAX_BLOCKS))


def measure(values: pd.DataFrame, labels: pd.DataFrame, seed: int) -> Coexpression:
    """Return the co-expression of a study.

    Parameters
    ----------
    values
        Log2 expression, samples × genes.
    labels
        model, timepoint and arm by sample.
    seed
        Seed of k-means, which divides genes into blocks by their residuals.
    """
    from sklearn.cluster import KMeans

    residuals, df = residuals_of(values, labels.loc[values.index])
    size = np.sqrt((residuals**2).sum(axis=0) / max(df, 1))
    known = size > 1e-9
    unit = np.where(known, residuals / np.where(known, size, 1.0), 0.0)
    number = number_of_blocks(values.shape[1])
    if df < MIN_DF or known.sum() < number:
        return Coexpression(values.columns, unit, df, np.zeros(0, dtype=int))
    blocks = KMeans(number, n_init=1, random_state=seed).fit_predict(unit.T)
    return Coexpression(values.columns, unit, df, blocks)

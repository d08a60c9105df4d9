"""Linear models of many genes at once, with weights (limma's, by pylimma), and what limma doesn't keep of them.

Implemented here: missing values with a design of any rank, since limma reports contrasts that the samples left don't
determine; and the covariance of contrasts by gene, which limma keeps for the unweighted design only, and which a ratio
of contrasts needs.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import linalg, stats

from scripts.stats.moderation import Moderated

RANK_TOLERANCE = 1e-9
"""Singular values below this share of the largest count as zero."""


@dataclass(frozen=True)
class Estimates:
    """Contrasts of a fit. ``effect``: genes × contrasts (NaN where the design can't answer); ``covariance``: genes ×
    contrasts × contrasts, to be multiplied with the variance; ``variance``, ``df``, ``rank``: by gene, the residual
    variance (NaN without residual degrees of freedom), its degrees of freedom, the design's independent columns;
    ``fitted``: samples × genes. ``approximate``: genes × contrasts, what limma's ``contrasts.fit`` would take for the
    diagonal of the covariance.
    """

    effect: np.ndarray
    covariance: np.ndarray
    variance: np.ndarray
    df: np.ndarray
    rank: np.ndarray
    fitted: np.ndarray
    approximate: np.ndarray


def dummies(labels: pd.Series) -> pd.DataFrame:
    """Return a column of 0 and 1 per level, in order of appearance."""
    levels = list(dict.fromkeys(labels))
    return pd.DataFrame({level: (labels == level).astype(float) for level in levels}, index=labels.index)


def design_of(groups: pd.Series, blocks: pd.Series) -> pd.DataFrame:
    """Return the design ``~ 0 + group + block``: samples × columns, the first block by name being the reference."""
    return pd.concat([dummies(groups), dummies(blocks.sort_values()).iloc[:, 1:].add_prefix("block:")], axis=1)


def independent_columns(design: np.ndarray) -> list[int]:
    """Return the columns that are no combination of those before them."""
    kept: list[int] = []
    for column in range(design.shape[1]):
        tried = [*kept, column]
        if np.linalg.matrix_rank(design[:, tried], tol=RANK_TOLERANCE * max(1.0, np.abs(design).max())) == len(tried):
            kept = tried
    return kept


def can_answer(design: np.ndarray, contrast: np.ndarray) -> bool:
    """Return whether the design determines a contrast: whether it is a combination of the design's rows."""
    null = linalg.null_space(design, rcond=RANK_TOLERANCE)
    return bool(np.abs(contrast @ null).max(initial=0.0) < 1e-8)


def _fit_complete(values: np.ndarray, design: np.ndarray, contrasts: np.ndarray, weights: np.ndarray | None) -> tuple:
    """Fit genes that all samples have; see :func:`fit`. ``design``: of any rank above 0."""
    import pylimma

    kept = independent_columns(design)
    x, chosen = design[:, kept], contrasts[:, kept]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = pylimma.lm_fit(values.T, design=x, weights=None if weights is None else weights.T)
    coefficients = np.asarray(found["coefficients"], dtype=float)
    df = len(x) - len(kept)
    variance = np.asarray(found["sigma"], dtype=float) ** 2 if df else np.full(len(coefficients), np.nan)
    approximate = np.zeros((len(coefficients), 0))
    if len(contrasts):
        approximate = np.asarray(pylimma.contrasts_fit(found, contrasts=chosen.T)["stdev_unscaled"], dtype=float) ** 2
    if weights is None:
        inverse = np.broadcast_to(np.linalg.inv(x.T @ x), (len(coefficients), len(kept), len(kept)))
    else:
        inverse = np.linalg.inv(np.einsum("sg,sp,sq->gpq", weights, x, x, optimize=True))
    effect = coefficients @ chosen.T
    covariance = np.einsum("cp,gpq,dq->gcd", chosen, inverse, chosen, optimize=True)
    unknown = np.array([not can_answer(design, contrast) for contrast in contrasts], dtype=bool)
    effect[:, unknown] = np.nan
    covariance = np.where(unknown[None, :, None] | unknown[None, None, :], np.nan, covariance)
    return effect, covariance, variance, df, len(kept), x @ coefficients.T, approximate


def fit(values: np.ndarray, design: np.ndarray, contrasts: np.ndarray, weights: np.ndarray | None = None) -> Estimates:
    """Fit every gene by (weighted) least squares and return its contrasts.

    ``values``: samples × genes, NaN where a platform lacks a gene; ``design``: samples × columns, of any rank;
    ``contrasts``: contrasts × columns; ``weights``: as ``values``, or None. Standard errors are those of the weighted
    fit itself; limma's ``contrasts.fit`` takes the correlation of coefficients from the unweighted design instead.
    """
    n, n_genes = values.shape
    n_contrasts = len(contrasts)
    result = Estimates(
        np.full((n_genes, n_contrasts), np.nan),
        np.full((n_genes, n_contrasts, n_contrasts), np.nan),
        np.full(n_genes, np.nan),
        np.zeros(n_genes),
        np.zeros(n_genes, dtype=int),
        np.full((n, n_genes), np.nan),
        np.full((n_genes, n_contrasts), np.nan),
    )
    if not n_genes or not n:
        return result
    present = np.isfinite(values)
    patterns, which = np.unique(present, axis=1, return_inverse=True)
    which = np.ravel(which)
    for number in range(patterns.shape[1]):
        rows, genes = patterns[:, number], np.flatnonzero(which == number)
        if not np.abs(design[rows]).any():
            continue
        part = _fit_complete(
            values[np.ix_(rows, genes)],
            design[rows],
            contrasts,
            None if weights is None else weights[np.ix_(rows, genes)],
        )
        result.effect[genes], result.covariance[genes], result.variance[genes] = part[0], part[1], part[2]
        result.df[genes], result.rank[genes] = part[3], part[4]
        result.fitted[np.ix_(rows, genes)], result.approximate[genes] = part[5], part[6]
    return result


def table_of(effect: np.ndarray, unscaled: np.ndarray, moderated: Moderated) -> pd.DataFrame:
    """Return log_fc, se, ci_low, ci_high, t, p and df of one contrast by gene; ``unscaled``: factor of the variance."""
    with np.errstate(divide="ignore", invalid="ignore"):
        se = np.sqrt(unscaled * moderated.variance)
        t = effect / se
        reach = stats.t.ppf(0.975, moderated.df) * se
        p = 2 * stats.t.sf(np.abs(t), moderated.df)
    table = {"log_fc": effect, "se": se, "ci_low": effect - reach, "ci_high": effect + reach, "t": t, "p": p}
    return pd.DataFrame(table | {"df": moderated.df})

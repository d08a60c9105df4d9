"""Shares of cycling and of persister-like cells of a biopsy, among those of the training models."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd
from scipy import sparse

from scripts.base.expression import normalise
from scripts.base.genesets import measured, read_sets
from scripts.biopsy import discriminant
from scripts.biopsy.describe import ROWS
from scripts.clusters.scores import call_phase, score_set
from scripts.growth.states import ZERO, log_ratio
from scripts.stats.intervals import prediction

SETS = Path(__file__).parents[2] / "resources" / "genesets" / "cell_cycle.tsv"
MIN_GENES = 5
"""Genes of a phase that must be seen for cells to have one (default of clusters.min_score_genes)."""
MIDDLE = 0.5
"""Score halfway between the untreated (0) and the persister state (1)."""
CYCLING, LIKE = "cycling cells", "cells nearer to persister"
COUNTS = ["timepoint", "model", "sample", "flagged", "cells"]


def is_cycling(counts: sparse.csr_matrix, genes: list[str], sets: Mapping[str, Mapping[str, str]], seed: int):
    """Return whether each cell cycles (S or G2/M); NaN where too few of the genes are seen.

    ``counts``: training cells and biopsy at one depth. They are scored together: genes for control are those of similar
    expression over all cells. In a sample scored alone these follow its own share of cycling cells, which then hardly
    shows.
    """
    import anndata

    log = anndata.AnnData(normalise(counts), var=pd.DataFrame(index=pd.Index(genes)))
    seen = log.var_names[np.asarray((log.X > 0).sum(axis=0)).ravel() > 0]
    scores = []
    for name in ("s", "g2m"):
        own = measured(sets[name], seen)
        scores.append(score_set(log, own, seed=seed) if len(own) >= MIN_GENES else np.full(log.n_obs, np.nan))
    phase = call_phase(*scores)
    return np.where(phase == "", np.nan, phase != "G1")


def scores_left_out(training: pd.DataFrame, labels: pd.DataFrame, states: tuple[str, str]) -> np.ndarray:
    """Return the score of each training cell by the discriminant that was learned without its model.

    All NaN with fewer than two models of both states.
    """
    models = labels["model"].astype(str).to_numpy()
    found = np.full(len(labels), np.nan)
    for model in dict.fromkeys(models):
        others = models != model
        if discriminant.paired(discriminant.groups(labels[others], states), states):
            rule = discriminant.learn(training[others], labels[others], states)
            found[~others] = rule.score(training[~others])
    return found


def counting_variance(cells: pd.Series | float, share: float) -> pd.Series | float:
    """Return the variance of a log2 ratio by counting ``cells`` cells of which ``share`` are flagged.

    That of the log odds with half a cell added on both sides (Haldane 1956), to first order.
    """
    return (1 / (cells * share + ZERO) + 1 / (cells * (1 - share) + ZERO)) / np.log(2) ** 2


def count_flags(flags: np.ndarray, labels: pd.DataFrame) -> pd.DataFrame:
    """Return a row (:data:`COUNTS`) per timepoint, model and sample. ``flags``: 1, 0 or NaN (not counted) by cell."""
    known = np.isfinite(flags)
    table = labels.loc[known, COUNTS[:3]].astype(str).assign(flag=flags[known])
    counts = table.groupby(COUNTS[:3])["flag"].agg(["sum", "size"])
    return counts.set_axis(COUNTS[3:], axis=1).reset_index()


def ratios_of(counts: pd.DataFrame, state: str) -> tuple[np.ndarray, float]:
    """Return the log2 ratio of flagged to other cells of each model at a timepoint (mean over its samples), and the
    mean over models of their variance by counting; NaN without a model. ``counts``: :data:`COUNTS`.
    """
    counts = counts[counts["timepoint"] == state].set_index(["model", "sample"])
    by_model = log_ratio(counts["flagged"], counts["cells"] - counts["flagged"]).groupby(level="model")
    ratios = by_model.mean()
    share = share_of(float(ratios.mean()))
    variance = counting_variance(counts["cells"], share).groupby(level="model").mean() / by_model.size()
    return ratios.to_numpy(dtype=float), float(variance.mean())


def share_of(ratio: float, cells: float = np.inf) -> float:
    """Return the share of flagged cells that gives this log2 ratio where ``cells`` cells are counted, from 0 to 1."""
    odds = 2.0**ratio
    if np.isinf(cells):
        return float(odds / (1 + odds))
    return float(np.clip((odds * (cells + ZERO) - ZERO) / ((1 + odds) * cells), 0.0, 1.0))


def place(
    item: str, own: np.ndarray, training: np.ndarray, labels: pd.DataFrame, states: tuple[str, str], level: float
) -> tuple:
    """Return a row (:data:`describe.ROWS`): the share of flagged cells among that of the training models.

    Parameters
    ----------
    own, training
        Whether each cell of the biopsy and of training is flagged (1, 0 or NaN).
    labels
        Model, timepoint and sample of the training cells.
    level
        As of :func:`place_counts`.
    """
    known = own[np.isfinite(own)]
    if not len(known):
        return ("growth", item, *[np.nan] * 5, "", "too few of the genes are seen, or too few training models")
    return place_counts("growth", item, (known.sum(), len(known)), count_flags(training, labels), states, level)


def place_counts(
    section: str, item: str, own: tuple[float, int], counts: pd.DataFrame, states: tuple[str, str], level: float
) -> tuple:
    """Return a row (:data:`describe.ROWS`): the share of a biopsy's flagged cells among that of the training models.

    Parameters
    ----------
    own
        Flagged cells of the biopsy, and all its cells (one or more).
    counts
        The same of each training sample (:data:`COUNTS`).
    level
        Probability that the range of an untreated sample of a new patient holds: Student's t over models on the log
        ratio. The models' variance includes their error of counting; a biopsy of fewer cells has more, which is added.
    """
    flagged, cells = own
    ratio = float(log_ratio(flagged, cells - flagged))
    (untreated, variance), (persister, _) = (ratios_of(counts, state) for state in states)
    noise = counting_variance(cells, share_of(float(untreated.mean()))) - variance if len(untreated) else 0.0
    mean, low, high = prediction(untreated, level, max(noise, 0.0))
    call = ""
    if np.isfinite(low):
        call = "above untreated" if ratio > high else "below untreated" if ratio < low else "as untreated"
    above = [f"{int((ratios < ratio).sum())} of {len(ratios)}" for ratios in (untreated, persister)]
    middle = share_of(persister.mean()) if len(persister) else np.nan
    note = f"higher than in {above[0]} {states[0]} and {above[1]} {states[1]} models"
    ends = share_of(low, cells), share_of(high, cells)
    return (section, item, float(flagged / cells), *ends, share_of(mean), middle, call, note)


def place_states(
    matched, scores: np.ndarray, training: pd.DataFrame, labels: pd.DataFrame, states: tuple[str, str], *,
    level: float, seed: int,
) -> pd.DataFrame:  # fmt: skip
    """Return the rows of cycling cells and of cells nearer to persister.

    ``matched``: counts of training and biopsy (:class:`features.Matched`); ``scores``: of the biopsy's cells;
    ``training``: activity of the training cells.
    """
    sets = read_sets([str(SETS)])
    counts = sparse.vstack([matched.training, matched.query], format="csr")
    cycling = is_cycling(counts, matched.genes, sets, seed).astype(float)
    n = matched.training.shape[0]
    left_out = scores_left_out(training, labels, states)
    near = np.where(np.isfinite(left_out), left_out > MIDDLE, np.nan)
    own = np.asarray(scores > MIDDLE, dtype=float)
    rows = [
        place(CYCLING, cycling[n:], cycling[:n], labels, states, level),
        place(LIKE, own, near, labels, states, level),
    ]
    return pd.DataFrame(rows, columns=ROWS)

"""Position of relapse between baseline (0) and persister (1): a ratio of two means over models, with Fieller intervals.

The model is the replicate: its tumours are averaged first, and the interval reflects the variation between models.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy import stats

from scripts.activity.verdicts import VERDICTS, Interval
from scripts.base.verdicts import MIN_MODELS, decide
from scripts.expression import differential
from scripts.stats.paired import over_arms, summarise

REVERSIBILITY = [
    "feature", "kind", "position", "ci_low", "ci_high", "n_models", "models", "shift", "shift_fdr", "recovered",
    "verdict",
]  # fmt: skip
BINS = ["kind", "left", "right", "features", "share"]
EDGES = np.linspace(-1, 2, 31)
"""Edges of the bins of positions: from as far beyond untreated as persisters are from it, to as far beyond persisters.
"""
GENE, FACTOR, REGULON, SIGNATURE = "gene", "factor", "regulon", "signature"
LEVEL = 0.95


def fieller(recovered: np.ndarray, shift: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the 95 % interval of the mean of ``recovered`` over that of ``shift`` (Fieller 1954).

    Both are models × features, differences from the same baseline. Their covariance is therefore estimated from the
    models. The interval contains the positions ρ for which the mean of recovered − ρ × shift does not differ from 0 by
    Student's t with n − 1 degrees of freedom. NaN if the interval is not bounded (the mean shift does not differ from
    0) and below :data:`~scripts.base.verdicts.MIN_MODELS` models.
    """
    n, n_features = shift.shape
    if n < MIN_MODELS:
        return np.full(n_features, np.nan), np.full(n_features, np.nan)
    reach = stats.t.ppf((1 + LEVEL) / 2, n - 1) ** 2 / n / (n - 1)
    x, y = shift.mean(axis=0), recovered.mean(axis=0)
    dx, dy = shift - x, recovered - y
    a = x**2 - reach * (dx**2).sum(axis=0)
    b = x * y - reach * (dx * dy).sum(axis=0)
    c = y**2 - reach * (dy**2).sum(axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        # Without variation between models, rounding alone can make the root's argument negative.
        root = np.sqrt(np.maximum(b**2 - a * c, 0.0))
        low, high = (b - root) / a, (b + root) / a
    return np.where(a > 0, low, np.nan), np.where(a > 0, high, np.nan)


def with_relapse(samples: pd.DataFrame, contrast: dict) -> pd.DataFrame:
    """Return the samples of models and arms with persisters and relapse, and the baseline of these models."""
    persister, recovered, baseline = contrast["persister"], contrast.get("relapse"), contrast["baseline"]
    unit = samples["block"] + "|" + samples["arm"]
    both = set(unit[samples["timepoint"] == persister]) & set(unit[samples["timepoint"] == recovered])
    before = set(samples.loc[samples["timepoint"] == baseline, "block"])
    own = unit.isin(both) & samples["block"].isin(before) & samples["timepoint"].isin([persister, recovered])
    blocks = set(samples.loc[own, "block"])
    return samples[own | ((samples["timepoint"] == baseline) & samples["block"].isin(blocks))]


def verdict_of(low: float, high: float) -> str:
    """Return the verdict on an interval (one of :data:`VERDICTS`)."""
    return decide(VERDICTS, Interval(low, high)).name


def positions(values: pd.DataFrame, samples: pd.DataFrame, contrast: dict, kind: str) -> pd.DataFrame:
    """Return one row (:data:`REVERSIBILITY`) per feature of ``values`` (samples × features).

    ``samples``: all samples of the study that have values. Each model's tumours are averaged by timepoint and arm, then
    over arms. Position and interval are those of the models with relapse (:func:`with_relapse`), for features that
    these models measure; a feature that another model lacks is kept. ``shift_fdr`` is over all models with baseline and
    persisters (:func:`scripts.stats.paired.summarise`), since few models have relapse.
    """
    chosen = with_relapse(samples, contrast)
    if not len(chosen):
        return pd.DataFrame(columns=REVERSIBILITY)
    values = values[values.columns[values.loc[chosen.index].notna().all()]]
    baseline = contrast["baseline"]
    shift, recovered = (
        over_arms(differential.differences(values, chosen, baseline, contrast[role], baseline))
        for role in ("persister", "relapse")
    )
    recovered = recovered.loc[shift.index]
    low, high = fieller(recovered.to_numpy(), shift.to_numpy())
    whole = over_arms(differential.differences(values, samples, baseline, contrast["persister"], baseline))
    tested = summarise(whole, pd.Series(1.0, index=values.columns))
    means = shift.mean(), recovered.mean()
    with np.errstate(invalid="ignore", divide="ignore"):
        position = (means[1] / means[0]).replace([np.inf, -np.inf], np.nan)
    return pd.DataFrame(
        {
            "feature": values.columns,
            "kind": kind,
            "position": position.to_numpy(),
            "ci_low": low,
            "ci_high": high,
            "n_models": len(shift),
            "models": ",".join(shift.index),
            "shift": means[0].to_numpy(),
            "shift_fdr": tested["fdr"].to_numpy(),
            "recovered": means[1].to_numpy(),
            "verdict": [verdict_of(*ends) for ends in zip(low, high, strict=True)],
        }
    )


def shifted(table: pd.DataFrame, fdr: float, least: float = 0.0) -> pd.DataFrame:
    """Return the features that shift over the patients (FDR), and by at least ``least`` in the models with relapse. For
    the others a position is not defined.
    """
    return table[(table["shift_fdr"] <= fdr) & (table["shift"].abs() >= least)]


def bin_positions(table: pd.DataFrame) -> pd.DataFrame:
    """Count features by their position, for each kind.

    Parameters
    ----------
    table
        Positions (:data:`REVERSIBILITY`). The signature is a single feature and is left out.

    Returns
    -------
    DataFrame
        One row per kind and bin (:data:`BINS`). Positions beyond the last edge are counted in the last bin. ``share``
        is relative to the kind's features that have a position.
    """
    parts = []
    for kind in (GENE, FACTOR, REGULON):
        position = table.loc[table["kind"] == kind, "position"].dropna().astype(float)
        if len(position):
            features, _ = np.histogram(position.clip(EDGES[0], EDGES[-1]), EDGES)
            parts.append(
                pd.DataFrame({"kind": kind, "left": EDGES[:-1], "right": EDGES[1:], "features": features}).assign(
                    share=features / len(position)
                )
            )
    return pd.concat(parts, ignore_index=True)[BINS] if parts else pd.DataFrame(columns=BINS)

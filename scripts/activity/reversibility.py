"""Where relapse lies between baseline (0) and persister (1): a ratio of two estimates, with Fieller's interval."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy import stats

from scripts.expression import differential
from scripts.stats import linear
from scripts.stats.moderation import moderate
from scripts.stats.paired import false_discovery_rate

REVERSIBILITY = [
    "feature", "kind", "position", "ci_low", "ci_high", "n_models", "models", "shift", "shift_fdr", "recovered",
    "verdict",
]  # fmt: skip
BINS = ["kind", "left", "right", "features", "share"]
EDGES = np.linspace(-1, 2, 31)
"""Edges of the bins of positions: from as far beyond untreated as persisters are from it, to as far beyond persisters.
"""
GENE, FACTOR, REGULON, SIGNATURE = "gene", "factor", "regulon", "signature"
BACK, STAYS, BEYOND, UNCLEAR = "back", "stays", "beyond", "unclear"
MIDDLE = 0.5
"""Half-way between baseline and persister: an interval on one side of it tells to which of the two relapse is nearer.
"""


def fieller(
    recovered: np.ndarray, shift: np.ndarray, covariance: np.ndarray, df: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return the 95 % interval of recovered / shift (Fieller 1954), NaN where it isn't bounded.

    ``covariance``: features × 2 × 2, of (shift, recovered). Both estimates share the baseline, hence their covariance.
    Not the bootstrap over models: two models with relapse can be drawn in three ways.
    """
    t2 = stats.t.ppf(0.975, df) ** 2
    a = shift**2 - t2 * covariance[:, 0, 0]
    b = shift * recovered - t2 * covariance[:, 0, 1]
    c = recovered**2 - t2 * covariance[:, 1, 1]
    with np.errstate(invalid="ignore", divide="ignore"):
        root = np.sqrt(b**2 - a * c)
        low, high = (b - root) / a, (b + root) / a
    bounded = a > 0
    return np.where(bounded, low, np.nan), np.where(bounded, high, np.nan)


def with_relapse(samples: pd.DataFrame, contrast: dict) -> pd.DataFrame:
    """Return the samples of models and arms that have persisters and relapse, and the baseline of these models."""
    persister, recovered, baseline = contrast["persister"], contrast.get("relapse"), contrast["baseline"]
    unit = samples["block"] + "|" + samples["arm"]
    both = set(unit[samples["timepoint"] == persister]) & set(unit[samples["timepoint"] == recovered])
    before = set(samples.loc[samples["timepoint"] == baseline, "block"])
    own = unit.isin(both) & samples["block"].isin(before) & samples["timepoint"].isin([persister, recovered])
    blocks = set(samples.loc[own, "block"])
    return samples[own | ((samples["timepoint"] == baseline) & samples["block"].isin(blocks))]


def verdict_of(low: float, high: float) -> str:
    """Return what an interval shows: back (nearer to the baseline than to persisters), stays (nearer to persisters),
    beyond (outside both), unclear (neither).
    """
    if not np.isfinite(low):
        return UNCLEAR
    if high < 0 or low > 1:
        return BEYOND
    return BACK if high < MIDDLE else STAYS if low > MIDDLE else UNCLEAR


def positions(
    values: pd.DataFrame,
    weights: pd.DataFrame | None,
    samples: pd.DataFrame,
    contrast: dict,
    kind: str,
    moderated: bool,
) -> pd.DataFrame:
    """Return one row (:data:`REVERSIBILITY`) per feature of ``values`` (samples × features).

    ``samples``: :func:`with_relapse`; ``moderated``: variances are squeezed over the features, which must be alike.
    """
    if not len(samples):
        return pd.DataFrame(columns=REVERSIBILITY)
    design = differential.design_of(samples)
    pairs = [(contrast["baseline"], contrast["persister"]), (contrast["baseline"], contrast["relapse"])]
    contrasts = np.array([differential.contrast_of(design, *pair) for pair in pairs])
    own = None if weights is None else weights.loc[samples.index].to_numpy()
    found = linear.fit(values.loc[samples.index].to_numpy(), design.to_numpy(), contrasts, own)
    variance, df = found.variance, found.df.astype(float)
    if moderated and len(variance) > 2:
        squeezed = moderate(variance, df)
        variance, df = squeezed.variance, squeezed.df
    covariance = found.covariance * variance[:, None, None]
    shift, recovered = found.effect[:, 0], found.effect[:, 1]
    low, high = fieller(recovered, shift, covariance, df)
    with np.errstate(invalid="ignore", divide="ignore"):
        p = 2 * stats.t.sf(np.abs(shift) / np.sqrt(covariance[:, 0, 0]), df)
        position = recovered / shift
    models = list(dict.fromkeys(samples["model"]))
    return pd.DataFrame(
        {
            "feature": values.columns,
            "kind": kind,
            "position": position,
            "ci_low": low,
            "ci_high": high,
            "n_models": len(models),
            "models": ",".join(models),
            "shift": shift,
            "shift_fdr": false_discovery_rate(p),
            "recovered": recovered,
            "verdict": [verdict_of(*ends) for ends in zip(low, high, strict=True)],
        }
    )


def shifted(table: pd.DataFrame, fdr: float, chosen: set[str] | None = None, least: float = 0.0) -> pd.DataFrame:
    """Return the features that really shift in the models with relapse (FDR, and by ``least`` or more), and by the
    whole study (``chosen``); the others have nothing to come back from.
    """
    real = (table["shift_fdr"] <= fdr) & (table["shift"].abs() >= least)
    if chosen is not None:
        real &= table["feature"].isin(chosen)
    return table[real]


def bin_positions(table: pd.DataFrame) -> pd.DataFrame:
    """Count features by their position, kind by kind.

    Parameters
    ----------
    table
        Positions (:data:`REVERSIBILITY`). The signature, which is one feature, is left out.

    Returns
    -------
    DataFrame
        One row per kind and bin (:data:`BINS`). A position beyond the last edge is counted in the last bin; ``share``
        is that of the kind's features that have a position.
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

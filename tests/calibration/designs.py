"""Designs of the calibration table, and values of known truth for them."""

from __future__ import annotations

import numpy as np
import pandas as pd

from scripts.stats import paired

BASELINE, TREATED, RELAPSE = "untreated", "persister", "relapse"
STUDY = "5 × (1+1), 3+15, 8+8, 7+14"
DESIGNS = {
    **{f"{n} × (1+1)": [(1, 1)] * n for n in (3, 5, 8, 25, 100)},
    "8 × (3+3)": [(3, 3)] * 8,
    "4 × (5+1)": [(5, 1)] * 4,
    STUDY: [(1, 1)] * 5 + [(3, 15), (8, 8), (7, 14)],
}
"""Name → untreated and treated samples of each model."""
NOISE = 0.4
"""Standard deviation between samples of one tumour, log2: that of the mean feature."""
PRIOR_DF = 4.0
"""Degrees of freedom of the inverse chi-squared by which features' noise variances differ: far apart, as those of
genes are.
"""
FEATURES = 300


def sheet(design: list[tuple[int, int]]) -> pd.DataFrame:
    """Return the samples of a design, indexed by sample: model, timepoint, arm."""
    rows = [
        (f"m{model}_{timepoint}{number}", f"m{model}", timepoint, BASELINE if timepoint == BASELINE else "drug")
        for model, sizes in enumerate(design)
        for timepoint, size in zip((BASELINE, TREATED), sizes, strict=True)
        for number in range(size)
    ]
    return pd.DataFrame(rows, columns=["sample", "model", "timepoint", "arm"]).set_index("sample")


def correlated(rng: np.random.Generator, shape: tuple[int, int, int], r: float) -> np.ndarray:
    """Return standard normal values, units × studies × features, that correlate by ``r`` between features of a
    study.
    """
    values = rng.normal(size=shape)
    if r:
        values = np.sqrt(1 - r) * values + np.sqrt(r) * rng.normal(size=(*shape[:2], 1))
    return values


def draw_values(
    design: list[tuple[int, int]],
    rng: np.random.Generator,
    *,
    studies: int,
    features: int = FEATURES,
    between: float = 0.0,
    effect: np.ndarray | float = 0.0,
    r: float = 0.0,
) -> np.ndarray:
    """Return samples (as in :func:`sheet`) × studies × features, log2, without what untreated patients differ by.

    Parameters
    ----------
    between
        Standard deviation of the true effects between models.
    effect
        Mean effect of each feature, or models × features, or one for all.
    r
        Correlation of features, of their noise and of their effects.
    """
    samples = sheet(design)
    sd = NOISE / np.sqrt(rng.chisquare(PRIOR_DF, (studies, features)) / PRIOR_DF)
    own = between * correlated(rng, (len(design), studies, features), r)
    own += np.broadcast_to(effect, (len(design), features))[:, None, :]
    models = samples["model"].str[1:].astype(int).to_numpy()
    treated = (samples["timepoint"] == TREATED).to_numpy()
    values = sd * correlated(rng, (len(samples), studies, features), r)
    values += treated[:, None, None] * own[models]
    return values


def differences_of(values: np.ndarray, design: list[tuple[int, int]]) -> np.ndarray:
    """Return treated − untreated per model, studies × models × features, as :func:`paired.differences` takes it from
    samples (samples × studies × features).
    """
    samples = sheet(design)
    table = pd.DataFrame(values.reshape(len(samples), -1), samples.index)
    found = paired.over_arms(paired.differences(table, samples, BASELINE, TREATED))
    return found.to_numpy().reshape(len(design), *values.shape[1:]).transpose(1, 0, 2)


def draw_differences(design: list[tuple[int, int]], rng: np.random.Generator, **truth) -> np.ndarray:
    """Return studies × models × features; arguments as of :func:`draw_values`."""
    return differences_of(draw_values(design, rng, **truth), design)


def table_of(differences: np.ndarray) -> pd.DataFrame:
    """Return one study's differences as :func:`paired.summarise` takes them: models × features."""
    return pd.DataFrame(differences, columns=[f"f{i}" for i in range(differences.shape[1])])


def summarise(differences: np.ndarray, least: float = 0.0) -> pd.DataFrame:
    """Return the summary over models of one study's differences (models × features), in units of the values."""
    table = table_of(differences)
    return paired.summarise(table, pd.Series(1.0, index=table.columns), least)

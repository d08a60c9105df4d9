"""What a new patient may show: prediction intervals over models, the replicates."""

from __future__ import annotations

import numpy as np
from scipy.stats import beta, t

MIN_MODELS = 3
"""Models that a limit of distribution needs: with two, Student's t has one degree of freedom, and almost no value lies
beyond.
"""


def prediction(values: np.ndarray, level: float, noise: float = 0.0) -> tuple[float, float, float]:
    """Return mean and ends of the interval that holds one more model's value with probability ``level``.

    ``values``: one a model; ``noise``: variance that the new value has in addition to that of the models. Student's t
    with n − 1 degrees of freedom; ends are NaN below :data:`MIN_MODELS` models.
    """
    values = np.asarray(values, dtype=float)
    values = values[np.isfinite(values)]
    n = len(values)
    if n < MIN_MODELS:
        return (float(values.mean()) if n else np.nan), np.nan, np.nan
    reach = t.ppf((1 + level) / 2, n - 1) * np.sqrt(values.var(ddof=1) * (1 + 1 / n) + noise)
    return float(values.mean()), float(values.mean() - reach), float(values.mean() + reach)


def upper_limits(values: np.ndarray, levels: tuple[float, float]) -> tuple[float, float]:
    """Return two one-sided prediction limits for positive values, taken on their logarithm; NaN below
    :data:`MIN_MODELS` models.
    """
    values = np.asarray(values, dtype=float)
    values = values[np.isfinite(values)]
    if len(values) < MIN_MODELS:
        return np.nan, np.nan
    logs = np.log(np.maximum(values, 1e-6))
    limits = [np.exp(prediction(logs, 2 * level - 1)[2]) for level in levels]
    return float(limits[0]), float(limits[1])


def position_interval(
    score: float,
    untreated: np.ndarray,
    persister: np.ndarray,
    level: float,
    noise: tuple[float, int] | None = None,
) -> tuple[float, float]:
    """Return the interval of a new patient's position between two states (0 and 1).

    Parameters
    ----------
    score
        Score of the new patient.
    untreated, persister
        Scores of the training models in the two states, one a model, in the same order.
    level
        Probability that the interval holds.
    noise
        Variance of the score around the patient's own start, and its degrees of freedom; None where models are compared
        with each other, since their scores hold it. The fewer degrees of freedom count.

    Returns
    -------
    tuple
        All positions p for which the score lies in the prediction interval of (1 − p) · untreated + p · persister of
        one more model: Student's t with n − 1 degrees of freedom, the variance over models and that of their mean
        (calibration by inversion; Fieller 1954). NaN below :data:`MIN_MODELS` models, and where the states of the
        models do not lie far enough apart to bound it.
    """
    start, way = np.asarray(untreated, dtype=float), np.asarray(persister, dtype=float) - np.asarray(untreated)
    n = len(start)
    if n < MIN_MODELS:
        return np.nan, np.nan
    variance, freedom = noise or (0.0, n - 1)
    square = t.ppf((1 + level) / 2, min(n - 1, freedom)) ** 2
    spread = np.cov(start, way) * (1 + 1 / n)
    gap = score - start.mean()
    # The positions at which the gap equals the reach solve a · p² − 2 b · p + c = 0.
    a = way.mean() ** 2 - square * spread[1, 1]
    b = gap * way.mean() + square * spread[0, 1]
    c = gap**2 - square * (spread[0, 0] + variance)
    if a <= 0:
        return np.nan, np.nan
    reach = np.sqrt(max(b**2 - a * c, 0.0))
    return float((b - reach) / a), float((b + reach) / a)


def share_interval(mean: float, n: int, level: float = 0.95) -> tuple[float, float]:
    """Return an interval of a mean of ``n`` numbers from 0 to 1, one a model: Clopper & Pearson's (1934) with n · mean
    successes.

    Exact for models that are all right or all wrong, and too wide for numbers between, which vary less. Five of five
    give 0.48 to 1: five patients can't show more. NaN without a model.
    """
    if n < 1 or not np.isfinite(mean):
        return np.nan, np.nan
    right = n * mean
    tail = (1 - level) / 2
    low = beta.ppf(tail, right, n - right + 1) if right > 1e-9 else 0.0
    high = beta.ppf(1 - tail, right + 1, n - right) if right < n - 1e-9 else 1.0
    return float(low), float(high)

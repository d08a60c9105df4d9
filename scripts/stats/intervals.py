"""What a new patient may show: prediction intervals over models, the replicates."""

from __future__ import annotations

import numpy as np
from scipy.stats import t

MIN_MODELS = 3
"""Models that a limit of distribution needs: with two, Student's t has one degree of freedom, and hardly anything lies
beyond.
"""


def prediction(values: np.ndarray, level: float) -> tuple[float, float, float]:
    """Return mean and ends of the interval that holds one more model's value with probability ``level``.

    ``values``: one a model. Student's t with n − 1 degrees of freedom; ends are NaN below two models.
    """
    values = np.asarray(values, dtype=float)
    values = values[np.isfinite(values)]
    n = len(values)
    if n < 2:
        return (float(values.mean()) if n else np.nan), np.nan, np.nan
    reach = t.ppf((1 + level) / 2, n - 1) * values.std(ddof=1) * np.sqrt(1 + 1 / n)
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
    position: float, untreated: np.ndarray, persister: np.ndarray, level: float
) -> tuple[float, float]:
    """Return the interval of a position between two states (0 and 1).

    ``untreated`` and ``persister``: positions of models left out of the scale. The regulons and the signature were
    learned from all models, these included, so that the interval is somewhat too narrow. A new patient errs by their
    spread around 0 and 1, mixed by the position. NaN below two models of each.
    """
    n = min(len(untreated), len(persister))
    if n < 2:
        return np.nan, np.nan
    squares = [np.mean((np.asarray(untreated)) ** 2), np.mean((np.asarray(persister) - 1) ** 2)]
    share = float(np.clip(position, 0, 1))
    reach = t.ppf((1 + level) / 2, n - 1) * np.sqrt((1 - share) ** 2 * squares[0] + share**2 * squares[1])
    return float(position - reach), float(position + reach)

"""Models of a droplet's UMIs of one species: from ambient RNA alone, or from a cell with log-normal size too."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import gammaln, logsumexp

SIZE_GRID = 64
"""Number of cell sizes at which the log-normal distribution is evaluated."""


@dataclass(frozen=True)
class CrossTalk:
    """UMIs of the other species in a droplet: negative binomial with mean m = floor + slope × own UMIs.

    The variance is m + dispersion × m².
    """

    floor: float
    slope: float
    dispersion: float

    def mean(self, own: np.ndarray) -> np.ndarray:
        """Return the UMIs expected in addition to ``own`` UMIs of the cell's species."""
        return self.floor + self.slope * np.asarray(own, dtype=float)


@dataclass(frozen=True)
class CellSize:
    """UMIs of a cell beyond ambient UMIs: log-normal (mean and s.d. of the natural log), truncated at ``smallest``."""

    log_mean: float
    log_sd: float
    smallest: float


def _negative_binomial(x: np.ndarray, mean: np.ndarray, variance: np.ndarray) -> np.ndarray:
    """Return the log-probability of counts under a negative binomial given by mean and variance."""
    mean = np.maximum(mean, 1e-6)
    size = np.minimum(mean**2 / np.maximum(variance - mean, 1e-9 * mean), 1e9)
    p = size / (size + mean)
    return gammaln(x + size) - gammaln(size) - gammaln(x + 1) + size * np.log(p) + x * np.log1p(-p)


def ambient_log_likelihood(x: np.ndarray, mean: np.ndarray, talk: CrossTalk) -> np.ndarray:
    """Return the log-probability of ``x`` UMIs if all are ambient."""
    return _negative_binomial(x, mean, mean + talk.dispersion * mean**2)


def cell_log_likelihood(x: np.ndarray, mean: np.ndarray, talk: CrossTalk, size: CellSize) -> np.ndarray:
    """Return the log-probability of ``x`` UMIs from a cell plus ambient RNA, summed over a grid of cell sizes."""
    low = max(size.log_mean - 4 * size.log_sd, np.log(max(size.smallest, 1.0)))
    high = max(size.log_mean + 4 * size.log_sd, low + 1.0)
    log_sizes, step = np.linspace(low, high, SIZE_GRID, retstep=True)
    weight = -0.5 * ((log_sizes - size.log_mean) / size.log_sd) ** 2
    weight -= logsumexp(weight)
    sizes = np.exp(log_sizes)
    total = mean[:, None] + sizes
    # The variance between neighbouring grid sizes (half a step on each side) bridges the gaps of the grid.
    variance = total + talk.dispersion * mean[:, None] ** 2 + (sizes * step / 2) ** 2
    return logsumexp(weight + _negative_binomial(x[:, None], total, variance), axis=1)


def fit_cross_talk(other: np.ndarray, own: np.ndarray, weight: np.ndarray, start: CrossTalk | None = None) -> CrossTalk:
    """Fit the other species' UMIs by iteratively reweighted least squares (floor and slope are non-negative)."""
    other, own, weight = (np.asarray(v, dtype=float) for v in (other, own, weight))
    floor = start.floor if start else max(float(np.average(other, weights=weight)), 0.1)
    slope, dispersion = (start.slope, start.dispersion) if start else (0.0, 0.2)
    for _ in range(50):
        mean = np.maximum(floor + slope * own, 1e-3)
        w = weight / (mean + dispersion * mean**2)
        s, sx, sxx, sy, sxy = w.sum(), (w * own).sum(), (w * own**2).sum(), (w * other).sum(), (w * own * other).sum()
        determinant = s * sxx - sx**2
        new_floor, new_slope = sy / s, 0.0
        if determinant > 1e-12 * s * sxx:
            new_floor, new_slope = (sxx * sy - sx * sxy) / determinant, (s * sxy - sx * sy) / determinant
        if new_slope < 0:
            new_floor, new_slope = sy / s, 0.0
        elif new_floor < 0:
            new_floor, new_slope = 0.0, sxy / sxx
        mean = np.maximum(new_floor + new_slope * own, 1e-3)
        dispersion = float(np.clip((weight * ((other - mean) ** 2 - mean) / mean**2).sum() / weight.sum(), 1e-3, 5.0))
        done = abs(new_floor - floor) <= 1e-6 * (1 + floor) and abs(new_slope - slope) <= 1e-9
        floor, slope = float(new_floor), float(new_slope)
        if done:
            break
    return CrossTalk(max(floor, 1e-3), slope, dispersion)


def fit_size(umis: np.ndarray, weight: np.ndarray, smallest: float) -> CellSize:
    """Fit a log-normal distribution to the UMIs beyond ambient UMIs."""
    logs = np.log(np.maximum(umis, 1.0))
    mean = float(np.average(logs, weights=weight))
    return CellSize(mean, max(float(np.sqrt(np.average((logs - mean) ** 2, weights=weight))), 0.2), smallest)

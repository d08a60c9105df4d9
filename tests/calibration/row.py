"""One measured rate of the calibration table: what a p-value, an interval or a verdict does in data of known truth."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy import stats

TYPE_1 = "type I error"
COVERAGE = "coverage"
POWER = "power"
FALSE_DISCOVERIES = "false discovery rate"
FAMILY_WISE = "family-wise error"
VERDICT = "share with the verdict"
QUANTITIES = (TYPE_1, COVERAGE, POWER, FALSE_DISCOVERIES, FAMILY_WISE, VERDICT)
AROUND, AT_MOST, AT_LEAST, REPORTED = "around", "at most", "at least", "reported"
BOUNDS = (AROUND, AT_MOST, AT_LEAST, REPORTED)
TOLERANCE_TYPE_1, TOLERANCE_COVERAGE = 0.3, 0.02
"""A rate around its level may be off by 30 % of a type I error (.035 to .065 at .05), by .02 of a coverage."""
OK, WEAK = "ok", "weak"


@dataclass(frozen=True)
class Row:
    """A rate of ``hits`` in ``trials`` simulations.

    Parameters
    ----------
    columns
        What the rate is about: ``"{table} {column}"`` as in resources/columns.tsv, or ``"{list}: {verdict}"``.
    design
        The study's design: ``"8 × (1+1)"`` for eight models with one untreated and one treated sample each.
    truth
        What is true in the simulation: ``"no effect; patients differ by sd 0.3"``.
    quantity
        One of :data:`QUANTITIES`.
    level
        What the rate should be (.05, .95); for a power or a verdict None: reported only.
    hits, trials
        Counts; for a false discovery rate the false ones among the discoveries.
    bound
        ``"around"`` the level, ``"at most"`` or ``"at least"``, within binomial error; ``"reported"``.
    note
        Why a rate is conservative, or whatever a reader must know.
    error
        Monte-Carlo standard error of the rate where trials depend on each other (features of one simulated study);
        without it, that of independent trials.
    """

    columns: tuple[str, ...]
    design: str
    truth: str
    quantity: str
    level: float | None
    hits: float
    trials: int
    bound: str = AROUND
    note: str = ""
    error: float = math.nan

    def __post_init__(self) -> None:
        if self.quantity not in QUANTITIES or self.bound not in BOUNDS:
            raise ValueError(f"{self.quantity} or {self.bound} is no word of the calibration table")
        if (self.level is None) != (self.bound == REPORTED):
            raise ValueError("a rate has a level unless it is only reported")

    @property
    def rate(self) -> float:
        """Return the share of hits; NaN without a trial."""
        return self.hits / self.trials if self.trials else float("nan")

    @property
    def standard_error(self) -> float:
        """Return the Monte-Carlo standard error of the rate; NaN without a trial.

        At least that of a rate of half a hit, so that no rate is taken as known exactly (0 of 100).
        """
        if not self.trials:
            return math.nan
        share = min(max(self.rate, 0.5 / self.trials), 1 - 0.5 / self.trials)
        binomial = math.sqrt(share * (1 - share) / self.trials)
        return max(self.error, binomial) if math.isfinite(self.error) else binomial

    @property
    def limits(self) -> tuple[float, float]:
        """Return the rates between which the truth has to lie."""
        if self.bound == REPORTED:
            return 0.0, 1.0
        if self.bound == AROUND:
            reach = TOLERANCE_COVERAGE if self.quantity == COVERAGE else TOLERANCE_TYPE_1 * self.level
            return self.level - reach, self.level + reach
        return (0.0, self.level) if self.bound == AT_MOST else (self.level, 1.0)

    @property
    def verdict(self) -> str:
        """Return ``ok`` if the rate lies within :attr:`limits`, give or take two Monte-Carlo errors, else ``weak``."""
        low, high = self.limits
        reach = 2 * self.standard_error
        return OK if low - reach <= self.rate <= high + reach or self.bound == REPORTED else WEAK

    def surprise(self) -> float:
        """Return the probability of a rate this far outside :attr:`limits` if the truth is at the nearer limit.

        Binomial where trials are independent, normal with :attr:`error` where they depend on each other.
        """
        if self.bound == REPORTED:
            return 1.0
        low, high = self.limits
        if math.isfinite(self.error):
            return float(stats.norm.sf(max(low - self.rate, self.rate - high) / self.standard_error))
        below = stats.binom.cdf(math.ceil(self.hits), self.trials, low) if low > 0 else 1.0
        above = stats.binom.sf(math.floor(self.hits) - 1, self.trials, high) if high < 1 else 1.0
        return float(min(below, above))


def clustered(hits: np.ndarray, trials: np.ndarray | int) -> dict[str, float]:
    """Return hits, trials and error of a :class:`Row` whose trials are the features of simulated studies.

    Parameters
    ----------
    hits, trials
        By study. The error is that of a ratio of sums over independent studies.
    """
    hits = np.asarray(hits, dtype=float)
    trials = np.broadcast_to(np.asarray(trials, dtype=float), hits.shape)
    total = trials.sum()
    if not total or len(hits) < 2:
        return {"hits": float(hits.sum()), "trials": int(total)}
    rest = hits - hits.sum() / total * trials
    error = math.sqrt(len(hits) / (len(hits) - 1) * (rest**2).sum()) / total
    return {"hits": float(hits.sum()), "trials": int(total), "error": error}

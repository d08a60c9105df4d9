"""The verdicts on whether peaks of a factor lie near the targets of its regulon, in the order of their rules."""

from __future__ import annotations

from dataclasses import dataclass

from scripts.base.verdicts import Verdict

MIN_TARGETS = 5
"""Targets with a position and a measured expression that a regulon needs."""
MIN_OTHERS = 200
"""Targets of other regulons that a regulon is compared with; fewer say nothing."""
LEAST_ODDS = 1.5
"""Odds ratio of a target to have a peak nearby, against genes like it, below which peaks don't speak for a regulon."""


@dataclass(frozen=True)
class Evidence:
    """Evidence for the verdict on a regulon, over all peak sets of its factor and both windows.

    Parameters
    ----------
    n
        Comparisons of its targets with peaks of its own factor.
    fdr
        False discovery rate of more targets near peaks than expected by genes like them and by other regulons' targets,
        in any comparison; NaN without a comparison.
    upper
        Largest upper limit of the odds ratio; NaN without a comparison.
    limit
        Limit of the false discovery rate (``statistics.fdr``).
    is_circular
        Whether modules were pruned with the same peaks (``chromatin.tracks``).
    """

    n: int
    fdr: float
    upper: float
    limit: float
    is_circular: bool = False


NO_PEAKS = Verdict(
    "no peaks",
    f"no peaks of the factor are given, or fewer than {MIN_TARGETS} of its targets have a position",
    lambda e: e.n == 0,
)
SUPPORTED = Verdict(
    "supported",
    "in at least one of the factor's peak sets, more targets lie near peaks than genes of "
    "similar expression, length and number of starts, and than targets of other regulons, if these are "
    f"{MIN_OTHERS} or more (both one-sided, corrected for the number of peak sets and windows, false discovery rate "
    "over the regulons whose factors have peaks within {fdr})",
    lambda e: e.fdr <= e.limit and not e.is_circular,
)
NOT_SUPPORTED = Verdict(
    "not supported",
    f"in all of the factor's peak sets and both windows the upper limit of the odds ratio is below {LEAST_ODDS}",
    lambda e: e.upper < LEAST_ODDS and not e.is_circular,
)
UNCLEAR = Verdict(
    "unclear", "neither is shown, or modules were pruned by the same peaks (chromatin.tracks)", lambda e: True
)

VERDICTS = (NO_PEAKS, SUPPORTED, NOT_SUPPORTED, UNCLEAR)
"""On :class:`Evidence`: the first whose rule applies."""

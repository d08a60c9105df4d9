"""The verdicts on perturbations and on the factors that they test; importable in any environment."""

from __future__ import annotations

import math
from dataclasses import dataclass

from scripts.base.verdicts import Verdict
from scripts.perturbations.terms import BY_MRNA, BY_TARGETS, GAIN, LOSS, NOT_SHOWN, STATED

LEAST = 0.2
"""Share of the programme's change below which a perturbation counts as without effect on it."""
OWN_CHANGE = 1.0
"""Least change of the factor's own mRNA (log2) that shows by itself that it was raised or removed."""
LEVEL = 0.05
"""Level of the p-value of the factor's own mRNA, or of its targets, that shows that its level changed."""


def what_shows(
    direction: str, own_log_fc: float, own_p: float, targets_shift: float, targets_p: float, validated: bool
) -> str:
    """Return what shows that a factor's level or activity changed as intended (:data:`~.terms.SHOWN_BY`).

    A large change of its mRNA alone does not: without a p-value it may be noise. For the parameters see
    :class:`Effect`.
    """
    own = {GAIN: 1.0, LOSS: -1.0}.get(direction, math.nan) * own_log_fc
    if own >= OWN_CHANGE and own_p <= LEVEL:
        return BY_MRNA
    if targets_shift > 0 and targets_p <= LEVEL:
        return BY_TARGETS
    return STATED if validated else NOT_SHOWN


@dataclass(frozen=True)
class Effect:
    """Evidence for the verdict on a perturbation.

    Parameters
    ----------
    expected
        Direction (±1) in which an increase of the factor should move the programme: that of its activity in persisters;
        NaN if the activity does not change significantly over patients.
    low, high
        Limits of the share of the programme's change that an increase of the factor causes; NaN if they are unknown.
    fdr
        False discovery rate of the signature's change, over the perturbations.
    limit
        Limit of this rate (``statistics.fdr``).
    direction
        Direction of the intervention (:data:`scripts.perturbations.terms.DIRECTIONS`).
    own_log_fc, own_p
        Change of the factor's own mRNA and its p-value; NaN if they were not measured.
    targets_shift, targets_p
        Change of its targets with an increase of the factor, beyond genes of similar expression, and the p-value.
    validated
        Whether the config states that another assay showed the factor's change.
    """

    expected: float
    low: float
    high: float
    fdr: float
    limit: float
    direction: str
    own_log_fc: float = math.nan
    own_p: float = math.nan
    targets_shift: float = math.nan
    targets_p: float = math.nan
    validated: bool = False

    @property
    def shown_by(self) -> str:
        """What shows that the factor's level or activity changed as intended."""
        own = self.own_log_fc, self.own_p, self.targets_shift, self.targets_p
        return what_shows(self.direction, *own, self.validated)

    @property
    def limits(self) -> tuple[float, float]:
        """Limits of the share in the expected direction."""
        return tuple(sorted((self.expected * self.low, self.expected * self.high)))

    @property
    def is_judged(self) -> bool:
        """Whether an expected direction and an interval exist."""
        return not any(map(math.isnan, (self.expected, self.low, self.high)))


MOVES = Verdict(
    "moves the programme",
    "more of the factor moves the signature, or less of it moves it back, in the direction that the factor's activity "
    "has in persisters (95 % interval without 0 and false discovery rate over the perturbations within {fdr})",
    lambda e: e.fdr <= e.limit and e.limits[0] > 0,
)
OPPOSITE = Verdict(
    "moves it the other way",
    "the signature moves against that direction, by the same rule",
    lambda e: e.fdr <= e.limit and e.limits[1] < 0,
)
WITHOUT = Verdict(
    "no effect",
    f"the upper limit of the share of the programme's change is below {LEAST}, although the factor is shown to have "
    f"changed: its own mRNA by {OWN_CHANGE:g} log2 or more as meant (p ≤ {LEVEL}), its targets with it (p ≤ {LEVEL}), "
    "or by another assay, as the config states (validated)",
    lambda e: e.limits[1] < LEAST and e.shown_by != NOT_SHOWN,
)
NOT_JUDGED = Verdict(
    "not judged",
    "the factor's activity isn't shown to change over patients, so that no direction is expected; or too few genes "
    "of the signature are measured, or too few profiles show how genes are co-expressed",
    lambda e: not e.is_judged,
)
PERTURBATIONS = (
    NOT_JUDGED,
    MOVES,
    OPPOSITE,
    WITHOUT,
    Verdict("unclear", "neither an effect nor its absence is shown", lambda e: True),
)
"""On :class:`Effect`: the first whose rule applies."""


@dataclass(frozen=True)
class Tests:
    """Perturbations of one factor: all, gains and losses that move the programme, and those that contradict it.

    A perturbation contradicts it only if the factor is shown to have changed.
    """

    n: int
    gains: int = 0
    losses: int = 0
    against: int = 0


NOT_TESTED = Verdict("not tested", "no perturbation of this factor", lambda e: e.n == 0)
CONTRADICTED = Verdict(
    "contradicted",
    "a perturbation that is shown to have changed the factor has no effect on the programme, or moves it the other "
    "way, and none moves it as expected",
    lambda e: e.against > 0 and e.gains + e.losses == 0,
)
ON = Verdict(
    "switched on",
    "more of the factor (gain) moves the programme as expected, and no perturbation contradicts it",
    lambda e: e.gains > 0 and e.against == 0,
)
OFF = Verdict(
    "switched off",
    "less of the factor (loss or inhibitor) moves the programme back as expected, and no perturbation contradicts it",
    lambda e: e.losses > 0 and e.against == 0,
)
TESTED = (
    NOT_TESTED,
    CONTRADICTED,
    ON,
    OFF,
    Verdict("unclear", "perturbations show neither, or disagree", lambda e: True),
)
"""On :class:`Tests`: the first whose rule applies."""

"""The verdicts on published signatures; importable in any environment."""

from __future__ import annotations

import math
from dataclasses import dataclass

from scripts.base.verdicts import MIN_MODELS, Verdict


@dataclass(frozen=True)
class Place:
    """Evidence for the verdict on a published signature.

    Parameters
    ----------
    n
        Models of the study.
    effect
        Mean over models of the signature's change in its direction, beyond genes of similar expression (log2); NaN if
        too few of its genes are measured.
    fdr, limit
        False discovery rate over the signatures of its p-value over models, and its limit (``statistics.fdr``).
    reach
        Half of the range that holds 99 % of the lists of other genes of similar expression.
    """

    n: int
    effect: float
    fdr: float
    limit: float
    reach: float

    @property
    def is_shown(self) -> bool:
        """Whether models change alike, and further than for lists of other genes."""
        return bool(self.fdr <= self.limit and abs(self.effect) > self.reach)


NOT_JUDGED = Verdict(
    "not judged",
    f"fewer than {MIN_MODELS} models, or too few genes of the signature are measured",
    lambda e: e.n < MIN_MODELS or math.isnan(e.effect),
)
AGREES = Verdict(
    "agrees",
    "its genes change in persisters in their published direction, alike over the models (false discovery rate within "
    "{fdr}) and further than 99 % of the lists of other genes of similar expression",
    lambda e: e.is_shown and e.effect > 0,
)
OPPOSITE = Verdict(
    "opposite",
    "its genes change against their published direction, by the same rule",
    lambda e: e.is_shown and e.effect < 0,
)
PLACES = (
    NOT_JUDGED,
    AGREES,
    OPPOSITE,
    Verdict("not shown", "neither is shown, which does not mean that the programmes differ", lambda e: True),
)
"""On :class:`Place`: the first whose rule applies."""

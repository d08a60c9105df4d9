"""The verdicts on the position of relapse, in the order of their rules; importable in any environment."""

from __future__ import annotations

from dataclasses import dataclass

from scripts.base.verdicts import MIN_MODELS, Verdict

MIDDLE = 0.5
"""Half-way between baseline and persister: an interval on one side of it shows to which of the two relapse is nearer.
"""


@dataclass(frozen=True)
class Interval:
    """Limits of the position of relapse; NaN if they are not bounded."""

    low: float
    high: float


BACK, STAYS, BEYOND, UNCLEAR = "back", "stays", "beyond", "unclear"
VERDICTS = (
    Verdict(BEYOND, "interval outside 0 to 1", lambda i: i.high < 0 or i.low > 1),
    Verdict(BACK, f"interval below {MIDDLE:g}: nearer to the baseline", lambda i: i.high < MIDDLE),
    Verdict(STAYS, f"interval above {MIDDLE:g}: nearer to persisters", lambda i: i.low > MIDDLE),
    Verdict(
        UNCLEAR, f"interval includes {MIDDLE:g}, is not bounded, or fewer than {MIN_MODELS} models", lambda i: True
    ),
)
"""On :class:`Interval`: the first whose rule applies."""
RULES = {verdict.name: verdict.description for verdict in VERDICTS}

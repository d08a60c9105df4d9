"""The verdicts on the programme of a study, in the order of their rules; importable in any environment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from scripts.base.verdicts import KEPT, MIN_MODELS, Verdict

ALONE = {
    "cell cycle": "cell cycle alone",
    "dissociation stress": "stress alone",
    "hypoxia": "hypoxia alone",
    "composition": "composition alone",
}
"""Confounders that could be the whole programme → the verdict that they are."""


@dataclass(frozen=True)
class Remaining:
    """What remains of the signature's change with a confounder adjusted for, over the models.

    Parameters
    ----------
    share
        Smallest share over the ways of adjustment.
    less
        p-value of :data:`KEPT` or more remaining, corrected for all ways and confounders.
    more
        p-value of :data:`KEPT` or less remaining in one of the ways: the largest, corrected likewise.
    """

    share: float
    less: float
    more: float


@dataclass(frozen=True)
class Evidence:
    """What decides about the programme.

    Parameters
    ----------
    n
        Models in which the signature of the others was measured.
    p
        p-value of the mean change of its score over the models (:func:`scripts.expression.left_out.null_of`); NaN
        below three models.
    fdr
        Limit of the p-values (``statistics.fdr``).
    remaining
        Confounder of :data:`ALONE` → what remains without it; only those that were measured.
    """

    n: int
    p: float
    fdr: float
    remaining: Mapping[str, Remaining]

    @property
    def strongest(self) -> str:
        """The confounder without which less than :data:`KEPT` is shown to remain, and the least; else empty."""
        shown = {name: own.share for name, own in self.remaining.items() if own.less <= self.fdr}
        return min(shown, key=shown.get, default="")

    @property
    def unclear(self) -> list[str]:
        """Confounders without which :data:`KEPT` is neither shown to remain nor shown not to."""
        return [name for name, own in self.remaining.items() if not min(own.less, own.more) <= self.fdr]

    @property
    def places(self) -> dict[str, str]:
        """What the places of the notes stand for."""
        return {
            "models": f"{self.n} model{'' if self.n == 1 else 's'}",
            "share": f"{max(self.remaining[self.strongest].share, 0):.0%}" if self.strongest else "",
            "unclear": ", ".join(self.unclear),
        }

    @property
    def not_measured(self) -> list[str]:
        """Confounders of :data:`ALONE` that weren't measured."""
        return [name for name in ALONE if name not in self.remaining]


def _alone(confounder: str, name: str) -> Verdict:
    """Return the verdict that a confounder is the whole programme."""
    return Verdict(
        name,
        f"the upper limit, over the models, of what remains of the signature's change with {confounder} adjusted for "
        f"is below {KEPT:.0%} (one-sided t at {{fdr}}, corrected for all confounders and ways of adjustment)",
        lambda e: e.strongest == confounder,
        "{share} of the signature's change remains without it",
    )


PROGRAMME = Verdict(
    "persister programme",
    f"the score rises, and with each confounder adjusted for the lower limit of what remains is above {KEPT:.0%} "
    "(one-sided t at {fdr}, corrected likewise)",
    lambda e: not e.unclear,
)
VERDICTS = (
    Verdict(
        "too few models",
        f"fewer than {MIN_MODELS} models",
        lambda e: e.n < MIN_MODELS,
        "{models}: a signature learned in the others needs three",
    ),
    Verdict(
        "no shared programme shown",
        "the score of a signature learned in the other models doesn't rise in the one left out (p of flipped or "
        "rotated models, signature learned again, within {fdr})",
        lambda e: not e.p <= e.fdr,
        "what is learned in the other patients doesn't rise in the one left out by more than chance",
    ),
    *(_alone(confounder, name) for confounder, name in ALONE.items()),
    PROGRAMME,
    Verdict(
        "programme, confounders unclear",
        f"the score rises, but for a confounder neither more nor less than {KEPT:.0%} is shown to remain",
        lambda e: True,
        "not clear whether half of the change remains: {unclear}",
    ),
)
"""On :class:`Evidence`: the first whose rule applies."""


@dataclass(frozen=True)
class Carried:
    """What decides whether composition carries a marker.

    Parameters
    ----------
    n
        Models in which the marker's change was measured with composition held.
    less
        False discovery rate, over the markers, of :data:`KEPT` or more of the change remaining.
    fdr
        Its limit (``statistics.fdr``).
    """

    n: int
    less: float
    fdr: float


COMPOSITION = Verdict(
    "composition",
    f"less than {KEPT:.0%} of the change remains at constant composition (one-sided t over models, corrected for the "
    "ways of adjustment, at a false discovery rate over the markers of {fdr})",
    lambda e: e.less <= e.fdr,
)
MARKER_VERDICTS = (
    Verdict(
        "not measured",
        f"composition could be held constant in fewer than {MIN_MODELS} models with both timepoints",
        lambda e: e.n < MIN_MODELS,
    ),
    COMPOSITION,
    Verdict(
        "composition not shown",
        f"it isn't shown that less than {KEPT:.0%} remains; whether more remains isn't tested, because markers are "
        "selected for a large change in the same samples",
        lambda e: True,
    ),
)
"""On :class:`Carried`: the first whose rule applies."""

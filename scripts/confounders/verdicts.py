"""The verdicts on the programme of a study, in the order of their rules; importable in any environment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from scripts.base.verdicts import Verdict

MIN_MODELS = 3
KEPT = 0.5
"""Share of the effect that must remain for the programme to be more than the confounder."""
ALONE = {"cell cycle": "cell cycle alone", "dissociation stress": "stress alone", "hypoxia": "hypoxia alone"}
"""Confounders that could be the whole programme → the verdict that they are."""


@dataclass(frozen=True)
class Evidence:
    """What decides about the programme.

    Parameters
    ----------
    n
        Models in which the signature of the others was measured.
    p
        p-value of the mean change of its score over the models (one-sided t); NaN below three models.
    fdr
        Limit of ``p`` (``statistics.fdr``).
    remaining
        Confounder of :data:`ALONE` → share of the change that remains without it; only those that were measured.
    """

    n: int
    p: float
    fdr: float
    remaining: Mapping[str, float]

    @property
    def strongest(self) -> str:
        """The confounder without which least remains, if this is less than :data:`KEPT`; else empty."""
        least = min(self.remaining, key=self.remaining.get, default="")
        return least if least and self.remaining[least] < KEPT else ""

    @property
    def places(self) -> dict[str, str]:
        """What the places of the notes stand for."""
        return {
            "models": f"{self.n} model{'' if self.n == 1 else 's'}",
            "share": f"{self.remaining[self.strongest]:.0%}" if self.strongest else "",
        }

    @property
    def not_measured(self) -> list[str]:
        """Confounders of :data:`ALONE` that weren't measured."""
        return [name for name in ALONE if name not in self.remaining]


def _alone(confounder: str, name: str) -> Verdict:
    """Return the verdict that a confounder is the whole programme."""
    return Verdict(
        name,
        f"less than {KEPT:.0%} of the signature's change remains with {confounder} adjusted for",
        lambda e: e.strongest == confounder,
        "{share} of the signature's change remains without it",
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
        "the score of a signature learned in the other models doesn't rise in the one left out, within {fdr}",
        lambda e: not e.p <= e.fdr,
        "what is learned in the other patients doesn't rise in the one left out",
    ),
    *(_alone(confounder, name) for confounder, name in ALONE.items()),
    Verdict("persister programme", "the score rises, and no confounder explains the rise alone", lambda e: True),
)
"""On :class:`Evidence`: the first whose rule applies."""

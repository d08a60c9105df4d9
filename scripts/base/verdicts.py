"""Verdicts: a stage's conclusions as one ordered list of name, meaning and rule; the first rule that applies decides.

Adding, renaming or changing a verdict touches the stage's list (``scripts/<stage>/verdicts.py``) and the description
of its column in resources/columns.tsv, which a test holds equal to :func:`meaning`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

MIN_MODELS = 3
"""Models that a change shared by patients needs."""
KEPT = 0.5
"""Share of a change that must remain with another difference held, for it to be more than that difference."""
UNRELIABLE = "unreliable"
"""Call of a biopsy's value where checks warn."""
MIN_SAME_DIRECTION = 0.9
"""Probability that one more patient changes in the same direction, which a shared change needs at least."""


@dataclass(frozen=True)
class Verdict:
    """A conclusion.

    Parameters
    ----------
    name
        As it stands in the tables.
    description
        What it means, for readers; places in braces stand for the thresholds of the study.
    applies
        Whether the rule holds for the evidence, given that no earlier verdict's does.
    note
        Its text in the table's note, with places for the evidence's values; empty if it needs none.
    """

    name: str
    description: str
    applies: Callable[[Any], bool]
    note: str = ""


def decide(verdicts: Iterable[Verdict], evidence: Any) -> Verdict:
    """Return the first verdict whose rule applies to the evidence."""
    return next(verdict for verdict in verdicts if verdict.applies(evidence))


def describe(verdicts: Iterable[Verdict], **thresholds: Any) -> dict[str, str]:
    """Return name → description, in order, with the study's thresholds in the places."""
    return {verdict.name: verdict.description.format_map(thresholds) for verdict in verdicts}


def meaning(verdicts: Iterable[Verdict], **thresholds: Any) -> str:
    """Return all verdicts with their descriptions as one text: name (description); name (description)."""
    return "; ".join(f"{name} ({text})" for name, text in describe(verdicts, **thresholds).items())

"""The verdicts in the tables of a study, with their rules and measured error rates, as sentences of the report."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from scripts.base.calibration import worst_error
from scripts.base.verdicts import Verdict, describe
from scripts.figure.figure import Text


def list_rules(kind: str, verdicts: Iterable[Verdict], numbers: Mapping[str, str], **thresholds: Any) -> Text | None:
    """Return the verdicts that occur, in the order of their rules; None if there are none.

    Parameters
    ----------
    kind
        The list's name in the calibration table: "switches", "reversibility", "confounders".
    verdicts
        The list.
    numbers
        Verdict → how often it was given, with its noun; one that isn't named here didn't occur.
    thresholds
        What the places of the descriptions stand for.

    Returns
    -------
    Text
        Bullets ``verdict`` (name, number, rule) or, where the verdict's error was measured, ``verdict_measured`` (also
        rate, trials, design, truth).
    """
    parts = []
    for name, rule in describe(verdicts, **thresholds).items():
        if name in numbers:
            error = worst_error(kind, name)
            given = {"name": name, "number": numbers[name], "rule": rule}
            parts.append(("verdict_measured" if error else "verdict", given | error))
    return Text(tuple(parts), "bullets") if parts else None

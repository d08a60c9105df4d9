"""Verdicts on the change of a part's share over models, for every stage that compares shares."""

from __future__ import annotations

from dataclasses import dataclass

from scripts.base.verdicts import MIN_MODELS, Verdict


@dataclass(frozen=True)
class Evidence:
    """Evidence for the verdict on one part in one contrast.

    Parameters
    ----------
    n
        Models that can be compared.
    effect
        Mean change over models of the part's log2 ratio to the reference.
    fdr
        False discovery rate over the parts; NaN below three models.
    limit
        Limit of the false discovery rate (``statistics.fdr``).
    """

    n: int
    effect: float
    fdr: float
    limit: float


def make_verdicts(few: str, names: tuple[str, str], parts: str, reference: str) -> tuple[Verdict, ...]:
    """Return the verdicts on :class:`Evidence` in the order of their rules: too few, rises, falls, unclear.

    Parameters
    ----------
    few
        What fewer models than :data:`~scripts.base.verdicts.MIN_MODELS` have.
    names
        Names of the second and third verdict.
    parts, reference
        What shares are of, in the plural; what they are compared with.
    """
    up, down = names
    ratio = f"its log ratio to {reference}"
    tested = f"(two-sided t, false discovery rate over the {parts} within {{fdr}})"
    return (
        Verdict("too few models", f"fewer than {MIN_MODELS} models have {few}", lambda e: e.n < MIN_MODELS),
        Verdict(up, f"{ratio} rises over models {tested}", lambda e: e.fdr <= e.limit and e.effect > 0),
        Verdict(down, f"{ratio} falls over models, by the same rule", lambda e: e.fdr <= e.limit and e.effect < 0),
        Verdict("unclear", "neither is shown", lambda e: True),
    )

"""The verdicts on the change of a lineage's share in the stroma, in the order of their rules."""

from __future__ import annotations

from dataclasses import dataclass

from scripts.base.verdicts import MIN_MODELS, Verdict


@dataclass(frozen=True)
class Evidence:
    """Evidence for the verdict on a lineage in one contrast.

    Parameters
    ----------
    n
        Models with enough stromal cells at both timepoints.
    effect
        Mean change over models of the lineage's log2 ratio to the reference.
    fdr
        False discovery rate over the lineages; NaN below three models.
    limit
        Limit of the false discovery rate (``statistics.fdr``).
    """

    n: int
    effect: float
    fdr: float
    limit: float


TOO_FEW = Verdict(
    "too few models",
    f"fewer than {MIN_MODELS} models have enough stromal cells at both timepoints",
    lambda e: e.n < MIN_MODELS,
)
RISES = Verdict(
    "rises",
    "its log ratio to the reference rises over models (two-sided t, false discovery rate over the lineages within "
    "{fdr})",
    lambda e: e.fdr <= e.limit and e.effect > 0,
)
FALLS = Verdict(
    "falls",
    "its log ratio to the reference falls over models, by the same rule",
    lambda e: e.fdr <= e.limit and e.effect < 0,
)
UNCLEAR = Verdict("unclear", "neither is shown", lambda e: True)

VERDICTS = (TOO_FEW, RISES, FALLS, UNCLEAR)
"""On :class:`Evidence`: the first whose rule applies."""

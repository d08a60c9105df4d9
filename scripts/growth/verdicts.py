"""The verdicts on whether a change of activity is one of cycling cells, of non-cycling cells or of both, and on the
growth of clusters, in the order of their rules; importable in any environment.
"""

from __future__ import annotations

from dataclasses import dataclass

from scripts.base.shares import make_verdicts
from scripts.base.verdicts import MIN_MODELS, Verdict

KEPT = 0.5
"""Share of the change in one group of cells that the other group must be shown to fall short of to be without it."""


@dataclass(frozen=True)
class Evidence:
    """Evidence on one regulon.

    Parameters
    ----------
    n
        Models with enough cells of the group at both timepoints, of the group with fewer.
    cycling, resting
        False discovery rate of the change in cycling and in non-cycling cells.
    same
        Whether both changes have the same sign.
    less_in_resting, less_in_cycling
        False discovery rate of :data:`KEPT` or more of the other group's change in this one.
    limit
        Limit of all these rates (``statistics.fdr``).
    is_learned
        Whether the score was learned from the same comparison (the signature).
    """

    n: int
    cycling: float
    resting: float
    same: bool
    less_in_resting: float
    less_in_cycling: float
    limit: float
    is_learned: bool = False


NOT_JUDGED = Verdict(
    "not judged",
    "the score was learned from the same comparison: effects are descriptive",
    lambda e: e.is_learned,
)
TOO_FEW = Verdict(
    "too few models",
    f"cycling or non-cycling cells could be compared in fewer than {MIN_MODELS} models",
    lambda e: e.n < MIN_MODELS,
)
BOTH = Verdict(
    "holds in both",
    "the change is shown in cycling cells and in non-cycling cells (moderated t over models, false discovery rate over "
    "the regulons within {fdr} in each), in the same direction",
    lambda e: e.cycling <= e.limit and e.resting <= e.limit and e.same,
)
ONLY_CYCLING = Verdict(
    "only cycling",
    "the change is shown in cycling cells and not in non-cycling ones, whose change is shown to be below "
    f"{KEPT:.0%} of it (one-sided t over models, false discovery rate within {{fdr}})",
    lambda e: e.cycling <= e.limit < e.resting and e.less_in_resting <= e.limit,
)
ONLY_RESTING = Verdict(
    "only non-cycling",
    "the change is shown in non-cycling cells and not in cycling ones, whose change is shown to be below "
    f"{KEPT:.0%} of it (likewise)",
    lambda e: e.resting <= e.limit < e.cycling and e.less_in_cycling <= e.limit,
)
NO_CHANGE = Verdict(
    "no change shown",
    "no change is shown in either group",
    lambda e: not e.cycling <= e.limit and not e.resting <= e.limit,
)
UNCLEAR = Verdict("unclear", "none of these is shown", lambda e: True)

VERDICTS = (NOT_JUDGED, TOO_FEW, BOTH, ONLY_CYCLING, ONLY_RESTING, NO_CHANGE, UNCLEAR)
"""On :class:`Evidence`: the first whose rule applies."""


CLUSTER_VERDICTS = make_verdicts(
    "the cluster, and enough cells at both timepoints", ("grows", "shrinks"), "clusters", "all clusters"
)
"""On :class:`scripts.base.shares.Evidence`: the first whose rule applies."""
_, GROWS, SHRINKS, _ = CLUSTER_VERDICTS

"""The verdicts on regulons, in the order of their rules; code, report, methods, tables and biopsies read them here."""

from __future__ import annotations

import math
from dataclasses import dataclass

from scripts.base.verdicts import MIN_MODELS, MIN_SAME_DIRECTION, Verdict

KEPT = 0.5
"""Least share of a change that must remain at equal depth."""
ENRICHMENT_LEVEL = 0.05
"""Level of the p-value of enrichment in the signature. Applied to single regulons whose change is already shared.
"""


@dataclass(frozen=True)
class Change:
    """A change over the models, with the rule by which it is shared.

    Parameters
    ----------
    n
        Models compared.
    same_direction
        Probability that one more model changes in the direction of the mean.
    fdr
        False discovery rate of the moderated t over models.
    effect
        Mean change over the models.
    limit
        Limit of the false discovery rate (``statistics.fdr``).
    """

    n: float
    same_direction: float
    fdr: float
    effect: float
    limit: float

    @property
    def is_shared(self) -> bool:
        """Whether the change is shared by the patients (the rule of :func:`scripts.stats.paired.is_shared`)."""
        return bool(self.n >= MIN_MODELS and self.fdr <= self.limit and self.same_direction >= MIN_SAME_DIRECTION)


@dataclass(frozen=True)
class Evidence(Change):
    """Evidence for the verdict on a regulon; ``effect`` is standardised.

    Parameters
    ----------
    fdr_least
        False discovery rate of an effect beyond the least one (``switches.min_effect``).
    arm
        The arm whose change differs from that of the same models' other arms, if there is one.
    explained_by
        Known programmes whose genes explain the change.
    enrichment_p
        p-value of the targets' enrichment in the signature; NaN if models are too few to tell, or without a signature.
    depth_share
        Share of the change that is left at equal depth; NaN if it wasn't measured, or if depth doesn't differ.
    depth_fdr
        False discovery rate of the change at equal depth.
    """

    fdr_least: float
    arm: str = ""
    explained_by: tuple[str, ...] = ()
    enrichment_p: float = math.nan
    depth_share: float = math.nan
    depth_fdr: float = math.nan

    @property
    def is_large(self) -> bool:
        """Whether the effect is shown to be larger than the least one."""
        return bool(self.fdr_least <= self.limit)

    @property
    def is_enriched(self) -> bool:
        """Whether the targets contain more of the signature than expected by chance; True if unknown.

        A regulon of chance targets moves with the few of them that the programme moves, in all patients alike: in
        simulated studies one or two in ten did, and by their activity alone they would be called switches.
        """
        return not self.enrichment_p > ENRICHMENT_LEVEL

    @property
    def is_of_depth(self) -> bool:
        """Whether the change is no longer shown at equal depth, or less than :data:`KEPT` of it remains."""
        measured = not math.isnan(self.depth_share)
        return measured and not (self.depth_share >= KEPT and self.depth_fdr <= self.limit)


@dataclass(frozen=True)
class Transcription(Change):
    """Evidence for the verdict on the mRNA of a factor; ``activity`` is the effect on the activity of its regulon."""

    activity: float


def _explained(programme: str) -> Verdict:
    """Return the verdict on shared changes that the genes of a known programme explain."""
    text = f"shared, of any size, but explained by genes of {programme} among the targets"
    return Verdict(programme, text, lambda e: e.is_shared and programme in e.explained_by)


UNTESTED = Verdict("not tested", "no model has both timepoints", lambda e: e.n == 0)
FEW = Verdict("too few models", f"fewer than {MIN_MODELS} models", lambda e: e.n < MIN_MODELS)
COMPOSITION = Verdict(
    "composition",
    "shared, of any size, but the targets hold more markers of normal lineages than expected by chance (tested where "
    "normal cells are of the tumour's species)",
    lambda e: e.is_shared and "composition" in e.explained_by,
)
DEPTH = Verdict(
    "depth",
    f"shared, but with the counts of each model's samples thinned to equal depth less than {KEPT} of the change is "
    "left, or its false discovery rate is above {fdr}",
    lambda e: e.is_shared and e.is_of_depth,
)
SMALL = Verdict(
    "shared but small",
    "shared, with a change that is not shown to exceed {min_effect} (TREAT, false discovery rate within {fdr})",
    lambda e: e.is_shared and not e.is_large,
)
NOT_ENRICHED = Verdict(
    "shared, not enriched in signature",
    "shared, and large enough, but the targets aren't shown to contain more genes of the signature than expected by "
    f"chance (p > {ENRICHMENT_LEVEL}, against random genes and against flips or rotations of whole models)",
    lambda e: e.is_shared and not e.is_enriched,
)
SHARED = Verdict(
    "shared switch",
    f"shared, that is {MIN_MODELS} models or more, a false discovery rate (moderated t over models) within "
    f"{{fdr}}, and a probability of {MIN_SAME_DIRECTION} or more that one more patient changes in the same direction; "
    "a change beyond {min_effect}, and targets enriched in the signature where this could be tested",
    lambda e: e.is_shared,
)
BY_ARM = Verdict(
    "differs between arms",
    f"a change that differs between treatment arms of the same models (false discovery rate over {MIN_MODELS} such "
    "models or more within {fdr}); arms of different models aren't compared",
    lambda e: bool(e.arm),
)
UNCLEAR = Verdict("no shared change", "none of the other verdicts", lambda e: True)

VERDICTS = (
    UNTESTED,
    FEW,
    COMPOSITION,
    *map(_explained, ("stress", "cell cycle", "hypoxia")),
    DEPTH,
    SMALL,
    NOT_ENRICHED,
    SHARED,
    BY_ARM,
    UNCLEAR,
)
"""On :class:`Evidence`: the first whose rule applies."""

MRNA = (
    Verdict("not measured", "no model measures the mRNA at both timepoints", lambda e: e.n == 0),
    Verdict("too few models", f"fewer than {MIN_MODELS} models", lambda e: e.n < MIN_MODELS),
    Verdict(
        "no shared change",
        "not shared by the rule of a shared switch (number of models, false discovery rate, direction in one more "
        "patient), which is no proof of an unchanged mRNA",
        lambda e: not e.is_shared,
    ),
    Verdict("follows", "shared, in the direction of the activity", lambda e: e.effect * e.activity > 0),
    Verdict("opposite", "shared, against the direction of the activity", lambda e: True),
)
"""On :class:`Transcription`: whether the factor's own mRNA changes with its activity."""


@dataclass(frozen=True)
class Simulation:
    """How well factors silenced in silico foretell what perturbations do.

    Parameters
    ----------
    n
        Factors that were perturbed and silenced.
    p
        p-value of the silencing being no nearer to the perturbations than its baseline.
    """

    n: int
    p: float


MIN_PERTURBED = 6
"""Factors that must be perturbed before the silencing in silico is judged."""
SIMULATION_LEVEL = 0.05
"""Level of the p-value of the comparison with the baseline: one test in a study."""
NOT_BETTER = Verdict(
    "not better than its baseline",
    "the ranks of factors by silencing are not shown to be nearer to those by perturbations than the ranks by the mean "
    f"change of their targets (one-sided, factors exchanged, p > {SIMULATION_LEVEL}): it plays no part in the rank",
    lambda e: not e.p <= SIMULATION_LEVEL,
)
SIMULATIONS = (
    Verdict(
        "not judged", f"fewer than {MIN_PERTURBED} factors were perturbed and silenced", lambda e: e.n < MIN_PERTURBED
    ),
    NOT_BETTER,
    Verdict("better than its baseline", f"the ranks by silencing are nearer (p ≤ {SIMULATION_LEVEL})", lambda e: True),
)
"""On :class:`Simulation`: the first whose rule applies."""

"""The verdicts on the change of a lineage's share in the stroma, in the order of their rules."""

from __future__ import annotations

from scripts.base.shares import make_verdicts

VERDICTS = make_verdicts("enough stromal cells at both timepoints", ("rises", "falls"), "lineages", "the reference")
"""On :class:`scripts.base.shares.Evidence`: the first whose rule applies."""
TOO_FEW, RISES, FALLS, UNCLEAR = VERDICTS

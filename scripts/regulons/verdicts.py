"""The verdicts on network changes, in the order of their rules; importable in any environment."""

from scripts.base.verdicts import MIN_MODELS, MIN_SAME_DIRECTION, Verdict

GAINED, LOST, NEITHER = "gained", "lost", "not beyond chance"
"""An edge of one model; see :func:`scripts.regulons.network_changes.judge_edges`."""
NETWORK_CHANGES = (
    Verdict("too few models", f"fewer than {MIN_MODELS} models", lambda e: e["n"] < MIN_MODELS),
    Verdict(
        "no shared change",
        f"fdr above {{fdr}}, or same_direction below {MIN_SAME_DIRECTION:g}",
        lambda e: not e["shared"],
    ),
    Verdict("gains targets", "shared, and stronger than that of the other factors", lambda e: e["effect"] > 0),
    Verdict("loses targets", "shared, and weaker than that of the other factors", lambda e: True),
)
"""On the change of a factor's edges over models; the first whose rule applies."""

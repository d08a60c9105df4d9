"""Terms in the stage's tables that are used by figures and report; importable in any environment."""

AGREE, OPPOSITE, ONE, NEITHER, ALONE, ELSEWHERE = (
    "both, same direction", "both, opposite directions", "one of them", "neither", "no regulon", "not in the network",
)  # fmt: skip
"""Agreement of a factor of the network and its regulon in network_comparison.tsv; the last two: only one is known."""

"""Words in the tables of the stage that figures and the report look up; importable in any environment."""

AGREE, OPPOSITE, ONE, NEITHER, ALONE, ELSEWHERE = (
    "both, same direction", "both, opposite directions", "one of them", "neither", "no regulon", "not in the network",
)  # fmt: skip
"""Agreement of a factor of the network and its regulon in network_comparison.tsv; the last two: only one is known."""

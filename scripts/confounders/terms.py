"""Words in the tables of the stage that figures and the report look up; importable in any environment."""

SIGNATURE, GENES = "signature", "genes changed"
"""What confounders.tsv measures in addition to switches, which it names by their factor."""

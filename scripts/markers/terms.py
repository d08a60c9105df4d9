"""Terms in the stage's tables that are used by figures and report; importable in any environment."""

NESTED = "chosen"
"""Size in the row of markers_panels.tsv in which every fold has its own size, chosen without the left-out model."""

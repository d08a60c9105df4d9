"""Words in the tables of the stage that figures and the report look up; importable in any environment."""

NESTED = "chosen"
"""Size in the row of markers_panels.tsv in which every fold has its own size, chosen without the left-out model."""

"""Words in the tables of the stage that figures and the report look up; importable in any environment."""

ARMS, UNITS, DRUGS = "arms alike", "models alike by arm", "state x drug"
"""What treatment.tsv asks."""

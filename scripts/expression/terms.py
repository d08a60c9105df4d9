"""Words in the tables of the stage that figures and the report look up; importable in any environment."""

ARMS, UNITS, DRUGS = "arms alike", "models alike by arm", "state x drug"
"""What treatment.tsv asks."""
CONFOUNDED = "confounded"
"""How a note of treatment.tsv begins if what the drug does can't be separated from what the patient does."""

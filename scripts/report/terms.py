"""Words that the tables of the stage programme use, spelled as their writers do (a test holds them to it).

They stand here once more because the writers import what only their own environments have.
"""

ALL_MODELS = "all models"
"""The row over all models, of knock-outs and of sizes of the signature."""
SIGNATURE, GENES = "signature", "genes changed"
"""What confounders.tsv measures, beside switches by name."""
ARMS, UNITS, DRUGS = "arms alike", "models alike by arm", "state x drug"
"""What treatment.tsv asks."""
AGREE, OPPOSITE, ONE, NEITHER = "both, same direction", "both, opposite directions", "one of them", "neither"
"""How two opinions on a factor go together, where both know it."""
NESTED = "chosen"
"""Size of the marker panels whose size each fold chose without the model left out."""

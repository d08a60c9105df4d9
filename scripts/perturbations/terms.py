"""Columns and terms of the stage's tables; importable in any environment."""

GAIN, LOSS, INHIBITOR = "gain", "loss", "inhibitor"
DIRECTIONS = (GAIN, LOSS, INHIBITOR)
"""What was done to a factor: raised (over-expression, CRISPRa), removed (knock-out, knock-down), or inhibited."""
CHANGES = ["perturbation", "gene", "log_fc", "p"]
"""Columns of the changes that all perturbations caused: log2 fold change, and its p-value where there are replicates.
"""
LISTED = ["perturbation", "tf", "direction", "dose", "source", "validated", "n_perturbed", "n_control"]
"""Columns that say what was done; without replicates, as in a ready table, the numbers are missing."""
BY_MRNA, BY_TARGETS, STATED, NOT_SHOWN = "own mRNA", "targets", "stated", "not shown"
SHOWN_BY = (BY_MRNA, BY_TARGETS, STATED, NOT_SHOWN)
"""What shows that a perturbation changed its factor: data, or what the config states of another assay."""
EFFECTS = [
    *LISTED, "genes", "own_log_fc", "own_p", "factor_changed", "correlation", "correlation_low", "correlation_high",
    "n_blocks", "signature_genes", "signature_follows", "signature_follows_expected", "follows_up", "follows_down",
    "programme_share", "programme_share_low", "programme_share_high", "signature_p", "signature_fdr",
    "activity_direction", "targets", "targets_follow", "targets_follow_expected", "targets_shift", "targets_p",
    "targets_others_below", "verdict", "note",
]  # fmt: skip
FACTORS = ["tf", "tested", "n_perturbations", "note"]
BINS = ("none", "low", "middle", "high")
"""Bins of a factor's own mRNA: in cells none, middle and high, in patients low, middle and high."""
BINNED = ["tf", "of", "model", "timepoint", "sample", "bin", "n", "mean_score"]
"""Columns of the signature's score by these bins."""

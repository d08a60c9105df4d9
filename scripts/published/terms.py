"""Columns and terms of the stage's tables; importable in any environment."""

STUDY = "this study"
"""Name of the study's own programme among the signatures."""
OVERALL = "mean over signatures"
"""Name of the mean of the regulators' scores over all published signatures."""
SIGNATURES = [
    "signature", "paper", "cancer", "drug", "up", "down", "measured", "effect", "ci_low", "ci_high", "p", "fdr",
    "models_agreeing", "n_models", "random_reach", "share_of_signature", "correlation", "shared_same",
    "shared_opposite", "shared_expected", "verdict", "note",
]  # fmt: skip
BY_MODEL = ["signature", "model", "measured", "shift"]
SIMILARITY = ["signature", "other", "genes", "correlation", "shared_same", "shared_opposite"]
REGULATORS = ["ranking", "tf", "regulon", "targets", "score", "rank", "study_score", "study_rank"]
AGREEMENT = ["ranking", "factors", "n_blocks", "correlation", "correlation_low", "correlation_high", "note"]

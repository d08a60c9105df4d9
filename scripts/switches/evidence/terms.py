"""Columns of the evidence on switches; importable without what measures it."""

from scripts.stats import flips
from scripts.switches.evidence import reach

ON = ["on_baseline", "on_persister", "on_recovered", "on_difference", "on_k"]
PERTURBATION = [
    "perturbation_level", "perturbation_change", "perturbation_k", "perturbation_n", "perturbation_share",
    "perturbation_targets_change", "perturbation_classed_before", "perturbation_classed_after",
]  # fmt: skip
RANKS = ["rank_product", "n_evidence", "evidence_rank", "rank_best", "rank_worst"]
COLUMNS = [
    *flips.FLIPS[2:], "arm_weakest", *ON, "bimodal_models", "threshold_agreement", *reach.REACH[1:],
    *PERTURBATION, "family", *RANKS, "evidence_missing",
]  # fmt: skip
"""What the evidence adds to switches.tsv."""
CHROMATIN = {"chromatin": "verdict", "chromatin_odds_ratio": "odds_ratio"}
"""Column that a study with peaks has in addition → column of chromatin/support.tsv."""

"""Files of the stage perturbations that the report reads and the target names, depending on the study."""

from __future__ import annotations

from scripts.base.results import Results
from scripts.study.study import Study


def targets(study: Study) -> list[str]:
    """Return the tables and figures of the stage; nothing without perturbations. The report reads the same."""
    return ["perturbations.tsv", "factors.tsv", "mrna_bins.tsv", "figures"] if study.has_perturbations else []


of_report = targets


def numbers(results: Results) -> dict[str, int]:
    """Return the number of perturbations and of the factors that they test, for the methods text."""
    return {
        "perturbations": results.count("perturbations/perturbations.tsv", "perturbation"),
        "tested_factors": results.count("perturbations/factors.tsv", "tf"),
    }

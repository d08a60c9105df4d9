"""Files of the stage published that the report reads and the target names, depending on the study."""

from __future__ import annotations

from scripts.base.results import Results
from scripts.study.study import Study

TABLES = ("signatures.tsv", "by_model.tsv", "similarity.tsv", "regulators.tsv", "agreement.tsv")


def targets(study: Study) -> list[str]:
    """Return the tables and figures of the stage; nothing without signatures. The report reads the same."""
    return [*TABLES, "figures"] if study.has_published else []


of_report = targets


def numbers(results: Results) -> dict[str, int]:
    """Return the number of signatures and of rankings of regulators that were compared, for the methods text."""
    return {
        "published": results.count("published/signatures.tsv", "signature", "effect"),
        "regulator_rankings": results.count("published/agreement.tsv", "ranking", "correlation"),
    }

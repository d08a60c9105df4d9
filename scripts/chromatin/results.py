"""Files of the stage chromatin that the report reads and the target names, depending on the study."""

from __future__ import annotations

from scripts.base.results import Results
from scripts.study.study import Study


def targets(study: Study) -> list[str]:
    """Return the tables and figures of the stage; nothing without peaks. The report reads the same."""
    files = ["peak_sets.tsv", "peak_changes.tsv", "enrichment.tsv", "support.tsv", "trends.tsv", "deciles.tsv"]
    return [*files, "figures"] if study.has_chromatin else []


of_report = targets


def numbers(results: Results) -> dict[str, int]:
    """Return the number of peak sets, and of regulons whose factors have peaks, for the methods text."""
    return {
        "peak_sets": results.count("chromatin/peak_sets.tsv", "peak_set"),
        "supported_by_peaks": results.count("chromatin/support.tsv", "regulon", "p"),
    }

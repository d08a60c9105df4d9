"""Files of the stage growth that the report reads and the target names, depending on the study."""

from __future__ import annotations

from scripts.base.results import Results
from scripts.study.study import Study


def targets(study: Study) -> list[str]:
    """Return the tables and figures of the stage; nothing without single cells. The report reads the same."""
    common = ["common_clusters.tsv", "common_shares.tsv", "common_changes.tsv"]
    files = ["shares.tsv", "changes.tsv", "clusters.tsv", "switches_by_cycle.tsv", *common, "figures"]
    return files if study.groups else []


of_report = targets


def numbers(results: Results) -> dict[str, int]:
    """Return the number of samples whose states were counted, for the methods text."""
    return {"counted_states": results.count("growth/shares.tsv", "sample")}

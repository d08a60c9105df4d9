"""Which files of markers the report reads and the target names, by what a study has."""

from __future__ import annotations

from scripts.study.study import Study


def targets(study: Study) -> list[str]:
    """Return the tables and figures that the target of the stage names."""
    files = ["markers.tsv", "markers_panels.tsv", "markers_roc.tsv", "figures"]
    return files if study.has_activity else []


def of_report(study: Study) -> list[str]:
    """Return the files that the report reads, in the folder of the stage."""
    return [*targets(study), "markers_scores.tsv"] if study.has_activity else []

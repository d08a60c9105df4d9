"""Which files of confounders the report reads and the target names, by what a study has."""

from __future__ import annotations

from scripts.base.results import Results
from scripts.study.study import Study


def targets(study: Study) -> list[str]:
    """Return the tables and figures of the stage; nothing where no activity is measured. The report reads the same."""
    files = [
        "confounders.tsv",
        "programme_verdict.tsv",
        "marker_composition.tsv",
        "confounders_notes.tsv",
        "clones.tsv",
    ]
    files += ["figures"]
    return files if study.has_activity else []


of_report = targets


def numbers(results: Results) -> dict[str, int]:
    """Return the number of confounders that were adjusted for, for the methods text."""
    return {"held": results.count("confounders/confounders.tsv", "confounder", "effect_after")}

"""Which files of the design the report reads."""

from __future__ import annotations

from scripts.study.study import Study


def of_report(study: Study) -> list[str]:
    """Return the files that the report reads, in the folder of the stage."""
    return ["figures"] if len(study.samples) else []

"""Which files of reads the report reads, by what a study has."""

from __future__ import annotations

from scripts.study.study import Study


def of_report(study: Study) -> list[str]:
    """Return the files that the report reads, in the folder of the stage."""
    return [f"{sample}.chemistry.json" for sample in study.sequenced]

"""Which files of counts the report reads, by what a study has."""

from __future__ import annotations

from scripts.study.study import Study


def of_report(study: Study) -> list[str]:
    """Return the files that the report reads, in the folder of the stage."""
    files = [f"{sample}.saturation.tsv" for sample in study.counted]
    return [*files, "other_species.tsv", "figures"] if files else []

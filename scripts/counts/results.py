"""Files of the stage counts that the report reads, depending on the study."""

from __future__ import annotations

from scripts.study.study import Study


def of_report(study: Study) -> list[str]:
    """Return the files that the report reads, in the folder of the stage."""
    files = [f"{sample}.saturation.tsv" for sample in study.counted]
    return [*files, "other_species.tsv", "figures"] if files else []

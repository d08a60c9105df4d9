"""Which files of cells the report reads, by what a study has."""

from __future__ import annotations

from scripts.study.study import Study


def of_report(study: Study) -> list[str]:
    """Return the files that the report reads, in the folder of the stage."""
    if not len(study.libraries):
        return []
    tables = ["libraries.tsv", "attrition.tsv", "attrition_by_arm.tsv", "species_rules.tsv"]
    return [*(f"{sample}.summary.json" for sample in study.libraries), "figures", *tables]

"""Files of the stage reads that the report reads, depending on the study."""

from __future__ import annotations

from scripts.base.results import Results
from scripts.study.study import Study


def of_report(study: Study) -> list[str]:
    """Return the files that the report reads, in the folder of the stage."""
    return [f"{sample}.chemistry.json" for sample in study.sequenced]


def numbers(results: Results) -> dict[str, int]:
    """Return the number of libraries given as reads, for the methods text."""
    return {"sequenced": len(results.matching("reads/*.chemistry.json"))}

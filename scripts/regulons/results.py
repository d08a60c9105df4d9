"""Which files of regulons the report reads, by what a study has."""

from __future__ import annotations

from scripts.base.results import Results
from scripts.study.study import Study

TABLES = ("consensus", "support", "summary", "rss", "thresholds", "samples", "standardised", "variability")


def of_report(study: Study) -> list[str]:
    """Return the files that the report reads, in the folder of the stage."""
    return ["figures", *(f"{name}.tsv" for name in TABLES)] if study.groups else []


def numbers(results: Results) -> dict[str, int]:
    """Return the number of regulons, for the methods text."""
    return {"regulons": results.count("regulons/consensus.tsv", "regulon")}

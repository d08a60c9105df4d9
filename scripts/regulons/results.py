"""Files of the stage regulons that the report reads, depending on the study."""

from __future__ import annotations

from scripts.base.results import Results
from scripts.study.study import Study

TABLES = ("consensus", "support", "summary", "rss", "thresholds", "samples", "standardised", "variability")


def network_changes_of(study: Study) -> list[str]:
    """Return the tables of network changes; none unless the config requests them."""
    asked = study.groups and study.config["regulons"]["compare_timepoints"]
    return ["network_changes.tsv", "network_change_factors.tsv"] if asked else []


def of_report(study: Study) -> list[str]:
    """Return the files that the report reads, in the folder of the stage."""
    return ["figures", *(f"{name}.tsv" for name in TABLES), *network_changes_of(study)] if study.groups else []


def numbers(results: Results) -> dict[str, int]:
    """Return the number of regulons, for the methods text."""
    return {"regulons": results.count("regulons/consensus.tsv", "regulon")}

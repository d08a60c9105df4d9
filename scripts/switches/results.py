"""Which files of switches the report reads and the target names, by what a study has."""

from __future__ import annotations

from scripts.base.results import Results
from scripts.study.study import Study

REPORT = ("switches.tsv", "overlaps.tsv", "by_model.tsv", "evidence.tsv", "perturbation.tsv",
          "perturbation_shares.tsv", "families.tsv", "figures")  # fmt: skip


def targets(study: Study) -> list[str]:
    """Return the tables and figures that the target of the stage names; nothing where no activity is measured."""
    tables = ("switches", "overlaps", "evidence", "perturbation", "perturbation_shares", "families")
    return [*(f"{name}.tsv" for name in tables), "figures"] if study.has_activity else []


def of_report(study: Study) -> list[str]:
    """Return the files that the report reads, in the folder of the stage."""
    judged = ["perturbation_judged.tsv"] if study.has_perturbations else []
    return [*REPORT, *judged] if study.has_activity else []


def numbers(results: Results) -> dict[str, int]:
    """Return the number of regulons or factors ranked, and of those silenced, for the methods text."""
    return {
        "ranked": results.count("switches/switches.tsv", "regulon"),
        "silenced": results.count("switches/switches.tsv", "tf", "perturbation_share"),
    }

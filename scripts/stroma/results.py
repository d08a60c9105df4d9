"""Files of the stage stroma that the report reads and the target names, depending on the study."""

from __future__ import annotations

from scripts.base.results import Results
from scripts.study.study import Study


def targets(study: Study) -> list[str]:
    """Return the tables and figures of the stage; nothing in a study without stroma."""
    files = ["samples.tsv", "clusters.tsv", "shares.tsv", "changes.tsv", "pairs.tsv"]
    return [*files, "figures"] if study.has_stroma else []


of_report = targets


def numbers(results: Results) -> dict[str, int]:
    """Return how many lineages and pairs were compared, for the methods text."""
    return {
        "lineages": results.count("stroma/changes.tsv", "lineage"),
        "ligands": results.count("stroma/pairs.tsv", "ligand"),
    }

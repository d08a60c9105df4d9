"""Files of the stage markers that the report reads and the target names, depending on the study."""

from __future__ import annotations

from scripts.base.results import Results
from scripts.study.study import Study

ASSAYS = ("markers_assays.tsv", "markers_values.tsv", "markers_positive.tsv")


def targets(study: Study) -> list[str]:
    """Return the tables and figures that the target of the stage names."""
    files = ["markers.tsv", "markers_panels.tsv", "markers_roc.tsv", *ASSAYS, "figures"]
    return files if study.has_activity else []


def of_report(study: Study) -> list[str]:
    """Return the files that the report reads, in the folder of the stage."""
    return [*targets(study), "markers_scores.tsv"] if study.has_activity else []


def numbers(results: Results) -> dict[str, int]:
    """Return the number of panels, of listed genes that composition excludes from them, and of alternative sign
    flips of whole models, for the methods text.

    There may be fewer flips than the config requests, because few models have few flips.
    """
    panels = results.table("markers/markers_panels.tsv")
    none = panels is None or panels["n_permutations"].isna().all()
    return {
        "excluded": results.count("markers/markers.tsv", "gene", "excluded"),
        "panels": results.count("markers/markers_panels.tsv", "pool", "auc"),
        "assays": results.count("markers/markers_assays.tsv", "pool"),
        "relabelled": 0 if none else int(panels["n_permutations"].max()) - 1,  # the observed signs are one of them
    }

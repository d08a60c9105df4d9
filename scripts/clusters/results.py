"""Which files of clusters the report reads, by what a study has."""

from __future__ import annotations

from scripts.study.study import Study


def tables(study: Study) -> list[str]:
    """Return the tables that figures show: of all models, and of their timepoints in the config's order."""
    files = []
    for model in study.models:
        files += [f"{model}/{name}" for name in ("cells.tsv.gz", "clusters.tsv", "links.tsv")]
        for timepoint in study.timepoints_of(model):
            files += [f"{model}/{timepoint}.{table}.tsv" for table in ("stability", "markers")]
    return files


def of_report(study: Study) -> list[str]:
    """Return the files that the report reads, in the folder of the stage."""
    files = ["figures"] if study.models else []
    for model in study.models:
        files += [f"{model}/{name}.tsv" for name in ("clusters", "links", "similarity")]
        for timepoint in study.timepoints_of(model):
            files += [f"{model}/{timepoint}.{name}.tsv" for name in ("stability", "markers")]
    return files

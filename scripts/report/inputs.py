"""Which results the report is made of, by what a study has: cells, reads, relapse, profiles."""

from __future__ import annotations

from scripts.study.study import Study

SWITCHES = (
    "switches.tsv",
    "overlaps.tsv",
    "design.tsv",
    "by_model.tsv",
    "effects.tsv",
    "differences.tsv",
    "knockout.tsv",
    "families.tsv",
    "confounders.tsv",
    "programme_verdict.tsv",
    "clones.tsv",
    "markers.tsv",
    "markers_panels.tsv",
    "markers_scores.tsv",
)
"""Of regulons where there are libraries, else of the factors of a network."""
EXPRESSION = ("differential_expression.tsv", "signature.tsv", "signature_scores.tsv", "signature_sizes.tsv",
              "expression_design.tsv", "profile_losses.tsv", "profiles.h5ad", "state_structure.tsv", "state_places.tsv",
              "treatment.tsv", "treatment_likeness.tsv", "reversibility.tsv")  # fmt: skip
NOT_GIVEN = ("histograms.tsv", "treatment_likeness.tsv")
"""For figures alone: bins, and a matrix whose columns are named after the study's models."""


def silenced(study: Study) -> list[str]:
    """Return the models whose factors are silenced: those with libraries, or with profiles where there are none."""
    return study.models if study.groups else list(dict.fromkeys(study.samples.loc[study.profiles, "model"]))


def of_programme(study: Study) -> list[str]:
    """Return the files of the stage programme, by what the study's design and config make of it."""
    settings = study.config["programme"]
    files = [*EXPRESSION]
    if settings["network"]:
        files += ["tf_activity.tsv", "profile_activity.tsv", "second_opinion.tsv"]
    if settings["gene_sets"] or settings["signatures"]:
        files += ["gene_sets.tsv"]
    if study.libraries:
        files += ["signature_cells.parquet", "activity.tsv"]
    if study.groups or (study.profiles and settings["network"]):
        files += [*SWITCHES, *(f"knockout/{model}.null.parquet" for model in silenced(study))]
    return [f"programme/{file}" for file in files]


def results_of(study: Study) -> list[str]:
    """Return the files that the report's sections read, relative to the results."""
    files = []
    for sample in study.libraries:
        files += [f"cells/{sample}.summary.json", f"counts/{sample}.saturation.tsv"]
    files += [f"reads/{sample}.chemistry.json" for sample in study.sequenced]
    if study.libraries:
        files += ["counts/figures", "cells/figures", "cells/libraries.tsv"]
        files += ["cells/attrition.tsv", "cells/attrition_by_arm.tsv", "cells/species_rules.tsv"]
    for model in study.models:
        files += [f"clusters/{model}/{name}" for name in ("cells.tsv.gz", "links.tsv", "similarity.tsv")]
        for timepoint in study.timepoints_of(model):
            files += [f"clusters/{model}/{timepoint}.{name}.tsv" for name in ("stability", "markers")]
    if study.groups:
        files += [f"regulons/{name}.tsv" for name in ("consensus", "support", "rss", "thresholds", "samples")]
        files += [f"regulons/{group}/histograms.tsv" for group in study.groups]
    return files + of_programme(study)


def tables_of(study: Study) -> list[str]:
    """Return the tables (TSV) that are given away with a dictionary, relative to the results."""
    return [file for file in results_of(study) if file.endswith(".tsv") and not file.endswith(NOT_GIVEN)]

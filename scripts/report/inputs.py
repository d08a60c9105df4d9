"""Which results the report is made of, by what a study has: cells, reads, relapse, profiles."""

from __future__ import annotations

from scripts.study.study import Study

EXPRESSION = ("differential_expression.tsv", "signature.tsv", "signature_scores.tsv", "signature_sizes.tsv",
              "expression_design.tsv", "state_structure.tsv", "state_places.tsv", "treatment.tsv",
              "treatment_correlation.tsv", "figures")  # fmt: skip
REGULONS = ("consensus", "support", "summary", "rss", "thresholds", "samples", "standardised", "variability")
ACTIVITY = ("design.tsv", "effects.tsv", "differences.tsv")
SWITCHES = ("switches.tsv", "overlaps.tsv", "by_model.tsv", "evidence.tsv", "perturbation.tsv",
            "perturbation_shares.tsv", "families.tsv", "figures")  # fmt: skip
CONFOUNDERS = ("confounders.tsv", "programme_verdict.tsv", "confounders_notes.tsv", "clones.tsv", "figures")
MARKERS = ("markers.tsv", "markers_panels.tsv", "markers_scores.tsv", "markers_roc.tsv", "figures")
NOT_GIVEN = "treatment_correlation.tsv"
"""For figures alone: a matrix whose columns are named after the study's models."""


def of_programme(study: Study) -> list[str]:
    """Return the files of the stages from profiles to markers, by what the study's design and config make of them."""
    found = {
        "profiles": ["profile_losses.tsv"],
        "expression": [*EXPRESSION],
        "activity": ["reversibility.tsv", "figures"],
    }
    if study.network_files:
        found["activity"] += ["tf_activity.tsv", "profile_activity.tsv", "network_comparison.tsv"]
    if study.gene_set_files:
        found["expression"] += ["gene_sets.tsv"]
    if study.libraries:
        found["activity"] += ["activity.tsv"]
    if study.has_activity:
        found["activity"] += ACTIVITY
        found |= {"switches": [*SWITCHES], "confounders": [*CONFOUNDERS], "markers": [*MARKERS]}
    return [f"{stage}/{file}" for stage, files in found.items() for file in files]


def results_of(study: Study) -> list[str]:
    """Return the files that the report's sections read, relative to the results."""
    files = []
    for sample in study.libraries:
        files += [f"cells/{sample}.summary.json", f"counts/{sample}.saturation.tsv"]
    files += [f"reads/{sample}.chemistry.json" for sample in study.sequenced]
    if study.libraries:
        files += ["counts/figures", "cells/figures", "cells/libraries.tsv"]
        files += ["cells/attrition.tsv", "cells/attrition_by_arm.tsv", "cells/species_rules.tsv"]
    files += ["clusters/figures"] if study.models else []
    for model in study.models:
        files += [f"clusters/{model}/{name}.tsv" for name in ("clusters", "links", "similarity")]
        for timepoint in study.timepoints_of(model):
            files += [f"clusters/{model}/{timepoint}.{name}.tsv" for name in ("stability", "markers")]
    if study.groups:
        files += ["regulons/figures", *(f"regulons/{name}.tsv" for name in REGULONS)]
    return files + of_programme(study)


def tables_of(study: Study) -> list[str]:
    """Return the tables (TSV) that are given away with a dictionary, relative to the results."""
    return [file for file in results_of(study) if file.endswith(".tsv") and not file.endswith(NOT_GIVEN)]

"""Which results the report is made of, by what a study has: cells, reads, relapse, profiles."""

from __future__ import annotations

from scripts.study.study import Study

PROGRAMME = (
    "switches.tsv",
    "overlaps.tsv",
    "design.tsv",
    "by_model.tsv",
    "effects.tsv",
    "differences.tsv",
    "activity.tsv",
)

EXPRESSION = ("differential_expression.tsv", "signature.tsv", "signature_scores.tsv", "signature_sizes.tsv",
              "expression_design.tsv", "profile_losses.tsv", "profiles.h5ad")  # fmt: skip


def results_of(study: Study) -> list[str]:
    """Return the files that the report's sections read, relative to the results."""
    files = []
    for sample in study.libraries:
        files += [f"cells/{sample}.droplets.parquet", f"cells/{sample}.summary.json", f"counts/{sample}.audit.json"]
        files += [f"counts/{sample}.saturation.tsv"]
    files += [f"reads/{sample}.chemistry.json" for sample in study.sequenced]
    if study.libraries:
        files += ["cells/attrition.tsv", "cells/attrition_by_arm.tsv", "cells/species_rules.tsv"]
    for model in study.models:
        files += [f"clusters/{model}/{name}" for name in ("cells.tsv.gz", "links.tsv", "similarity.tsv")]
        for timepoint in study.timepoints_of(model):
            files += [f"clusters/{model}/{timepoint}.{name}.tsv" for name in ("stability", "markers")]
    if study.groups:
        files += [f"regulons/{name}.tsv" for name in ("consensus", "support", "rss", "thresholds", "samples")]
        files += [f"regulons/{group}/histograms.tsv" for group in study.groups]
        files += [f"programme/{name}" for name in PROGRAMME]
    files += [f"programme/{name}" for name in EXPRESSION]
    if study.config["programme"]["network"]:
        files += ["programme/tf_activity.tsv", "programme/profile_activity.tsv"]
    return files


def tables_of(study: Study) -> list[str]:
    """Return the tables (TSV) that are given away with a dictionary, relative to the results."""
    return [file for file in results_of(study) if file.endswith(".tsv") and not file.endswith("histograms.tsv")]

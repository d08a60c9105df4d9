"""Stages of the workflow: which rule belongs to which, which files their targets name, and the captions of figures."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from scripts.study.study import Study


def stage_of(rule: Any) -> str:
    """Return the stage of a rule: its file, or the folder below rules/ that the file lies in."""
    file = Path(rule.snakefile)
    below = file.parent.name != "rules" and file.parent.parent.name == "rules"
    return file.parent.name if below else file.stem


def stages_of(rules: Iterable[Any], prefix: str) -> dict[str, str]:
    """Return the stage of every rule by its name.

    Within another workflow, which may put ``prefix`` before the names, a rule is listed with and without it.
    """
    return {name: stage_of(rule) for rule in rules for name in (rule.name, rule.name.removeprefix(prefix))}


def captions_of(workflow: Any) -> list[str]:
    """Return the captions of all figures of a workflow and that of its report, relative to the working directory."""
    from snakemake.io import get_flag_value, is_flagged

    outputs = [file for rule in workflow.rules for file in rule.output if is_flagged(file, "report")]
    captions = [get_flag_value(file, "report").caption for file in outputs] + [workflow.report_text]
    return sorted({os.path.relpath(caption.get_path_or_uri(secret_free=True)) for caption in captions})


def cluster_tables(study: Study) -> list[str]:
    """Return the tables that figures of clusters show: of all models, and of their timepoints in the config's order."""
    files = []
    for model in study.models:
        files += [f"{model}/{name}" for name in ("cells.tsv.gz", "clusters.tsv", "links.tsv")]
        for timepoint in study.timepoints_of(model):
            files += [f"{model}/{timepoint}.{table}.tsv" for table in ("stability", "markers")]
    return files


def expression_files(study: Study) -> list[str]:
    """Return the tables and figures of the stage expression, by what the study and its config have."""
    files = [
        "expression_design.tsv",
        "signature_scores.tsv",
        "signature_sizes.tsv",
        "state_structure.tsv",
        "treatment.tsv",
        "figures",
    ]
    files += ["signature_cells.parquet"] if study.libraries else []
    files += ["gene_sets.tsv"] if study.gene_set_files else []
    return files


def activity_files(study: Study) -> list[str]:
    """Return the tables and figures of the stage activity, by what the study and its config have."""
    files = ["reversibility.tsv", "figures"]
    files += ["tf_activity.tsv", "profile_activity.tsv", "network_comparison.tsv"] if study.network_files else []
    files += ["design.tsv", "permutations.tsv"] if study.has_activity else []
    return files


def switch_files(study: Study) -> list[str]:
    """Return the tables and figures of the stage switches; nothing where no activity is measured."""
    tables = ("switches", "overlaps", "evidence", "perturbation", "perturbation_shares", "families")
    return [*(f"{name}.tsv" for name in tables), "figures"] if study.has_activity else []


def export_files(study: Study) -> list[str]:
    """Return the files for other tools; without libraries there are no cells and no regulons."""
    of_cells = ["study.h5ad", "study.loom"] if study.groups else []
    of_models = [f"models/{model}.h5ad" for model in study.models]
    return [*of_cells, *of_models, "regulons.gmt", "signatures.gmt", "tables"]

"""Stages of the workflow: their list, which rule belongs to which, and the captions of figures."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

STAGES = (
    "design",
    "references",
    "reads",
    "counts",
    "cells",
    "clusters",
    "regulons",
    "profiles",
    "expression",
    "activity",
    "perturbations",
    "chromatin",
    "switches",
    "published",
    "growth",
    "markers",
    "confounders",
    "stroma",
)
"""From reads to claims, each before what reads its results. A stage named here has its own ``rules/<stage>.smk``
with a target of that name, ``scripts/<stage>/`` and, to be on the page, ``resources/words/<stage>.yaml``. The Snakefile
includes it, the findings and the report ask for it, the page has its section in this order, and a stage imports only
from those before it (``make lint``). The files that its target names and that the report reads are named by
``scripts/<stage>/results.py``.
"""
PROGRAMME = STAGES[STAGES.index("profiles") :]
"""The stages that compare patients: one target."""


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


def results_of_stages(rules: Any, wildcards: Any) -> list[str]:
    """Return what the target rules of all stages ask for, functions among their inputs called."""
    found: list[str] = []
    for stage in STAGES:
        for entry in getattr(rules, stage).input:
            asked = entry(wildcards) if callable(entry) else entry
            found += [asked] if isinstance(asked, str) else list(asked)
    return found

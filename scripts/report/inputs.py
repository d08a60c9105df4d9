"""Which results the report is made of: what each stage has for it, by what a study has."""

from __future__ import annotations

import importlib
import importlib.util

from scripts.study.stages import STAGES
from scripts.study.study import Study

NOT_GIVEN = "treatment_correlation.tsv"
"""For figures alone: a matrix whose columns are named after the study's models."""


def results_of(study: Study) -> list[str]:
    """Return the files that the report's sections read, relative to the results.

    They are those of each stage's ``scripts/<stage>/results.py``, in the order of the stages; a stage without that file
    has none.
    """
    files = []
    for stage in STAGES:
        name = f"scripts.{stage}.results"
        if importlib.util.find_spec(name) is not None:
            files += [f"{stage}/{file}" for file in importlib.import_module(name).of_report(study)]
    return files


def tables_of(study: Study) -> list[str]:
    """Return the tables (TSV) that are given away with a dictionary, relative to the results."""
    return [file for file in results_of(study) if file.endswith(".tsv") and not file.endswith(NOT_GIVEN)]

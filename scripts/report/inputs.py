"""Results that the report reads, by stage and by the data of a study."""

from __future__ import annotations

import importlib
import importlib.util
from types import ModuleType

from scripts.study.stages import STAGES
from scripts.study.study import Study

NOT_GIVEN = "treatment_correlation.tsv"
"""Only for figures: a matrix whose columns are named after the study's models."""


def stage_results() -> list[ModuleType]:
    """Return the modules ``scripts/<stage>/results.py``, in the order of the stages; a stage may have none."""
    names = [f"scripts.{stage}.results" for stage in STAGES]
    return [importlib.import_module(name) for name in names if importlib.util.find_spec(name) is not None]


def result_modules() -> list[str]:
    """Return the files of these modules relative to ``scripts/``: no import tells that the report's job runs them."""
    return [f"{results.__name__.split('.')[1]}/results.py" for results in stage_results()]


def results_of(study: Study) -> list[str]:
    """Return the files that the report's sections read, relative to the results, in the order of the stages."""
    files = []
    for results in stage_results():
        stage = results.__name__.split(".")[1]
        files += [f"{stage}/{file}" for file in results.of_report(study)]
    return files


def tables_of(study: Study) -> list[str]:
    """Return the tables (TSV) that are given away with a dictionary, relative to the results."""
    return [file for file in results_of(study) if file.endswith(".tsv") and not file.endswith(NOT_GIVEN)]

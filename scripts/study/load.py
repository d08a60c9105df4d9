"""Config and sheets made into a study, or refused with a line for each mistake."""

from __future__ import annotations

import pandas as pd

from scripts.base import job
from scripts.study.checks import problems_of_design
from scripts.study.config import complete, problems_of_config
from scripts.study.design import Design
from scripts.study.files import missing_files, remote_files
from scripts.study.frozen import with_frozen
from scripts.study.introns import problems_of_introns
from scripts.study.schema import read_schema
from scripts.study.sheet import SheetError, read_sheet
from scripts.study.stored import copy_stored
from scripts.study.study import Study

MOST = 5
"""Mistakes reported together."""


def refuse(problems: list[str]) -> None:
    """Raise :class:`job.UserError` with the first problems, a line each, if there are any."""
    if problems:
        rest = [f"{len(problems) - MOST} more mistakes; these are the first {MOST}"] if len(problems) > MOST else []
        raise job.UserError("\n".join([*problems[:MOST], *rest]))


def load_study(config: object, *, check_files: bool = True) -> Study:
    """Return the study that a config describes; ``study.config`` has the defaults.

    With ``check_files`` the files it names must exist, unless the config says otherwise. Raises
    :class:`job.UserError`, a line per mistake.
    """
    config = complete(with_frozen(config))
    refuse(problems_of_config(config))
    sheets, problems = {}, []
    for kind in ("samples", "units"):
        try:
            sheets[kind] = read_sheet(config[kind], kind) if config[kind] else empty_sheet(kind)
        except SheetError as error:
            problems += error.problems
    refuse(problems)
    config, sheets, stored, problems = copy_stored(config, sheets)
    refuse(problems)
    design = Design(config, **sheets)
    refuse(problems_of_design(design))
    rows, units = design.samples.set_index("sample"), design.units.reset_index(drop=True)
    role = rows.pop("role")
    aside = role.isin(["query", "perturbation"])
    study = Study(config, rows[~aside], units, rows[role == "query"], rows[role == "perturbation"], stored)
    if check_files:
        refuse(remote_files(study, design))
        refuse(list(problems_of_introns(study.all_samples, config["counts"], config["samples"])))
    if check_files and config["check_files"]:
        refuse(missing_files(study, design))
    return study


def empty_sheet(kind: str) -> pd.DataFrame:
    """Return a sheet without rows."""
    return pd.DataFrame(columns=list(read_schema(kind)["properties"]), dtype=str)

"""The page that preflight prints: inputs, planned jobs, limits of the design, and findings."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable

import pandas as pd

from scripts.preflight.inspect_study import Finding
from scripts.study.study import Study


def paragraph(title: str, lines: Iterable[str]) -> list[str]:
    """Return a part of the page."""
    return [title, *(f"  {line}" for line in lines), ""]


CHECKED = {
    "reads": "lane",
    "matrices": "matrix or table of counts",
    "genomes": "genome file",
    "composition": "composition of the samples",
    "databases": "check of the databases",
    "gene lists": "gene list",
    "thresholds": "threshold",
    "disk": "disk",
    "jobs": "plan of the jobs",
}
"""What one finding of each check is about."""
MANY = {
    "matrices": "matrices or tables of counts",
    "composition": "compositions of the samples",
    "databases": "checks of the databases",
    "jobs": "plans of the jobs",
}
"""Plurals that are more than an s."""


def numbered(check: str, number: int) -> str:
    """Return the number of findings of a check, with their subject: 18 lanes."""
    one = CHECKED.get(check, check)
    return f"{number} {one if number == 1 else MANY.get(check, f'{one}s')}"


def contents_of(study: Study) -> str:
    """Return the contents of the study: libraries, models, profiles and biopsies, if present."""
    origins = []
    if len(study.sequenced):
        lanes = len(study.units)
        origins.append(f"{len(study.sequenced)} from reads, {lanes} lane{'' if lanes == 1 else 's'}")
    if len(study.imported):
        origins.append(f"{len(study.imported)} from count matrices")
    models = f"{len(study.models)} model{'' if len(study.models) == 1 else 's'}"
    pooled = f", {len(study.pools)} of them pools of {len(study.pool_of)} samples" if study.pools else ""
    libraries = f"{len(study.counted)} libraries{pooled} ({'; '.join(origins)}) of {models}"
    parts = [libraries] if len(study.counted) else []
    if len(study.profiles):
        parts.append(f"{len(study.profiles)} profiles")
    if len(study.queries):
        parts.append(f"{len(study.queries)} biopsies to be scored")
    return "; ".join(parts)


def page(
    study: Study,
    findings: list[Finding],
    design: pd.DataFrame,
    jobs: dict[str, int],
    free: str,
    results: str,
    need: Iterable[str] = (),
) -> str:
    """Return the page that is printed: inputs, planned jobs, limits of the design, and findings.

    ``jobs``: by stage; ``free``: free space on the disk; ``need``: lines about time and memory.
    """
    what = [contents_of(study)]
    disk = next(finding for finding in findings if finding.check == "disk")
    what += [f"disk: {disk.message}{'; ' if free else ''}{free}", *need]
    answers = [
        f"{row.contrast}, {row.arm}: {row.n_models} model{'' if row.n_models == 1 else 's'} ({row.n_single_cell} with "
        f"single cells), {row.n_baseline} + {row.n_treated} samples" + (f". {row.note}" if row.note else "")
        for row in design.itertuples()
    ]
    total = sum(jobs.values())
    run = [f"{count:6} {stage}" for stage, count in jobs.items()]
    if not run:
        unplanned = any(finding.check == "jobs" for finding in findings)
        run = ["the requested targets (see below)" if unplanned else "nothing: all results exist"]
    remarks = [f"{f.verdict}: {f.check}, {f.subject}: {f.message}" for f in findings if f.verdict != "ok"]
    number = Counter(finding.check for finding in findings)
    checked = ", ".join(numbered(check, count) for check, count in number.items())
    lines = [
        *paragraph(f"Preflight of {results}", what),
        *paragraph(f"What will run: {total} jobs" if total else "What will run", run),
        *paragraph("What the design can answer, if every sample turns out well", answers),
        *paragraph(f"Checked: {checked}", remarks or ["no fault found"]),
    ]
    return os.linesep.join(lines)

"""The page that preflight prints: what is there, what will run, what can't be answered, what to look at."""

from __future__ import annotations

import os
from collections.abc import Iterable

import pandas as pd

from scripts.preflight.inspect_study import Finding
from scripts.study.study import Study


def paragraph(title: str, lines: Iterable[str]) -> list[str]:
    """Return a part of the page."""
    return [title, *(f"  {line}" for line in lines), ""]


def page(
    study: Study, findings: list[Finding], design: pd.DataFrame, jobs: dict[str, int], free: str, results: str
) -> str:
    """Return the page that is printed: what is there, what will run, what can't be answered, what to look at."""
    lanes = f"{len(study.units)} lanes" if len(study.units) else "no reads"
    pooled = f", {len(study.pools)} of them pools of {len(study.pool_of)} samples" if study.pools else ""
    what = [
        f"{len(study.counted)} libraries{pooled} ({len(study.sequenced)} from reads, {lanes}; {len(study.imported)} "
        f"matrices) of {len(study.models)} models; {len(study.profiles)} profiles"
        + (f"; {len(study.queries)} biopsies to be scored" if len(study.queries) else "")
    ]
    disk = next(finding for finding in findings if finding.check == "disk")
    what.append(f"disk: {disk.message}{'; ' if free else ''}{free}")
    answers = [
        f"{row.contrast}, {row.arm}: {row.n_models} model{'' if row.n_models == 1 else 's'} ({row.n_single_cell} with "
        f"single cells), {row.n_baseline} + {row.n_treated} samples" + (f". {row.note}" if row.note else "")
        for row in design.itertuples()
    ]
    total = sum(jobs.values())
    run = [f"{count:6} {stage}" for stage, count in jobs.items()]
    if not run:
        unplanned = any(finding.check == "jobs" for finding in findings)
        run = ["what was asked for (see below)" if unplanned else "nothing: all results are there"]
    remarks = [f"{f.verdict}: {f.check}, {f.subject}: {f.message}" for f in findings if f.verdict != "ok"]
    fine = sum(finding.verdict == "ok" for finding in findings)
    lines = [
        *paragraph(f"Preflight of {results}", what),
        *paragraph(f"What will run: {total} jobs" if total else "What will run", run),
        *paragraph("What the design can answer, if every sample turns out well", answers),
        *paragraph(f"Looked at: {len(findings)} things, {fine} as they should be", remarks or ["nothing to remark"]),
    ]
    return os.linesep.join(lines)

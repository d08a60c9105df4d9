"""Messages at the end of a run: its results, or the failed jobs with their logs, on one screen."""

from __future__ import annotations

import contextlib
import csv
import logging
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

WORDS = re.compile(r"^\S+ \S+ (?:ERROR|CRITICAL) (.*)", re.MULTILINE)
MOST = 12
"""Most failures that are listed."""
WIDTH = 160
FEW = 6
"""Targets up to which all are listed, whether or not they have a folder of their name."""
NOT_RESULTS = ("all", "preflight", "findings", "programme")
"""Targets that make nothing of their own."""


@dataclass(frozen=True)
class Failure:
    """A failed job: its rule and its log ("" if it has none)."""

    rule: str
    log: str


class Listener(logging.Handler):
    """Collects the failed jobs of Snakemake's log, each once even if it is tried again."""

    def __init__(self):
        """Start without failures."""
        super().__init__()
        self.failures: dict[Failure, None] = {}

    def emit(self, record: logging.LogRecord) -> None:
        """Record a failed job (event ``job_error`` of Snakemake's logger plugin interface)."""
        if getattr(getattr(record, "event", None), "value", None) == "job_error":
            logs = [str(path) for path in getattr(record, "log", [])]
            self.failures[Failure(str(getattr(record, "rule_name", "a job")), logs[0] if logs else "")] = None


def listen(logger: logging.Logger) -> Listener:
    """Return a listener to Snakemake's logger; a second call returns the first one's."""
    for handler in logger.handlers:
        if isinstance(handler, Listener):
            return handler
    listener = Listener()
    logger.addHandler(listener)
    return listener


def last_words(log: Path) -> str:
    """Return the last error in a job's log, else its last line; nothing if it can't be read."""
    try:
        text = log.read_text(errors="replace")
    except OSError:
        return ""
    errors = WORDS.findall(text)
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    # The last line of a traceback names the error.
    said = errors[-1] if errors and not errors[-1].startswith("Traceback") else (lines[-1] if lines else "")
    return said if len(said) <= WIDTH else f"{said[: WIDTH - 1]}…"


def failed(failures: list[Failure]) -> str:
    """Return the message after a failed run."""
    if not failures:
        return "The run stopped before its end; the message of Snakemake above gives the reason."
    number = len(failures)
    lines = [f"{number} job{'s' if number > 1 else ''} failed:"]
    for one in failures[:MOST]:
        lines.append(f"  {one.rule}: {one.log or 'no log'}")
        said = last_words(Path(one.log)) if one.log else ""
        if said:
            lines.append(f"      {said}")
    if number > MOST:
        lines.append(f"  and {number - MOST} more")
    lines.append("Correct the cause and run the same command again: finished results are kept.")
    return "\n".join(lines)


def described(workflow: Any) -> dict[str, str]:
    """Return the targets that a run was asked for by name, or without names all of them, with what each holds.

    ``workflow``: Snakemake's; the sentence is the rule's docstring.
    """
    sentences = {rule.name: rule.docstring.strip() for rule in workflow.rules if rule.docstring}
    asked = {str(target) for target in workflow.dag_settings.targets} - {"all"}
    return {name: text for name, text in sentences.items() if (name in asked if asked else name not in NOT_RESULTS)}


def finished(results: Path, targets: Mapping[str, str] | None = None) -> str:
    """Return where to look after a run: the results of its targets, and what else of the main results is there.

    ``targets``: name → what it holds (:func:`described`); of a run of all, those that have a folder are listed.
    """
    places = {
        "report, opens in any browser without a network": results / "report" / "report.html",
        "switches, best first": results / "switches" / "switches.tsv",
        "tables with their dictionary, and files for cellxgene, scanpy and SCope": results / "exports",
        "biopsies scored, a page each": results / "biopsy",
        "quality of the reads": results / "reads" / "multiqc.html",
        "logs": results / "logs",
    }
    targets = targets or {}
    made = {name: text for name, text in targets.items() if len(targets) < FEW or (results / name).is_dir()}
    lines = [f"  {name}: {text}" for name, text in made.items()]
    head = [f"Results of this run, under {results}:", *lines] if lines else []
    found = [f"  {path}  ({what})" for what, path in places.items() if path.exists()]
    first = ["Where to look first:", *found] if found else []
    return "\n".join(["Done.", *head, *first, *losses(results / "cells" / "attrition.tsv")])


def losses(table: Path) -> list[str]:
    """Return what the attrition of cells warns of, a line each; nothing without the table or without a warning."""
    if not table.exists():
        return []
    rows = []  # a finished run doesn't fail because of a damaged table
    with open(table, newline="") as handle, contextlib.suppress(csv.Error, UnicodeDecodeError):
        rows = [row for row in csv.DictReader(handle, delimiter="\t") if row.get("warning")]
    told = [f"  {row['sample']}, {row['step']}: {row['warning']}" for row in rows[:MOST]]
    if len(rows) > MOST:
        told.append(f"  and {len(rows) - MOST} more")
    return [f"Filters removed many cells ({table}):", *told] if rows else []

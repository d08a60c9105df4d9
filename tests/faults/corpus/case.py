"""A malformed input, how it meets the workflow, and what must be said about it.

A case is run where its input enters: the study's loader for sheets and config, the script of a rule for files,
Snakemake itself for a handful. Inputs are made by code in a folder of the case's own.
"""

from __future__ import annotations

import contextlib
import logging
import os
import re
import sys
import tempfile
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType

from snakemake.iocontainers import InputFiles, Log, Namedlist, OutputFiles, Params, ResourceList, Snakemake, Wildcards

from scripts.base import job
from scripts.study.load import load_study

REMEDY = re.compile(r"[;:?]")
"""A message says what is wrong and, after one of these, what to do or what to look at."""


@dataclass
class Outcome:
    """What a run said on the terminal (``lines``), its exit code, its log, and what it left of its outputs."""

    code: int
    lines: list[str]
    log: str = ""
    left: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Case:
    """``run(folder)`` makes the input and meets the workflow with it; ``words`` is what the one line must match.

    ``warned``: nothing is refused, since a study may hold such a sample; the line is a warning in the log.
    """

    entry: str
    name: str
    words: str
    run: Callable[[Path], Outcome]
    warned: bool = False

    @property
    def title(self) -> str:
        """Return entry and name."""
        return f"{self.entry}: {self.name}"


@dataclass(frozen=True)
class Verdict:
    """What came of a case: the line that was said, whether it is the expected one, and whether a traceback showed."""

    case: Case
    message: str
    clear: bool
    traceback: bool
    why: str = ""


def judge(case: Case, folder: Path) -> Verdict:
    """Run a case in ``folder`` and say what came of it."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of making what is malformed
            outcome = case.run(folder)
    except Exception as error:  # the harness goes on; the case has failed
        return Verdict(case, f"{type(error).__name__}: {error}", False, True, "the exception left the script")
    text = "\n".join([*outcome.lines, outcome.log])
    traceback = "Traceback (most recent call last)" in text or "internal error" in text
    if case.warned:
        said = re.findall(r"WARNING (.*)", outcome.log)
        said = [line for line in said if re.search(case.words, line)] or said
        wrong = [(outcome.code != 0, f"exit code {outcome.code}"), (outcome.lines != [], "something on the terminal")]
    else:
        said = outcome.lines
        wrong = [(outcome.code == 0, "exit code 0"), (outcome.left != [], f"left behind: {', '.join(outcome.left)}")]
    message = said[0] if said else ""
    wrong += [
        (traceback, "a traceback"),
        (len(said) != 1, f"{len(said)} lines"),
        (not re.search(case.words, message), f"other words than /{case.words}/"),
        (not message.isprintable(), "characters that don't print"),
        (not case.warned and not REMEDY.search(message.split(": ", 1)[-1]), "no remedy"),
    ]
    return Verdict(case, message, not any(bad for bad, _ in wrong), traceback, "; ".join(w for bad, w in wrong if bad))


def named(kind: type[Namedlist], entries: dict) -> Namedlist:
    """Return entries as Snakemake hands them to a script; ``_`` holds unnamed ones, a list several under one name."""
    result = kind()
    for name, value in entries.items():
        start = len(result)
        many = isinstance(value, list) and issubclass(kind, (InputFiles, OutputFiles))
        result.extend(map(text_of, value)) if many else result.append(text_of(value))
        if name != "_":
            result._set_name(name, start, end=len(result) if many else None)
    return result


def text_of(value: object) -> object:
    """Return a path as text, anything else as it is."""
    return str(value) if isinstance(value, Path) else value


def script(
    module: ModuleType,
    folder: Path,
    *,
    input: dict | None = None,
    output: dict | list | None = None,
    params: dict | None = None,
    wildcards: dict | None = None,
) -> Outcome:
    """Run a rule's script as Snakemake does, but in this process. ``output``: names of files below ``folder``/out."""
    out = folder / "out"
    out.mkdir(exist_ok=True)
    output = {"_": output} if isinstance(output, list) else output or {}
    paths = {k: [out / f for f in v] if isinstance(v, list) else out / v for k, v in output.items()}
    name = module.__name__.rsplit(".", 1)[-1]
    log = folder / f"{name}.log"
    asked = Snakemake(
        named(InputFiles, input or {}),
        named(OutputFiles, paths),
        named(Params, params or {}),
        named(Wildcards, wildcards or {}),
        1,
        named(ResourceList, {"tmpdir": str(folder), "mem_mb": 2000}),
        named(Log, {"_": log}),
        {},
        name,
        None,
    )
    with as_it_was(), terminal() as said:
        try:
            job.run(module.main, asked)
            code = 0
        except SystemExit as end:
            code = int(end.code or 0)
    # Where the folder lies is no part of what is said.
    lines = [line.replace(f"{folder}/", "") for line in said]
    return Outcome(code, lines, log.read_text(), sorted(str(p.relative_to(out)) for p in out.rglob("*") if p.is_file()))


@contextlib.contextmanager
def terminal():
    """Give a list that holds, afterwards, every line written to the terminal, by C libraries too."""
    said: list[str] = []
    sys.stdout.flush()
    sys.stderr.flush()
    before = os.dup(1), os.dup(2)
    with tempfile.TemporaryFile("w+", buffering=1) as file:
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
        try:
            with contextlib.redirect_stdout(file), contextlib.redirect_stderr(file):
                yield said
        finally:
            file.flush()
            for number, kept in enumerate(before, start=1):
                os.dup2(kept, number)
                os.close(kept)
            file.seek(0)
            said += file.read().splitlines()


@contextlib.contextmanager
def as_it_was():
    """Put logging and warnings back to what they were: a job sets them for a process of its own."""
    root, package = logging.getLogger(), logging.getLogger("anndata")
    before = root.handlers[:], root.level, package.handlers[:], package.propagate
    with warnings.catch_warnings():
        try:
            yield
        finally:
            for handler in set(root.handlers) - set(before[0]):
                handler.close()
            root.handlers[:], package.handlers[:] = before[0], before[2]
            root.setLevel(before[1])
            package.propagate = before[3]
            logging.captureWarnings(False)


def loaded(config: object, folder: Path) -> Outcome:
    """Load a study in this process; what it is refused with is said as rules/common.smk says it."""
    try:
        load_study(config)
    except job.UserError as error:
        return Outcome(1, [f"error: {line}".replace(f"{folder}/", "") for line in str(error).splitlines()])
    return Outcome(0, [])


def cached(make: Callable) -> Callable:
    """Return ``make`` with one result a process."""
    made: list = []

    def get():
        if not made:
            made.append(make())
        return made[0]

    return get

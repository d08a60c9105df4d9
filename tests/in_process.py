"""Snakemake's command line, called in this process: what a new one needs to start (2 s, and 1 to 4 s for each job that
runs a script) is paid once for many calls.

The call is Snakemake's own, from its arguments to its exit code, and so are logs, benchmarks and what it keeps of jobs.
Scripts run from the file that Snakemake wrote for them, with the object that it hands over, one at a time; the modules
that they import are this checkout's, unless :func:`modules_of` says otherwise. Whole runs
(tests/conftest.py), tests of what goes wrong, and one test of each kind elsewhere start processes, as a user does: they
hold what this can't show.
"""

from __future__ import annotations

import contextlib
import io
import logging
import os
import runpy
import signal
import subprocess
import sys
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from unittest import mock

from snakemake import cli
from snakemake.benchmark import benchmarked
from snakemake.executors import touch
from snakemake.script import PythonScript

from scripts.base import closure


@dataclass(frozen=True)
class Said:
    """What a call wrote to the terminal, and its exit code."""

    code: int
    text: str


def snakemake(folder: Path, *arguments: str) -> Said:
    """Call ``snakemake`` with these arguments in ``folder``, without a profile of the user's.

    Give ``--cores 1`` where jobs run: scripts share this process's logging and hooks.
    """
    terminal = io.StringIO()
    with restored(folder), contextlib.redirect_stdout(terminal), contextlib.redirect_stderr(terminal):
        try:
            cli.main(list(arguments))
        except SystemExit as end:
            if isinstance(end.code, str):  # what Python would print
                print(end.code)
            code = end.code if isinstance(end.code, int) else int(end.code is not None)
    return Said(code, terminal.getvalue())


@contextlib.contextmanager
def restored(folder: Path) -> Iterator[None]:
    """Work in ``folder``; put back what Snakemake, our Snakefile and scripts change in a process of their own."""
    here, path, environment = Path.cwd(), sys.path[:], dict(os.environ)
    umask, handler = os.umask(0), signal.getsignal(signal.SIGTERM)
    logger = logging.getLogger("snakemake.logging")
    os.umask(umask)
    os.chdir(folder)
    os.environ.pop("SNAKEMAKE_PROFILE", None)
    logger.propagate = False  # pytest would keep every line once more
    try:
        with (
            warnings.catch_warnings(action="ignore", category=DeprecationWarning),  # of what Snakemake uses
            mock.patch.object(PythonScript, "execute_script", execute),
            mock.patch.object(touch.Executor, "SLEEPING_TIME", 0),  # a tenth of a second for each job
        ):
            yield
    finally:
        logger.propagate = True
        os.chdir(here)
        os.environ.clear()
        os.environ.update(environment)
        os.umask(umask)
        signal.signal(signal.SIGTERM, handler)
        sys.path[:] = path


@contextlib.contextmanager
def modules_of(folder: Path) -> Iterator[None]:
    """Import ``scripts`` again, from a copy of the project in ``folder``, where modules ask what lies next to them.

    ``closure`` asks for nothing there, and keeps what it read of each text: it stays, if the copy didn't change it.
    """

    def forget() -> dict:
        return {name: sys.modules.pop(name) for name in list(sys.modules) if name.split(".")[0] == "scripts"}

    place = Path("scripts") / "base" / "closure.py"
    is_same = (folder / place).read_bytes() == (Path(__file__).parents[1] / place).read_bytes()

    kept, path = forget(), sys.path[:]
    if is_same:
        sys.modules[closure.__name__] = closure
    sys.path.insert(0, str(folder))
    try:
        yield
    finally:
        forget()
        sys.modules.update(kept)
        sys.path[:] = path


def execute(script: PythonScript, path: str, edit: bool = False) -> None:
    """Run a job's script here; one that ends with a code other than 0 fails as a process would."""
    searched = sys.path[:]
    with hooks(), benchmarked(benchmark_record=script.bench_record):
        try:
            runpy.run_path(path, run_name="__main__")
        except SystemExit as end:
            if end.code:
                raise subprocess.CalledProcessError(int(end.code), path) from end
        finally:
            sys.path[:] = searched  # scripts extend it by what it holds: after forty jobs it would fill the memory


@contextlib.contextmanager
def hooks() -> Iterator[None]:
    """Put logging, warnings and Python's hooks back to what they were: a job sets them for a process of its own."""
    root, package = logging.getLogger(), logging.getLogger("anndata")
    handlers, level, package_level = root.handlers[:], root.level, package.level
    kept = sys.excepthook, sys.unraisablehook, logging.raiseExceptions
    with warnings.catch_warnings():
        try:
            yield
        finally:
            for handler in set(root.handlers) - set(handlers):
                handler.close()
            root.handlers[:] = handlers
            root.setLevel(level)
            package.setLevel(package_level)
            logging.captureWarnings(False)
            sys.excepthook, sys.unraisablehook, logging.raiseExceptions = kept

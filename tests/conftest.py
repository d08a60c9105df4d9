"""Whole runs that many tests read, each done once: the demo, and the reduced demo; a stand-in for the object that
Snakemake hands to a script.

`make test` leaves out what is marked ``full``; `make test-all` runs that and nothing else.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

# Modules are compiled once, those of tests too, and not by each process that a test starts.
sys.dont_write_bytecode = False
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

# Before numpy is loaded: as in a job of one thread. Several processes test at once, and matrices are small.
for _variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(_variable, "1")

import pytest
from checkout import RESULTS, WHOLE, copy_checkout, drop_if_outdated, hash_sources, run
from simulators.activity import simulate  # noqa: F401
from simulators.profiles import simulated  # noqa: F401
from xdist.scheduler import LoadScopeScheduling

ROOT = Path(__file__).parents[1]
CONFIG = "config/demo/config.yaml"


TOGETHER = {
    "finished": (
        "tests/demo/",
        "tests/report/test_browser.py",
        "tests/base/test_columns.py",
        "tests/base/test_mock.py",
    ),
    "report": ("tests/report/test_manifest.py", "tests/report/test_report_rules.py"),
    "biopsy": ("tests/biopsy/",),
}  # fmt: skip
"""Files whose tests one process runs, since they share what takes long to make: the demo, whole or reduced, a small
workflow, a frozen reference.
"""
FIRST = (
    "tests/demo/",
    "tests/slurm/",
    "tests/faults/test_faults.py",
    "tests/real/test_pc9.py",
    "tests/real/test_real_reads.py",
    "tests/real/",
    "tests/calibration/",
    "tests/dag/",
    "tests/report/",
    "tests/switches/",
    "tests/biopsy/",
    "tests/scenic/",
    "tests/cells/",
)
"""What takes longest, or waits for whole runs: started last, it would leave one core without work at the end."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the longest files first; the order within a file stays."""

    def place(item: pytest.Item) -> int:
        return next((number for number, start in enumerate(FIRST) if item.nodeid.startswith(start)), len(FIRST))

    items.sort(key=place)


class Together(LoadScopeScheduling):
    """Gives each process whole files, as ``--dist loadfile`` does, and files that share something to the same one."""

    def _split_scope(self, nodeid: str) -> str:
        """Return the name of a test's group."""
        return next((name for name, starts in TOGETHER.items() if nodeid.startswith(starts)), nodeid.split("::")[0])


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log) -> Together:
    """Return what deals tests out to the processes."""
    return Together(config, log)


@contextlib.contextmanager
def one_at_a_time(lock: Path) -> Iterator[None]:
    """Keep other processes out, for runs that several of them need and one makes."""
    lock.parent.mkdir(exist_ok=True)
    with open(lock, "w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def run_whole(root: Path, cores: int, *arguments: str) -> subprocess.CompletedProcess:
    """Run the demo of the checkout at ``root``; its output is kept for the message of a failure."""
    command = [sys.executable, "-m", "snakemake", "--cores", str(cores), "--configfile", CONFIG, *arguments]
    return subprocess.run(command, cwd=root, capture_output=True, text=True)


@pytest.fixture(scope="session")
def demo() -> Path:
    """Return the results of a finished demo run, frozen for biopsies too: what `make demo` runs, in the checkout.

    It takes minutes: a test that asks for it is marked ``full``.
    """
    results = ROOT / "results" / "demo"
    with one_at_a_time(ROOT / "results" / "demo.lock"):
        drop_if_outdated(results)
        ran = run_whole(ROOT, 2, "--rerun-incomplete", "all", "freeze")
    assert ran.returncode == 0, (ran.stdout + ran.stderr)[-8000:]
    return results


@pytest.fixture(scope="session")
def reduced() -> Path:
    """Return a checkout in which the reduced demo ran from nothing, undisturbed, on two cores.

    It lies below results/ and serves until a source changes, so that `make test-all` compares with the run of
    `make test`. Nothing is to be written into it.
    """
    checkout, done = ROOT / "results" / "reduced", ROOT / "results" / "reduced.json"
    sources = hash_sources(ROOT)
    with one_at_a_time(ROOT / "results" / "reduced.lock"):
        if not done.exists() or json.loads(done.read_text()) != sources:
            done.unlink(missing_ok=True)
            shutil.rmtree(checkout, ignore_errors=True)
            ran = run(copy_checkout(checkout), "--cores", "2")
            assert ran.returncode == 0, (ran.stdout + ran.stderr)[-8000:]
            done.write_text(json.dumps(sources))
    return checkout


@pytest.fixture(scope="session", params=["reduced", WHOLE])
def results(request) -> Path:
    """Return the results of the reduced demo and, in `make test-all`, of the whole one."""
    if request.param == "reduced":
        return request.getfixturevalue("reduced") / RESULTS
    return request.getfixturevalue("demo")


class Files(list):
    """A list with names, as Snakemake's inputs and outputs are."""

    def __init__(self, **files):
        """Keep the files in order, and each under its name; ``_`` holds unnamed ones."""
        self._names = files
        for name, value in files.items():
            self.extend(value if isinstance(value, list) else [value])
            if name != "_":
                setattr(self, name, value)

    def __getitem__(self, key):
        """Return by position or by name."""
        return self._names[key] if isinstance(key, str) else super().__getitem__(key)

    def keys(self):
        """Return the names."""
        return self._names.keys()

    def get(self, key, default=None):
        """Return by name."""
        return self._names.get(key, default)


class Params(dict):
    """Params by name, as attribute and by ``get``."""

    __getattr__ = dict.__getitem__


@pytest.fixture
def make_job(tmp_path):
    """Return a function that makes a job of inputs, outputs, params and wildcards."""

    def make(*, input=None, output=None, params=None, wildcards=None, threads=1, mem_mb=2000):
        def text(files):
            return {k: [str(f) for f in v] if isinstance(v, list) else str(v) for k, v in (files or {}).items()}

        return SimpleNamespace(
            input=Files(**text(input)),
            output=Files(**text(output)),
            params=Params(params or {}),
            wildcards=SimpleNamespace(**(wildcards or {})),
            threads=threads,
            resources={"tmpdir": str(tmp_path), "mem_mb": mem_mb},
            log=[],
            rule="test",
        )

    return make

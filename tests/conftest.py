"""The demo, run once for all tests (what `make demo` runs, in the checkout itself: nothing runs twice); a run of the
reduced demo to compare others with; a stand-in for the object that Snakemake hands to a script.
"""

from __future__ import annotations

import contextlib
import fcntl
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from checkout import copy_checkout, drop_if_outdated, run
from simulators.activity import simulate  # noqa: F401
from simulators.profiles import simulated  # noqa: F401

ROOT = Path(__file__).parents[1]
CONFIG = "config/demo/config.yaml"


FIRST = ("tests/demo/test_demo_clusters.py", "tests/faults/test_faults.py", "tests/slurm/", "tests/real/",
         "tests/demo/", "tests/report/test_browser.py")  # fmt: skip
"""What waits for whole runs, longest first: started last, it would keep one core busy while the other has nothing."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the longest files first; the order within a file stays."""

    def place(item: pytest.Item) -> int:
        return next((number for number, start in enumerate(FIRST) if item.nodeid.startswith(start)), len(FIRST))

    items.sort(key=place)


@contextlib.contextmanager
def one_at_a_time(lock: Path) -> Iterator[None]:
    """Keep other processes of the same test run out, for runs that several of them need and one makes."""
    with open(lock, "w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


@pytest.fixture(scope="session")
def common(tmp_path_factory, worker_id) -> Path:
    """Return a temporary folder that all processes of this test run have in common."""
    own = tmp_path_factory.getbasetemp()
    return own if worker_id == "master" else own.parent


def run_whole(root: Path, cores: int, *arguments: str) -> subprocess.CompletedProcess:
    """Run the demo of the checkout at ``root``; its output is kept for the message of a failure."""
    command = [sys.executable, "-m", "snakemake", "--cores", str(cores), "--configfile", CONFIG, *arguments]
    return subprocess.run(command, cwd=root, capture_output=True, text=True)


@pytest.fixture(scope="session")
def run_demo():
    """Return the function that runs the demo of a checkout."""
    return run_whole


@pytest.fixture(scope="session")
def demo(common) -> Path:
    """Return the results of a finished demo run, frozen for biopsies too."""
    results = ROOT / "results" / "demo"
    with one_at_a_time(common / "demo.lock"):
        drop_if_outdated(results)
        ran = run_whole(ROOT, 2, "--rerun-incomplete", "all", "freeze")
    assert ran.returncode == 0, (ran.stdout + ran.stderr)[-8000:]
    return results


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


@pytest.fixture(scope="session")
def reduced(common) -> Path:
    """Return a checkout in which the reduced demo ran from nothing, undisturbed, on two cores."""
    checkout, done = common / "reduced", common / "reduced.done"
    with one_at_a_time(common / "reduced.lock"):
        if not done.exists():
            shutil.rmtree(checkout, ignore_errors=True)
            ran = run(copy_checkout(checkout), "--cores", "2")
            assert ran.returncode == 0, (ran.stdout + ran.stderr)[-8000:]
            done.touch()
    return checkout

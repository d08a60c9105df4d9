"""The demo, run once for all tests (what `make demo` runs, in the checkout itself: nothing runs twice); a run of the
reduced demo to compare others with; a stand-in for the object that Snakemake hands to a script.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from checkout import copy_checkout, run

ROOT = Path(__file__).parents[1]
CONFIG = "config/demo/config.yaml"


def run_whole(root: Path, cores: int, *arguments: str) -> subprocess.CompletedProcess:
    """Run the demo of the checkout at ``root``; its output is kept for the message of a failure."""
    command = [sys.executable, "-m", "snakemake", "--cores", str(cores), "--configfile", CONFIG, *arguments]
    return subprocess.run(command, cwd=root, capture_output=True, text=True)


@pytest.fixture(scope="session")
def run_demo():
    """Return the function that runs the demo of a checkout."""
    return run_whole


@pytest.fixture(scope="session")
def demo() -> Path:
    """Return the results of a finished demo run, frozen for biopsies too."""
    ran = run_whole(ROOT, 2, "--rerun-incomplete", "all", "freeze")
    assert ran.returncode == 0, (ran.stdout + ran.stderr)[-8000:]
    return ROOT / "results" / "demo"


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
def reduced(tmp_path_factory):
    """Return a checkout in which the reduced demo ran from nothing, undisturbed, on two cores."""
    checkout = copy_checkout(tmp_path_factory.mktemp("reduced") / "checkout")
    ran = run(checkout, "--cores", "2")
    assert ran.returncode == 0, (ran.stdout + ran.stderr)[-8000:]
    return checkout

"""What a job may use: memory and time by its input and attempt, as declared or as measured, and the tools that came
with our Python.
"""

from __future__ import annotations

import math
import os
import stat
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

MEASURED = Path(__file__).parents[2] / "resources" / "measured.tsv"
"""What rules needed, a row per rule; made by ``make resources`` from the benchmarks of runs."""
BEYOND = 2.0
"""Up to this multiple of the largest input measured, what was measured decides alone; beyond, what is declared does if
it is more.
"""


@dataclass(frozen=True)
class Fit:
    """What a rule needed, margin included: ``base`` + ``per_gb`` × GB of input, measured up to ``largest_gb``."""

    base: float
    per_gb: float
    largest_gb: float

    def __call__(self, size_gb: float) -> float:
        """Return the need for an input of a size (GB)."""
        return self.base + self.per_gb * size_gb


def gigabytes(files: Any) -> float:
    """Return the size of a job's input (GB); raises :class:`FileNotFoundError` where a file isn't there yet.

    As Snakemake's ``input.size_gb``, which starts an event loop for every question: of a dry run of a thousand
    libraries that alone takes a fifth. Files in a storage are left to it.
    """
    if any(getattr(file, "is_storage", False) for file in files):
        return files.size_gb
    return sum(map(bytes_of, files)) / 1024**3


def bytes_of(path: str | os.PathLike) -> int:
    """Return the size of a file, or of all files in a folder, such as a 10x matrix."""
    status = os.stat(path)
    if not stat.S_ISDIR(status.st_mode):
        return status.st_size
    return sum(file.stat().st_size for file in Path(path).rglob("*") if file.is_file())


def scaled_memory(base: int, per_input_gb: int) -> Callable[..., int]:
    """Return a resource function: ``base`` MB and ``per_input_gb`` MB for each GB of input, times the attempt."""

    def get_memory(wildcards, input, attempt):
        return int((base + per_input_gb * gigabytes(input)) * attempt)

    return get_memory


def scaled_threads(most: int, mb_per_thread: float) -> Callable[..., int]:
    """Return a function for the directive ``threads``: one thread per ``mb_per_thread`` MB of input, at most ``most``.

    Jobs with little input spend most of their time on starting, which one thread does as fast as many.

    Parameters
    ----------
    most
        Threads for large input, and as long as the input isn't there.
    mb_per_thread
        Input (MB) for which one more thread pays.
    """

    def get_threads(wildcards, input):
        try:
            size = 1024 * gigabytes(input)
        except FileNotFoundError:
            return most
        return max(1, min(most, math.ceil(size / mb_per_thread)))

    return get_threads


def forbid_others_to_write() -> None:
    """Let nobody but the user and the user's group write what a run makes, whatever the umask was."""
    os.umask(os.umask(0o077) | 0o002)


@dataclass(frozen=True)
class Demand:
    """A resource function: what was measured where that reaches, else what the rule declares, times the attempt.

    ``declared``: Snakemake's resource, a number or a function, in its own unit (MB or minutes).
    """

    declared: Any
    fit: Fit | None

    def __call__(
        self, wildcards: Any, input: Any, attempt: int, threads: Any = 1, rulename: str = "", async_run: Any = None
    ) -> int | str:
        """Return what an attempt asks for. What a profile declares for all rules may ask for any of the arguments."""
        size = gigabytes(input) if self.fit else 0
        need = self.fit(size) if self.fit else 0.0
        if not self.fit or size > BEYOND * self.fit.largest_gb:
            asked = {"threads": threads, "rulename": rulename, "async_run": async_run}
            declared = self.declared.evaluate(wildcards, input=input, attempt=1, **asked).value
            if isinstance(declared, str):
                return declared  # an input isn't there yet: Snakemake asks again when it is
            need = max(need, declared)
        return math.ceil(need) * attempt


@cache
def read_measured(path: Path = MEASURED) -> dict[str, dict[str, Fit]]:
    """Return by rule and resource (``mem_mb``, ``runtime``) what was measured; nothing if there is no table."""
    if not path.exists():
        return {}
    lines = [line.split("\t") for line in path.read_text().splitlines() if line and not line.startswith("#")]
    header, rows = lines[0], lines[1:]
    table: dict[str, dict[str, Fit]] = {}
    for row in (dict(zip(header, cells, strict=True)) for cells in rows):
        table[row["rule"]] = {
            resource: Fit(float(row[f"{resource}_base"]), float(row[f"{resource}_per_gb"]), float(row["largest_gb"]))
            for resource in ("mem_mb", "runtime")
        }
    return table


def follow(
    rules: Iterable[Any],
    given: Mapping[str, Any],
    measured: Mapping[str, Mapping[str, Fit]],
    rename: Callable[[str], str] = str,
) -> None:
    """Let memory and time of rules follow what was measured, and time grow with the attempt, as memory does.

    ``rules``: those of this workflow, whatever others a workflow that imports it has. ``given``: what a profile or the
    command line says of single rules, which stays as it is. ``rename``: from a rule's name here to the one it goes by.
    Done once, when all rules are known, so that none has to repeat its name.
    """
    from snakemake.resources import Resource

    renamed = {rename(name): fits for name, fits in measured.items()}
    for rule in rules:
        own, fits = given.get(rule.name, {}), renamed.get(rule.name, {})
        for name in ("mem_mb", "runtime"):
            if name in rule.resources and name not in own:
                rule.resources[name] = Resource(name, Demand(rule.resources[name], fits.get(name)))


def find_own_tools() -> None:
    """Put the folder of this Python first in PATH: its tools are found though its environment isn't activated.

    A conda environment that a job is run in goes before it.
    """
    folders = [str(Path(sys.executable).parent), *os.environ.get("PATH", os.defpath).split(os.pathsep)]
    os.environ["PATH"] = os.pathsep.join(dict.fromkeys(folders))

"""What a job may use: memory and time by its input and attempt, as declared or as measured, and the tools that came
with our Python.
"""

from __future__ import annotations

import math
import os
import stat
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from scripts.base import job

MEASURED = Path(__file__).parents[2] / "resources" / "measured.tsv"
"""What rules needed, a row per rule; made by ``make resources`` from the benchmarks of runs."""
BEYOND = 2.0
"""Up to this multiple of the largest input measured, the measured need is requested; beyond it, the declared need if
that is larger.
"""

DECLARED: dict[str, dict[str, Any]] = {}
"""What rules declare: rule → ``runtime`` (minutes), ``mem_mb``, and ``mem_mb_per_gb`` as a number or by named input;
filled as rules are read.
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
    if in_storage(files):
        return files.size_gb
    return sum(map(bytes_of, files)) / 1024**3


def in_storage(files: Any) -> bool:
    """Return whether a file of a job's input lies in a storage rather than on a disk."""
    return any(getattr(file, "is_storage", False) for file in files)


def files_of(input: Any, name: str) -> list[str]:
    """Return the files of a named input of a job, which is one file or several."""
    files = getattr(input, name)
    return [files] if isinstance(files, str) else list(files)


def bytes_of(path: str | os.PathLike) -> int:
    """Return the size of a file, or of all files in a folder, such as a 10x matrix."""
    status = os.stat(path)
    if not stat.S_ISDIR(status.st_mode):
        return status.st_size
    return sum(file.stat().st_size for file in Path(path).rglob("*") if file.is_file())


def memory(
    rule: str, base: int, per_input_gb: int | Mapping[str, int] = 0, measured: Mapping[str, Any] | None = None
) -> Callable[..., int]:
    """Return the resource function for the memory of a rule (MB).

    Parameters
    ----------
    rule
        The rule's name in this workflow, by which it stands in resources/measured.tsv.
    base, per_input_gb
        What is declared: MB, and MB for each GB of input. A mapping gives the latter for each named input; other inputs
        then count nothing, and measurements, which are by the size of all input, don't apply. The size of files in a
        storage is known only as a whole, to which the highest rate applies.
    measured
        What was measured, by rule and resource; the shipped table by default.
    """

    DECLARED.setdefault(rule, {}).update(mem_mb=base, mem_mb_per_gb=per_input_gb)

    def get_declared(input: Any) -> int:
        rates = per_input_gb if isinstance(per_input_gb, Mapping) else {}
        if not rates:
            return int(base + per_input_gb * (gigabytes(input) if per_input_gb else 0))
        if in_storage(input):
            return int(base + max(rates.values()) * gigabytes(input))
        return int(base + sum(rate * gigabytes(files_of(input, name)) for name, rate in rates.items()))

    return request(get_declared, None if isinstance(per_input_gb, Mapping) else fit_of(rule, "mem_mb", measured))


def minutes(rule: str, base: int, measured: Mapping[str, Any] | None = None) -> Callable[..., int]:
    """Return the resource function for the runtime of a rule (minutes): ``base`` is what is declared.

    The other parameters are those of :func:`memory`.
    """

    DECLARED.setdefault(rule, {}).update(runtime=base)

    def get_declared(input: Any) -> int:
        return base

    return request(get_declared, fit_of(rule, "runtime", measured))


def request(get_declared: Callable[[Any], int], fit: Fit | None) -> Callable[..., int]:
    """Return a resource function: what was measured, up to :data:`BEYOND` times the largest input that was; the larger
    of that and what is declared for more input, or what is declared if nothing was measured; times the attempt.
    """

    def get_request(wildcards: Any, input: Any, attempt: int) -> int:
        if fit is None:
            return get_declared(input) * attempt
        size = gigabytes(input)
        need = fit(size)
        if size > BEYOND * fit.largest_gb:
            need = max(need, get_declared(input))
        return math.ceil(need) * attempt

    return get_request


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


def fit_of(rule: str, resource: str, measured: Mapping[str, Any] | None = None) -> Fit | None:
    """Return what was measured of a resource of a rule, or nothing."""
    table = read_measured() if measured is None else measured
    return table.get(rule, {}).get(resource)


def check_python(path: str = sys.executable) -> None:
    """Raise :class:`job.UserError` if the path of Python has a blank: Snakemake calls scripts by it without quotes."""
    if any(letter.isspace() for letter in path):
        raise job.UserError(
            f"{path!r}: the path of this Python has a blank, which Snakemake can't call; build the environment in a "
            "folder without a blank (with make: move the checkout)"
        )


def find_own_tools() -> None:
    """Put the folder of this Python first in PATH: its tools are found though its environment isn't activated.

    A conda environment that a job is run in goes before it.
    """
    folders = [str(Path(sys.executable).parent), *os.environ.get("PATH", os.defpath).split(os.pathsep)]
    os.environ["PATH"] = os.pathsep.join(dict.fromkeys(folders))

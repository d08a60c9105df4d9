"""Read text that may be compressed, recognise contents by their first bytes, and run an external tool with its output
in the log.
"""

from __future__ import annotations

import gzip
import hashlib
import re
import shlex
import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path
from typing import BinaryIO

from scripts.base import job

GZIP_MAGIC = b"\x1f\x8b"


def is_gzip(path: str | Path) -> bool:
    """Tell by the first bytes, not by the name."""
    with open(path, "rb") as handle:
        return handle.read(2) == GZIP_MAGIC


def bare_name(path: str | Path) -> str:
    """Return a file's name without its folder and the suffixes of lists, sets and tables."""
    name = Path(path).name
    for suffix in (".gz", ".gmt", ".txt", ".tsv", ".csv"):
        name = name.removesuffix(suffix)
    return name


def open_bytes(path: str | Path) -> BinaryIO:
    """Open a plain or gzip file for reading bytes."""
    return gzip.open(path, "rb") if is_gzip(path) else open(path, "rb")  # type: ignore[return-value]


def sha256_of(path: str | Path) -> str:
    """Return the SHA-256 of a file as lower-case hex."""
    with open(path, "rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


FAILURE = re.compile(r"error|exception|killed|died|fatal|cannot|can't|not found|invalid", re.IGNORECASE)
"""Pattern of a line with the reason of a tool's failure."""
ENDING = re.compile(r"exiting|aborted", re.IGNORECASE)
"""Pattern of a last line that gives no reason of a failure: STAR's."""


def run_tool(command: list[str | int | Path], remedy: str = "see the log", *, makes: Iterable[str | Path] = ()) -> None:
    """Run a tool, its output in our log.

    Raises :class:`job.UserError` with what the tool said last and ``remedy`` if it fails, if it didn't make what it
    ``makes`` (some tools exit with 0 all the same), or if there is no such tool.
    """
    words = [str(word) for word in command]
    if shutil.which(words[0]) is None:
        raise job.UserError(f"{words[0]} isn't installed; install it (README), or run with --sdm conda")
    job.log.info("%s", shlex.join(words))
    tail, failures = "", []
    with subprocess.Popen(
        words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace"
    ) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if text := line.rstrip():
                job.log.info("  %s", text)
                tail = text
                if FAILURE.search(text):
                    failures.append(text)
    tool = Path(words[0]).name
    if process.returncode:
        tail = f"{failures[0]} … {tail}" if failures and ENDING.search(tail) else tail
        raise job.UserError(f"{tool} failed with exit code {process.returncode}: {tail or 'no message'}; {remedy}")
    for made in map(Path, makes):
        # An empty folder or file doesn't count as made.
        if not made.exists() or not (any(made.iterdir()) if made.is_dir() else made.stat().st_size):
            raise job.UserError(
                f"{tool} ended without writing {made.name} and did not report a failure: "
                f"{(failures[-1] if failures else tail or 'no message').strip()}; {remedy}"
            )

"""Read text that may be compressed, tell contents by their first bytes, and run an external tool with its output in the
log.
"""

from __future__ import annotations

import gzip
import hashlib
import shlex
import shutil
import subprocess
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


def run_tool(command: list[str | int | Path], remedy: str = "see the log") -> None:
    """Run a tool, its output in our log.

    Raises :class:`job.UserError` with the tool's last line and ``remedy`` if it fails, or if there is no such tool.
    """
    words = [str(word) for word in command]
    if shutil.which(words[0]) is None:
        raise job.UserError(f"{words[0]} isn't installed; install it (README), or run with --sdm conda")
    job.log.info("%s", shlex.join(words))
    tail = ""
    with subprocess.Popen(
        words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace"
    ) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if text := line.rstrip():
                job.log.info("  %s", text)
                tail = text
    if process.returncode:
        raise job.UserError(
            f"{Path(words[0]).name} failed with exit code {process.returncode}: {tail or 'no message'}; {remedy}"
        )

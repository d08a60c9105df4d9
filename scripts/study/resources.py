"""What a job may use: memory by its input, and the tools that came with our Python."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path


def scaled_memory(base: int, per_input_gb: int) -> Callable[..., int]:
    """Return a resource function: ``base`` MB and ``per_input_gb`` MB for each GB of input, times the attempt."""

    def get_memory(wildcards, input, attempt):
        return int((base + per_input_gb * input.size_gb) * attempt)

    return get_memory


def forbid_others_to_write() -> None:
    """Let nobody but the user and the user's group write what a run makes, whatever the umask was."""
    os.umask(os.umask(0o077) | 0o002)


def find_own_tools() -> None:
    """Put the folder of this Python first in PATH: its tools are found though its environment isn't activated.

    A conda environment that a job is run in goes before it.
    """
    folders = [str(Path(sys.executable).parent), *os.environ.get("PATH", os.defpath).split(os.pathsep)]
    os.environ["PATH"] = os.pathsep.join(dict.fromkeys(folders))

"""Kill runs of the reduced demo at random moments, go on where they stopped, and compare what comes out in the end.

A kill is what a power cut, an out-of-memory killer or an impatient user does: SIGKILL to Snakemake and to all that it
started, at once. Afterwards a user unlocks the folder, as Snakemake tells them to, and calls the same command again.
"""

import contextlib
import os
import random
import signal
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from checkout import RESULTS, command, contents, run

STUCK = 60
"""Kills after which a run is left to end."""


@dataclass
class Kills:
    """What became of killed runs.

    ``struck`` counts kills while a job ran, ``differing`` names the files that came out otherwise than in an
    undisturbed run, ``messages`` say what failed.
    """

    kills: int = 0
    survived: int = 0
    struck: int = 0
    runs: int = 0
    differing: list[str] = field(default_factory=list)
    messages: list[str] = field(default_factory=list)

    def __add__(self, other: "Kills") -> "Kills":
        """Return what happened in both."""
        return Kills(*(getattr(self, name) + getattr(other, name) for name in self.__dataclass_fields__))


def processes_of(session: int) -> Iterator[tuple[int, str]]:
    """Yield id and command line of every living process of a session, whatever its group."""
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                state, _, _, own = (folder / "stat").read_text().rpartition(")")[2].split()[:4]
                if int(own) == session and state != "Z":
                    yield int(folder.name), (folder / "cmdline").read_text().replace("\0", " ")
            except (FileNotFoundError, ProcessLookupError):
                continue


def kill(process: subprocess.Popen) -> bool:
    """Kill a run with all that it started; return whether a job was running."""
    alive = dict(processes_of(process.pid))
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    # Jobs that made a group of their own are still of this session.
    while left := dict(processes_of(process.pid)):
        for number in left:
            with contextlib.suppress(ProcessLookupError):  # it ended by itself meanwhile
                os.kill(number, signal.SIGKILL)
        time.sleep(0.05)
    return len(alive) > 1


def start(checkout: Path, log: Path, *arguments: str) -> subprocess.Popen:
    """Start a run in a session of its own; its words go to ``log``."""
    with open(log, "w") as words:
        return subprocess.Popen(
            command(*arguments),
            cwd=checkout,
            stdin=subprocess.DEVNULL,
            stdout=words,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )


def run_until_killed(checkout: Path, log: Path, seconds: float | None, *arguments: str) -> tuple[int | None, bool]:
    """Run for so long, or to the end; return the exit code, None if it was killed, and whether a job ran then."""
    process = start(checkout, log, *arguments, "--rerun-incomplete")
    try:
        return process.wait(seconds), False
    except subprocess.TimeoutExpired:
        return None, kill(process)


def strike(
    checkout: Path, expected: dict[str, str], kills: int, rng: random.Random, span: float, *arguments: str
) -> Kills:
    """Run from what is there to the end, killed up to ``kills`` times on the way, and compare with ``expected``.

    A run is killed after a time drawn evenly from 0 to what Snakemake needs to start plus ``span`` (s): some die while
    they still look at what is there.
    """
    found, log = Kills(runs=1), checkout / "killed.log"
    before = time.monotonic()
    ran = run(checkout, "--dry-run", "--quiet", *arguments)
    starting = time.monotonic() - before
    while ran.returncode == 0:
        seconds = rng.uniform(0, starting + span) if found.kills < min(kills, STUCK) else None
        code, struck = run_until_killed(checkout, log, seconds, *arguments)
        if code is not None:
            if code:
                found.messages.append(f"after {found.kills} kills: {log.read_text()[-3000:]}")
            break
        found.kills, found.struck = found.kills + 1, found.struck + struck
        ran = run(checkout, "--unlock")
    else:
        found.messages.append(f"after {found.kills} kills: {(ran.stdout + ran.stderr)[-3000:]}")
    log.unlink(missing_ok=True)
    made = contents(checkout / RESULTS)
    found.differing = sorted(name for name in expected.keys() | made.keys() if expected.get(name) != made.get(name))
    if not found.differing and not found.messages:
        found.survived = found.kills
    return found

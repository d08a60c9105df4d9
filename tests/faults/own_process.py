"""Run cases in processes of their own: a crash of a library, or a loop without end, is that case's and no other's."""

from __future__ import annotations

import faulthandler
import os
import pickle
import signal
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

SECONDS = 60


@dataclass(frozen=True)
class Ended:
    """How a case ended: what it returned, or why it failed (a traceback, a signal)."""

    returned: Any = None
    failure: str = ""

    def get(self) -> Any:
        """Return what the case returned; fail where it failed."""
        assert not self.failure, self.failure
        return self.returned


def run(what: Callable[[], Any]) -> Any:
    """Return what a function returns in a process of its own; what it raises there, or a signal that ends it, fails
    here.
    """
    return run_all([what])[0].get()


def run_all(cases: Sequence[Callable[[], Any]]) -> list[Ended]:
    """Return how each case ended. They share a process, one after the other, until one ends it: those after that one
    have another process, so that each is judged by itself.
    """
    ended: list[Ended] = []
    while len(ended) < len(cases):
        ended += run_until_one_ends_it(cases[len(ended) :])
    return ended


def run_until_one_ends_it(cases: Sequence[Callable[[], Any]]) -> list[Ended]:
    """Return how cases ended in one process: all of them, or those up to the one that ended the process."""
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        os.close(reading)
        faulthandler.disable()
        with os.fdopen(writing, "wb") as pipe:
            for case in cases:
                signal.alarm(SECONDS)
                try:
                    said = pickle.dumps(Ended(case()))
                except BaseException:
                    said = pickle.dumps(Ended(failure=traceback.format_exc()[-4000:]))
                signal.alarm(0)
                pipe.write(said)
                pipe.flush()
        os._exit(0)
    os.close(writing)
    ended: list[Ended] = []
    with os.fdopen(reading, "rb") as pipe:
        while len(ended) < len(cases):
            try:
                ended.append(pickle.load(pipe))
            except (EOFError, pickle.UnpicklingError):
                break
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if len(ended) < len(cases):
        ended.append(Ended(failure=f"ended by signal {-code}" if code < 0 else f"ended the process with code {code}"))
    return ended

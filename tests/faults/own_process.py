"""Run a case in a process of its own: a crash of a library, or a loop without end, is that case's and no other's."""

from __future__ import annotations

import faulthandler
import os
import pickle
import signal
import traceback
from collections.abc import Callable
from typing import Any

SECONDS = 60


def run(what: Callable[[], Any]) -> Any:
    """Return what a function returns in a process of its own; what it raises there, or a signal that ends it, fails
    here.
    """
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        os.close(reading)
        code = 1
        try:
            faulthandler.disable()
            signal.alarm(SECONDS)
            said = pickle.dumps(what())
            code = 0
        except BaseException:
            said = traceback.format_exc()[-4000:].encode()
        finally:
            with os.fdopen(writing, "wb") as pipe:
                pipe.write(said)
            os._exit(code)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        said = pipe.read()
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    assert code == 0, said.decode("utf-8", "replace") if code > 0 else f"ended by signal {-code}"
    return pickle.loads(said)

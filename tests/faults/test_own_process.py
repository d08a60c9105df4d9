"""Cases that share a process until one of them ends it: none is judged by another one's end."""

import os
import signal

import own_process
import pytest


def fail() -> None:
    raise ValueError("of this case")


def test_a_case_that_ends_the_process_is_that_case_and_no_other():
    """A signal, an end without a word, an exception, a result that can't be handed over."""
    here = os.getpid()
    cases = [
        os.getpid,
        lambda: os.kill(os.getpid(), signal.SIGSEGV),
        fail,
        os.getpid,
        lambda: os._exit(3),
        lambda: lambda: 1,
        lambda: 5,
    ]
    first, killed, failed, second, left, unsaid, last = own_process.run_all(cases)
    assert len({here, first.get(), second.get()}) == 3 and last.get() == 5
    assert killed.failure == f"ended by signal {signal.SIGSEGV.value}"
    assert "ValueError: of this case" in failed.failure and failed.failure.startswith("Traceback")
    assert left.failure == "ended the process with code 3" and "pickle" in unsaid.failure
    with pytest.raises(AssertionError, match="of this case"):
        failed.get()
    with pytest.raises(AssertionError, match="of this case"):
        own_process.run(fail)
    assert own_process.run_all([]) == [] and own_process.run(lambda: 7) == 7

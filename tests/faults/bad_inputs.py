"""Meet the workflow with every malformed input of the corpus: one clear line each, no traceback, nothing half-written.

`python tests/faults/bad_inputs.py` prints a line per case, or per case whose title has the
words that are given (`… bad_inputs.py reads swapped`).
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
for place in (ROOT, ROOT / "tests", Path(__file__).resolve().parent):
    if str(place) not in sys.path:
        sys.path.insert(0, str(place))

from corpus import CASES
from corpus.case import Case, judge


def verdicts(folder: Path, cases: list[Case] = CASES):
    """Yield what came of each case, each in a folder of its own below ``folder``."""
    for number, case in enumerate(cases):
        place = Path(folder) / f"{number:03d}"
        place.mkdir(parents=True)
        yield judge(case, place)


def run(folder: Path | str, cases: list[Case] = CASES) -> dict:
    """Return how many inputs were tried (``bad_inputs``), were met with the expected line (``clear_messages``) and
    ended in a traceback (``tracebacks``), and what is wrong with the others (``failures``).
    """
    found = list(verdicts(Path(folder), cases))
    return {
        "bad_inputs": len(found),
        "clear_messages": sum(verdict.clear for verdict in found),
        "tracebacks": sum(verdict.traceback for verdict in found),
        "failures": [f"{v.case.title}: {v.why} ({v.message})" for v in found if not v.clear],
    }


def main(words: list[str]) -> int:
    """Print a line per case whose title has all words; return the number of those that failed."""
    chosen = [case for case in CASES if all(word in case.title for word in words)]
    failed = 0
    with tempfile.TemporaryDirectory() as folder:
        for verdict in verdicts(Path(folder), chosen):
            failed += not verdict.clear
            mark = "ok  " if verdict.clear else "FAIL"
            why = "" if verdict.clear else f"  [{verdict.why}]"
            print(f"{mark} {verdict.case.title} → {verdict.message.replace(f'{folder}/', '')}{why}", flush=True)
    print(f"{len(chosen) - failed} of {len(chosen)} bad inputs met with the expected line")
    return failed


if __name__ == "__main__":
    sys.exit(min(main(sys.argv[1:]), 1))

"""`make faults`: kill runs of the reduced demo fifty times, give every entry bad inputs, write results/faults.json.

Exit code 0 if every kill was survived with the results of an undisturbed run, enough of them found a job running, and
every bad input got its message.
"""

import argparse
import json
import random
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests"), str(Path(__file__).parent)]

import bad_inputs
from checkout import RESULTS, contents, copy_checkout, run
from kills import Kills, strike

PER_RUN = 10
"""Kills of one run, so that fifty are not one outcome: each run is compared with the undisturbed one."""
MIN_STRUCK = 0.3
"""Share of the kills that must find a job running, else they show little."""


def count_kills(number: int, seed: int, span: float, cores: int) -> Kills:
    """Kill runs, each from nothing, until there were ``number`` kills."""
    with tempfile.TemporaryDirectory(prefix="faults-") as name:
        undisturbed = copy_checkout(Path(name) / "undisturbed")
        ran = run(undisturbed, "--cores", str(cores))
        if ran.returncode:
            sys.exit(f"error: the undisturbed run failed:\n{ran.stdout + ran.stderr}")
        expected = contents(undisturbed / RESULTS)
        print(f"{len(expected)} files of an undisturbed run to compare with", flush=True)
        found, rng = Kills(), random.Random(seed)
        while found.kills < number:
            checkout = copy_checkout(Path(name) / f"run{found.runs + 1}")
            kills = min(PER_RUN, number - found.kills)
            found += strike(checkout, expected, kills, rng, span, "--cores", str(cores))
            print(f"runs {found.runs}, kills {found.kills}, of these while a job ran {found.struck}, "
                  f"survived {found.survived}", flush=True)  # fmt: skip
    return found


def main() -> int:
    """Return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=50, help="kills in all (default: 50)")
    parser.add_argument("--seed", type=int, default=1, help="of the moments (default: 1)")
    parser.add_argument("--span", type=float, default=20, help="longest time between a run's first job and its end (s)")
    parser.add_argument("--cores", type=int, default=2)
    asked = parser.parse_args()
    kills = count_kills(asked.kills, asked.seed, asked.span, asked.cores)
    report = {key: value for key, value in asdict(kills).items() if key != "messages"}
    with tempfile.TemporaryDirectory(prefix="faults-") as folder:
        report |= bad_inputs.run(folder)
    for line in [*kills.messages, *(f"differs: {name}" for name in kills.differing), *report["failures"]]:
        print(line, file=sys.stderr)
    path = ROOT / "results" / "faults.json"
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(report, indent=2) + "\n")
    print(path.read_text(), end="")
    well = report["survived"] == report["kills"] and report["clear_messages"] == report["bad_inputs"]
    well &= report["struck"] >= MIN_STRUCK * report["kills"]
    return 0 if well and not report["tracebacks"] else 1


if __name__ == "__main__":
    sys.exit(main())

"""Run `snakemake --lint` and fail on whatever it finds but for what is meant: `python tests/lint_workflow.py
--configfile …`.

Snakemake's linter can't be told to leave a rule of its out, so its findings are read here. One is not heeded: functions
in the same file as rules. A stage's few input functions stand above the rules that ask them, where they are read
together.
"""

import re
import subprocess
import sys

MEANT = ("Mixed rules and functions in same snakefile.",)


def findings(text: str) -> list[tuple[str, str]]:
    """Return what the linter's text finds: the place, and the finding with its explanation."""
    found = []
    for block in re.split(r"^Lints for ", text, flags=re.MULTILINE)[1:]:
        place, _, rest = block.partition(":\n")
        found += [(place, lint.strip()) for lint in re.split(r"^    \* ", rest, flags=re.MULTILINE)[1:]]
    return found


def main(arguments: list[str]) -> int:
    """Return the exit code: 0 if nothing unmeant is found."""
    done = subprocess.run(
        [sys.executable, "-m", "snakemake", "--lint", "text", *arguments], capture_output=True, text=True, check=False
    )
    text = done.stdout + done.stderr
    found = findings(text)
    if not found and "good condition" not in text:
        print(text, file=sys.stderr)
        return 1
    unmeant = [(place, lint) for place, lint in found if not lint.startswith(MEANT)]
    for place, lint in unmeant:
        print(f"{place}:\n    {lint}", file=sys.stderr)
    return 1 if unmeant else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

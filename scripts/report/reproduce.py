"""Extract the config of a run from its manifest, or list the differences between two runs.

python -m scripts.report.reproduce config results/manifest.json > again.yaml
snakemake --configfile again.yaml --config 'pathvars={results: again}' …
python -m scripts.report.reproduce compare results/manifest.json again/manifest.json
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import yaml

COMPARED = ("inputs", "results", "seeds")
"""Sections that are equal where a run reproduces another."""
TOLD = ("workflow", "config")
"""Sections that give the reason if they are absent."""


def differences(one: object, other: object, place: str = "") -> list[str]:
    """Return the places at which two manifests differ."""
    if isinstance(one, dict) and isinstance(other, dict):
        keys = dict.fromkeys([*one, *other])
        return [line for key in keys for line in differences(one.get(key), other.get(key), f"{place}/{key}")]
    return [] if one == other else [f"{place.removeprefix('/')}: {shorten(one)} ≠ {shorten(other)}"]


def shorten(value: object) -> str:
    """Return a value, cut if long."""
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 40 else f"{text[:37]}…"


def compare(one: dict, other: dict) -> tuple[list[str], list[str]]:
    """Return what differs between two runs, with possible reasons. Reads are compared by size, the rest by hash."""
    found = {part: differences(one.get(part), other.get(part), part) for part in (*COMPARED, *TOLD)}
    return [line for part in COMPARED for line in found[part]], [line for part in TOLD for line in found[part]]


def main(arguments: list[str]) -> int:
    """Run the command of the arguments; return the exit code, 1 where two runs differ."""
    if len(arguments) == 2 and arguments[0] == "config":
        print(yaml.safe_dump(read(arguments[1])["config"], sort_keys=False, allow_unicode=True), end="")
        return 0
    if len(arguments) == 3 and arguments[0] == "compare":
        differ, why = compare(read(arguments[1]), read(arguments[2]))
        print("\n".join([*differ, *(f"({line})" for line in why)]) or "no difference")
        return int(bool(differ))
    print(
        f"error: {' '.join(arguments) or 'nothing'} is not understood; see the first lines of {__file__}",
        file=sys.stderr,
    )
    return 2


def read(path: str) -> dict:
    """Return a manifest. Exits with one line if there is none."""
    try:
        found = json.loads(Path(path).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise SystemExit(f"error: {path}: no manifest ({error}); give a run's manifest.json") from error
    if not isinstance(found, dict) or not {"config", *COMPARED} <= set(found):
        raise SystemExit(f"error: {path}: no manifest (it lacks config or results); give a run's manifest.json")
    return found


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""Runs of the workflow for `make scale`, and what their benchmarks say."""

from __future__ import annotations

import ast
import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd

ROOT = Path(__file__).resolve().parents[2]


def say(text: str) -> None:
    """Print a line of progress."""
    print(f"{time.strftime('%H:%M:%S')}  {text}", file=sys.stderr, flush=True)


def keep_sizes(folder: Path, **sizes: object) -> None:
    """Write the sizes that a folder is made for. Ends with a message if it was made for others."""
    path = folder / "sizes.json"
    if path.exists():
        made = json.loads(path.read_text())
        if differing := [name for name in sizes if made.get(name) != sizes[name]]:
            told = ", ".join(f"{name} {made.get(name)} instead of {sizes[name]}" for name in differing)
            raise SystemExit(f"error: {folder} was made with {told}; give these sizes again, or another --folder")
    folder.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(sizes) + "\n")


def run(config: Path, cores: int, *targets: str) -> None:
    """Make targets of the study at a config. Ends with Snakemake's own words if that fails."""
    say(f"{config}: {' '.join(targets)}")
    log = config.parent / "run.log"
    with log.open("a") as handle:
        start = time.monotonic()
        done = subprocess.run(
            [
                sys.executable, "-m", "snakemake", *targets, "--configfile", config, "--cores", str(cores),
                "--workflow-profile", "config/profiles/local", "--quiet", "progress",
            ],
            cwd=ROOT, stdout=handle, stderr=subprocess.STDOUT, check=False, env=os.environ | {"PYTHONPATH": ""},
        )  # fmt: skip
        handle.write(f"\n{' '.join(targets)}: {time.monotonic() - start:.0f} s\n")
    if done.returncode:
        raise SystemExit(f"error: the run failed; see {log}:\n" + "\n".join(log.read_text().splitlines()[-40:]))


def jobs_of(results: Path) -> pd.DataFrame:
    """Return a row per measured job: rule, job, wall_s, cpu_s, peak_gb, input_gb.

    Snakemake looks at a job every 30 s (at first more often): ``cpu_s`` lacks what came after the last look.
    """
    rows = []
    for path in sorted((results / "benchmarks").rglob("*.tsv")):
        name = path.relative_to(results / "benchmarks").with_suffix("")
        row = pd.read_csv(path, sep="\t").iloc[-1]
        size = sum(ast.literal_eval(row["input_size_mb"]).values()) / 1e3 if "input_size_mb" in row else float("nan")
        peak = pd.to_numeric(row["max_rss"], errors="coerce") / 1e3
        cpu = pd.to_numeric(row["cpu_time"], errors="coerce")
        rows.append((name.parts[0], "/".join(name.parts[1:]), float(row["s"]), cpu, peak, size))
    return pd.DataFrame(rows, columns=["rule", "job", "wall_s", "cpu_s", "peak_gb", "input_gb"])


def rules_of(results: Path) -> pd.DataFrame:
    """Return the jobs that took 5 s or more."""
    jobs = jobs_of(results)
    return jobs[jobs["wall_s"] >= 5].reset_index(drop=True)


def write_table(table: pd.DataFrame, path: Path) -> None:
    """Write a table and print it in Markdown."""
    table = table.round(3)
    table.to_csv(path, sep="\t", index=False)
    print(f"\n{path}\n\n{table.to_markdown(index=False)}" if len(table) else f"\n{path}: empty", flush=True)


def stages_of_rules() -> dict[str, str]:
    """Return the stage of each rule, by the file that it stands in."""
    found = {}
    for path in sorted((ROOT / "rules").rglob("*.smk")):
        stage = path.relative_to(ROOT / "rules").parts[0].removesuffix(".smk")
        found |= dict.fromkeys(re.findall(r"^(?:use rule \w+ as |rule )(\w+)", path.read_text(), re.MULTILINE), stage)
    return found


def disk_of(folder: Path) -> float:
    """Return the size of a folder's files (GB); nothing if there is none."""
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file()) / 1e9

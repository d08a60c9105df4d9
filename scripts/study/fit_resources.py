"""`make resources`: what rules needed in finished runs, as resources/measured.tsv, which sets every rule's request.

    python -m scripts.study.fit_resources results/demo results/pc9 …

For each job that has a benchmark, its input's size is taken from the benchmark (Snakemake's --benchmark-extended), or
from Snakemake's records and the files as they lie there now. Rules with too little to go by keep what they declare.
"""

from __future__ import annotations

import argparse
import ast
import json
import os
import sys
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.optimize import nnls

from scripts.study.resources import MEASURED

MIN_JOBS, MIN_RATIO = 4, 3.0
"""Jobs that a rule needs to be in the table; largest by smallest input from which on a slope is fitted."""
MEMORY_MARGIN, MEMORY_BESIDE = 1.3, 400
"""Request divided by the memory held: other cells, other libraries; in MB, the two Snakemake processes that hold
their own memory in addition to the script in a cluster's job, which no benchmark counts (about 170 MB each).
"""
LEAST_MEMORY = 600
"""Smallest request of a job (MB)."""
TIME_MARGIN, TIME_BESIDE = 4.0, 5
"""Factor for other nodes, other work at the same time, a slow file system; and minutes to start."""
COLUMNS = ["rule", "jobs", "largest_gb", "mem_mb_base", "mem_mb_per_gb", "runtime_base", "runtime_per_gb"]
HEAD = """\
# What rules needed, margin included: MB and minutes of a first attempt, base + per GB of input (`make resources`).
# Up to twice the largest input measured this is asked for; beyond, what the rule declares if that is more.
# Not used: memory of rules that declare it by a named input, such as an index.
"""


def input_sizes(results: Path) -> dict[str, float]:
    """Return the size of a job's input (GB) by its log (path from the results' logs, without suffix)."""
    sizes = {}
    for path in Path(".snakemake", "metadata").rglob("*"):
        if not path.is_file():
            continue
        record = json.loads(path.read_text())
        log = next(iter(record.get("log") or []), "")
        files = [Path(name) for name in record.get("input") or []]
        if log.startswith(f"{results}/logs/") and all(map(Path.exists, files)):
            total = sum(f.stat().st_size for file in files for f in (file.rglob("*") if file.is_dir() else [file]))
            sizes[str(Path(log).relative_to(results / "logs").with_suffix(""))] = total / 1024**3
    return sizes


def read_benchmarks(results: Path) -> pd.DataFrame:
    """Return a row per job whose input is known: rule, input_gb, mem_mb, minutes."""
    known, rows = input_sizes(results), []
    for path in sorted((results / "benchmarks").rglob("*.tsv")):
        name = path.relative_to(results / "benchmarks").with_suffix("")
        row = pd.read_csv(path, sep="\t").iloc[-1]
        if "input_size_mb" in row:
            size = sum(ast.literal_eval(row["input_size_mb"]).values()) / 1024
        elif str(name) in known:
            size = known[str(name)]
        else:
            continue
        # Snakemake writes NA for jobs that end before the first look at them: they hold little.
        memory = pd.to_numeric(row["max_rss"], errors="coerce")
        rows.append((name.parts[0], size, memory, float(row["s"]) / 60))
    return pd.DataFrame(rows, columns=["rule", "input_gb", "mem_mb", "minutes"]).dropna()


def fit(size: np.ndarray, need: np.ndarray, margin: float, beside: float) -> tuple[float, float]:
    """Return base and slope of a line over all that was needed, margin included. It never falls with the input.

    A slope is fitted by non-negative least squares where inputs differ enough; the line is then raised until no job is
    above it.
    """
    base, slope = 0.0, 0.0
    if size.max() >= MIN_RATIO * size.min() > 0:
        (base, slope), _ = nnls(np.column_stack([np.ones_like(size), size]), need)
    base += max((need - base - slope * size).max(), 0)
    return base * margin + beside, slope * margin


def at_least(line: tuple[float, float], least: float) -> tuple[float, float]:
    """Return a line whose base is no smaller."""
    return max(line[0], least), line[1]


def tabulate(jobs: pd.DataFrame) -> pd.DataFrame:
    """Return the table (:data:`COLUMNS`) of rules with enough jobs."""
    rows = []
    for rule, own in jobs.groupby("rule"):
        if len(own) >= MIN_JOBS:
            size = own["input_gb"].to_numpy()
            memory = at_least(fit(size, own["mem_mb"].to_numpy(), MEMORY_MARGIN, MEMORY_BESIDE), LEAST_MEMORY)
            minutes = fit(size, own["minutes"].to_numpy(), TIME_MARGIN, TIME_BESIDE)
            rows.append((rule, len(own), size.max(), *memory, *minutes))
    return pd.DataFrame(rows, columns=COLUMNS)


def main() -> int:
    """Write the table; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("results", nargs="+", type=Path, help="results of finished runs, made from this folder")
    asked = parser.parse_args()
    jobs = pd.concat([read_benchmarks(Path(*results.parts)) for results in asked.results])
    table = tabulate(jobs)
    if table.empty:
        where = ", ".join(map(str, asked.results))
        print(f"error: no rule has {MIN_JOBS} jobs with a benchmark in {where}; give results of runs", file=sys.stderr)
        return 1
    text = table.round({"largest_gb": 6, "runtime_base": 1, "runtime_per_gb": 1})
    for name in ("mem_mb_base", "mem_mb_per_gb"):
        text[name] = text[name].round().astype(int)
    MEASURED.write_text(HEAD + text.to_csv(sep="\t", index=False))
    print(f"{len(jobs)} jobs; {len(table)} rules in {os.path.relpath(MEASURED)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""Part ``plan`` of `make scale`: hours, memory and disk for studies of 10, 100 and 1,000 libraries, for planners.

Stages from matrices to report are extrapolated from the studies measured, each by the power of the number of libraries
that it grew with; reads by the largest library counted. All figures are extrapolated but those at a measured size.
"""

from __future__ import annotations

from argparse import Namespace

import pandas as pd
from scale_runs import jobs_of, write_table

SIZES = (10, 100, 1_000)
MEASURES = (("job_s", "job_hours", 3600), ("peak_gb", "largest_job_gb", 1), ("disk_gb", "disk_gb", 1))
"""Columns of the stages' table, their name in this one and what they are divided by."""
READ_RULES = ("join_genomes", "index_kb", "provide_whitelist")
"""Rules of the references, which run once per study."""


def per_library(options: Namespace) -> tuple[float, float, float]:
    """Return hours of the references' jobs, and hours and largest job (GB) of a library from reads to counts."""
    jobs = jobs_of(options.folder / "reads" / "kb" / "results")
    once = jobs[jobs["rule"].isin(READ_RULES)]
    name = f"M{max(options.millions):g}".replace(".", "_") + "_untreated"
    own = jobs[jobs["job"].str.startswith(name) & ~jobs["rule"].isin(["call_cells", "filter_cells"])]
    return once["wall_s"].sum() / 3600, own["wall_s"].sum() / 3600, max(own["peak_gb"].max(), once["peak_gb"].max())


def measure(options: Namespace) -> None:
    """Write and print the table of stages; ``measured_at`` are the sizes behind a row."""
    stages = pd.read_csv(options.folder / "libraries" / "stages.tsv", sep="\t")
    rows = []
    once, each, peak = per_library(options)
    row = {"stage": f"reads to counts, {max(options.millions):g} million pairs", "measured_at": "1 library"}
    for size in SIZES:
        row |= {f"job_hours_{size}": once + each * size, f"largest_job_gb_{size}": peak}
    rows.append(row)
    for _, stage in stages.iterrows():
        measured = [name.removeprefix("job_s_") for name in stages if name.startswith("job_s_")]
        sizes = sorted(int(name) for name in measured if name.isdigit())
        row = {"stage": stage["stage"], "measured_at": ", ".join(map(str, sizes)) + " libraries"}
        for size in SIZES:
            for name, label, unit in MEASURES:
                power = stage.get(f"{name}_power", float("nan"))
                # One size says nothing of growth: time and disk are taken as proportional, memory as constant.
                power = power if pd.notna(power) else (0.0 if name == "peak_gb" else 1.0)
                row[f"{label}_{size}"] = stage[f"{name}_{sizes[-1]}"] * (size / sizes[-1]) ** max(power, 0.0) / unit
        rows.append(row)
    table = pd.DataFrame(rows)
    total = pd.Series({"stage": "all", "measured_at": "", **table.filter(regex="job_hours|disk").sum()})
    total = pd.concat([total, table.filter(regex="largest").max()])
    write_table(pd.concat([table, total.to_frame().T], ignore_index=True), options.folder / "plan.tsv")

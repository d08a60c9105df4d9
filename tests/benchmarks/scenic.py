"""Compare the SCENIC kernels with arboreto, rustscenic, scenic-rs, RegDiffusion, LightGBM, pySCENIC and decoupler.

Prints the figures and writes them, flat, to results/benchmarks/scenic.json; sections that aren't run keep their old
figures there. ``--quick`` takes minutes and is for trying the benchmark, not for figures. All figures but CPU seconds
assume an idle machine of two cores.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import time
from pathlib import Path

for _variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(_variable, "1")

ROOT = Path(__file__).resolve().parents[2]
for _folder in (ROOT, Path(__file__).parent):
    if str(_folder) not in sys.path:
        sys.path.insert(0, str(_folder))

import numpy as np
import scenic_demo
import scenic_field
import scenic_grn
import scenic_joins
import scenic_pruning
from scenic_environments import OPPONENTS

GRN = ("speed", "importances", "threads", "memory", "scaling", "quality", "field", "large")
SECTIONS = (*GRN, "joins", "demo", "pruning", "aucell")

TARGETS = {
    "grn_speedup_real_size": (20, "at least"),
    "grn_speedup_pc9": (15, "at least"),
    "grn_speedup_vs_rustscenic": (5, "at least"),
    "grn_threads_2": (1.9, "at least"),
    "grn_peak_mb": (3_000, "at most"),
    "grn_peak_mb_100k": (8_000, "at most"),
    "grn_identical_on_1_and_2_threads": (1, "at least"),
    "grn_identical_in_1_and_8_chunks": (1, "at least"),
    "pruning_speedup": (50, "at least"),
    "pruning_identical": (1, "at least"),
    "pruning_peak_mb": (2_000, "at most"),
    "aucell_speedup": (10, "at least"),
    "aucell_max_abs_difference": (1e-6, "at most"),
}
"""What the kernels have to show; anything missed is said at the end and in the exit code."""


def missed_targets(result: dict) -> list[str]:
    """Return one line for each target that was measured and missed."""
    lines = []
    for key, (bound, kind) in TARGETS.items():
        if key in result and (result[key] < bound if kind == "at least" else result[key] > bound):
            lines.append(f"{key} is {result[key]:.4g}, {kind} {bound} is asked for")
    for data in ("sergio_ds4", "dream4"):
        ours, theirs = result.get(f"auprc_{data}_native"), result.get(f"auprc_{data}_arboreto")
        if ours is not None and theirs is not None and ours < theirs - 0.02:
            lines.append(f"auprc_{data}_native is {ours:.3f}, arboreto's {theirs:.3f}: more than 0.02 below")
    for key in ("grn_trees_ratio_sergio_ds4", "grn_trees_ratio_pc9"):
        if key in result and abs(np.log(result[key])) > np.log(1.15):
            lines.append(f"{key} is {result[key]:.2f}: more than 15 % off")
    ours, theirs = result.get("grn_spearman_pc9_native_arboreto"), result.get("grn_spearman_pc9_two_arboreto_seeds")
    if ours is not None and ours < theirs - 0.02:
        lines.append(f"grn_spearman_pc9_native_arboreto is {ours:.3f}, two seeds of arboreto give {theirs:.3f}")
    return lines


def main() -> int:
    """Run the sections asked for; return 1 if a target is missed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sections", nargs="+", choices=SECTIONS, default=SECTIONS)
    parser.add_argument("--quick", action="store_true", help="small samples: to try the benchmark")
    parser.add_argument(
        "--environments", type=Path, help="folder to keep the opponents' environments in (default: thrown away)"
    )
    parser.add_argument("--networks", type=Path, help="folder to keep the networks of sections joins and demo in")
    parser.add_argument("--output", type=Path, default=ROOT / "results" / "benchmarks" / "scenic.json")
    parser.add_argument("--seeds", nargs="+", type=int, default=[1, 2, 3, 4, 5], help="of section quality")
    parser.add_argument(
        "--opponents", nargs="*", choices=OPPONENTS, default=list(OPPONENTS),
        help="of sections speed, quality and field; without a name ours alone",
    )  # fmt: skip
    parser.add_argument(
        "--size", nargs=4, type=int, metavar=("CELLS", "GENES", "FACTORS", "TARGETS"),
        help="of section large, instead of 25,000 and 100,000 cells; TARGETS are a sample",
    )  # fmt: skip
    options = parser.parse_args()

    def say(text: str) -> None:
        print(text, file=sys.stderr, flush=True)

    start, result = time.perf_counter(), {}
    grn = [section for section in options.sections if section in GRN]
    if grn:
        result |= scenic_grn.measure_grn(
            grn, quick=options.quick, environments=options.environments, seeds=options.seeds, names=options.opponents,
            size=options.size, say=say,
        )  # fmt: skip
    if "joins" in options.sections:
        result |= scenic_joins.measure_joins(quick=options.quick, folder=options.networks, say=say)
    if "demo" in options.sections:
        result |= scenic_demo.measure_demo(options.networks, say)
    if "pruning" in options.sections:
        sizes = {"n_motifs": 500, "n_genes": 4_000, "n_tfs": 200} if options.quick else None
        result |= scenic_pruning.measure_pruning(50 if options.quick else 500, sizes=sizes, say=say)
    if "aucell" in options.sections:
        quick = {"n_cells": 100, "n_genes": 3_000, "n_regulons": 50} if options.quick else {}
        result |= scenic_pruning.measure_aucell(**quick)
        result |= scenic_field.measure_aucell_decoupler(**quick)
    result |= {"machine": platform.machine(), "cores": os.cpu_count(), "quick": options.quick}
    for key, value in result.items():
        print(f"{key:<60}{value:.5g}" if isinstance(value, float) else f"{key:<60}{value}")
    options.output.parent.mkdir(parents=True, exist_ok=True)
    before = json.loads(options.output.read_text()) if options.output.exists() and not options.quick else {}
    options.output.write_text(json.dumps(before | result, indent=1) + "\n")
    missed = missed_targets(result)
    print(f"{(time.perf_counter() - start) / 60:.1f} minutes; {options.output}", *missed, sep="\n")
    return 1 if missed and not options.quick else 0


if __name__ == "__main__":
    sys.exit(main())

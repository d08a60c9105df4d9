"""Time, memory and disk of the workflow at full size (`make scale`): a library of reads, many libraries, other tools.

    python tests/benchmarks/scale.py [--parts reads starsolo libraries field plan report] [sizes]

Everything is made in one folder (results/scale) and kept: a call that was stopped goes on where it was, and a second
call measures nothing again. Tables are printed and written beside what they are measured from. Figures other than
processor time assume an idle machine; ``--quick`` takes minutes and is for trying the benchmark, not for figures.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
for _folder in (ROOT, Path(__file__).parent):
    if str(_folder) not in sys.path:
        sys.path.insert(0, str(_folder))

import scale_counting
import scale_field
import scale_libraries
import scale_plan
import scale_report

PARTS = ("reads", "starsolo", "libraries", "field", "plan", "report")
QUICK = {
    "megabases": 20,
    "genes": 2_000,
    "cells": 400,
    "droplets": 20_000,
    "millions": [0.5, 1.0],
    "introns": 0.5,
    "libraries": [4],
    "library_cells": 400,
    "seeds": 2,
}


def main() -> int:
    """Run the parts asked for; print their tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=PARTS)
    parser.add_argument("--folder", type=Path, default=Path("results", "scale"), help="below the checkout")
    parser.add_argument("--quick", action="store_true", help="small sizes: to try the benchmark")
    parser.add_argument("--megabases", type=int, default=400, help="of each of the two genomes")
    parser.add_argument("--genes", type=int, default=35_000, help="of each species")
    parser.add_argument("--cells", type=int, default=8_000, help="of the library of reads")
    parser.add_argument("--droplets", type=int, default=500_000, help="with at least one molecule, cells among them")
    parser.add_argument("--millions", type=float, nargs="+", default=[12.5, 25, 50], help="of read pairs")
    parser.add_argument("--introns", type=float, default=12.5, help="most million pairs to count with introns as well")
    parser.add_argument("--libraries", type=int, nargs="+", default=[8, 16, 32], help="of the studies of matrices")
    parser.add_argument("--library-cells", type=int, default=10_000, help="of each of these libraries")
    parser.add_argument("--factors", type=int, help="of their networks: fewer, to see how all other stages grow")
    parser.add_argument("--seeds", type=int, default=1, help="of their networks, whose time is that of a seed each")
    parser.add_argument("--cores", type=int, default=2)
    options = parser.parse_args()
    if options.quick:
        vars(options).update(QUICK, folder=options.folder.with_name("scale_quick"))
    if "reads" in options.parts:
        scale_counting.measure(options, "kb")
    if "starsolo" in options.parts:
        scale_counting.measure(options, "starsolo")
    if "libraries" in options.parts:
        scale_libraries.measure(options)
    if "field" in options.parts:
        scale_field.measure(options)
    if "plan" in options.parts:
        scale_plan.measure(options)
    if "report" in options.parts:
        scale_report.measure(options)
    return 0


if __name__ == "__main__":
    sys.exit(main())

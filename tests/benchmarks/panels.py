"""Processor time of choosing the size of a panel: by sums, as the workflow does, and by ranking all genes again.

    python tests/benchmarks/panels.py

Models × 18,000 genes of noise, one thread; both give the same size (tests/markers/test_panels.py). A permutation of
`find_markers` does this once without each model.
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

os.environ |= {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from markers.test_panels import draw, everything, plain_size

from scripts.markers import panels

GENES, SIZES, TURNS = 18_000, [1, 2, 3, 5, 10, 20], 3


def seconds(choose, given: tuple) -> float:
    """Return the processor time of one choice."""
    start = time.process_time()
    choose(*given)
    return time.process_time() - start


def main() -> None:
    """Print a row per number of models: the least of three turns of each way, and their ratio."""
    print("models\tby sums (s)\tranked again (s)\tratio")
    for models in (8, 25, 50):
        pairs, _ = draw(np.random.default_rng(0), n_models=models, n_genes=GENES)
        given = (*panels.state_means(pairs), SIZES, everything(pairs))
        times = [[seconds(way, given) for way in (panels.choose_size, plain_size)] for _ in range(TURNS)]
        ours, plain = (min(turn[way] for turn in times) for way in (0, 1))
        print(f"{models}\t{ours:.3f}\t{plain:.3f}\t{plain / ours:.1f}")


if __name__ == "__main__":
    main()

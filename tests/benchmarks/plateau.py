"""Where to divide draws from one pool from cells: simulated peaks of both, by several laws of depth, then real ones.

`python tests/benchmarks/plateau.py` prints a table and the value that divides simulated peaks best. Other
simulated
peaks and real droplets of PC9 judge it.
"""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

import numpy as np
import pandas as pd
from scipy import sparse

from scripts.cells import plateau

DATA = ROOT.parent / "shared" / "data" / "pc9_erlotinib"
N_BARCODES, N_GENES = 600, 3_000
LAWS = {
    "Poisson": lambda rng, n: np.ones(n),
    "log-normal, sd .25": lambda rng, n: rng.lognormal(-0.03, 0.25, n),
    "log-normal, sd .5": lambda rng, n: rng.lognormal(-0.125, 0.5, n),
    "gamma, shape 4": lambda rng, n: rng.gamma(4, 0.25, n),
    "uniform, .5 to 1.5": lambda rng, n: rng.uniform(0.5, 1.5, n),
}
"""Size of a barcode relative to the mean."""
UMIS = (300, 700)
"""Means of peaks: quiet cells begin at 300 UMIs, and only peaks above 100 UMIs are asked for."""
DEBRIS = (0.0, 0.1, 0.3)
"""Empty droplets: share that also hold as much of one cell as of the pool."""
CELLS = ((1, 4.0), (3, 10.0), (6, 4.0))
"""Cells: number of types, which differ in two genes of five, and shape of the gamma noise of a gene in a cell."""
SEEDS, JUDGED = (0, 1, 2), (10, 11, 12)
"""Seeds of the peaks that the cut is set on, and of those that judge it."""


def peak(seed: int, law: str, umis: int, *, types: int, noise: float, own: float) -> sparse.csr_matrix:
    """Return barcodes × genes of one peak; ``own``: share of the barcodes of which a half (or, for 1, all) is of one
    cell's own state, the rest of the pool.
    """
    rng = np.random.default_rng(seed)
    base = rng.lognormal(0, 1.5, N_GENES)
    changed = rng.random((types, N_GENES)) < 0.4
    profiles = base * np.where(changed, rng.lognormal(0, 1.5, (types, N_GENES)), 1.0)
    profiles /= profiles.sum(axis=1, keepdims=True)
    pool = profiles.mean(axis=0)
    cells = profiles[rng.integers(types, size=N_BARCODES)] * rng.gamma(noise, 1 / noise, (N_BARCODES, N_GENES))
    cells /= cells.sum(axis=1, keepdims=True)
    weight = np.ones(N_BARCODES) if own == 1 else 0.5 * (rng.random(N_BARCODES) < own)
    mean = weight[:, None] * cells + (1 - weight)[:, None] * pool
    size = umis * LAWS[law](rng, N_BARCODES)
    return sparse.csr_matrix(rng.poisson(mean * size[:, None]).astype(np.int32))


def simulated(seeds: tuple[int, ...]) -> pd.DataFrame:
    """Return the share unlike the pool of each simulated peak."""
    kinds = [("empty", 3, 4.0, debris) for debris in DEBRIS] + [("cells", *cells, 1.0) for cells in CELLS]
    rows = []
    for kind, types, noise, own in kinds:
        for law in LAWS:
            for umis in UMIS:
                for seed in seeds:
                    counts = peak(seed, law, umis, types=types, noise=noise, own=own)
                    share = plateau.share_unlike(counts, np.arange(N_BARCODES), seed=seed)
                    what = f"{own:.0%} debris" if kind == "empty" else f"{types} types, noise {noise:g}"
                    rows.append((kind, what, law, umis, seed, share))
    return pd.DataFrame(rows, columns=["kind", "what", "law", "umis", "seed", "unlike"])


def best(table: pd.DataFrame) -> tuple[float, float, float]:
    """Return the limits between which a cut makes fewest errors (mean of both kinds), and that error."""
    empty, cells = (table.loc[table["kind"] == kind, "unlike"].to_numpy() for kind in ("empty", "cells"))
    edges = np.unique([0.0, *empty, *cells, 1.0])
    middle = (edges[:-1] + edges[1:]) / 2
    error = np.array([((empty >= cut).mean() + (cells < cut).mean()) / 2 for cut in middle])
    at = np.flatnonzero(error == error.min())
    return float(edges[at[0]]), float(edges[at[-1] + 1]), float(error.min())


def real() -> pd.DataFrame:
    """Return the share unlike the pool of PC9's droplets by size; without the data no rows."""
    rows = []
    for name in ("control", "Erlotinib") if DATA.is_dir() else ():
        table = pd.read_csv(DATA / f"Day11_{name}.txt.gz", sep="\t", index_col=0)
        counts = sparse.csr_matrix(table.to_numpy(dtype=np.int32).T)
        totals = np.asarray(counts.sum(axis=1)).ravel()
        for low, high, kind in ((20, 40, "empty"), (40, 80, "empty"), (1_000, 2_000, "cells"), (2_000, 4_000, "cells")):
            near = np.flatnonzero((totals >= low) & (totals < high))
            if len(near) >= plateau.FEWEST:
                rows.append((kind, name, f"{low}-{high}", len(near), plateau.share_unlike(counts, near, seed=0)))
    return pd.DataFrame(rows, columns=["kind", "sample", "umis", "barcodes", "unlike"])


if __name__ == "__main__":
    found, judged = simulated(SEEDS), simulated(JUDGED)
    print(found.groupby(["kind", "what", "umis"])["unlike"].agg(["min", "median", "max"]).round(3).to_markdown())
    low, high, error = best(found)
    print(f"\nfewest errors ({error:.1%}) between {low:.3f} and {high:.3f}, middle {(low + high) / 2:.3f}\n")
    empty = judged["kind"] == "empty"
    wrong = (judged["unlike"] >= plateau.ALIKE) == empty
    print(
        f"other peaks, at {plateau.ALIKE}: wrong {wrong[empty].sum()} of {empty.sum()} of empty droplets, "
        f"{wrong[~empty].sum()} of {(~empty).sum()} of cells\n"
    )
    print(real().round(3).to_markdown(index=False))

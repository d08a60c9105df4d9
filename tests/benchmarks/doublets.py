"""Compare ways to find doublets of one species: on the demo, whose droplets have a known content, and on planted
doublets of real PC9 cells. Prints a table in Markdown.

    python tests/benchmarks/doublets.py --demo results/demo --pc9 ../shared/data/pc9_erlotinib

Every way is told the true rate. *At the rate*: as many droplets are flagged as there are doublets, those of the highest
scores. *Own rule*: as the way flags by itself. PC9 has doublets of its own, which count as singlets here, so that its
precision is a lower limit.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
from scipy import sparse

ROOT = Path(__file__).resolve().parents[2]
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))

from scripts.cells import doublet_scores

PLANTED = 0.08
SEEDS = (1, 2)
Library = tuple[str, sparse.csr_matrix, np.ndarray]


def of_demo(folder: Path) -> Iterator[Library]:
    """Return name, counts of droplets called graft × graft genes, and which are doublets, of each library."""
    import anndata

    for path in sorted((folder / "truth").glob("*.cells.tsv")):
        sample = path.name.removesuffix(".cells.tsv")
        truth = pd.read_csv(path, sep="\t").set_index("barcode")["kind"]
        verdicts = pd.read_parquet(folder / "cells" / f"{sample}.droplets.parquet")
        rows = np.flatnonzero(verdicts["species_call"] == "graft")
        counts = anndata.read_h5ad(folder / "counts" / f"{sample}.h5ad")
        own = counts[rows, (counts.var["species"] == "graft").to_numpy()].X.tocsr()
        kinds = truth.reindex(verdicts["barcode"].iloc[rows].str.removesuffix("-1"))
        yield "demo, 12 libraries", own, (kinds == "doublet_graft").to_numpy()


def of_pc9(folder: Path) -> Iterator[Library]:
    """Return the same of PC9 cells with planted doublets, two plantings a library."""
    for name, file in (("PC9, untreated", "Day11_control.txt.gz"), ("PC9, persisters", "Day11_Erlotinib.txt.gz")):
        table = pd.read_csv(folder / file, sep="\t", index_col=0)
        counts = sparse.csr_matrix(table.to_numpy(dtype=np.int32).T)
        totals = np.asarray(counts.sum(axis=1)).ravel()
        cells = counts[totals >= 500]
        for seed in SEEDS:
            order = np.random.default_rng(seed).permutation(cells.shape[0])
            pairs = order[: 2 * round(PLANTED / (1 + PLANTED) * len(order))].reshape(-1, 2)
            both = cells[pairs[:, 0]] + cells[pairs[:, 1]]
            single = cells[order[pairs.size :]]
            planted = np.repeat([True, False], [both.shape[0], single.shape[0]])
            yield name, sparse.vstack([both, single]).tocsr(), planted


def highest(scores: np.ndarray, rate: float) -> np.ndarray:
    """Return which droplets have the highest scores, as many as the rate says."""
    flagged = np.zeros(len(scores), bool)
    flagged[np.argsort(-np.nan_to_num(scores, nan=-np.inf), kind="stable")[: round(rate * len(scores))]] = True
    return flagged


def ways(counts: sparse.csr_matrix, rate: float) -> Iterator[tuple[str, np.ndarray]]:
    """Return the name of each way and the droplets that it flags."""
    size = np.asarray(counts.sum(axis=1), dtype=float).ravel()
    yield "most UMIs, at the rate", highest(size, rate)
    scores, simulated, _ = doublet_scores.score_by_scrublet(counts, rate=rate, seed=0)
    yield "Scrublet, at the rate", highest(scores, rate)
    yield (
        "Scrublet, own rule",
        doublet_scores.flag_doublets(scores, doublet_scores.doublet_threshold(scores, simulated, rate)),
    )
    scores, threshold, _ = doublet_scores.score_by_scdblfinder(counts, rate=rate, seed=0)
    yield "scDblFinder, at the rate", highest(scores, rate)
    yield "scDblFinder, own rule", doublet_scores.flag_doublets(scores, threshold)


def compare(libraries: Iterator[Library]) -> pd.DataFrame:
    """Return data, way, doublets, flagged and found, summed over libraries."""
    rows = []
    for name, counts, is_doublet in libraries:
        for way, flagged in ways(counts, is_doublet.mean()):
            found = int((flagged & is_doublet).sum())
            rows.append((name, way, int(is_doublet.sum()), int(flagged.sum()), found))
    table = pd.DataFrame(rows, columns=["data", "way", "doublets", "flagged", "found"])
    table = table.groupby(["data", "way"], sort=False).sum().reset_index()
    table["share found"] = (table["found"] / table["doublets"]).round(2)
    table["precision"] = (table["found"] / table["flagged"]).round(2)
    return table


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--demo", type=Path, default=ROOT / "results" / "demo")
    parser.add_argument("--pc9", type=Path, default=ROOT.parent / "shared" / "data" / "pc9_erlotinib")
    given = parser.parse_args()
    tables = [compare(make(folder)) for make, folder in ((of_demo, given.demo), (of_pc9, given.pc9)) if folder.is_dir()]
    table = pd.concat(tables)
    for row in (list(table), ["---"] * table.shape[1], *table.astype(str).to_numpy()):
        print("| " + " | ".join(row) + " |")


if __name__ == "__main__":
    main()

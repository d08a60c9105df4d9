"""Quality cuts on cells: fixed, or a number of median absolute deviations (MADs) from the library's median."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy import sparse

from scripts.cells.steps import POOL, QUALITY, STEPS

MAD_SCALE = 1.4826
"""Factor that scales a MAD to the standard deviation of a normal distribution."""


def mitochondrial_genes(genes: pd.DataFrame) -> np.ndarray:
    """Return which genes are mitochondrial: by the column ``mitochondrial``, or else by symbol (MT-… or mt-…).

    The hyphen is required: MTOR and MTA1 are nuclear genes.
    """
    if "mitochondrial" in genes:
        return genes["mitochondrial"].astype(int).to_numpy() == 1
    return genes["symbol"].astype(str).str.match(r"(?:MT|mt|Mt)-").to_numpy()


def measure_cells(counts: sparse.csr_matrix, mitochondrial: np.ndarray) -> pd.DataFrame:
    """Return total_counts, n_genes and pct_counts_mt per cell (counts: cells × genes).

    pct_counts_mt is NaN without mitochondrial genes.
    """
    counts = counts.tocsr()
    total = np.asarray(counts.sum(axis=1)).ravel().astype(np.int64)
    genes = np.asarray((counts > 0).sum(axis=1)).ravel().astype(np.int64)
    percent = np.full(len(total), np.nan)
    if mitochondrial.any():
        mt = np.asarray(counts[:, mitochondrial].sum(axis=1)).ravel()
        percent = np.divide(100.0 * mt, total, out=np.zeros(len(total)), where=total > 0)
    return pd.DataFrame({"total_counts": total, "n_genes": genes, "pct_counts_mt": percent})


def _spread(values: np.ndarray, mads: float) -> tuple[float, float]:
    """Return median ± mads × MAD."""
    if not len(values):
        return -np.inf, np.inf
    median = float(np.median(values))
    reach = mads * MAD_SCALE * float(np.median(np.abs(values - median)))
    return median - reach, median + reach


def quality_limits(
    cells: pd.DataFrame,
    *,
    method: str,
    min_counts: float,
    max_counts: float,
    min_genes: float,
    max_genes: float,
    max_pct_mt: float,
    mads: float,
) -> dict[str, float]:
    """Return the cuts (min_counts, max_counts, min_genes, max_genes, max_pct_mt).

    ``fixed`` uses the given values. ``mads`` calculates the cuts from ``cells`` (counts and genes on the log scale;
    for the mitochondrial share only an upper cut), so that no cells are removed from a homogeneous library. Cells below
    ``min_counts`` or ``min_genes`` are always removed. ``max_counts``, ``max_genes`` and ``max_pct_mt`` apply to
    ``fixed`` only.
    """
    if method == "fixed":
        return {
            "min_counts": min_counts,
            "max_counts": max_counts,
            "min_genes": min_genes,
            "max_genes": max_genes,
            "max_pct_mt": max_pct_mt,
        }
    if method != "mads":
        raise ValueError(f"unknown quality method {method}: fixed or mads")
    limits = {}
    for column, name in (("total_counts", "counts"), ("n_genes", "genes")):
        low, high = _spread(np.log1p(cells[column].to_numpy(float)), mads)
        # Rounded, so that rounding error in exp(log(x)) doesn't remove a value equal to its limit.
        limits[f"min_{name}"], limits[f"max_{name}"] = (round(float(np.expm1(v)), 6) for v in (low, high))
    limits["min_counts"] = max(limits["min_counts"], min_counts)
    limits["min_genes"] = max(limits["min_genes"], min_genes)
    _, limits["max_pct_mt"] = _spread(cells["pct_counts_mt"].dropna().to_numpy(float), mads)
    # Cells must be below the cut. With a spread of zero, a library in which most cells have no mitochondrial UMI would
    # lose all cells.
    limits["max_pct_mt"] = float(np.nextafter(limits["max_pct_mt"], np.inf))
    return limits


def quality_verdict(cells: pd.DataFrame, limits: dict[str, float]) -> np.ndarray:
    """Return the first cut that each cell fails, or an empty string (pct_counts_mt must be below its limit)."""
    failed = [
        cells["total_counts"] < limits["min_counts"],
        cells["total_counts"] > limits["max_counts"],
        cells["n_genes"] < limits["min_genes"],
        cells["n_genes"] > limits["max_genes"],
        cells["pct_counts_mt"] >= limits["max_pct_mt"],
    ]
    return np.select([f.to_numpy() for f in failed], QUALITY, "").astype(object)


def attrition(filter_failed: np.ndarray, elsewhere: dict[str, int] | None = None) -> pd.DataFrame:
    """Return per step the barcodes before it, those it removed and those that remain (all steps, in order).

    ``elsewhere``: for a sample of a pool, the number of the pool's other barcodes, by :data:`POOL` and ``empty``.
    """
    elsewhere = elsewhere or {}
    before, rows = len(filter_failed) + sum(elsewhere.values()), []
    for step in (*POOL, *STEPS) if elsewhere else STEPS:
        removed = int((filter_failed == step).sum()) + elsewhere.get(step, 0)
        rows.append({"step": step, "barcodes_before": before, "removed": removed, "remaining": before - removed})
        before -= removed
    return pd.DataFrame(rows)


def unique_symbols(symbols: pd.Series) -> pd.Index:
    """Return one name per gene (``symbols`` is indexed by gene id).

    Of the genes that share a symbol, the one whose id sorts first keeps it, and the others become ``SYMBOL_geneid``. A
    gene without a symbol is named by its id. The names depend only on the reference, so all samples of a study agree.
    """
    ids = symbols.index.to_series().astype(str)
    names = symbols.astype(object).where(symbols.notna() & symbols.astype(str).str.strip().ne(""), ids).astype(str)
    frame = pd.DataFrame({"id": ids.to_numpy(), "name": names.to_numpy()})
    first = frame.sort_values("id", kind="stable").drop_duplicates("name").index
    is_first = frame.index.isin(first)
    return pd.Index(np.where(is_first, frame["name"], frame["name"] + "_" + frame["id"]), name="symbol")

"""From cells to samples: summed counts, which samples have enough cells, log expression, mean activity."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from scripts.base import job

LABELS = ["model", "timepoint", "arm", "replicate"]
SAMPLES = ["sample", *LABELS, "assay", "n_cells", "used", "reason"]
ACTIVITY = ["sample", *LABELS, "n_cells", "regulon", "activity", "sd"]
CELLS_AT_ONCE = 4_000
"""Rows of a matrix read at once: some 12 million numbers (150 MB) in a deep library."""
REGULONS_AT_ONCE = 50
"""Columns of an activity table read at once: 100,000 cells × 50 regulons are 40 MB."""
MIN_REFERENCE_GENES = 20
"""Genes seen in all samples that the median of ratios needs; with fewer, library sizes stay as they are."""
PRIOR_COUNT = 0.5
"""Added to every count before the logarithm, as voom does (Law et al. 2014)."""


def sum_cells(matrix) -> tuple[np.ndarray, np.ndarray]:
    """Return, per gene, the sum over cells and the number of cells that show it.

    ``matrix``: cells × genes, in memory or on disk, anything whose rows can be sliced into a sparse matrix.
    """
    n, n_genes = matrix.shape
    total, shown = np.zeros(n_genes), np.zeros(n_genes, dtype=np.int64)
    for start in range(0, n, CELLS_AT_ONCE):
        part = matrix[start : start + CELLS_AT_ONCE].tocsr()
        seen = part.data != 0
        total += np.bincount(part.indices[seen], weights=part.data[seen].astype(np.float64), minlength=n_genes)
        shown += np.bincount(part.indices[seen], minlength=n_genes)
    return total, shown


def decide_samples(sheet: pd.DataFrame, n_cells: dict[str, int], min_cells: int) -> pd.DataFrame:
    """Return one row (:data:`SAMPLES`) a sample of the sheet: whether its mean counts, and if not, why."""
    rows = []
    for sample, row in sheet.iterrows():
        n, reason = n_cells.get(sample, 0), ""
        if row["assay"] != "scrna":
            reason = "profile of a tissue: no cells to score"
        elif n < min_cells:
            reason = f"{n} cells, profiles.min_cells is {min_cells}"
        used = "no" if reason else "yes"
        rows.append((sample, *(str(row[label]) for label in LABELS), row["assay"], n, used, reason))
    return pd.DataFrame(rows, columns=SAMPLES)


def size_factors(counts: pd.DataFrame) -> pd.Series:
    """Return the effective library size of each sample (rows of ``counts``; columns are genes).

    Median of ratios to the geometric mean (Anders & Huber 2010) over genes that all samples show: genes that rise
    strongly don't make all others seem to fall. On the scale of the library sizes. With too few such genes, the library
    sizes.
    """
    library = counts.sum(axis=1).astype(float)
    everywhere = (counts > 0).all(axis=0)
    if len(counts) < 2 or everywhere.sum() < MIN_REFERENCE_GENES:
        return library
    logs = np.log(counts.loc[:, everywhere].to_numpy(dtype=float))
    factor = np.median(logs - logs.mean(axis=0), axis=1)
    return pd.Series(np.exp(factor - factor.mean() + np.log(library).mean()), index=counts.index)


def log_cpm(counts: pd.DataFrame, size: pd.Series) -> pd.DataFrame:
    """Return log2 counts per million of effective library size."""
    return np.log2((counts + PRIOR_COUNT).div(size + 1, axis=0) * 1e6)


def join_counts(parts: dict[str, pd.Series]) -> tuple[pd.DataFrame, pd.Series]:
    """Return samples × genes and whether all samples measured a gene; where one didn't, its count is 0.

    A table of genes may leave out those it never saw, or never have had them: which of both isn't known, so that what
    depends on such a gene isn't compared.
    """
    table = pd.DataFrame(parts).T
    return table.fillna(0), table.notna().all(axis=0)


def check_sample(sample: str, seen: set[str], sheet: pd.DataFrame, where: str) -> None:
    """Refuse activity of a sample that the sheet doesn't have, or that two groups scored."""
    if sample not in sheet.index:
        raise job.UserError(f"{where}: sample {sample!r} is not in the samples sheet; run the stage regulons again")
    if sample in seen:
        raise job.UserError(f"{where}: sample {sample!r} is in another group too; remove results of former groups")


def average_columns(values: np.ndarray, codes: np.ndarray, n_samples: int) -> tuple[np.ndarray, np.ndarray]:
    """Return mean and standard deviation (n − 1) of each column by sample; NaN without cells (sd: without two)."""
    mean, sd = (np.full((n_samples, values.shape[1]), np.nan) for _ in range(2))
    for code in range(n_samples):
        cells = values[codes == code].astype(np.float64)
        if len(cells):
            mean[code] = cells.mean(axis=0)
        if len(cells) > 1:
            sd[code] = cells.std(axis=0, ddof=1)
    return mean, sd


def regulon_columns(names: list[str]) -> list[str]:
    """Return the columns of an activity table that are regulons."""
    return [name for name in names if name not in {"cell", "sample", *LABELS}]


def summarise_activity(path: str, samples: list[str]) -> Iterator[pd.DataFrame]:
    """Yield mean and sd of activity (sample, n_cells, regulon, activity, sd), a block of regulons at a time.

    ``path``: activity of one group (cells × regulons, parquet); ``samples``: those of its samples to average. Samples
    are found by the column ``sample`` alone, whatever the groups are made of.
    """
    from pyarrow import parquet

    file = parquet.ParquetFile(path)
    regulons = regulon_columns(file.schema_arrow.names)
    sample = pd.Series(file.read(columns=["sample"]).column("sample").to_pandas().astype(str))
    codes = pd.Categorical(sample, categories=samples).codes
    n_cells = np.bincount(codes[codes >= 0], minlength=len(samples))
    for start in range(0, len(regulons), REGULONS_AT_ONCE):
        block = regulons[start : start + REGULONS_AT_ONCE]
        values = np.column_stack([column.to_numpy() for column in file.read(columns=block).columns])
        mean, sd = average_columns(values, codes, len(samples))
        yield pd.DataFrame(
            {
                "sample": np.repeat(samples, len(block)),
                "n_cells": np.repeat(n_cells, len(block)),
                "regulon": np.tile(block, len(samples)),
                "activity": mean.ravel(),
                "sd": sd.ravel(),
            }
        )


def samples_in(path: str) -> list[str]:
    """Return the samples that an activity table has cells of, in order of appearance."""
    from pyarrow import parquet

    column = parquet.ParquetFile(path).read(columns=["sample"]).column("sample")
    return [str(name) for name in column.unique().to_pylist()]


def wide(activity: pd.DataFrame, column: str, order: list[str]) -> pd.DataFrame:
    """Return samples (in the given order) × regulons (sorted) of one column of the table of activities."""
    table = activity.pivot(index="sample", columns="regulon", values=column)
    return table.reindex([sample for sample in order if sample in table.index])

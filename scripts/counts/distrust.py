"""Genes to distrust: genes whose counts depend on the share of the other species, because reads are misassigned."""

from __future__ import annotations

import pandas as pd

from scripts.base.tables import read_labelled

FEWEST = 20
"""Minimum number of misassigned UMIs for an informative share (with fewer, the standard error is a fifth or more)."""


def is_distrusted(table: pd.DataFrame, least_share: float | None) -> pd.Series:
    """Return for each row of counts/other_species.tsv whether the gene loses at least ``least_share`` of its reads, and
    at least :data:`FEWEST` UMIs. No gene is distrusted if ``least_share`` is None.
    """
    if least_share is None:
        return pd.Series(False, index=table.index)
    return (table["share_taken"] >= least_share) & (table["umis_taken"] >= FEWEST)


def read_distrusted(path: str | None) -> set[str]:
    """Return the symbols of the graft's genes to distrust; none without a table (a study without a host).

    ``path``: counts/other_species.tsv. Counts of a graft gene are too low if its reads are assigned to the host, and
    increase with the share of the host if the gene receives reads of its host counterpart.
    """
    if not path:
        return set()
    table = read_labelled(path, "symbol", "other_symbol")
    rows = table[table["distrusted"] == "yes"]
    return set(rows["symbol"].where(rows["species"] == "graft", rows["other_symbol"]))


def marked(var: pd.DataFrame) -> pd.Index:
    """Return the genes marked as distrusted in pseudobulk or profiles; none in files of versions without the mark."""
    return var.index[var["distrusted"].astype(bool)] if "distrusted" in var else var.index[:0]

"""Genes to distrust: those whose counts follow the share of the other species, which reads are mixed with."""

from __future__ import annotations

import pandas as pd

from scripts.base.tables import read_labelled

FEWEST = 20
"""UMIs taken below which a share is uninformative (a standard error of a fifth and more)."""


def is_distrusted(table: pd.DataFrame, least_share: float | None) -> pd.Series:
    """Return by row of counts/other_species.tsv whether the gene loses ``least_share`` of its reads or more, and
    :data:`FEWEST` UMIs or more. Nothing is distrusted where ``least_share`` is None.
    """
    if least_share is None:
        return pd.Series(False, index=table.index)
    return (table["share_taken"] >= least_share) & (table["umis_taken"] >= FEWEST)


def read_distrusted(path: str | None) -> set[str]:
    """Return the symbols of the graft's genes to distrust; none without a table (a study without a host).

    ``path``: counts/other_species.tsv. A gene of the graft is counted too low where the host takes its reads, and
    gains reads with the share of the host where it takes those of its counterpart.
    """
    if not path:
        return set()
    table = read_labelled(path, "symbol", "other_symbol")
    rows = table[table["distrusted"] == "yes"]
    return set(rows["symbol"].where(rows["species"] == "graft", rows["other_symbol"]))


def marked(var: pd.DataFrame) -> pd.Index:
    """Return the genes that pseudobulk or profiles mark as distrusted; none in files of a version that marked none."""
    return var.index[var["distrusted"].astype(bool)] if "distrusted" in var else var.index[:0]

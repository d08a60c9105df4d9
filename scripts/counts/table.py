"""An external count matrix: the data common to all formats."""

from __future__ import annotations

from dataclasses import dataclass

from scipy import sparse


@dataclass
class Table:
    """Counts as read, before checks: barcodes × features. ``symbols`` is None if the file has one name per feature."""

    matrix: sparse.csr_matrix
    barcodes: list[str]
    ids: list[str]
    symbols: list[str] | None
    format: str
    genes_are: str = "rows"

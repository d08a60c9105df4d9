"""A count matrix as a lab shares it: what any of its forms holds."""

from __future__ import annotations

from dataclasses import dataclass

from scipy import sparse


@dataclass
class Table:
    """Counts as read: barcodes × features, not yet judged. ``symbols`` is None where the file has one name a
    feature.
    """

    matrix: sparse.csr_matrix
    barcodes: list[str]
    ids: list[str]
    symbols: list[str] | None
    format: str
    genes_are: str = "rows"

"""Call the lineage of a normal cell by its markers: immune, endothelial, fibroblast or epithelial."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd
from scipy import sparse

from scripts.base.genesets import measured, read_sets

PANEL = Path(__file__).parents[2] / "resources" / "genesets" / "lineages.tsv"
NORMAL = ("immune", "endothelial", "fibroblast")
"""Lineages from which a carcinoma doesn't arise (a sarcoma may). Their cells are the reference of copy numbers."""
EPITHELIAL = "epithelial"
OTHER = "other"
"""Label of a normal cell without the markers of any lineage."""
ANNOTATION, MARKERS = "annotation", "markers"
"""Where a normal cell's lineage is from: the user's labels (cells.annotation), or its markers and copy numbers."""
MIN_MARKERS = 3
"""Minimum number of markers of a lineage that a cell expresses. A tumour cell may express one or two of them."""
AMBIENT = 0.3
"""Maximum ambient share of a cell's UMIs (our libraries reach 0.27). A droplet with a tumour cell has a lineage's
markers at up to this share of their level in the soup; a cell of the lineage has more.
"""
LEVEL = 0.001
"""Significance level at which a cell has more of a lineage's markers than ambient RNA explains."""


def read_panel(path: Path = PANEL) -> dict[str, dict[str, str]]:
    """Return gene → alias by lineage."""
    return read_sets([path])


def panel_genes(symbols: pd.Index) -> set[str]:
    """Return the measured genes of all lineages."""
    return {gene for genes in read_panel().values() for gene in measured(genes, symbols)}


def strengths(
    counts: sparse.csr_matrix, symbols: pd.Index, panel: Mapping[str, Mapping[str, str]], soup: np.ndarray | None = None
) -> pd.DataFrame:
    """Return cells × lineages: the markers' UMIs over those that ambient RNA explains, 0 where they show no lineage.

    A cell shows a lineage if it expresses at least :data:`MIN_MARKERS` markers, with more UMIs than ambient RNA
    explains (Poisson, :data:`LEVEL`).

    Parameters
    ----------
    counts
        Cells × genes.
    symbols
        Names of the genes.
    panel
        Gene → alias by lineage.
    soup
        Counts of each gene in empty droplets; without these, the sum over the cells is used.
    """
    from scipy import stats

    counts = counts.tocsr()
    total = np.asarray(counts.sum(axis=1), dtype=float).ravel()
    level = np.asarray(counts.sum(axis=0), dtype=float).ravel() if soup is None or not soup.sum() else soup
    place = {symbol: number for number, symbol in reversed(list(enumerate(symbols.astype(str))))}
    found = {}
    for lineage, genes in panel.items():
        columns = [place[gene] for gene in measured(genes, place)]
        own = counts[:, columns]
        umis = np.asarray(own.sum(axis=1), dtype=float).ravel()
        different = np.asarray((own > 0).sum(axis=1)).ravel()
        # Half a UMI is added, so that markers absent from the soup don't give an infinite ratio.
        share = (level[columns].sum() + 0.5) / (level.sum() + 0.5)
        expected = AMBIENT * share * total
        shows = (different >= MIN_MARKERS) & (stats.poisson.sf(umis - 1, expected) <= LEVEL)
        found[lineage] = np.where(shows, umis / np.maximum(expected, 1e-12), 0.0)
    return pd.DataFrame(found, columns=list(panel))


def call(counts: sparse.csr_matrix, symbols: pd.Index, soup: np.ndarray | None = None) -> np.ndarray:
    """Return the lineage of each cell, empty if markers show none.

    A cell is assigned to the normal lineage whose markers are highest relative to the library's level. Arguments as of
    :func:`strengths`.
    """
    panel = read_panel()
    table = strengths(counts, symbols, {name: panel[name] for name in (*NORMAL, EPITHELIAL)}, soup).to_numpy()
    # Epithelial markers don't make a cell normal; they label cells without another lineage.
    normal = table[:, : len(NORMAL)]
    best = np.array(NORMAL, dtype=object)[normal.argmax(axis=1)]
    epithelial = np.where(table[:, -1] > 0, EPITHELIAL, "")
    return np.where(normal.max(axis=1) > 0, best, epithelial).astype(object)

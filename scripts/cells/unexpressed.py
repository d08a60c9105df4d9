"""Ambient RNA without a host: from genes that cells of a lineage can't express.

A tumour cell has no RNA of immune cells of its own, an immune cell none of epithelium. What it shows of it is soup,
whose genes are known from empty droplets: with the share s of these genes in the soup, a cell with u UMIs of them
holds about u / s ambient ones. The idea is SoupX's (Young & Behjati 2020, GigaScience 9:giaa151); the genes are those
of the panel of lineages, since genes that the data themselves suggest are chosen for being few.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import sparse, stats

from scripts.base.genesets import measured
from scripts.cells import lineages
from scripts.cells.ambient import cell_fractions
from scripts.cells.species import MIN_DROPLETS

TUMOUR = "tumour"
SOUP_UMIS = 100
"""UMIs of such genes in empty droplets, below which their share isn't known (standard error 10 %)."""
CELL_UMIS = 30
"""UMIs of them in the cells, below which nothing is measured (standard error 18 %)."""
EXCESS, LEVEL = 2.0, 0.001
"""A gene above so many times the median, and a cell above so many times the mean, beyond chance at this level, is left
out: a tumour may express a marker, and a droplet may hold a second cell."""
FEWEST_GENES = 3
MOST = 0.5
"""An ambient share beyond this isn't believed: the cells then express the genes."""


@dataclass(frozen=True)
class Unexpressed:
    """Ambient share per cell (NaN where it isn't known), and a note."""

    fractions: np.ndarray
    note: str


def genes_of(group: str, place: dict[str, int]) -> np.ndarray:
    """Return the columns of the genes that a lineage (or the tumour) can't express: those of the other lineages.

    Epithelial genes are the tumour's own where it is a carcinoma.
    """
    others = [name for name in lineages.NORMAL if name != group]
    others += [lineages.EPITHELIAL] if group in lineages.NORMAL else []
    panel = lineages.read_panel()
    own = set(measured(panel[group], place)) if group in lineages.NORMAL else set()
    found = {gene for name in others for gene in measured(panel[name], place)} - own
    return np.array(sorted(place[gene] for gene in found), dtype=int)


def agreeing(umis: np.ndarray, expected: np.ndarray) -> np.ndarray:
    """Return which genes are no more than their median asks for: UMIs in cells, and UMIs expected were all soup."""
    seen = expected >= 1
    if not seen.any():
        return seen
    level = np.median(umis[seen] / expected[seen])
    # Half a UMI, so that a median of zero doesn't throw out a gene for its first.
    return seen & (stats.poisson.sf(umis - 1, EXCESS * level * expected + 0.5) > LEVEL)


def plain(umis: np.ndarray, totals: np.ndarray) -> np.ndarray:
    """Return which cells hold no more of the genes than others: per droplet, or as a share of their UMIs."""
    kept = np.ones(len(umis), bool)
    for _ in range(3):
        mean, share = umis[kept].mean(), umis[kept].sum() / max(totals[kept].sum(), 1)
        kept = stats.poisson.sf(umis - 1, EXCESS * np.maximum(mean, share * totals)) > LEVEL
    return kept


def of_group(counts: sparse.csr_matrix, soup: np.ndarray, columns: np.ndarray, *, seed: int) -> np.ndarray:
    """Return the ambient share of each cell of one lineage (cells × genes), NaN if these genes don't determine it.

    Genes are chosen on one half of the cells and read on the other, so that none counts for being few by chance.
    """
    n, totals = counts.shape[0], np.asarray(counts.sum(axis=1), dtype=float).ravel()
    result = np.full(n, np.nan)
    own = counts[:, columns].tocsr()
    level = soup[columns] / max(soup.sum(), 1)
    if n < 2 * MIN_DROPLETS or soup[columns].sum() < SOUP_UMIS:
        return result
    half = np.random.default_rng(seed).permutation(n) % 2 == 0
    for chosen_by, read_on in ((half, ~half), (~half, half)):
        found = np.asarray(own[chosen_by].sum(axis=0), dtype=float).ravel()
        kept = agreeing(found, level * totals[chosen_by].sum())
        share = float(level[kept].sum())
        if kept.sum() < FEWEST_GENES or share * soup.sum() < SOUP_UMIS:
            return np.full(n, np.nan)
        of_cells = np.asarray(own[:, np.flatnonzero(kept)].sum(axis=1), dtype=float).ravel()
        usual = plain(of_cells[read_on], totals[read_on])
        if of_cells[read_on][usual].sum() < CELL_UMIS / 2 or usual.sum() < MIN_DROPLETS:
            return np.full(n, np.nan)
        rows = np.flatnonzero(read_on)[usual]
        result[rows] = cell_fractions(totals[rows] - of_cells[rows], of_cells[rows], share, least=0.0)
    pooled = np.nansum(result * totals) / totals[np.isfinite(result)].sum()
    return result if pooled <= MOST else np.full(n, np.nan)


def measure(
    counts: sparse.csr_matrix, symbols: pd.Index, soup: np.ndarray | None, lineage: np.ndarray, *, seed: int
) -> Unexpressed:
    """Return the ambient share of the cells of a library without a host.

    Parameters
    ----------
    counts
        Cells × genes (UMIs).
    symbols
        Names of the genes.
    soup
        UMIs of each gene in empty droplets; None without any.
    lineage
        Lineage of each normal cell, empty for all others.
    """
    unknown = np.full(counts.shape[0], np.nan)
    if soup is None or not soup.sum():
        return Unexpressed(unknown, "ambient RNA can't be measured: there are no empty droplets")
    normal = np.isin(lineage, lineages.NORMAL)
    if normal.sum() < MIN_DROPLETS:
        return Unexpressed(
            unknown,
            f"ambient RNA can't be measured: {int(normal.sum())} cells of normal lineages, fewer than {MIN_DROPLETS}, "
            "so that the soup is of the tumour's own genes",
        )
    place = {symbol: number for number, symbol in reversed(list(enumerate(symbols.astype(str))))}
    result, told = unknown.copy(), []
    for group in (TUMOUR, *lineages.NORMAL):
        rows = np.flatnonzero(lineage == group if group != TUMOUR else lineage == "")
        columns = genes_of(group, place)
        if len(rows) and len(columns):
            result[rows] = of_group(counts[rows].tocsr(), soup, columns, seed=seed)
            told += [group] if np.isfinite(result[rows]).any() else []
    if TUMOUR not in told:
        note = "ambient RNA of tumour cells can't be measured: the soup holds too little that they lack"
        return Unexpressed(result, note)
    return Unexpressed(result, f"ambient RNA measured by genes that cells of a lineage lack: {', '.join(told)} cells")


def library_fraction(fractions: np.ndarray, totals: np.ndarray) -> float:
    """Return the ambient share of the UMIs of the cells whose share is known; NaN if none is."""
    known = np.isfinite(fractions) & (totals > 0)
    return float((fractions * totals)[known].sum() / totals[known].sum()) if known.any() else float("nan")

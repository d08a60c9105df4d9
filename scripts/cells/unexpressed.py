"""Ambient RNA without a host: from genes that cells of a lineage do not express.

A tumour cell does not express genes of immune cells, and an immune cell does not express epithelial genes. UMIs of such
genes are therefore ambient. Empty droplets give the share s of these genes in the soup. A cell with u UMIs of them has
about u / s ambient UMIs. The method follows SoupX (Young & Behjati 2020, GigaScience 9:giaa151). The genes are those of
the panel of lineages, since genes chosen from the data would be selected for low counts.
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
"""Minimum UMIs of such genes in empty droplets for an estimate of their share (standard error 10 %)."""
CELL_UMIS = 30
"""Minimum UMIs of such genes in the cells for an estimate (standard error 18 %)."""
EXCESS, LEVEL = 2.0, 0.001
"""Multiple of the median above which a gene is excluded, and of the mean above which a cell is excluded, if significant
at this level. A tumour may express a marker, and a droplet may contain a second cell."""
FEWEST_GENES = 3
MOST = 0.5
"""Maximum plausible ambient share. If the estimate is larger, the cells express the genes."""


@dataclass(frozen=True)
class Unexpressed:
    """Ambient share per cell (NaN if unknown), and a note."""

    fractions: np.ndarray
    note: str


def genes_of(group: str, place: dict[str, int]) -> np.ndarray:
    """Return the columns of the genes that a lineage (or the tumour) does not express: those of the other lineages.

    A carcinoma expresses epithelial genes itself.
    """
    others = [name for name in lineages.NORMAL if name != group]
    others += [lineages.EPITHELIAL] if group in lineages.NORMAL else []
    panel = lineages.read_panel()
    own = set(measured(panel[group], place)) if group in lineages.NORMAL else set()
    found = {gene for name in others for gene in measured(panel[name], place)} - own
    return np.array(sorted(place[gene] for gene in found), dtype=int)


def agreeing(umis: np.ndarray, expected: np.ndarray) -> np.ndarray:
    """Return which genes don't exceed the median ratio of UMIs in cells to UMIs expected if all RNA were ambient."""
    seen = expected >= 1
    if not seen.any():
        return seen
    level = np.median(umis[seen] / expected[seen])
    # Half a UMI is added, so that a median of zero doesn't exclude a gene with a single UMI.
    return seen & (stats.poisson.sf(umis - 1, EXCESS * level * expected + 0.5) > LEVEL)


def plain(umis: np.ndarray, totals: np.ndarray) -> np.ndarray:
    """Return which cells have no excess of the genes' UMIs, neither per droplet nor as a share of their UMIs."""
    kept = np.ones(len(umis), bool)
    for _ in range(3):
        mean, share = umis[kept].mean(), umis[kept].sum() / max(totals[kept].sum(), 1)
        kept = stats.poisson.sf(umis - 1, EXCESS * np.maximum(mean, share * totals)) > LEVEL
    return kept


def of_group(counts: sparse.csr_matrix, soup: np.ndarray, columns: np.ndarray, *, seed: int) -> np.ndarray:
    """Return the ambient share of each cell of one lineage (cells × genes), NaN if these genes don't determine it.

    Genes are selected on one half of the cells and evaluated on the other, to avoid selection of low counts by chance.
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
        Lineage of each normal cell, empty for others.
    """
    unknown = np.full(counts.shape[0], np.nan)
    if soup is None or not soup.sum():
        return Unexpressed(unknown, "ambient RNA can't be measured: there are no empty droplets")
    normal = np.isin(lineage, lineages.NORMAL)
    if normal.sum() < MIN_DROPLETS:
        return Unexpressed(
            unknown,
            f"ambient RNA can't be measured: {int(normal.sum())} cells of normal lineages, fewer than {MIN_DROPLETS}, "
            "so that the soup consists of the tumour's own genes",
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
        note = "ambient RNA of tumour cells can't be measured: the soup has too few UMIs of genes that they lack"
        return Unexpressed(result, note)
    return Unexpressed(result, f"ambient RNA measured by genes that cells of a lineage lack: {', '.join(told)} cells")


def library_fraction(fractions: np.ndarray, totals: np.ndarray) -> float:
    """Return the ambient share of the UMIs of cells with a known share; NaN if there are none."""
    known = np.isfinite(fractions) & (totals > 0)
    return float((fractions * totals)[known].sum() / totals[known].sum()) if known.any() else float("nan")

"""Recovery curves of motifs: their areas, and the rank at which a curve is farthest above the other curves."""

from __future__ import annotations

import numba
import numpy as np

from scripts.scenic.rankings import Database


@numba.njit(nogil=True, cache=True)
def sum_areas(ranks, rows, cutoff, areas):
    """Fill ``areas`` (motifs) with the area under each motif's recovery curve: Σ max(0, cutoff − rank)."""
    areas[:] = 0
    for row in rows:
        of_gene = ranks[row]
        for motif in range(len(areas)):
            # int32 lanes without a branch: the compiler vectorises this loop.
            areas[motif] += max(np.int32(0), np.int32(cutoff) - np.int32(of_gene[motif]))


@numba.njit(nogil=True, cache=True)
def count_recovered(ranks, rows, threshold):
    """Return how many (gene, motif) pairs rank before ``threshold``."""
    n = 0
    for row in rows:
        of_gene = ranks[row]
        for motif in range(len(of_gene)):
            n += of_gene[motif] < threshold
    return n


@numba.njit(nogil=True, cache=True)
def list_recovered(ranks, rows, threshold, rank_of, motif_of):
    """List rank and motif of each (gene, motif) pair ranked before ``threshold``. The arrays need room for one more
    gene.
    """
    n = 0
    for row in rows:
        of_gene = ranks[row]
        for motif in range(len(of_gene)):
            # The pair is always written: an unpredictable branch costs more than the two stores.
            rank_of[n] = of_gene[motif]
            motif_of[n] = motif
            n += of_gene[motif] < threshold


@numba.njit(nogil=True, cache=True)
def sum_curves(rank_of, motif_of, n, count, ordered, first, second):
    """Fill ``first`` and ``second`` (ranks): Σ and Σ of squares, over motifs, of the genes recovered up to each rank.

    ``rank_of`` and ``motif_of`` list ``n`` pairs; ``count`` (motifs) and ``ordered`` (pairs) are working arrays.
    """
    first[:] = 0
    for pair in range(n):
        first[rank_of[pair]] += 1
    place = np.empty(len(first), dtype=np.int64)
    total = 0
    for rank in range(len(first)):
        place[rank] = total
        total += first[rank]
        first[rank] = total
    for pair in range(n):
        rank = rank_of[pair]
        ordered[place[rank]] = motif_of[pair]
        place[rank] += 1
    count[:] = 0
    squares, pair = np.int64(0), 0
    for rank in range(len(first)):
        while pair < first[rank]:
            motif = ordered[pair]
            squares += 2 * count[motif] + 1
            count[motif] += 1
            pair += 1
        second[rank] = squares


@numba.njit(nogil=True, cache=True)
def find_edge(sorted_ranks, limit):
    """Return the first rank at which the recovery curve of ``sorted_ranks`` is farthest above ``limit``."""
    best, at, found = -np.inf, 0, 0
    for rank in range(len(limit)):
        while found < len(sorted_ranks) and sorted_ranks[found] <= rank:
            found += 1
        above = found - limit[rank]
        if above > best:
            best, at = above, rank
    return at


def rank_cutoff(auc_threshold: float, total_genes: int) -> int:
    """Return the rank before which recovered genes count. The last rank is excluded, as in RcisTarget and pySCENIC."""
    return round(auc_threshold * total_genes) - 1


class Pruner:
    """Prunes modules against one database. Each thread has its own pruner, which contains the working arrays."""

    def __init__(self, database: Database, rank_threshold: int, auc_threshold: float):
        self.ranks, self.n_motifs = database.ranks, len(database.motifs)
        self.cutoff = rank_cutoff(auc_threshold, database.total_genes)
        self.first, self.second = np.empty(rank_threshold, dtype=np.int64), np.empty(rank_threshold, dtype=np.int64)
        self.count = np.empty(self.n_motifs, dtype=np.int32)
        self._make_room(0)

    def enrich(self, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return AUC and NES of every motif for the genes in ``rows`` of the database."""
        # 32 bits take half the time and suffice unless modules and cutoffs approach the whole genome.
        wide = len(rows) * self.cutoff >= 2**31
        areas = np.empty(self.n_motifs, dtype=np.int64 if wide else np.int32)
        sum_areas(self.ranks, rows, self.cutoff, areas)
        auc = areas / float((self.cutoff + 1) * len(rows))
        with np.errstate(divide="ignore", invalid="ignore"):
            nes = (auc - auc.mean()) / auc.std()
        return auc, nes

    def _make_room(self, pairs: int) -> None:
        """Allocate arrays for this number of (gene, motif) pairs. Types are narrow, since memory traffic limits the
        speed.
        """
        narrow = np.uint16 if self.n_motifs <= 2**16 else np.int32
        self.rank_of = np.empty(pairs, dtype=self.ranks.dtype)
        self.motif_of, self.ordered = np.empty(pairs, dtype=narrow), np.empty(pairs, dtype=narrow)

    def limit(self, rows: np.ndarray) -> np.ndarray:
        """Return mean + 2 sd over all motifs of the recovery curves, one value per rank."""
        pairs = count_recovered(self.ranks, rows, len(self.first))
        if pairs + self.n_motifs > len(self.rank_of):
            self._make_room(pairs + self.n_motifs)
        list_recovered(self.ranks, rows, len(self.first), self.rank_of, self.motif_of)
        sum_curves(self.rank_of, self.motif_of, pairs, self.count, self.ordered, self.first, self.second)
        n = self.n_motifs
        return self.first / n + 2.0 * (np.sqrt((n * self.second - self.first**2).astype(np.float64)) / n)

    def edge(self, rows: np.ndarray, motif: int, limit: np.ndarray) -> tuple[int, np.ndarray]:
        """Return the last rank of ``motif``'s leading edge and its genes as positions in ``rows``, best rank first."""
        ranks = self.ranks[rows, motif].astype(np.int64)
        order = np.argsort(ranks, kind="stable")
        at = find_edge(ranks[order], limit)
        return at, order[: np.searchsorted(ranks[order], at, side="right")]

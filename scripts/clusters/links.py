"""Clusters of one timepoint recognised at the next: kept, lost, emerged.

A cluster is described by its contrast: its profile (log2 counts per 10,000 of the UMIs of all its cells) minus the mean
profile of its timepoint's clusters. Effects of treatment or library on all cells cancel. The similarity
of two clusters is the Pearson correlation of their contrasts over the variable genes of either timepoint, divided by
√(reliability × reliability) (Spearman 1904): a contrast's reliability is the share of its variance that is not noise,
as random halves of the cells show, so that small or shallow clusters don't look changed because they are noisy.

A cluster lost or new moves the mean, and all contrasts with it: two that merely lack what the others share would look
alike. So there is a second round: the timepoints are laid over each other by what, gene by gene, is the median
difference of the clusters that are each other's most similar, and contrasts are taken from the mean of all clusters.

``p`` is the share of relabellings (all cells of both timepoints, sizes kept) whose largest correlation over all pairs,
in the first round, reaches this one's: it is corrected for the number of pairs.

A timepoint with a single cluster has no contrast. It is then described by its position: its profile minus the mean of
the other timepoint's clusters, which says on whose side of that mean it lies.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import sparse

KEY = ["timepoint_from", "cluster_from", "timepoint_to", "cluster_to"]
COLUMNS = [*KEY, "score", "status", "n_from", "n_to", "nearest", "basis", "p"]
PAIRS = [*KEY, "score", "correlation", "p", "basis"]
PER = 10_000
HALVINGS = 10
"""Random halves that a reliability is averaged over."""
MIN_RELIABILITY = 0.1
"""Least reliability that is used: a score is at most ten times its correlation."""


@dataclass(frozen=True)
class Stage:
    """One timepoint: ``counts`` of cells × linking genes, ``total`` UMIs per cell (all genes), ``labels`` per cell."""

    timepoint: str
    counts: sparse.csr_matrix
    total: np.ndarray
    labels: np.ndarray

    @property
    def names(self) -> np.ndarray:
        """Return the clusters' names."""
        return np.unique(self.labels)

    @property
    def sizes(self) -> np.ndarray:
        """Return the clusters' numbers of cells."""
        return np.unique(self.labels, return_counts=True)[1]

    @property
    def member(self) -> np.ndarray:
        """Return each cell's cluster as a position in ``names``."""
        return np.searchsorted(self.names, self.labels)


@dataclass(frozen=True)
class Comparison:
    """Two timepoints: ``correlation`` (first round), ``score`` and ``p``, clusters of the first × of the second."""

    correlation: np.ndarray
    score: np.ndarray
    p: np.ndarray


def profiles(stage: Stage, member: np.ndarray, weight: np.ndarray | None = None) -> np.ndarray:
    """Return log2(counts per 10,000 + 1), groups × genes, of the summed cells of each group.

    ``member``: group per cell; ``weight``: 1 for the cells to use, 0 for the others.
    """
    n = len(member)
    weight = np.ones(n) if weight is None else weight.astype(float)
    group = sparse.csr_matrix((weight, (member, np.arange(n))), shape=(member.max() + 1, n))
    return np.log2((group @ stage.counts).toarray() * (PER / np.maximum(group @ stage.total, 1))[:, None] + 1)


def contrasts(a: np.ndarray, b: np.ndarray, pairs: list | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Return the contrasts (or the position) of two timepoints' clusters, given their profiles, centred over genes.

    ``pairs`` of clusters (of a, of b), two or more, if the timepoints are to be laid over each other.
    """
    if pairs:
        i, j = (list(side) for side in zip(*pairs, strict=True))
        moved = b - np.median(b[j] - a[i], axis=0)
        centre = (a.mean(axis=0) + moved.mean(axis=0)) / 2
        both = a - centre, moved - centre
    else:
        both = a - (a if len(a) > 1 else b).mean(axis=0), b - (b if len(b) > 1 else a).mean(axis=0)
    return tuple(rows - rows.mean(axis=1, keepdims=True) for rows in both)


def correlate(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Return correlations of centred rows of a with those of b; 0 where a row doesn't vary."""
    scale = np.outer(np.linalg.norm(a, axis=1), np.linalg.norm(b, axis=1))
    return np.divide(a @ b.T, scale, out=np.zeros(scale.shape), where=scale > 0)


def halve(member: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return a mask of a random half of each group's cells."""
    order = rng.permutation(len(member))
    order = order[np.argsort(member[order], kind="stable")]
    first = np.zeros(len(member), dtype=bool)
    first[order[::2]] = True
    return first


def score_pairs(a: Stage, b: Stage, pairs: list | None, rng: np.random.Generator) -> np.ndarray:
    """Return the correlation of all pairs of clusters, divided by the root of their contrasts' reliabilities."""
    members = a.member, b.member
    whole = contrasts(profiles(a, members[0]), profiles(b, members[1]), pairs)
    noise = [np.zeros(len(rows)) for rows in whole]
    for _ in range(HALVINGS):
        masks = [halve(member, rng) for member in members]
        halves = [
            contrasts(profiles(a, members[0], first), profiles(b, members[1], second), pairs)
            for first, second in (masks, [~mask for mask in masks])
        ]
        for i, (one, other) in enumerate(zip(*halves, strict=True)):
            noise[i] += ((one - other) ** 2).sum(axis=1) / 4 / HALVINGS
    size = [np.maximum((rows**2).sum(axis=1), np.finfo(float).tiny) for rows in whole]
    reliable = [np.maximum(1 - noise[i] / size[i], MIN_RELIABILITY) for i in (0, 1)]
    return correlate(*whole) / np.sqrt(np.outer(*reliable))


def mutual_best(score: np.ndarray) -> list[tuple[int, int]]:
    """Return the pairs of clusters that are each other's most similar."""
    to, back = score.argmax(axis=1), score.argmax(axis=0)
    return [(i, int(j)) for i, j in enumerate(to) if back[j] == i]


def compare(a: Stage, b: Stage, *, permutations: int, seed: int) -> Comparison:
    """Return similarity and p of all pairs of clusters; NaN where both timepoints have a single cluster."""
    shape = len(a.names), len(b.names)
    if shape == (1, 1):
        return Comparison(*(np.full(shape, np.nan) for _ in range(3)))
    rng = np.random.default_rng(seed)
    found = correlate(*contrasts(profiles(a, a.member), profiles(b, b.member)))
    score = score_pairs(a, b, None, rng)
    pairs = [pair for pair in mutual_best(score) if score[pair] > 0]
    if len(pairs) > 1:
        score = score_pairs(a, b, pairs, rng)
    reached = np.zeros(shape)
    for _ in range(permutations):
        null = contrasts(profiles(a, rng.permutation(a.member)), profiles(b, rng.permutation(b.member)))
        reached += correlate(*null).max() >= found
    return Comparison(found, score, (1 + reached) / (1 + permutations))


def basis_of(a: Stage, b: Stage) -> str:
    """Return what two timepoints are compared by: contrast, position, or nothing where neither is divided."""
    single = (len(a.names) == 1) + (len(b.names) == 1)
    return ("contrast", "position", "undivided")[single]


def tabulate_pairs(a: Stage, b: Stage, found: Comparison) -> pd.DataFrame:
    """Return one row per pair of clusters."""
    rows = [
        (a.timepoint, str(x), b.timepoint, str(y), shown(found.score[i, j]), found.correlation[i, j], found.p[i, j])
        for i, x in enumerate(a.names)
        for j, y in enumerate(b.names)
    ]
    return pd.DataFrame(rows, columns=PAIRS[:-1]).assign(basis=basis_of(a, b))


def shown(score: float) -> float:
    """Return a score cut to −1 … 1, which dividing by a reliability can exceed."""
    return float(np.clip(score, -1, 1))


def link(a: Stage, b: Stage, found: Comparison, *, min_score: float, min_position: float, max_p: float) -> pd.DataFrame:
    """Return what becomes of the clusters of a, and where those of b come from.

    kept: two clusters, each the other's most similar, with a score of at least ``min_score`` and p ≤ ``max_p``. A
    cluster of a without such a partner is lost, one of b has emerged; ``nearest`` is then the most similar cluster of
    the other timepoint and ``score`` the similarity to it (a high one suggests a cluster that split or merged).
    Two unrelated clusters next to one that is kept have the same score as that one, 0.5, since all depends on what is
    taken for the effect on all cells: ``min_score`` must lie above. A position needs ``min_position``.

    Where a timepoint has a single cluster and its position decides nothing, clusters can't be separated: all are kept,
    with ``basis`` undivided.
    """
    score, p, basis = found.score, found.p, basis_of(a, b)
    kept = np.zeros(score.shape, dtype=bool)
    to, back = score.argmax(axis=1), score.argmax(axis=0)
    least = min_score if basis == "contrast" else min_position
    if basis != "undivided":
        for i, j in mutual_best(score):
            kept[i, j] = score[i, j] >= least and p[i, j] <= max_p
        if basis == "position" and not kept.any():
            basis = "undivided"
    if basis == "undivided":
        kept[:] = True
    x, y = [[str(name) for name in stage.names] for stage in (a, b)]
    rows = []
    for i, j in zip(*np.nonzero(kept), strict=True):
        rows.append((x[i], y[j], shown(score[i, j]), "kept", a.sizes[i], b.sizes[j], y[j], p[i, j]))
    for i in np.flatnonzero(~kept.any(axis=1)):
        rows.append((x[i], "", shown(score[i, to[i]]), "lost", a.sizes[i], 0, y[to[i]], p[i, to[i]]))
    for j in np.flatnonzero(~kept.any(axis=0)):
        rows.append(("", y[j], shown(score[back[j], j]), "emerged", 0, b.sizes[j], x[back[j]], p[back[j], j]))
    names = ["cluster_from", "cluster_to", "score", "status", "n_from", "n_to", "nearest", "p"]
    table = pd.DataFrame(rows, columns=names)
    return table.assign(timepoint_from=a.timepoint, timepoint_to=b.timepoint, basis=basis)[COLUMNS]


def lineages(clusters: list[tuple[str, str]], links: pd.DataFrame) -> dict[tuple[str, str], int]:
    """Return a number per (timepoint, cluster), one for all that are kept one to one, in the order given."""
    kept = links[links["status"] == "kept"]
    single = ~kept.duplicated(["timepoint_from", "cluster_from"], keep=False)
    single &= ~kept.duplicated(["timepoint_to", "cluster_to"], keep=False)
    before = {
        (row.timepoint_to, str(row.cluster_to)): (row.timepoint_from, str(row.cluster_from))
        for row in kept[single].itertuples()
    }
    number: dict[tuple[str, str], int] = {}
    for cluster in clusters:
        number[cluster] = number.get(before.get(cluster), max(number.values(), default=-1) + 1)
    return number

"""GRNBoost2: which transcription factors explain each gene's expression, by stochastic gradient boosting.

After Moerman et al. 2019 (Bioinformatics 35:2159). A boosted ensemble of shallow regression trees predicts each
target's expression from the expression of the factors. The weight of an edge is the contribution of the factor's
splits. The settings are the published ones: learning rate 0.01, depth 3, 10 % of the factors drawn at every split, 90 %
of the cells for every tree, at most 5,000 trees. Boosting stops as soon as the mean out-of-bag improvement of the last
25 trees is negative. The improvement compares the *same* out-of-bag cells before and after a tree, as published.
scikit-learn 1.3 and later compares two different draws, which ends the boosting after a few dozen trees.

Pure functions: no files, no Snakemake. The kernel makes use of the sparsity of expression. It scans only the non-zero
cells of a factor and obtains the contribution of the other cells by subtraction. In small nodes it looks up the node's
cells instead. Residuals are summed as integers, together with their number in one 64-bit word, so that no sum depends
on the order of addition.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import sparse

from scripts.base import job
from scripts.scenic.boosting import boost
from scripts.scenic.errors import ScenicInputError
from scripts.scenic.factors import Factors, bin_factors

MIN_CELLS = 50
IMPORTANCES = ("published", "explained", "validated", "combined")
OUT_OF_BAG = ("validated", "combined")
IMPORTANCE = "combined"  # the default: never much worse than the best (resources/docs/regulons.md)


@dataclass(frozen=True)
class Network:
    """Edges and, per target, the number of trees that were grown (0 for a target that cannot be explained)."""

    adjacencies: pd.DataFrame  # TF, target, importance > 0; largest first, then by names
    rounds: pd.Series  # index target, in the order asked for


def seed_of(seed: int, target: str) -> int:
    """Return the 64-bit seed of one target, which depends only on ``seed`` and the target's name."""
    return int.from_bytes(hashlib.blake2b(f"{seed}\t{target}".encode(), digest_size=8).digest(), "little")


def looks_like_ensembl(names: Sequence[str]) -> bool:
    """Return whether most of ``names`` are Ensembl gene ids."""
    return len(names) > 0 and sum(bool(re.match(r"ENS[A-Z]*G\d{6,}", name)) for name in names) > len(names) / 2


def check_input(
    expression, genes: Sequence[str], tfs: Sequence[str], targets: Sequence[str] | None
) -> sparse.csc_matrix:
    """Return ``expression`` as CSC without stored zeros; ScenicInputError if no network can be inferred from it."""
    matrix = sparse.csc_matrix(expression, copy=False)
    n_cells, n_genes = matrix.shape
    if n_genes != len(genes):
        raise ScenicInputError(f"expression has {n_genes} genes, but {len(genes)} gene names are given")
    if n_cells < MIN_CELLS:
        raise ScenicInputError(f"{n_cells} cells are too few to infer a network: at least {MIN_CELLS} are needed")
    names = pd.Index(genes)
    if names.has_duplicates:
        twice = names[names.duplicated()].unique()
        raise ScenicInputError(
            f"{len(twice)} genes occur more than once ({shorten(twice)}): sum or rename their columns first"
        )
    if not np.isfinite(matrix.data).all():
        gene = genes[np.searchsorted(matrix.indptr, np.flatnonzero(~np.isfinite(matrix.data))[0], side="right") - 1]
        raise ScenicInputError(f"expression of {gene} is NaN or infinite: remove or impute such values first")
    if matrix.nnz and matrix.data.min() < 0:
        gene = genes[np.searchsorted(matrix.indptr, np.flatnonzero(matrix.data < 0)[0], side="right") - 1]
        raise ScenicInputError(
            f"expression of {gene} is negative: give counts or log-normalised expression, not scaled values"
        )
    if matrix.nnz and not matrix.data.all():
        matrix = matrix.copy()
        matrix.eliminate_zeros()
    if not names.isin(list(tfs)).any():
        hint = "check that species and naming of genes and factors agree"
        if looks_like_ensembl(genes) != looks_like_ensembl(tfs):
            ids, symbols = ("genes", "factors") if looks_like_ensembl(genes) else ("factors", "genes")
            hint = f"the {ids} are Ensembl ids, the {symbols} are symbols: translate one of them"
        raise ScenicInputError(
            f"none of {len(tfs)} transcription factors is among the {n_genes} genes "
            f"(genes: {shorten(genes)}; factors: {shorten(tfs)}): {hint}"
        )
    if targets is not None:
        unknown = pd.Index(targets).difference(names, sort=False)
        if len(unknown):
            raise ScenicInputError(f"{len(unknown)} targets are not among the genes: {shorten(unknown)}")
        twice = pd.Index(targets)[pd.Index(targets).duplicated()]
        if len(twice):
            raise ScenicInputError(f"{len(twice)} targets are listed more than once: {shorten(twice)}")
    return matrix


def shorten(names: Sequence[str], most: int = 3) -> str:
    """Return the first few names, for a message."""
    return ", ".join(map(str, names[:most])) + (" …" if len(names) > most else "")


@dataclass(frozen=True)
class Fit:
    """One target's edges (rows among the factors, ascending, and importances > 0) and how it was boosted."""

    factors: np.ndarray
    importances: np.ndarray
    trees: int
    constant: bool = False


def fit_target(
    expression: sparse.csc_matrix,
    column: int,
    factors: Factors,
    target: str,
    *,
    seed: int,
    importance: str = IMPORTANCE,
    max_rounds: int = 5000,
    learning_rate: float = 0.01,
    max_depth: int = 3,
    max_features: float = 0.1,
    subsample: float = 0.9,
    early_stop_window: int = 25,
) -> Fit:
    """Boost the target in ``column`` of ``expression`` (cells × genes, no stored zeros); see :func:`infer_network`."""
    n_cells = expression.shape[0]
    here = slice(expression.indptr[column], expression.indptr[column + 1])
    y = np.zeros(n_cells)
    y[expression.indices[here]] = expression.data[here]
    gain, validated = np.zeros(len(factors.names)), np.zeros(len(factors.names))
    if y.min() == y.max():
        return Fit(np.empty(0, dtype=np.int32), np.empty(0), 0, constant=True)
    itself = factors.names.index(target) if target in factors.names else -1
    n_drawn = max(1, int(max_features * (len(factors.names) - (itself >= 0))))
    n_inbag = max(1, int(subsample * n_cells))
    trees = boost(
        y, *factors.arrays, itself, np.uint64(seed_of(seed, target)), learning_rate, max_depth, n_drawn, n_inbag,
        max_rounds, early_stop_window, gain, validated, np.empty(n_cells),
    )  # fmt: skip
    weight = weigh(importance, gain, validated, trees=trees, variance=y.var(), learning_rate=learning_rate)
    found = np.flatnonzero(weight > 0).astype(np.int32)
    return Fit(found, weight[found], trees)


def weigh(
    importance: str, gain: np.ndarray, validated: np.ndarray, *, trees: int, variance: float, learning_rate: float
) -> np.ndarray:
    """Return the weights of a target's factors, see :func:`infer_network`.

    ``gain``, ``validated``: squared error that each factor's splits remove in in-bag and out-of-bag cells;
    ``variance``: variance of the target.
    """
    if importance == "explained":
        return gain * (2 * learning_rate - learning_rate**2) / variance
    published = gain * (trees / gain.sum()) if gain.any() else gain
    if importance == "published":
        return published
    kept = np.maximum(validated, 0.0)
    on_scale = kept / np.sqrt(kept.sum() * variance) if kept.any() else kept
    return on_scale if importance == "validated" else np.sqrt(published * on_scale)


def infer_network(
    expression,
    genes: Sequence[str],
    tfs: Sequence[str],
    targets: Sequence[str] | None = None,
    *,
    seed: int,
    importance: str = IMPORTANCE,
    threads: int = 1,
    max_rounds: int = 5000,
    learning_rate: float = 0.01,
    max_depth: int = 3,
    max_features: float = 0.1,
    subsample: float = 0.9,
    early_stop_window: int = 25,
    progress: Callable[[int, int], None] | None = None,
) -> Network:
    """Return the network of ``targets`` (default: all genes) from ``expression``: cells × genes, sparse or dense, ≥ 0.

    importance: ``published`` is arboreto's (a factor's share of the squared error that all trees remove, × the number
    of trees). ``explained`` is the share of the target's variance that the factor's splits explain in in-bag cells.
    ``validated`` is the same share in out-of-bag cells, in which noise has a mean gain of zero. A factor without a gain
    there has no edge. The share is on the scale of a correlation: a target's weights are proportional to the variance
    that its factors explain and add up to its square root. ``combined`` is the geometric mean of ``published`` and
    ``validated``: it agrees better between seeds than ``validated``, and contains less noise than ``published``.
    max_features: share of the factors drawn at every split; subsample: share of the cells drawn for every tree (at 1,
    or with early_stop_window 0, boosting always runs to max_rounds). progress: called with the number of finished
    targets and the total. A constant target has no edges. Raises ScenicInputError if all targets are constant or the
    input contains no information. Results depend only on the seed and the data, not on ``threads`` or on which targets
    are requested together.
    """
    if importance not in IMPORTANCES:
        raise ScenicInputError(f"importance is {importance!r}; it must be one of {', '.join(IMPORTANCES)}")
    for name, value in {"learning_rate": learning_rate, "max_features": max_features, "subsample": subsample}.items():
        if not 0 < value <= 1:
            raise ScenicInputError(f"{name} is {value}: it must be above 0 and at most 1")
    if importance in OUT_OF_BAG and int(subsample * expression.shape[0]) == expression.shape[0]:
        raise ScenicInputError(f"{importance} importances need cells out of the bag, but subsample is {subsample}")
    for name, value in {"threads": threads, "max_rounds": max_rounds, "max_depth": max_depth}.items():
        if value < 1:
            raise ScenicInputError(f"{name} is {value}: it must be at least 1")
    genes = list(genes)
    matrix = check_input(expression, genes, tfs, targets)
    column_of = {gene: column for column, gene in enumerate(genes)}
    measured = [tf for tf in dict.fromkeys(tfs) if tf in column_of]
    factors = bin_factors(matrix, [column_of[tf] for tf in measured], measured)
    targets = genes if targets is None else list(targets)

    def fit(target: str) -> Fit:
        return fit_target(
            matrix,
            column_of[target],
            factors,
            target,
            seed=seed,
            importance=importance,
            max_rounds=max_rounds,
            learning_rate=learning_rate,
            max_depth=max_depth,
            max_features=max_features,
            subsample=subsample,
            early_stop_window=early_stop_window,
        )

    fits: list = [None] * len(targets)
    for done, (index, fitted) in enumerate(_in_threads(fit, targets, threads), start=1):
        fits[index] = fitted
        if progress is not None:
            progress(done, len(targets))
    constant = [target for target, fitted in zip(targets, fits, strict=True) if fitted.constant]
    if targets and len(constant) == len(targets):
        raise ScenicInputError(
            f"all {len(targets)} targets are constant over {matrix.shape[0]} cells: {shorten(constant)}; "
            "leave this group out, or check the normalisation of its cells"
        )
    if constant:
        job.log.info(
            "%d of %d targets are constant and get no edges: %s", len(constant), len(targets), shorten(constant)
        )
    trees = [fitted.trees for fitted in fits]
    rounds = pd.Series(trees, index=pd.Index(targets, name="target"), name="trees", dtype=np.int64)
    return Network(_tabulate(factors.names, targets, fits), rounds)


def _in_threads(fit: Callable[[str], Fit], targets: Sequence[str], threads: int) -> Iterator[tuple[int, Fit]]:
    """Yield (index, result) of every target when it is finished, with at most ``threads`` targets at once."""
    if threads <= 1 or len(targets) <= 1:
        for index, target in enumerate(targets):
            yield index, fit(target)
        return
    with ThreadPoolExecutor(threads) as executor:
        ahead = iter(enumerate(targets))
        running: dict = {}
        try:
            while True:
                while len(running) < 2 * threads and (item := next(ahead, None)) is not None:
                    running[executor.submit(fit, item[1])] = item[0]
                if not running:
                    return
                for future in wait(running, return_when=FIRST_COMPLETED).done:
                    yield running.pop(future), future.result()
        finally:
            for future in running:
                future.cancel()


def _tabulate(factors: Sequence[str], targets: Sequence[str], fits: Sequence[Fit]) -> pd.DataFrame:
    """Return the edges of all targets, largest importance first, ties by names (TF, then target)."""
    tf = np.concatenate([fitted.factors for fitted in fits] or [np.empty(0, dtype=np.int32)])
    weight = np.concatenate([fitted.importances for fitted in fits] or [np.empty(0)])
    rank_of = np.empty(len(targets), dtype=np.int32)
    rank_of[np.argsort(np.array(targets, dtype=object), kind="stable")] = np.arange(len(targets))
    target = np.repeat(np.arange(len(targets), dtype=np.int32), [len(fitted.factors) for fitted in fits])
    order = np.lexsort((rank_of[target], tf, -weight))
    return pd.DataFrame(
        {
            "TF": np.array(factors, dtype=object)[tf[order]],
            "target": np.array(targets, dtype=object)[target[order]],
            "importance": weight[order],
        }
    )

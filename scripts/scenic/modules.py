"""Co-expression modules from a network: each factor's best targets by six criteria, split by the correlation's sign.

The criteria and their defaults are those of pySCENIC (Van de Sande et al. 2020, Nature Protocols 15:2247, step 5):
targets above a percentile of all importances, a factor's top targets, and the targets that have the factor among their
top regulators.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import sparse

from scripts.scenic.errors import ExpressionError, NetworkError

ACTIVATING, REPRESSING = "activating", "repressing"
THRESHOLDS = (0.75, 0.90)
"""Percentiles of all importances that an edge must exceed."""
TOP_TARGETS = (50,)
TOP_REGULATORS = (5, 10, 50)
RHO_THRESHOLD = 0.03
"""Least correlation of factor and target for an activating edge; its negative for a repressing one."""
MIN_GENES = 20
BLOCK = 128
"""Factors whose correlations with all genes are held at once."""
EXAMPLES = 5


@dataclass(frozen=True, eq=False)
class Module:
    """One factor's targets by one criterion: ``genes`` (names, the factor among them) and their ``weights``."""

    tf: str
    criterion: str
    sign: str
    genes: np.ndarray
    weights: np.ndarray

    def __len__(self) -> int:
        return len(self.genes)

    @property
    def targets(self) -> dict[str, float]:
        """Weight per gene."""
        return dict(zip(self.genes.tolist(), self.weights.tolist(), strict=True))


def percentile_criterion(fraction: float) -> str:
    """Return the name of the criterion "above this percentile of all importances"."""
    return f"weight>{fraction * 100}%"


def check_network(adjacencies: pd.DataFrame, genes: Sequence[str]) -> None:
    """Raise NetworkError or ExpressionError unless every edge is unique and joins two measured genes."""
    missing = [column for column in ("TF", "target", "importance") if column not in adjacencies]
    if missing:
        raise NetworkError(f"adjacencies: no column {', '.join(missing)}; give columns TF, target and importance")
    if not np.isfinite(adjacencies["importance"].to_numpy(dtype=np.float64)).all():
        raise NetworkError("adjacencies: an importance is missing or infinite; infer the network again")
    if adjacencies.duplicated(["TF", "target"]).any():
        raise NetworkError("adjacencies: an edge (TF, target) occurs in two rows; join each chunk of the network once")
    names = pd.Index(genes)
    if not names.is_unique:
        twice = names[names.duplicated()].unique()[:EXAMPLES].tolist()
        raise ExpressionError(f"expression: duplicate genes ({', '.join(map(str, twice))}); make gene names unique")
    named = pd.Index(pd.unique(adjacencies[["TF", "target"]].to_numpy(dtype=object).ravel()))
    strange = named.difference(names)
    if len(strange):
        raise NetworkError(
            f"adjacencies: {len(strange)} of {len(named)} genes aren't in the expression matrix "
            f"({', '.join(map(str, strange[:EXAMPLES]))}); give the matrix from which the network was inferred"
        )


def correlate_edges(expression, tf_columns: np.ndarray, target_columns: np.ndarray) -> np.ndarray:
    """Return Pearson's correlation over all cells of each edge; NaN where a gene is constant.

    ``expression``: cells × genes, sparse or dense; an edge joins ``tf_columns[i]`` and ``target_columns[i]``. Dense
    blocks of factors × genes are made one at a time.
    """
    matrix = sparse.csc_matrix(expression, dtype=np.float64)
    n = matrix.shape[0]
    mean = np.asarray(matrix.mean(axis=0)).ravel()
    squares = matrix.copy()
    squares.data **= 2
    variance = np.asarray(squares.mean(axis=0)).ravel() - mean**2
    # Rounding leaves a tiny variance in a constant column; a variance far below the mean square is taken as zero.
    variance[variance <= 1e-12 * np.maximum(mean**2, 1e-300)] = 0.0
    sd = np.sqrt(variance)
    rho = np.full(len(tf_columns), np.nan)
    factors, which = np.unique(tf_columns, return_inverse=True)
    order = np.argsort(which, kind="stable")
    first = np.searchsorted(which[order], np.arange(0, len(factors) + BLOCK, BLOCK))
    rows = matrix.tocsr()
    with np.errstate(divide="ignore", invalid="ignore"):
        for number, start in enumerate(range(0, len(factors), BLOCK)):
            edges = order[first[number] : first[number + 1]]
            block = factors[start : start + BLOCK]
            products = (matrix[:, block].T.tocsr() @ rows).toarray()
            f, t = which[edges] - start, target_columns[edges]
            rho[edges] = (products[f, t] / n - mean[block][f] * mean[t]) / (sd[block][f] * sd[t])
    rho[~np.isfinite(rho)] = np.nan
    return rho


def runs(sorted_codes: np.ndarray) -> Iterator[tuple[int, int, int]]:
    """Yield (code, start, stop) for each run of equal codes."""
    if not len(sorted_codes):
        return
    starts = np.flatnonzero(np.r_[True, sorted_codes[1:] != sorted_codes[:-1]])
    for start, stop in zip(starts, np.r_[starts[1:], len(sorted_codes)], strict=True):
        yield int(sorted_codes[start]), int(start), int(stop)


def positions_in_run(sorted_codes: np.ndarray) -> np.ndarray:
    """Return the number of preceding elements of the same run, for each element."""
    if not len(sorted_codes):
        return np.zeros(0, dtype=np.int64)
    starts = np.flatnonzero(np.r_[True, sorted_codes[1:] != sorted_codes[:-1]])
    return np.arange(len(sorted_codes)) - np.repeat(starts, np.diff(np.r_[starts, len(sorted_codes)]))


def modules_from_adjacencies(
    adjacencies: pd.DataFrame,
    expression,
    genes: Sequence[str],
    *,
    thresholds: Sequence[float] = THRESHOLDS,
    top_targets: Sequence[int] = TOP_TARGETS,
    top_regulators: Sequence[int] = TOP_REGULATORS,
    min_genes: int = MIN_GENES,
    rho_threshold: float = RHO_THRESHOLD,
    only_activating: bool = True,
) -> list[Module]:
    """Return the modules of ``min_genes`` or more genes, in pySCENIC's order: sign, criterion, factor by name.

    ``adjacencies``: TF, target, importance; ``expression``: cells × ``genes``, sparse or dense. The factor itself is a
    member of each of its modules, with weight 1. Ties of importance are broken by the order of the table. Percentiles
    are taken over all edges, top lists over the edges of one sign. Raises NetworkError, ExpressionError.
    """
    check_network(adjacencies, genes)
    if adjacencies.empty:
        return []
    column = pd.Index(genes)
    tf, target = adjacencies["TF"].to_numpy(dtype=object), adjacencies["target"].to_numpy(dtype=object)
    weight = adjacencies["importance"].to_numpy(dtype=np.float64)
    tf_code, tf_names = pd.factorize(tf, sort=True)
    target_code, target_names = pd.factorize(target, sort=True)
    rho = correlate_edges(
        expression, column.get_indexer(tf_names)[tf_code], column.get_indexer(target_names)[target_code]
    )
    cuts = adjacencies["importance"].quantile(list(thresholds)).tolist()
    signs = [(ACTIVATING, rho > rho_threshold)]
    if not only_activating:
        signs.append((REPRESSING, rho < -rho_threshold))
    found = []
    for sign, chosen in signs:
        edges = np.flatnonzero(chosen)
        # Best edge first within a factor or a target; lexsort is stable, so ties stay in the table's order.
        by_tf = edges[np.lexsort((-weight[edges], tf_code[edges]))]
        rank_in_tf = positions_in_run(tf_code[by_tf])
        by_target = edges[np.lexsort((-weight[edges], target_code[edges]))]
        rank_in_target = positions_in_run(target_code[by_target])
        selections = [
            (percentile_criterion(f), by_tf[weight[by_tf] > cut]) for f, cut in zip(thresholds, cuts, strict=True)
        ]
        selections += [(f"top{n}", by_tf[rank_in_tf < n]) for n in top_targets]
        selections += [(f"top{n}perTarget", by_target[rank_in_target < n]) for n in top_regulators]
        for criterion, selected in selections:
            selected = selected[np.argsort(tf_code[selected], kind="stable")]
            for code, start, stop in runs(tf_code[selected]):
                members = selected[start:stop]
                names, weights = target_names[target_code[members]], weight[members]
                name = tf_names[code]
                own = names == name
                if own.any():
                    weights = np.where(own, 1.0, weights)
                else:
                    names, weights = np.append(names, name), np.append(weights, 1.0)
                if len(names) >= min_genes:
                    found.append(Module(str(name), criterion, sign, names, weights))
    return found

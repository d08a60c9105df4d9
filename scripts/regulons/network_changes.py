"""Changes of a model's network between two timepoints, beyond those seen when cells are exchanged between them.

Networks differ by chance, because different cells give different edges. The networks of both timepoints are therefore
compared with networks of the same cells with exchanged timepoints, at the same number of cells and the same depth. All
pairs of networks, including the observed pair, are treated equally. If the timepoints do not differ, the observed pair
is exchangeable with the others. Cells are not replicates: a finding in one model describes the two samples of this
model. In the table of factors, the model is the replicate.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd
from scipy import sparse

from scripts.base.expression import normalise, thin
from scripts.base.verdicts import decide
from scripts.regulons.verdicts import GAINED, LOST, NEITHER, NETWORK_CHANGES
from scripts.scenic import grnboost
from scripts.stats import paired

MOST_CELLS = 5_000
"""Cells of a timepoint; the time of a network grows with them."""
PER_TARGET = 20
"""Factors of a target that are followed: those of the largest weight in any of the networks."""
MAX_SHARE = 0.1
"""Greatest share, among edges that differ as much, that cells exchanged would give; ten exchanges can show it."""
MOST_ROWS = 1_000
"""Edges of a model in the table that differ no more than by chance: the most different ones."""
PAIRS = [
    "model", "tf", "target", "importance_baseline", "importance_treated", "deviation", "exchanged_share", "change",
    "models_agreeing",
]  # fmt: skip
FACTORS = [
    "tf", "n", "k", "gained", "lost", "effect", "ci_low", "ci_high", "p", "fdr", "same_direction", "change",
]  # fmt: skip


def match_cells(
    counts: sparse.csr_matrix, treated: np.ndarray, *, most: int = MOST_CELLS, seed: int
) -> tuple[sparse.csr_matrix, np.ndarray]:
    """Return log-normalised expression of equally many cells of each timepoint (at most ``most``) at equal depth, and
    which of them are treated.

    Unequal numbers of cells or molecules would give one timepoint a weaker network. Cells are drawn at random. For the
    timepoint with more molecules per cell (median), each molecule is kept with the probability that equalises the
    medians.

    Parameters
    ----------
    counts
        Cells of both timepoints × genes, whole numbers.
    treated
        Whether a cell is of the later timepoint.
    """
    rng = np.random.default_rng([seed, 0x6E])
    sides = [np.flatnonzero(treated == side) for side in (False, True)]
    n = min(most, *map(len, sides))
    rows = np.concatenate([np.sort(rng.choice(own, n, replace=False)) for own in sides])
    drawn, late = sparse.csr_matrix(counts)[rows], np.repeat([False, True], n)
    total = np.asarray(drawn.sum(axis=1)).ravel()
    depth = np.array([np.median(total[~late]), np.median(total[late])])
    keep = depth.min() / np.maximum(depth, 1)
    return normalise(thin(drawn, keep[late.astype(int)], rng)), late


def exchange(treated: np.ndarray, exchanges: int, seed: int) -> np.ndarray:
    """Return labels, (exchanges + 1) × cells: the observed labels, then the same labels exchanged between the cells."""
    rng = np.random.default_rng([seed, 0x7E])
    return np.vstack([treated, *(rng.permutation(treated) for _ in range(exchanges))])


def infer_pairs(
    expression: sparse.csr_matrix,
    genes: Sequence[str],
    tfs: Sequence[str],
    targets: Sequence[str],
    labels: np.ndarray,
    *,
    seed: int,
    importance: str,
    max_rounds: int,
    threads: int = 1,
    progress: Callable[[int, int], None] | None = None,
) -> pd.DataFrame:
    """Return tf, target, and the weights of each edge in both networks of each labelling (before_0, after_0, …).

    ``labels``: (exchanges + 1) × cells, see :func:`exchange`. Two networks are inferred for each row.
    :data:`PER_TARGET` factors are kept per target; the choice does not depend on which network is the observed one.
    """
    tf_of, target_of = (pd.Index(names) for names in (tfs, targets))
    code, weight, column = [], [], []
    for number, label in enumerate(labels):
        for side in (0, 1):
            own = expression[label == bool(side)]
            edges = grnboost.infer_network(
                own, genes, tfs, targets, seed=seed, importance=importance, max_rounds=max_rounds, threads=threads
            ).adjacencies
            code.append(tf_of.get_indexer(edges["TF"]) * len(targets) + target_of.get_indexer(edges["target"]))
            weight.append(edges["importance"].to_numpy(dtype=np.float32))
            column.append(np.full(len(edges), 2 * number + side))
        if progress is not None:
            progress(number + 1, len(labels))
    pairs, row = np.unique(np.concatenate(code), return_inverse=True)
    weights = np.zeros((len(pairs), 2 * len(labels)), dtype=np.float32)
    weights[row, np.concatenate(column)] = np.concatenate(weight)
    target = pairs % len(targets)
    order = np.lexsort((pairs, -weights.max(axis=1), target))
    rank = np.arange(len(order)) - np.searchsorted(target[order], target[order])
    kept = np.sort(order[rank < PER_TARGET])
    names = [f"{side}_{number}" for number in range(len(labels)) for side in ("before", "after")]
    table = pd.DataFrame(weights[kept], columns=names)
    table.insert(0, "target", target_of[target[kept]])
    table.insert(0, "tf", tf_of[pairs[kept] // len(targets)])
    return table


def differences(table: pd.DataFrame) -> np.ndarray:
    """Return later − earlier weight, edges × labellings; the observed labelling first."""
    number = (table.shape[1] - 2) // 2
    later, earlier = ([f"{side}_{i}" for i in range(number)] for side in ("after", "before"))
    return table[later].to_numpy(dtype=np.float64) - table[earlier].to_numpy(dtype=np.float64)


def deviations(difference: np.ndarray) -> np.ndarray:
    """Return each difference divided by its spread in the *other* labellings (both edges × labellings).

    The spread is the root mean square. The mean over all edges is added to the square, so that a rare edge does not
    rank first because of one small weight (after Tusher et al. 2001). Each labelling is compared with the others. All
    labellings are thus exchangeable if the timepoints do not differ.
    """
    squares, n = difference**2, difference.shape[1]
    total = squares.sum(axis=1, keepdims=True)
    floor = total.mean() / n if len(total) else 0.0
    return difference / np.sqrt((total - squares).clip(0) / (n - 1) + max(floor, 1e-12))


def exchanged_share(deviation: np.ndarray) -> np.ndarray:
    """Return, by edge, the number of edges that deviate as much with cells exchanged, per such edge in the observed
    networks.

    The number is the mean over all labellings, including the observed one. A share therefore cannot be below
    1 ÷ (exchanges + 1). It is monotonic: an edge with a smaller deviation does not have a smaller share.
    """
    size = np.abs(deviation)
    own, every = np.sort(size[:, 0]), np.sort(size.ravel())
    found = len(own) - np.searchsorted(own, own)
    expected = (len(every) - np.searchsorted(every, own)) / size.shape[1]
    share = np.minimum.accumulate(np.minimum(expected / found, 1.0))
    return share[np.searchsorted(own, size[:, 0])]


def judge_edges(table: pd.DataFrame, model: str) -> pd.DataFrame:
    """Return one row per edge of a model (:data:`PAIRS` without models_agreeing), the largest deviation first."""
    deviation = deviations(differences(table))
    share, sign = exchanged_share(deviation), np.sign(deviation[:, 0])
    change = np.select([(share <= MAX_SHARE) & (sign > 0), (share <= MAX_SHARE) & (sign < 0)], [GAINED, LOST], NEITHER)
    found = pd.DataFrame(
        {
            "model": model,
            "tf": table["tf"],
            "target": table["target"],
            "importance_baseline": table["before_0"],
            "importance_treated": table["after_0"],
            "deviation": deviation[:, 0],
            "exchanged_share": share,
            "change": change,
        }
    )
    order = np.lexsort((found["target"], found["tf"], -found["deviation"].abs()))
    return found.iloc[order].reset_index(drop=True)


def shift_factors(table: pd.DataFrame) -> pd.Series:
    """Return, by factor, the increase in strength of its edges in a model, in standard deviations with cells exchanged.

    Weights are summed over the factor's edges, and the change of the median factor is subtracted: a weaker network as a
    whole is not evidence about a factor.
    """
    sums = pd.DataFrame(differences(table)).groupby(table["tf"].to_numpy()).sum()
    sums = sums - sums.median()
    spread = np.sqrt((sums.iloc[:, 1:] ** 2).mean(axis=1))
    return (sums[0] / spread.where(spread > 0)).rename_axis("tf")


def join_models(edges: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Return the edges of all models (:data:`PAIRS`): all that changed, and some of the others (:data:`MOST_ROWS`)."""
    if not edges:
        return pd.DataFrame(columns=PAIRS)
    table = pd.concat([own[(own["change"] != NEITHER) | (own.index < MOST_ROWS)] for own in edges], ignore_index=True)
    changed = table[table["change"] != NEITHER].groupby(["tf", "target", "change"])["model"].nunique()
    alike = changed.reindex(pd.MultiIndex.from_frame(table[["tf", "target", "change"]]), fill_value=0)
    return table.assign(models_agreeing=alike.to_numpy())[PAIRS]


def over_models(shifts: dict[str, pd.Series], edges: pd.DataFrame, fdr: float) -> pd.DataFrame:
    """Return one row (:data:`FACTORS`) per factor: summary of its shifts in the models (:func:`shift_factors`).

    ``gained`` and ``lost``: edges gained and lost, mean over the models that have the factor.
    """
    if not shifts:
        return pd.DataFrame(columns=FACTORS)
    table = pd.DataFrame(shifts).T.sort_index(axis=1)
    found = paired.summarise(table, pd.Series(1.0, index=table.columns))
    found["shared"] = paired.is_shared(found, fdr)
    for name in (GAINED, LOST):
        number = edges[edges["change"] == name].groupby("tf").size().reindex(found.index, fill_value=0)
        found[name] = number / found["n"].where(found["n"] > 0)
    found["change"] = [decide(NETWORK_CHANGES, row).name for _, row in found.iterrows()]
    found = found.rename_axis("tf").reset_index()
    order = np.lexsort((found["tf"], -found["effect"].abs(), found["p"].fillna(1)))
    return found.iloc[order].reset_index(drop=True)[FACTORS]

"""Clusters that a study's models have in common, in a biopsy: cells are assigned by a rule learned from training cells.

A cell's log expression is what its sample and its cluster contribute, and a rest of the same covariance in all
clusters. Of a new sample both its own contribution and the shares of the clusters are unknown; they are estimated
together (expectation–maximisation). Removing the sample's mean alone would hide a cluster that has grown: it moves the
mean towards itself. Training samples are assigned by the rule learned without their model, as a biopsy is.
"""

from __future__ import annotations

from dataclasses import dataclass
from operator import itemgetter

import numpy as np
import pandas as pd
from scipy import sparse
from scipy.special import logsumexp
from threadpoolctl import threadpool_limits

from scripts.base.expression import DECIMALS, normalise
from scripts.biopsy.describe import ROWS
from scripts.biopsy.features import Matched
from scripts.biopsy.growth import count_flags, place_counts
from scripts.growth import common, terms

SECTION = "cluster"
LABEL = "cluster"
"""Column of the reference's cells with the common cluster; empty for cells that were not clustered."""
N_GENES, N_COMPONENTS = 1000, 30
MIN_CELLS = 20
"""Training cells that a cluster needs to be learned."""
AGREE = 0.5
"""Share of a cluster's cells, and of the cells assigned to it, that must agree in models left out: a cluster of which
most cells are taken for others has no share that could be placed."""
ROUNDS, TOLERANCE = 200, 1e-4
"""Most rounds of the estimate of shares, and the change of every share at which it ends."""
MOST = 0.9
"""Share of one cluster at which an estimate begins: from the usual shares, a sample that is almost of one cluster may
be taken for one whose own contribution is unusual.
"""


@dataclass(frozen=True)
class Rule:
    """What tells the clusters apart.

    Parameters
    ----------
    names
        Names of the clusters.
    axes
        Components × axes on which the clusters' means differ, scaled so that cells of a cluster and sample have a
        standard deviation of 1 along each and no correlation.
    means
        Clusters × axes, relative to the first cluster in the same sample.
    shares
        Mean share of each cluster over the training samples.
    """

    names: np.ndarray
    axes: np.ndarray
    means: np.ndarray
    shares: np.ndarray

    def assign(self, values: np.ndarray) -> np.ndarray:
        """Return the likeliest cluster of each cell of one sample (cells × components).

        The estimate is begun at the usual shares, and at shares of :data:`MOST` for each cluster in turn; that of the
        greatest likelihood is taken.
        """
        on_axes = values @ self.axes
        one = np.eye(len(self.names))
        starts = [self.shares, *(MOST * one + (1 - MOST) * self.shares)]
        chances = max((self._estimate(on_axes, start) for start in starts), key=itemgetter(0))[1]
        return self.names[chances.argmax(axis=1)]

    def _estimate(self, values: np.ndarray, shares: np.ndarray) -> tuple[float, np.ndarray]:
        """Return the logarithm of the likelihood, and cells × clusters probabilities, from these shares on."""
        origin = values.mean(axis=0) - shares @ self.means
        for _ in range(ROUNDS):
            chances, _ = self._chances(values - origin, shares)
            # The training shares count as one cell more: no share becomes zero, from which it could not return.
            found = (chances.sum(axis=0) + self.shares) / (len(values) + 1)
            origin = (values - chances @ self.means).mean(axis=0)
            change, shares = np.abs(found - shares).max(), found
            if change < TOLERANCE:
                break
        chances, fit = self._chances(values - origin, shares)
        return fit + float(self.shares @ np.log(shares)), chances

    def _chances(self, centred: np.ndarray, shares: np.ndarray) -> tuple[np.ndarray, float]:
        logs = np.log(shares) - ((centred[:, None, :] - self.means) ** 2).sum(axis=2) / 2
        total = logsumexp(logs, axis=1, keepdims=True)
        return np.exp(logs - total), float(total.sum())


def learn(values: np.ndarray, sample: np.ndarray, cluster: np.ndarray) -> Rule | None:
    """Return the rule from cells × components with their samples and clusters (empty: not clustered).

    None with fewer than two clusters of :data:`MIN_CELLS`. The covariance is shrunken (Ledoit & Wolf 2004).
    """
    from sklearn.covariance import LedoitWolf

    known = pd.Series(cluster[cluster != ""]).value_counts()
    names = np.array(sorted(known.index[known >= MIN_CELLS]), dtype=object)
    if len(names) < 2:
        return None
    own = np.isin(cluster, names)
    sides = [pd.get_dummies(pd.Categorical(column[own])).to_numpy(dtype=float) for column in (sample, cluster)]
    design = np.column_stack([sides[0], sides[1][:, 1:]])
    fit = np.linalg.lstsq(design, values[own], rcond=None)[0]
    means = np.vstack([np.zeros(values.shape[1]), fit[sides[0].shape[1] :]])
    whitening = np.linalg.cholesky(LedoitWolf(assume_centered=True).fit(values[own] - design @ fit).precision_)
    apart = np.linalg.svd((means - means.mean(axis=0)) @ whitening, full_matrices=False)[2][: len(names) - 1]
    axes = whitening @ apart.T
    shares = pd.crosstab(sample[own], cluster[own], normalize="index").mean()[names].to_numpy()
    return Rule(names, axes, means @ axes, shares)


@threadpool_limits.wrap(limits=1)
def components(training: sparse.csr_matrix, query: sparse.csr_matrix, sample: np.ndarray) -> tuple:
    """Return cells × components of training cells and of a biopsy: of the genes that vary most within the samples, by
    the training cells' principal components without the samples' means.
    """
    from sklearn.decomposition import PCA

    chosen = common.variable_within(training, sample, N_GENES, np.ones(training.shape[1], dtype=bool))
    log = normalise(sparse.vstack([training, query], format="csr"))[:, chosen].toarray()
    first, second = log[: training.shape[0]], log[training.shape[0] :]
    means = pd.DataFrame(first).groupby(sample).transform("mean").to_numpy()
    n = min(N_COMPONENTS, int(chosen.sum()))
    rule = PCA(n, svd_solver="covariance_eigh").fit(first - means)
    return tuple(np.round(side @ rule.components_.T, DECIMALS) for side in (first, second))


def assign_left_out(values: np.ndarray, labels: pd.DataFrame) -> np.ndarray:
    """Return the cluster of each training cell by the rule learned without its model; empty where there is none.

    ``labels``: sample, model and :data:`LABEL` of each cell.
    """
    sample, model, cluster = (labels[name].astype(str).to_numpy() for name in ("sample", "model", LABEL))
    found = np.full(len(labels), "", dtype=object)
    for own in dict.fromkeys(model):
        rule = learn(values[model != own], sample[model != own], cluster[model != own])
        for name in dict.fromkeys(sample[model == own]) if rule else ():
            found[sample == name] = rule.assign(values[sample == name])
    return found


def recognised(assigned: np.ndarray, cluster: np.ndarray, name: str) -> tuple[float, float]:
    """Return, in models left out, the share of a cluster's cells that are assigned to it, and the share of the cells
    assigned to it that belong to it; NaN without such cells.
    """
    known = (cluster != "") & (assigned != "")
    is_own, is_taken = known & (cluster == name), known & (assigned == name)
    both = (is_own & is_taken).sum()
    return tuple(float(both / side.sum()) if side.any() else np.nan for side in (is_own, is_taken))


def place(
    table: pd.DataFrame, labels: pd.DataFrame, matched: Matched, states: tuple[str, str], level: float
) -> pd.DataFrame:
    """Return a row (:data:`describe.ROWS`) per common cluster: its share of the biopsy's cells, among the training
    models by :func:`growth.place_counts`. No row if the reference has no common clusters.

    Parameters
    ----------
    table
        Common clusters (:data:`terms.COMMON`) of the reference.
    labels
        Sample, model, timepoint and :data:`LABEL` of the training cells.
    matched
        Counts of training cells and biopsy at one depth.
    states, level
        As of :func:`growth.place_counts`.
    """
    nothing = pd.DataFrame(columns=ROWS)
    if table.empty or LABEL not in labels:
        return nothing
    labels = labels.assign(**{LABEL: labels[LABEL].astype(str).replace(terms.RARE, "")})
    sample, cluster = labels["sample"].astype(str).to_numpy(), labels[LABEL].to_numpy(dtype=object)
    training, query = components(matched.training, matched.query, sample)
    rule = learn(training, sample, cluster)
    if rule is None:
        return nothing
    own, assigned = rule.assign(query), assign_left_out(training, labels)
    rows = []
    for name, item in terms.name_clusters(table).items():
        if name not in rule.names:
            rows.append((SECTION, item, *[np.nan] * 5, "", f"not placed: fewer than {MIN_CELLS} training cells"))
            continue
        found, right = recognised(assigned, cluster, name)
        said = f"in models left out, {found:.0%} of its cells are assigned to it"
        if np.isfinite(right):
            said += f", and {right:.0%} of those assigned are its own"
        if not min(found, right) >= AGREE:
            rows.append((SECTION, item, *[np.nan] * 5, "", f"not placed: {said}"))
            continue
        counts = count_flags(np.where(assigned == "", np.nan, assigned == name).astype(float), labels)
        flagged = int((own == name).sum())
        placed = place_counts(SECTION, item, (flagged, len(own)), counts, states, level)
        rows.append((*placed[:-1], f"{flagged} of {len(own)} cells; {placed[-1]}; {said}"))
    return pd.DataFrame(rows, columns=ROWS)

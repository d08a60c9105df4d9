"""Effects of samples and shares of clusters, estimated together.

A cell's expression is the sum of a sample effect, a cluster effect and a residual with the same covariance in all
clusters. In a new sample its effect and the shares of the clusters are estimated together (expectation–maximisation):
less its own mean, a sample that is mostly of one cluster would look like the usual mixture.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import sparse
from scipy.special import logsumexp
from threadpoolctl import threadpool_limits

from scripts.base import expression

SEEN = 3
"""Cells of each sample, on average, in which a gene must be seen."""
MIN_CELLS = 20
"""Cells that a cluster needs to be learned, and that a sample needs to be assigned."""
ROUNDS, TOLERANCE = 100, 1e-4
"""Most rounds of the estimate of shares, and the change of every share at which it ends."""
START = 0.9
"""Share of one cluster at which estimates begin, beside one from the usual shares."""
APART, ODDS = 0.2, np.log(20)
"""Shares are ambiguous if an estimate with a share that differs by more than the first has a log likelihood that is
smaller by less than the second."""


@dataclass(frozen=True)
class Mixture:
    """Estimate for one sample: ``fit``, its log likelihood with priors, and ``posterior``, cells × clusters."""

    fit: float
    posterior: np.ndarray


@dataclass(frozen=True)
class Rule:
    """A linear discriminant of clusters in which each sample has an effect.

    Parameters
    ----------
    names
        Names of the clusters.
    means
        Clusters × components, relative to the first cluster in the same sample.
    axes
        Components × axes on which the means differ, scaled so that cells of a cluster and sample have a standard
        deviation of 1 along each and no correlation.
    shares
        Mean share of each cluster over the samples learned from.
    centre, precision
        Prior of the sample effect on the axes: mean and inverse of the covariance over these samples.
    """

    names: np.ndarray
    means: np.ndarray
    axes: np.ndarray
    shares: np.ndarray
    centre: np.ndarray
    precision: np.ndarray

    @threadpool_limits.wrap(limits=1)
    def estimates(self, values: np.ndarray, prior: bool = True) -> list[Mixture]:
        """Return estimates for the cells of one sample (cells × components), the likeliest first.

        They are begun at the usual shares, and at shares of :data:`START` for each cluster in turn. ``prior``: of the
        sample effect.
        """
        on_axes, one = values @ self.axes, np.eye(len(self.names))
        precision = self.precision * prior
        starts = [self.shares, *(START * one + (1 - START) * self.shares)]
        found = [self._estimate(on_axes, start, precision) for start in starts]
        return sorted(found, key=lambda mixture: mixture.fit, reverse=True)

    def assign(self, values: np.ndarray) -> np.ndarray | None:
        """Return the likeliest cluster of each cell of one sample (cells × components).

        None if an estimate of different shares is about as likely (:data:`APART`, :data:`ODDS`).
        """
        first, *others = self.estimates(values)
        shares = first.posterior.mean(axis=0)
        for other in others:
            if first.fit - other.fit < ODDS and np.abs(other.posterior.mean(axis=0) - shares).max() > APART:
                return None
        return self.names[first.posterior.argmax(axis=1)]

    def effect(self, values: np.ndarray) -> np.ndarray:
        """Return the effect of one sample on each component; of a kind of sample that the rule was not learned from,
        so that nothing is assumed of its size.
        """
        return (values - self.estimates(values, prior=False)[0].posterior @ self.means).mean(axis=0)

    def _estimate(self, values: np.ndarray, shares: np.ndarray, precision: np.ndarray) -> Mixture:
        n, means = len(values), self.means @ self.axes
        effect = values.mean(axis=0) - shares @ means
        weight = np.linalg.inv(n * np.eye(len(effect)) + precision)
        for _ in range(ROUNDS):
            posterior, _ = posterior_of(values - effect, means, shares)
            # The usual shares count as one cell more: no share becomes zero, from which it could not return.
            found = (posterior.sum(axis=0) + self.shares) / (n + 1)
            effect = weight @ ((values - posterior @ means).sum(axis=0) + precision @ self.centre)
            change, shares = np.abs(found - shares).max(), found
            if change < TOLERANCE:
                break
        posterior, fit = posterior_of(values - effect, means, shares)
        unusual = effect - self.centre
        return Mixture(fit + float(self.shares @ np.log(shares) - unusual @ precision @ unusual / 2), posterior)


def variable_within(counts: sparse.csr_matrix, sample: np.ndarray, n_top: int, allowed: np.ndarray) -> np.ndarray:
    """Return a mask of the genes that vary most between the cells of a sample, by the mean over the samples.

    Genes that only differ between samples are no help: their means are removed.
    """
    names = list(dict.fromkeys(sample))
    variance = np.zeros(counts.shape[1])
    for name in names:
        variance += expression.residual_variance(counts[sample == name]) / len(names)
    seen = np.asarray((counts > 0).sum(axis=0)).ravel() >= SEEN * len(names)
    variance = np.where(allowed & seen, variance, -1)
    chosen = np.argsort(-variance, kind="stable")[: min(n_top, int((variance >= 0).sum()))]
    mask = np.zeros(len(variance), dtype=bool)
    mask[chosen] = True
    return mask


def means_of_samples(sample: np.ndarray) -> np.ndarray | None:
    """Return the covariates (cells × samples − 1) that remove each sample's mean; None for one sample."""
    names = list(dict.fromkeys(sample))[1:]
    return np.column_stack([sample == name for name in names]).astype(float) if names else None


def posterior_of(centred: np.ndarray, means: np.ndarray, shares: np.ndarray) -> tuple[np.ndarray, float]:
    """Return cells × clusters posterior probabilities, and the log likelihood of all cells."""
    square = (centred**2).sum(axis=1, keepdims=True) - 2 * centred @ means.T + (means**2).sum(axis=1)
    logs = np.log(shares) - square / 2
    total = logsumexp(logs, axis=1, keepdims=True)
    return np.exp(logs - total), float(total.sum())


def learnable(cluster: np.ndarray) -> np.ndarray:
    """Return the names of the clusters with :data:`MIN_CELLS` cells. ``cluster``: empty for cells without one."""
    known = pd.Series(cluster[cluster != ""], dtype=object).value_counts()
    return np.array(sorted(known.index[known >= MIN_CELLS]), dtype=object)


@threadpool_limits.wrap(limits=1)
def learn(values: np.ndarray, sample: np.ndarray, cluster: np.ndarray) -> Rule | None:
    """Return the rule from cells × components with their samples and clusters (empty: not clustered).

    None with fewer than two clusters (:func:`learnable`). Covariances are shrunken (Ledoit & Wolf 2004).
    """
    from sklearn.covariance import LedoitWolf

    names = learnable(cluster)
    own = np.isin(cluster, names)
    if len(names) < 2 or not values.shape[1]:
        return None
    sides = [pd.get_dummies(pd.Categorical(column[own])).to_numpy(dtype=float) for column in (sample, cluster)]
    design = np.column_stack([sides[0], sides[1][:, 1:]])
    fit = np.linalg.lstsq(design, values[own], rcond=None)[0]
    effects, means = np.split(fit, [sides[0].shape[1]])
    means = np.vstack([np.zeros(values.shape[1]), means])
    whitening = np.linalg.cholesky(LedoitWolf(assume_centered=True).fit(values[own] - design @ fit).precision_)
    apart = np.linalg.svd((means - means.mean(axis=0)) @ whitening, full_matrices=False)[2][: len(names) - 1]
    axes = whitening @ apart.T
    shares = pd.crosstab(sample[own], cluster[own], normalize="index").mean()[names].to_numpy()
    centre, precision = effects.mean(axis=0) @ axes, np.zeros((axes.shape[1],) * 2)
    if len(effects) > 1:
        # Of one sample nothing is known of how samples differ. The mean of the effects has an error, too.
        precision = LedoitWolf().fit(effects @ axes).precision_ / (1 + 1 / len(effects))
    return Rule(names, means, axes, shares, centre, precision)

"""Effect of a factor's perturbation on the programme: its signature, its genes, and the factor's targets."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from scripts.perturbations.coexpression import MIN_DF, Coexpression
from scripts.stats.jackknife import block_variance, to_fisher
from scripts.stats.paired import MIN_P

BINS = 10
"""Bins of expression in which sets of genes are compared with others."""
MIN_SET = 5
"""Genes of a set that must be measured."""
CONFIDENCE = 0.975


@dataclass(frozen=True)
class SetChange:
    """Change of a set of genes compared with all other sets of the same size and similar expression.

    Parameters
    ----------
    genes
        Genes of the set that are measured.
    follows, expected
        Share of genes that change in their direction, and its mean over the other sets.
    shift
        Mean change in their direction, minus its mean over the other sets (log2).
    spread
        Standard deviation of the shift over the other sets, whose genes are independent.
    error
        Standard error of the shift: the spread, increased for the co-expression of the set.
    df
        Degrees of freedom of the error; 0 if co-expression is unknown, and ``error`` is NaN.
    """

    genes: int
    follows: float = np.nan
    expected: float = np.nan
    shift: float = np.nan
    spread: float = np.nan
    error: float = np.nan
    df: int = 0

    @property
    def t(self) -> float:
        """Return shift / error; NaN if the error is unknown."""
        return self.shift / self.error if self.error > 0 else np.nan

    @property
    def p(self) -> float:
        """Return the two-sided p-value of the t."""
        from scipy import stats

        known = self.df > 0 and np.isfinite(self.t)
        return float(max(2 * stats.t.sf(abs(self.t), self.df), MIN_P)) if known else np.nan

    @property
    def half_width(self) -> float:
        """Return half of the 95 % confidence interval of the shift."""
        from scipy import stats

        return float(stats.t.ppf(CONFIDENCE, self.df) * self.error) if self.df else np.nan


def expression_bins(mean: pd.Series) -> np.ndarray:
    """Return the bin of each gene by its rank of mean expression: at most :data:`BINS`, with 20 genes or more each."""
    n = max(1, min(BINS, len(mean) // 20))
    return (mean.rank(method="first") - 1).mul(n).floordiv(max(len(mean), 1)).astype(int).to_numpy()


def change_of_set(change: pd.Series, signs: pd.Series, mean: pd.Series, together: Coexpression) -> SetChange:
    """Return the change of a set of genes (:class:`SetChange`).

    The other sets are all sets that can be drawn from the genes outside, with one gene of the same expression bin for
    each gene. Their mean and variance are known without drawing. The genes of these sets are largely uncorrelated.
    Those of the set itself may be co-expressed, which increases the variance by chance.

    Parameters
    ----------
    change
        Log2 fold change by gene, without missing values.
    signs
        Direction (±1) by gene of the set.
    mean
        Mean expression by gene of ``change``.
    together
        Co-expression; genes that it lacks do not contribute to the increase.
    """
    genes = change.index
    own = signs[signs.index.isin(genes)]
    m = len(own)
    if m < MIN_SET or len(genes) - m < m:
        return SetChange(m)
    place = genes.get_indexer(own.index)
    bins, values, sign = expression_bins(mean.reindex(genes)), change.to_numpy(dtype=float), own.to_numpy(dtype=float)
    outside = np.ones(len(genes), dtype=bool)
    outside[place] = False
    expected = follows = variance = 0.0
    for number in np.unique(bins[place]):
        inside = sign[bins[place] == number]
        pool = values[outside & (bins == number)]
        pool = pool if len(pool) >= MIN_SET else values[outside]
        up = int((inside > 0).sum())
        expected += inside.sum() * pool.mean()
        follows += up * (pool > 0).mean() + (len(inside) - up) * (pool < 0).mean()
        # Variance of the set's own mean, and of the mean of the pool that it is compared with.
        variance += pool.var(ddof=1) * (len(inside) + inside.sum() ** 2 / len(pool))
    moved = sign * values[place]
    known = together.genes.get_indexer(own.index)
    inflation = together.inflation(known[known >= 0], sign[known >= 0])
    error = np.sqrt(variance * inflation) / m if np.isfinite(inflation) else np.nan
    return SetChange(
        genes=m,
        follows=float((moved > 0).mean()),
        expected=float(follows / m),
        shift=float(moved.mean() - expected / m),
        spread=float(np.sqrt(variance) / m),
        error=float(error),
        df=together.df if np.isfinite(error) else 0,
    )


def correlation(change: pd.Series, programme: pd.Series, together: Coexpression) -> tuple[float, float, float, int]:
    """Return the rank correlation of two changes over genes, its 95 % confidence interval and the number of blocks.

    The interval reflects noise and the choice of genes. Genes are not independent observations. Therefore blocks of
    co-expressed genes are left out in turn (jackknife for blocks of unequal size; Busing et al. 1999, Statistics and
    Computing 9:3), on Fisher's scale, with Student's t. Blocks are estimated, so some co-expressed genes are in
    different blocks. The error is therefore at least that of a change that is co-expressed as the profiles are and is
    unrelated to the programme. Both changes are indexed by the same genes. NaN if blocks are unknown.
    """
    from scipy import stats

    x, y = stats.rankdata(change), stats.rankdata(programme)
    n = len(x)
    if n < MIN_SET or x.std() == 0 or y.std() == 0:
        return np.nan, np.nan, np.nan, 0
    whole = float(np.corrcoef(x, y)[0, 1])
    known = together.genes.get_indexer(change.index)
    if not len(together.blocks) or (known < 0).any():
        return whole, np.nan, np.nan, 0
    blocks, number = np.unique(together.blocks[known], return_inverse=True)
    sums = np.array([np.bincount(number, weights=w) for w in (np.ones(n), x, y, x * x, y * y, x * y)])
    if len(blocks) < 2:
        return whole, np.nan, np.nan, len(blocks)
    size, sx, sy, sxx, syy, sxy = sums.sum(axis=1)[:, None] - sums
    with np.errstate(divide="ignore", invalid="ignore"):
        r = (sxy - sx * sy / size) / np.sqrt((sxx - sx**2 / size) * (syy - sy**2 / size))
    z = to_fisher(whole)
    noise = together.inflation(known, y - y.mean()) / n
    error = np.sqrt(max(block_variance(z, to_fisher(r), sums[0]), noise))
    reach = stats.t.ppf(CONFIDENCE, min(len(blocks) - 1, together.df)) * error
    return whole, float(np.tanh(z - reach)), float(np.tanh(z + reach)), len(blocks)


def is_known(together: Coexpression) -> bool:
    """Return whether co-expression can be estimated from the study's profiles."""
    return together.df >= MIN_DF and len(together.blocks) > 0

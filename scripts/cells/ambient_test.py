"""The test of barcodes against ambient RNA: a multinomial likelihood under the ambient profile, a Monte-Carlo p-value,
a false discovery rate. After Lun et al. 2019 (Genome Biology 20:63).
"""

from __future__ import annotations

import numpy as np
from numba import njit
from scipy import sparse
from scipy.special import gammaln


def good_turing(counts: np.ndarray) -> np.ndarray:
    """Return proportions (sum 1, all > 0) that reserve mass for unseen genes, shared equally among them.

    Simple Good–Turing of Gale & Sampson 1995 (J. Quantitative Linguistics 2:217). Small counts use Turing's estimate.
    A log-log line through the averaged frequencies of frequencies is used from the first count at which the two no
    longer differ by 1.65 standard deviations. If no gene is seen once, the unseen mass is 1 / (total + 1), since the
    estimate would be zero.
    """
    counts = np.asarray(counts, dtype=np.int64)
    total = int(counts.sum())
    if total == 0:
        return np.full(len(counts), 1 / max(len(counts), 1))
    r, n_r = np.unique(counts[counts > 0], return_counts=True)
    n_unseen = int((counts == 0).sum())
    unseen_mass = (n_r[0] / total if r[0] == 1 and n_r[0] < total else 1 / (total + 1)) if n_unseen else 0.0
    adjusted = r.astype(float)
    if len(r) > 2:
        before = np.concatenate([[0], r[:-1]])
        after = np.concatenate([r[1:], [2 * r[-1] - r[-2]]])
        slope, _ = np.polyfit(np.log(r), np.log(2 * n_r / (after - before)), 1)
        smooth = r * (1 + 1 / r) ** (slope + 1)
        following = dict(zip(r.tolist(), n_r.tolist(), strict=True))
        use_smooth = False
        for i, (value, number) in enumerate(zip(r.tolist(), n_r.tolist(), strict=True)):
            beyond = following.get(value + 1, 0)
            if not use_smooth:
                turing = (value + 1) * beyond / number
                sd = (value + 1) / number * np.sqrt(beyond * (1 + beyond / number)) if beyond else 0.0
                use_smooth = beyond == 0 or abs(smooth[i] - turing) <= 1.65 * sd
            adjusted[i] = smooth[i] if use_smooth else turing
    adjusted *= (1 - unseen_mass) / (adjusted * n_r).sum()
    proportions = np.full(len(counts), unseen_mass / max(n_unseen, 1))
    seen = counts > 0
    proportions[seen] = adjusted[np.searchsorted(r, counts[seen])]
    return proportions / proportions.sum()


def log_likelihoods(counts: sparse.csr_matrix, log_profile: np.ndarray) -> np.ndarray:
    """Return the multinomial log-likelihood of each row under the profile (with its coefficient)."""
    counts = counts.tocsr()
    totals = np.asarray(counts.sum(axis=1)).ravel()
    factorials = counts.copy().astype(float)
    factorials.data = gammaln(factorials.data + 1)
    return gammaln(totals + 1.0) - np.asarray(factorials.sum(axis=1)).ravel() + counts @ log_profile


@njit(cache=True)
def _count_simulations_below(sizes, observed, log_profile, log_integer, umis, simulations, seed):
    """Count, per candidate (ascending sizes), the simulated droplets of the same size that are at most as likely.

    Droplets are drawn from ``umis`` (one gene number each), which is shuffled in place. Each draw starts from the order
    that the last one left, which is equally random.
    """
    below = np.zeros(len(sizes), np.int64)
    dealt = np.zeros(len(log_profile), np.int64)
    # SplitMix64 (Steele et al. 2014): the same stream on every machine.
    state = np.uint64(seed) * np.uint64(0xD1342543DE82EF95)
    for _ in range(simulations):
        likelihood, candidate = 0.0, 0
        for size in range(1, sizes[-1] + 1):
            state += np.uint64(0x9E3779B97F4A7C15)
            z = state
            z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
            z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
            z = z ^ (z >> np.uint64(31))
            share = np.float64(z >> np.uint64(11)) * (1.0 / 9007199254740992.0)
            pick = size - 1 + np.int64(share * (len(umis) - size + 1))
            gene = umis[pick]
            umis[pick] = umis[size - 1]
            umis[size - 1] = gene
            dealt[gene] += 1
            likelihood += log_profile[gene] + log_integer[size] - log_integer[dealt[gene]]
            while candidate < len(sizes) and sizes[candidate] == size:
                if likelihood <= observed[candidate] + 1e-9:
                    below[candidate] += 1
                candidate += 1
        for size in range(sizes[-1]):
            dealt[umis[size]] = 0
    return below


def monte_carlo_pvalues(candidates: sparse.csr_matrix, soup: np.ndarray, *, simulations: int, seed: int) -> np.ndarray:
    """Return, per candidate (rows), the share of ambient droplets of its size that are at most as likely (never 0).

    The ambient UMIs (``soup``: counts per gene) are split in two halves. One half gives the profile. Droplets drawn
    without replacement from the other half give the null distribution. Then the halves are exchanged. Cell Ranger and
    STARsolo draw droplets from the profile itself. A profile overfits the UMIs that it was estimated from, so real
    empty droplets then differ from the null. The bias is negligible with millions of ambient UMIs, but not with
    thousands. Each simulation draws one growing droplet and evaluates it at every candidate's size.
    """
    if not candidates.shape[0]:
        return np.empty(0)
    totals = np.asarray(candidates.sum(axis=1)).ravel().astype(np.int64)
    order = np.argsort(totals, kind="stable")
    sizes = totals[order]
    log_integer = np.log(np.maximum(np.arange(sizes[-1] + 1), 1).astype(float))
    rng = np.random.default_rng(seed)
    first = rng.multivariate_hypergeometric(soup, int(soup.sum()) // 2, method="marginals")
    below = np.zeros(len(totals), np.int64)
    for number, (known, dealt_from) in enumerate(((first, soup - first), (soup - first, first))):
        log_profile = np.log(good_turing(known))
        observed = log_likelihoods(candidates, log_profile)[order]
        umis = np.repeat(np.arange(len(soup), dtype=np.int32), dealt_from)
        rounds = (simulations + 1 - number) // 2
        stream = int(rng.integers(2**62))
        below += _count_simulations_below(sizes, observed, log_profile, log_integer, umis, rounds, stream)
    pvalues = np.empty(len(totals))
    pvalues[order] = (below + 1) / (simulations + 1)
    return pvalues


def benjamini_hochberg(pvalues: np.ndarray) -> np.ndarray:
    """Return adjusted p-values (false discovery rates) in the order given."""
    n = len(pvalues)
    order = np.argsort(pvalues, kind="stable")
    ranked = pvalues[order] * n / np.arange(1, n + 1)
    adjusted = np.empty(n)
    adjusted[order] = np.minimum(np.minimum.accumulate(ranked[::-1])[::-1], 1.0)
    return adjusted

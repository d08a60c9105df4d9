"""Regulators of published signatures beside the study's switches, by the study's own network."""

from __future__ import annotations

import numpy as np
import pandas as pd

from scripts.published.places import change_of, signed
from scripts.published.terms import AGREEMENT, OVERALL, REGULATORS

MIN_FACTORS = 10
"""Factors that two rankings must share."""
MIN_BLOCKS = 8
"""Blocks of factors that an interval takes."""
SHARED_TARGETS = 0.1
"""Share of targets in common (Jaccard) from which factors are in one block."""
CONFIDENCE = 0.975
LARGEST = 0.9999
"""Largest correlation that is taken to Fisher's scale."""


def score_factors(signs: pd.Series, targets: dict[str, pd.Series], mean: pd.Series) -> pd.Series:
    """Return by factor how far its targets are in the lists of a signature, in standard deviations of other genes.

    A factor that rises has its activated targets among the genes that rise, and its repressed ones among those that
    fall. ``signs``: ±1 by gene of the signature; ``targets``: factor → ±1 by target; ``mean``: mean expression of all
    measured genes. The other genes are of similar expression; a factor with few measured targets has no score.
    """
    listed = pd.Series(signed(signs, mean.index), index=mean.index)
    found = {tf: change_of(listed, own[own.index != tf], mean) for tf, own in targets.items()}
    scores = {tf: change.shift / change.spread if change.spread > 0 else np.nan for tf, change in found.items()}
    return pd.Series(scores, dtype=float)


def blocks_of(targets: dict[str, pd.Series]) -> pd.Series:
    """Return the block of each factor: those that share targets, by average linkage of their Jaccard distances."""
    from scipy.cluster import hierarchy
    from scipy.spatial.distance import squareform

    names = list(targets)
    if len(names) < 2:
        return pd.Series(0, index=names)
    genes = pd.Index(sorted(set().union(*(own.index for own in targets.values()))))
    member = np.array([genes.isin(targets[name].index) for name in names], dtype=float)
    both = member @ member.T
    size = member.sum(axis=1)
    distance = 1 - both / np.maximum(size[:, None] + size[None, :] - both, 1)
    np.fill_diagonal(distance, 0.0)
    tree = hierarchy.linkage(squareform(distance, checks=False), "average")
    return pd.Series(hierarchy.fcluster(tree, 1 - SHARED_TARGETS, "distance"), index=names)


def block_correlation(x: np.ndarray, y: np.ndarray, blocks: np.ndarray) -> tuple[float, float, float, int]:
    """Return Spearman's correlation, its 95 % confidence interval and the number of blocks.

    Factors that share targets are not independent observations. Their blocks are left out in turn (jackknife for blocks
    of unequal size; Busing et al. 1999, Statistics and Computing 9:3), on Fisher's scale, with Student's t. No interval
    below :data:`MIN_BLOCKS` blocks.
    """
    from scipy import stats

    names, number = np.unique(blocks, return_inverse=True)
    n, groups = len(x), len(names)
    if n < MIN_FACTORS or np.ptp(x) == 0 or np.ptp(y) == 0:
        return np.nan, np.nan, np.nan, groups
    whole = float(stats.spearmanr(x, y)[0])
    if groups < MIN_BLOCKS:
        return whole, np.nan, np.nan, groups

    def scaled(kept: np.ndarray) -> float:
        return float(np.arctanh(np.clip(stats.spearmanr(x[kept], y[kept])[0], -LARGEST, LARGEST)))

    z = scaled(np.ones(n, dtype=bool))
    left = np.array([scaled(number != group) for group in range(groups)])
    h = n / np.bincount(number)
    pseudo = h * z - (h - 1) * left
    centre = groups * z - ((1 - 1 / h) * left).sum()
    error = np.sqrt(((pseudo - centre) ** 2 / (h - 1)).mean())
    reach = stats.t.ppf(CONFIDENCE, groups - 1) * error
    return whole, float(np.tanh(z - reach)), float(np.tanh(z + reach)), groups


def score_of_study(switches: pd.DataFrame) -> pd.DataFrame:
    """Return regulon and score by factor: the standardised change of activity, of the regulon of activated targets.

    ``switches``: switches/switches.tsv. A factor's regulon of repressed targets counts only if there is no other.
    """
    own = switches.dropna(subset=["activity_change_sd"])
    repressed = own["regulon"].str.endswith("(-)")
    score = own["activity_change_sd"].where(~repressed, -own["activity_change_sd"])
    table = pd.DataFrame({"tf": own["tf"], "regulon": own["regulon"], "score": score, "side": repressed})
    return table.sort_values("side", kind="stable").drop_duplicates("tf").set_index("tf")[["regulon", "score"]]


def compare_rankings(
    rankings: dict[str, pd.Series], study: pd.DataFrame, targets: dict[str, pd.Series]
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return a row per ranking and factor (:data:`REGULATORS`), and per ranking (:data:`AGREEMENT`).

    ``rankings``: score by factor of each published ranking; ``study``: from :func:`score_of_study`; ``targets``:
    factor → ±1 by target. Factors of both are ranked, the highest score first.
    """
    blocks = blocks_of(targets)
    rows, agreement = [pd.DataFrame(columns=REGULATORS)], []
    for name, scores in rankings.items():
        factors = study.index.intersection(scores.dropna().index).intersection(blocks.index)
        x, y = scores[factors], study.loc[factors, "score"]
        rows.append(
            pd.DataFrame(
                {
                    "ranking": name,
                    "tf": factors,
                    "regulon": study.loc[factors, "regulon"].to_numpy(),
                    "targets": [len(targets[tf]) for tf in factors],
                    "score": x.to_numpy(),
                    "rank": x.rank(ascending=False, method="min").to_numpy(),
                    "study_score": y.to_numpy(),
                    "study_rank": y.rank(ascending=False, method="min").to_numpy(),
                }
            ).sort_values(["rank", "tf"])
        )
        r, low, high, groups = block_correlation(x.to_numpy(), y.to_numpy(), blocks[factors].to_numpy())
        few = len(factors) < MIN_FACTORS
        note = "too few factors of both" if few else "too few blocks of factors" if np.isnan(low) else ""
        agreement.append((name, len(factors), groups, r, low, high, note))
    joined = pd.concat(rows[1:] or rows, ignore_index=True)
    return joined.reindex(columns=REGULATORS), pd.DataFrame(agreement, columns=AGREEMENT)


def with_overall(rankings: dict[str, pd.Series]) -> dict[str, pd.Series]:
    """Return the rankings of signatures after that of their mean, which exists for two signatures or more."""
    scored = {name: scores for name, scores in rankings.items() if scores.notna().any()}
    if len(scored) < 2:
        return scored
    return {OVERALL: pd.DataFrame(scored).mean(axis=1), **scored}

"""Regulators of published signatures beside the study's switches, by the study's own network."""

from __future__ import annotations

import numpy as np
import pandas as pd

from scripts.base import job
from scripts.perturbations.coexpression import MIN_DF, Coexpression
from scripts.published.places import change_of, signed
from scripts.published.terms import AGREEMENT, OVERALL, REGULATORS
from scripts.stats.jackknife import block_variance, to_fisher

MIN_FACTORS = 10
"""Factors that two rankings must share."""
MIN_BLOCKS = 8
"""Blocks of factors that an interval takes."""
SHARED_TARGETS = 0.1
"""Share of targets in common (Jaccard) from which factors are in one block."""
TOGETHER = 0.7
"""Absolute correlation of targets over profiles (within models and timepoints) from which factors are in one block."""
CONFIDENCE = 0.975


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


def blocks_of(targets: dict[str, pd.Series], together: Coexpression) -> pd.Series:
    """Return the block of each factor: those that share targets, or whose targets change together in the profiles.

    Similarity of two factors is the larger of two: the Jaccard index of their targets, and the absolute correlation of
    their targets' mean residuals, scaled such that :data:`TOGETHER` counts as much as :data:`SHARED_TARGETS`. Average
    linkage, cut there.
    """
    from scipy.cluster import hierarchy
    from scipy.spatial.distance import squareform

    names = list(targets)
    if len(names) < 2:
        return pd.Series(0, index=names)
    genes = pd.Index(sorted(set().union(*(own.index for own in targets.values()))))
    member = np.array([targets[name].reindex(genes).fillna(0.0) for name in names])
    both = (member != 0).astype(float) @ (member != 0).T
    size = (member != 0).sum(axis=1)
    shared = both / np.maximum(size[:, None] + size[None, :] - both, 1)
    known = genes.isin(together.genes)
    moves = together.residuals[:, together.genes.get_indexer(genes[known])] @ member[:, known].T
    length = np.sqrt((moves**2).sum(axis=0))
    unit = moves / np.where(length > 0, length, 1.0)
    distance = 1 - np.maximum(shared, np.abs(unit.T @ unit) * SHARED_TARGETS / TOGETHER)
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

    z = to_fisher(whole)
    left = [stats.spearmanr(x[number != group], y[number != group])[0] for group in range(groups)]
    error = np.sqrt(block_variance(z, to_fisher(np.array(left)), np.bincount(number)))
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
    rankings: dict[str, pd.Series], study: pd.DataFrame, targets: dict[str, pd.Series], together: Coexpression
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return a row per ranking and factor (:data:`REGULATORS`), and per ranking (:data:`AGREEMENT`).

    ``rankings``: score by factor of each published ranking; ``study``: from :func:`score_of_study`; ``targets``:
    factor → ±1 by target; ``together``: co-expression in the study. Factors of both are ranked, the highest score
    first. No interval where the profiles are too few to show which factors' targets change together.
    """
    blocks = blocks_of(targets, together)
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
        if together.df < MIN_DF:
            low = high = np.nan
            note = "too few profiles to show which targets change together"
        else:
            note = "too few blocks of factors" if np.isnan(low) else ""
        note = "too few factors of both" if len(factors) < MIN_FACTORS else note
        agreement.append((name, len(factors), groups, r, low, high, note))
    joined = pd.concat(rows[1:] or rows, ignore_index=True)
    return joined.reindex(columns=REGULATORS), pd.DataFrame(agreement, columns=AGREEMENT)


def in_order(scored: dict[str, pd.Series], given: dict[str, pd.Series]) -> dict[str, pd.Series]:
    """Return all rankings: the mean over signatures (of two or more), the user's, then each signature's.

    ``scored``: score by factor of each signature; ``given``: of each file of the config. Raises
    :class:`job.UserError` if a file has the name of another ranking.
    """
    scored = {name: scores for name, scores in scored.items() if scores.notna().any()}
    overall = {OVERALL: pd.DataFrame(scored).mean(axis=1)} if len(scored) > 1 else {}
    if same := sorted(given.keys() & {OVERALL, *scored}):
        raise job.UserError(
            f"config: published.regulators: a signature has the name of the file {same[0]!r} too; rename the file"
        )
    return overall | given | scored

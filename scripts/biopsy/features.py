"""Training cells and cells of a biopsy restricted to shared genes and scored in the same way.

Activity may depend on depth and on the genes that are measured. Instead of correcting for that, the training cells are
degraded to what the biopsy offers: the genes that both measured, at the shallower depth of both. Whatever is learned
from them then (discriminant, densities, differences between patients) is learned under the biopsy's own conditions.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import sparse

from scripts.base.expression import thin
from scripts.regulons import scoring

MIN_OVERLAP = 0.8
"""Part of a regulon's targets that must be measured for it to be scored (AUCell's, after pySCENIC)."""
FORMER = {"activity_score": "aucell", "activity_own_gene": True, "max_target_share": 1.0}
"""Settings of references that were frozen before there was a choice."""
SIGNATURE = {"up": "signature up", "down": "signature down"}
"""Names of the signature's two gene sets among the features."""


@dataclass(frozen=True)
class Matched:
    """Counts (cells × common genes, CSR) of training and biopsy at one depth.

    ``depth`` is the median UMIs that the deeper samples were thinned to; ``coverage`` the part of the universe that the
    biopsy measured.
    """

    training: sparse.csr_matrix
    query: sparse.csr_matrix
    genes: list[str]
    depth: float
    query_depth: float
    training_depths: pd.Series
    coverage: float


def median_depth(counts: sparse.csr_matrix) -> float:
    """Return the median UMIs of a cell; 0 without cells."""
    totals = np.asarray(counts.sum(axis=1)).ravel()
    return float(np.median(totals)) if len(totals) else 0.0


def match(cells, query: sparse.csr_matrix | None, genes: list[str] | None, *, seed: int) -> Matched:
    """Bring the training cells (AnnData, ``obs["sample"]``) and the biopsy's counts (cells × ``genes``) together.

    The depth is the biopsy's median or, if that is deeper, the median over training samples of their medians; deeper
    samples of either side are thinned to it. Without a biopsy (``None``) the training cells are matched to themselves.
    """
    universe = cells.var_names.tolist()
    counts = sparse.csr_matrix(cells.X)
    if query is None:
        query, genes = sparse.csr_matrix((0, len(universe)), dtype=counts.dtype), universe
    known = {gene: number for number, gene in enumerate(genes)}
    common = [gene for gene in universe if gene in known]
    training = counts[:, [number for number, gene in enumerate(universe) if gene in known]]
    query = sparse.csr_matrix(query)[:, [known[gene] for gene in common]]
    sample = cells.obs["sample"].astype(str).to_numpy()
    depths = pd.Series({name: median_depth(training[sample == name]) for name in dict.fromkeys(sample)}, dtype=float)
    offered = median_depth(query) if query.shape[0] else np.inf
    depth = min(offered, float(depths.median()))
    rng = np.random.default_rng(seed)
    share = (depth / depths.clip(lower=1)).reindex(sample).to_numpy()
    training = thin(training, share, rng)
    thinned = thin(query, np.full(query.shape[0], depth / max(offered, 1)), rng)
    coverage = len(common) / max(len(universe), 1)
    return Matched(training, thinned, common, depth, offered if query.shape[0] else 0.0, depths, coverage)


def score_settings(settings: dict) -> dict:
    """Return how activity is scored, from a reference's settings; by our own kernels, whoever scored the study."""
    former = {**FORMER, "activity_auc_threshold": settings.get("auc_threshold")}
    return {**former, **settings, "engine": "native"}


def gene_sets(
    regulons: pd.DataFrame, signature: pd.DataFrame, genes: list[str], settings: dict
) -> dict[str, dict[str, float]]:
    """Return the weighted gene sets that can be scored on ``genes``: regulons, and the signature's two directions."""
    known = set(genes)
    settings = score_settings(settings)
    sets = scoring.sets_from(regulons, settings)
    for direction, name in SIGNATURE.items():
        chosen = signature.loc[signature["direction"] == direction, "gene"]
        if len(chosen):
            sets[name] = dict.fromkeys(chosen, 1.0)
    kept = {
        name: {gene: weight for gene, weight in targets.items() if gene in known}
        for name, targets in sets.items()
        if sum(gene in known for gene in targets) >= MIN_OVERLAP * len(targets)
    }
    return scoring.capped_sets(kept, settings["max_target_share"])


def scales(matched: Matched, cells) -> pd.DataFrame:
    """Return the scale of each common gene over the training cells at the common depth."""
    return scoring.scales_of(matched.training, matched.genes, cells.obs["sample"])


def activities(
    counts: sparse.csr_matrix, genes: list[str], sets: dict, settings: dict, scales: pd.DataFrame, threads: int
) -> pd.DataFrame:
    """Return cells × gene sets: activity as the stage regulons scores it, in the units of ``scales``."""
    if not counts.shape[0] or not sets:
        return pd.DataFrame(np.zeros((counts.shape[0], len(sets))), columns=list(sets))
    seed, settings = settings["seed"], score_settings(settings)
    return scoring.score(counts, genes, sets, settings, scales=scales, seed=seed, threads=threads)


def log_profile(counts: np.ndarray) -> np.ndarray:
    """Return log2 counts per million (samples × genes) with a prior of half a count, as the pseudobulks have it."""
    counts = np.atleast_2d(counts).astype(float)
    return np.log2((counts + 0.5) / (counts.sum(axis=1, keepdims=True) + 1) * 1e6)

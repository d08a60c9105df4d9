"""Gene sets among the changes: GSEA on the contrast's t, and what a published signature shares with ours."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy import stats

from scripts.profiles.networks import set_table
from scripts.stats.paired import false_discovery_rate

GENE_SETS = [
    "contrast", "collection", "gene_set", "size", "measured", "nes", "p", "fdr", "mean_log_fc", "models_agreeing",
    "n_models", "shared_up", "shared_up_p", "shared_down", "shared_down_p", "leading",
]  # fmt: skip
MIN_GENES = 5
"""Measured genes that a set needs."""
LEADING = 10
"""Genes named of each set: those furthest in its direction."""


def gsea(t: pd.Series, sets: dict[str, list[str]], permutations: int, seed: int) -> pd.DataFrame:
    """Return nes and p by set (index); sets with few measured genes have none (Subramanian et al. 2005).

    ``t``: by gene, without NaN. Genes are permuted, as the models are too few: p asks whether the set's genes differ
    from others, and takes genes as independent, which those of a set aren't. Computed by decoupler; its p of 0 out of
    ``permutations`` is told as what these can show.
    """
    import decoupler as dc

    edges = set_table(sets)
    edges = edges[edges["target"].isin(t.index)].assign(weight=1.0)
    edges = edges[edges.groupby("source")["target"].transform("size") >= MIN_GENES]
    if edges.empty:
        return pd.DataFrame(columns=["nes", "p"], dtype=float)
    names, members, starts, offsets = dc.pp.idxmat(t.index.to_numpy(dtype=str), edges.copy())
    # decoupler takes a seed of 0 for none, and then permutes nothing.
    nes, p = dc.mt.gsea.func(
        t.to_numpy(dtype=float)[None, :], members, starts, offsets, times=permutations, seed=seed + 1
    )
    # About half of the permutations have the sign of the score and are what it is compared with.
    compared = permutations / 2
    return pd.DataFrame({"nes": nes[0], "p": (p[0] * compared + 1) / (compared + 1)}, index=names)


def overlap(genes: set[str], signature: set[str], universe: int) -> tuple[int, float]:
    """Return how many genes of the signature a set holds, and the upper tail of the hypergeometric distribution."""
    shared = len(genes & signature)
    return shared, float(stats.hypergeom.sf(shared - 1, universe, len(signature), len(genes)))


def table_of(
    contrast: str,
    rows: pd.DataFrame,
    collections: dict[str, dict[str, list[str]]],
    changes: pd.DataFrame,
    signature: pd.DataFrame,
    *,
    permutations: int,
    seed: int,
) -> pd.DataFrame:
    """Return one row (:data:`GENE_SETS`) per set of one contrast; FDR within a collection, best first.

    ``rows``: the contrast's genes (t, log_fc) over all arms; ``changes``: the models' own differences, models × genes;
    ``collections``: sets by name of their file.
    """
    known = rows[rows["t"].notna()].set_index("gene")
    up, down = (set(signature.loc[signature["direction"] == way, "gene"]) for way in ("up", "down"))
    parts = []
    for collection, sets in collections.items():
        found = gsea(known["t"], sets, permutations, seed)
        told = []
        for name, genes in sets.items():
            own = [gene for gene in genes if gene in known.index]
            score = found.loc[name] if name in found.index else pd.Series({"nes": np.nan, "p": np.nan})
            by_model = changes[[gene for gene in own if gene in changes.columns]].mean(axis=1)
            mean = known.loc[own, "log_fc"].mean() if own else np.nan
            sign = np.sign(score["nes"]) if np.isfinite(score["nes"]) else np.sign(mean)
            ordered = known.loc[own, "t"].sort_values(ascending=sign < 0, kind="stable").index[:LEADING]
            told.append(
                (
                    *(contrast, collection, name, len(genes), len(own), score["nes"], score["p"], np.nan, mean),
                    *((np.sign(by_model) == sign).sum(), by_model.notna().sum()),
                    *overlap(set(own), up & set(known.index), len(known)),
                    *overlap(set(own), down & set(known.index), len(known)),
                    ",".join(ordered),
                )
            )
        part = pd.DataFrame(told, columns=GENE_SETS)
        part["fdr"] = false_discovery_rate(part["p"].to_numpy(dtype=float))
        parts.append(part.sort_values(["p", "gene_set"], kind="stable"))
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=GENE_SETS)

"""Enrichment of gene sets: each set's mean change against that of all other genes, tested over patients."""

from __future__ import annotations

import numpy as np
import pandas as pd

from scripts.profiles.networks import set_table
from scripts.stats.paired import false_discovery_rate, summarise

GENE_SETS = [
    "contrast", "collection", "gene_set", "size", "measured", "log_fc", "ci_low", "ci_high", "t", "p", "fdr",
    "same_direction", "models_agreeing", "n_models", "nes", "shared_up", "shared_down", "leading",
]  # fmt: skip
SUMMARY = {
    "effect": "log_fc", "ci_low": "ci_low", "ci_high": "ci_high", "t": "t", "p": "p",
    "same_direction": "same_direction", "k": "models_agreeing", "n": "n_models",
}  # fmt: skip
MIN_GENES = 5
"""Measured genes that a set needs."""
LEADING = 10
"""Genes named of each set: those furthest in its direction."""


def gsea(t: pd.Series, sets: dict[str, list[str]], permutations: int, seed: int) -> pd.Series:
    """Return the normalised enrichment score by set; NaN for sets with few measured genes (Subramanian et al. 2005).

    ``t``: by gene, without NaN. Computed by decoupler, for comparison with published scores. Its p-value is not used:
    it permutes genes as if they were independent. Sets with correlated genes would have p ≤ .05 in up to half of the
    cases without any change.
    """
    import decoupler as dc

    edges = set_table(sets)
    edges = edges[edges["target"].isin(t.index)].assign(weight=1.0)
    edges = edges[edges.groupby("source")["target"].transform("size") >= MIN_GENES]
    if edges.empty:
        return pd.Series(dtype=float)
    names, members, starts, offsets = dc.pp.idxmat(t.index.to_numpy(dtype=str), edges.copy())
    # decoupler treats a seed of 0 as none, and then permutes nothing.
    nes, _ = dc.mt.gsea.func(
        t.to_numpy(dtype=float)[None, :], members, starts, offsets, times=permutations, seed=seed + 1
    )
    return pd.Series(nes[0], index=names)


def changes_of_sets(changes: pd.DataFrame, sets: list[list[str]]) -> pd.DataFrame:
    """Return, by model and set (columns, by position), the mean change of the set's genes minus that of other genes.

    ``changes``: models × genes, NaN if a model does not measure a gene. The result is NaN if a model measures fewer
    than :data:`MIN_GENES` of the set, or no gene outside it. The comparison with other genes (a competitive test;
    Goeman & Bühlmann 2007) removes changes common to all genes. These means include the correlation between genes,
    since the models are the replicates.
    """
    values = changes.to_numpy(dtype=float)
    present = np.isfinite(values)
    filled, columns = np.where(present, values, 0.0), changes.columns
    total, number = filled.sum(axis=1), present.sum(axis=1)
    found = np.full((len(changes), len(sets)), np.nan)
    for place, genes in enumerate(sets):
        own = columns.isin(genes)
        inside, n = filled[:, own].sum(axis=1), present[:, own].sum(axis=1)
        enough = (n >= MIN_GENES) & (number > n)
        found[enough, place] = (inside / np.maximum(n, 1) - (total - inside) / np.maximum(number - n, 1))[enough]
    return pd.DataFrame(found, index=changes.index)


def over_patients(changes: pd.DataFrame, sets: list[list[str]]) -> pd.DataFrame:
    """Return the columns of :data:`SUMMARY` by set (by position): a paired t over models; p requires three models."""
    table = changes_of_sets(changes, sets)
    found = summarise(table, pd.Series(1.0, index=table.columns), moderated=False)
    return found.rename(columns=SUMMARY)[list(SUMMARY.values())]


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

    ``rows``: the contrast's genes over all arms, with the level of their t; ``changes``: the models' own differences,
    models × genes; ``collections``: sets by name of their file.
    """
    if not collections:
        return pd.DataFrame(columns=GENE_SETS)
    t = rows[rows["t"].notna()].set_index("gene")["t"]
    measured = set(changes.columns[changes.notna().any()])
    up, down = (set(signature.loc[signature["direction"] == way, "gene"]) for way in ("up", "down"))
    tested = over_patients(changes, [genes for sets in collections.values() for genes in sets.values()])
    parts, place = [], 0
    for collection, sets in collections.items():
        nes, told = gsea(t, sets, permutations, seed), []
        for name, genes in sets.items():
            own = [gene for gene in genes if gene in measured]
            found = tested.iloc[place]
            place += 1
            score = nes.get(name, np.nan)
            falls = found["log_fc"] < 0 if np.isfinite(found["log_fc"]) else score < 0
            ordered = t.reindex(own).dropna().sort_values(ascending=bool(falls), kind="stable").index[:LEADING]
            told.append(
                {
                    **found.to_dict(),
                    "contrast": contrast,
                    "collection": collection,
                    "gene_set": name,
                    "size": len(genes),
                    "measured": len(own),
                    "nes": score,
                    "leading": ",".join(ordered),
                    "shared_up": len(up & set(own)),
                    "shared_down": len(down & set(own)),
                }
            )
        part = pd.DataFrame(told).reindex(columns=GENE_SETS)
        part["fdr"] = false_discovery_rate(part["p"].to_numpy(dtype=float))
        strength = part.assign(_size=-part["log_fc"].abs())
        parts.append(part.loc[strength.sort_values(["p", "_size", "gene_set"], kind="stable").index])
    whole = ["models_agreeing", "n_models"]
    return pd.concat(parts, ignore_index=True).astype(dict.fromkeys(whole, "Int64"))

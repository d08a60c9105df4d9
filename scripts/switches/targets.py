"""Evidence from the genes of a regulon beyond its activity: expression of factor and targets, known programmes."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy import stats

from scripts.base.genesets import measured
from scripts.base.verdicts import MIN_SAME_DIRECTION
from scripts.stats.paired import false_discovery_rate, summarise

COMPOSITION = "composition"
PROGRAMMES = {
    COMPOSITION: ["immune", "endothelial", "fibroblast"],
    "stress": ["stress"],
    "cell cycle": ["s", "g2m"],
    "hypoxia": ["hypoxia"],
}
"""Known programmes that differ between samples for other reasons than persistence, and their gene sets."""
OVERLAPS = [
    "regulon", "tf", "programme", "genes", "targets", "programme_genes", "shared", "expected", "p", "fdr",
    "weight_share", "inside_log2fc", "outside_log2fc", "outside_ci_low", "outside_ci_high", "outside_k", "n", "carries",
]  # fmt: skip
CARRIED_SHARE = 0.5
"""Share of a regulon's weight on a programme's genes above which the programme carries the regulon."""
CARRIED_CHANGE = 0.5
"""Targets outside a programme that change less than this share of what those inside do, follow the programme."""
MIN_OUTSIDE = 3
"""Least number of targets outside a programme for a verdict without it."""


def gene_universe(
    shown: pd.DataFrame, n_cells: pd.Series, models: pd.Series, everywhere: pd.Series, min_share: float
) -> pd.Index:
    """Return the genes that could have been a target: measured everywhere and seen in enough cells of some model.

    ``shown``: samples × genes, cells that show a gene; the rule is the one by which the stage regulons selects genes.
    """
    if shown.empty:
        return shown.columns[:0]
    by_model = shown.groupby(models.reindex(shown.index)).sum()
    cells = n_cells.reindex(shown.index).groupby(models.reindex(shown.index)).sum()
    share = by_model.div(cells, axis=0)
    enough = ((share >= min_share) & (share > 0)).any(axis=0)
    return shown.columns[enough & everywhere.reindex(shown.columns).astype(bool)]


def target_change(changes: pd.DataFrame, edges: pd.DataFrame) -> pd.DataFrame:
    """Return models × regulons: mean log2 fold change of the targets, weighted by the edges; NaN without a measured
    target.

    ``changes``: models × genes. Edges may have a ``sign``: repressed targets count with the opposite sign.
    """
    known = edges[edges["target"].isin(changes.columns)]
    regulons = sorted(edges["regulon"].unique())
    found = pd.DataFrame(np.nan, index=changes.index, columns=regulons)
    for regulon, own in known.groupby("regulon"):
        weights = own["weight"].to_numpy(dtype=float)
        if weights.sum() > 0:
            signed = weights * own["sign"].to_numpy(dtype=float) if "sign" in own else weights
            found[regulon] = changes[own["target"]].to_numpy() @ signed / weights.sum()
    return found


def distrusted_shares(edges: pd.DataFrame, distrusted: pd.Index) -> pd.Series:
    """Return by regulon the share of its targets' weight that genes to distrust hold."""
    weights = edges["weight"].astype(float)
    held = weights.where(edges["target"].isin(distrusted), 0.0).groupby(edges["regulon"]).sum()
    return held / weights.groupby(edges["regulon"]).sum()


def factor_change(changes: pd.DataFrame, factors: list[str]) -> pd.DataFrame:
    """Return models × factors: log2 fold change of a factor's own mRNA; NaN where it isn't measured."""
    return changes.reindex(columns=list(dict.fromkeys(factors)))


def overlap(edges: pd.DataFrame, sets: dict[str, dict[str, str]], universe: pd.Index) -> pd.DataFrame:
    """Return one row per regulon and programme: how many targets belong to it against chance (hypergeometric, upper
    tail).

    ``sets``: gene → alias by name of the set; a programme without a set is left out, as composition is where normal
    cells are of another species. ``universe``: genes that could have been targets. BH within a programme.
    """
    known = set(universe)
    rows = []
    for programme, names in PROGRAMMES.items():
        if not set(names) & set(sets):
            continue
        genes = {name for part in names for name in measured(sets.get(part, {}), universe)}
        for (regulon, tf), own in edges.groupby(["regulon", "tf"], sort=True):
            own = own[own["target"].isin(known)]
            shared = own["target"].isin(genes)
            n, k, total = len(own), int(shared.sum()), own["weight"].sum()
            p = stats.hypergeom.sf(k - 1, len(known), len(genes), n) if n and genes else np.nan
            rows.append(
                {
                    "regulon": regulon,
                    "tf": tf,
                    "programme": programme,
                    "genes": len(known),
                    "targets": n,
                    "programme_genes": len(genes),
                    "shared": k,
                    "expected": n * len(genes) / len(known) if known else np.nan,
                    "p": p,
                    "weight_share": own.loc[shared, "weight"].sum() / total if total > 0 else np.nan,
                }
            )
    table = pd.DataFrame(rows, columns=[c for c in OVERLAPS if c not in {"fdr"}])
    table["fdr"] = table.groupby("programme")["p"].transform(lambda p: false_discovery_rate(p.to_numpy()))
    return table[OVERLAPS]


def judge_overlap(
    table: pd.DataFrame,
    edges: pd.DataFrame,
    sets: dict[str, dict[str, str]],
    changes: pd.DataFrame,
    *,
    fdr: float,
) -> pd.DataFrame:
    """Return the overlaps with the changes of targets inside and outside the programme, and whether it carries the
    regulon.

    A programme carries a regulon (``carries`` = yes) whose targets are enriched in its genes (``fdr``) if these hold
    half of the regulon's weight, or if the targets outside don't change by themselves: fewer than three are left, or
    they change less than half as much as those inside, or less than
    :data:`~scripts.base.verdicts.MIN_SAME_DIRECTION` likely in the same direction in one more patient.
    Composition carries every regulon that is enriched in markers of normal lineages.
    """
    table = table.copy()
    alike = pd.Series(np.nan, index=table.index)
    for programme, names in PROGRAMMES.items():
        genes = {name for part in names for name in measured(sets.get(part, {}), changes.columns)}
        inside = edges[edges["target"].isin(genes)]
        outside = edges[~edges["target"].isin(genes)]
        unit = pd.Series(1.0, index=sorted(edges["regulon"].unique()))
        within = summarise(target_change(changes, inside).reindex(columns=unit.index), unit)
        beyond = summarise(target_change(changes, outside).reindex(columns=unit.index), unit)
        rows = table["programme"] == programme
        regulon = table.loc[rows, "regulon"]
        table.loc[rows, "inside_log2fc"] = regulon.map(within["effect"])
        table.loc[rows, "n"] = regulon.map(beyond["n"])
        alike.loc[rows] = regulon.map(beyond["same_direction"])
        for source, column in (("effect", "log2fc"), ("ci_low", "ci_low"), ("ci_high", "ci_high"), ("k", "k")):
            table.loc[rows, f"outside_{column}"] = regulon.map(beyond[source])
    left = table["targets"] - table["shared"]
    moves = table["outside_log2fc"].abs() >= CARRIED_CHANGE * table["inside_log2fc"].abs()
    moves &= np.sign(table["outside_log2fc"]) == np.sign(table["inside_log2fc"])
    moves &= (alike >= MIN_SAME_DIRECTION) & (left >= MIN_OUTSIDE)
    # The panel holds a few of a lineage's genes: the other targets are of the lineage too, and change as these do.
    by_itself = moves & (table["programme"] != COMPOSITION)
    carries = (table["fdr"] <= fdr) & ((table["weight_share"] >= CARRIED_SHARE) | ~by_itself)
    table["carries"] = np.where(carries, "yes", "no")
    return table.astype({"outside_k": "Int64", "n": "Int64"})

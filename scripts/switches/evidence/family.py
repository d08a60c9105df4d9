"""Factors of one family together: they share a motif, so that their regulons can hardly be separated."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pandas as pd

from scripts.stats import paired

FAMILIES = [
    "family", "members", "n_members", "targets", "shared_targets", "overlap", "members_up", "members_down", "n", "k",
    "effect", "ci_low", "ci_high", "sd", "activity_change_sd", "activity_change_sd_low", "activity_change_sd_high",
    "spread",
    "t", "p", "fdr", "same_direction", "member_effects", "note",
]  # fmt: skip


def read_families(path: str) -> pd.Series:
    """Return the family by factor."""
    table = pd.read_csv(path, sep="\t", dtype=str)
    return table.set_index("tf")["family"]


def combine(edges: pd.DataFrame, families: pd.Series) -> dict[str, dict[str, float]]:
    """Return the combined regulon (weight by target) of each family with two or more regulons.

    The targets of all members; a member's weights are scaled to a largest of one first, so that none outweighs the
    others, and those of a target are summed. Members themselves are no targets, nor are repressed genes.
    """
    # Its module loads numba, which scripts that only read tables do without.
    from scripts.scenic.regulons import only_activating

    edges = only_activating(edges)
    known = edges.assign(family=edges["tf"].map(families)).dropna(subset=["family"])
    found = {}
    for family, own in known.groupby("family"):
        if own["tf"].nunique() < 2:
            continue
        own = own[~own["target"].isin(set(own["tf"]))]
        scaled = own["weight"] / own.groupby("tf")["weight"].transform("max")
        weights = scaled.groupby(own["target"]).sum()
        if len(weights):
            found[family] = weights.to_dict()
    return found


def describe(edges: pd.DataFrame, families: pd.Series) -> pd.DataFrame:
    """Return family, members, n_members, targets, shared_targets (of two or more members), overlap (mean Jaccard index
    of two members' targets).
    """
    known = edges.assign(family=edges["tf"].map(families)).dropna(subset=["family"])
    rows = []
    for family, own in known.groupby("family"):
        sets = {tf: set(part["target"]) for tf, part in own.groupby("tf")}
        if len(sets) < 2:
            continue
        counts = own.drop_duplicates(["tf", "target"])["target"].value_counts()
        jaccard = [len(a & b) / len(a | b) for a, b in combinations(sets.values(), 2)]
        rows.append((family, ",".join(sorted(sets)), len(sets), len(counts), int((counts > 1).sum()), np.mean(jaccard)))
    return pd.DataFrame(rows, columns=FAMILIES[:6])


def build(
    described: pd.DataFrame, found: pd.DataFrame, sd: pd.Series, members: pd.Series, note: str = ""
) -> pd.DataFrame:
    """Return :data:`FAMILIES`, the largest combined change first.

    ``found``: differences of combined activity, models × families; ``sd``: its unit; ``members``: standardised effect
    by factor.
    """
    if described.empty:
        return pd.DataFrame(columns=FAMILIES)
    summary = paired.summarise(found.reindex(columns=described["family"]), sd.reindex(described["family"]))
    table = described.join(summary, on="family").assign(sd=described["family"].map(sd), note=note)
    words = []
    for own in table["members"]:
        effects = members.reindex(own.split(",")).sort_values(ascending=False)
        words.append(
            (
                "; ".join(
                    f"{tf} {effect:+.2f}" if np.isfinite(effect) else f"{tf} –" for tf, effect in effects.items()
                ),
                int((effects > 0).sum()),
                int((effects < 0).sum()),
            )
        )
    table["member_effects"], table["members_up"], table["members_down"] = zip(*words, strict=True)
    order = (-table["loo_min_effect"].fillna(-np.inf)).argsort(kind="stable")
    return table.iloc[order][FAMILIES].reset_index(drop=True)

"""Regulons from the enriched motifs of pruning."""

from __future__ import annotations

import numpy as np
import pandas as pd

from scripts.scenic.modules import REPRESSING

MOTIFS = [
    "tf", "sign", "criterion", "database", "motif", "nes", "auc", "motif_similarity_qvalue", "orthologous_identity",
    "annotation", "rank_at_max", "targets", "weights",
]  # fmt: skip
REGULONS = ["regulon", "tf", "target", "weight", "motifs"]


def no_motifs() -> pd.DataFrame:
    """Return an empty table of motifs."""
    table = pd.DataFrame(columns=MOTIFS, dtype=object)
    numbers = ["nes", "auc", "motif_similarity_qvalue", "orthologous_identity"]
    return table.astype(dict.fromkeys(numbers, np.float64) | {"rank_at_max": np.int64})


def no_regulons() -> pd.DataFrame:
    """Return an empty table of regulons."""
    return pd.DataFrame(columns=REGULONS, dtype=object).astype({"weight": np.float64, "motifs": np.int64})


def represses(regulons: pd.Series | pd.Index) -> np.ndarray:
    """Return, by name, whether a regulon contains repressed targets: FOSL1(-). They increase when their factor
    decreases.
    """
    return np.asarray(regulons.astype(str).str.endswith("(-)"), dtype=bool)


def only_activating(edges: pd.DataFrame) -> pd.DataFrame:
    """Return the edges (with a column regulon) to activated targets."""
    return edges[~represses(edges["regulon"])]


def name_regulon(tf: str, sign: str) -> str:
    """Return the name of a factor's regulon: FOSL1(+) for activated targets, FOSL1(-) for repressed ones."""
    return tf + ("(-)" if sign == REPRESSING else "(+)")


def name_regulons(motifs: pd.DataFrame) -> pd.Series:
    """Return the regulon that each row of a table of motifs supports: FOSL1(+) if activating, else FOSL1(-)."""
    return motifs["tf"] + np.where(motifs["sign"] == REPRESSING, "(-)", "(+)")


def regulons_from_motifs(motifs: pd.DataFrame, *, min_targets: int = 0) -> pd.DataFrame:
    """Return the regulons (:data:`REGULONS`) of ``min_targets`` or more targets, kept by any of the factor's motifs.

    ``weight`` is an edge's highest importance over the modules that keep it (1 for the factor itself). ``motifs``
    counts the distinct motifs that keep it. Rows are ordered by regulon, descending weight and target.
    """
    if motifs.empty:
        return no_regulons()
    table = motifs.assign(regulon=name_regulons(motifs))[["regulon", "tf", "motif", "targets", "weights"]]
    table = table.explode(["targets", "weights"]).dropna(subset="targets").astype({"weights": np.float64})
    table = table.groupby(["regulon", "tf", "targets"], sort=False).agg(
        weight=("weights", "max"), motifs=("motif", "nunique")
    )
    table = table.reset_index().rename(columns={"targets": "target"})
    large = table.groupby("regulon")["target"].transform("size") >= min_targets
    return sort_regulons(table[large][REGULONS])


def sort_regulons(regulons: pd.DataFrame) -> pd.DataFrame:
    """Return the rows ordered by regulon, descending weight and target."""
    if regulons.empty:
        return no_regulons()
    return regulons.sort_values(["regulon", "weight", "target"], ascending=[True, False, True], ignore_index=True)

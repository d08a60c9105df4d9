"""Gene sets as tracked in resources/genesets: tables of set, gene and alias."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import pandas as pd

SCORES = {"s": "s_score", "g2m": "g2m_score", "stress": "stress", "hypoxia": "hypoxia"}
"""Column of the cells' table per gene set."""


def read_sets(paths: Iterable[str]) -> dict[str, dict[str, str]]:
    """Return, per set, gene → alias (empty if none)."""
    table = pd.concat([pd.read_csv(path, sep="\t", dtype=str, keep_default_na=False) for path in paths])
    return {name: dict(zip(rows["gene"], rows["alias"], strict=True)) for name, rows in table.groupby("set")}


def measured(genes: Mapping[str, str], universe: Iterable[str]) -> list[str]:
    """Return the names under which the universe holds the set's genes: the current symbol, or else the alias."""
    known = set(universe)
    return [
        gene if gene in known else alias
        for gene, alias in sorted(genes.items())
        if gene in known or (alias and alias in known)
    ]

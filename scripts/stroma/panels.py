"""Markers of lineages, orthologues, and pairs of ligands and receptors, as shipped in resources/stroma."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

ROOT = Path(__file__).parents[2]
LINEAGES = ROOT / "resources" / "stroma" / "lineages.tsv"
ORTHOLOGUES = ROOT / "resources" / "stroma" / "orthologues.tsv"
PAIRS = ROOT / "resources" / "stroma" / "ligand_receptor.tsv"
HUMAN, MOUSE = "human", "mouse"
SPECIES = (HUMAN, MOUSE)
"""Species whose stroma can be named."""
SUBUNITS = "_"
"""What joins the genes of a complex."""


def read(path: Path) -> pd.DataFrame:
    """Return a table of text."""
    return pd.read_csv(path, sep="\t", dtype=str, keep_default_na=False)


def orthologues(species: str) -> dict[str, str]:
    """Return human gene → gene of the species, for genes of lineages, ligands and receptors with one orthologue.

    Raises :class:`ValueError` for another species than :data:`SPECIES`.
    """
    if species not in SPECIES:
        raise ValueError(f"{species}: orthologues are of {' and '.join(SPECIES)} alone")
    if species == MOUSE:
        return dict(read(ORTHOLOGUES)[["human", "mouse"]].to_numpy())
    lineages, pairs = read(LINEAGES), read(PAIRS)
    complexes = pd.concat([pairs["ligand"], pairs["receptor"]])
    genes = {gene for name in complexes for gene in name.split(SUBUNITS)}
    return {gene: gene for gene in sorted(genes | set(lineages["gene"]))}


def markers(species: str) -> dict[str, dict[str, str]]:
    """Return the markers of each lineage in a species: gene → alias (empty if none)."""
    known, found = orthologues(species), {}
    for row in read(LINEAGES).itertuples():
        if row.gene in known:
            found.setdefault(row.set, {})[known[row.gene]] = row.alias if species == HUMAN else ""
    return found


def subunits(name: str, known: dict[str, str]) -> list[str] | None:
    """Return the genes of a ligand or receptor in a species; None if one has no orthologue."""
    genes = [known.get(gene, "") for gene in name.split(SUBUNITS)]
    return genes if all(genes) else None

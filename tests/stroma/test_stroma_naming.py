"""Lineages of stromal cells: orthologues, calls by markers, and names of clusters."""

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from scripts.stroma import naming, panels
from scripts.stroma.terms import OTHER

NOTHING = ""


def library(lineages: list[str], species: str, rng: np.random.Generator) -> tuple[sparse.csr_matrix, pd.Index]:
    """Return counts of cells that show the markers of the given lineages, among 300 genes of any cell."""
    panel = panels.markers(species)
    genes = pd.Index([*dict.fromkeys(g for own in panel.values() for g in own), *(f"gene{i}" for i in range(300))])
    mean = np.full((len(lineages), len(genes)), 3.0)
    for number, name in enumerate(lineages):
        for own in panel.values():
            mean[number, genes.get_indexer(list(own))] = 0.02
        if name in panel:
            mean[number, genes.get_indexer(list(panel[name]))] = 4.0
    return sparse.csr_matrix(rng.poisson(mean)), genes


def test_tables_hold_each_fact_once():
    lineages, pairs, known = panels.read(panels.LINEAGES), panels.read(panels.PAIRS), panels.read(panels.ORTHOLOGUES)
    assert not lineages.duplicated(["set", "gene"]).any() and not pairs.duplicated(["ligand", "receptor"]).any()
    assert not known["human"].duplicated().any() and not known["mouse"].duplicated().any()
    assert not lineages["gene"].duplicated().any()  # a marker of two lineages names none
    assert (known[["human", "mouse", "source"]] != "").all(axis=None)


def test_orthologues_are_not_names_in_other_letters():
    mouse = panels.orthologues("mouse")
    assert mouse["ADGRE1"] == "Adgre1" and mouse["CD8B"] == "Cd8b1" and mouse["C5"] == "Hc"
    assert panels.orthologues("human")["CD8B"] == "CD8B"
    assert panels.subunits("FLT1_KDR", mouse) == ["Flt1", "Kdr"] and panels.subunits("FLT1_NOGENE", mouse) is None
    with pytest.raises(ValueError, match="rat: orthologues are of human and mouse alone"):
        panels.orthologues("rat")


@pytest.mark.parametrize("species", panels.SPECIES)
def test_every_lineage_is_called_by_its_own_markers(species):
    names = [*panels.markers(species)] * 6 + ["none"] * 6
    counts, genes = library(names, species, np.random.default_rng(1))
    called = naming.call_cells(counts, genes, panels.markers(species), np.full(len(names), NOTHING, dtype=object))
    expected = np.array([NOTHING if name == "none" else name for name in names])
    assert (called == expected).mean() > 0.95 and (called[-6:] == NOTHING).all()


def test_labels_of_the_user_take_precedence():
    counts, genes = library(["fibroblast", "macrophage"], "human", np.random.default_rng(2))
    given = np.array(["myofibroblast", NOTHING], dtype=object)
    assert list(naming.call_cells(counts, genes, panels.markers("human"), given)) == ["myofibroblast", "macrophage"]


def test_a_cluster_has_the_lineage_of_most_of_its_called_cells():
    cluster = np.repeat([0, 1, 2, 3], 10)
    called = np.array(
        ["A"] * 6 + [NOTHING] * 4 + ["A"] * 5 + ["B"] * 5 + ["C"] + [NOTHING] * 9 + [NOTHING] * 10, dtype=object
    )
    given = np.full(40, NOTHING, dtype=object)
    given[0] = called[0] = "D"
    table, lineage = naming.name_clusters(cluster, called, given)
    # A tie names nobody, one cell of ten is too few, and neither is a cluster without calls a lineage.
    assert table["lineage"].tolist() == ["A", "", "", ""] and table["called"].tolist() == [6, 10, 1, 0]
    assert table["majority"].iloc[:2].tolist() == [5 / 6, 0.5] and np.isnan(table["majority"].iloc[3])
    assert list(lineage[10:20]) == ["A"] * 5 + ["B"] * 5
    assert list(lineage[20:]) == ["C", *[OTHER] * 19]
    # A label of the user stays whatever the cluster's name.
    assert list(lineage[:10]) == ["D", *["A"] * 9]

"""Genes whose reads the other species takes: found beyond ambient RNA, with their true share."""

from __future__ import annotations

import anndata
import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from scripts.counts import other_species
from scripts.counts.distrust import is_distrusted, read_distrusted

N = 200
GENES = pd.DataFrame(
    {
        "symbol": [f"GENE{i}" for i in range(N)] + [f"Gene{i}" for i in range(N)],
        "species": ["graft"] * N + ["host"] * N,
    },
    index=[f"H_{i}" for i in range(N)] + [f"M_{i}" for i in range(N)],
)
LOST = {3: 0.5, 7: 0.2}
"""Share of a human gene's reads that the mouse takes."""


def droplets(seed, cells=100, empty=3000, mouse_cells=60):
    """Return counts (droplets × genes): cells of both species, each with ambient RNA of both, and empty droplets."""
    rng = np.random.default_rng(seed)
    human, mouse = rng.dirichlet(np.full(N, 2.0)), rng.dirichlet(np.full(N, 2.0))
    soup = np.r_[0.6 * human, 0.4 * mouse]
    for gene, share in LOST.items():
        soup[N + gene] += share * soup[gene]
        soup[gene] *= 1 - share
    own_human = np.r_[human, np.zeros(N)]
    for gene, share in LOST.items():
        own_human[N + gene] += share * own_human[gene]
        own_human[gene] *= 1 - share
    own_mouse = np.r_[np.zeros(N), mouse]
    rows = [rng.poisson(5000 * own_human + 200 * soup, (cells, 2 * N))]
    rows += [rng.poisson(5000 * own_mouse + 200 * soup, (mouse_cells, 2 * N)), rng.poisson(40 * soup, (empty, 2 * N))]
    return sparse.csr_matrix(np.vstack(rows))


def test_genes_that_lose_reads_are_found_with_their_share():
    """The two of 200, the larger first; ambient RNA alone gives shares below .05."""
    table = other_species.tabulate([other_species.tally(droplets(s), GENES, 160, 100) for s in (1, 2)], GENES, 0.1)
    lost = table[table["species"] == "graft"].set_index("symbol")
    assert lost.index[:2].tolist() == ["GENE3", "GENE7"]
    assert table.loc[table["distrusted"] == "yes", "symbol"].tolist() == ["GENE3", "GENE7"]
    assert table.set_index("symbol").loc["GENE3", "other_symbol"] == "Gene3"
    assert not is_distrusted(table, None).any() and is_distrusted(table, 0.3).sum() == 1
    # The soup carries these reads too, so that a part of what is taken is expected of it.
    assert lost.loc["GENE3", "share_taken"] == pytest.approx(0.5, abs=0.05)
    assert lost.loc["GENE7", "share_taken"] == pytest.approx(0.2, abs=0.04)
    rest = table.drop(table.index[table["symbol"].isin(["GENE3", "GENE7"]) & (table["species"] == "graft")])
    assert rest["share_taken"].max() < 0.05
    assert (lost["droplets"] == 200).all() and lost.loc["GENE3", "other_gene_id"] == "M_3"


def test_ambient_rna_is_not_taken_for_lost_reads():
    """The scale of the profile is that of most genes, whatever a few have."""
    ambient = np.array([10.0, 20, 30, 40, 0])
    seen = ambient * 0.5
    seen[1] = 500
    assert other_species.ambient_scale(seen, ambient) == pytest.approx(0.5)
    assert other_species.ambient_scale(seen, np.zeros(5)) == 0


def test_libraries_that_tell_nothing_give_an_empty_table(tmp_path, make_job):
    """Without empty droplets, or without a host's genes: the header alone; libraries may have other genes."""
    counts = droplets(3)
    paths = []
    for name, rows, columns in (("a", slice(0, 160), slice(0, 2 * N)), ("b", slice(0, None), slice(0, N))):
        library = anndata.AnnData(counts[rows, columns].astype(np.int32), var=GENES.iloc[columns])
        paths.append(tmp_path / f"{name}.h5ad")
        library.write_h5ad(paths[-1])
    output = {"_": [tmp_path / "t.tsv"]}
    params = {"expected_cells": [160, 160], "ambient_max": 100, "distrust_share": 0.1}
    other_species.main(make_job(input={"counts": paths}, output=output, params=params))
    table = pd.read_csv(tmp_path / "t.tsv", sep="\t")
    assert table.columns.tolist() == other_species.COLUMNS and table.empty
    anndata.AnnData(counts.astype(np.int32), var=GENES).write_h5ad(paths[0])
    other_species.main(make_job(input={"counts": paths}, output=output, params=params))
    assert pd.read_csv(tmp_path / "t.tsv", sep="\t")["symbol"].iloc[0] == "GENE3"
    assert read_distrusted(str(tmp_path / "t.tsv")) == {"GENE3", "GENE7"} and read_distrusted(None) == set()


def test_the_tumours_gene_is_the_one_to_distrust_whoever_loses_the_reads(tmp_path):
    """A gene of the graft that takes reads of the host's gains them with the share of the host."""
    rows = [("graft", "ACTB", "Actb", "yes"), ("host", "Rps8", "RPS8", "yes"), ("host", "Fos", "FOS", "no")]
    table = pd.DataFrame(rows, columns=["species", "symbol", "other_symbol", "distrusted"])
    table.to_csv(tmp_path / "t.tsv", sep="\t", index=False)
    assert read_distrusted(str(tmp_path / "t.tsv")) == {"ACTB", "RPS8"}

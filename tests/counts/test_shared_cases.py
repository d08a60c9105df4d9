"""The small matrices that went wrong: each gives the counts of its sound twin, or one line that says what to do."""

from __future__ import annotations

import anndata
import numpy as np
import pandas as pd
import pytest
from shared_cases import case

from scripts.base.job import UserError
from scripts.counts import contract, import_matrix
from scripts.counts.features import check, tabulate
from scripts.counts.libraries import select_library
from scripts.counts.matrices import read_table

PREFIXES = {"graft": "GRCh38_", "host": "GRCm39_"}
ORGANISMS = {"graft": "human", "host": "mouse"}
TWIN = (60, 641, 47_819, 52_423)
"""Barcodes, genes, UMIs of graft and host that the folders and .h5ad files hold."""
RIGHT = {
    "seurat_dash.h5ad": TWIN,
    "hvg_counts_in_x_raw_full.h5ad": TWIN,
    "x_binary_raw_counts.h5ad": TWIN,
    "f16_dense.h5ad": TWIN,
    "bc_umlaut.h5ad": TWIN,
    "bom": TWIN,
    "q_fields": TWIN,
    "bc_header": TWIN,
    "chr_header": TWIN,
    "third_biotype": TWIN,
    "banner_case": TWIN,
    "scipy_uint": TWIN,
    "t_length.tsv.gz": (61, 641, 47_935, 52_954),
    "t_entrez_first.tsv.gz": (61, 641, 47_935, 52_954),
    "t_crlf_tab.tsv.gz": (62, 641, 48_070, 53_796),
}
"""The tables hold one or two barcodes more."""
REFUSED = {
    "aggr": r"barcodes of 3 libraries: …-1 \(20 barcodes\), …-2 \(20 barcodes\), …-3 \(20 barcodes\); write in column",
    "t_bom.tsv.gz": r"'GAAGGGTGTATCGCGC-1' stands above the genes' names but is a barcode",
    "q_graft": r"no gene is of the host \(GRCm39_…, config references.host; genes are named FOSL1, JUNB, NFKB1\)",
    "smartseq_htseq.tsv.gz": r"no gene is of the host \(GRCm39_…",
}


def read(path: str, barcodes: str = "", graft_only: bool = False) -> tuple:
    """Return numbers of barcodes, genes, UMIs of graft and of host, with the tables of barcodes and genes."""
    table = check(select_library(read_table(path), barcodes, path), path)
    genes = tabulate(table, PREFIXES, path, ORGANISMS, graft_only=graft_only)
    sums = np.asarray(table.matrix.sum(axis=0)).ravel()
    host = (genes["species"] == "host").to_numpy()
    return (*table.matrix.shape, int(sums[~host].sum()), int(sums[host].sum())), table.barcodes, genes


@pytest.mark.parametrize("name", RIGHT)
def test_a_matrix_gives_the_counts_of_its_twin(name):
    found, barcodes, genes = read(str(case(f"matrices/{name}")))
    assert found == RIGHT[name]
    assert barcodes[0].endswith("GAAGGGTGTATCGCGC-1") and not barcodes[0].startswith(("\ufeff", '"'))
    assert genes["symbol"].tolist()[:2] == ["FOSL1", "JUNB"]


@pytest.mark.parametrize("name", REFUSED)
def test_a_matrix_that_cannot_be_told_is_one_line(name):
    path = str(case(f"matrices/{name}"))
    with pytest.raises(UserError, match=REFUSED[name]) as refused:
        read(path)
    assert str(refused.value).startswith(path) and "\n" not in str(refused.value)


def test_what_the_sheet_says_is_believed():
    """Which library of three; that all are one; that the matrix is the graft's alone. Summary rows are left out."""
    path = str(case("matrices/aggr"))
    parts = [read(path, f"-{number}")[0] for number in (1, 2, 3)]
    assert [part[0] for part in parts] == [20, 20, 20]
    assert tuple(np.sum([part[2:] for part in parts], axis=0)) == TWIN[2:] == read(path, "all")[0][2:]
    assert read(str(case("matrices/q_graft")), graft_only=True)[0] == (60, 457, 47_819, 0)
    found, _, genes = read(str(case("matrices/smartseq_htseq.tsv.gz")), graft_only=True)
    assert found == (60, 457, 47_819, 0) and not genes["symbol"].str.contains("__|ERCC-").any()


def test_a_barcode_that_is_not_ascii_passes_the_rule(tmp_path, make_job):
    output = {"counts": tmp_path / "c.h5ad", "audit": tmp_path / "a.json", "saturation": tmp_path / "s.tsv"}
    import_matrix.main(
        make_job(
            input={"matrix": case("matrices/bc_umlaut.h5ad")},
            output=output,
            params={"prefixes": PREFIXES, "organisms": ORGANISMS},
            wildcards={"sample": "S"},
        )
    )
    assert anndata.read_h5ad(output["counts"]).obs_names[0] == "Müller_GAAGGGTGTATCGCGC-1"
    seen = contract.read(str(output["counts"]))
    assert seen.barcodes[0].decode() == "Müller_GAAGGGTGTATCGCGC-1"
    assert seen.umis_per_species == {"graft": TWIN[2], "host": TWIN[3]}
    assert len(pd.read_csv(output["saturation"], sep="\t")) == 0

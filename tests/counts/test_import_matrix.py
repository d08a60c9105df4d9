"""A library that comes as a matrix: the contract it is brought to, and messages that name the sample."""

from __future__ import annotations

import gzip
import json

import anndata
import numpy as np
import pandas as pd
import pytest

from scripts.base.job import UserError
from scripts.counts import audit, contract, import_matrix

BARCODES = ["TTTGTCATCTTGTACT-1", "AAACCTGAGAAACCAT-1", "AAACCTGAGAAACCGC-1"]
GENES = ["GRCh38_ACTB", "GRCh38_MT-CO1", "GRCh38_MTOR", "mm10_Actb"]
COUNTS = [[5, 0, 1], [2, 0, 0], [0, 0, 0], [3, 0, 0]]


def text(counts=COUNTS, barcodes=BARCODES, genes=GENES):
    """Return a genes × barcodes table."""
    rows = ["\t".join(["gene", *barcodes])]
    rows += ["\t".join([name, *map(str, row)]) for name, row in zip(genes, counts, strict=True)]
    return gzip.compress(("\n".join(rows) + "\n").encode(), mtime=0)


@pytest.fixture
def run(tmp_path, make_job):
    """Return a function that imports a table and returns counts, audit and curve."""

    def run(content, prefixes=None, name="m.txt.gz", organisms=None):
        (tmp_path / name).write_bytes(content)
        output = {"counts": tmp_path / "c.h5ad", "audit": tmp_path / "a.json", "saturation": tmp_path / "s.tsv"}
        job = make_job(
            input={"matrix": tmp_path / name},
            output=output,
            params={
                "prefixes": {"graft": "GRCh38_", "host": "mm10_"} if prefixes is None else prefixes,
                "organisms": organisms or {},
            },
            wildcards={"sample": "S"},
        )
        import_matrix.main(job)
        report = json.loads(output["audit"].read_text())
        return anndata.read_h5ad(output["counts"]), report, pd.read_csv(output["saturation"], sep="\t")

    return run


def test_a_matrix_becomes_the_contract(run):
    """Barcodes with counts in the file's order, all genes, int32 CSR; the audit knows UMIs only, the curve is empty."""
    counts, report, curve = run(text())
    assert counts.obs_names.tolist() == [BARCODES[0], BARCODES[2]] and counts.obs_names.name == "barcode"
    assert counts.var_names.tolist() == GENES and counts.var_names.name == "gene_id"
    assert counts.var.columns.tolist() == ["symbol", "species", "mitochondrial"]
    assert counts.var["mitochondrial"].tolist() == [0, 1, 0, 0]
    assert counts.X.toarray().tolist() == [[5, 2, 0, 3], [1, 0, 0, 0]]
    assert counts.X.dtype == np.int32 and counts.X.format == "csr"
    said = {
        "aligner": "matrix",
        "chemistry": "",
        "format": "text",
        "introns": "",
        "sample": "S",
    }
    assert dict(counts.uns["counts"]) == said
    assert (report["umis_per_species"], report["host_fraction_of_umis"]) == ({"graft": 8, "host": 3}, 0.272727)
    assert (report["barcodes"], report["umis"], report["reads"]) == (2, 11, None)
    assert curve.columns.tolist() == audit.CURVE_COLUMNS and curve.empty


def test_the_files_are_the_same_twice(run, tmp_path):
    """No time of day in them."""
    run(text())
    first = (tmp_path / "c.h5ad").read_bytes()
    run(text())
    assert (tmp_path / "c.h5ad").read_bytes() == first


MISTAKES = {
    "turned": (
        text(barcodes=["ACTB", "GAPDH", "MYC"], genes=[f"c{i}" for i in range(4)]),
        "have names of genes",
    ),
    "normalised": (
        text([[0.5, 0, 1], [2, 0, 0], [0, 0, 0], [3, 0, 0]]),
        "barcode TTTGTCATCTTGTACT-1: 0.5 is",
    ),
    "scaled": (text([[-1, 0, 1], [2, 0, 0], [0, 0, 0], [3, 0, 0]]), "-1 is negative"),
    "genes twice": (text(genes=[GENES[0], *GENES[:3]]), "1 genes occur more than once (GRCh38_ACTB)"),
    "other prefixes": (text(genes=["hg19_A", "hg19_B", "hg19_C", "mm9_A"]), "genes have the prefixes hg19_, mm9_"),
    "two species": (text(genes=["ACTB", "MTOR", "Actb", "Mtor"]), "genes of two species without prefixes (e.g. ACTB, "),
    "cut": (text()[:-9], "the gzip file is truncated or damaged"),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_each_mistake_names_sample_and_file(run, tmp_path, name):
    """One line, and nothing is written."""
    content, message = MISTAKES[name]
    with pytest.raises(UserError) as error:
        run(content)
    said = str(error.value)
    assert said.startswith(f"sample S: {tmp_path / 'm.txt.gz'}") and message in said and "\n" not in said
    assert not (tmp_path / "c.h5ad").exists()


def test_a_study_without_references_has_one_species(run):
    """Prefixes are empty then; names stay as they are."""
    counts, _, _ = run(text(genes=["ACTB", "MT-CO1", "MTOR", "GAPDH"]), prefixes={})
    assert set(counts.var["species"]) == {"graft"} and counts.var["symbol"].tolist()[1] == "MT-CO1"


def test_a_matrix_of_the_host_alone_is_refused(run):
    """What the config calls the species reaches the ids."""
    genes = [f"ENSMUSG0000002958{i}" for i in range(4)]
    with pytest.raises(UserError, match=r"genes without prefixes are the host's \(mouse, e\.g\. ENSMUSG00000029580\)"):
        run(text(genes=genes), organisms={"graft": "human", "host": "mouse"})


def test_what_an_audit_reads_is_what_was_written(run, tmp_path):
    """Totals by barcode and by species, and which genes are the host's."""
    run(text())
    seen = contract.read(str(tmp_path / "c.h5ad"))
    assert seen.barcodes.tolist() == [BARCODES[0].encode(), BARCODES[2].encode()]
    assert seen.host_gene.tolist() == [False, False, False, True]
    assert (seen.totals.tolist(), seen.umis_per_species) == ([10, 1], {"graft": 8, "host": 3})
    assert seen.gene_ids.tolist() == GENES


def test_assembling_adds_up_and_drops_what_is_zero():
    """Entries of one place are added; explicit zeros don't keep a barcode."""
    from scipy import sparse

    entries = sparse.coo_matrix(([1, 2, 0], ([0, 0, 1], [1, 1, 0])), shape=(3, 2))
    genes = pd.DataFrame({"symbol": ["A", "B"], "species": ["graft", "host"]}, index=["G1", "G2"])
    counts = contract.assemble(entries, np.array(["c1", "c2", "c3"]), genes, {})
    assert counts.obs_names.tolist() == ["c1"] and counts.X.toarray().tolist() == [[0, 3]] and counts.X.nnz == 1

"""From a counter's raw matrix to the contract."""

from __future__ import annotations

import gzip
import json

import anndata
import numpy as np
import pytest

from scripts.counts import collect_counts

GENES = (
    "gene_id\tsymbol\tspecies\tmitochondrial\tbiotype\nH_1\tNA\tgraft\t0\tlncRNA\nH_2\tMT-CO1\tgraft\t1\tprotein_coding\n"
    "M_1\tActb\thost\t0\t\n"
)
LIBRARY = {"kit": "10x GEM-X 5' v3", "strand": "reverse", "introns": True, "short_read1": 3}
"""What a counter found; it isn't what the chemistry alone would say."""
HEADER = "%%MatrixMarket matrix coordinate {} general\n%\n"


def run(tmp_path, make_job, aligner, matrix, barcodes, features):
    """Run the script; return the AnnData."""
    for name, text in (("m.mtx", matrix), ("b.txt", barcodes), ("f.txt", features), ("g.tsv", GENES)):
        (tmp_path / name).write_text(text)
    (tmp_path / "c.json").write_text(json.dumps({"chemistry": "v3"}))
    (tmp_path / "l.json").write_text(json.dumps(LIBRARY))
    given = {"matrix": "m.mtx", "barcodes": "b.txt", "features": "f.txt", "genes": "g.tsv", "chemistry": "c.json"}
    given["library"] = "l.json"
    job = make_job(
        input={name: tmp_path / file for name, file in given.items()},
        output={"_": [tmp_path / "out.h5ad"]},
        params={"aligner": aligner},
        wildcards={"sample": "S"},
    )
    collect_counts.main(job)
    return anndata.read_h5ad(tmp_path / "out.h5ad")


KB = (
    HEADER.format("real") + "3 2 3\n1 1 4\n1 2 1\n3 1 2\n",
    "TTTTTTTTTTTTTTTT\nCCCCCCCCCCCCCCCC\nACGTACGTACGTACGT\n",
    "M_1\nH_1\n",
)
STAR = (
    HEADER.format("integer") + "2 3 3\n1 1 4\n2 1 1\n1 3 2\n",
    KB[1],
    "M_1\tActb\tGene Expression\nH_1\tNA\tGene Expression\n",
)


@pytest.mark.parametrize(("aligner", "files"), [("kb", KB), ("starsolo", STAR)])
def test_both_counters_come_to_the_same_contract(tmp_path, make_job, aligner, files):
    """Genes of genes.tsv in its order, barcodes with UMIs sorted, int32 CSR; a gene may be called NA."""
    counts = run(tmp_path, make_job, aligner, *files)
    assert counts.obs_names.tolist() == ["ACGTACGTACGTACGT", "TTTTTTTTTTTTTTTT"]
    assert counts.var_names.tolist() == ["H_1", "H_2", "M_1"]
    assert counts.var["symbol"].tolist() == ["NA", "MT-CO1", "Actb"]
    assert counts.var["biotype"].astype(str).tolist() == ["lncRNA", "protein_coding", ""]
    assert counts.X.toarray().tolist() == [[0, 0, 2], [1, 0, 4]]
    assert counts.X.dtype == np.int32 and counts.X.format == "csr"
    said = counts.uns["counts"]
    assert said["aligner"] == aligner and said["chemistry"] == "v3"
    assert (said["kit"], said["strand"], said["introns"]) == (LIBRARY["kit"], "reverse", "yes")


def test_the_file_is_the_same_twice(tmp_path, make_job):
    """No time of day in it."""
    run(tmp_path, make_job, "kb", *KB)
    first = (tmp_path / "out.h5ad").read_bytes()
    run(tmp_path, make_job, "kb", *KB)
    assert (tmp_path / "out.h5ad").read_bytes() == first


def test_a_library_without_umis_is_an_error(tmp_path, make_job):
    """The message asks the two likely questions."""
    with pytest.raises(
        collect_counts.job.UserError, match="sample S: no UMI was counted; are reads and references of the same species"
    ):
        run(tmp_path, make_job, "kb", HEADER.format("real") + "3 2 0\n", *KB[1:])


def test_an_unknown_gene_is_refused(tmp_path, make_job):
    """Index and gene table must be of one annotation."""
    with pytest.raises(ValueError, match=r"feature X isn't in genes\.tsv"):
        run(tmp_path, make_job, "kb", KB[0], KB[1], "M_1\nX\n")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("3 2 1\n1 1 4\n", "not a Matrix Market"),
        (HEADER.format("real") + "3 2 4\n1 1 4\n1 2 1\n", "2 entries, the header says 4"),
        (HEADER.format("integer") + "3 2 1\n4 1 4\n", "an entry lies outside the 3 × 2 matrix"),
        ("%%MatrixMarket matrix array real general\n1 1\n1\n", "not a Matrix Market coordinate file"),
    ],
)
def test_a_broken_matrix_file_is_refused(tmp_path, text, message):
    """Cut, or of another kind; plain or gzip."""
    (tmp_path / "m.mtx").write_text(text)
    (tmp_path / "m.mtx.gz").write_bytes(gzip.compress(text.encode()))
    for name in ("m.mtx", "m.mtx.gz"):
        with pytest.raises(ValueError, match=message):
            collect_counts.read_matrix_market(str(tmp_path / name))

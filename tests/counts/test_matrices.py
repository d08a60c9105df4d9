"""Count matrices in every form that labs share them in, and one message for each way in which they are wrong."""

from __future__ import annotations

import gzip
import io

import anndata
import h5py
import numpy as np
import pandas as pd
import pytest
import scipy.io
from scipy import sparse

from scripts.base.job import UserError
from scripts.counts import matrices, text_matrices

BARCODES = ["AAACCTGAGAAACCAT-1", "AAACCTGAGAAACCGC-1", "AAACCTGAGAAACCTA-1"]
IDS = ["ENSG00000075624", "ENSG00000198804", "ENSG00000111640", "ENSG00000198793"]
SYMBOLS = ["ACTB", "MT-CO1", "GAPDH", "MTOR"]
COUNTS = np.array([[5, 0, 1, 0], [0, 2, 0, 0], [7, 0, 0, 300]])


def same(table, ids=IDS, symbols=SYMBOLS, counts=COUNTS, barcodes=BARCODES):
    """Compare a table with what was written."""
    assert table.barcodes == barcodes
    assert table.ids == ids
    assert table.symbols == symbols
    assert sparse.issparse(table.matrix) and table.matrix.toarray().tolist() == counts.tolist()


def write_h5(path, group, names, barcodes=BARCODES, counts=COUNTS, kinds=None):
    """Write a group as Cell Ranger does: features × barcodes by column, names as the version has them."""
    columns = sparse.csr_matrix(counts)
    with h5py.File(path, "a") as file:
        at = file.create_group(group)
        at["barcodes"] = np.array(barcodes, dtype="S")
        at["data"], at["indices"], at["indptr"] = columns.data, columns.indices, columns.indptr
        at["shape"] = np.array([counts.shape[1], counts.shape[0]])
        for name, values in names.items():
            at[name] = np.array(values, dtype="S")
        if kinds:
            at["features/feature_type"] = np.array(kinds, dtype="S")
    return path


def test_10x_h5_of_cell_ranger_3(tmp_path):
    """Group `matrix`; antibodies are no genes."""
    names = {"features/id": [*IDS, "CD3"], "features/name": [*SYMBOLS, "CD3_ab"]}
    kinds = ["Gene Expression"] * 4 + ["Antibody Capture"]
    counts = np.hstack([COUNTS, [[9], [9], [9]]])
    table = matrices.read_table(write_h5(tmp_path / "a.h5", "matrix", names, counts=counts, kinds=kinds))
    same(table)
    assert "Cell Ranger 3" in table.format


def test_10x_h5_without_feature_types(tmp_path):
    """All features are genes then."""
    same(matrices.read_table(write_h5(tmp_path / "a.h5", "matrix", {"features/id": IDS, "features/name": SYMBOLS})))


def test_10x_h5_of_cell_ranger_2(tmp_path):
    """A group named by its genome; with one genome, names stay as they are."""
    table = matrices.read_table(write_h5(tmp_path / "a.h5", "GRCh38", {"genes": IDS, "gene_names": SYMBOLS}))
    same(table)
    assert "Cell Ranger 2" in table.format


@pytest.mark.parametrize("prefixed", [False, True])
def test_10x_h5_of_cell_ranger_2_with_two_genomes(tmp_path, prefixed):
    """A barnyard: barcodes of both groups together, names with the genome's prefix, whether or not they had it."""
    path = tmp_path / "a.h5"
    human = [f"GRCh38_{name}" if prefixed else name for name in ("G1", "G2")]
    mouse = [f"mm10_{name}" if prefixed else name for name in ("G1",)]
    write_h5(path, "GRCh38", {"genes": human, "gene_names": human}, BARCODES[:2], np.array([[1, 2], [0, 3]]))
    write_h5(path, "mm10", {"genes": mouse, "gene_names": mouse}, BARCODES[2:0:-1], np.array([[4], [5]]))
    names = ["GRCh38_G1", "GRCh38_G2", "mm10_G1"]
    same(matrices.read_table(path), names, names, np.array([[1, 2, 0], [0, 3, 5], [0, 0, 4]]))


def test_an_h5_of_something_else_is_said(tmp_path):
    """Not HDF5; HDF5 without a matrix; parts that disagree."""
    (tmp_path / "a.h5").write_bytes(b"matrix")
    with pytest.raises(UserError, match=r"a\.h5: not an HDF5 file; fetch it again"):
        matrices.read_table(tmp_path / "a.h5")
    with h5py.File(tmp_path / "b.h5", "w") as file:
        file["x"] = [1]
    with pytest.raises(UserError, match=r"b\.h5: neither a group `matrix` nor a group per genome"):
        matrices.read_table(tmp_path / "b.h5")
    path = write_h5(tmp_path / "c.h5", "matrix", {"features/id": IDS, "features/name": SYMBOLS})
    with h5py.File(path, "a") as file:
        data = file["matrix/data"][:-1]
        del file["matrix/data"]
        file["matrix/data"] = data
    with pytest.raises(UserError, match="its parts differ in length; the file is damaged"):
        matrices.read_table(path)


def write_folder(folder, features, zipped, prefix="", transpose=False, kind="integer"):
    """Write a 10x folder; ``features`` is (file name, lines)."""
    folder.mkdir()
    out = io.BytesIO()
    scipy.io.mmwrite(out, sparse.coo_matrix(COUNTS if transpose else COUNTS.T), field=kind)
    files = {
        "matrix.mtx": out.getvalue(),
        "barcodes.tsv": "".join(f"{name}\n" for name in BARCODES).encode(),
        features[0]: "".join(f"{line}\n" for line in features[1]).encode(),
    }
    for name, content in files.items():
        path = folder / f"{prefix}{name}{'.gz' if zipped else ''}"
        path.write_bytes(gzip.compress(content) if zipped else content)
    return folder


V2 = ("genes.tsv", [f"{a}\t{b}" for a, b in zip(IDS, SYMBOLS, strict=True)])
V3 = ("features.tsv", [f"{line}\tGene Expression" for line in V2[1]])


@pytest.mark.parametrize("features", [V2, V3], ids=["v2", "v3"])
@pytest.mark.parametrize("zipped", [False, True], ids=["plain", "gzip"])
@pytest.mark.parametrize("kind", ["integer", "real"])
def test_10x_folders(tmp_path, features, zipped, kind):
    """Cell Ranger 2 (genes.tsv) and 3 (features.tsv), compressed or not; R's Matrix writes integers as reals."""
    same(matrices.read_table(write_folder(tmp_path / "f", features, zipped, kind=kind)))


def test_10x_folders_as_geo_names_their_files(tmp_path):
    """An accession before each name, in one folder a sample."""
    same(matrices.read_table(write_folder(tmp_path / "f", V3, True, prefix="GSM1_S1_")))


def test_a_folder_with_barcodes_as_rows(tmp_path):
    """As alevin and kb write them: told by the lengths of the name files."""
    same(matrices.read_table(write_folder(tmp_path / "f", V3, False, transpose=True)))


def test_a_folder_of_names_only(tmp_path):
    """One column of features: no symbols next to."""
    same(matrices.read_table(write_folder(tmp_path / "f", ("features.tsv", IDS), False)), symbols=None)


def test_features_that_are_no_genes_are_left_out_of_folders(tmp_path):
    """CRISPR guides and antibodies."""
    lines = [*V3[1][:3], f"{IDS[3]}\tMTOR\tCRISPR Guide Capture"]
    table = matrices.read_table(write_folder(tmp_path / "f", ("features.tsv", lines), True))
    same(table, IDS[:3], SYMBOLS[:3], COUNTS[:, :3])


def test_a_folder_that_is_not_complete_is_said(tmp_path):
    """A file missing, one twice, parts of different runs, a matrix cut."""
    folder = write_folder(tmp_path / "a", V3, False)
    (folder / "barcodes.tsv").rename(folder / "cells.tsv")
    with pytest.raises(UserError, match=r"a: no barcodes\.tsv \(\.gz\); the folder must hold exactly one"):
        matrices.read_table(folder)
    folder = write_folder(tmp_path / "b", V3, False)
    (folder / "genes.tsv").write_text("x\n")
    with pytest.raises(UserError, match=r"b: 2 \(features\.tsv, genes\.tsv\) features\.tsv or genes\.tsv"):
        matrices.read_table(folder)
    folder = write_folder(tmp_path / "c", ("features.tsv", V3[1][:3]), False)
    with pytest.raises(UserError, match="4 × 3, but there are 3 features and 3 barcodes; the three files"):
        matrices.read_table(folder)
    folder = write_folder(tmp_path / "d", V3, False)
    lines = (folder / "matrix.mtx").read_text().splitlines(keepends=True)
    (folder / "matrix.mtx").write_text("".join(lines[:-2]))
    with pytest.raises(UserError, match="3 entries, the header says 5; the file is truncated; fetch the folder again"):
        matrices.read_table(folder)


@pytest.mark.parametrize("text", ["1 1 x\n", "1 1\n", "1 1 2.5\n", ""])
def test_a_matrix_file_of_other_words_is_said(tmp_path, text):
    """A value that is no number, one missing, a fraction among integers, no entry at all."""
    folder = write_folder(tmp_path / "f", V3, False)
    (folder / "matrix.mtx").write_text(f"%%MatrixMarket matrix coordinate integer general\n4 3 1\n{text}")
    with pytest.raises(UserError, match=r"matrix\.mtx: .*; fetch the folder again"):
        matrices.read_table(folder)


def adata(matrix=COUNTS, **parts):
    """Return an AnnData of the counts."""
    obs, var = pd.DataFrame(index=BARCODES), pd.DataFrame({"gene_ids": IDS}, index=SYMBOLS)
    return anndata.AnnData(sparse.csr_matrix(matrix.astype(np.float32)), obs=obs, var=var, **parts)


def test_h5ad_with_counts_in_x(tmp_path):
    """Ids from var, symbols from its index, as scanpy reads 10x files."""
    adata().write_h5ad(tmp_path / "a.h5ad")
    same(matrices.read_table(tmp_path / "a.h5ad"))


def test_h5ad_with_symbols_in_a_column(tmp_path):
    """The index holds ids then."""
    data = adata()
    data.var = pd.DataFrame({"feature_name": SYMBOLS}, index=IDS)
    data.write_h5ad(tmp_path / "a.h5ad")
    same(matrices.read_table(tmp_path / "a.h5ad"))


@pytest.mark.parametrize("column", ["feature_types", "feature_type"])
@pytest.mark.parametrize("other", ["Antibody Capture", "Peaks"])
def test_features_that_are_no_genes_are_left_out_of_h5ad(tmp_path, column, other):
    """As of 10x files that scanpy has read; a feature of no kind stays."""
    data = adata()
    data.var[column] = ["Gene Expression", other, None, "Gene Expression"]
    data.write_h5ad(tmp_path / "a.h5ad")
    kept = [0, 2, 3]
    same(matrices.read_table(tmp_path / "a.h5ad"), [IDS[i] for i in kept], [SYMBOLS[i] for i in kept], COUNTS[:, kept])


def test_h5ad_whose_feature_types_are_biotypes_keeps_all(tmp_path):
    """CELLxGENE's column of that name: none of them is called gene expression."""
    data = adata()
    data.var["feature_type"] = ["protein_coding", "lncRNA", "protein_coding", "protein_coding"]
    data.write_h5ad(tmp_path / "a.h5ad")
    same(matrices.read_table(tmp_path / "a.h5ad"))


@pytest.mark.parametrize("missing", [None, np.nan, "nan", ""])
@pytest.mark.parametrize("as_category", [False, True])
def test_h5ad_names_that_are_missing_are_taken_from_beside(tmp_path, missing, as_category):
    """A symbol from the id, an id from the index; none becomes `nan`, which two genes would share."""
    data = adata()
    data.var = pd.DataFrame({"gene_ids": [*IDS[:2], missing, missing]}, index=SYMBOLS)
    data.var["gene_name"] = pd.Series([SYMBOLS[0], missing, missing, SYMBOLS[3]], index=SYMBOLS, dtype=object)
    if as_category:
        data.var = data.var.astype("category")
    data.write_h5ad(tmp_path / "a.h5ad")
    ids = [*IDS[:2], *SYMBOLS[2:]]
    same(matrices.read_table(tmp_path / "a.h5ad"), ids, [SYMBOLS[0], IDS[1], *SYMBOLS[2:]])


def test_h5ad_with_counts_beside_normalised_values(tmp_path):
    """Layer counts first, then raw.X; normalised X is never taken for counts when one of them is there."""
    logged = adata(np.log1p(COUNTS))
    logged.layers["counts"] = sparse.csr_matrix(COUNTS)
    logged.write_h5ad(tmp_path / "a.h5ad")
    same(matrices.read_table(tmp_path / "a.h5ad"))
    logged = adata(np.log1p(COUNTS))
    logged.raw = adata()
    logged[:, :2].copy().write_h5ad(tmp_path / "b.h5ad")
    same(matrices.read_table(tmp_path / "b.h5ad"))


def test_an_h5ad_that_cannot_be_read_is_said(tmp_path):
    """Another file under the name; one without a matrix."""
    (tmp_path / "a.h5ad").write_bytes(b"x" * 100)
    with pytest.raises(UserError, match=r"a\.h5ad: not readable as \.h5ad .*; fetch or write it again"):
        matrices.read_table(tmp_path / "a.h5ad")
    anndata.AnnData(obs=pd.DataFrame(index=BARCODES), var=pd.DataFrame(index=IDS)).write_h5ad(tmp_path / "b.h5ad")
    with pytest.raises(UserError, match=r"b\.h5ad: no X, no layer counts and no raw; write the counts as X"):
        matrices.read_table(tmp_path / "b.h5ad")


def text_table(delimiter="\t", corner: str | None = "gene", columns=(SYMBOLS,), quote="", rows=None):
    """Return a genes × barcodes table as text; no corner label if it is None."""
    head = ([corner] + ["symbol"] * (len(columns) - 1) if corner is not None else []) + BARCODES
    lines = [delimiter.join(f"{quote}{name}{quote}" for name in head)]
    for names, row in zip(zip(*columns, strict=True), rows or COUNTS.T.tolist(), strict=True):
        lines.append(delimiter.join([*(f"{quote}{name}{quote}" for name in names), *map(str, row)]))
    return "\n".join(lines) + "\n"


def write_text(path, text):
    """Write text, gzip if the name says so."""
    path.write_bytes(gzip.compress(text.encode()) if path.suffix == ".gz" else text.encode())
    return path


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.txt.gz", text_table()),
        ("a.tsv", text_table(corner="")),
        ("a.txt", text_table(corner=None)),
        ("a.csv.gz", text_table(",")),
        ("a.csv", text_table(",", quote='"', corner="")),
        ("a.csv", text_table(";")),
        ("a.txt", text_table(" ", corner=None, quote='"')),
        ("a.dge.txt.gz", text_table(corner="GENE")),
        ("a.txt", "# counts of one sample\n\n" + text_table()),
        ("a.txt.gz", '#\t"lane 1\n' + text_table()),
        ("a.txt", '#\t"lane 1\n#\t"lane 2\n' + text_table(quote='"')),
        ("a.txt", text_table().replace("\n", "\r\n")),
        ("a.txt", text_table(rows=[[f"{value}.0" for value in row] for row in COUNTS.T.tolist()])),
    ],
)
def test_text_tables_as_geo_serves_them(tmp_path, name, text):
    """Tab, comma, semicolon or blank; corner named, empty or missing; quotes; comments; Windows; 5.0 for 5."""
    same(matrices.read_table(write_text(tmp_path / name, text)), SYMBOLS, None)


@pytest.mark.parametrize("delimiter", ["\t", ",", ";", " "])
@pytest.mark.parametrize("barcodes", [1, 20_000])
def test_text_tables_of_one_and_of_many_barcodes(tmp_path, delimiter, barcodes):
    """One column without a corner label; a line longer than the csv module takes for one field."""
    names = [f"AAACCTGAGAAACCAT-{i}" for i in range(barcodes)]
    text = delimiter.join(names) + "\n" + delimiter.join(["ACTB", *["3"] * barcodes]) + "\n"
    table = matrices.read_table(write_text(tmp_path / "a.txt", text))
    assert (table.barcodes, table.ids, int(table.matrix.sum())) == (names, ["ACTB"], 3 * barcodes)


@pytest.mark.parametrize("corner", ["id", None])
def test_text_tables_with_ids_and_symbols(tmp_path, corner):
    """Two columns of names."""
    same(matrices.read_table(write_text(tmp_path / "a.tsv.gz", text_table(corner=corner, columns=(IDS, SYMBOLS)))))


@pytest.mark.parametrize("size", [1, 2, 3, 4, 1000])
def test_text_is_read_in_parts(tmp_path, monkeypatch, size):
    """However many rows are held at once; a value that is no count is named in whichever part it lies."""
    monkeypatch.setattr(text_matrices, "ROWS_AT_ONCE", size)
    same(matrices.read_table(write_text(tmp_path / "a.txt", text_table())), SYMBOLS, None)
    wrong = [list(row) for row in COUNTS.T.tolist()]
    wrong[2][1] = "lots"
    path = write_text(tmp_path / "b.txt", text_table(rows=wrong))
    with pytest.raises(UserError, match=f"b.txt, gene GAPDH, column {BARCODES[1]}: 'lots' is not a count; give raw"):
        matrices.read_table(path)


TEXT_MISTAKES = {
    "header alone": (text_table().splitlines()[0], "a header and at least one gene are needed"),
    "no columns": ("gene\nACTB\n", "no columns found .tab, comma, semicolon and space were tried"),
    "header too short": (
        text_table().replace(f"\t{BARCODES[0]}\t{BARCODES[1]}", "", 1),
        "the header has 2 columns, ",
    ),
    "three name columns": (text_table(columns=(IDS, SYMBOLS, SYMBOLS)), "3 columns before the counts; keep one or two"),
    "a name's quotation mark left open": (
        text_table() + '"X\t1\t2\t3\nY"\t1\t2\t3\n',
        "a quotation mark before a gene's name isn't closed in its line; correct it",
    ),
    "a longer row": (text_table() + "X\t1\t2\t3\t4\n", "rows differ in their number of columns"),
    "a missing value": (
        text_table().replace("\t300", "\t"),
        f"gene MTOR, column {BARCODES[2]}: a value is missing",
    ),
    "a row named NA": (text_table().replace("GAPDH", "NA"), "gene 3: a row without a name; name it or remove it"),
    "a row without name": (text_table().replace("GAPDH", ""), "gene 3: a row without a name; name it or remove it"),
}


@pytest.mark.parametrize("name", TEXT_MISTAKES)
@pytest.mark.parametrize("zipped", ["", ".gz"])
def test_each_mistake_in_text_has_one_message(tmp_path, name, zipped):
    """The message names the file, and the place where there is one."""
    text, message = TEXT_MISTAKES[name]
    with pytest.raises(UserError, match=message) as error:
        matrices.read_table(write_text(tmp_path / f"a.txt{zipped}", text))
    assert str(tmp_path / "a.txt") in str(error.value) and "\n" not in str(error.value)


def test_files_that_are_no_matrix_are_said(tmp_path):
    """Missing, empty, cut, binary, an .mtx alone, an unknown suffix."""
    with pytest.raises(UserError, match="no such file; correct column matrix of the samples sheet"):
        matrices.read_table(tmp_path / "none.txt")
    (tmp_path / "a.txt").write_bytes(b"")
    with pytest.raises(UserError, match="the file is empty; fetch it again"):
        matrices.read_table(tmp_path / "a.txt")
    (tmp_path / "b.txt.gz").write_bytes(gzip.compress(text_table().encode())[:-12])
    with pytest.raises(UserError, match="the gzip file is truncated or damaged"):
        matrices.read_table(tmp_path / "b.txt.gz")
    (tmp_path / "c.txt").write_bytes(b"a\tb\n\xff\xfe\t1\n")
    with pytest.raises(UserError, match="not text, although its name ends as that of a text file"):
        matrices.read_table(tmp_path / "c.txt")
    (tmp_path / "matrix.mtx.gz").write_bytes(b"x")
    with pytest.raises(UserError, match="name the folder that holds the matrix with its barcodes and features"):
        matrices.read_table(tmp_path / "matrix.mtx.gz")
    (tmp_path / "a.rds").write_bytes(b"x")
    with pytest.raises(
        UserError, match=r"not a known matrix format; give a 10x \.h5, a 10x folder, an \.h5ad or a text"
    ):
        matrices.read_table(tmp_path / "a.rds")

"""Odd inputs that users reported to public trackers of other tools: what each tool writes, or what becomes of it.

A case writes a file or folder and says what is right: the content of the sound twin, or words of a refusal.
"""

# ruff: noqa: E501  (a table: a case a line)

from __future__ import annotations

import gzip
import io
import tarfile
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import anndata
import h5py
import numpy as np
import pandas as pd
from scipy import io as scipy_io
from scipy import sparse

BARCODES = ["AAACCTGAGAAACCAT-1", "AAACCTGAGAAACCGC-1", "AAACCTGAGAAACCTA-1"]
GENES = ["GRCh38_FOSL1", "GRCh38_ACTB", "GRCh38_MTOR", "GRCm39_Actb"]
IDS = [*(f"GRCh38_ENSG{i:011d}" for i in range(1, 4)), "GRCm39_ENSMUSG00000000001"]
COUNTS = np.array([[5, 2, 0, 3], [0, 0, 3, 0], [1, 7, 300, 4]])
"""Barcodes × genes."""
BARE = [name.removesuffix("-1") for name in BARCODES]


@dataclass
class Tracked:
    """``write(folder)`` returns the path; ``words`` of the refusal where the input can't be right; ``options`` of the
    sheet; ``barcodes`` and ``symbols`` where the tool writes others.
    """

    write: Callable[[Path], Path]
    words: str = ""
    options: dict = field(default_factory=dict)
    barcodes: list[str] = field(default_factory=lambda: BARCODES)
    symbols: dict[str, str] = field(default_factory=dict)


def market(counts: np.ndarray, banner: str = "coordinate integer general", more: str = "", shape=None) -> str:
    """Return a Matrix Market file; ``more``: lines behind the banner."""
    rows, columns = np.nonzero(counts)
    lines = [f"{r + 1} {c + 1} {counts[r, c]}" for r, c in zip(rows, columns, strict=True)]
    dims = shape or counts.shape
    return f"%%MatrixMarket matrix {banner}\n{more}{dims[0]} {dims[1]} {len(lines)}\n" + "\n".join(lines) + "\n"


FEATURES = "".join(f"{i}\t{g}\tGene Expression\n" for i, g in zip(IDS, GENES, strict=True))
NAMES = "".join(f"{name}\n" for name in BARCODES)
SOUND = {"matrix.mtx": market(COUNTS.T), "barcodes.tsv": NAMES, "features.tsv": FEATURES}


def files(more: dict[str, str | bytes] | None = None, without: tuple[str, ...] = (), name: str = "m", zipped=()):
    """Return a writer of a 10x folder with other files; a name may hold folders; ``zipped``: by gzip."""

    def write(place: Path) -> Path:
        for file, content in ({k: v for k, v in SOUND.items() if k not in without} | (more or {})).items():
            path = place / name / file
            path.parent.mkdir(parents=True, exist_ok=True)
            data = content.encode() if isinstance(content, str) else content
            path.write_bytes(gzip.compress(data, mtime=0) if file in zipped else data)
        return place / name

    return write


def only(contents: dict[str, str | bytes], name: str = "m"):
    """Return a writer of a folder of these files alone."""
    return files(contents, tuple(SOUND), name)


def text(end="\n", mark="\t", cell=str, head="gene", tail="", genes=GENES, barcodes=BARCODES, name="m.tsv", pack=None):
    """Return a writer of genes × barcodes as text."""

    def write(place: Path) -> Path:
        rows = [[head, *barcodes], *([g, *map(cell, COUNTS[:, i])] for i, g in enumerate(genes))]
        data = (end.join(mark.join(row) for row in rows) + end + tail).encode()
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        (place / name).write_bytes(pack(data) if pack else data)
        return place / name

    return write


def raw(name: str, content: bytes):
    """Return a writer of a file."""

    def write(place: Path) -> Path:
        (place / name).write_bytes(content)
        return place / name

    return write


def annotated(x=None, name="m.h5ad", index=GENES, var=None, obs=None, layers=None, change=None):
    """Return a writer of an .h5ad; ``change``: of the open HDF5 file."""

    def write(place: Path) -> Path:
        table = pd.DataFrame(var if var is not None else {"gene_ids": IDS}, index=pd.Index(index))
        matrix = sparse.csr_matrix(COUNTS.astype(np.float32)) if x is None else x
        made = anndata.AnnData(matrix, obs=pd.DataFrame(index=obs or BARCODES), var=table)
        for key, layer in (layers or {}).items():
            made.layers[key] = sparse.csr_matrix(layer.astype(np.float32))
        made.write_h5ad(place / name)
        if change:
            with h5py.File(place / name, "a") as file:
                change(file)
        return place / name

    return write


def ten_x(change=lambda file: None, name="m.h5", dtype=np.int32):
    """Return a writer of a 10x .h5 of Cell Ranger 3 and later; ``change``: of the open file."""

    def write(place: Path) -> Path:
        with h5py.File(place / name, "w") as file:
            columns, group = sparse.csr_matrix(COUNTS), file.create_group("matrix")
            group["barcodes"] = np.array(BARCODES, dtype="S")
            group["data"], group["indices"], group["indptr"] = (
                columns.data.astype(dtype),
                columns.indices,
                columns.indptr,
            )
            group["shape"] = np.array([len(GENES), len(BARCODES)])
            group["features/id"], group["features/name"] = np.array(IDS, dtype="S"), np.array(GENES, dtype="S")
            group["features/feature_type"] = np.array(["Gene Expression"] * len(GENES), dtype="S")
            change(file)
        return place / name

    return write


def archive(place: Path) -> Path:
    """Write a 10x folder as .tar.gz under the name of a text table, as GEO's RAW.tar has them."""
    with tarfile.open(place / "m.tar.gz", "w:gz") as file:
        for name, content in SOUND.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            file.addfile(member, io.BytesIO(content.encode()))
    return place / "m.tar.gz"


def zip_of(place: Path) -> Path:
    """Write a text table within a .zip named .tsv.gz."""
    with zipfile.ZipFile(place / "m.tsv.gz", "w") as file:
        file.writestr("m.tsv", "gene\tAAAC\nFOSL1\t1\n")
    return place / "m.tsv.gz"


def by_scipy(place: Path) -> Path:
    """Write a folder as scipy.io.mmwrite does, of unsigned integers."""
    path = files(without=("matrix.mtx",))(place)
    scipy_io.mmwrite(path / "matrix.mtx", sparse.coo_matrix(COUNTS.T.astype(np.uint32)))
    return path


HALVES = [COUNTS // 2, COUNTS - COUNTS // 2]
KB = {
    "cells_x_genes.barcodes.txt": "".join(f"{b}\n" for b in BARE),
    "cells_x_genes.genes.txt": "".join(f"{i}\n" for i in IDS),
    "cells_x_genes.genes.names.txt": "".join(f"{g}\n" for g in GENES),
}
ALEVIN = {
    "quants_mat.mtx": market(COUNTS),
    "quants_mat_rows.txt": "".join(f"{b}\n" for b in BARE),
    "quants_mat_cols.txt": "".join(f"{g}\n" for g in GENES),
}
MATRICES: dict[str, Tracked] = {
    # STARsolo
    "Solo.out/Gene/raw": Tracked(files(name="Solo.out/Gene/raw")),
    "Solo.out/Gene/raw with the counts of multimappers": Tracked(files({"UniqueAndMult-EM.mtx": market(COUNTS.T * 2)})),
    "Solo.out/Gene, which holds raw and filtered": Tracked(only({**{f"raw/{k}": v for k, v in SOUND.items()}, **{f"filtered/{k}": v for k, v in SOUND.items()}}), r"in folders within it \(filtered, raw\); name one"),
    "Solo.out/Velocyto/raw: spliced, unspliced, ambiguous": Tracked(files({f"{k}.mtx": market(COUNTS.T) for k in ("spliced", "unspliced", "ambiguous")}, ("matrix.mtx",)), r"counts by splicing \(ambiguous.mtx, spliced.mtx, unspliced.mtx\)"),
    # kb
    "kb count": Tracked(only({"cells_x_genes.mtx": market(COUNTS), **KB}), barcodes=BARE),
    "alevin-fry in mode USA": Tracked(only(ALEVIN | {"quants_mat.mtx": market(np.hstack([COUNTS] * 3)), "quants_mat_cols.txt": "".join(f"{g}{s}\n" for s in ("", "-U", "-A") for g in GENES)}), r"alevin-fry's mode USA"),
    "kb count --workflow nac": Tracked(only({f"cells_x_genes.{k}.mtx": market(COUNTS) for k in ("mature", "nascent", "ambiguous")} | KB), r"mature|nascent"),
    "kb's .h5ad of workflow nac: X empty, counts in mature, nascent, ambiguous": Tracked(
        annotated(sparse.csr_matrix(COUNTS.shape, dtype=np.float32), layers={"mature": HALVES[0], "nascent": HALVES[1], "ambiguous": COUNTS}), r"layers? "),
    "an .h5ad of velocyto or scVelo: X spliced, layers spliced, unspliced": Tracked(
        annotated(sparse.csr_matrix(HALVES[0].astype(np.float32)), layers={"spliced": HALVES[0], "unspliced": HALVES[1]}), r"spliced"),
    # alevin-fry
    "alevin-fry": Tracked(only(ALEVIN), barcodes=BARE),
    # Cell Ranger
    "Cell Ranger ARC: peaks beside the genes, six columns": Tracked(files({
        "features.tsv": "".join(f"{i}\t{g}\tGene Expression\tchr1\t1\t2\n" for i, g in zip(IDS, GENES, strict=True)) + "chr1:1-900\tchr1:1-900\tPeaks\tchr1\t1\t900\n",
        "matrix.mtx": market(np.vstack([COUNTS.T, [[9, 9, 9]]]))})),
    "the outs folder above raw_feature_bc_matrix": Tracked(only({f"raw_feature_bc_matrix/{k}": v for k, v in SOUND.items()} | {"web_summary.html": "<html>"}), r"in folders within it \(raw_feature_bc_matrix\)"),
    "CellBender's .h5: more groups, counts of int64": Tracked(ten_x(lambda f: f.create_dataset("droplet_latents/cell_probability", data=[1.0]), dtype=np.int64)),
    "a 10x .h5 of 16 bits": Tracked(ten_x(dtype=np.uint16)),
    "a 10x .h5 whose counts are corrected fractions": Tracked(ten_x(lambda f: (f.__delitem__("matrix/data"), f.__setitem__("matrix/data", np.full(8, 0.5)))), r"0.5 is not a whole number"),
    "molecule_info.h5": Tracked(raw("molecule_info.h5", b""), r"empty"),
    "an .h5ad under the name .h5": Tracked(annotated(name="m.h5"), r"it is an \.h5ad, name it so"),
    "a 10x .h5 under the name .h5ad": Tracked(ten_x(name="m.h5ad"), r"\.h5|10x"),
    "aggr: three libraries": Tracked(files({"barcodes.tsv": "".join(f"{b}-{i + 1}\n" for i, b in enumerate(BARE))}), r"barcodes of 3 libraries"),
    # the folder, rewritten
    "CRLF in all three files": Tracked(files({k: v.replace("\n", "\r\n") for k, v in SOUND.items()})),
    "gzip with zero bytes behind each stream": Tracked(only({f"{k}.gz": gzip.compress(v.encode()) + bytes(512) for k, v in SOUND.items()})),
    "gzip in blocks (bgzip)": Tracked(only({f"{k}.gz": gzip.compress(v[:20].encode()) + gzip.compress(v[20:].encode()) + gzip.compress(b"") for k, v in SOUND.items()})),
    "gzip under plain names": Tracked(files(zipped=tuple(SOUND))),
    "plain under the names .gz": Tracked(only({f"{k}.gz": v for k, v in SOUND.items()})),
    "matrix.mtx and matrix.mtx.gz side by side": Tracked(files({"matrix.mtx.gz": gzip.compress(SOUND["matrix.mtx"].encode())}), r"2 \(matrix.mtx, matrix.mtx.gz\)"),
    "files that macOS leaves (._matrix.mtx)": Tracked(files({"._matrix.mtx": b"\x00\x05\x16\x07", "._barcodes.tsv": b"\x00\x05", "._features.tsv": b"\x00", ".DS_Store": b"\x00"})),
    "two samples of GEO in one folder": Tracked(only({f"{s}_{k}": v for s in ("GSM1", "GSM2") for k, v in SOUND.items()}), r"2 \(GSM1_matrix.mtx, GSM2_matrix.mtx\)"),
    "Matrix Market by scipy": Tracked(by_scipy),
    "Matrix Market with a byte-order mark": Tracked(files({"matrix.mtx": "\ufeff" + SOUND["matrix.mtx"]})),
    "Matrix Market with comments, blank lines and 10x' JSON": Tracked(files({"matrix.mtx": market(COUNTS.T, more='%metadata_json: {"format_version": 2}\n%\n\n') + "\n\n"})),
    "Matrix Market with explicit zeros": Tracked(files({"matrix.mtx": SOUND["matrix.mtx"].replace(" 8\n", " 9\n", 1) + "3 1 0\n"})),
    "Matrix Market that ends early": Tracked(files({"matrix.mtx": SOUND["matrix.mtx"].rsplit("\n", 2)[0] + "\n"}), r"fetch"),
    "Matrix Market with an entry beyond its size": Tracked(files({"matrix.mtx": SOUND["matrix.mtx"].replace("\n4 3 4\n", "\n5 3 4\n")}), r"fetch|outside"),
    "Matrix Market that counts from 0": Tracked(files({"matrix.mtx": SOUND["matrix.mtx"].replace("\n1 1 5\n", "\n0 1 5\n")}), r"fetch|outside"),
    "Matrix Market of scientific numbers": Tracked(files({"matrix.mtx": market(COUNTS.T, "coordinate real general").replace(" 300\n", " 3e+02\n")})),
    "Matrix Market with decimal commas": Tracked(files({"matrix.mtx": market(COUNTS.T, "coordinate real general").replace(" 300\n", " 300,0\n")}), r"fetch|number"),
    "features with symbol first and id second": Tracked(files({"features.tsv": "".join(f"{g}\t{i}\tGene Expression\n" for i, g in zip(IDS, GENES, strict=True))})),
    "features of one column (symbols)": Tracked(files({"features.tsv": "".join(f"{g}\n" for g in GENES)})),
    "features where a symbol is missing": Tracked(files({"features.tsv": FEATURES.replace("\tGRCh38_MTOR\t", "\t\t")}), symbols={"MTOR": "ENSG00000000003"}),
    "one barcode fewer than columns": Tracked(files({"barcodes.tsv": "".join(f"{b}\n" for b in BARCODES[:2])}), r"there are 4 features and 2 barcodes"),
    "a barcode twice": Tracked(files({"barcodes.tsv": NAMES.replace(BARCODES[1], BARCODES[0])}), r"1 barcodes occur more than once"),
    "a folder with µ and a blank in its name": Tracked(files(name="µ und ö")),
    # .h5ad
    "an .h5ad by column (CSC)": Tracked(annotated(sparse.csc_matrix(COUNTS.astype(np.float32)))),
    "an .h5ad of uint16": Tracked(annotated(sparse.csr_matrix(COUNTS.astype(np.uint16)))),
    "an .h5ad of uint64": Tracked(annotated(sparse.csr_matrix(COUNTS.astype(np.uint64)))),
    "CELLxGENE: ids as index, symbols in feature_name": Tracked(annotated(index=IDS, var={"feature_name": GENES})),
    "barcodes of ArchR and Signac (S1#AAAC-1)": Tracked(annotated(obs=[f"S1#{b}" for b in BARCODES]), barcodes=[f"S1#{b}" for b in BARCODES]),
    "barcodes twice, as concat leaves them": Tracked(annotated(obs=[BARCODES[0], BARCODES[0], BARCODES[2]]), r"1 barcodes occur more than once"),
    "an .h5ad with a missing value": Tracked(annotated(np.where(COUNTS == 7, np.nan, COUNTS.astype(float))), r"not a finite number"),
    "an .h5ad corrected by SoupX (fractions)": Tracked(annotated(sparse.csr_matrix(COUNTS * 0.9)), r"is not a whole number"),
    # text
    "old Mac line ends": Tracked(text(end="\r"), r"old Mac"),
    "Ctrl-Z at the end, as DOS wrote it": Tracked(text(tail="\x1a"), r"a value is missing|columns"),
    "thousands with commas": Tracked(text(cell=lambda v: f'"{v * 10:,}"' if v == 300 else str(v)), r"is not a count"),
    "numbers with a decimal .0": Tracked(text(cell=lambda v: f"{v}.0")),
    "barcodes with dots, as R makes them": Tracked(text(barcodes=[b.replace("-", ".") for b in BARCODES]), barcodes=[b.replace("-", ".") for b in BARCODES]),
    "bgzip": Tracked(text(name="m.tsv.gz", pack=lambda d: gzip.compress(d[:30]) + gzip.compress(d[30:]) + gzip.compress(b""))),
    "gzip with zero bytes behind it": Tracked(text(name="m.tsv.gz", pack=lambda d: gzip.compress(d) + bytes(1024))),
    "a barcode twice in the header": Tracked(text(barcodes=[BARCODES[0], BARCODES[0], BARCODES[2]]), r"1 barcodes occur more than once"),
    "a gene twice": Tracked(text(genes=[GENES[0], GENES[0], *GENES[2:]]), r"1 genes occur more than once"),
    "a path with µ": Tracked(text(name="µ/m.tsv")),
    "a zip named .tsv.gz": Tracked(zip_of, r"zip|Excel|not gzip|truncated or damaged"),
    "a tar of a folder": Tracked(archive, r"not a known matrix format|tar"),
    "a git-lfs pointer": Tracked(raw("m.h5", b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n"), r"not an HDF5 file; fetch"),
    ".loom of velocyto": Tracked(raw("m.loom", b"\x89HDF\r\n\x1a\n"), r"not a known matrix format"),
}  # fmt: skip

PROFILE = [["FOSL1", 3726, 11499], ["JUNB", 5, 11], ["MTOR", 12, 8]]


def table(head: list[str], rows: list[list], mark="\t", before="", after="") -> bytes:
    """Return a table as text."""
    return (before + "\n".join(mark.join(map(str, row)) for row in [head, *rows]) + "\n" + after).encode()


PROFILES: dict[str, tuple[bytes, str]] = {
    "GCT, as GenePattern writes it": (table(["NAME", "Description", "c0", "c1"], [[g, "na", a, b] for g, a, b in PROFILE], before="#1.2\n3\t2\n"), r"columns|header|not a text table"),
    "a GEO series matrix": (table(["ID_REF", "c0", "c1"], [["1007_s_at", 7.1, 8.2]], before='!Series_title\t"x"\n!Sample_title\t"a"\t"b"\n!series_matrix_table_begin\n', after="!series_matrix_table_end\n"), r"!|columns|series"),
    "STAR's ReadsPerGene.out.tab, which has no header": (b"N_unmapped\t1\t1\t1\nN_multimapping\t1\t1\t1\nENSG00000175592\t3726\t1\t3725\n", r"the first line holds N_unmapped, 1, 1, not names of columns; give a header"),
    "RSEM's genes.results": (table(["gene_id", "transcript_id(s)", "length", "effective_length", "c0", "c1", "FPKM"], [[g, f"{g}-201,{g}-202", 900.0, 700.5, a, b, 1.5] for g, a, b in PROFILE]), ""),
    "Salmon's quant.sf: transcripts": (table(["Name", "Length", "EffectiveLength", "c0", "c1"], [[f"ENST0000031255{i}.9", 900, 700, a, b] for i, (_, a, b) in enumerate(PROFILE)]), r"transcript"),
    "kallisto's abundance.tsv: transcripts": (table(["target_id", "length", "eff_length", "c0", "c1"], [[f"ENST0000031255{i}.9", 900, 700, a, b] for i, (_, a, b) in enumerate(PROFILE)]), r"transcript"),
    "thousands with commas": (table(["symbol", "c0", "c1"], [[g, f'"{a:,}"', b] for g, a, b in PROFILE]), r"'3,726' is not a number"),
    "scientific numbers": (table(["symbol", "c0", "c1"], [[g, f"{a:e}", b] for g, a, b in PROFILE]), ""),
    "blanks beside numbers": (table(["symbol", "c0", "c1"], [[g, f" {a} ", f"{b} "] for g, a, b in PROFILE]), ""),
    "DESeq2's write.csv": (table(['""', '"c0"', '"c1"'], [[f'"{g}"', a, b] for g, a, b in PROFILE], ","), ""),
    "a non-breaking blank beside a gene": (table(["symbol", "c0", "c1"], [[f"{g}\u00a0", a, b] for g, a, b in PROFILE]), ""),
    "a number that is missing": (table(["symbol", "c0", "c1"], [["FOSL1", "NA", 1]]), r"'NA' is not a number"),
    "a row of totals": (table(["symbol", "c0", "c1"], [*PROFILE, ["Total", 3743, 11518]]), ""),
}  # fmt: skip
"""Content and words of the refusal; nothing: the profiles of PROFILE."""

LISTS: dict[str, tuple[str, bytes, str, str]] = {
    "MSigDB's .json": ("s.json", b'{"SET": {"geneSymbols": ["FOSL1", "JUNB"]}}', "sets", r"json|gmt"),
    ".gmx, sets by column": ("s.tsv", b"SET\tOTHER\nna\tna\nFOSL1\tACTB\nJUNB\tMTOR\n", "sets", r"none is called gene"),
    "a .gmt with CRLF and empty fields": ("s.gmt", b"SET\thttp\tFOSL1\tJUNB\t\t\r\n\r\n", "sets", ""),
    "a .gmt that Excel quoted": ("s.gmt", b'"SET"\t"a, b"\t"FOSL1"\t"JUNB"\n', "sets", ""),
    "a gene twice in a set": ("s.gmt", b"SET\thttp\tFOSL1\tJUNB\tFOSL1\n", "sets", ""),
    "a set twice": ("s.gmt", b"SET\thttp\tFOSL1\nSET\thttp\tJUNB\n", "sets", r"the set SET occurs twice"),
    "CollecTRI with references in quotation marks": ("n.csv", b'source,target,weight,references\nFOSL1,KRT16,1,"A;B, 2010"\nFOSL1,KRT6A,-1,"C"\n', "network", ""),
    "DoRothEA by its R names": ("n.tsv", b"tf\tconfidence\ttarget\tmor\nFOSL1\tA\tKRT16\t1\nFOSL1\tB\tKRT6A\t-1\n", "network", ""),
    "an edge twice with other weights": ("n.tsv", b"source\ttarget\tweight\nFOSL1\tKRT16\t1\nFOSL1\tKRT16\t-1\n", "network", r"an edge that occurs twice cancel"),
    "a factor with µ": ("t.txt", "FOSL1\nJUNB\nµTF\n".encode(), "tfs with µ", ""),
}  # fmt: skip
"""File's name, content, reader, words of the refusal; nothing: the sound content of the reader."""

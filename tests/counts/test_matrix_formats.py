"""Every line of the page of formats about matrices: the same counts come out, or one line says what to do."""

# ruff: noqa: E501  (a table: a case a line)

from __future__ import annotations

import re

import numpy as np
import pandas as pd
import pytest
from docs_table import lines_of
from forms import (
    BARCODES,
    COUNTS,
    GENES,
    IDS,
    SEQUENCES,
    Form,
    above,
    annotated,
    by_alevin,
    by_alevin_usa,
    by_kb,
    content,
    folder,
    named,
    read,
    renamed,
    ten_x,
    text,
)  # fmt: skip

from scripts.base.job import UserError

WELLS = [f"{sequence}-{number}" for sequence, number in zip(SEQUENCES, (1, 2, 2, 3, 1), strict=True)]
NAMED = [f"{name}_{sequence}-1" for name, sequence in zip(("S1", "S1", "S2", "S2", "S2"), SEQUENCES, strict=True)]
LIKE_HTSEQ = [
    "\t".join([name, *[str(number)] * len(BARCODES)])
    for name, number in (
        ("__no_feature", 50_000), ("__ambiguous", 800), ("N_unmapped", 900), ("N_noFeature", 4), ("ERCC-00002", 4_000),
        ("SIRV1", 7), ("Total", 9_000), ("__alignment_not_unique", 9_000), ("no_feature", 3),
    )
]  # fmt: skip
LOGGED = np.log1p(COUNTS)
PRESENCE = (COUNTS > 0).astype(int)
BARE = [name.split("_", 1)[1] for name in GENES]
DASHED = [name.replace("_", "-") for name in GENES]
ENTREZ = [str(number) for number in range(100, 106)]
BIG = COUNTS.copy()
BIG[2, 3] = 3001


def with_value(value: str):
    """Return rows of a text of which one value is another."""
    return lambda i, gene, values: [gene, *(value if (i, j) == (1, 2) else v for j, v in enumerate(values))]


def several_presences(place):
    """Write 1 in each of many places."""
    names = [f"{'GRCh38' if i % 2 else 'GRCm39'}_G{i}" for i in range(300)]
    ones = np.ones((len(BARCODES), 300), dtype=int)
    return text(genes=names, counts=ones)(place)


def pattern(kind: str):
    """Return a writer of a folder whose banner says another kind."""
    return folder(banner=f"%%MatrixMarket matrix {kind}")


FORMS: dict[str, list[Form]] = {
    "10x folder of Cell Ranger 3 and later": [Form(folder()), Form(folder(zipped=True))],
    "10x folder of Cell Ranger 2": [Form(folder(features_name="genes.tsv", features=lambda i: f"{IDS[i]}\t{GENES[i]}"))],
    "folder of STARsolo (`Solo.out/Gene/raw`)": [
        Form(named({"UniqueAndMult-EM.mtx": "%%MatrixMarket matrix coordinate real general\n"})),
        Form(above, r"no matrix.mtx \(.gz\), but in folders within it \(raw\); name one of them"),
    ],
    "folder of kb count (`counts_unfiltered`)": [Form(by_kb, barcodes=SEQUENCES)],
    "folder of alevin-fry": [Form(by_alevin, barcodes=SEQUENCES)],
    "counts by splicing (kb's workflow nac, STARsolo's Velocyto, alevin-fry's mode USA, layers spliced and unspliced)": [
        Form(renamed("spliced.mtx"), r"no matrix.mtx, but counts by splicing \(spliced.mtx\); write their sum"),
        Form(renamed("cells_x_genes.mature.mtx"), r"counts by splicing \(cells_x_genes.mature.mtx\); write"),
        Form(annotated(COUNTS, layers={"spliced": COUNTS, "unspliced": COUNTS}), r"X is the layer spliced, .*; write the counts"),
        Form(annotated(COUNTS * 0, layers={"mature": COUNTS, "nascent": COUNTS}), r"X has no counts, but the layers mature, nascent may have them; write"),
        Form(by_alevin_usa, r"as in alevin-fry's mode USA; write their sum"),
    ],
    "10x .h5 of Cell Ranger 3 and later": [Form(ten_x())],
    "10x .h5 of Cell Ranger 2": [Form(ten_x(("GRCh38", "GRCm39")))],
    "folder with barcodes as rows": [Form(folder(turned=True))],
    "symbols in the first column of features, identifiers in the second": [
        Form(folder(features=lambda i: f"{GENES[i]}\t{IDS[i]}\tGene Expression"))
    ],
    "Matrix Market banner in capitals": [Form(folder(banner="%%MatrixMarket Matrix Coordinate Integer General"))],
    "Matrix Market of unsigned integers, as scipy writes it": [
        Form(folder(banner="%%MatrixMarket matrix coordinate unsigned-integer general"))
    ],
    "Matrix Market of real numbers that are whole": [
        Form(folder(banner="%%MatrixMarket matrix coordinate real general"))
    ],
    "Matrix Market of a pattern, of an array, or symmetric": [
        Form(pattern("coordinate pattern general"), r"but coordinate pattern general; fetch"),
        Form(pattern("array integer general"), r"but array integer general; fetch"),
        Form(pattern("coordinate integer symmetric"), r"but coordinate integer symmetric; fetch"),
    ],
    "Matrix Market with an entry twice": [Form(folder(more_entries=("1 1 5",)), r"1 entries repeat a gene and barcode")],
    "names with byte-order marks and quotation marks": [
        Form(folder(before="\ufeff")),
        Form(folder(features=lambda i: f'"{IDS[i]}"\t"{GENES[i]}"\t"Gene Expression"', barcode=lambda i, n: f'"{n}"')),
        Form(folder(features=lambda i: f"{IDS[i]}\t{GENES[i]} \t", barcode=lambda i, n: f" {n}\u200b ")),
    ],
    "heading over barcodes or features": [
        Form(folder(barcodes_head="barcode\tident\n", barcode=lambda i, n: f"{n}\t0")),
        Form(folder(barcodes_head="x\n", features_head="gene_id\tgene_name\tkind\n")),
    ],
    "row numbers before the names": [
        Form(folder(barcode=lambda i, n: f'"{i + 1}" "{n}"', barcodes_head='"x"\n')),
        Form(folder(barcode=lambda i, n: f"{i}\t{n}", features=lambda i: f"{i + 1}\t{IDS[i]}\t{GENES[i]}")),
        Form(folder(barcode=lambda i, n: f'"{i + 1}","{n}"', barcodes_head='"","x"\n')),
    ],
    "more columns in barcodes or features": [
        Form(folder(
            features_name="genes.tsv", features_head="ENSEMBL\tSYMBOL\tCHR\tSTART\tEND\tSTRAND\tBIOTYPE\n",
            features=lambda i: f"{IDS[i]}\t{GENES[i]}\t{i}\t1\t900\t+\tprotein_coding",
        ))
    ],
    "biotypes as third column of features": [
        Form(folder(features=lambda i: f"{IDS[i]}\t{GENES[i]}\t{'lncRNA' if i % 2 else 'protein_coding'}"))
    ],
    "antibodies or guides in addition to the genes": [
        Form(folder(more_features=("CD3\tCD3_ab\tAntibody Capture", "g1\tguide\tCRISPR Guide Capture"),
                    more_entries=("7 1 900", "8 2 12")))
    ],
    "antibodies alone": [
        Form(folder(features=lambda i: f"{IDS[i]}\t{GENES[i]}\tAntibody Capture"), "no feature has the type Gene Expression")
    ],
    ".h5ad with counts in X": [Form(annotated()), Form(annotated(COUNTS.astype(float), dense=True))],
    ".h5ad with counts in a layer or in raw in addition to normalised values": [
        Form(annotated(LOGGED, layers={"counts": COUNTS})),
        Form(annotated(LOGGED, layers={"Raw_Counts": COUNTS, "scaled": LOGGED - 1})),
        Form(annotated(LOGGED, raw=COUNTS)),
    ],
    ".h5ad cut to variable genes, counts of all in raw": [
        Form(annotated(COUNTS, raw=COUNTS, kept=3)),
        Form(annotated(LOGGED, raw=COUNTS, layers={"counts": COUNTS}, kept=3, flags=True)),
    ],
    ".h5ad cut to variable genes, counts of all nowhere": [
        Form(annotated(COUNTS, raw=LOGGED, kept=3), r"X has 3 of the 6 genes, and raw.X, .* holds no counts; write"),
        Form(annotated(LOGGED, raw=LOGGED, layers={"counts": COUNTS}, kept=3), r"layer counts has 3 of the 6 genes"),
        Form(annotated(COUNTS, kept=5, flags=True), r"reduced to its 5 highly variable genes; write the counts of all"),
    ],
    ".h5ad with 0 and 1 in X, counts in raw or a layer `counts`": [
        Form(annotated(PRESENCE, raw=COUNTS)), Form(annotated(PRESENCE, layers={"counts": COUNTS}))
    ],
    ".h5ad with 0 and 1 in X, counts in another layer": [
        Form(annotated(PRESENCE, layers={"of_cells": COUNTS}), r"X holds 0 and 1 alone, layer of_cells other values")
    ],
    ".h5ad of float16 up to 2047": [Form(annotated(COUNTS.astype(np.float16), dense=True))],
    ".h5ad of float16 beyond": [
        Form(annotated(BIG.astype(np.float16), dense=True), r"X is float16 and has values from 2048 on \(3000\)")
    ],
    "prefixes that end in a dash, as Seurat exports them": [
        Form(annotated(names=DASHED, ids=None)), Form(text(genes=DASHED)),
        Form(text(genes=[name.replace("_", "___", 1) for name in GENES])),
    ],
    "prefixes of other genomes": [
        Form(text(genes=[name.replace("GRCh38_", "hg19-").replace("GRCm39_", "mm10-") for name in GENES]),
             r"genes have the prefixes hg19-, mm10-, the config knows GRCh38_, GRCm39_; correct")
    ],
    "two species without prefixes": [
        Form(text(genes=BARE), r"genes of two species without prefixes \(e\.g\. ACTB, Actb\); prefix all"),
    ],
    "no gene of the study's host": [
        Form(text(genes=BARE[:4], counts=COUNTS[:, :4]), r"no gene is of the host .*; give the matrix of both species"),
        Form(text(genes=GENES[:4], counts=COUNTS[:, :4]), r"no gene is of the host .*; give the matrix of both species"),
    ],
    "the graft's genes alone, `species` graft in the sheet": [
        Form(text(genes=BARE[:4], counts=COUNTS[:, :4]), options={"graft_only": True}, genes=[0, 1, 2, 3])
    ],
    "several libraries in one matrix (aggr, merged)": [
        Form(text(barcodes=WELLS), r"barcodes of 3 libraries: …-1 \(2 barcodes\), …-2 \(2 barcodes\), …-3 \(1 barcodes\)"),
        Form(text(barcodes=NAMED), r"barcodes of 2 libraries: S1_…-1 \(2 barcodes\), S2_…-1 \(3 barcodes\); write in"),
    ],
    "one library of several, `barcodes` in the sheet": [
        Form(text(barcodes=WELLS), options={"barcodes": "-2"}, rows=[1, 2], barcodes=WELLS[1:3]),
        Form(text(barcodes=NAMED), options={"barcodes": "S2_"}, rows=[2, 3, 4], barcodes=NAMED[2:]),
        Form(text(barcodes=WELLS), r"no barcode begins with or ends in '-7' .*; correct", {"barcodes": "-7"}),
    ],
    "several libraries as one sample, `barcodes` all in the sheet": [
        Form(text(barcodes=WELLS), options={"barcodes": "all"}, barcodes=WELLS)
    ],
    "barcodes that aren't ASCII": [
        Form(annotated(barcodes=[f"Müller_{name}" for name in BARCODES]), barcodes=[f"Müller_{n}" for n in BARCODES]),
        Form(text(barcodes=[f"M\u0075\u0308ller_{name}" for name in BARCODES]), barcodes=[f"Müller_{n}" for n in BARCODES]),
    ],
    "text of genes × barcodes with tabs": [Form(text()), Form(text("m.txt.gz")), Form(text("m.dge")), Form(text("m.csv"))],
    "text with commas, semicolons or blanks, whatever the suffix": [
        Form(text(mark=",")), Form(text(mark=";")), Form(text("m.csv", mark=";")), Form(text("m.txt", mark=" "))
    ],
    "text with a byte-order mark, Windows line ends, a tab at line ends": [
        Form(text(before="\ufeff")), Form(text(end="\r\n")), Form(text(end="\t\r\n")),
        Form(text(row=lambda i, gene, values: [gene, *values, ""])),
        Form(text(before="\ufeff", head=lambda names: names)),
        Form(text(head=lambda names: ["#gene", *names])),
    ],
    "text without a label over the names": [
        Form(text(head=lambda names: names)), Form(text(head=lambda names: ["", *names]))
    ],
    "text with as many labels as columns, none over the names": [
        Form(text(head=lambda names: [*names, "AAACCTGAGAAAGGGG-1"]), r"stands above the genes' names but is a barcode")
    ],
    "text with columns Length, Entrez, Chr, Total and the like": [
        Form(text(head=lambda n: ["gene", "Length", *n], row=lambda i, g, v: [g, str(500 + i), *v])),
        Form(text(head=lambda n: ["entrez", "gene", *n], row=lambda i, g, v: [str(i), g, *v])),
        Form(text(head=lambda n: ["", "gene", *n], row=lambda i, g, v: [str(i), g, *v])),
        Form(text(head=lambda n: ["gene", *n, "Total"], row=lambda i, g, v: [g, *v, "99"])),
        Form(text(head=lambda n: ["Geneid", "Chr", "Start", "End", "Strand", "Length", *n],
                  row=lambda i, g, v: [g, "chr1;chr1", "11869;12010", "12227;12057", "+;+", "408", *v],
                  before='# Program:featureCounts v2.0.1; Command:"featureCounts" "-o" "x"\n')),
        Form(text(head=lambda n: ["gene", *n, "biotype", "Description"],
                  row=lambda i, g, v: [g, *v, "protein_coding", "FOS like 1, AP-1"])),
    ],
    "text with a column whose name differs in form from the other barcodes": [
        Form(text(head=lambda n: ["gene", *n, "weight"], row=lambda i, g, v: [g, *v, "7"]),
             r"1 columns have no names of the form of the other barcodes \(weight\); remove")
    ],
    "text with more than two columns of names": [
        Form(text(head=lambda n: ["a", "b", "c", *n], row=lambda i, g, v: [g, "x", "y", *v]), r"3 columns before the counts")
    ],
    "summary rows (htseq-count, STAR), totals, spike-ins (ERCC, SIRV)": [Form(text(more=tuple(LIKE_HTSEQ)))],
    "Entrez identifiers or row numbers alone": [Form(text(genes=ENTREZ), r"genes are named by numbers \(100, 101, 102\)")],
    "transcripts (ENST…, NM_…)": [
        Form(text(genes=[name.replace("ENSG", "ENST") for name in IDS[:4]] + IDS[4:]), r"rows are transcripts, not genes \(GRCh38_ENST00000000001, GRCh38_ENST00000000002\); sum")
    ],
    "barcodes × genes, turned": [
        Form(text(genes=BARCODES, barcodes=GENES, counts=COUNTS.T), r"the columns have names of genes")
    ],
    "normalised, scaled or negative values": [
        Form(text(row=with_value("0.5")), r"gene GRCh38_ACTB, barcode AAACCTGAGAAACCTA-1: 0.5 is not a whole number"),
        Form(text(row=with_value("-1")), r"gene GRCh38_ACTB, barcode AAACCTGAGAAACCTA-1: -1 is negative"),
        Form(text(row=with_value("1e12")), r"gene GRCh38_ACTB, barcode AAACCTGAGAAACCTA-1: 1e\+12 is too large"),
        Form(text(row=with_value("inf")), r"gene GRCh38_ACTB, barcode AAACCTGAGAAACCTA-1: inf is not a finite number"),
        Form(text(row=with_value("TRUE")), r"gene GRCh38_ACTB, column AAACCTGAGAAACCTA-1: \S+ is not a count"),
    ],
    "a missing value": [Form(text(row=with_value("NA")), r"gene GRCh38_ACTB, column AAACCTGAGAAACCTA-1: a value is missing")],
    "0 and 1 alone": [Form(several_presences, r"all 1500 values are 1: presence or absence, not counts; give raw UMI counts")],
    "Excel workbook, also one named .tsv": [
        Form(content("m.tsv", b"PK\x03\x04\x14\x00\x06\x00"), r"an Excel workbook .*: save it as tab-separated text"),
        Form(content("m.xlsx", b"PK\x03\x04\x14\x00\x06\x00"), r"not a known matrix format; give"),
    ],
    "text in UTF-16, as Excel's Unicode text": [Form(text(encoding="utf-16"), r"text in UTF-16, .*: save it as")],
    "web page under the name of a matrix": [
        Form(content("m.tsv", b"<!DOCTYPE html>\n<html>404</html>\n"), r"a web page\); .*download the file again"),
        Form(content("m.h5", b"<html>404</html>"), r"not an HDF5 file; fetch it again"),
    ],
    "the .mtx file alone": [Form(content("matrix.mtx", b"%%MatrixMarket"), r"name the folder that holds the matrix")],
    ".rds of Seurat": [Form(content("m.rds", b"\x1f\x8b\x08\x00"), r"not a known matrix format; give")],
    ".loom": [Form(content("m.loom", b"\x89HDF\r\n\x1a\n"), r"not a known matrix format; give")],
}  # fmt: skip
SINGLE = [(name, number, form) for name, forms in FORMS.items() for number, form in enumerate(forms)]


def test_every_line_of_the_page_has_a_case_and_every_case_a_line():
    said = lines_of("Matrices of single cells")
    assert list(said) == list(FORMS)
    for name, is_read in said.items():
        assert not FORMS[name][0].words if is_read else all(form.words for form in FORMS[name]), name


@pytest.mark.parametrize("form", [form for _, _, form in SINGLE], ids=[f"{name}, {n}" for name, n, _ in SINGLE])
def test_a_form_gives_its_counts_or_one_line(form, tmp_path):
    path = form.write(tmp_path)
    if not form.words:
        pd.testing.assert_frame_equal(read(path, **form.options), form.expected(), check_dtype=False, check_names=False)
        return
    with pytest.raises(UserError, match=form.words) as refused:
        read(path, **form.options)
    said = str(refused.value)
    assert said.startswith(str(path)) and "\n" not in said and re.search(r"; |: name the folder", said)

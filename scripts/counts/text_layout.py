"""Layout of a text table of genes × barcodes: delimiter, columns of names, and other columns that aren't barcodes."""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass, field
from pathlib import Path

from scripts.base import job
from scripts.base.names import clean

DELIMITERS = "\t,; "
BARCODE = re.compile(r"(?:^|[^A-Za-z])[ACGTN]{8,}(?:[-._]\w+)?$")
"""A barcode of a droplet method, with or without the name of a sample before it."""
MOSTLY = 0.8
"""Minimum share of columns with names of barcodes from which all columns should be barcodes."""
ANNOTATIONS = frozenset(
    (
        "length", "len", "gene_length", "genelength", "effective_length", "effectivelength", "efflength", "width",
        "entrez", "entrezid", "entrez_id", "entrez_gene_id", "entrezgene", "entrezgene_id", "ncbi_gene_id", "hgnc_id",
        "chr", "chrom", "chromosome", "seqnames", "seqname", "contig", "start", "end", "stop", "strand", "txstart",
        "txend", "position", "band", "biotype", "gene_biotype", "gene_type", "genetype", "transcript_biotype", "type",
        "description", "gene_description", "feature_type", "feature_types", "genome", "source", "exons", "exon_count",
        "gc", "gc_content", "total", "total_counts", "totals", "sum", "mean", "median", "variance", "n_cells",
        "n_counts", "ncells", "max", "min", "rank", "row", "rownum", "rownumber", "unnamed: 0", "transcript_id",
        "transcript_ids", "transcript", "transcripts", "tpm", "fpkm", "rpkm",
    )
)  # fmt: skip
"""Columns that describe a gene or sum its counts, in lower case, with ``_`` for blanks and dots."""
GENE_HEADINGS = frozenset(
    (
        "gene", "genes", "geneid", "gene_id", "gene_ids", "gene_name", "gene_names", "genename", "symbol", "symbols",
        "gene_symbol", "gene_symbols", "hgnc_symbol", "ensembl", "ensembl_id", "ensembl_gene_id", "ensgene", "id",
        "feature", "features", "feature_id", "name", "names", "external_gene_name", "index", "rownames", "x", "",
    )
)  # fmt: skip
"""Headings of columns of gene names, in lower case."""
MISSING = ("", "NA", "NaN", "nan", "NULL")


@dataclass
class Layout:
    """Layout of a text table: ``columns`` are numbered from 0, ``width`` is the number of fields in a row."""

    delimiter: str
    width: int
    name_columns: list[int]
    barcodes: list[str]
    barcode_columns: list[int]
    blank_columns: list[int] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)


def key_of(label: str) -> str:
    """Return a column's label in the form of the lists above."""
    return label.lower().replace(" ", "_").replace(".", "_").replace("-", "_")


def is_number(text: str) -> bool:
    """Return whether a field is a count or a missing count."""
    if text.strip() in MISSING:
        return True
    try:
        float(text)
    except ValueError:
        return False
    return True


def fields_of(line: str, delimiter: str) -> list[str]:
    """Return the stripped fields of a line; if blanks are the delimiter, several blanks count as one."""
    return [clean(field) for field in next(csv.reader([line], delimiter=delimiter, skipinitialspace=delimiter == " "))]


def delimiter_of(header: str, row: str, path: Path) -> str:
    """Return the most frequent delimiter of both lines. Raises :class:`job.UserError` if there is none."""
    delimiter = max(DELIMITERS, key=lambda d: (min(header.count(d), row.count(d)), row.count(d)))
    if delimiter not in row:
        raise job.UserError(
            f"{path}: no columns found (tab, comma, semicolon and space were tried); give a genes × barcodes table"
        )
    return delimiter


def labels_of(fields: list[str], values: list[str], path: Path) -> tuple[list[str], list[int]]:
    """Return a label for each column of the values, "" if there is none, and the blank columns due to trailing
    delimiters.
    """
    width, blank = len(values), []
    fields = list(fields)
    while len(values) > 1 and values[-1] == "" and len(fields) > 1 and fields[-1] == "" and len(fields) == len(values):
        fields, values = fields[:-1], values[:-1]
        blank.append(len(values))
    if values[-1] == "" and len(fields) == len(values) - 1 and key_of(fields[0]) in GENE_HEADINGS:
        values = values[:-1]
        blank.append(len(values))
    elif fields[-1] == "" and len(fields) == len(values) + 1:
        fields = fields[:-1]
    leading = 0
    while leading < len(values) and not is_number(values[leading]):
        leading += 1
    unlabelled = len(values) - len(fields)
    if unlabelled and unlabelled != max(1, leading):
        raise job.UserError(
            f"{path}: the header has {len(fields)} columns, the first gene {len(values)}; a header has one label per "
            "column, or none above the names"
        )
    return [*[""] * unlabelled, *fields, *[""] * (width - len(values))], sorted(blank)


def lay_out(header: str, row: str, path: Path) -> Layout:
    """Return the layout of the table. Raises :class:`job.UserError` if the two lines don't match, or if columns of
    names and of barcodes can't be distinguished.
    """
    delimiter = delimiter_of(header, row, path)
    fields, values = fields_of(header, delimiter), fields_of(row, delimiter)
    labels, blank = labels_of(fields, values, path)
    annotations = [i for i, label in enumerate(labels) if i not in blank and key_of(label) in ANNOTATIONS]
    places = [i for i in range(len(values)) if i not in blank and i not in annotations]
    text = [i for i in places if not is_number(values[i])]
    # Numbers before the names: row numbers, or identifiers in addition to the symbols.
    numbered = [i for i in places if text and i < text[0] and is_number(values[i])] if len(text) <= 2 else []
    numbered = [i for i in numbered if key_of(labels[i]) in GENE_HEADINGS or key_of(labels[i]) in ANNOTATIONS]
    places = [i for i in places if i not in numbered]
    leading = 0
    while leading < len(places) and not is_number(values[places[leading]]):
        leading += 1
    names = places[: max(1, leading)]
    if len(names) > 2:
        raise job.UserError(
            f"{path}: {len(names)} columns before the counts; keep one or two (gene id, symbol) and remove the others"
        )
    columns = [i for i in places if i not in names]
    if not columns:
        raise job.UserError(f"{path}: no column of counts; give a genes × barcodes table")
    barcodes = [labels[i] for i in columns]
    check_labels([labels[i] for i in names], barcodes, path)
    left_out = [labels[i] or f"column {i + 1}" for i in sorted({*annotations, *numbered})]
    return Layout(delimiter, len(values), names, barcodes, columns, blank, left_out)


def check_labels(corner: list[str], barcodes: list[str], path: Path) -> None:
    """Raise :class:`job.UserError` if the first line isn't a header, or labels are shifted relative to the columns."""
    like = [bool(BARCODE.search(barcode)) for barcode in barcodes]
    over = next((label for label in corner if BARCODE.search(label)), None)
    if over and sum(like) > MOSTLY * len(barcodes):
        raise job.UserError(
            f"{path}: {over!r} stands above the genes' names but is a barcode, so that labels may be shifted by "
            "one column; give one label for each column, including that of the names"
        )
    if sum(like) > MOSTLY * len(barcodes) and not all(like):
        strange = [barcode for barcode, one in zip(barcodes, like, strict=True) if not one]
        raise job.UserError(
            f"{path}: {len(strange)} columns have no names of the form of the other barcodes "
            f"({', '.join(strange[:3])}); remove them if they are not cells"
        )
    if all(is_number(barcode) for barcode in barcodes) and len(barcodes) > 1:
        first = [str(number) for number in range(len(barcodes))]
        second = [str(number) for number in range(1, len(barcodes) + 1)]
        if barcodes not in (first, second):
            raise job.UserError(
                f"{path}: the first line holds numbers ({', '.join(barcodes[:3])}), no barcodes; give a header"
            )

"""Audit of a library's reads, with the same measures for every counter.

A *molecule* is a barcode, UMI and gene with its number of reads. The output of both counters is converted to molecules:
pieces of parallel arrays, with all molecules of a barcode in one piece. Saturation curves are then exact expectations
over all subsamples, not one draw: at a fraction f of the reads, a molecule of r reads is seen with probability
1 − (1 − f)^r.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from scripts.base import job
from scripts.counts.knee import STRAY, estimate_cells, order_of_magnitude_cut
from scripts.reads.library_warnings import doubt

FRACTIONS = np.round(np.linspace(0.1, 1, 10), 1)
CURVE_COLUMNS = ["fraction", "reads", "umis", "saturation", "genes_per_cell"]


@dataclass
class Molecules:
    """Molecules of complete barcodes: parallel arrays, one entry per molecule."""

    barcode: np.ndarray
    umi: np.ndarray
    gene: np.ndarray
    reads: np.ndarray


def merge(barcode: np.ndarray, umi: np.ndarray, gene: np.ndarray, reads: np.ndarray) -> Molecules:
    """Return molecules from records, in which a barcode, UMI and gene may occur several times."""
    order = np.lexsort((gene, umi, barcode))
    barcode, umi, gene, reads = barcode[order], umi[order], gene[order], reads[order].astype(np.int64)
    if not len(barcode):
        return Molecules(barcode, umi, gene, reads)
    first = np.r_[True, (barcode[1:] != barcode[:-1]) | (umi[1:] != umi[:-1]) | (gene[1:] != gene[:-1])]
    return Molecules(barcode[first], umi[first], gene[first], np.add.reduceat(reads, np.flatnonzero(first)))


def trace_saturation(pieces: Iterable[Molecules], cells: np.ndarray) -> tuple[pd.DataFrame, int]:
    """Return the saturation curve and the reads in ``cells`` (barcodes as sorted numbers).

    Columns: fraction of the reads kept, reads, umis, saturation (1 − umis / reads) and genes seen per cell. Reads are
    those with a valid barcode and one gene. Without such reads the table is empty.
    """
    multiplicity = np.zeros(1, np.int64)
    gene_reads = np.zeros(1, np.int64)
    in_cells = 0
    for molecules in pieces:
        multiplicity = add_histogram(multiplicity, molecules.reads)
        cell = np.isin(molecules.barcode, cells)
        in_cells += int(molecules.reads[cell].sum())
        barcode, gene, reads = molecules.barcode[cell], molecules.gene[cell], molecules.reads[cell]
        per_gene = merge(barcode, np.zeros(len(barcode), np.int8), gene, reads)
        gene_reads = add_histogram(gene_reads, per_gene.reads)
    total = int(multiplicity @ np.arange(len(multiplicity)))
    rows = []
    for fraction in FRACTIONS if total else []:
        umis = expected_seen(multiplicity, fraction)
        kept = total * fraction
        genes = expected_seen(gene_reads, fraction) / max(len(cells), 1)
        rows.append((fraction, kept, umis, 1 - umis / kept, genes))
    return pd.DataFrame(rows, columns=CURVE_COLUMNS), in_cells


def add_histogram(histogram: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Return ``histogram`` (number of occurrences of each value) with further values added."""
    more = np.bincount(values, minlength=len(histogram)).astype(np.int64)
    more[: len(histogram)] += histogram
    return more


def expected_seen(histogram: np.ndarray, fraction: float) -> float:
    """Return the expected number of items seen at least once; ``histogram[r]`` items have r reads."""
    return float(histogram @ (1 - (1 - fraction) ** np.arange(len(histogram))))


def cell_rows(totals: np.ndarray, expected_cells: int | str) -> np.ndarray:
    """Return the rows that are cells by the order-of-magnitude rule (the later stage cells refines the calls)."""
    if expected_cells == "auto":
        expected_cells = estimate_cells(totals[totals > STRAY])
    return np.flatnonzero(totals >= order_of_magnitude_cut(totals, expected_cells))


def compose(
    *,
    sample: str,
    aligner: str,
    reads: int,
    mapped: int,
    mapped_to: str,
    valid: int,
    unique: int,
    multi: int,
    reads_per_species: dict[str, int],
    umis_per_species: dict[str, int],
    barcodes: int,
    curve: pd.DataFrame,
    cells: int,
    reads_in_cells: int,
    library: dict,
) -> dict:
    """Return the audit that both counters write.

    ``reads``: input read pairs. ``mapped``: reads with any alignment to ``mapped_to`` (transcriptome or genome).
    ``valid``: mapped reads whose barcode is on the whitelist, after correction; the following are subsets of these.
    ``unique`` / ``multi``: reads of one or of several genes (kb) or loci (STAR). ``reads_per_species``: graft, host,
    both. ``reads_in_genes``: reads of exactly one gene; ``reads_in_cells``: of these, reads in the ``cells`` that
    :func:`cell_rows` finds. Shares have their denominator in the name, or are of the reads in genes; they are null if
    the denominator is zero. ``library`` gives strand and kit, whether introns are counted, and the number of read 1 too
    short for barcode and UMI.
    """
    full = curve.iloc[-1] if len(curve) else None
    in_genes = round(float(full["reads"])) if full is not None else 0
    umis = sum(umis_per_species.values())
    return {
        "sample": sample,
        "aligner": aligner,
        "kit": library["kit"],
        "strand": library["strand"],
        "introns": library["introns"],
        "reads": reads,
        "reads_short_read1": library["short_read1"],
        "reads_mapped": mapped,
        "mapped_to": mapped_to,
        "reads_mapped_fraction": share(mapped, reads),
        "reads_valid_barcode": valid,
        "valid_barcode_fraction_of_mapped": share(valid, mapped),
        "reads_unique": unique,
        "reads_multi": multi,
        "multi_fraction_of_valid": share(multi, valid),
        "reads_per_species": reads_per_species,
        "host_fraction_of_reads": share(
            reads_per_species["host"], reads_per_species["graft"] + reads_per_species["host"]
        ),
        "reads_in_genes": in_genes,
        "reads_in_genes_fraction": share(in_genes, reads),
        "sequencing_saturation": None if full is None else round(float(full["saturation"]), 6),
        "umis": umis,
        "umis_per_species": umis_per_species,
        "host_fraction_of_umis": share(umis_per_species["host"], umis),
        "barcodes": barcodes,
        "cells_estimated": cells,
        "reads_in_cells_fraction": share(reads_in_cells, in_genes),
    }


def of_matrix(sample: str, umis_per_species: dict[str, int], barcodes: int, introns: str = "") -> dict:
    """Return the audit of a library given as a matrix: the same keys, null for those that require reads."""
    none = dict.fromkeys(("reads", "mapped", "valid", "unique", "multi", "reads_in_cells", "cells"), 0)
    report = compose(
        sample=sample,
        aligner="matrix",
        mapped_to="",
        reads_per_species={"graft": 0, "host": 0, "both": 0},
        umis_per_species=umis_per_species,
        barcodes=barcodes,
        curve=empty_curve(),
        library={"kit": None, "strand": None, "introns": {"yes": True, "no": False}.get(introns), "short_read1": None},
        **none,
    )
    known = {"sample", "aligner", "introns", "umis", "umis_per_species", "host_fraction_of_umis", "barcodes"}
    return {key: value if key in known else None for key, value in report.items()}


def empty_curve() -> pd.DataFrame:
    """Return a saturation curve without points."""
    return pd.DataFrame(columns=CURVE_COLUMNS, dtype=float)


def share(part: int, whole: int) -> float | None:
    """Return part / whole to six decimals, None if the whole is zero."""
    return round(part / whole, 6) if whole else None


def write(audit: dict, curve: pd.DataFrame, audit_path: str, curve_path: str) -> None:
    """Write the audit (JSON) and the saturation curve (TSV); log warnings."""
    if odd := doubt(audit):
        job.log.warning("%s", odd)
    Path(audit_path).write_text(json.dumps(audit, indent=1) + "\n")
    curve.to_csv(curve_path, sep="\t", index=False, float_format="%.6g")

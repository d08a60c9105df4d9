"""Call each cell malignant or normal if there is no host: by lineage markers and by copy numbers.

The user's labels take precedence. A cell with the markers of a normal lineage is normal. Other cells are called by
gains and losses of chromosome arms, with the library's normal cells as reference.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import sparse

from scripts.base import job, names
from scripts.base.expression import normalise
from scripts.cells import copy_numbers, lineages

MALIGNANT, NORMAL, UNSURE = "malignant", "normal", "unsure"
VERDICTS = (MALIGNANT, NORMAL, UNSURE)
NAMES = {
    MALIGNANT: ("malignant", "tumour", "tumor", "cancer", "neoplastic", "carcinoma"),
    UNSURE: ("unsure", "unknown", "unresolved", "unassigned", "doublet", "multiplet", "na", "nan"),
    NORMAL: ("normal", "non malignant", "nonmalignant", "non tumour", "non tumor"),
}
"""Labels of an annotation as :func:`plain` gives them. Other labels are lineages of normal cells."""
AMBIGUOUS = re.compile(r"tumou?r|cancer|malign|neoplas|carcinoma|doublet|multiplet")
STROMAL = re.compile(r"associated|infiltrating|resident")
"""What marks a label of normal cells in a tumour, such as cancer-associated fibroblasts."""
WANTED = "a table with the columns barcode and label, and sample if it is of several"
COMPOSITIONS = ("auto", "xenograft", "tumour", "pure")


def plain(label: str) -> str:
    """Return a label in lower case, without the word cells, a plural of it, a number at its end, and with blanks."""
    text = re.sub(r"[\s_./-]+", " ", label.lower()).strip()
    text = re.sub(r"( ?cells?)?( ?\d+)?$", "", text).strip() or text
    return text.removesuffix("s") if text.removesuffix("s") in ("doublet", "multiplet", "tumour", "tumor") else text


@dataclass(frozen=True)
class Malignancy:
    """Results: ``verdict`` and ``lineage`` of each cell (lineage empty unless normal), ``score`` of copy numbers (0
    normal, 1 tumour; NaN if not measured), the method of the verdicts, notes, and ``own``: whether the user labelled
    the cell.
    """

    verdict: np.ndarray
    lineage: np.ndarray
    score: np.ndarray
    evidence: str
    notes: list[str]
    own: np.ndarray


def composition_of(setting: str, is_host: np.ndarray) -> str:
    """Return the composition of a library: as set or, for ``auto``, a xenograft if it has genes of a host."""
    if setting != "auto":
        return setting
    return "xenograft" if is_host.any() else "tumour"


def read_annotation(path: str, sample: str) -> pd.Series:
    """Return the user's labels of one sample's cells, by barcode.

    The table has the columns barcode and label, and sample if it has several samples. Raises :class:`job.UserError` for
    any other format.
    """
    rows = names.read_rows(path, WANTED)
    header = [name.lower() for name in rows[0][1]] if rows else []
    missing = [name for name in ("barcode", "label") if name not in header]
    if missing:
        raise job.UserError(f"{path}: no column {' and no column '.join(missing)}; give {WANTED}")
    labels: dict[str, str] = {}
    for number, row in names.read_records(path, rows, header):
        if not (row["barcode"] and row["label"]):
            raise job.UserError(f"{path}, row {number}: no barcode or no label; write 'unsure', or remove the row")
        for column in ("barcode", "label"):
            if not row[column].isprintable():
                raise job.UserError(
                    f"{path}, row {number}, column {column}: {ascii(row[column])[:40]} has a character that does not "
                    "print; correct it"
                )
        check_label(row["label"], path, number)
        if row.get("sample", sample) != sample:
            continue
        # Barcodes in the format of the workflow's count matrices and cells.
        barcode = row["barcode"].removeprefix(f"{sample}:").removesuffix("-1")
        if barcode in labels:
            raise job.UserError(f"{path}, row {number}, column barcode: {barcode!r} is given twice; keep one label")
        labels[barcode] = row["label"]
    return pd.Series(labels, dtype=object)


def annotated_samples(path: str) -> dict[str, int]:
    """Return the number of rows by sample of an annotation; the sample is empty where the table has no such column."""
    rows = names.read_rows(path, WANTED)
    header = [name.lower() for name in rows[0][1]] if rows else []
    return dict(Counter(row.get("sample", "") for _, row in names.read_records(path, rows, header)))


def check_label(label: str, path: str, number: int) -> None:
    """Raise :class:`job.UserError` for a label that would make tumour cells or doublets a lineage of normal cells."""
    small = plain(label)
    if AMBIGUOUS.search(small) and not STROMAL.search(small) and not any(small in own for own in NAMES.values()):
        raise job.UserError(
            f"{path}, row {number}, column label: {label!r} may be of malignant cells or of doublets; write "
            f"{MALIGNANT}, {UNSURE}, or the lineage of normal cells"
        )


def of_labels(labels: pd.Series) -> tuple[np.ndarray, np.ndarray]:
    """Return the verdict and, for normal cells, the lineage given by labels."""
    small = labels.map(plain)
    known = [small.isin(NAMES[verdict]) for verdict in (MALIGNANT, UNSURE)]
    verdict = np.select(known, [MALIGNANT, UNSURE], NORMAL).astype(object)
    lineage = np.where(small.isin(NAMES[NORMAL]), lineages.OTHER, labels)
    lineage = np.where(verdict == NORMAL, lineage, "").astype(object)
    return verdict, lineage


def judge(counts: sparse.csr_matrix, symbols: pd.Index, soup: np.ndarray | None = None) -> Malignancy:
    """Return the verdicts on cells × genes (UMIs) of one library.

    If there are too few normal cells or genes to measure copy numbers, only markers are used. If they are measured and
    no arm differs, a cell without markers is unsure: it may be normal, or from a tumour with few gains and losses.
    """
    lineage = lineages.call(counts, symbols, soup)
    is_normal = np.isin(lineage, lineages.NORMAL)
    reference = np.where(is_normal, lineage, "").astype(str)
    used = lineages.panel_genes(symbols)
    found = copy_numbers.infer(normalise(counts), symbols, reference, left_out=used)
    sure = copy_numbers.SURE
    rest = {"found": UNSURE, "none": UNSURE, "not measured": MALIGNANT}[found.state]
    verdict = np.where(is_normal, NORMAL, rest).astype(object)
    if found.state == "found":
        verdict[~is_normal & (found.probability >= sure)] = MALIGNANT
        verdict[~is_normal & (found.probability <= 1 - sure)] = NORMAL
        # Two cells in one droplet, or a tumour cell that expresses genes of the lineage.
        verdict[is_normal & (found.probability >= sure)] = UNSURE
    lineage[(lineage == "") & (verdict == NORMAL)] = lineages.OTHER
    lineage[verdict != NORMAL] = ""
    notes = [f"copy numbers: {found.note}"]
    evidence = {"found": "markers and copy numbers", "none": "markers", "not measured": "markers alone"}[found.state]
    if found.state == "none" and (verdict == UNSURE).any():
        notes.append(
            f"{(verdict == UNSURE).sum()} cells without markers of a normal lineage are unsure; if their type is "
            "known, label them in a table (cells.annotation)"
        )
    return Malignancy(verdict, lineage, found.score, evidence, notes, np.zeros(len(verdict), dtype=bool))


def overrule(found: Malignancy, barcodes: pd.Series, labels: pd.Series) -> Malignancy:
    """Return the verdicts, replaced by the user's labels. Raises :class:`job.UserError` if these match no cell."""
    own = labels.reindex(barcodes.astype(str).str.removesuffix("-1"))
    known = own.notna().to_numpy()
    if len(labels) and len(barcodes) and not known.any():
        raise job.UserError(
            f"cells.annotation: none of its {len(labels)} barcodes of this sample, such as {labels.index[0]!r}, is "
            f"among the {len(barcodes)} cells, such as {barcodes.iloc[0]!r}; write barcodes as in the counts"
        )
    verdict, lineage = found.verdict.copy(), found.lineage.copy()
    verdict[known], lineage[known] = of_labels(own[known])
    notes = [*found.notes, f"{int(known.sum())} of {len(known)} cells are labelled by the annotation"]
    if not known.any():
        return Malignancy(verdict, lineage, found.score, found.evidence, notes, known)
    evidence = "annotation" if known.all() else f"annotation, {found.evidence}" if found.evidence else "annotation"
    return Malignancy(verdict, lineage, found.score, evidence, notes, known)


def name_cells(
    counts: sparse.csr_matrix,
    symbols: pd.Index,
    barcodes: pd.Series,
    soup: np.ndarray | None,
    labels: pd.Series | None,
    *,
    seek: bool,
) -> Malignancy:
    """Return the verdicts on a library's single cells.

    ``seek``: whether to call normal cells; otherwise only ``labels`` give verdicts.
    """
    n = counts.shape[0]
    if seek and n:
        found = judge(counts, symbols, soup)
    else:
        blank = np.full(n, "", dtype=object)
        found = Malignancy(blank, blank.copy(), np.full(n, np.nan), "", [], np.zeros(n, dtype=bool))
    return found if labels is None else overrule(found, barcodes, labels)

"""Read the user's labels of cells: malignant, unsure, or a lineage of normal cells."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd

from scripts.base import job, names
from scripts.cells import lineages

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


def plain(label: str) -> str:
    """Return a label in lower case, without the word cells, a plural of it, a number at its end, and with blanks."""
    text = re.sub(r"[\s_./-]+", " ", label.lower()).strip()
    text = re.sub(r"( ?cells?)?( ?\d+)?$", "", text).strip() or text
    return text.removesuffix("s") if text.removesuffix("s") in ("doublet", "multiplet", "tumour", "tumor") else text


def read_samples(path: str) -> dict[str, dict[str, str]]:
    """Return the user's label of each barcode, by sample; the sample is empty if the table has no such column.

    The table has the columns barcode and label, and sample if it has several samples. Raises :class:`job.UserError` for
    any other format.
    """
    rows = names.read_rows(path, WANTED)
    header = [name.lower() for name in rows[0][1]] if rows else []
    missing = [name for name in ("barcode", "label") if name not in header]
    if missing:
        raise job.UserError(f"{path}: no column {' and no column '.join(missing)}; give {WANTED}")
    found: dict[str, dict[str, str]] = {}
    for number, row in names.read_records(path, rows, header):
        if not (row["barcode"] and row["label"]):
            raise job.UserError(f"{path}, row {number}: no barcode or no label; write 'unsure', or remove the row")
        for column in header:
            if not row[column].isprintable() or row[column].startswith('"'):
                raise job.UserError(
                    f"{path}, row {number}, column {column}: {ascii(row[column])[:40]} has a character that does not "
                    "print, or a quotation mark that isn't closed; correct it"
                )
        check_label(row["label"], path, number)
        sample = row.get("sample", "")
        # Barcodes in the format of the workflow's count matrices and cells.
        barcode = row["barcode"].removeprefix(f"{sample}:").removesuffix("-1")
        own = found.setdefault(sample, {})
        if barcode in own:
            raise job.UserError(f"{path}, row {number}, column barcode: {barcode!r} is given twice; keep one label")
        own[barcode] = row["label"]
    return found


def read_annotation(path: str, sample: str) -> pd.Series:
    """Return the user's labels of one sample's cells, by barcode. Raises as :func:`read_samples` does."""
    found = read_samples(path)
    own = found[""] if set(found) == {""} else found.get(sample, {})
    return pd.Series({barcode.removeprefix(f"{sample}:"): label for barcode, label in own.items()}, dtype=object)


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

"""Call each cell malignant or normal if there is no host: by lineage markers and by copy numbers.

The user's labels take precedence. A cell with the markers of a normal lineage is normal. Other cells are called by
gains and losses of chromosome arms, with the library's normal cells as reference.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import sparse

from scripts.base import job
from scripts.base.expression import normalise
from scripts.cells import copy_numbers, lineages
from scripts.cells.annotation import MALIGNANT, NORMAL, UNSURE, of_labels

COMPOSITIONS = ("auto", "xenograft", "tumour", "pure")


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

"""Read the table of cisTarget's motif collections that annotates motifs with factors."""

from __future__ import annotations

import zlib
from gzip import BadGzipFile
from pathlib import Path

import numpy as np
import pandas as pd

from scripts.base import names
from scripts.base.files import open_bytes
from scripts.base.job import UserError
from scripts.scenic.errors import AnnotationError

REQUIRED = {
    "gene_name": "tf",
    "#motif_id": "motif",
    "motif_similarity_qvalue": "motif_similarity_qvalue",
    "orthologous_identity": "orthologous_identity",
}
"""Columns of the file, and what they are called here."""
DESCRIPTION = "description"
NOT_DESCRIBED = "not described"
"""What stands for a description that the table doesn't give: it decides nothing."""
NOTHING = ("", "None", "none", "NA", "nan", "NaN")
WANTED = "give the motifs-….tbl that belongs to the databases"
MOTIF_SIMILARITY_FDR = 0.001
ORTHOLOGOUS_IDENTITY = 0.0
ANNOTATIONS = ["tf", "motif", "motif_similarity_qvalue", "orthologous_identity", "annotation"]


def read_header(path: str | Path) -> list[str]:
    """Return the clean names of the columns. Raises :class:`AnnotationError` if a required column is missing."""
    try:
        with open_bytes(path) as handle:
            first = handle.readline()
        names.check_kind(path, first[:64])
        columns = [names.clean(field) for field in first.decode("utf-8-sig").rstrip("\r\n").split("\t")]
    except UserError as error:
        raise AnnotationError(f"{error}; {WANTED}") from error
    except (OSError, EOFError, zlib.error, ValueError) as error:
        raise AnnotationError(f"{path}: can't be read ({error}); {WANTED}") from error
    columns = ["#motif_id" if column in ("motif_id", "# motif_id") else column for column in columns]
    if lost := [column for column in REQUIRED if column not in columns]:
        wanted = "#motif_id and gene_name" if {"#motif_id", "gene_name"} & set(lost) else " and ".join(lost)
        raise AnnotationError(f"{path}: columns {wanted} are missing; {WANTED}")
    if twice := [column for column in (*REQUIRED, DESCRIPTION) if columns.count(column) > 1]:
        raise AnnotationError(f"{path}: {twice[0]} is the name of several columns; {WANTED}")
    return columns


def numbers_of(column: pd.Series, name: str, path: str | Path) -> np.ndarray:
    """Return a column as numbers. Raises :class:`AnnotationError` with the row of the first invalid number."""
    values = pd.to_numeric(column, errors="coerce").to_numpy(dtype=np.float64)
    wrong = np.flatnonzero(~(values >= 0) | ~np.isfinite(values))
    if len(wrong):
        raise AnnotationError(
            f"{path}, row {wrong[0] + 2}, column {name}: {column.iloc[wrong[0]]!r} is not a number of at least 0 "
            f"({len(wrong)} of {len(column)} rows); give the table of the databases, or 0 as q-value and 1 as "
            "identity where the motif was measured for the factor"
        )
    return values


def read_motif_table(path: str | Path) -> pd.DataFrame:
    """Return tf, motif, motif_similarity_qvalue, orthologous_identity and annotation (never missing), one row each.

    Raises :class:`AnnotationError` if a column is missing, a number is invalid, or a row names no motif or no factor.
    """
    columns = read_header(path)
    wanted = [*REQUIRED, *([DESCRIPTION] if DESCRIPTION in columns else [])]
    try:
        with open_bytes(path) as handle:
            table = pd.read_csv(
                handle, sep="\t", header=None, skiprows=1, names=range(len(columns)), index_col=False, dtype=str,
                usecols=[columns.index(name) for name in wanted], keep_default_na=False, quoting=3, encoding="utf-8",
            )  # fmt: skip
    except (ValueError, EOFError, OSError, BadGzipFile, zlib.error) as error:
        said = " ".join(str(error).split())
        raise AnnotationError(f"{path}: can't be read as a table ({said}); {WANTED}") from error
    table = table.set_axis([columns[number] for number in table.columns], axis=1)[wanted].fillna("")
    if table.empty:
        raise AnnotationError(f"{path}: no row below the header; {WANTED}")
    found = pd.DataFrame()
    for name in wanted:
        unique = {value: names.clean(value) for value in table[name].unique()}
        found[REQUIRED.get(name, "annotation")] = table[name].map(unique)
    for name in ("tf", "motif"):
        if (empty := np.flatnonzero(found[name].isin(NOTHING))).size:
            raise AnnotationError(f"{path}, row {empty[0] + 2}: column {name} is empty; fill it in, or remove the row")
        try:
            names.check_names(list(found[name].unique()), path, name)
        except UserError as error:
            raise AnnotationError(str(error)) from error
    for name in ("motif_similarity_qvalue", "orthologous_identity"):
        found[name] = numbers_of(found[name], name, path)
    given = found["annotation"] if "annotation" in found else pd.Series("", found.index)
    return found.assign(annotation=given.mask(given.isin(NOTHING), NOT_DESCRIBED))


def load_annotations(
    path: str | Path,
    *,
    motif_similarity_fdr: float = MOTIF_SIMILARITY_FDR,
    orthologous_identity: float = ORTHOLOGOUS_IDENTITY,
) -> pd.DataFrame:
    """Read which motifs are annotated to which factors (:data:`ANNOTATIONS`), within both thresholds, as pySCENIC does.

    Raises AnnotationError if the table is not cisTarget's motif-to-factor table or no row is within the thresholds.
    """
    table = read_motif_table(path)[ANNOTATIONS]
    within = (table["motif_similarity_qvalue"] <= motif_similarity_fdr) & (
        table["orthologous_identity"] >= orthologous_identity
    )
    if not within.any():
        raise AnnotationError(
            f"{path}: none of {len(table)} annotations has motif_similarity_qvalue ≤ {motif_similarity_fdr} and "
            f"orthologous_identity ≥ {orthologous_identity}; relax the thresholds"
        )
    return table[within].reset_index(drop=True)

"""Given tables of a perturbation's log fold changes, as named in the config: read strictly."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from scripts.base import names
from scripts.base.job import UserError

GENE = "gene"
MIN_OVERLAP = 0.3
"""Least share of the study's genes that a table must name: less means other names of genes, or another species."""
SHOWN = 3
CHANGES, P_VALUES = "log2 fold changes", "p-values or false discovery rates"


def read_column(path: str | Path, column: str, name: str, *, key: str, wanted: str) -> pd.Series:
    """Return the numbers of a column by gene, without genes whose cell is empty or NA.

    Parameters
    ----------
    path
        Tab-separated table with a header: the column ``gene`` with symbols, and ``column``. Other columns are ignored.
    name
        Name of the perturbation, for messages.
    key, wanted
        What the column is called in the config, and what it should hold, for messages.

    Raises
    ------
    UserError
        In one line: the error, its row and column, and the remedy.
    """
    where = f"{path} (perturbation {name})"
    lines = names.read_rows(path, f"a tab-separated table of genes and log2 fold changes (perturbation {name})")
    header = lines[0][1] if lines else []
    for needed in (GENE, column):
        if needed not in header:
            given = ", ".join(header[:6]) or "none"
            remedy = "rename its column of gene symbols" if needed == GENE else f"correct `{key}` in the config"
            raise UserError(f"{where}, row 1: has no column {needed} (it has {given}); {remedy}")
    records = dict(names.read_records(path, lines, header))
    table = pd.DataFrame(records.values(), columns=header, index=list(records), dtype=str)
    genes, written = table[GENE].str.strip(), table[column].str.strip()
    rows = table.index
    if (genes == "").any():
        raise UserError(
            f"{where}, row {rows[genes == ''][0]}, column {GENE}: is empty; name the gene or remove the row"
        )
    if genes.duplicated().any():
        twice = genes[genes.duplicated()]
        remedy = "keep one row for each gene"
        raise UserError(
            f"{where}, row {rows[genes.duplicated()][0]}, column {GENE}: {twice.iloc[0]!r} occurs twice; {remedy}"
        )
    numbers = pd.to_numeric(written, errors="coerce").to_numpy(dtype=float)
    blank = written.str.lower().isin(["", "na", "nan"]).to_numpy()
    wrong = ~blank & ~np.isfinite(numbers)
    if wrong.any():
        at = int(np.flatnonzero(wrong)[0])
        remedy = f"give {wanted}, or leave the cell empty"
        raise UserError(
            f"{where}, row {rows[at]}, column {column}: {written.iloc[at]!r} is not a finite number; {remedy}"
        )
    found = pd.Series(numbers, index=pd.Index(genes, name=GENE))[~blank]
    if found.empty:
        raise UserError(f"{where}, column {column}: holds no number; give {wanted}")
    return found


def read_table(path: str | Path, column: str, name: str) -> pd.Series:
    """Return log2 fold changes by gene. An empty cell, or NA, is a gene that was not measured.

    For the parameters see :func:`read_column`; raises :class:`UserError` as it does, and if no change is negative.
    """
    found = read_column(path, column, name, key="column", wanted=CHANGES)
    if (found >= 0).all():
        where = f"{path} (perturbation {name}), column {column}"
        raise UserError(f"{where}: no value is negative, as in ratios or p-values; give {CHANGES}")
    return found


def read_p(path: str | Path, column: str, name: str) -> pd.Series:
    """Return p-values by gene. An empty cell, or NA, is a gene that was not tested.

    For the parameters see :func:`read_column`; raises :class:`UserError` as it does, and for values beyond 0 and 1.
    """
    found = read_column(path, column, name, key="p_column", wanted=P_VALUES)
    if len(beyond := found[(found < 0) | (found > 1)]):
        where = f"{path} (perturbation {name}), column {column}, gene {beyond.index[0]}"
        raise UserError(f"{where}: {beyond.iloc[0]:g} is not from 0 to 1; give {P_VALUES}")
    return found


def check_overlap(change: pd.Series, genes: pd.Index, where: str) -> None:
    """Raise :class:`UserError` if a perturbation shares too few genes with the study.

    Parameters
    ----------
    change
        Log2 fold changes by gene.
    genes
        The study's genes.
    where
        File and perturbation, for the message.
    """
    shared = change.index.intersection(genes)
    if len(shared) >= MIN_OVERLAP * len(genes):
        return
    theirs, ours = ", ".join(map(str, change.index[:SHOWN])), ", ".join(map(str, genes[:SHOWN]))
    raise UserError(
        f"{where}: names {len(shared):,} of the study's {len(genes):,} genes, fewer than {MIN_OVERLAP:.0%} "
        f"({theirs} … here, {ours} … in the study); give symbols of the study's species, and all genes measured"
    )

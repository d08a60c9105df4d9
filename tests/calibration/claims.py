"""Columns that claim something beyond their own numbers, and have to stand in the calibration table."""

from __future__ import annotations

import re

import pandas as pd

from scripts.base import columns

NAME = re.compile(
    r"p|fdr|fwer|p_.*|.*_p|fdr_.*|.*_fdr|low|high|(?:.*_)?(?:ci_)?(?:low|high)|verdict|mrna|call|carries|agreement"
    r"|reversibility|same_direction"
)
"""Names that p-values, false discovery rates, limits of intervals and verdicts have."""
LABEL = re.compile(r"\bCI\b|\bFDR\b|\bFWER\b|\bp\b|\bp-value\b|\bP\b|verdict")
"""Words by which labels say the same, whatever the column's name."""
PERMITTED = "smallest value that p can take"
NULL = "quantile of a null distribution that is drawn, or of what was observed; no inference"
CELLS = "within one sample; cells are not replicates"
INPUT = "a check of inputs or of droplets; says nothing about patients"
COPY = "copy of a column of another table"
EXEMPT = {
    ("*", "p_min"): PERMITTED,
    ("*", "fwer_min"): PERMITTED,
    ("*", "mrna_fdr"): COPY,
    ("*", "random_high"): NULL,
    ("clusters/*/*.markers.tsv", "fdr"): CELLS,
    ("clusters/*/*.markers.tsv", "p"): CELLS,
    ("clusters/*/links.tsv", "p"): CELLS,
    ("clusters/*/similarity.tsv", "p"): CELLS,
    ("cells/*.barnyard.tsv", "verdict"): INPUT,
    ("*", "malignant"): CELLS,
    ("preflight.tsv", "verdict"): INPUT,
    ("*", "lost_low"): "a number of genes",
    ("switches/thresholds/*.tsv", "agreement"): CELLS,
    ("reference/switches.tsv", "verdict"): COPY,
    ("growth/switches_by_cycle.tsv", "switch"): COPY,
}
"""(table, column) → why no error rate is asked for."""


def claims() -> list[tuple[str, str]]:
    """Return (table, column) of every row of resources/columns.tsv that holds a p-value, a false discovery rate, a
    limit of an interval or a verdict, by its name or its label.
    """
    rows = pd.read_csv(columns.PATH, sep="\t", dtype=str, keep_default_na=False, quoting=3)
    return [
        (row.table, row.column) for row in rows.itertuples() if NAME.fullmatch(row.column) or LABEL.search(row.label)
    ]

"""Tables of the workflow read back: labels stay text, whatever they look like."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

LABELS = frozenset(
    (
        "sample", "model", "timepoint", "arm", "replicate", "group", "platform", "contrast", "cell", "cluster",
        "clone", "regulon", "tf", "gene", "target", "source", "feature", "family", "unit", "perturbation", "ranking",
        "signature",
    )
)  # fmt: skip
"""Columns that name something of the study or of the genome."""
TEXT = dict.fromkeys(
    (*sorted(LABELS), "cluster_from", "cluster_to", "timepoint_from", "timepoint_to", "nearest", "phase", "label",
     "note", "left_out", "models", "subject", "other", "members"),
    str,
)  # fmt: skip
"""Columns of names and words, though they look like numbers, or are empty."""
GZIP = {"method": "gzip", "mtime": 1}
"""How a compressed table is written: without a time stamp, so that equal tables are equal byte for byte."""
HOST, NORMAL = "host", "normal"
"""Kinds of stroma, as the files of the stage cells are named: cells of the host, or normal cells of a tumour sample."""
ALL_ARMS, ALL_MODELS = "all arms", "all models"
"""Names of the rows over all arms and over all models; none of a study can have them (names have no blanks)."""


def read_labelled(path: str | Path, *more: str, **options) -> pd.DataFrame:
    """Return a tab-separated table of the workflow with the columns :data:`LABELS`, and those of ``more``, as text.

    A timepoint may be called 0 and an arm NA: pandas would read a number and a missing value, and what
    is then looked up by the config's name isn't found. An empty label is an empty text; in all other columns nothing
    but an empty field is missing.
    """
    header = pd.read_csv(path, sep="\t", nrows=0, dtype=str).columns
    labels = [column for column in header if column in LABELS or column in more]
    missing = {column: [""] for column in header if column not in labels}
    text = dict.fromkeys(labels, str) | options.pop("dtype", {})
    return pd.read_csv(path, sep="\t", dtype=text, keep_default_na=False, na_values=missing, **options)


def read_tsv(path: Path | str, **options) -> pd.DataFrame:
    """Return a table of the user; only an empty cell is missing, since a model may be called NA or null."""
    return pd.read_csv(path, sep="\t", **{"dtype": TEXT, "keep_default_na": False, "na_values": [""], **options})

"""First sections of the MultiQC report: General Statistics, verdicts as bars, and software versions."""

from __future__ import annotations

import re
import tomllib
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import pandas as pd

from scripts.base.workflow import SNAKEFILE

ROOT = SNAKEFILE.parent
PACKAGE = re.compile(r"[\w.-]+")
PINNED = re.compile(r"^([\w.-]+)==([^\s;\\]+)", re.MULTILINE)
COLUMNS = {
    "cells": {"title": "Cells", "description": "Tumour cells kept after all filters", "format": "{:,.0f}", "min": 0},
    "genes": {
        "title": "Genes per cell",
        "description": "Median number of genes detected in a kept cell",
        "format": "{:,.0f}",
        "min": 0,
    },
    "host": {
        "title": "Host UMIs",
        "description": "Share of the UMIs of all barcodes that are of host genes",
        "suffix": "%",
        "format": "{:,.1f}",
        "min": 0,
        "max": 100,
    },
    "saturation": {
        "title": "Saturation",
        "description": "Share of reads in genes that repeat a UMI already seen",
        "suffix": "%",
        "format": "{:,.1f}",
        "min": 0,
        "max": 100,
    },
}
"""Columns added to the table General Statistics, in MultiQC's format."""


def general_statistics(audits: list[dict], attrition: pd.DataFrame, quality: pd.DataFrame) -> dict[str, dict]:
    """Return library → column of :data:`COLUMNS` → value; missing values are left out.

    Parameters
    ----------
    audits
        counts/{sample}.audit.json of all libraries.
    attrition
        cells/attrition.tsv.
    quality
        cells/{sample}.quality.tsv of all libraries.
    """
    kept = attrition.groupby("sample")["remaining"].last().astype(int)
    genes = quality[quality["measure"] == "n_genes"].set_index("sample")["median"]
    rows = {}
    for audit in audits:
        sample, saturation = audit["sample"], audit["sequencing_saturation"]
        host = audit["host_fraction_of_umis"]
        row = {
            "cells": kept.get(sample),
            "genes": genes.get(sample),
            "host": None if host is None else 100 * host,
            "saturation": None if saturation is None else 100 * saturation,
        }
        rows[sample] = {name: float(value) for name, value in row.items() if not pd.isna(value)}
    return rows


def bars_of(verdicts: pd.DataFrame) -> dict[str, dict[str, int]]:
    """Return library → verdict → barcodes: kept cells, then those removed by each step. They sum to all barcodes.

    ``verdicts``: a row per library (column ``Sample``) with ``barcodes``, the steps in their order, and ``kept``.
    """
    steps = [column for column in verdicts if column not in ("Sample", "barcodes", "kept")]
    return {
        row["Sample"]: {"kept": int(row["kept"])} | {step: int(row[step]) for step in steps}
        for row in verdicts.to_dict("records")
    }


def documents(general: dict[str, dict], verdicts: pd.DataFrame) -> dict[str, dict]:
    """Return the custom content by file name; sections without data are left out."""
    bars = bars_of(verdicts)
    steps = list(dict.fromkeys(step for row in bars.values() for step in row))
    made = {
        "general": {"id": "pr_general", "plot_type": "generalstats", "headers": COLUMNS, "data": general},
        "attrition": {
            "id": "pr_attrition",
            "section_name": "Barcodes by verdict",
            "description": "All barcodes with a UMI: those kept as tumour cells, and those that each step removed, in "
            "the order of the steps.",
            "plot_type": "bargraph",
            "categories": {step: {"name": step.replace("_", " ")} for step in steps},
            "pconfig": {
                "id": "pr_attrition_plot",
                "title": "Barcodes by verdict",
                "ylab": "barcodes",
                "cpswitch_c_active": False,
            },
            "data": bars,
        },
    }
    return {name: document for name, document in made.items() if document["data"]}


def software(root: Path = ROOT) -> dict[str, list[str]]:
    """Return package → version, for all packages in pyproject.toml: the installed version, else that of the lock file.

    A conda environment of one rule has few of the packages.
    """
    named = tomllib.loads((root / "pyproject.toml").read_text())["project"]["dependencies"]
    lock = {name.lower(): pinned for name, pinned in PINNED.findall((root / "requirements.lock").read_text())}
    found = {}
    for name in sorted({PACKAGE.match(text)[0] for text in named}, key=str.lower):
        try:
            found[name] = [version(name)]
        except PackageNotFoundError:
            found[name] = [lock[name.lower()]] if name.lower() in lock else []
    return {name: versions for name, versions in found.items() if versions}

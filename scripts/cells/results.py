"""Files of the stage cells that the report reads, depending on the study."""

from __future__ import annotations

import pandas as pd

from scripts.base.results import Results
from scripts.cells.fates import SAMPLE, TWO, UNASSIGNED
from scripts.study.study import Study


def of_report(study: Study) -> list[str]:
    """Return the files that the report reads, in the folder of the stage."""
    if not len(study.libraries):
        return []
    tables = ["libraries.tsv", "attrition.tsv", "attrition_by_arm.tsv", "species_rules.tsv"]
    pools = [f"{pool}.pool.tsv" for pool in study.pools if set(study.samples_in(pool)) & set(study.samples.index)]
    return [*(f"{sample}.summary.json" for sample in study.libraries), "figures", *tables, *pools]


def numbers(results: Results) -> dict[str, int]:
    """Return the numbers of cells kept and of libraries by method of droplet calling, for the methods text."""
    kept = results.table("cells/attrition.tsv")
    found = [results.json(path) for path in results.matching("cells/*.summary.json")]
    rates = [(summary.get("doublet_rate") or {}).get("source") for summary in found]
    ways = [summary.get("droplets_method") for summary in found]
    pools = [results.table(path) for path in results.matching("cells/*.pool.tsv")]
    fates = pd.concat(pools).groupby("fate")["barcodes"].sum() if pools else pd.Series(dtype=int)
    bases = [summary.get("malignant_evidence") or "" for summary in found]
    return {
        "cells": int(kept.groupby("sample")["remaining"].last().sum()) if kept is not None else 0,
        "host": sum(summary.get("mixed_rate") is not None for summary in found),
        "ambient": sum(summary.get("ambient_fraction") is not None for summary in found),
        "whole": ways.count("all"),
        "tested": ways.count("knee and test"),
        "rate_mixed": rates.count("mixed droplets"),
        "rate_loaded": rates.count("cells loaded"),
        "pools": len(pools),
        "pooled": sum(int((pool["fate"] == SAMPLE).sum()) for pool in pools),
        "untagged": int(fates.get(UNASSIGNED, 0)),
        "two_tags": int(fates.get(TWO, 0)),
        "judged": sum(bool(basis) for basis in bases),
        "annotated": sum(basis.startswith("annotation") for basis in bases),
        "by_markers": sum(basis.endswith("markers alone") for basis in bases),
    }

"""Made-up results of the stages growth, confounders and markers; all made-up tables together."""

from __future__ import annotations

import numpy as np
import pandas as pd
from made_up import ARMS, CONTRAST, FACTORS, MODELS, samples
from made_up_expression import expression, opinions
from made_up_switches import activity, families, perturbations, switches

from scripts.confounders import measure_confounders
from scripts.growth import common as shared
from scripts.growth import states, terms
from scripts.markers import assays, find_markers
from scripts.published import places
from scripts.published.terms import STUDY
from scripts.switches.evidence import kinds


def markers() -> dict[str, pd.DataFrame]:
    """Return panels of one and two genes from two pools; secreted proteins are too few."""
    panels = [
        {
            "pool": pool,
            "size": size,
            "candidates": 50,
            "auc": 0.9,
            "n_models": 3,
            "random_auc": np.nan if size == "chosen" else 0.6,
            "random_high": np.nan if size == "chosen" else 0.8,
            "n_untreated": 3,
            "n_persister": 3,
            "genes": "HBEGF",
        }
        for pool in ("all genes", "surface")
        for size in ("chosen", 1, 2)
    ]
    panels.append({"pool": "secreted", "candidates": 0, "note": "too few such genes are measured"})
    genes = [
        {
            "pool": "surface",
            "gene": "HBEGF",
            "direction": "up",
            "rank": 1,
            "in_panel": 3,
            "folds": 3,
            "auc_in_sample": 1.0,
            "auc_at_rank": 0.9,
            "location": "surface",
        }
    ]
    scores = samples("scrna").query("timepoint != 'relapse'").assign(pool="all genes", size=1, score=[-1.0, 1.0] * 3)
    positive = pd.DataFrame(
        [("all genes", assays.CELLS, model, 100, 100, 0.1 + 0.1 * i, 0.7 + 0.1 * i) for i, model in enumerate(MODELS)],
        columns=assays.POSITIVE,
    )
    summary = assays.summarise(positive)
    row = {"pool": "all genes", "genes": "HBEGF", "assay": "antibody (flow cytometry)", "unit": assays.CELLS}
    return {
        "markers_assays.tsv": pd.DataFrame([row | summary]),
        "markers_positive.tsv": positive,
        "markers_values.tsv": assays.predict("all genes", assays.CELLS, summary, [0.01, 0.5]),
        "markers_roc.tsv": find_markers.roc_curves(scores, "persister"),
        "markers.tsv": pd.DataFrame(genes),
        "markers_panels.tsv": pd.DataFrame(panels),
        "markers_scores.tsv": scores,
    }


def published() -> dict[str, pd.DataFrame]:
    """Return two published signatures, one of which agrees, and a ranking of three factors without an interval."""
    genes = pd.Index([f"g{i}" for i in range(200)])
    rng = np.random.default_rng(0)
    change = pd.Series(np.where(np.arange(200) < 30, 1.0, 0.0), index=genes)
    changes = pd.DataFrame([change + 0.1 * rng.normal(size=200) for _ in MODELS], index=list(MODELS))
    lists = {"near": pd.Series(1.0, index=genes[:40]), "far": pd.Series(1.0, index=genes[100:140])}
    sources = pd.DataFrame("", index=list(lists), columns=["paper", "cancer", "drug"])
    placed, models, pairs = places.place(changes, lists, sources, change, pd.Series(1.0, index=genes[:30]), 0.05)
    assert STUDY in set(pairs["signature"])
    rows = [("near", tf, tf, 10, 3.0 - i, i + 1, 2.0 - i, i + 1) for i, tf in enumerate(("JUNB", "FOSL1", "MYC"))]
    columns = ["ranking", "tf", "regulon", "targets", "score", "rank", "study_score", "study_rank"]
    agreement = {"ranking": "near", "factors": 3, "n_blocks": 3, "note": "too few factors of both"}
    return {
        "signatures.tsv": placed,
        "by_model.tsv": models,
        "similarity.tsv": pairs,
        "regulators.tsv": pd.DataFrame(rows, columns=columns),
        "agreement.tsv": pd.DataFrame([agreement]),
    }


def confounders() -> dict[str, pd.DataFrame]:
    """Return what is left with stress held; clones could be told in no model, depth in all but one."""
    row = {"contrast": CONTRAST, "confounder": "dissociation stress", "method": "at equal scores", "n_models": 3}
    held = [
        {
            **row,
            "what": "signature",
            "effect_before": 1.0,
            "effect_after": 0.9,
            "ci_low": 0.7,
            "ci_high": 1.1,
            "share_remaining": 0.9,
        },
        {**row, "what": "genes changed", "effect_before": 3, "effect_after": 2, "note": "3 models"},
        {**row, "what": "JUNB", "effect_before": 0.2, "effect_after": 0.1, "share_remaining": 0.5},
        {
            **row,
            "what": "signature",
            "confounder": "depth",
            "n_models": 2,
            "effect_before": 1.1,
            "effect_after": 1.0,
            "note": "B: too few cells; of 3",
        },
        {
            **row,
            "what": "signature",
            "confounder": "CNV clone",
            "method": "within clones",
            "n_models": 0,
            "note": "A: not inferable: 9 genes; B: not inferable: 9 genes; C: 8 cells",
        },
    ]
    verdict = {
        "contrast": CONTRAST,
        "verdict": "persister programme",
        "n_models": 3,
        "models_agreeing": 3,
        "signature_effect": 1.0,
        "p": 0.001,
        "remaining": "dissociation stress 0.90",
    }
    notes = [("B", "depth", "at equal scores", "too few cells"), ("C", "CNV clone", "within clones", "8 cells")]
    notes += [(model, "CNV clone", "within clones", "not inferable: 9 genes") for model in "AB"]
    return {
        "confounders.tsv": pd.DataFrame(held),
        "confounders_notes.tsv": pd.DataFrame(notes, columns=measure_confounders.NOTES),
        "programme_verdict.tsv": pd.DataFrame([verdict]),
    }


def designs(n: int = 3, *, confounded: str = "yes", platform: str = "", depth: float = 0.02, **counts) -> dict:
    """Return what the designs of activity and expression can answer, with ``n`` models; ``counts``: of genes."""
    models = ",".join(MODELS[:n])
    row = {"contrast": CONTRAST, "n_models": n, "models": models, "confounded": confounded, "platform": platform}
    activity = [{**row, "arm": "all arms", "depth_log2": depth}]
    activity += [{**row, "arm": arm, "n_models": 1} for arm in dict.fromkeys(ARMS[model] for model in MODELS[:n])]
    genes = {"genes": 10, "changed": 4, "voom_changed": 9, "residual_df": 4} | counts
    return {
        "design.tsv": pd.DataFrame(activity),
        "expression_design.tsv": pd.DataFrame([{**own, **genes} for own in activity]),
    }


def growth() -> dict[str, pd.DataFrame]:
    """Return shares of states that change alike in three models, and switches that hold in both groups of cells."""
    samples = [
        (f"{model}_{timepoint}", model, timepoint, 0.2 + 0.3 * (timepoint == "untreated") + 0.02 * number)
        for number, model in enumerate(MODELS)
        for timepoint in ("untreated", "persister", "relapse")
    ]
    shares = []
    for sample, model, timepoint, cycling in samples:
        parts = {terms.PHASE: (1 - cycling, cycling / 2, cycling / 2)}
        parts[terms.PROGRAMME] = (0.5 - cycling / 2, cycling / 2, 0.5 - cycling / 2, cycling / 2)
        shares += [
            {"sample": sample, "model": model, "timepoint": timepoint, "arm": "AC", "partition": partition,
             "state": state, "n_cells": 100, "cells": round(100 * share), "share": share, "share_se": 0.05,
             "median_counts": 1500, "used": "yes"}
            for partition, own in parts.items()
            for state, share in zip(terms.PARTITIONS[partition], own, strict=True)
        ]  # fmt: skip
    table = pd.DataFrame(shares)
    ratios, parts = states.log_ratios(table)
    rows = table.drop_duplicates("sample").set_index("sample")[["model", "timepoint", "arm"]]
    contrast = {"baseline": "untreated", "persister": "persister", "relapse": "relapse"}
    cycle = pd.DataFrame({"feature": [f"{tf}(+)" for tf in FACTORS], "tf": list(FACTORS), "kind": "regulon"})
    cycle["switch"] = ["shared switch"] * 3 + ["no shared change"]
    cycle["verdict"] = ["holds in both", "holds in both", "only cycling", "no change shown"]
    for group in terms.GROUPS:
        effect = np.array(list(FACTORS.values()))
        values = {"effect": effect, "low": effect - 0.3, "high": effect + 0.3, "n": 3, "cells": 300, "p": 0.01}
        cycle = cycle.assign(**{f"{group}_{name}": value for name, value in values.items()}, **{f"{group}_fdr": 0.01})
    common = pd.DataFrame(
        [(sample, model, timepoint, "AC", cluster, 100, cells, cells / 100, "yes")
         for sample, model, timepoint, cycling in samples
         for cluster, cells in (("0", 100 - round(100 * cycling)), ("1", round(100 * cycling)))],
        columns=terms.COMMON_SHARES,
    )  # fmt: skip
    named = {"cluster": ["0", "1"], "cells": [500, 400], "models": 3, "genes": ["KRT5, KRT14", "MKI67"]}
    clusters = {"model": "A", "timepoint": "untreated", "cluster": "0", "lineage": 0, "n_cells": 100, "cells": 40}
    return {
        "growth/shares.tsv": table,
        "growth/changes.tsv": states.compare(ratios, parts, rows.loc[ratios.index], contrast, {}),
        "growth/clusters.tsv": pd.DataFrame([clusters | {"share": 0.4, "share_se": 0.05, "cycling": 0.5}]),
        "growth/common_clusters.tsv": pd.DataFrame(named | {"cycling": 0.5, "persister_like": 0.5}),
        "growth/common_shares.tsv": common,
        "growth/common_changes.tsv": shared.compare(common, contrast, 0.05),
        "switches_by_cycle.tsv": cycle,
    }


def everything() -> dict[str, pd.DataFrame]:
    """Return all made-up tables."""
    return {
        **expression(),
        **opinions(),
        **activity(),
        "switches.tsv": switches(),
        "evidence.tsv": kinds.rank_evidence(switches()),
        **perturbations(),
        "families.tsv": families(),
        **growth(),
        **markers(),
        **published(),
        **confounders(),
    }

# ruff: noqa: E501
"""The column dictionary of the stage's tables, which is written beside them."""

from __future__ import annotations

import pandas as pd

from scripts.confounders import columns as confounders
from scripts.expression import columns as expression
from scripts.markers import columns as markers
from scripts.switches.evidence import columns as evidence

_LABELS = {
    "sample": "sample, as in the samples sheet",
    "model": "patient-derived model: the replicate",
    "timepoint": "state of the tumour",
    "arm": "treatment arm",
    "replicate": "replicate within model, arm and timepoint",
}
_CONTRAST = {"contrast": "which timepoint against which baseline"}
_REGULON = {"tf": "transcription factor", "regulon": "its regulon; (+) activates its targets"}
_SUMMARY = {
    "n": "models that have both timepoints",
    "k": "models whose difference has the sign of the mean",
    "effect": "mean over models of the difference in mean activity (AUC); replicates, then arms averaged by model",
    "ci_low": "lower end of its 95 % interval (t with n − 1 degrees of freedom; empty for one model)",
    "ci_high": "upper end",
    "activity_change_sd": "effect divided by sd",
    "activity_change_sd_low": "lower end of its 95 % interval, the sd taken as known",
    "activity_change_sd_high": "upper end",
    "t": "effect divided by its standard error over models",
    "p_t": "two-sided p-value of t with n − 1 degrees of freedom: assumes that differences are normal",
    "fdr_t": "Benjamini & Hochberg over the regulons, of p_t",
    "p_mod": "the same with variances moderated over the regulons (limma's empirical Bayes, Smyth 2004); p_t below ten "
    "of them",
    "fdr_mod": "Benjamini & Hochberg over the regulons, of p_mod",
    "p": "two-sided p-value of flipping the signs of models: exact, without assumption on the distribution",
    "p_min": "smallest value that p can take with n models (2 / 2^n)",
    "fdr": "Benjamini & Hochberg over the regulons, of p; can't be below p_min",
    "loo_stable": "models that can be left out, one at a time, without the mean changing sign",
    "loo_min_effect": "standardised effect left without the most favourable model; negative if its sign changes",
}
_SD = {
    "sd": "standard deviation of activity between cells of a sample, pooled over samples: unit of standardised effects"
}


def _of_set(name: str) -> dict[str, str]:
    short = name.split()[-1]
    return {
        f"{short}_shared": f"targets among the {name} genes",
        f"{short}_fdr": f"whether these are more than by chance (hypergeometric, BH): see {name} in overlaps.tsv",
    }


TABLES: dict[str, dict[str, str]] = {
    "switches.tsv": {
        **_REGULON,
        "verdict": "what the rules make of the columns below: shared switch (three or more models, all of one "
        "direction, fdr_mod within statistics.fdr, |standardised| of switches.min_effect or more, and signature_enrichment_fdr within "
        "statistics.fdr where there is a signature); shared, not enriched in signature (as that, but its targets hold no "
        "more of the signature than chance); stress, cell cycle, hypoxia (as shared, of any size, but carried by these "
        "genes); shared but small; treatment arm only; no shared change; too few models; not tested",
        "direction": "of the mean difference persister − untreated (or whatever fills these roles)",
        **{key: _SUMMARY[key] for key in ("n", "k", "effect", "ci_low", "ci_high")},
        **_SD,
        **{
            key: _SUMMARY[key]
            for key in (
                "activity_change_sd",
                "activity_change_sd_low",
                "activity_change_sd_high",
                "loo_min_effect",
                "loo_stable",
            )
        },
        **{key: _SUMMARY[key] for key in ("p", "p_min", "fdr", "t", "p_t", "fdr_t", "p_mod", "fdr_mod")},
        "by_arm": "standardised effect by arm (models)",
        "relapse_position": "where relapse lies between untreated (0) and persister (1), in models with relapse; empty "
        "where these differ by less than switches.min_effect",
        "n_relapse": "models with relapse in an arm that also has persisters",
        "targets": "targets among the genes that could have been one",
        "targets_log2fc": "log2 fold change of the targets in pseudobulk, weighted, mean over models",
        "targets_k": "models with its sign",
        "mrna_log2fc": "log2 fold change of the factor's own mRNA in pseudobulk, mean over models: not its activity",
        "mrna_ci_low": "lower end of its 95 % interval over models",
        "mrna_ci_high": "upper end",
        "mrna_k": "models with its sign",
        "mrna_n": "models that measured it",
        "mrna": "whether it follows activity: follows or opposite (three or more models, all of one direction, t over "
        "models within statistics.fdr over the factors), no shared change (shown), too few models, not measured",
        **_of_set("stress"),
        **_of_set("cell cycle"),
        **_of_set("hypoxia"),
        "explained_by": "known programmes that carry the regulon: see carries in overlaps.tsv",
        "note": "what else must be known",
        **evidence.EVIDENCE,
    },
    "overlaps.tsv": {
        "regulon": _REGULON["regulon"],
        "tf": _REGULON["tf"],
        "programme": "known programme (resources/genesets)",
        "genes": "genes that could have been a target: measured in all samples, seen in enough cells of a model",
        "targets": "the regulon's targets among them",
        "programme_genes": "the programme's genes among them",
        "shared": "targets that belong to the programme",
        "expected": "how many would by chance",
        "p": "hypergeometric, upper tail",
        "fdr": "Benjamini & Hochberg over the regulons, within the programme",
        "weight_share": "share of the regulon's weight on the programme's genes",
        "inside_log2fc": "log2 fold change (persister − untreated) of targets inside, weighted, mean over models",
        "outside_log2fc": "the same of the other targets",
        "outside_ci_low": "lower end of its 95 % interval over models",
        "outside_ci_high": "upper end",
        "outside_k": "models with its sign",
        "n": "models",
        "carries": "yes if fdr is within statistics.fdr, and the programme has half of the weight or the targets "
        "outside don't move by themselves (fewer than three, less than half as much, or not in the same direction in "
        "all models)",
    },
    "by_model.tsv": {
        **_CONTRAST,
        "model": _LABELS["model"],
        **_REGULON,
        "difference": "difference in mean activity, arms averaged",
        "activity_change_sd": "the same in units of sd (effects.tsv)",
        "targets_log2fc": "log2 fold change of its targets, weighted",
        "mrna_log2fc": "log2 fold change of the factor's own mRNA",
        "relapse_position": "where relapse lies between untreated (0) and persister (1)",
    },
    "effects.tsv": {
        **_CONTRAST,
        "arm": "treatment arm, or all arms",
        "regulon": _REGULON["regulon"],
        **_SD,
        **_SUMMARY,
    },
    "differences.tsv": {
        **_CONTRAST,
        "model": _LABELS["model"],
        "arm": _LABELS["arm"],
        "regulon": _REGULON["regulon"],
        "n_baseline": "samples at the baseline",
        "n_treated": "samples of the arm at the other timepoint",
        "baseline": "mean activity at the baseline",
        "treated": "mean activity at the other timepoint",
        "difference": "treated − baseline",
        "activity_change_sd": "the same in units of sd (effects.tsv)",
    },
    "design.tsv": {
        **_CONTRAST,
        "arm": "treatment arm, or all arms",
        "n_models": "models that have both timepoints with enough cells",
        "models": "their names",
        "n_baseline": "samples at the baseline",
        "n_treated": "samples at the other timepoint",
        "p_min": "smallest p-value that flipping signs can give",
        "confounded": "whether arms (or this arm) can't be told apart from the patients that had them",
        "note": "what can't be answered, and why",
    },
    "activity.tsv": {
        **_LABELS,
        "n_cells": "cells averaged",
        "regulon": _REGULON["regulon"],
        "activity": "mean activity (AUC) over the sample's cells",
        "sd": "standard deviation between these cells",
    },
    "samples.tsv": {
        **_LABELS,
        "assay": "scrna or profile",
        "n_cells": "graft cells kept",
        "used": "whether the sample enters the comparisons of this stage",
        "reason": "if not, why",
    },
}
TABLES |= evidence.TABLES | confounders.TABLES | markers.TABLES | expression.TABLES


def dictionary() -> pd.DataFrame:
    """Return one row per column of each table: file, column, meaning."""
    rows = [(file, column, meaning) for file, columns in TABLES.items() for column, meaning in columns.items()]
    return pd.DataFrame(rows, columns=["file", "column", "meaning"])

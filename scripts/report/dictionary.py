"""What every column of the study's tables means: one dictionary for all stages."""

from __future__ import annotations

from functools import cache
from pathlib import PurePosixPath

from scripts.switches import columns

LABELS = {
    "sample": "sample, as in the samples sheet",
    "model": "patient-derived model: the replicate",
    "timepoint": "state of the tumour",
    "arm": "treatment arm",
    "replicate": "replicate within model, arm and timepoint",
    "group": "cells that share one network: a model, or a model and timepoint (regulons.group_by)",
}
STEP = {
    "step": "step that removes barcodes: empty, host, mixed, doublet, then the cuts on quality",
    "barcodes_before": "barcodes before the step",
    "removed": "barcodes it removed",
    "remaining": "barcodes it left",
}
PAIR = {
    "timepoint_from": "earlier timepoint",
    "cluster_from": "cluster there (empty if the later one emerged)",
    "timepoint_to": "later timepoint",
    "cluster_to": "cluster there (empty if the earlier one is lost)",
    "score": "similarity: correlation of what sets each apart from its timepoint's clusters, corrected for noise",
    "basis": "contrast (both timepoints divided), position (one is a single cluster), undivided (nothing to compare)",
}
REGULON = {"regulon": "regulon; (+) activates its targets", "tf": "transcription factor", "target": "target gene"}
TABLES: dict[str, dict[str, str]] = {
    "counts/*.saturation.tsv": {
        "fraction": "part of the reads, drawn at random",
        "reads": "reads in genes, that many of them",
        "umis": "UMIs expected from them",
        "saturation": "share of these reads that repeat a UMI",
        "genes_per_cell": "median genes of a barcode",
    },
    "cells/attrition.tsv": {**LABELS, **STEP},
    "cells/attrition_by_arm.tsv": {
        **LABELS,
        **STEP,
        "samples": "libraries summed",
        "removed_share": "removed, as a share of the droplets with cells (blank for empty droplets)",
    },
    "cells/species_rules.tsv": {
        **LABELS,
        "rule": "way to tell tumour, host and mixed droplets apart (cells.species.method)",
        "used": "1 for the rule in force",
        "droplets": "droplets with cells",
        "graft": "called tumour",
        "host": "called host",
        "mixed": "called both",
        "ambient_alone": "called ambient RNA without a cell",
        "note": "what else must be known",
    },
    "clusters/*/cells.tsv.gz": {
        **LABELS,
        "cell": "sample and barcode",
        "cluster": "cluster within model and timepoint, 0 the largest",
        "umap_1": "first coordinate of the model's layout",
        "umap_2": "second coordinate",
        "s_score": "score of S-phase genes",
        "g2m_score": "score of G2/M genes",
        "phase": "cell-cycle phase called from both",
        "stress": "score of dissociation-response genes",
        "hypoxia": "score of hypoxia genes",
        "total_counts": "UMIs",
        "n_genes": "genes seen",
        "pct_counts_mt": "mitochondrial UMIs (%)",
        "ambient_fraction": "share of the cell's UMIs that is ambient RNA",
        "doublet_score": "Scrublet's score (0 to 1)",
    },
    "clusters/*/links.tsv": {
        **PAIR,
        "status": "kept (each other's most similar, beyond chance), lost or emerged",
        "n_from": "cells of the earlier cluster",
        "n_to": "cells of the later cluster",
        "nearest": "most similar cluster of the other timepoint",
        "p": "share of relabellings that reach the similarity, corrected for the pairs of clusters",
    },
    "clusters/*/similarity.tsv": {
        **PAIR,
        "correlation": "the same before correction for noise",
        "p": "share of relabellings that reach the similarity, corrected for the pairs of clusters",
    },
    "clusters/*/*.stability.tsv": {
        "resolution": "Leiden resolution",
        "clusters": "clusters of all cells",
        "runs": "clusterings of a random part of the cells",
        "ari_mean": "adjusted Rand index of these with the clustering of all cells, mean",
        "ari_sd": "its standard deviation over runs",
        "ari_se": "its standard error",
        "clusters_of_runs": "clusters of the runs, median",
        "chosen": "1 for the resolution taken",
    },
    "clusters/*/*.markers.tsv": {
        "cluster": "cluster within model and timepoint",
        "gene": "gene that marks it",
        "log_fc": "log2 fold change against the other cells (counts per 10,000, plus 1)",
        "pct_in": "cells of the cluster that show the gene (%)",
        "pct_out": "other cells that do (%)",
        "score": "z of the rank sum",
        "p": "two-sided p-value of the rank sum: cells aren't replicates, so it ranks and no more",
        "fdr": "Benjamini & Hochberg over the genes",
    },
    "regulons/consensus.tsv": {
        **REGULON,
        "weight": "weight of the edge, mean of the groups'",
        "seeds": "runs that have it, in all groups",
        "groups": "groups that have it",
    },
    "regulons/*/regulons.tsv": {
        **REGULON,
        "weight": "weight of the edge, mean of the runs'",
        "seeds": "runs that have it",
    },
    "regulons/support.tsv": {
        **REGULON,
        **LABELS,
        "edges": "consensus edges that the group has by itself",
        "targets": "consensus edges of the regulon",
    },
    "regulons/rss.tsv": {
        **REGULON,
        **LABELS,
        "kind": "whether the label is a timepoint or a cluster (timepoint:cluster)",
        "label": "the label",
        "n_cells": "its cells",
        "rss": "regulon specificity score (0 to 1)",
    },
    "regulons/thresholds.tsv": {
        **REGULON,
        **LABELS,
        "threshold": "activity (AUC) above which a cell counts as on",
        "bimodal": "whether it lies between two modes; else it is mean + 2 sd",
        "separation": "distance of the two modes in units of their spread (Ashman's D)",
        "bic_gain": "how much better two Gaussians fit than one (BIC)",
        "on": "share of the group's cells that are on",
    },
    "regulons/samples.tsv": {
        **REGULON,
        **LABELS,
        "n_cells": "cells",
        "activity": "mean activity (AUC)",
        "on": "share of cells above the group's threshold",
    },
}
"""Column → meaning by table; ``*`` stands for a sample, model, timepoint or group."""


@cache
def columns_of(table: str) -> dict[str, str]:
    """Return column → meaning of a table of the results; empty if it isn't known."""
    path = PurePosixPath(table)
    if path.parts[0] in ("profiles", "expression", "activity", "switches", "confounders", "markers"):
        return dict(columns.TABLES.get(path.name, {}))
    return next((found for pattern, found in TABLES.items() if path.match(pattern)), {})


def meaning(table: str, column: str) -> str:
    """Return what a column means; raises KeyError with both names if the dictionary doesn't know it."""
    found = columns_of(table)
    if column not in found:
        raise KeyError(f"{table}: column {column}")
    return found[column]

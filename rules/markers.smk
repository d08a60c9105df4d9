# Markers: the smallest gene panels that distinguish persister from untreated in patients they were not learned from.
from scripts.markers.results import targets


rule markers:
    """Marker panels, judged in models that they were not learned from (markers/)."""
    input:
        collect("<results>/markers/{file}", file=targets(study)),
    localrule: True


rule find_markers:
    input:
        profiles="<results>/profiles/profiles.h5ad",
        cells=collect("<results>/cells/{sample}.h5ad", sample=study.libraries),
        # Changes of genes at constant composition, of every model on its own.
        differences=collect("<results>/confounders/models/{model}.parquet", model=study.compared_models),
        other_species="<results>/counts/other_species.tsv" if study.libraries and study.references.get("host") else [],
        locations=workflow_file("resources/markers/surface_secreted.tsv"),
        assays=workflow_file("resources/markers/assays.tsv"),
    output:
        markers=report(
            "<results>/markers/markers.tsv",
            caption="../resources/captions/markers_table.rst",
            category="Markers",
            labels={"figure": "markers (table)"},
        ),
        panels="<results>/markers/markers_panels.tsv",
        scores="<results>/markers/markers_scores.tsv",
        roc="<results>/markers/markers_roc.tsv",
        assays="<results>/markers/markers_assays.tsv",
        values="<results>/markers/markers_values.tsv",
        positive="<results>/markers/markers_positive.tsv",
    log:
        "<logs>/find_markers.log",
    benchmark:
        "<benchmarks>/find_markers.tsv"
    conda:
        "../envs/evidence.yaml"
    resources:
        # Cells are read one library after the other, and the genes of the panels are kept.
        mem_mb=memory("find_markers", base=2_000, per_input_gb={"profiles": 50_000, "cells": 8_000}),
        # Panels are learned in all models but one, their size in all but two, again for every permutation of the labels.
        runtime=minutes("find_markers", base=minutes_by_models(least=240, per_square=0.1)),
    params:
        code=code_of("markers/find_markers.py"),
        contrast=config["contrast"],
        sizes=config["markers"]["sizes"],
        permutations=config["markers"]["permutations"],
        random=config["markers"]["random_panels"],
        prevalences=config["markers"]["prevalences"],
        samples=study.sample_rows,
        libraries=study.libraries,
        compared=study.compared_models,
        fdr=config["statistics"]["fdr"],
        seed=config["statistics"]["seed"],
    script:
        "../scripts/markers/find_markers.py"


rule draw_markers:
    input:
        tables=rules.find_markers.output,
    output:
        report(directory("<results>/markers/figures"), **in_report("Markers")),
    log:
        "<logs>/draw_markers.log",
    localrule: True
    conda:
        "../envs/figures.yaml"
    params:
        code=code_of("markers/figures.py"),
        figures=figures_of("markers"),
    script:
        "../scripts/markers/figures.py"

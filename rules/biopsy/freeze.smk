# The reference, made of what this study has learned.


def get_frozen_study(wildcards):
    """What a biopsy's own config needs not repeat."""
    design = {key: config[key] for key in ("timepoints", "contrast", "arms", "models")}
    cells = {key: value for key, value in config["cells"].items() if key != "overrides"}
    return {**design, "cells": cells, "prefixes": get_prefixes()}


def get_frozen_settings(wildcards):
    """What decides about the training cells and their activity."""
    kept = {key: config["biopsy"][key] for key in ("training_cells", "seed")}
    cut = {"auc_threshold": config["regulons"]["activity_auc_threshold"]}
    return {**kept, **cut, "min_cell_fraction": config["regulons"]["min_cell_fraction"]}


rule freeze:
    input:
        f"<results>/reference/{MANIFEST}",
    localrule: True


rule freeze_reference:
    input:
        cells=collect("<results>/cells/{sample}.h5ad", sample=study.libraries),
        # A study of profiles alone has no regulons.
        regulons="<results>/regulons/consensus.tsv" if study.groups else [],
        switches="<results>/switches/switches.tsv" if study.groups else [],
        profiles="<results>/profiles/profiles.h5ad",
        signature="<results>/expression/signature.tsv",
        markers="<results>/markers/markers.tsv",
    output:
        collect("<results>/reference/{file}", file=[MANIFEST, *FILES]),
    log:
        "<logs>/freeze_reference.log",
    benchmark:
        "<benchmarks>/freeze_reference.tsv"
    conda:
        "../../envs/scenic.yaml"
    threads: 4
    resources:
        mem_mb=memory("freeze_reference", base=3_000, per_input_gb=10_000),
        runtime=minutes("freeze_reference", base=120),
    params:
        study=get_frozen_study,
        settings=get_frozen_settings,
        level=lookup(within=config, dpath="biopsy/level"),
        note=lookup(within=config, dpath="regulons/synthetic_data_note"),
    script:
        "../../scripts/biopsy/freeze.py"

# Stroma: host cells of xenografts or normal cells of biopsies, named, counted, and paired with the tumour.
from scripts.stroma.results import targets


rule stroma:
    """How lineages of the stroma change over treatment (stroma/changes.tsv), and ligand–receptor pairs with the tumour."""
    input:
        collect("<results>/stroma/{file}", file=targets(study)),
    localrule: True


rule compare_stroma:
    input:
        cells=collect(
            "<results>/cells/{sample}.{kind}.h5ad",
            sample=study.stroma_libraries,
            kind=study.stroma_kind or "host",
        ),
        tumour="<results>/profiles/pseudobulk.h5ad",
    output:
        samples="<results>/stroma/samples.tsv",
        cells="<results>/stroma/cells.tsv.gz",
        clusters="<results>/stroma/clusters.tsv",
        shares="<results>/stroma/shares.tsv",
        changes="<results>/stroma/changes.tsv",
        pairs="<results>/stroma/pairs.tsv",
    log:
        "<logs>/compare_stroma.log",
    benchmark:
        "<benchmarks>/compare_stroma.tsv"
    conda:
        "../envs/python.yaml"
    resources:
        mem_mb=memory("compare_stroma", base=2_000, per_input_gb=30_000),
        runtime=minutes("compare_stroma", base=120),
    params:
        code=code_of("stroma/compare_stroma.py"),
        samples=[row for row in study.sample_rows if row["sample"] in set(study.stroma_libraries)],
        kind=study.stroma_kind,
        species=study.stroma_species,
        timepoints=config["timepoints"],
        contrast=config["contrast"],
        clusters=leave_out(config["clusters"], "links", "markers", "min_score_genes", "regress"),
        stroma=leave_out(config["stroma"], "enabled"),
        fdr=config["statistics"]["fdr"],
    script:
        "../scripts/stroma/compare_stroma.py"


rule draw_stroma:
    input:
        tables=[path for name, path in rules.compare_stroma.output.items() if name != "cells"],
    output:
        report(directory("<results>/stroma/figures"), **in_report("Stroma")),
    log:
        "<logs>/draw_stroma.log",
    localrule: True
    conda:
        "../envs/figures.yaml"
    params:
        code=code_of("stroma/figures.py"),
        figures=figures_of("stroma"),
        settings=pick(config["statistics"], "fdr"),
    script:
        "../scripts/stroma/figures.py"

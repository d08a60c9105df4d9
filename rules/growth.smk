# Growth: which states of cells grow under treatment, and whether switches change in cycling and in non-cycling cells.
from scripts.growth.results import targets


rule growth:
    """Which states of cells grow, and whether switches hold in cycling and in non-cycling cells (growth/)."""
    input:
        collect("<results>/growth/{file}", file=targets(study)),
    localrule: True


rule measure_growth:
    input:
        cells=collect("<results>/clusters/{model}/cells.tsv.gz", model=study.models),
        clusters=collect("<results>/clusters/{model}/clusters.tsv", model=study.models),
        scores="<results>/expression/signature_cells.parquet",
        activity=collect("<results>/regulons/{group}/activity.parquet", group=study.groups),
        switches="<results>/switches/switches.tsv",
    output:
        shares="<results>/growth/shares.tsv",
        changes="<results>/growth/changes.tsv",
        clusters="<results>/growth/clusters.tsv",
        switches="<results>/growth/switches_by_cycle.tsv",
    log:
        "<logs>/measure_growth.log",
    benchmark:
        "<benchmarks>/measure_growth.tsv"
    conda:
        "../envs/evidence.yaml"
    resources:
        mem_mb=memory("measure_growth", base=3_000, per_input_gb=10_000),
        runtime=minutes("measure_growth", base=60),
    params:
        code=code_of("growth/measure_growth.py"),
        contrast=config["contrast"],
        settings=config["growth"],
        fdr=config["statistics"]["fdr"],
        models=study.models,
        groups=study.groups,
        groups_of_models={model: study.groups_of_model(model) for model in study.models},
        samples=study.sample_rows,
        days=days_of_samples,
    script:
        "../scripts/growth/measure_growth.py"


rule compare_clusters:
    input:
        cells=collect("<results>/cells/{sample}.h5ad", sample=study.libraries),
        phases=collect("<results>/clusters/{model}/cells.tsv.gz", model=study.models),
        scores="<results>/expression/signature_cells.parquet",
    output:
        cells="<results>/growth/common_cells.tsv.gz",
        clusters="<results>/growth/common_clusters.tsv",
        shares="<results>/growth/common_shares.tsv",
        changes="<results>/growth/common_changes.tsv",
    log:
        "<logs>/compare_clusters.log",
    benchmark:
        "<benchmarks>/compare_clusters.tsv"
    conda:
        "../envs/python.yaml"
    resources:
        # Libraries are read one after the other, and at most 20,000 cells kept (measured: 3.9 GB).
        mem_mb=memory("compare_clusters", base=5_200, per_input_gb={"phases": 30_000, "scores": 10_000}),
        runtime=minutes("compare_clusters", base=120),
    params:
        code=code_of("growth/compare_clusters.py"),
        contrast=config["contrast"],
        settings=config["growth"],
        clusters=leave_out(config["clusters"], "links", "markers", "min_score_genes", "regress"),
        fdr=config["statistics"]["fdr"],
    script:
        "../scripts/growth/compare_clusters.py"


rule draw_growth:
    input:
        tables=[
            *rules.measure_growth.output,
            *[path for name, path in rules.compare_clusters.output.items() if name != "cells"],
        ],
    output:
        report(directory("<results>/growth/figures"), **in_report("Growth")),
    log:
        "<logs>/draw_growth.log",
    localrule: True
    conda:
        "../envs/figures.yaml"
    params:
        code=code_of("growth/figures.py"),
        figures=figures_of("growth"),
        settings={
            **pick(config["statistics"], "fdr"),
            **pick(config["growth"], "programme_quantile"),
        },
    script:
        "../scripts/growth/figures.py"

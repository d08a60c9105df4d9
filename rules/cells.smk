# Cells: empty droplets → species → ambient RNA → doublets → quality. Every barcode keeps its verdict.


def get_droplet_settings(wildcards):
    """What tells empty droplets from cells: a changed quality cut must not repeat the test."""
    settings = study.cells_config(wildcards.sample)
    return {key: settings[key] for key in ("expected_cells", "empty_drops", "seed")}


def get_cell_settings(wildcards):
    """What decides about droplets with cells."""
    settings = study.cells_config(wildcards.sample)
    return {key: settings[key] for key in ("species", "ambient", "doublets", "qc", "seed")}


def get_sample_labels(wildcards):
    """The sample's row of the sheet that its cells carry."""
    row = study.everything.loc[wildcards.sample, ["model", "timepoint", "arm", "replicate"]]
    return {"sample": wildcards.sample, **{key: str(value) for key, value in row.items()}}


rule cells:
    input:
        collect(
            "<results>/cells/{sample}{part}",
            sample=study.libraries,
            part=[".h5ad", ".host.h5ad", ".droplets.parquet", ".barnyard.png"],
        ),
        "<results>/cells/attrition.tsv",
        "<results>/cells/attrition.png",
    localrule: True


rule call_cells:
    input:
        counts="<results>/counts/{sample}.h5ad",
    output:
        calls="<results>/cells/{sample}.calls.parquet",
        soup="<results>/cells/{sample}.soup.parquet",
        summary="<results>/cells/{sample}.calls.json",
    log:
        "<logs>/call_cells/{sample}.log",
    benchmark:
        "<benchmarks>/call_cells/{sample}.tsv"
    conda:
        "../envs/python.yaml"
    resources:
        mem_mb=memory("call_cells", base=2_000, per_input_gb=30_000),
        runtime=minutes("call_cells", base=60),
    params:
        droplets=get_droplet_settings,
    script:
        "../scripts/cells/call_cells.py"


rule filter_cells:
    input:
        counts="<results>/counts/{sample}.h5ad",
        calls="<results>/cells/{sample}.calls.parquet",
        soup="<results>/cells/{sample}.soup.parquet",
        summary="<results>/cells/{sample}.calls.json",
    output:
        cells="<results>/cells/{sample}.h5ad",
        host="<results>/cells/{sample}.host.h5ad",
        droplets="<results>/cells/{sample}.droplets.parquet",
        summary="<results>/cells/{sample}.summary.json",
    log:
        "<logs>/filter_cells/{sample}.log",
    benchmark:
        "<benchmarks>/filter_cells/{sample}.tsv"
    conda:
        "../envs/python.yaml"
    resources:
        mem_mb=memory("filter_cells", base=4_000, per_input_gb=30_000),
        runtime=minutes("filter_cells", base=60),
    params:
        cells=get_cell_settings,
        labels=get_sample_labels,
    script:
        "../scripts/cells/filter_cells.py"


rule tabulate_attrition:
    input:
        collect("<results>/cells/{sample}.summary.json", sample=study.libraries),
    output:
        attrition="<results>/cells/attrition.tsv",
        by_arm="<results>/cells/attrition_by_arm.tsv",
        rules="<results>/cells/species_rules.tsv",
    log:
        "<logs>/tabulate_attrition.log",
    localrule: True
    conda:
        "../envs/python.yaml"
    script:
        "../scripts/cells/tabulate_attrition.py"


rule plot_barnyard:
    input:
        droplets="<results>/cells/{sample}.droplets.parquet",
        summary="<results>/cells/{sample}.summary.json",
    output:
        figure=report(
            "<results>/cells/{sample}.barnyard.png",
            caption="../resources/captions/barnyard.rst",
            category="Cells",
            labels={"sample": "{sample}"},
        ),
    log:
        "<logs>/plot_barnyard/{sample}.log",
    benchmark:
        "<benchmarks>/plot_barnyard/{sample}.tsv"
    conda:
        "../envs/python.yaml"
    resources:
        mem_mb=memory("plot_barnyard", base=1_000, per_input_gb=30_000),
        runtime=minutes("plot_barnyard", base=20),
    script:
        "../scripts/cells/plot_barnyard.py"


rule plot_attrition:
    input:
        attrition="<results>/cells/attrition.tsv",
    output:
        figure=report(
            "<results>/cells/attrition.png",
            caption="../resources/captions/attrition.rst",
            category="Cells",
            labels={"figure": "attrition by arm"},
        ),
    log:
        "<logs>/plot_attrition.log",
    benchmark:
        "<benchmarks>/plot_attrition.tsv"
    localrule: True
    conda:
        "../envs/python.yaml"
    script:
        "../scripts/cells/plot_attrition.py"

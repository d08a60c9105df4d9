# Exports: cells for cellxgene and scanpy, the same with regulons for SCope, gene sets, and all tables with their dictionary.
from scripts.report.inputs import tables_of

TITLE = "persister-regulons"
TOP = 30  # regulons that a viewer can colour cells by; all are in obsm


def get_cells_of_libraries(wildcards):
    """The kept cells of all libraries."""
    return collect("<results>/cells/{sample}.h5ad", sample=study.libraries)


def get_groups_of_model(wildcards):
    """Activity in the groups that a model's cells are in."""
    groups = [group for group in study.groups if study.model_of_group(group) == wildcards.model]
    return collect("<results>/regulons/{group}/activity.parquet", group=groups)


def get_given_tables(wildcards):
    """The tables that are given away."""
    return collect("<results>/{file}", file=tables_of(study))


def get_title_of_model(wildcards):
    """What a viewer calls the file of one model."""
    return f"{TITLE}: {wildcards.model}"


def get_model_alone(wildcards):
    """The model that a file is of, as a list."""
    return [wildcards.model]


# The exported files, as a list: from within another workflow a function would look in that one's results. Without
# libraries there are no cells and no regulons.
exported = ["study.h5ad", "study.loom"] if study.groups else []
exported += [f"models/{model}.h5ad" for model in study.models]
exported += ["regulons.gmt", "signatures.gmt", "tables"]


rule exports:
    input:
        collect("<results>/exports/{file}", file=exported),
    localrule: True


rule export_study:
    input:
        cells=get_cells_of_libraries,
        clusters=collect("<results>/clusters/{model}/cells.tsv.gz", model=study.models),
        activity=collect("<results>/regulons/{group}/activity.parquet", group=study.groups),
        switches="<results>/switches/switches.tsv",
    output:
        "<results>/exports/study.h5ad",
    log:
        "<logs>/export_study.log",
    benchmark:
        "<benchmarks>/export_study.tsv"
    conda:
        "../envs/report.yaml"
    resources:
        mem_mb=memory("export_study", base=3_000, per_input_gb=6_000),
        runtime=minutes("export_study", base=120),
    params:
        title=TITLE,
        own=study.models,
        models=get_model_order,
        timepoints=lookup(within=config, dpath="timepoints"),
        arms=get_arm_order,
        top=TOP,
        note=lookup(within=config, dpath="regulons/synthetic_data_note"),
    script:
        "../scripts/exports/export_study.py"


use rule export_study as export_model with:
    input:
        cells=get_cells_of_model,
        clusters=["<results>/clusters/{model}/cells.tsv.gz"],
        activity=get_groups_of_model,
        switches="<results>/switches/switches.tsv",
    output:
        "<results>/exports/models/{model}.h5ad",
    log:
        "<logs>/export_model/{model}.log",
    benchmark:
        "<benchmarks>/export_model/{model}.tsv"
    resources:
        mem_mb=memory("export_model", base=3_000, per_input_gb=6_000),
        runtime=minutes("export_model", base=120),
    params:
        title=get_title_of_model,
        own=get_model_alone,
        models=get_model_order,
        timepoints=lookup(within=config, dpath="timepoints"),
        arms=get_arm_order,
        top=TOP,
        note=lookup(within=config, dpath="regulons/synthetic_data_note"),


rule export_loom:
    input:
        cells=get_cells_of_libraries,
        clusters=collect("<results>/clusters/{model}/cells.tsv.gz", model=study.models),
        activity=collect("<results>/regulons/{group}/activity.parquet", group=study.groups),
        regulons="<results>/regulons/consensus.tsv",
        thresholds="<results>/regulons/thresholds.tsv",
    output:
        "<results>/exports/study.loom",
    log:
        "<logs>/export_loom.log",
    benchmark:
        "<benchmarks>/export_loom.tsv"
    conda:
        "../envs/report.yaml"
    resources:
        mem_mb=memory("export_loom", base=3_000, per_input_gb=6_000),
        runtime=minutes("export_loom", base=240),
    params:
        title=TITLE,
        own=study.models,
        models=get_model_order,
        timepoints=lookup(within=config, dpath="timepoints"),
        arms=get_arm_order,
    script:
        "../scripts/exports/export_loom.py"


rule export_gmt:
    input:
        regulons="<results>/regulons/consensus.tsv" if study.groups else [],
        signature="<results>/expression/signature.tsv",
        genesets=collect(
            own("resources/genesets/{name}.tsv"),
            name=["cell_cycle", "dissociation", "hypoxia"],
        ),
    output:
        regulons="<results>/exports/regulons.gmt",
        signatures="<results>/exports/signatures.gmt",
    log:
        "<logs>/export_gmt.log",
    localrule: True
    conda:
        "../envs/report.yaml"
    params:
        contrast=lookup(within=config, dpath="contrast"),
        note=lookup(within=config, dpath="regulons/synthetic_data_note"),
    script:
        "../scripts/exports/export_gmt.py"


rule export_tables:
    input:
        tables=get_given_tables,
        columns=own("resources/columns.tsv"),
    output:
        directory("<results>/exports/tables"),
    log:
        "<logs>/export_tables.log",
    localrule: True
    conda:
        "../envs/report.yaml"
    script:
        "../scripts/exports/export_tables.py"

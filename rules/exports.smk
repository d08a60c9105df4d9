# Exports: cells for cellxgene and scanpy, the same with regulons for SCope, gene sets, and all tables with their dictionary.
from scripts.report.inputs import tables_of
from scripts.exports.results import targets

TITLE = "persister-regulons"
TOP = 30  # regulons that a viewer can colour cells by; all are in obsm


rule exports:
    """Results in the formats of other tools: h5ad, loom, gmt, and tables with a dictionary (exports/)."""
    input:
        collect("<results>/exports/{file}", file=targets(study)),
    localrule: True


rule export_study:
    input:
        cells=collect("<results>/cells/{sample}.h5ad", sample=study.libraries),
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
        code=code_of("exports/export_study.py"),
        title=TITLE,
        own=study.models,
        models=study.model_order,
        timepoints=config["timepoints"],
        arms=study.arm_order,
        carried=carried_columns,
        top=TOP,
        note=config["regulons"]["synthetic_data_note"],
    script:
        "../scripts/exports/export_study.py"


use rule export_study as export_model with:
    input:
        cells=get_cells_of_model,
        clusters=["<results>/clusters/{model}/cells.tsv.gz"],
        activity=get_activity_of_model,
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
        title="persister-regulons: {model}",
        own=["{model}"],
        models=study.model_order,
        timepoints=config["timepoints"],
        arms=study.arm_order,
        carried=carried_columns,
        top=TOP,
        note=config["regulons"]["synthetic_data_note"],


rule export_normal:
    input:
        cells=collect("<results>/cells/{sample}.normal.h5ad", sample=study.libraries),
    output:
        "<results>/exports/normal.h5ad",
    log:
        "<logs>/export_normal.log",
    benchmark:
        "<benchmarks>/export_normal.tsv"
    conda:
        "../envs/report.yaml"
    resources:
        mem_mb=memory("export_normal", base=3_000, per_input_gb=6_000),
        runtime=minutes("export_normal", base=60),
    params:
        code=code_of("exports/export_normal.py"),
        title=f"{TITLE}: normal cells",
        models=study.model_order,
        timepoints=config["timepoints"],
        arms=study.arm_order,
        carried=carried_columns,
    script:
        "../scripts/exports/export_normal.py"


use rule export_normal as export_host with:
    input:
        cells=collect("<results>/cells/{sample}.host.h5ad", sample=study.libraries),
    output:
        "<results>/exports/host.h5ad",
    log:
        "<logs>/export_host.log",
    benchmark:
        "<benchmarks>/export_host.tsv"
    resources:
        mem_mb=memory("export_host", base=3_000, per_input_gb=6_000),
        runtime=minutes("export_host", base=60),
    params:
        code=code_of("exports/export_normal.py"),
        title=f"{TITLE}: host cells",
        models=study.model_order,
        timepoints=config["timepoints"],
        arms=study.arm_order,
        carried=carried_columns,


rule export_loom:
    input:
        cells=collect("<results>/cells/{sample}.h5ad", sample=study.libraries),
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
        code=code_of("exports/export_loom.py"),
        title=TITLE,
        own=study.models,
        models=study.model_order,
        timepoints=config["timepoints"],
        arms=study.arm_order,
        carried=carried_columns,
    script:
        "../scripts/exports/export_loom.py"


rule export_gmt:
    input:
        regulons="<results>/regulons/consensus.tsv" if study.groups else [],
        signature="<results>/expression/signature.tsv",
        genesets=collect(
            workflow_file("resources/genesets/{name}.tsv"),
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
        code=code_of("exports/export_gmt.py"),
        contrast=config["contrast"],
        note=config["regulons"]["synthetic_data_note"],
    script:
        "../scripts/exports/export_gmt.py"


rule export_tables:
    input:
        tables=collect("<results>/{file}", file=tables_of(study)),
        columns=workflow_file("resources/columns.tsv"),
    output:
        directory("<results>/exports/tables"),
    log:
        "<logs>/export_tables.log",
    localrule: True
    conda:
        "../envs/report.yaml"
    params:
        code=code_of("exports/export_tables.py"),
    script:
        "../scripts/exports/export_tables.py"

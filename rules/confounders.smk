# Confounders: what remains of the programme when another difference between the samples is adjusted for.


rule confounders:
    input:
        collect(
            "<results>/confounders/{file}",
            file=(
                ["confounders.tsv", "programme_verdict.tsv", "clones.tsv", "confounders.png"]
                if study.has_activity
                else []
            ),
        ),
    localrule: True


rule measure_confounders:
    input:
        cells=get_cells_of_model,
        profiles=[] if study.groups else "<results>/profiles/profiles.h5ad",
        activity=get_activity_of_model,
        genesets=collect(workflow_file("resources/genesets/{name}.tsv"), name=["cell_cycle", "dissociation", "hypoxia"]),
        annotation="<results>/references/annotation.gtf" if study.sequenced else [],
    output:
        differences="<results>/confounders/models/{model}.parquet",
        notes="<results>/confounders/models/{model}.notes.tsv",
        clones="<results>/confounders/models/{model}.clones.tsv",
    log:
        "<logs>/measure_confounders/{model}.log",
    benchmark:
        "<benchmarks>/measure_confounders/{model}.tsv"
    conda:
        "../envs/evidence.yaml"
    resources:
        mem_mb=memory("measure_confounders", base=4_000, per_input_gb=20_000),
        runtime=minutes("measure_confounders", base=240),
    params:
        contrast=lookup(within=config, dpath="contrast"),
        min_cell_fraction=lookup(within=config, dpath="regulons/min_cell_fraction"),
        min_score_genes=lookup(within=config, dpath="clusters/min_score_genes"),
        prefix=lookup(within=config, dpath="references/graft/prefix", default=""),
        seed=lookup(within=config, dpath="statistics/seed"),
    script:
        "../scripts/confounders/measure_confounders.py"


rule tabulate_confounders:
    input:
        differences=collect("<results>/confounders/models/{model}.parquet", model=study.compared_models),
        notes=collect("<results>/confounders/models/{model}.notes.tsv", model=study.compared_models),
        clones=collect("<results>/confounders/models/{model}.clones.tsv", model=study.compared_models),
        switches="<results>/switches/switches.tsv",
        attrition="<results>/cells/attrition.tsv" if study.libraries else [],
        genesets=collect(workflow_file("resources/genesets/{name}.tsv"), name=["cell_cycle", "dissociation", "hypoxia"]),
    output:
        confounders=report(
            "<results>/confounders/confounders.tsv",
            caption="../resources/captions/confounders_table.rst",
            category="Confounders",
            labels={"figure": "confounders (table)"},
        ),
        verdict="<results>/confounders/programme_verdict.tsv",
        clones="<results>/confounders/clones.tsv",
    log:
        "<logs>/tabulate_confounders.log",
    benchmark:
        "<benchmarks>/tabulate_confounders.tsv"
    localrule: True
    conda:
        "../envs/evidence.yaml"
    params:
        contrast=lookup(within=config, dpath="contrast"),
        models=study.compared_models,
        size=lookup(within=config, dpath="expression/signature_size"),
        regulons=lookup(within=config, dpath="confounders/regulons"),
        fdr=lookup(within=config, dpath="statistics/fdr"),
    script:
        "../scripts/confounders/tabulate_confounders.py"


rule plot_confounders:
    input:
        confounders="<results>/confounders/confounders.tsv",
        verdict="<results>/confounders/programme_verdict.tsv",
    output:
        report(
            "<results>/confounders/confounders.png",
            caption="../resources/captions/confounders.rst",
            category="Confounders",
            labels={"figure": "confounders"},
        ),
    log:
        "<logs>/plot_confounders.log",
    benchmark:
        "<benchmarks>/plot_confounders.tsv"
    localrule: True
    conda:
        "../envs/evidence.yaml"
    params:
        contrast=lookup(within=config, dpath="contrast"),
        note=lookup(within=config, dpath="regulons/synthetic_data_note"),
    script:
        "../scripts/confounders/plot_confounders.py"

# Confounders: how much of the programme is left once something else that differs between the samples is held.


def get_activity_of_model(wildcards):
    """Activity of the model's cells; in a study of profiles alone, that of all profiles."""
    if not study.groups:
        return ["<results>/programme/profile_activity.tsv"]
    own = [group for group in study.groups if study.model_of_group(group) == wildcards.model]
    return collect("<results>/regulons/{group}/activity.parquet", group=own)


rule measure_confounders:
    input:
        cells=get_cells_of_model,
        profiles=[] if study.groups else "<results>/programme/profiles.h5ad",
        activity=get_activity_of_model,
        genesets=collect(own("resources/genesets/{name}.tsv"), name=["cell_cycle", "dissociation", "hypoxia"]),
        annotation="<results>/references/annotation.gtf" if study.sequenced else [],
    output:
        differences="<results>/programme/confounders/{model}.parquet",
        notes="<results>/programme/confounders/{model}.notes.tsv",
        clones="<results>/programme/confounders/{model}.clones.tsv",
    log:
        "<logs>/measure_confounders/{model}.log",
    benchmark:
        "<benchmarks>/measure_confounders/{model}.tsv"
    conda:
        "../../envs/evidence.yaml"
    threads: 1
    resources:
        mem_mb=scaled_memory(base=4_000, per_input_gb=20_000),
        runtime="4h",
    params:
        contrast=lookup(within=config, dpath="contrast"),
        min_cell_fraction=lookup(within=config, dpath="regulons/min_cell_fraction"),
        min_score_genes=lookup(within=config, dpath="clusters/min_score_genes"),
        prefix=lookup(within=config, dpath="references/graft/prefix", default=""),
        seed=lookup(within=config, dpath="programme/seed"),
    script:
        "../../scripts/programme/confounders/measure_confounders.py"


rule tabulate_confounders:
    input:
        differences=collect("<results>/programme/confounders/{model}.parquet", model=silenced),
        notes=collect("<results>/programme/confounders/{model}.notes.tsv", model=silenced),
        clones=collect("<results>/programme/confounders/{model}.clones.tsv", model=silenced),
        switches="<results>/programme/switches.tsv",
        attrition="<results>/cells/attrition.tsv" if study.libraries else [],
        genesets=collect(own("resources/genesets/{name}.tsv"), name=["cell_cycle", "dissociation", "hypoxia"]),
    output:
        confounders=report(
            "<results>/programme/confounders.tsv",
            caption="../../resources/captions/confounders_table.rst",
            category="Programme",
            labels={"figure": "confounders (table)"},
        ),
        verdict="<results>/programme/programme_verdict.tsv",
        clones="<results>/programme/clones.tsv",
    log:
        "<logs>/tabulate_confounders.log",
    benchmark:
        "<benchmarks>/tabulate_confounders.tsv"
    localrule: True
    conda:
        "../../envs/evidence.yaml"
    threads: 1
    resources:
        mem_mb=scaled_memory(base=2_000, per_input_gb=20_000),
        runtime="30m",
    params:
        contrast=lookup(within=config, dpath="contrast"),
        models=silenced,
        size=lookup(within=config, dpath="programme/signature_size"),
        regulons=30,
        fdr=lookup(within=config, dpath="programme/fdr"),
    script:
        "../../scripts/programme/confounders/tabulate_confounders.py"


rule plot_confounders:
    input:
        confounders="<results>/programme/confounders.tsv",
        verdict="<results>/programme/programme_verdict.tsv",
    output:
        report(
            "<results>/programme/confounders.png",
            caption="../../resources/captions/confounders.rst",
            category="Programme",
            labels={"figure": "confounders"},
        ),
    log:
        "<logs>/plot_confounders.log",
    benchmark:
        "<benchmarks>/plot_confounders.tsv"
    localrule: True
    conda:
        "../../envs/evidence.yaml"
    threads: 1
    resources:
        mem_mb=scaled_memory(base=1_500, per_input_gb=5_000),
        runtime="20m",
    params:
        contrast=lookup(within=config, dpath="contrast"),
        note=lookup(within=config, dpath="regulons/standin_note"),
    script:
        "../../scripts/programme/confounders/plot_confounders.py"

# Confounders: what remains of the programme when another difference between the samples is adjusted for.
from scripts.confounders.results import targets


rule confounders:
    """How much of the programme remains when confounders are adjusted for, and the study's verdict (confounders/)."""
    input:
        collect("<results>/confounders/{file}", file=targets(study)),
    localrule: True


rule measure_confounders:
    input:
        cells=get_cells_of_model,
        profiles=[] if study.groups else "<results>/profiles/profiles.h5ad",
        activity=get_activity_of_model,
        genesets=collect(
            workflow_file("resources/genesets/{name}.tsv"), name=["cell_cycle", "dissociation", "hypoxia", "lineages"]
        ),
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
        code=code_of("confounders/measure_confounders.py"),
        contrast=config["contrast"],
        min_cell_fraction=config["regulons"]["min_cell_fraction"],
        min_score_genes=config["clusters"]["min_score_genes"],
        composition=get_composition,
        prefix=lookup(within=config, dpath="references/graft/prefix", default=""),
        seed=config["statistics"]["seed"],
    script:
        "../scripts/confounders/measure_confounders.py"


rule tabulate_confounders:
    input:
        differences=collect("<results>/confounders/models/{model}.parquet", model=study.compared_models),
        notes=collect("<results>/confounders/models/{model}.notes.tsv", model=study.compared_models),
        clones=collect("<results>/confounders/models/{model}.clones.tsv", model=study.compared_models),
        switches="<results>/switches/switches.tsv",
        profiles="<results>/profiles/profiles.h5ad",
        attrition="<results>/cells/attrition.tsv" if study.libraries else [],
        genesets=collect(
            workflow_file("resources/genesets/{name}.tsv"), name=["cell_cycle", "dissociation", "hypoxia", "lineages"]
        ),
    output:
        confounders=report(
            "<results>/confounders/confounders.tsv",
            caption="../resources/captions/confounders_table.rst",
            category="Confounders",
            labels={"figure": "confounders (table)"},
        ),
        verdict="<results>/confounders/programme_verdict.tsv",
        clones="<results>/confounders/clones.tsv",
        notes="<results>/confounders/confounders_notes.tsv",
    log:
        "<logs>/tabulate_confounders.log",
    benchmark:
        "<benchmarks>/tabulate_confounders.tsv"
    localrule: True
    conda:
        "../envs/evidence.yaml"
    params:
        code=code_of("confounders/tabulate_confounders.py"),
        contrast=config["contrast"],
        models=study.compared_models,
        size=config["expression"]["signature_size"],
        regulons=config["confounders"]["regulons"],
        fdr=config["statistics"]["fdr"],
        seed=config["statistics"]["seed"],
    script:
        "../scripts/confounders/tabulate_confounders.py"


rule judge_markers:
    input:
        markers="<results>/markers/markers.tsv",
        differences=rules.tabulate_confounders.input.differences,
    output:
        "<results>/confounders/marker_composition.tsv",
    log:
        "<logs>/judge_markers.log",
    localrule: True
    conda:
        "../envs/evidence.yaml"
    params:
        code=code_of("confounders/judge_markers.py"),
        models=study.compared_models,
        fdr=config["statistics"]["fdr"],
    script:
        "../scripts/confounders/judge_markers.py"


rule draw_confounders:
    input:
        tables=[*rules.tabulate_confounders.output, *rules.judge_markers.output],
    output:
        report(directory("<results>/confounders/figures"), **in_report("Confounders")),
    log:
        "<logs>/draw_confounders.log",
    localrule: True
    conda:
        "../envs/figures.yaml"
    params:
        code=code_of("confounders/figures.py"),
        figures=figures_of("confounders"),
        settings=pick(config["statistics"], "fdr"),
    script:
        "../scripts/confounders/figures.py"

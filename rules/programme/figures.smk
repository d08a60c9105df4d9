# Figures: what expression profiles say.


rule plot_expression:
    input:
        profiles="<results>/programme/profiles.h5ad",
        expression="<results>/programme/differential_expression.tsv",
        signature="<results>/programme/signature.tsv",
        structure="<results>/programme/state_structure.tsv",
        places="<results>/programme/state_places.tsv",
        treatment="<results>/programme/treatment.tsv",
        likeness="<results>/programme/treatment_likeness.tsv",
        reversibility="<results>/programme/reversibility.tsv",
    output:
        volcano=report(
            "<results>/programme/volcano.png",
            caption="../../resources/captions/volcano.rst",
            category="Programme",
            labels={"figure": "genes, persister against untreated"},
        ),
        heatmap=report(
            "<results>/programme/signature.png",
            caption="../../resources/captions/signature.rst",
            category="Programme",
            labels={"figure": "signature over all profiles"},
        ),
        states=report(
            "<results>/programme/states.png",
            caption="../../resources/captions/states.rst",
            category="Programme",
            labels={"figure": "states without the models' levels"},
        ),
        treatment=report(
            "<results>/programme/treatment.png",
            caption="../../resources/captions/treatment.rst",
            category="Programme",
            labels={"figure": "likeness of treatments"},
        ),
        reversibility=report(
            "<results>/programme/reversibility.png",
            caption="../../resources/captions/reversibility.rst",
            category="Programme",
            labels={"figure": "position of relapse"},
        ),
    log:
        "<logs>/plot_expression.log",
    benchmark:
        "<benchmarks>/plot_expression.tsv"
    localrule: True
    conda:
        "../../envs/programme.yaml"
    threads: 1
    resources:
        mem_mb=scaled_memory(base=2_000, per_input_gb=20_000),
        runtime="20m",
    params:
        contrast=lookup(within=config, dpath="contrast"),
        timepoints=lookup(within=config, dpath="timepoints"),
        models=get_model_order,
        arms=get_arm_order,
        fdr=lookup(within=config, dpath="programme/fdr"),
    script:
        "../../scripts/programme/expression/plot_expression.py"


rule plot_factors:
    input:
        table="<results>/programme/tf_activity.tsv",
    output:
        figure=report(
            "<results>/programme/factors.png",
            caption="../../resources/captions/factors.rst",
            category="Programme",
            labels={"figure": "factors by their targets"},
        ),
    log:
        "<logs>/plot_factors.log",
    benchmark:
        "<benchmarks>/plot_factors.tsv"
    localrule: True
    conda:
        "../../envs/programme.yaml"
    threads: 1
    resources:
        mem_mb=scaled_memory(base=1_500, per_input_gb=5_000),
        runtime="20m",
    params:
        contrast=lookup(within=config, dpath="contrast"),
        fdr=lookup(within=config, dpath="programme/fdr"),
    script:
        "../../scripts/programme/expression/plot_factors.py"


rule plot_gene_sets:
    input:
        table="<results>/programme/gene_sets.tsv",
    output:
        figure=report(
            "<results>/programme/gene_sets.png",
            caption="../../resources/captions/gene_sets.rst",
            category="Programme",
            labels={"figure": "gene sets and published signatures"},
        ),
    log:
        "<logs>/plot_gene_sets.log",
    benchmark:
        "<benchmarks>/plot_gene_sets.tsv"
    conda:
        "../../envs/programme.yaml"
    threads: 1
    resources:
        mem_mb=scaled_memory(base=1_500, per_input_gb=5_000),
        runtime="20m",
    params:
        contrast=lookup(within=config, dpath="contrast"),
        fdr=lookup(within=config, dpath="programme/fdr"),
    script:
        "../../scripts/programme/expression/plot_gene_sets.py"

# Expression: profiles compared between timepoints, the signature, gene sets, states and treatments.
from scripts.study.stages import expression_files


rule expression:
    input:
        collect("<results>/expression/{file}", file=expression_files(study)),
    localrule: True


rule compare_expression:
    input:
        profiles="<results>/profiles/profiles.h5ad",
    output:
        expression="<results>/expression/differential_expression.tsv",
        design="<results>/expression/expression_design.tsv",
    log:
        "<logs>/compare_expression.log",
    benchmark:
        "<benchmarks>/compare_expression.tsv"
    conda:
        "../envs/programme.yaml"
    resources:
        mem_mb=memory("compare_expression", base=2_000, per_input_gb=100_000),
        runtime=minutes("compare_expression", base=minutes_by_models(least=60, per_square=0.15)),
    params:
        contrast=lookup(within=config, dpath="contrast"),
        platforms=lookup(within=config, dpath="profiles/platforms"),
    script:
        "../scripts/expression/compare_expression.py"


rule learn_signature:
    input:
        profiles="<results>/profiles/profiles.h5ad",
        expression="<results>/expression/differential_expression.tsv",
    output:
        signature="<results>/expression/signature.tsv",
        scores="<results>/expression/signature_scores.tsv",
        sizes="<results>/expression/signature_sizes.tsv",
    log:
        "<logs>/learn_signature.log",
    benchmark:
        "<benchmarks>/learn_signature.tsv"
    conda:
        "../envs/programme.yaml"
    resources:
        mem_mb=memory("learn_signature", base=2_000, per_input_gb=100_000),
        runtime=minutes("learn_signature", base=minutes_by_models(least=60, per_square=0.15)),
    params:
        contrast=lookup(within=config, dpath="contrast"),
        platforms=lookup(within=config, dpath="profiles/platforms"),
        size=lookup(within=config, dpath="expression/signature_size"),
        sizes=lookup(within=config, dpath="expression/signature_sizes"),
    script:
        "../scripts/expression/learn_signature.py"


rule score_cells:
    input:
        signature="<results>/expression/signature.tsv",
        cells=collect("<results>/cells/{sample}.h5ad", sample=study.libraries),
    output:
        cells="<results>/expression/signature_cells.parquet",
    log:
        "<logs>/score_cells.log",
    benchmark:
        "<benchmarks>/score_cells.tsv"
    conda:
        "../envs/programme.yaml"
    resources:
        mem_mb=memory("score_cells", base=3_000, per_input_gb=10_000),
        runtime=minutes("score_cells", base=120),
    params:
        samples=get_sample_rows,
        libraries=study.libraries,
        seed=lookup(within=config, dpath="statistics/seed"),
    script:
        "../scripts/expression/score_cells.py"


rule enrich_gene_sets:
    input:
        profiles="<results>/profiles/profiles.h5ad",
        expression="<results>/expression/differential_expression.tsv",
        signature="<results>/expression/signature.tsv",
        gene_sets=get_gene_lists("gene_sets"),
        signatures=get_gene_lists("signatures"),
    output:
        table="<results>/expression/gene_sets.tsv",
    log:
        "<logs>/enrich_gene_sets.log",
    benchmark:
        "<benchmarks>/enrich_gene_sets.tsv"
    conda:
        "../envs/programme.yaml"
    resources:
        mem_mb=memory("enrich_gene_sets", base=2_000, per_input_gb=50_000),
        runtime=minutes("enrich_gene_sets", base=60),
    params:
        contrast=lookup(within=config, dpath="contrast"),
        permutations=lookup(within=config, dpath="expression/permutations"),
        seed=lookup(within=config, dpath="statistics/seed"),
    script:
        "../scripts/expression/enrich_gene_sets.py"


rule cluster_profiles:
    input:
        profiles="<results>/profiles/profiles.h5ad",
    output:
        structure="<results>/expression/state_structure.tsv",
        places="<results>/expression/state_places.tsv",
    log:
        "<logs>/cluster_profiles.log",
    benchmark:
        "<benchmarks>/cluster_profiles.tsv"
    conda:
        "../envs/programme.yaml"
    resources:
        mem_mb=memory("cluster_profiles", base=2_000, per_input_gb=50_000),
        runtime=minutes("cluster_profiles", base=60),
    params:
        contrast=lookup(within=config, dpath="contrast"),
        permutations=lookup(within=config, dpath="expression/permutations"),
        seed=lookup(within=config, dpath="statistics/seed"),
    script:
        "../scripts/expression/cluster_profiles.py"


rule compare_treatments:
    input:
        profiles="<results>/profiles/profiles.h5ad",
        expression="<results>/expression/differential_expression.tsv",
        signature="<results>/expression/signature.tsv",
    output:
        treatment="<results>/expression/treatment.tsv",
        likeness="<results>/expression/treatment_correlation.tsv",
    log:
        "<logs>/compare_treatments.log",
    benchmark:
        "<benchmarks>/compare_treatments.tsv"
    localrule: True
    conda:
        "../envs/programme.yaml"
    params:
        contrast=lookup(within=config, dpath="contrast"),
        fdr=lookup(within=config, dpath="statistics/fdr"),
        permutations=lookup(within=config, dpath="expression/permutations"),
        seed=lookup(within=config, dpath="statistics/seed"),
    script:
        "../scripts/expression/compare_treatments.py"


rule plot_expression:
    input:
        profiles="<results>/profiles/profiles.h5ad",
        expression="<results>/expression/differential_expression.tsv",
        signature="<results>/expression/signature.tsv",
        structure="<results>/expression/state_structure.tsv",
        places="<results>/expression/state_places.tsv",
        treatment="<results>/expression/treatment.tsv",
        likeness="<results>/expression/treatment_correlation.tsv",
        reversibility="<results>/activity/reversibility.tsv",
    output:
        volcano=report(
            "<results>/expression/volcano.png",
            caption="../resources/captions/volcano.rst",
            category="Expression",
            labels={"figure": "genes, persister against untreated"},
        ),
        heatmap=report(
            "<results>/expression/signature.png",
            caption="../resources/captions/signature.rst",
            category="Expression",
            labels={"figure": "signature over all profiles"},
        ),
        states=report(
            "<results>/expression/states.png",
            caption="../resources/captions/states.rst",
            category="Expression",
            labels={"figure": "states without the models' levels"},
        ),
        treatment=report(
            "<results>/expression/treatment.png",
            caption="../resources/captions/treatment.rst",
            category="Expression",
            labels={"figure": "likeness of treatments"},
        ),
        reversibility=report(
            "<results>/activity/reversibility.png",
            caption="../resources/captions/reversibility.rst",
            category="Expression",
            labels={"figure": "position of relapse"},
        ),
    log:
        "<logs>/plot_expression.log",
    benchmark:
        "<benchmarks>/plot_expression.tsv"
    localrule: True
    conda:
        "../envs/programme.yaml"
    params:
        contrast=lookup(within=config, dpath="contrast"),
        timepoints=lookup(within=config, dpath="timepoints"),
        models=get_model_order,
        arms=get_arm_order,
        fdr=lookup(within=config, dpath="statistics/fdr"),
    script:
        "../scripts/expression/plot_expression.py"


rule plot_gene_sets:
    input:
        table="<results>/expression/gene_sets.tsv",
    output:
        figure=report(
            "<results>/expression/gene_sets.png",
            caption="../resources/captions/gene_sets.rst",
            category="Expression",
            labels={"figure": "gene sets and published signatures"},
        ),
    log:
        "<logs>/plot_gene_sets.log",
    benchmark:
        "<benchmarks>/plot_gene_sets.tsv"
    conda:
        "../envs/programme.yaml"
    resources:
        mem_mb=memory("plot_gene_sets", base=1_500, per_input_gb=5_000),
        runtime=minutes("plot_gene_sets", base=20),
    params:
        contrast=lookup(within=config, dpath="contrast"),
        fdr=lookup(within=config, dpath="statistics/fdr"),
    script:
        "../scripts/expression/plot_gene_sets.py"

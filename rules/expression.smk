# Expression: profiles compared between timepoints, the signature, gene sets, states and treatments.
from scripts.expression.results import targets


rule expression:
    """Genes that change with persistence, the signature, and the state of each sample (expression/)."""
    input:
        collect("<results>/expression/{file}", file=targets(study)),
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
        code=code_of("expression/compare_expression.py"),
        contrast=config["contrast"],
        fdr=config["statistics"]["fdr"],
        platforms=config["profiles"]["platforms"],
    script:
        "../scripts/expression/compare_expression.py"


rule compare_timepoints_expression:
    input:
        profiles="<results>/profiles/profiles.h5ad",
    output:
        "<results>/expression/persister_timepoints.tsv",
    log:
        "<logs>/compare_timepoints_expression.log",
    benchmark:
        "<benchmarks>/compare_timepoints_expression.tsv"
    conda:
        "../envs/programme.yaml"
    resources:
        mem_mb=memory("compare_timepoints_expression", base=2_000, per_input_gb=50_000),
        runtime=minutes("compare_timepoints_expression", base=60),
    params:
        code=code_of("expression/compare_timepoints.py"),
        contrast=config["contrast"],
        days=days_of_samples,
        fdr=config["statistics"]["fdr"],
    script:
        "../scripts/expression/compare_timepoints.py"


rule learn_signature:
    input:
        profiles="<results>/profiles/profiles.h5ad",
        expression="<results>/expression/differential_expression.tsv",
    output:
        signature="<results>/expression/signature.tsv",
        left_out="<results>/expression/signature_left_out.tsv",
        scores="<results>/expression/signature_scores.tsv",
        sizes="<results>/expression/signature_sizes.tsv",
        heatmap="<results>/expression/heatmap.tsv",
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
        code=code_of("expression/learn_signature.py"),
        contrast=config["contrast"],
        platforms=config["profiles"]["platforms"],
        size=config["expression"]["signature_size"],
        sizes=config["expression"]["signature_sizes"],
        seed=config["statistics"]["seed"],
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
        code=code_of("expression/score_cells.py"),
        samples=study.sample_rows,
        libraries=study.libraries,
        seed=config["statistics"]["seed"],
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
        code=code_of("expression/enrich_gene_sets.py"),
        contrast=config["contrast"],
        permutations=config["expression"]["permutations"],
        seed=config["statistics"]["seed"],
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
        code=code_of("expression/cluster_profiles.py"),
        contrast=config["contrast"],
        permutations=config["expression"]["permutations"],
        seed=config["statistics"]["seed"],
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
        code=code_of("expression/compare_treatments.py"),
        contrast=config["contrast"],
        fdr=config["statistics"]["fdr"],
        permutations=config["expression"]["permutations"],
        seed=config["statistics"]["seed"],
    script:
        "../scripts/expression/compare_treatments.py"


rule draw_expression:
    input:
        tables=[
            *rules.compare_expression.output,
            *rules.learn_signature.output,
            *rules.cluster_profiles.output,
            *rules.compare_treatments.output,
            *(rules.enrich_gene_sets.output if study.gene_set_files else []),
            *(rules.score_cells.output if study.libraries else []),
            *(rules.compare_timepoints_expression.output if study.further else []),
            *collect("<results>/clusters/{model}/cells.tsv.gz", model=study.models),
        ],
    output:
        report(directory("<results>/expression/figures"), **in_report("Expression")),
    log:
        "<logs>/draw_expression.log",
    localrule: True
    conda:
        "../envs/figures.yaml"
    params:
        code=code_of("expression/figures.py"),
        figures=figures_of("expression"),
        settings={
            "fdr": config["statistics"]["fdr"],
            "max_points": config["report"]["max_points"],
            "signatures": config["expression"]["signatures"],
        },
    script:
        "../scripts/expression/figures.py"

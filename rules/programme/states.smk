# States: whether profiles cluster by state, hang on the drug, and come back at relapse.


def get_activity_tables(wildcards):
    """Activity by sample: of the network's factors, and of regulons where there are libraries to score."""
    factors = ["profile_activity.tsv"] if config["programme"]["network"] else []
    regulons = ["activity.tsv"] if study.groups else []
    return collect("<results>/programme/{file}", file=factors + regulons)


rule describe_states:
    input:
        profiles="<results>/programme/profiles.h5ad",
    output:
        structure="<results>/programme/state_structure.tsv",
        places="<results>/programme/state_places.tsv",
    log:
        "<logs>/describe_states.log",
    benchmark:
        "<benchmarks>/describe_states.tsv"
    conda:
        "../../envs/programme.yaml"
    threads: 1
    resources:
        mem_mb=scaled_memory(base=2_000, per_input_gb=50_000),
        runtime="1h",
    params:
        contrast=lookup(within=config, dpath="contrast"),
        permutations=lookup(within=config, dpath="programme/permutations"),
        seed=lookup(within=config, dpath="programme/seed"),
    script:
        "../../scripts/programme/expression/describe_states.py"


rule compare_treatments:
    input:
        profiles="<results>/programme/profiles.h5ad",
        expression="<results>/programme/differential_expression.tsv",
        signature="<results>/programme/signature.tsv",
    output:
        treatment="<results>/programme/treatment.tsv",
        likeness="<results>/programme/treatment_likeness.tsv",
    log:
        "<logs>/compare_treatments.log",
    benchmark:
        "<benchmarks>/compare_treatments.tsv"
    localrule: True
    conda:
        "../../envs/programme.yaml"
    threads: 1
    resources:
        mem_mb=scaled_memory(base=2_000, per_input_gb=50_000),
        runtime="1h",
    params:
        contrast=lookup(within=config, dpath="contrast"),
        fdr=lookup(within=config, dpath="programme/fdr"),
        permutations=lookup(within=config, dpath="programme/permutations"),
        seed=lookup(within=config, dpath="programme/seed"),
    script:
        "../../scripts/programme/expression/compare_treatments.py"


rule place_relapse:
    input:
        profiles="<results>/programme/profiles.h5ad",
        expression="<results>/programme/differential_expression.tsv",
        scores="<results>/programme/signature_scores.tsv",
        activity=get_activity_tables,
    output:
        table="<results>/programme/reversibility.tsv",
    log:
        "<logs>/place_relapse.log",
    benchmark:
        "<benchmarks>/place_relapse.tsv"
    localrule: True
    conda:
        "../../envs/programme.yaml"
    threads: 1
    resources:
        mem_mb=scaled_memory(base=2_000, per_input_gb=50_000),
        runtime="30m",
    params:
        contrast=lookup(within=config, dpath="contrast"),
        fdr=lookup(within=config, dpath="programme/fdr"),
        min_log_fc=lookup(within=config, dpath="programme/min_log_fc"),
    script:
        "../../scripts/programme/expression/place_relapse.py"

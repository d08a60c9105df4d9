# Opinions: what others know. Gene sets and published signatures among the changes; the network's factors beside SCENIC's regulons.


def get_set_files(key):
    """The files of gene sets that the config names under a key."""
    return collect(
        "<results>/references/programme/{file}", file=[get_name(entry) for entry in config["programme"][key]]
    )


rule enrich_gene_sets:
    input:
        profiles="<results>/programme/profiles.h5ad",
        expression="<results>/programme/differential_expression.tsv",
        signature="<results>/programme/signature.tsv",
        gene_sets=get_set_files("gene_sets"),
        signatures=get_set_files("signatures"),
    output:
        table="<results>/programme/gene_sets.tsv",
    log:
        "<logs>/enrich_gene_sets.log",
    benchmark:
        "<benchmarks>/enrich_gene_sets.tsv"
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
        "../../scripts/programme/expression/enrich_gene_sets.py"


rule compare_opinions:
    input:
        activity="<results>/programme/tf_activity.tsv",
        network=get_network,
        effects="<results>/programme/effects.tsv" if study.groups else [],
        regulons="<results>/regulons/consensus.tsv" if study.groups else [],
        selected=collect("<results>/regulons/{group}/expression.h5ad", group=study.groups),
    output:
        table="<results>/programme/second_opinion.tsv",
    log:
        "<logs>/compare_opinions.log",
    benchmark:
        "<benchmarks>/compare_opinions.tsv"
    localrule: True
    conda:
        "../../envs/programme.yaml"
    threads: 1
    resources:
        mem_mb=scaled_memory(base=2_000, per_input_gb=1_000),
        runtime="20m",
    params:
        contrast=lookup(within=config, dpath="contrast"),
        fdr=lookup(within=config, dpath="programme/fdr"),
        models=[study.model_of_group(group) for group in study.groups],
        min_groups=lookup(within=config, dpath="regulons/min_groups"),
    script:
        "../../scripts/programme/expression/compare_opinions.py"

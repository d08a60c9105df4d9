# Regulons: SCENIC per group of cells and seed; what seeds and then groups agree on; its activity in every cell.
from scripts.regulons.results import network_changes_of

SEEDS = config["regulons"]["seeds"]
CHUNKS = config["regulons"]["chunks"]
# Settings that decide which genes a network is inferred from and whether there are enough cells; those that decide about
# modules, enriched motifs and the regulons of one run.
SELECTION = ["min_cells", "min_cell_fraction", "min_database_overlap", "rank_threshold", "auc_threshold"]
# A network per seed is pruned, or the seeds' mean network.
RUNS = ["mean"] if config["regulons"]["join"] == "mean_network" else [f"seed-{seed}" for seed in SEEDS]
MODULES = ["engine", "min_module_genes", "repressors"]
PRUNING = [*MODULES, "min_targets", "rank_threshold", "auc_threshold", "nes_threshold"]
PRUNING += ["leading_edge", "motif_similarity_fdr", "orthologous_identity"]
CONSENSUS = [
    "min_seeds",
    "min_targets",
    "motif_similarity_fdr",
    "orthologous_identity",
    "max_false_share",
    "repressors",
]


rule regulons:
    """Regulons of each model, their consensus, and their activity in every cell (regulons/consensus.tsv)."""
    input:
        "<results>/regulons/consensus.tsv" if study.groups else [],
        collect("<results>/regulons/{file}", file=["rss.tsv", "thresholds.tsv", "figures"]) if study.groups else [],
        collect("<results>/regulons/{group}/activity.parquet", group=study.groups),
        collect("<results>/regulons/{file}", file=network_changes_of(study)),
    localrule: True


rule check_databases:
    input:
        databases=user_file(collect("<results>/references/databases/{name}.feather", name=study.databases)),
        motifs=user_file("<results>/references/motifs.tbl"),
        tfs=user_file("<results>/references/tfs.txt"),
        # Links take the time of what they point to; these say what is linked.
        sources=collect("<results>/references/databases/{name}.source.json", name=study.databases)
        + collect("<results>/references/{name}.source.json", name=["motifs", "tfs"]),
        genes="<results>/references/genes.tsv" if study.sequenced else [],
    output:
        "<results>/regulons/databases.json",
    log:
        "<logs>/check_databases.log",
    benchmark:
        "<benchmarks>/check_databases.tsv"
    conda:
        "../envs/scenic.yaml"
    resources:
        mem_mb=memory("check_databases", base=1_000, per_input_gb=500),
        runtime=minutes("check_databases", base=20),
    # Fast, and what it refuses would otherwise fail after days of other work.
    priority: 100
    params:
        code=code_of("regulons/check_databases.py"),
        settings=pick(config["regulons"], *SELECTION, "motif_similarity_fdr", "orthologous_identity"),
    script:
        "../scripts/regulons/check_databases.py"


rule select_expression:
    input:
        # Of the whole model: its groups have the same genes, so that their activities can be compared.
        cells=get_cells_of_groups_model,
        databases="<results>/regulons/databases.json",
    output:
        "<results>/regulons/{group}/expression.h5ad",
    log:
        "<logs>/select_expression/{group}.log",
    benchmark:
        "<benchmarks>/select_expression/{group}.tsv"
    conda:
        "../envs/scenic.yaml"
    resources:
        mem_mb=memory("select_expression", base=2_000, per_input_gb=30_000),
        runtime=minutes("select_expression", base=60),
    priority: LONGEST_PATH
    params:
        code=code_of("regulons/select_expression.py"),
        samples=get_samples_of_group,
        settings=pick(config["regulons"], *SELECTION),
    script:
        "../scripts/regulons/select_expression.py"


rule infer_network:
    input:
        expression="<results>/regulons/{group}/expression.h5ad",
    output:
        network=temp("<results>/regulons/{group}/seed-{seed}/network/{chunk}-of-{chunks}.parquet"),
        rounds=temp("<results>/regulons/{group}/seed-{seed}/network/{chunk}-of-{chunks}.rounds.tsv"),
    log:
        "<logs>/infer_network/{group}/seed-{seed}.{chunk}-of-{chunks}.log",
    benchmark:
        "<benchmarks>/infer_network/{group}/seed-{seed}.{chunk}-of-{chunks}.tsv"
    conda:
        "../envs/scenic.yaml"
    threads: scaled_threads(most=8, mb_per_thread=1)
    resources:
        mem_mb=memory("infer_network", base=2_000, per_input_gb=20_000),
        runtime=minutes("infer_network", base=720),
    priority: LONGEST_PATH
    params:
        code=code_of("regulons/infer_network.py"),
        settings=pick(config["regulons"], "importance", "max_rounds"),
    script:
        "../scripts/regulons/infer_network.py"


rule join_networks:
    input:
        networks=collect(
            "<results>/regulons/{{group}}/seed-{{seed}}/network/{chunk}-of-{chunks}.parquet",
            chunk=range(1, CHUNKS + 1),
            chunks=CHUNKS,
        ),
        rounds=collect(
            "<results>/regulons/{{group}}/seed-{{seed}}/network/{chunk}-of-{chunks}.rounds.tsv",
            chunk=range(1, CHUNKS + 1),
            chunks=CHUNKS,
        ),
    output:
        adjacencies="<results>/regulons/{group}/seed-{seed}/adjacencies.parquet",
        rounds="<results>/regulons/{group}/seed-{seed}/rounds.tsv",
    log:
        "<logs>/join_networks/{group}/seed-{seed}.log",
    benchmark:
        "<benchmarks>/join_networks/{group}/seed-{seed}.tsv"
    conda:
        "../envs/scenic.yaml"
    resources:
        mem_mb=memory("join_networks", base=1_000, per_input_gb=20_000),
        runtime=minutes("join_networks", base=20),
    priority: LONGEST_PATH
    params:
        code=code_of("regulons/join_networks.py"),
    script:
        "../scripts/regulons/join_networks.py"


rule mean_network:
    input:
        adjacencies=collect("<results>/regulons/{{group}}/seed-{seed}/adjacencies.parquet", seed=SEEDS),
        expression="<results>/regulons/{group}/expression.h5ad",
    output:
        adjacencies="<results>/regulons/{group}/mean/adjacencies.parquet",
        seeds="<results>/regulons/{group}/mean/seeds.parquet",
    log:
        "<logs>/mean_network/{group}.log",
    benchmark:
        "<benchmarks>/mean_network/{group}.tsv"
    conda:
        "../envs/scenic.yaml"
    resources:
        mem_mb=memory("mean_network", base=2_000, per_input_gb=30_000),
        runtime=minutes("mean_network", base=60),
    priority: LONGEST_PATH
    params:
        code=code_of("regulons/mean_network.py"),
        settings=pick(config["regulons"], *MODULES),
    script:
        "../scripts/regulons/mean_network.py"


rule prune_modules:
    input:
        adjacencies="<results>/regulons/{group}/{run}/adjacencies.parquet",
        expression="<results>/regulons/{group}/expression.h5ad",
        databases=get_pruning_databases,
        motifs=get_pruning_motifs,
    output:
        motifs="<results>/regulons/{group}/{run}/motifs.parquet",
        regulons="<results>/regulons/{group}/{run}/regulons.tsv",
        candidates="<results>/regulons/{group}/{run}/candidates.parquet",
    log:
        "<logs>/prune_modules/{group}/{run}.log",
    benchmark:
        "<benchmarks>/prune_modules/{group}/{run}.tsv"
    conda:
        "../envs/scenic.yaml"
    threads: scaled_threads(most=4, mb_per_thread=2)
    resources:
        mem_mb=memory("prune_modules", base=3_000, per_input_gb=8_000),
        runtime=minutes("prune_modules", base=240),
    priority: LONGEST_PATH
    params:
        code=code_of("regulons/prune_modules.py"),
        settings=pick(config["regulons"], *PRUNING),
    script:
        "../scripts/regulons/prune_modules.py"


rule consensus_over_seeds:
    input:
        regulons=collect("<results>/regulons/{{group}}/{run}/regulons.tsv", run=RUNS),
        candidates=collect("<results>/regulons/{{group}}/{run}/candidates.parquet", run=RUNS),
        adjacencies=collect("<results>/regulons/{{group}}/{run}/adjacencies.parquet", run=RUNS),
        seeds="<results>/regulons/{group}/mean/seeds.parquet" if RUNS == ["mean"] else [],
        databases=get_pruning_databases,
        motifs=get_pruning_motifs,
        families=workflow_file("resources/factors/families.tsv"),
    output:
        regulons="<results>/regulons/{group}/regulons.tsv",
        exchanged="<results>/regulons/{group}/exchanged.tsv",
    log:
        "<logs>/consensus_over_seeds/{group}.log",
    benchmark:
        "<benchmarks>/consensus_over_seeds/{group}.tsv"
    conda:
        "../envs/scenic.yaml"
    resources:
        mem_mb=memory("consensus_over_seeds", base=2_000, per_input_gb=30_000),
        runtime=minutes("consensus_over_seeds", base=60),
    priority: LONGEST_PATH
    params:
        code=code_of("regulons/consensus_over_seeds.py"),
        settings=pick(config["regulons"], *CONSENSUS),
    script:
        "../scripts/regulons/consensus_over_seeds.py"


rule consensus_over_models:
    input:
        regulons=collect("<results>/regulons/{group}/regulons.tsv", group=study.groups),
        exchanged=collect("<results>/regulons/{group}/exchanged.tsv", group=study.groups),
    output:
        regulons="<results>/regulons/consensus.tsv",
        gmt="<results>/regulons/consensus.gmt",
        support="<results>/regulons/support.tsv",
        summary="<results>/regulons/summary.tsv",
    log:
        "<logs>/consensus_over_models.log",
    localrule: True
    conda:
        "../envs/scenic.yaml"
    params:
        code=code_of("regulons/consensus_over_models.py"),
        groups=study.groups,
        seeds=len(SEEDS),
        # What two timepoints of one patient agree on is found in one patient.
        models=[study.model_of_group(group) for group in study.groups],
        min_groups=config["regulons"]["min_groups"],
        min_targets=config["regulons"]["min_targets"],
        note=config["regulons"]["synthetic_data_note"],
    script:
        "../scripts/regulons/consensus_over_models.py"


include: "regulons/given.smk"
include: "regulons/activity.smk"
include: "regulons/network_changes.smk"


rule draw_regulons:
    input:
        tables=[
            "<results>/regulons/support.tsv",
            "<results>/regulons/summary.tsv",
            *rules.tabulate_activity.output,
            *collect("<results>/regulons/{group}/histograms.tsv", group=study.groups),
            *collect("<results>/regulons/{file}", file=network_changes_of(study)),
        ],
    output:
        report(directory("<results>/regulons/figures"), **in_report("Regulons")),
    log:
        "<logs>/draw_regulons.log",
    localrule: True
    conda:
        "../envs/figures.yaml"
    params:
        code=code_of("regulons/figures.py"),
        figures=figures_of("regulons"),
        settings={
            "seeds": len(SEEDS),
            "fdr": config["statistics"]["fdr"],
            "note": config["regulons"]["synthetic_data_note"],
        },
    script:
        "../scripts/regulons/figures.py"

# Regulons: SCENIC per group of cells and seed; what seeds and then groups agree on; its activity in every cell.
SEEDS = config["regulons"]["seeds"]
CHUNKS = config["regulons"]["chunks"]
# Settings that decide which genes a network is inferred from and whether there are enough cells; those that decide about
# modules, enriched motifs and the regulons of one run.
SELECTION = ["min_cells", "min_cell_fraction", "min_database_overlap", "rank_threshold", "auc_threshold"]
PRUNING = ["engine", "min_module_genes", "min_targets", "rank_threshold", "auc_threshold", "nes_threshold"]
PRUNING += ["leading_edge", "motif_similarity_fdr", "orthologous_identity"]


rule regulons:
    """Regulons of each model, their consensus, and their activity in every cell (regulons/consensus.tsv)."""
    input:
        "<results>/regulons/consensus.tsv" if study.groups else [],
        collect("<results>/regulons/{file}", file=["rss.tsv", "thresholds.tsv", "figures"]) if study.groups else [],
        collect("<results>/regulons/{group}/activity.parquet", group=study.groups),
    localrule: True


rule check_databases:
    input:
        databases=user_file(collect("<results>/references/databases/{name}.feather", name=study.databases)),
        motifs=user_file("<results>/references/motifs.tbl"),
        tfs=user_file("<results>/references/tfs.txt"),
        # Links take the time of what they point to; what is linked is told by these.
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
    # Cheap, and whatever it refuses would only show after days of other work.
    priority: 100
    params:
        settings=pick(config["regulons"], *SELECTION),
    script:
        "../scripts/regulons/check_databases.py"


rule select_expression:
    input:
        cells=get_cells_of_group,
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
    params:
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
    params:
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
    script:
        "../scripts/regulons/join_networks.py"


rule prune_modules:
    input:
        adjacencies="<results>/regulons/{group}/seed-{seed}/adjacencies.parquet",
        expression="<results>/regulons/{group}/expression.h5ad",
        databases=ancient(collect("<results>/references/databases/{name}.feather", name=study.databases)),
        motifs=ancient("<results>/references/motifs.tbl"),
    output:
        motifs="<results>/regulons/{group}/seed-{seed}/motifs.parquet",
        regulons="<results>/regulons/{group}/seed-{seed}/regulons.tsv",
    log:
        "<logs>/prune_modules/{group}/seed-{seed}.log",
    benchmark:
        "<benchmarks>/prune_modules/{group}/seed-{seed}.tsv"
    conda:
        "../envs/scenic.yaml"
    threads: scaled_threads(most=4, mb_per_thread=2)
    resources:
        mem_mb=memory("prune_modules", base=3_000, per_input_gb=8_000),
        runtime=minutes("prune_modules", base=240),
    params:
        settings=pick(config["regulons"], *PRUNING),
    script:
        "../scripts/regulons/prune_modules.py"


rule consensus_over_seeds:
    input:
        regulons=collect("<results>/regulons/{{group}}/seed-{seed}/regulons.tsv", seed=SEEDS),
    output:
        "<results>/regulons/{group}/regulons.tsv",
    log:
        "<logs>/consensus_over_seeds/{group}.log",
    localrule: True
    conda:
        "../envs/scenic.yaml"
    params:
        min_seeds=lookup(within=config, dpath="regulons/min_seeds"),
        min_targets=lookup(within=config, dpath="regulons/min_targets"),
    script:
        "../scripts/regulons/consensus_over_seeds.py"


rule consensus_over_models:
    input:
        regulons=collect("<results>/regulons/{group}/regulons.tsv", group=study.groups),
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
        groups=study.groups,
        seeds=len(SEEDS),
        # What two timepoints of one patient agree on is found in one patient.
        models=[study.model_of_group(group) for group in study.groups],
        min_groups=lookup(within=config, dpath="regulons/min_groups"),
        min_targets=lookup(within=config, dpath="regulons/min_targets"),
        note=lookup(within=config, dpath="regulons/synthetic_data_note"),
    script:
        "../scripts/regulons/consensus_over_models.py"


rule score_activity:
    input:
        expression="<results>/regulons/{group}/expression.h5ad",
        regulons="<results>/regulons/consensus.tsv",
    output:
        activity="<results>/regulons/{group}/activity.parquet",
    log:
        "<logs>/score_activity/{group}.log",
    benchmark:
        "<benchmarks>/score_activity/{group}.tsv"
    conda:
        "../envs/scenic.yaml"
    threads: scaled_threads(most=4, mb_per_thread=2)
    resources:
        mem_mb=memory("score_activity", base=2_000, per_input_gb=20_000),
        runtime=minutes("score_activity", base=120),
    params:
        engine=lookup(within=config, dpath="regulons/engine"),
        auc_threshold=lookup(within=config, dpath="regulons/activity_auc_threshold"),
        seed=SEEDS[0],
    script:
        "../scripts/regulons/score_activity.py"


rule describe_activity:
    input:
        activity="<results>/regulons/{group}/activity.parquet",
        clusters=get_clusters_of_group,
    output:
        rss="<results>/regulons/{group}/rss.tsv",
        thresholds="<results>/regulons/{group}/thresholds.tsv",
        samples="<results>/regulons/{group}/samples.tsv",
        histograms="<results>/regulons/{group}/histograms.tsv",
    log:
        "<logs>/describe_activity/{group}.log",
    benchmark:
        "<benchmarks>/describe_activity/{group}.tsv"
    conda:
        "../envs/scenic.yaml"
    resources:
        mem_mb=memory("describe_activity", base=1_500, per_input_gb=20_000),
        runtime=minutes("describe_activity", base=120),
    params:
        seed=SEEDS[0],
    script:
        "../scripts/regulons/describe_activity.py"


rule tabulate_activity:
    input:
        rss=collect("<results>/regulons/{group}/rss.tsv", group=study.groups),
        thresholds=collect("<results>/regulons/{group}/thresholds.tsv", group=study.groups),
        samples=collect("<results>/regulons/{group}/samples.tsv", group=study.groups),
    output:
        rss="<results>/regulons/rss.tsv",
        thresholds="<results>/regulons/thresholds.tsv",
        samples="<results>/regulons/samples.tsv",
        standardised="<results>/regulons/standardised.tsv",
        variability="<results>/regulons/variability.tsv",
    log:
        "<logs>/tabulate_activity.log",
    localrule: True
    conda:
        "../envs/scenic.yaml"
    script:
        "../scripts/regulons/tabulate_activity.py"


rule draw_regulons:
    input:
        tables=[
            rules.consensus_over_models.output.support,
            rules.consensus_over_models.output.summary,
            *rules.tabulate_activity.output,
            *collect("<results>/regulons/{group}/histograms.tsv", group=study.groups),
        ],
    output:
        report(directory("<results>/regulons/figures"), **in_report("Regulons")),
    log:
        "<logs>/draw_regulons.log",
    localrule: True
    conda:
        "../envs/figures.yaml"
    params:
        figures=figures_of("regulons"),
        settings={"seeds": len(SEEDS), "note": lookup(within=config, dpath="regulons/synthetic_data_note")},
    script:
        "../scripts/regulons/figures.py"

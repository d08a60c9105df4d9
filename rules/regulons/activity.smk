# Activity of the consensus regulons in cells, and its tables and figures.


rule scale_genes:
    input:
        collect("<results>/regulons/{group}/expression.h5ad", group=study.groups),
    output:
        "<results>/regulons/genes.tsv",
    log:
        "<logs>/scale_genes.log",
    localrule: True
    conda:
        "../../envs/scenic.yaml"
    params:
        code=code_of("regulons/scale_genes.py"),
    script:
        "../../scripts/regulons/scale_genes.py"


rule score_activity:
    input:
        expression="<results>/regulons/{group}/expression.h5ad",
        regulons="<results>/regulons/consensus.tsv",
        scales="<results>/regulons/genes.tsv",
    output:
        activity="<results>/regulons/{group}/activity.parquet",
    log:
        "<logs>/score_activity/{group}.log",
    benchmark:
        "<benchmarks>/score_activity/{group}.tsv"
    conda:
        "../../envs/scenic.yaml"
    threads: scaled_threads(most=4, mb_per_thread=2)
    resources:
        mem_mb=memory("score_activity", base=2_000, per_input_gb=20_000),
        runtime=minutes("score_activity", base=120),
    params:
        code=code_of("regulons/score_activity.py"),
        settings=pick(config["regulons"], *ACTIVITY),
        seed=config["regulons"]["seeds"][0],
    script:
        "../../scripts/regulons/score_activity.py"


rule describe_activity:
    input:
        activity="<results>/regulons/{group}/activity.parquet",
        clusters=get_clusters_of_group,
        expression="<results>/regulons/{group}/expression.h5ad",
        regulons="<results>/regulons/consensus.tsv",
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
        "../../envs/scenic.yaml"
    resources:
        mem_mb=memory("describe_activity", base=1_500, per_input_gb=20_000),
        runtime=minutes("describe_activity", base=120),
    params:
        code=code_of("regulons/describe_activity.py"),
        seed=config["regulons"]["seeds"][0],
    script:
        "../../scripts/regulons/describe_activity.py"


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
        "../../envs/scenic.yaml"
    params:
        code=code_of("regulons/tabulate_activity.py"),
    script:
        "../../scripts/regulons/tabulate_activity.py"

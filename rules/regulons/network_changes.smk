# What changed in a model's network: both timepoints' networks, against those of cells exchanged between the timepoints.
PARTS = config["regulons"]["chunks"]


rule exchange_timepoints:
    input:
        expression=get_expression_of_model,
    output:
        temp("<results>/regulons/exchanged/{model}/{chunk}-of-{chunks}.parquet"),
    log:
        "<logs>/exchange_timepoints/{model}.{chunk}-of-{chunks}.log",
    benchmark:
        "<benchmarks>/exchange_timepoints/{model}.{chunk}-of-{chunks}.tsv"
    conda:
        "../../envs/scenic.yaml"
    threads: scaled_threads(most=8, mb_per_thread=1)
    resources:
        mem_mb=memory("exchange_timepoints", base=3_000, per_input_gb=30_000),
        runtime=minutes("exchange_timepoints", base=1_440),
    params:
        code=code_of("regulons/exchange_timepoints.py"),
        settings=pick(config["regulons"], "importance", "max_rounds"),
        exchanges=config["regulons"]["compare_timepoints"],
        timepoints=[config["contrast"]["baseline"], config["contrast"]["persister"]],
        seed=config["regulons"]["seeds"][0],
    script:
        "../../scripts/regulons/exchange_timepoints.py"


rule tabulate_network_changes:
    input:
        collect(
            "<results>/regulons/exchanged/{model}/{chunk}-of-{chunks}.parquet",
            model=study.models_with_both,
            chunk=range(1, PARTS + 1),
            chunks=PARTS,
        ),
    output:
        edges="<results>/regulons/network_changes.tsv",
        factors="<results>/regulons/network_change_factors.tsv",
    log:
        "<logs>/tabulate_network_changes.log",
    benchmark:
        "<benchmarks>/tabulate_network_changes.tsv"
    conda:
        "../../envs/scenic.yaml"
    resources:
        mem_mb=memory("tabulate_network_changes", base=2_000, per_input_gb=8_000),
        runtime=minutes("tabulate_network_changes", base=60),
    params:
        code=code_of("regulons/tabulate_network_changes.py"),
        models=study.models_with_both,
        chunks=PARTS,
        fdr=config["statistics"]["fdr"],
    script:
        "../../scripts/regulons/tabulate_network_changes.py"

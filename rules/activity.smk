# Activity: of regulons by sample and of a network's factors by profile, compared between timepoints within each patient.
from scripts.activity.results import targets


rule activity:
    """Change in activity of each factor, by model and over models (activity/)."""
    input:
        collect("<results>/activity/{file}", file=targets(study)),
    localrule: True


rule summarise_activity:
    input:
        samples="<results>/profiles/samples.tsv",
        activity=collect("<results>/regulons/{group}/activity.parquet", group=study.groups),
    output:
        activity="<results>/activity/activity.tsv",
    log:
        "<logs>/summarise_activity.log",
    benchmark:
        "<benchmarks>/summarise_activity.tsv"
    conda:
        "../envs/programme.yaml"
    resources:
        mem_mb=memory("summarise_activity", base=2_000, per_input_gb=1_000),
        runtime=minutes("summarise_activity", base=60),
    params:
        code=code_of("activity/summarise_activity.py"),
    script:
        "../scripts/activity/summarise_activity.py"


rule score_at_equal_depth:
    input:
        expression="<results>/regulons/{group}/expression.h5ad",
        regulons="<results>/regulons/consensus.tsv",
        scales="<results>/regulons/genes.tsv",
        pseudobulk="<results>/profiles/pseudobulk.h5ad",
    output:
        "<results>/activity/depth/{group}.tsv",
    log:
        "<logs>/score_at_equal_depth/{group}.log",
    benchmark:
        "<benchmarks>/score_at_equal_depth/{group}.tsv"
    conda:
        "../envs/scenic.yaml"
    threads: scaled_threads(most=4, mb_per_thread=2)
    resources:
        mem_mb=memory("score_at_equal_depth", base=2_000, per_input_gb=20_000),
        runtime=minutes("score_at_equal_depth", base=120),
    params:
        code=code_of("activity/score_at_equal_depth.py"),
        contrast=config["contrast"],
        settings=pick(config["regulons"], *ACTIVITY),
        seed=config["regulons"]["seeds"][0],
    script:
        "../scripts/activity/score_at_equal_depth.py"


rule join_at_equal_depth:
    input:
        collect("<results>/activity/depth/{group}.tsv", group=study.groups),
    output:
        "<results>/activity/depth_matched.tsv",
    log:
        "<logs>/join_at_equal_depth.log",
    localrule: True
    conda:
        "../envs/evidence.yaml"
    params:
        code=code_of("activity/join_at_equal_depth.py"),
    script:
        "../scripts/activity/join_at_equal_depth.py"


rule infer_activity:
    input:
        profiles="<results>/profiles/profiles.h5ad",
        expression="<results>/expression/differential_expression.tsv",
        network=get_network,
    output:
        activity="<results>/activity/tf_activity.tsv",
        profiles="<results>/activity/profile_activity.tsv",
    log:
        "<logs>/infer_activity.log",
    benchmark:
        "<benchmarks>/infer_activity.tsv"
    conda:
        "../envs/programme.yaml"
    resources:
        mem_mb=memory("infer_activity", base=2_000, per_input_gb=50_000),
        runtime=minutes("infer_activity", base=60),
    params:
        code=code_of("activity/infer_activity.py"),
        contrast=config["contrast"],
    script:
        "../scripts/activity/infer_activity.py"


rule compare_activity:
    input:
        activity=get_mean_activity,
        samples="<results>/profiles/samples.tsv" if study.groups else [],
        pseudobulk="<results>/profiles/pseudobulk.h5ad" if study.groups else [],
        profiles=[] if study.groups else "<results>/profiles/profiles.h5ad",
    output:
        differences="<results>/activity/differences.tsv",
        effects="<results>/activity/effects.tsv",
        design="<results>/activity/design.tsv",
        permutations="<results>/activity/permutations.tsv",
    log:
        "<logs>/compare_activity.log",
    benchmark:
        "<benchmarks>/compare_activity.tsv"
    localrule: True
    conda:
        "../envs/evidence.yaml"
    params:
        code=code_of("activity/compare_activity.py"),
        contrast=config["contrast"],
        groups=study.group_of_sample,
        days=days_of_samples,
        fdr=config["statistics"]["fdr"],
        seed=config["statistics"]["seed"],
    script:
        "../scripts/activity/compare_activity.py"


rule compare_timepoints_activity:
    input:
        activity=get_mean_activity,
        samples="<results>/profiles/samples.tsv" if study.groups else [],
        effects="<results>/activity/effects.tsv",
    output:
        "<results>/activity/persister_timepoints.tsv",
    log:
        "<logs>/compare_timepoints_activity.log",
    localrule: True
    conda:
        "../envs/evidence.yaml"
    params:
        code=code_of("activity/compare_timepoints.py"),
        contrast=config["contrast"],
        days=days_of_samples,
        fdr=config["statistics"]["fdr"],
    script:
        "../scripts/activity/compare_timepoints.py"


rule compare_networks:
    input:
        activity="<results>/activity/tf_activity.tsv",
        network=get_network,
        effects="<results>/activity/effects.tsv" if study.groups else [],
        regulons="<results>/regulons/consensus.tsv" if study.groups else [],
        selected=collect("<results>/regulons/{group}/expression.h5ad", group=study.groups),
    output:
        table="<results>/activity/network_comparison.tsv",
    log:
        "<logs>/compare_networks.log",
    benchmark:
        "<benchmarks>/compare_networks.tsv"
    localrule: True
    conda:
        "../envs/programme.yaml"
    params:
        code=code_of("activity/compare_networks.py"),
        contrast=config["contrast"],
        fdr=config["statistics"]["fdr"],
        models=[study.model_of_group(group) for group in study.groups],
        min_groups=config["regulons"]["min_groups"],
    script:
        "../scripts/activity/compare_networks.py"


rule estimate_reversibility:
    input:
        profiles="<results>/profiles/profiles.h5ad",
        scores="<results>/expression/signature_scores.tsv",
        activity=get_activity_tables,
    output:
        table="<results>/activity/reversibility.tsv",
        bins="<results>/activity/reversibility_bins.tsv",
    log:
        "<logs>/estimate_reversibility.log",
    benchmark:
        "<benchmarks>/estimate_reversibility.tsv"
    localrule: True
    conda:
        "../envs/programme.yaml"
    params:
        code=code_of("activity/estimate_reversibility.py"),
        contrast=config["contrast"],
        fdr=config["statistics"]["fdr"],
        min_log_fc=config["activity"]["min_log_fc"],
    script:
        "../scripts/activity/estimate_reversibility.py"


rule draw_activity:
    input:
        tables=[
            *rules.estimate_reversibility.output,
            *(rules.compare_activity.output if study.has_activity else []),
            *(rules.compare_timepoints_activity.output if study.has_activity and study.further else []),
            *([rules.infer_activity.output.activity] if study.network_files else []),
            *(rules.compare_networks.output if study.network_files else []),
        ],
    output:
        report(directory("<results>/activity/figures"), **in_report("Activity")),
    log:
        "<logs>/draw_activity.log",
    localrule: True
    conda:
        "../envs/figures.yaml"
    params:
        code=code_of("activity/figures.py"),
        figures=figures_of("activity"),
    script:
        "../scripts/activity/figures.py"

# Switches: the evidence on each regulon, combined and ranked.
from scripts.switches.results import targets


rule switches:
    """Candidate switches of persistence with a verdict and each kind of evidence (switches/switches.tsv)."""
    input:
        collect("<results>/switches/{file}", file=targets(study)),
    localrule: True


rule resample_thresholds:
    input:
        activity="<results>/regulons/{group}/activity.parquet",
        thresholds="<results>/regulons/{group}/thresholds.tsv",
    output:
        "<results>/switches/thresholds/{group}.tsv",
    log:
        "<logs>/resample_thresholds/{group}.log",
    benchmark:
        "<benchmarks>/resample_thresholds/{group}.tsv"
    conda:
        "../envs/scenic.yaml"
    resources:
        mem_mb=memory("resample_thresholds", base=1_500, per_input_gb=20_000),
        runtime=minutes("resample_thresholds", base=240),
    params:
        code=code_of("switches/evidence/resample_thresholds.py"),
        resamples=config["switches"]["threshold_resamples"],
        seed=config["statistics"]["seed"],
    script:
        "../scripts/switches/evidence/resample_thresholds.py"


rule simulate_perturbations:
    input:
        cells=get_cells_of_model,
        profiles=[] if study.groups else "<results>/profiles/profiles.h5ad",
        regulons=get_network_of_study,
        signature="<results>/expression/signature.tsv",
    output:
        changes="<results>/switches/perturbation/{model}.tsv",
    log:
        "<logs>/simulate_perturbations/{model}.log",
    benchmark:
        "<benchmarks>/simulate_perturbations/{model}.tsv"
    conda:
        "../envs/evidence.yaml"
    resources:
        mem_mb=memory("simulate_perturbations", base=3_000, per_input_gb=20_000),
        runtime=minutes("simulate_perturbations", base=120),
    params:
        code=code_of("switches/evidence/simulate_perturbations.py"),
        contrast=config["contrast"],
        min_cell_fraction=config["regulons"]["min_cell_fraction"],
        alpha=config["switches"]["perturbation"]["alpha"],
        steps=config["switches"]["perturbation"]["steps"],
    script:
        "../scripts/switches/evidence/simulate_perturbations.py"


rule join_perturbations:
    input:
        changes=collect("<results>/switches/perturbation/{model}.tsv", model=study.compared_models),
    output:
        perturbation="<results>/switches/perturbation.tsv",
        shares="<results>/switches/perturbation_shares.tsv",
    log:
        "<logs>/join_perturbations.log",
    localrule: True
    conda:
        "../envs/evidence.yaml"
    params:
        code=code_of("switches/evidence/join_perturbations.py"),
    script:
        "../scripts/switches/evidence/join_perturbations.py"


rule judge_simulation:
    input:
        simulated="<results>/switches/perturbation.tsv",
        perturbations="<results>/perturbations/perturbations.tsv",
    output:
        "<results>/switches/perturbation_judged.tsv",
    log:
        "<logs>/judge_simulation.log",
    localrule: True
    conda:
        "../envs/evidence.yaml"
    params:
        code=code_of("switches/evidence/judge_simulation.py"),
    script:
        "../scripts/switches/evidence/judge_simulation.py"


rule score_families:
    input:
        expression="<results>/regulons/{group}/expression.h5ad",
        regulons="<results>/regulons/consensus.tsv",
        scales="<results>/regulons/genes.tsv",
        families=workflow_file("resources/factors/families.tsv"),
    output:
        "<results>/switches/families/{group}.parquet",
    log:
        "<logs>/score_families/{group}.log",
    benchmark:
        "<benchmarks>/score_families/{group}.tsv"
    conda:
        "../envs/scenic.yaml"
    threads: scaled_threads(most=2, mb_per_thread=2)
    resources:
        mem_mb=memory("score_families", base=2_000, per_input_gb=20_000),
        runtime=minutes("score_families", base=60),
    params:
        code=code_of("switches/evidence/score_families.py"),
        settings=pick(config["regulons"], *ACTIVITY),
        seed=config["statistics"]["seed"],
    script:
        "../scripts/switches/evidence/score_families.py"


rule compare_families:
    input:
        activity=collect("<results>/switches/families/{group}.parquet", group=study.groups),
        profile_activity=[] if study.groups else "<results>/activity/profile_activity.tsv",
        samples="<results>/profiles/samples.tsv" if study.groups else [],
        effects="<results>/activity/effects.tsv",
        regulons=get_network_of_study,
        families=workflow_file("resources/factors/families.tsv"),
    output:
        "<results>/switches/families.tsv",
    log:
        "<logs>/compare_families.log",
    localrule: True
    conda:
        "../envs/evidence.yaml"
    params:
        code=code_of("switches/evidence/compare_families.py"),
        contrast=config["contrast"],
    script:
        "../scripts/switches/evidence/compare_families.py"


rule rank_switches:
    input:
        effects="<results>/activity/effects.tsv",
        differences="<results>/activity/differences.tsv",
        design="<results>/activity/design.tsv",
        permutations="<results>/activity/permutations.tsv",
        equal_depth="<results>/activity/depth_matched.tsv" if study.groups else [],
        pseudobulk="<results>/profiles/pseudobulk.h5ad" if study.groups else [],
        profiles=[] if study.groups else "<results>/profiles/profiles.h5ad",
        regulons=get_network_of_study,
        shares="<results>/regulons/samples.tsv" if study.groups else [],
        stability=collect("<results>/switches/thresholds/{group}.tsv", group=study.groups),
        knockouts="<results>/switches/perturbation.tsv",
        chromatin="<results>/chromatin/support.tsv" if study.has_chromatin else [],
        signature="<results>/expression/signature.tsv",
        families=workflow_file("resources/factors/families.tsv"),
        tested="<results>/perturbations/factors.tsv" if study.has_perturbations else [],
        judged="<results>/switches/perturbation_judged.tsv" if study.has_perturbations else [],
        genesets=collect(workflow_file("resources/genesets/{name}.tsv"), name=study.programme_sets),
    output:
        switches=report(
            "<results>/switches/switches.tsv",
            caption="../resources/captions/switches_table.rst",
            category="Switches",
            labels={"figure": "switches, all regulons (table)"},
        ),
        overlaps="<results>/switches/overlaps.tsv",
        models="<results>/switches/by_model.tsv",
        evidence="<results>/switches/evidence.tsv",
    log:
        "<logs>/rank_switches.log",
    benchmark:
        "<benchmarks>/rank_switches.tsv"
    localrule: True
    conda:
        "../envs/evidence.yaml"
    params:
        code=code_of("switches/rank_switches.py"),
        contrast=config["contrast"],
        groups=study.group_of_sample,
        fdr=config["statistics"]["fdr"],
        min_effect=config["switches"]["min_effect"],
        min_cell_fraction=config["regulons"]["min_cell_fraction"],
        seed=config["statistics"]["seed"],
    script:
        "../scripts/switches/rank_switches.py"


rule draw_switches:
    input:
        tables=[
            *rules.rank_switches.output,
            *rules.join_perturbations.output,
            *rules.compare_families.output,
            *(rules.judge_simulation.output if study.has_perturbations else []),
            "<results>/activity/differences.tsv",
            "<results>/activity/activity.tsv" if study.groups else "<results>/activity/profile_activity.tsv",
        ],
    output:
        report(directory("<results>/switches/figures"), **in_report("Switches")),
    log:
        "<logs>/draw_switches.log",
    localrule: True
    conda:
        "../envs/figures.yaml"
    params:
        code=code_of("switches/figures.py"),
        figures=figures_of("switches"),
        settings={"fdr": config["statistics"]["fdr"], "min_effect": config["switches"]["min_effect"]},
    script:
        "../scripts/switches/figures.py"

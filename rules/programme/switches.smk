# Switches: differences of regulon activity within each patient, the evidence on each regulon, ranked.


def get_mean_activity(wildcards):
    """Activity by sample: means over cells, or, in a study of profiles alone, that of factors by profile."""
    return "<results>/programme/activity.tsv" if study.groups else "<results>/programme/profile_activity.tsv"


rule compare_activity:
    input:
        activity=get_mean_activity,
        samples="<results>/programme/samples.tsv" if study.groups else [],
    output:
        differences="<results>/programme/differences.tsv",
        effects="<results>/programme/effects.tsv",
        design="<results>/programme/design.tsv",
        permutations="<results>/programme/permutations.tsv",
    log:
        "<logs>/compare_activity.log",
    benchmark:
        "<benchmarks>/compare_activity.tsv"
    localrule: True
    conda:
        "../../envs/evidence.yaml"
    threads: 1
    resources:
        mem_mb=scaled_memory(base=1_500, per_input_gb=10_000),
        runtime="30m",
    params:
        contrast=lookup(within=config, dpath="contrast"),
        groups=get_group_of_samples,
        fdr=lookup(within=config, dpath="programme/fdr"),
        seed=lookup(within=config, dpath="programme/seed"),
    script:
        "../../scripts/programme/compare_activity.py"


rule rank_switches:
    input:
        effects="<results>/programme/effects.tsv",
        differences="<results>/programme/differences.tsv",
        design="<results>/programme/design.tsv",
        permutations="<results>/programme/permutations.tsv",
        pseudobulk="<results>/programme/pseudobulk.h5ad" if study.groups else [],
        profiles=[] if study.groups else "<results>/programme/profiles.h5ad",
        regulons=get_network_of_study,
        shares="<results>/regulons/samples.tsv" if study.groups else [],
        stability=collect("<results>/programme/thresholds/{group}.tsv", group=study.groups),
        knockouts="<results>/programme/knockout.tsv",
        signature="<results>/programme/signature.tsv",
        families=own("resources/factors/families.tsv"),
        genesets=collect(own("resources/genesets/{name}.tsv"), name=["cell_cycle", "dissociation", "hypoxia"]),
    output:
        switches=report(
            "<results>/programme/switches.tsv",
            caption="../../resources/captions/switches_table.rst",
            category="Programme",
            labels={"figure": "switches, all regulons (table)"},
        ),
        overlaps="<results>/programme/overlaps.tsv",
        models="<results>/programme/by_model.tsv",
        columns="<results>/programme/columns.tsv",
    log:
        "<logs>/rank_switches.log",
    benchmark:
        "<benchmarks>/rank_switches.tsv"
    localrule: True
    conda:
        "../../envs/evidence.yaml"
    threads: 1
    resources:
        mem_mb=scaled_memory(base=1_500, per_input_gb=20_000),
        runtime="30m",
    params:
        contrast=lookup(within=config, dpath="contrast"),
        groups=get_group_of_samples,
        fdr=lookup(within=config, dpath="programme/fdr"),
        min_effect=lookup(within=config, dpath="programme/min_effect"),
        min_cell_fraction=lookup(within=config, dpath="regulons/min_cell_fraction"),
        seed=lookup(within=config, dpath="programme/seed"),
    script:
        "../../scripts/programme/rank_switches.py"


rule plot_switches:
    input:
        switches="<results>/programme/switches.tsv",
        differences="<results>/programme/differences.tsv",
        models="<results>/programme/by_model.tsv",
        activity=get_mean_activity,
    output:
        forest=report(
            "<results>/programme/switches.png",
            caption="../../resources/captions/switches.rst",
            category="Programme",
            labels={"figure": "switches by patient"},
        ),
        timecourse=report(
            "<results>/programme/timecourse.png",
            caption="../../resources/captions/timecourse.rst",
            category="Programme",
            labels={"figure": "activity by timepoint"},
        ),
        scatter=report(
            "<results>/programme/mrna.png",
            caption="../../resources/captions/mrna.rst",
            category="Programme",
            labels={"figure": "activity against mRNA"},
        ),
    log:
        "<logs>/plot_switches.log",
    benchmark:
        "<benchmarks>/plot_switches.tsv"
    localrule: True
    conda:
        "../../envs/evidence.yaml"
    threads: 1
    resources:
        mem_mb=scaled_memory(base=1_500, per_input_gb=5_000),
        runtime="20m",
    params:
        contrast=lookup(within=config, dpath="contrast"),
        timepoints=lookup(within=config, dpath="timepoints"),
        models=get_model_order,
        arms=get_arm_order,
        fdr=lookup(within=config, dpath="programme/fdr"),
        min_effect=lookup(within=config, dpath="programme/min_effect"),
        unit="AUC" if study.groups else "score",
        spread="sd between cells" if study.groups else "sd between replicates",
        mrna="pseudobulk" if study.groups else "profiles",
        note=lookup(within=config, dpath="regulons/standin_note"),
    script:
        "../../scripts/programme/plot_switches.py"

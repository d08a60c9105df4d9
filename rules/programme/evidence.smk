# Evidence: how firm on and off are, what silencing a factor does in persisters, families of factors; all side by side.


def get_network_of_study(wildcards):
    """The regulons; in a study of profiles alone, the network whose factors are scored in profiles."""
    if study.groups:
        return "<results>/regulons/consensus.tsv"
    return given(f"<results>/references/programme/{get_name(networks[0])}")


def get_cells_of_model(wildcards):
    """The cells of a model's libraries; nothing in a study of profiles alone."""
    return collect("<results>/cells/{sample}.h5ad", sample=study.samples_of(wildcards.model)) if study.groups else []


# Models whose factors are silenced: those with libraries, or with profiles where there are no libraries.
silenced = study.models if study.groups else list(dict.fromkeys(study.samples.loc[study.profiles, "model"]))


rule resample_thresholds:
    input:
        activity="<results>/regulons/{group}/activity.parquet",
        thresholds="<results>/regulons/{group}/thresholds.tsv",
    output:
        "<results>/programme/thresholds/{group}.tsv",
    log:
        "<logs>/resample_thresholds/{group}.log",
    benchmark:
        "<benchmarks>/resample_thresholds/{group}.tsv"
    conda:
        "../../envs/scenic.yaml"
    threads: 1
    resources:
        mem_mb=scaled_memory(base=1_500, per_input_gb=20_000),
        runtime="4h",
    params:
        resamples=lookup(within=config, dpath="programme/threshold_resamples"),
        seed=lookup(within=config, dpath="programme/seed"),
    script:
        "../../scripts/programme/evidence/resample_thresholds.py"


rule silence_factors:
    input:
        cells=get_cells_of_model,
        profiles=[] if study.groups else "<results>/programme/profiles.h5ad",
        regulons=get_network_of_study,
        signature="<results>/programme/signature.tsv",
    output:
        changes="<results>/programme/knockout/{model}.tsv",
        null="<results>/programme/knockout/{model}.null.parquet",
    log:
        "<logs>/silence_factors/{model}.log",
    benchmark:
        "<benchmarks>/silence_factors/{model}.tsv"
    conda:
        "../../envs/evidence.yaml"
    threads: 1
    resources:
        mem_mb=scaled_memory(base=3_000, per_input_gb=20_000),
        runtime="2h",
    params:
        contrast=lookup(within=config, dpath="contrast"),
        min_cell_fraction=lookup(within=config, dpath="regulons/min_cell_fraction"),
        alpha=lookup(within=config, dpath="programme/knockout/alpha"),
        steps=lookup(within=config, dpath="programme/knockout/steps"),
        networks=lookup(within=config, dpath="programme/knockout/networks"),
        seed=lookup(within=config, dpath="programme/seed"),
    script:
        "../../scripts/programme/evidence/silence_factors.py"


rule join_knockouts:
    input:
        changes=collect("<results>/programme/knockout/{model}.tsv", model=silenced),
        nulls=collect("<results>/programme/knockout/{model}.null.parquet", model=silenced),
    output:
        "<results>/programme/knockout.tsv",
    log:
        "<logs>/join_knockouts.log",
    localrule: True
    conda:
        "../../envs/evidence.yaml"
    script:
        "../../scripts/programme/evidence/join_knockouts.py"


rule score_families:
    input:
        expression="<results>/regulons/{group}/expression.h5ad",
        regulons="<results>/regulons/consensus.tsv",
        families=own("resources/factors/families.tsv"),
    output:
        "<results>/programme/families/{group}.parquet",
    log:
        "<logs>/score_families/{group}.log",
    benchmark:
        "<benchmarks>/score_families/{group}.tsv"
    conda:
        "../../envs/scenic.yaml"
    threads: 2
    resources:
        mem_mb=scaled_memory(base=2_000, per_input_gb=20_000),
        runtime="1h",
    params:
        auc_threshold=lookup(within=config, dpath="regulons/activity_auc_threshold"),
        seed=lookup(within=config, dpath="programme/seed"),
    script:
        "../../scripts/programme/evidence/score_families.py"


rule compare_families:
    input:
        activity=collect("<results>/programme/families/{group}.parquet", group=study.groups),
        profile_activity=[] if study.groups else "<results>/programme/profile_activity.tsv",
        samples="<results>/programme/samples.tsv" if study.groups else [],
        effects="<results>/programme/effects.tsv",
        regulons=get_network_of_study,
        families=own("resources/factors/families.tsv"),
    output:
        "<results>/programme/families.tsv",
    log:
        "<logs>/compare_families.log",
    localrule: True
    conda:
        "../../envs/evidence.yaml"
    params:
        contrast=lookup(within=config, dpath="contrast"),
        seed=lookup(within=config, dpath="programme/seed"),
    script:
        "../../scripts/programme/evidence/compare_families.py"


rule plot_evidence:
    input:
        switches="<results>/programme/switches.tsv",
        knockouts="<results>/programme/knockout.tsv",
        families="<results>/programme/families.tsv",
    output:
        tiles=report(
            "<results>/programme/evidence.png",
            caption="../../resources/captions/evidence.rst",
            category="Programme",
            labels={"figure": "evidence on switches"},
        ),
        knockouts=report(
            "<results>/programme/knockout.png",
            caption="../../resources/captions/knockout.rst",
            category="Programme",
            labels={"figure": "factors silenced"},
        ),
        families=report(
            "<results>/programme/families.png",
            caption="../../resources/captions/families.rst",
            category="Programme",
            labels={"figure": "families of factors"},
        ),
    log:
        "<logs>/plot_evidence.log",
    benchmark:
        "<benchmarks>/plot_evidence.tsv"
    localrule: True
    conda:
        "../../envs/evidence.yaml"
    threads: 1
    resources:
        mem_mb=scaled_memory(base=1_500, per_input_gb=5_000),
        runtime="20m",
    params:
        contrast=lookup(within=config, dpath="contrast"),
        models=get_model_order,
        unit="sd between cells" if study.groups else "sd over all samples",
        members=bool(study.groups),
        note=lookup(within=config, dpath="regulons/standin_note"),
    script:
        "../../scripts/programme/evidence/plot_evidence.py"

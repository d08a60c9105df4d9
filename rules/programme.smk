# Programme: activity and expression by sample, differences within each patient, what the patients share, ranked as switches.


def get_sample_rows(wildcards):
    """What the samples sheet says about all samples."""
    columns = ["model", "timepoint", "arm", "replicate", "assay"]
    return study.samples[columns].reset_index(names="sample").to_dict("records")


def get_group_of_samples(wildcards):
    """The group that each library's activity is scored in."""
    return {sample: group for group in study.groups for sample in study.samples_of_group(group)}


def get_arm_order(wildcards):
    """All arms, in the order of the config."""
    return [entry["arm"] for entry in config["arms"]]


def get_model_order(wildcards):
    """All models, in the order of the config: those without libraries keep their colour too."""
    return [entry["model"] for entry in config["models"]]


def minutes_by_models(least, per_square):
    """Minutes that grow with the square of the number of models: each is left out in turn, of ever larger fits."""
    return round(least + per_square * study.samples["model"].nunique() ** 2)


def get_expression_results(wildcards):
    """What the stage says about expression profiles, whether they are pseudobulk of libraries, bulk or arrays."""
    files = ["profile_losses.tsv", "expression_design.tsv", "signature_scores.tsv", "signature_sizes.tsv"]
    files += ["state_structure.tsv", "treatment.tsv", "reversibility.tsv"]
    files += [f"{figure}.png" for figure in ("volcano", "signature", "states", "treatment", "reversibility")]
    files += ["signature_cells.parquet"] if study.libraries else []
    files += ["tf_activity.tsv", "profile_activity.tsv", "second_opinion.tsv"] if networks else []
    files += ["factors.png"] if networks else []
    files += ["gene_sets.tsv", "gene_sets.png"] if set(programme_files) - set(map(get_name, networks)) else []
    return collect("<results>/programme/{file}", file=files)


def get_switch_results(wildcards):
    """Switches, confounders and markers: of regulons where there are libraries, else of the network's factors."""
    if not (study.groups or (study.profiles and config["programme"]["network"])):
        return []
    tables = ["switches", "overlaps", "design", "permutations", "columns", "knockout", "families"]
    tables += ["confounders", "programme_verdict", "clones", "markers", "markers_panels"]
    figures = ["switches", "timecourse", "mrna", "evidence", "knockout", "families", "confounders", "markers"]
    files = [f"{name}.tsv" for name in tables] + [f"{name}.png" for name in figures]
    return collect("<results>/programme/{file}", file=files)


rule programme:
    input:
        get_expression_results,
        get_switch_results,
    localrule: True


rule sum_expression:
    input:
        cells=collect("<results>/cells/{sample}.h5ad", sample=study.libraries),
    output:
        pseudobulk="<results>/programme/pseudobulk.h5ad",
        samples="<results>/programme/samples.tsv",
    log:
        "<logs>/sum_expression.log",
    benchmark:
        "<benchmarks>/sum_expression.tsv"
    conda:
        "../envs/programme.yaml"
    threads: 1
    resources:
        mem_mb=scaled_memory(base=3_000, per_input_gb=500),
        runtime="1h",
    params:
        samples=get_sample_rows,
        libraries=study.libraries,
        min_cells=lookup(within=config, dpath="programme/min_cells"),
    script:
        "../scripts/programme/sum_expression.py"


rule average_activity:
    input:
        samples="<results>/programme/samples.tsv",
        activity=collect("<results>/regulons/{group}/activity.parquet", group=study.groups),
    output:
        activity="<results>/programme/activity.tsv",
    log:
        "<logs>/average_activity.log",
    benchmark:
        "<benchmarks>/average_activity.tsv"
    conda:
        "../envs/programme.yaml"
    threads: 1
    resources:
        mem_mb=scaled_memory(base=2_000, per_input_gb=1_000),
        runtime="1h",
    script:
        "../scripts/programme/average_activity.py"


include: "programme/expression.smk"
include: "programme/evidence.smk"
include: "programme/switches.smk"
include: "programme/confounders.smk"
include: "programme/markers.smk"
include: "programme/states.smk"
include: "programme/opinions.smk"
include: "programme/figures.smk"

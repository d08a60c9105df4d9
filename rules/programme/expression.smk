# Expression: all profiles on one scale, compared with the model as block, the signature, activity of factors from their targets.
from pathlib import PurePosixPath
from urllib.parse import urlparse


def get_name(entry):
    """The file name of an entry with a path or an address."""
    return PurePosixPath(urlparse(entry["url"]).path if entry.get("url") else entry["path"]).name


networks = [config["programme"]["network"]] if config["programme"]["network"] else []
programme_files = {
    get_name(entry): entry
    for entry in [*networks, *config["programme"]["gene_sets"], *config["programme"]["signatures"]]
}


def get_profile_rows(wildcards):
    """What the samples sheet says about all samples, and where profiles lie."""
    columns = ["model", "timepoint", "arm", "replicate", "assay", "matrix", "column", "platform"]
    return study.samples[columns].reset_index(names="sample").to_dict("records")


def get_profile_tables(wildcards):
    """The tables of genes × samples that profiles are columns of."""
    return list(dict.fromkeys(study.samples.loc[study.profiles, "matrix"]))


def get_programme_file(wildcards):
    """Where a network or gene set lies; nothing if it is to be fetched."""
    return given(programme_files[wildcards.file].get("path") or [])


def get_network(wildcards):
    """The network of factors and targets."""
    return given(collect("<results>/references/programme/{file}", file=[get_name(entry) for entry in networks]))


rule provide_programme_file:
    input:
        get_programme_file,
    output:
        ensure("<results>/references/programme/{file}", non_empty=True),
    log:
        "<logs>/provide_programme_file/{file}.log",
    wildcard_constraints:
        file=one_of(programme_files),
    localrule: True
    conda:
        "../../envs/python.yaml"
    params:
        url=lookup(within=programme_files, dpath="{file}/url", default=None),
        sha256=lookup(within=programme_files, dpath="{file}/sha256", default=None),
    script:
        "../../scripts/references/provide_file.py"


rule join_profiles:
    input:
        pseudobulk="<results>/programme/pseudobulk.h5ad" if study.libraries else [],
        tables=get_profile_tables,
    output:
        profiles="<results>/programme/profiles.h5ad",
        losses="<results>/programme/profile_losses.tsv",
    log:
        "<logs>/join_profiles.log",
    benchmark:
        "<benchmarks>/join_profiles.tsv"
    conda:
        "../../envs/programme.yaml"
    threads: 1
    resources:
        mem_mb=scaled_memory(base=2_000, per_input_gb=20_000),
        runtime="30m",
    params:
        samples=get_profile_rows,
        sheet=lookup(within=config, dpath="samples"),
        genes=lookup(within=config, dpath="programme/genes"),
        min_count=lookup(within=config, dpath="programme/min_count"),
        platforms=lookup(within=config, dpath="programme/platforms"),
    script:
        "../../scripts/programme/expression/join_profiles.py"


rule compare_expression:
    input:
        profiles="<results>/programme/profiles.h5ad",
    output:
        expression="<results>/programme/differential_expression.tsv",
        design="<results>/programme/expression_design.tsv",
    log:
        "<logs>/compare_expression.log",
    benchmark:
        "<benchmarks>/compare_expression.tsv"
    conda:
        "../../envs/programme.yaml"
    threads: 1
    resources:
        mem_mb=scaled_memory(base=2_000, per_input_gb=100_000),
        runtime=minutes_by_models(least=60, per_square=0.15),
    params:
        contrast=lookup(within=config, dpath="contrast"),
        platforms=lookup(within=config, dpath="programme/platforms"),
    script:
        "../../scripts/programme/expression/compare_expression.py"


rule learn_signature:
    input:
        profiles="<results>/programme/profiles.h5ad",
        expression="<results>/programme/differential_expression.tsv",
    output:
        signature="<results>/programme/signature.tsv",
        scores="<results>/programme/signature_scores.tsv",
        sizes="<results>/programme/signature_sizes.tsv",
    log:
        "<logs>/learn_signature.log",
    benchmark:
        "<benchmarks>/learn_signature.tsv"
    conda:
        "../../envs/programme.yaml"
    threads: 1
    resources:
        mem_mb=scaled_memory(base=2_000, per_input_gb=100_000),
        runtime=minutes_by_models(least=60, per_square=0.15),
    params:
        contrast=lookup(within=config, dpath="contrast"),
        platforms=lookup(within=config, dpath="programme/platforms"),
        size=lookup(within=config, dpath="programme/signature_size"),
        sizes=lookup(within=config, dpath="programme/signature_sizes"),
    script:
        "../../scripts/programme/expression/learn_signature.py"


rule score_cells:
    input:
        signature="<results>/programme/signature.tsv",
        cells=collect("<results>/cells/{sample}.h5ad", sample=study.libraries),
    output:
        cells="<results>/programme/signature_cells.parquet",
    log:
        "<logs>/score_cells.log",
    benchmark:
        "<benchmarks>/score_cells.tsv"
    conda:
        "../../envs/programme.yaml"
    threads: 1
    resources:
        mem_mb=scaled_memory(base=3_000, per_input_gb=10_000),
        runtime="2h",
    params:
        samples=get_sample_rows,
        libraries=study.libraries,
        seed=lookup(within=config, dpath="programme/seed"),
    script:
        "../../scripts/programme/expression/score_cells.py"


rule infer_activity:
    input:
        profiles="<results>/programme/profiles.h5ad",
        expression="<results>/programme/differential_expression.tsv",
        network=get_network,
    output:
        activity="<results>/programme/tf_activity.tsv",
        profiles="<results>/programme/profile_activity.tsv",
    log:
        "<logs>/infer_activity.log",
    benchmark:
        "<benchmarks>/infer_activity.tsv"
    conda:
        "../../envs/programme.yaml"
    threads: 1
    resources:
        mem_mb=scaled_memory(base=2_000, per_input_gb=50_000),
        runtime="1h",
    params:
        contrast=lookup(within=config, dpath="contrast"),
    script:
        "../../scripts/programme/expression/infer_activity.py"

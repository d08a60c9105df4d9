# Profiles: pseudobulk of each library, joined with bulk and array profiles to one samples × genes table.


rule profiles:
    """Pseudobulk, bulk and array profiles of all samples in one matrix (profiles/)."""
    input:
        "<results>/profiles/profiles.h5ad",
        "<results>/profiles/profile_losses.tsv",
    localrule: True


rule aggregate_pseudobulk:
    input:
        cells=collect("<results>/cells/{sample}.h5ad", sample=study.libraries),
        other_species="<results>/counts/other_species.tsv" if study.references.get("host") else [],
    output:
        pseudobulk="<results>/profiles/pseudobulk.h5ad",
        samples="<results>/profiles/samples.tsv",
    log:
        "<logs>/aggregate_pseudobulk.log",
    benchmark:
        "<benchmarks>/aggregate_pseudobulk.tsv"
    conda:
        "../envs/programme.yaml"
    resources:
        mem_mb=memory("aggregate_pseudobulk", base=3_000, per_input_gb=500),
        runtime=minutes("aggregate_pseudobulk", base=60),
    params:
        code=code_of("profiles/aggregate_pseudobulk.py"),
        samples=study.sample_rows,
        libraries=study.libraries,
        min_cells=config["profiles"]["min_cells"],
    script:
        "../scripts/profiles/aggregate_pseudobulk.py"


rule join_profiles:
    input:
        pseudobulk="<results>/profiles/pseudobulk.h5ad" if study.libraries else [],
        tables=study.profile_tables,
    output:
        profiles="<results>/profiles/profiles.h5ad",
        losses="<results>/profiles/profile_losses.tsv",
    log:
        "<logs>/join_profiles.log",
    benchmark:
        "<benchmarks>/join_profiles.tsv"
    conda:
        "../envs/programme.yaml"
    resources:
        mem_mb=memory("join_profiles", base=2_000, per_input_gb=20_000),
        runtime=minutes("join_profiles", base=30),
    params:
        code=code_of("profiles/join_profiles.py"),
        samples=study.profile_rows,
        sheet=config["samples"],
        genes=config["profiles"]["genes"],
        min_count=config["profiles"]["min_count"],
        platforms=config["profiles"]["platforms"],
    script:
        "../scripts/profiles/join_profiles.py"

# Cells: empty droplets → species → ambient RNA → doublets → normal cells → quality. Every barcode keeps its verdict.


rule cells:
    """Tumour and host cells of each library after all filters (cells/<sample>.h5ad, cells/attrition.tsv)."""
    input:
        collect(
            "<results>/cells/{sample}{part}",
            sample=study.libraries,
            part=[".h5ad", ".host.h5ad", ".normal.h5ad", ".droplets.parquet"],
        ),
        "<results>/cells/attrition.tsv",
        collect("<results>/cells/{pool}.pool.tsv", pool=study.pools),
        "<results>/cells/figures" if study.libraries else [],
    localrule: True


rule call_cells:
    input:
        counts="<results>/counts/{sample}.h5ad",
    output:
        calls="<results>/cells/{sample}.calls.parquet",
        soup="<results>/cells/{sample}.soup.parquet",
        summary="<results>/cells/{sample}.calls.json",
    log:
        "<logs>/call_cells/{sample}.log",
    benchmark:
        "<benchmarks>/call_cells/{sample}.tsv"
    wildcard_constraints:
        sample=one_of(study.all_counted),
    conda:
        "../envs/python.yaml"
    resources:
        mem_mb=memory("call_cells", base=2_000, per_input_gb=30_000),
        runtime=minutes("call_cells", base=60),
    priority: LONGEST_PATH
    params:
        code=code_of("cells/call_cells.py"),
        droplets=get_droplet_settings,
    script:
        "../scripts/cells/call_cells.py"


rule count_tags:
    input:
        unpack(get_reads_of_tags),
        counts="<results>/counts/{sample}.h5ad",
        chemistry=get_chemistry,
    output:
        "<results>/cells/{sample}.tags.tsv",
    log:
        "<logs>/count_tags/{sample}.log",
    benchmark:
        "<benchmarks>/count_tags/{sample}.tsv"
    wildcard_constraints:
        sample=one_of(pool for pool in study.pools if study.tag_reads(pool)),
    conda:
        "../envs/kb.yaml"
    threads: scaled_threads(most=4, mb_per_thread=200)
    resources:
        mem_mb=memory("count_tags", base=4_000, per_input_gb=1_000),
        runtime=minutes("count_tags", base=240),
    params:
        code=code_of("cells/count_tags.py"),
        tags=get_samples_by_tag,
    script:
        "../scripts/cells/count_tags.py"


rule assign_pool:
    input:
        calls="<results>/cells/{sample}.calls.parquet",
        tags=get_tags_of_pool,
    output:
        cells="<results>/cells/{sample}.assignments.parquet",
        pool="<results>/cells/{sample}.pool.tsv",
    log:
        "<logs>/assign_pool/{sample}.log",
    benchmark:
        "<benchmarks>/assign_pool/{sample}.tsv"
    wildcard_constraints:
        sample=one_of(study.pools),
    conda:
        "../envs/python.yaml"
    resources:
        mem_mb=memory("assign_pool", base=2_000, per_input_gb=20_000),
        runtime=minutes("assign_pool", base=60),
    params:
        code=code_of("cells/assign_pool.py"),
        pool=get_pool,
    script:
        "../scripts/cells/assign_pool.py"


rule split_pool:
    input:
        counts=get_part_of_pool("<results>/counts/{pool}.h5ad"),
        calls=get_part_of_pool("<results>/cells/{pool}.calls.parquet"),
        soup=get_part_of_pool("<results>/cells/{pool}.soup.parquet"),
        summary=get_part_of_pool("<results>/cells/{pool}.calls.json"),
        cells=get_part_of_pool("<results>/cells/{pool}.assignments.parquet"),
    output:
        counts="<results>/cells/{sample}.counts.h5ad",
        calls="<results>/cells/{sample}.calls.parquet",
        soup="<results>/cells/{sample}.soup.parquet",
        summary="<results>/cells/{sample}.calls.json",
    log:
        "<logs>/split_pool/{sample}.log",
    benchmark:
        "<benchmarks>/split_pool/{sample}.tsv"
    wildcard_constraints:
        sample=one_of(study.pool_of),
    conda:
        "../envs/python.yaml"
    resources:
        mem_mb=memory("split_pool", base=2_000, per_input_gb=20_000),
        runtime=minutes("split_pool", base=30),
    params:
        code=code_of("cells/split_pool.py"),
    script:
        "../scripts/cells/split_pool.py"


rule filter_cells:
    input:
        counts=get_counts_of_cells,
        calls="<results>/cells/{sample}.calls.parquet",
        soup="<results>/cells/{sample}.soup.parquet",
        summary="<results>/cells/{sample}.calls.json",
        annotation=get_annotation,
        chemistry=get_chemistry,
    output:
        cells="<results>/cells/{sample}.h5ad",
        host="<results>/cells/{sample}.host.h5ad",
        normal="<results>/cells/{sample}.normal.h5ad",
        droplets="<results>/cells/{sample}.droplets.parquet",
        summary="<results>/cells/{sample}.summary.json",
        quality="<results>/cells/{sample}.quality.tsv",
        barnyard="<results>/cells/{sample}.barnyard.tsv",
        ranks="<results>/cells/{sample}.ranks.tsv",
    log:
        "<logs>/filter_cells/{sample}.log",
    benchmark:
        "<benchmarks>/filter_cells/{sample}.tsv"
    conda:
        "../envs/python.yaml"
    resources:
        mem_mb=memory("filter_cells", base=4_000, per_input_gb=30_000),
        runtime=minutes("filter_cells", base=60),
    priority: LONGEST_PATH
    params:
        code=code_of("cells/filter_cells.py"),
        cells=get_cell_settings,
        labels=get_sample_labels,
    script:
        "../scripts/cells/filter_cells.py"


rule tabulate_attrition:
    input:
        summaries=collect("<results>/cells/{sample}.summary.json", sample=study.libraries),
        audits=collect("<results>/counts/{sample}.audit.json", sample=study.counted),
        chemistries=collect("<results>/reads/{sample}.chemistry.json", sample=study.sequenced),
    output:
        attrition="<results>/cells/attrition.tsv",
        by_arm="<results>/cells/attrition_by_arm.tsv",
        rules="<results>/cells/species_rules.tsv",
        libraries="<results>/cells/libraries.tsv",
    log:
        "<logs>/tabulate_attrition.log",
    localrule: True
    conda:
        "../envs/python.yaml"
    params:
        code=code_of("cells/tabulate_attrition.py"),
    script:
        "../scripts/cells/tabulate_attrition.py"


rule draw_cells:
    input:
        tables=[
            # By name: an output of a rule in a list of thousands makes Snakemake hash all of the list for each file in it.
            *collect(
                "<results>/cells/{table}.tsv",
                table=["attrition", "attrition_by_arm", "species_rules", "libraries"],
            ),
            *collect(
                "<results>/cells/{sample}.{table}.tsv",
                sample=study.libraries,
                table=["barnyard", "ranks", "quality"],
            ),
            *collect("<results>/cells/{pool}.pool.tsv", pool=study.pools),
        ],
    output:
        report(directory("<results>/cells/figures"), **in_report("Cells")),
    log:
        "<logs>/draw_cells.log",
    localrule: True
    conda:
        "../envs/figures.yaml"
    params:
        code=code_of("cells/figures.py"),
        figures=figures_of("cells"),
    script:
        "../scripts/cells/figures.py"

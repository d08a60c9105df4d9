# Counts: UMIs by barcode and gene, from reads with kallisto | bustools or STARsolo, or as a matrix; one contract for all.
import os

from scripts.references.chemistries import known

aligner = config["counts"]["aligner"]
lists = known(config["reads"]["whitelist_5p_v3"])
RAW_COUNTS = os.path.join("<results>/counts", aligner, "{sample}")


rule counts:
    """Counts of each library with an audit of its reads (counts/<sample>.h5ad)."""
    input:
        collect(
            "<results>/counts/{sample}{part}", sample=study.counted, part=[".h5ad", ".audit.json", ".saturation.tsv"]
        ),
        collect("<results>/counts/starsolo/{sample}.bam.bai", sample=study.sequenced)
        if aligner == "starsolo" and config["counts"]["keep_bam"]
        else [],
        ["<results>/counts/figures", "<results>/counts/other_species.tsv"] if study.libraries else [],
    localrule: True


rule count_kb:
    input:
        unpack(get_kb_index),
        whitelists=collect("<results>/references/whitelists/{chemistry}.npy", chemistry=lists),
        chemistry="<results>/reads/{sample}.chemistry.json",
        checks=get_checks,
        fq1=get_all_read1,
        fq2=get_all_read2,
    output:
        bus=temp("<results>/counts/kb/{sample}.bus"),
        ec=temp("<results>/counts/kb/{sample}.ec"),
        transcripts=temp("<results>/counts/kb/{sample}.transcripts.txt"),
        info=temp("<results>/counts/kb/{sample}.info"),
        matrix=temp("<results>/counts/kb/{sample}.mtx"),
        barcodes=temp("<results>/counts/kb/{sample}.barcodes.txt"),
        features=temp("<results>/counts/kb/{sample}.features.txt"),
        library=temp("<results>/counts/kb/{sample}.library.json"),
    log:
        "<logs>/count_kb/{sample}.log",
    benchmark:
        "<benchmarks>/count_kb/{sample}.tsv"
    conda:
        "../envs/kb.yaml"
    threads: scaled_threads(most=8, mb_per_thread=200)
    resources:
        # The index lies in memory, reads pass through: 1.5 GB at 12.5 to 50 million pairs, 4.6 GB with introns (`make scale`), 5.2 and
        # 6.5 GB per GB of index.
        mem_mb=memory("count_kb", base=1_000, per_input_gb={"index": 8_000}),
        runtime=minutes("count_kb", base=480),
    priority: LONGEST_PATH
    params:
        code=code_of("counts/count_kb.py"),
        chemistries=lists,
        introns=get_introns,
        strand=config["reads"]["strand"],
        sample_reads=config["reads"]["sample_reads"],
        max_short_read1=config["reads"]["max_short_read1"],
    script:
        "../scripts/counts/count_kb.py"


rule count_starsolo:
    input:
        index="<results>/references/star",
        genome="<results>/references/genome.fa",
        whitelists=collect("<results>/references/whitelists/{chemistry}.npy", chemistry=lists),
        chemistry="<results>/reads/{sample}.chemistry.json",
        checks=get_checks,
        fq1=get_all_read1,
        fq2=get_all_read2,
    output:
        bam=temp_unless_kept("<results>/counts/starsolo/{sample}.bam"),
        info="<results>/counts/starsolo/{sample}.info",
        matrix=temp("<results>/counts/starsolo/{sample}.mtx"),
        barcodes=temp("<results>/counts/starsolo/{sample}.barcodes.txt"),
        features=temp("<results>/counts/starsolo/{sample}.features.txt"),
        library=temp("<results>/counts/starsolo/{sample}.library.json"),
    log:
        "<logs>/count_starsolo/{sample}.log",
    benchmark:
        "<benchmarks>/count_starsolo/{sample}.tsv"
    conda:
        "../envs/star.yaml"
    threads: 8
    resources:
        # The index lies in memory: 9.7 GB for one of 8.6 GB (`make scale`); of two mammals it has about 24 GB. Reads are sorted in parts.
        mem_mb=memory("count_starsolo", base=3_000, per_input_gb={"index": 1_150, "fq1": 500, "fq2": 500}),
        runtime=minutes("count_starsolo", base=720),
    priority: LONGEST_PATH
    params:
        code=code_of("counts/count_starsolo.py"),
        chemistries=lists,
        introns=get_introns,
        strand=config["reads"]["strand"],
        sample_reads=config["reads"]["sample_reads"],
        max_short_read1=config["reads"]["max_short_read1"],
    script:
        "../scripts/counts/count_starsolo.py"


rule collect_counts:
    input:
        matrix=f"{RAW_COUNTS}.mtx",
        barcodes=f"{RAW_COUNTS}.barcodes.txt",
        features=f"{RAW_COUNTS}.features.txt",
        library=f"{RAW_COUNTS}.library.json",
        chemistry="<results>/reads/{sample}.chemistry.json",
        genes="<results>/references/genes.tsv",
    output:
        "<results>/counts/{sample}.h5ad",
    log:
        "<logs>/collect_counts/{sample}.log",
    benchmark:
        "<benchmarks>/collect_counts/{sample}.tsv"
    wildcard_constraints:
        sample=one_of(study.all_sequenced),
    conda:
        "../envs/python.yaml"
    resources:
        mem_mb=memory("collect_counts", base=2_000, per_input_gb=8_000),
        runtime=minutes("collect_counts", base=60),
    priority: LONGEST_PATH
    params:
        code=code_of("counts/collect_counts.py"),
        aligner=aligner,
    script:
        "../scripts/counts/collect_counts.py"


rule audit_bus:
    input:
        counts="<results>/counts/{sample}.h5ad",
        bus="<results>/counts/kb/{sample}.bus",
        ec="<results>/counts/kb/{sample}.ec",
        transcripts="<results>/counts/kb/{sample}.transcripts.txt",
        info="<results>/counts/kb/{sample}.info",
        library="<results>/counts/kb/{sample}.library.json",
        t2g=get_genes_of_transcripts,
    output:
        audit="<results>/counts/{sample}.audit.json",
        saturation="<results>/counts/{sample}.saturation.tsv",
    log:
        "<logs>/audit_bus/{sample}.log",
    benchmark:
        "<benchmarks>/audit_bus/{sample}.tsv"
    wildcard_constraints:
        sample=one_of(study.all_sequenced if aligner == "kb" else []),
    conda:
        "../envs/python.yaml"
    resources:
        mem_mb=memory("audit_bus", base=3_000, per_input_gb=2_000),
        runtime=minutes("audit_bus", base=60),
    params:
        code=code_of("counts/audit_bus.py"),
        expected_cells=get_expected_cells,
    script:
        "../scripts/counts/audit_bus.py"


rule audit_bam:
    input:
        counts="<results>/counts/{sample}.h5ad",
        bam="<results>/counts/starsolo/{sample}.bam",
        info="<results>/counts/starsolo/{sample}.info",
        library="<results>/counts/starsolo/{sample}.library.json",
        chemistry="<results>/reads/{sample}.chemistry.json",
    output:
        audit="<results>/counts/{sample}.audit.json",
        saturation="<results>/counts/{sample}.saturation.tsv",
    log:
        "<logs>/audit_bam/{sample}.log",
    benchmark:
        "<benchmarks>/audit_bam/{sample}.tsv"
    wildcard_constraints:
        sample=one_of(study.all_sequenced if aligner == "starsolo" else []),
    conda:
        "../envs/python.yaml"
    threads: 2
    resources:
        mem_mb=memory("audit_bam", base=3_000, per_input_gb=1_000),
        runtime=minutes("audit_bam", base=240),
    params:
        code=code_of("counts/audit_bam.py"),
        prefixes=study.prefixes,
        expected_cells=get_expected_cells,
    script:
        "../scripts/counts/audit_bam.py"


rule index_bam:
    input:
        "<results>/counts/starsolo/{sample}.bam",
    output:
        "<results>/counts/starsolo/{sample}.bam.bai",
    log:
        "<logs>/index_bam/{sample}.log",
    benchmark:
        "<benchmarks>/index_bam/{sample}.tsv"
    conda:
        "../envs/python.yaml"
    resources:
        mem_mb=memory("index_bam", base=500, per_input_gb=50),
        runtime=minutes("index_bam", base=60),
    params:
        code=code_of("counts/index_bam.py"),
    script:
        "../scripts/counts/index_bam.py"


rule import_matrix:
    input:
        matrix=get_matrix,
    output:
        counts="<results>/counts/{sample}.h5ad",
        audit="<results>/counts/{sample}.audit.json",
        saturation="<results>/counts/{sample}.saturation.tsv",
    log:
        "<logs>/import_matrix/{sample}.log",
    benchmark:
        "<benchmarks>/import_matrix/{sample}.tsv"
    wildcard_constraints:
        sample=one_of(study.all_imported),
    conda:
        "../envs/python.yaml"
    resources:
        mem_mb=memory("import_matrix", base=3_000, per_input_gb=20_000),
        runtime=minutes("import_matrix", base=60),
    priority: LONGEST_PATH
    params:
        code=code_of("counts/import_matrix.py"),
        prefixes=study.prefixes,
        given=get_contents_of_matrix,
        organisms={name: genome.get("species", "") for name, genome in study.species.items()},
    script:
        "../scripts/counts/import_matrix.py"


rule compare_species:
    input:
        counts=collect("<results>/counts/{sample}.h5ad", sample=study.counted),
    output:
        "<results>/counts/other_species.tsv",
    log:
        "<logs>/compare_species.log",
    benchmark:
        "<benchmarks>/compare_species.tsv"
    conda:
        "../envs/python.yaml"
    resources:
        # One library after the other.
        mem_mb=memory("compare_species", base=4_000, per_input_gb=2_000),
        runtime=minutes("compare_species", base=120),
    params:
        code=code_of("counts/other_species.py"),
        expected_cells=[study.cells_config(sample)["expected_cells"] for sample in study.counted],
        ambient_max=config["cells"]["empty_drops"]["ambient_max_counts"],
        distrust_share=config["counts"]["distrust_share"],
    script:
        "../scripts/counts/other_species.py"


rule draw_counts:
    input:
        tables=[
            *collect("<results>/counts/{sample}.saturation.tsv", sample=study.counted),
            "<results>/counts/other_species.tsv",
        ],
    output:
        report(directory("<results>/counts/figures"), **in_report("Counts")),
    log:
        "<logs>/draw_counts.log",
    localrule: True
    conda:
        "../envs/figures.yaml"
    params:
        code=code_of("counts/figures.py"),
        figures=figures_of("counts"),
        settings={"samples": get_library_labels(), "distrust_share": config["counts"]["distrust_share"]},
    script:
        "../scripts/counts/figures.py"

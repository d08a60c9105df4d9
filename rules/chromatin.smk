# Chromatin: peaks of factors and marks, against the targets of regulons and the genes that change in persisters.
from scripts.chromatin.results import targets


rule chromatin:
    """Whether peaks of a factor lie near the targets of its regulon (chromatin/support.tsv)."""
    input:
        collect("<results>/chromatin/{file}", file=targets(study)),
    localrule: True


rule link_peaks:
    input:
        promoters=get_promoters,
        peaks=user_file([entry["peaks"] for entry in study.peak_sets]),
        counts=user_file([entry["counts"] for entry in study.peak_sets if entry["counts"]]),
    output:
        sets="<results>/chromatin/peak_sets.tsv",
        changes="<results>/chromatin/peak_changes.tsv",
        genes="<results>/chromatin/genes.parquet",
    log:
        "<logs>/link_peaks.log",
    benchmark:
        "<benchmarks>/link_peaks.tsv"
    conda:
        "../envs/evidence.yaml"
    resources:
        mem_mb=memory("link_peaks", base=1_500, per_input_gb=8_000),
        runtime=minutes("link_peaks", base=30),
    params:
        code=code_of("chromatin/link_peaks.py"),
        sets=study.peak_sets,
        prefix=get_prefix_of_promoters,
        contrast=config["contrast"],
        promoter=config["chromatin"]["promoter_window"],
        distal=config["chromatin"]["distal_window"],
    script:
        "../scripts/chromatin/link_peaks.py"


rule compare_targets:
    input:
        genes="<results>/chromatin/genes.parquet",
        sets="<results>/chromatin/peak_sets.tsv",
        changes="<results>/chromatin/peak_changes.tsv",
        profiles="<results>/profiles/profiles.h5ad",
        expression="<results>/expression/differential_expression.tsv",
        regulons=get_network_of_study,
    output:
        enrichment="<results>/chromatin/enrichment.tsv",
        support="<results>/chromatin/support.tsv",
        trends="<results>/chromatin/trends.tsv",
        deciles="<results>/chromatin/deciles.tsv",
    log:
        "<logs>/compare_targets.log",
    benchmark:
        "<benchmarks>/compare_targets.tsv"
    conda:
        "../envs/evidence.yaml"
    resources:
        mem_mb=memory("compare_targets", base=1_500, per_input_gb=20_000),
        runtime=minutes("compare_targets", base=60),
    params:
        code=code_of("chromatin/compare_targets.py"),
        contrast=config["contrast"],
        promoter=config["chromatin"]["promoter_window"],
        distal=config["chromatin"]["distal_window"],
        fdr=config["statistics"]["fdr"],
        circular=study.has_tracks,
    script:
        "../scripts/chromatin/compare_targets.py"


rule draw_chromatin:
    input:
        tables=[*rules.link_peaks.output[:2], *rules.compare_targets.output],
    output:
        report(directory("<results>/chromatin/figures"), **in_report("Chromatin")),
    log:
        "<logs>/draw_chromatin.log",
    localrule: True
    conda:
        "../envs/figures.yaml"
    params:
        code=code_of("chromatin/figures.py"),
        figures=figures_of("chromatin"),
        settings=pick(config["statistics"], "fdr"),
    script:
        "../scripts/chromatin/figures.py"


rule make_tracks:
    input:
        promoters=get_promoters,
        peaks=user_file([entry["peaks"] for entry in study.peak_sets if entry["factor"]]),
        motifs=user_file("<results>/references/motifs.tbl"),
    output:
        database="<results>/chromatin/peaks.genes_vs_tracks.rankings.feather",
        motifs="<results>/chromatin/motifs.tbl",
    log:
        "<logs>/make_tracks.log",
    benchmark:
        "<benchmarks>/make_tracks.tsv"
    conda:
        "../envs/scenic.yaml"
    resources:
        mem_mb=memory("make_tracks", base=1_500, per_input_gb=8_000),
        runtime=minutes("make_tracks", base=30),
    params:
        code=code_of("chromatin/make_tracks.py"),
        sets=study.peak_sets,
        prefix=get_prefix_of_promoters,
        promoter=config["chromatin"]["promoter_window"],
        distal=config["chromatin"]["distal_window"],
        random=config["chromatin"]["random_tracks"],
        seed=config["chromatin"]["seed"],
    script:
        "../scripts/chromatin/make_tracks.py"

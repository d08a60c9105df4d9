# Perturbations: what switching a factor on or off does to the programme, against genes of like expression.
from scripts.perturbations.results import targets


rule perturbations:
    """Factors that were switched on or off, and whether the programme follows (perturbations/)."""
    input:
        collect("<results>/perturbations/{file}", file=targets(study)),
    localrule: True


rule measure_perturbations:
    input:
        cells=collect("<results>/cells/{sample}.h5ad", sample=study.perturbed_cells),
        profiles=study.perturbed_tables,
    output:
        changes="<results>/perturbations/measured.parquet",
        listed="<results>/perturbations/measured.tsv",
    log:
        "<logs>/measure_perturbations.log",
    benchmark:
        "<benchmarks>/measure_perturbations.tsv"
    conda:
        "../envs/programme.yaml"
    resources:
        mem_mb=memory("measure_perturbations", base=2_000, per_input_gb=20_000),
        runtime=minutes("measure_perturbations", base=60),
    params:
        code=code_of("perturbations/measure_perturbations.py"),
        perturbations=study.measured_perturbations,
        cells=study.perturbed_cells,
        profiles=study.perturbed_rows,
        sheet=config["samples"],
        min_cells=config["profiles"]["min_cells"],
    script:
        "../scripts/perturbations/measure_perturbations.py"


rule collect_perturbations:
    input:
        measured=rules.measure_perturbations.output.changes if study.measured_perturbations else [],
        listed=rules.measure_perturbations.output.listed if study.measured_perturbations else [],
        tables=collect("<results>/references/gene_lists/{file}", file=study.perturbation_files),
        expression="<results>/expression/differential_expression.tsv",
    output:
        changes="<results>/perturbations/changes.parquet",
        listed="<results>/perturbations/listed.tsv",
    log:
        "<logs>/collect_perturbations.log",
    localrule: True
    conda:
        "../envs/evidence.yaml"
    params:
        code=code_of("perturbations/collect_changes.py"),
        ready=study.ready_perturbations,
        files=study.file_of_perturbation,
    script:
        "../scripts/perturbations/collect_changes.py"


rule compare_perturbations:
    input:
        changes="<results>/perturbations/changes.parquet",
        listed="<results>/perturbations/listed.tsv",
        expression="<results>/expression/differential_expression.tsv",
        signature="<results>/expression/signature.tsv",
        scores="<results>/expression/signature_scores.tsv",
        profiles="<results>/profiles/profiles.h5ad",
        regulons=get_network_of_study if study.has_activity else [],
        activity="<results>/activity/effects.tsv" if study.has_activity else [],
    output:
        perturbations="<results>/perturbations/perturbations.tsv",
        factors="<results>/perturbations/factors.tsv",
    log:
        "<logs>/compare_perturbations.log",
    benchmark:
        "<benchmarks>/compare_perturbations.tsv"
    localrule: True
    conda:
        "../envs/evidence.yaml"
    params:
        code=code_of("perturbations/compare_perturbations.py"),
        contrast=config["contrast"],
        fdr=config["statistics"]["fdr"],
        seed=config["statistics"]["seed"],
    script:
        "../scripts/perturbations/compare_perturbations.py"


rule bin_scores:
    input:
        listed="<results>/perturbations/listed.tsv",
        scores="<results>/expression/signature_cells.parquet" if study.libraries else [],
        cells=collect("<results>/cells/{sample}.h5ad", sample=study.libraries),
        profiles="<results>/profiles/profiles.h5ad",
        signature="<results>/expression/signature.tsv",
    output:
        "<results>/perturbations/mrna_bins.tsv",
    log:
        "<logs>/bin_scores.log",
    benchmark:
        "<benchmarks>/bin_scores.tsv"
    conda:
        "../envs/programme.yaml"
    resources:
        mem_mb=memory("bin_scores", base=3_000, per_input_gb=10_000),
        runtime=minutes("bin_scores", base=60),
    params:
        code=code_of("perturbations/bin_scores.py"),
        samples=study.sample_rows,
        libraries=study.libraries,
        seed=config["statistics"]["seed"],
    script:
        "../scripts/perturbations/bin_scores.py"


rule draw_perturbations:
    input:
        tables=[*rules.compare_perturbations.output, *rules.bin_scores.output],
    output:
        report(directory("<results>/perturbations/figures"), **in_report("Perturbations")),
    log:
        "<logs>/draw_perturbations.log",
    localrule: True
    conda:
        "../envs/figures.yaml"
    params:
        code=code_of("perturbations/figures.py"),
        figures=figures_of("perturbations"),
        settings=pick(config["statistics"], "fdr"),
    script:
        "../scripts/perturbations/figures.py"

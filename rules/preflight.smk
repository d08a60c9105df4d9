# Preflight: the whole study checked before anything heavy runs; one page of what will run and what can't be answered.


# Without an output, so that each request checks the study again.
rule preflight:
    """What the study would lack, before anything runs: files, databases, design, memory and disk (preflight.txt)."""
    input:
        get_reads_and_matrices,
        ancient(get_reference_files),
    log:
        "<logs>/preflight.log",
    localrule: True
    conda:
        "../envs/study.yaml"
    resources:
        counted_at_once=get_libraries_at_once,
        cores_given=get_cores_given,
    priority: 100
    params:
        code=code_of("preflight/check_study.py"),
        folder=config["pathvars"]["results"],
        stages=get_stages_to_run,
        declared=get_declared_needs,
    script:
        "../scripts/preflight/check_study.py"


rule check_study:
    input:
        # Corrected reads are checked again; a newer date of a reference is no reason to.
        get_reads_and_matrices,
        ancient(get_reference_files),
    output:
        page="<results>/preflight.txt",
        findings="<results>/preflight.tsv",
    log:
        "<logs>/check_study.log",
    localrule: True
    conda:
        "../envs/study.yaml"
    resources:
        counted_at_once=get_libraries_at_once,
        cores_given=get_cores_given,
    # Fast, and what it refuses would otherwise fail after hours of other work.
    priority: 100
    params:
        code=code_of("preflight/check_study.py"),
        # With other samples or lanes, the study is checked again.
        rows={
            "samples": study.all_samples.reset_index().to_dict("records"),
            "units": study.units.to_dict("records"),
        },
        settings=pick(config, "references", "regulons", "contrast", "statistics", "activity", "expression"),
        stages=get_stages_to_run,
        declared=get_declared_needs,
    script:
        "../scripts/preflight/check_study.py"

# Design: which models, arms and timepoints the sheets name, and what the study asks of them.


rule design:
    """Figure of models, arms and timepoints, from the samples sheet alone (design/figures)."""
    input:
        "<results>/design/figures" if len(study.samples) else [],
    localrule: True


rule draw_design:
    input:
        tables=[],
    output:
        report(directory("<results>/design/figures"), **in_report("Design")),
    log:
        "<logs>/draw_design.log",
    localrule: True
    conda:
        "../envs/figures.yaml"
    params:
        code=code_of("design/figures.py"),
        figures=figures_of("design"),
        settings={
            "samples": study.sample_rows,
            "drugs": [arm["arm"] for arm in config["arms"] if arm["drugs"]],
            "demo": config["demo"],
            "note": config["regulons"]["synthetic_data_note"],
        },
    script:
        "../scripts/design/figures.py"

# Snakemake's own report: every figure with its caption, the graph of the rules behind it, and what holds in this run.


report: "../../resources/captions/workflow.rst"


# What the report is about: all results of the stages. It is separate from the report itself, because Snakemake describes
# finished jobs, and does so while the report is still being made.
rule findings:
    """The results of all stages that the report is about, without the report itself."""
    input:
        get_findings,
    localrule: True


rule plot_rulegraph:
    input:
        get_findings,
    output:
        figure=report(
            "<results>/report/rulegraph.png",
            caption="../../resources/captions/rulegraph.rst",
            category="Steps",
            labels={"figure": "rule graph"},
        ),
    log:
        "<logs>/plot_rulegraph.log",
    localrule: True
    conda:
        "../../envs/report.yaml"
    params:
        code=code_of("report/plot_rulegraph.py"),
        stages=get_stages,
    script:
        "../../scripts/report/plot_rulegraph.py"


rule archive_report:
    input:
        get_findings,
        rulegraph="<results>/report/rulegraph.png",
        captions=get_captions,
        stylesheet=workflow_file("resources/report.css"),
    output:
        archive="<results>/report/report.zip",
    log:
        "<logs>/archive_report.log",
    localrule: True
    conda:
        "../../envs/report.yaml"
    params:
        code=code_of("report/archive_report.py"),
    script:
        "../../scripts/report/archive_report.py"

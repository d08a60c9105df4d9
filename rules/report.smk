# Report: one page for reading and its figures for papers, Snakemake's archive of every job's figures, and exports to other tools.
from scripts.report.inputs import results_of


def get_report_tables(wildcards):
    """The results that the report's sections read."""
    return collect("<results>/{file}", file=results_of(study))


def get_settings(wildcards):
    """What of the config the page and the manifest tell; not where things lie or are made."""
    return {key: value for key, value in config.items() if key not in ("pathvars", "input_rules", "check_files")}


rule report:
    input:
        "<results>/report/report.html",
        "<results>/report/report.zip",
        "<results>/manifest.json",
        collect("<results>/exports/{file}", file=exported),
    localrule: True


include: "report/archive.smk"
include: "report/manifest.smk"


rule make_report:
    input:
        rules.findings.input,
        tables=get_report_tables,
        templates=collect(
            own("resources/report/{name}"),
            name=["page.html.j2", "style.css", "page.js", "words.yaml", "methods.j2", "citations.yaml"],
        ),
        columns=own("resources/columns.tsv"),
    output:
        html="<results>/report/report.html",
        methods="<results>/report/methods.md",
        figures=directory("<results>/report/figures"),
    log:
        "<logs>/make_report.log",
    benchmark:
        "<benchmarks>/make_report.tsv"
    conda:
        "../envs/report.yaml"
    resources:
        mem_mb=memory("make_report", base=2_000, per_input_gb=10_000),
        runtime=minutes("make_report", base=30),
    params:
        samples=get_sample_rows,
        settings=get_settings,
    script:
        "../scripts/report/make_report.py"

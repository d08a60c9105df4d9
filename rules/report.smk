# Report: one page for reading and its figures for papers, Snakemake's archive of every job's figures, and exports to other tools.
from scripts.figure.rule import hash_of
from scripts.report.inputs import result_modules, results_of
from scripts.exports.results import targets
from scripts.study.carried import with_own


rule report:
    """The report page with its figures, Snakemake's report, the manifest and the exports (report/report.html)."""
    input:
        "<results>/report/report.html",
        "<results>/report/report.zip",
        "<results>/manifest.json",
        "<results>/ro-crate-metadata.json",
        collect("<results>/exports/{file}", file=targets(study)),
    localrule: True


include: "report/archive.smk"
include: "report/manifest.smk"
include: "report/crate.smk"


if config["store"]:

    include: "report/store.smk"


rule make_report:
    input:
        get_findings,
        tables=collect("<results>/{file}", file=results_of(study)),
        templates=collect(
            workflow_file("resources/report/{name}"),
            name=[
                "page.html.j2",
                "style.css",
                "page.js",
                "words.yaml",
                "findings.yaml",
                "methods.j2",
                "citations.yaml",
            ],
        ),
        columns=workflow_file("resources/columns.tsv"),
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
        # Of each stage by its name, which no import tells.
        code=code_of("report/make_report.py", *result_modules()),
        samples=with_own(study.sample_rows, study.all_samples),
        settings=leave_out(config, "pathvars", "input_rules", "check_files", "container", "store"),
        words=hash_of(workflow_file("resources/words"), "*.yaml"),
    script:
        "../scripts/report/make_report.py"

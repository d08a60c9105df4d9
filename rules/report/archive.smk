# Snakemake's own report: every figure with its caption, the graph of the rules behind it, and what holds in this run.
import os
from pathlib import Path

from snakemake.io import get_flag_value, is_flagged


report: "../../resources/captions/workflow.rst"


def get_stages(wildcards):
    """The stage of every rule, its file or the folder it lies in: a graph drawn from other rules is out of date."""
    # Within another workflow, which may put a word before the names, the rules go by both.
    before = rules.findings.rule.name.removesuffix("findings")
    names = {name: rule for rule in workflow.rules for name in (rule.name, rule.name.removeprefix(before))}
    files = {name: Path(rule.snakefile) for name, rule in names.items()}
    return {name: file.parent.name if file.parent.parent.name == "rules" else file.stem for name, file in files.items()}


def get_captions(wildcards):
    """The captions of all figures, and the report's own: a report with other words in it is out of date."""
    flagged = [
        get_flag_value(file, "report") for rule in workflow.rules for file in rule.output if is_flagged(file, "report")
    ]
    captions = {flag.caption.get_path_or_uri(secret_free=True) for flag in flagged} | {
        workflow.report_text.get_path_or_uri(secret_free=True)
    }
    return sorted(map(os.path.relpath, captions))


# What the report is about: whatever the stages promise. It stands apart from the report itself, because Snakemake describes
# finished jobs, and is asked to while the report is still being made.
rule findings:
    input:
        rules.references.input,
        rules.reads.input,
        rules.counts.input,
        rules.cells.input,
        rules.clusters.input,
        rules.regulons.input,
        rules.profiles.input,
        rules.expression.input,
        rules.activity.input,
        rules.switches.input,
        rules.confounders.input,
        rules.markers.input,
        "<results>/reads/multiqc.html" if study.libraries else [],
    localrule: True


rule plot_rulegraph:
    input:
        rules.findings.input,
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
        stages=get_stages,
    script:
        "../../scripts/report/plot_rulegraph.py"


rule archive_report:
    input:
        rules.findings.input,
        rulegraph="<results>/report/rulegraph.png",
        captions=get_captions,
        stylesheet=own("resources/report.css"),
    output:
        archive="<results>/report/report.zip",
    log:
        "<logs>/archive_report.log",
    localrule: True
    conda:
        "../../envs/report.yaml"
    script:
        "../../scripts/report/archive_report.py"

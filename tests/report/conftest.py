"""A workflow of a few rules around archive and manifest, run once: stages that make a figure each, nothing else."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import in_process
import matplotlib.pyplot as plt
import pytest
import yaml

from scripts.study.config import complete, merged
from scripts.study.stages import STAGES

ROOT = Path(__file__).parents[2]
SNAKEFILE = """
import pandas as pd

from scripts.base.closure import Code
from scripts.study.stages import captions_of, results_of_stages, stages_of
from scripts.study.study import Study

configfile: "config/config.yaml"

pathvars:
    results="results",
    logs="<results>/logs",
    benchmarks="<results>/benchmarks",

if config["samples"] != "run.tsv":
    raise ValueError("this isn't the config of the run")

study = Study(
    config,
    pd.read_csv(config["samples"], sep="\t", index_col="sample", keep_default_na=False),
    pd.DataFrame({{"fq1": ["reads/a_R1.fastq.gz"], "fq2": ["reads/a_R2.fastq.gz"]}}),
)

def workflow_file(path):
    return path

def leave_out(settings, *keys):
    return {{key: value for key, value in settings.items() if key not in keys}}

def code_of(*scripts):
    return Code(workflow.basedir).hash_of(*scripts)

def get_findings(wildcards):
    return results_of_stages(rules, wildcards) + ["<results>/reads/multiqc.html"]

def get_stages(wildcards):
    return stages_of(workflow.rules, "")

def get_captions(wildcards):
    return captions_of(workflow)

{stages}

rule draw_cells:
    input:
        "<results>/reads.txt",
    output:
        report(directory("<results>/cells/figures"), patterns=["{{figure}}.png"],
               caption="resources/captions/figure.rst", category="Cells",
               labels={{"figure": "{{figure}}", "n": "2 libraries."}}),
    params:
        n=7,
    shell:
        "mkdir -p {{output}} && cp figure.png {{output}}/barnyard.png && cp figure.png {{output}}/quality.png"

rule report_reads:
    output:
        "<results>/reads/multiqc.html",
    shell:
        "echo '<p>lanes</p>' > {{output}}"

rule make:
    input:
        temp("<results>/raw.txt"),
    output:
        "<results>/{{stage}}.txt",
    shell:
        "cp {{input}} {{output}}"

rule make_raw:
    output:
        temp("<results>/raw.txt"),
    params:
        seed=config["cells"]["seed"],
    shell:
        "echo raw {{params.seed}} > {{output}}"

ruleorder: make_raw > make

include: "rules/report/archive.smk"
include: "rules/report/manifest.smk"
"""
QUESTION = """
def get_figures(wildcards):
    return "<results>/cells/figures"

rule cells:
    input:
        get_figures,
    localrule: True
"""


def stage(name: str) -> str:
    """Return a stage's target rule; that of the cells asks by a function, as some do."""
    if name != "cells":
        return f'rule {name}:\n    input:\n        "<results>/{name}.txt",\n    localrule: True\n'
    return QUESTION


CONFIG = ["--configfile", "run.yaml"]


class Workflow:
    """A workflow in a folder."""

    def __init__(self, folder: Path):
        """Keep the folder."""
        self.folder = folder

    def run(self, *arguments: str, **environment: str) -> in_process.Said:
        """Call Snakemake with the run's config laid over config/config.yaml, and these variables in its environment.

        In a process of its own, since report and manifest ask about the workflow that their modules are part of.
        """
        command = [sys.executable, "-m", "snakemake", *CONFIG, "--cores", "2", *arguments]
        surroundings = {**os.environ, **environment}
        done = subprocess.run(command, cwd=self.folder, env=surroundings, capture_output=True, text=True, check=False)
        return in_process.Said(done.returncode, done.stdout + done.stderr)

    def dry_run(self, *arguments: str) -> in_process.Said:
        """Ask what there is to do."""
        return in_process.snakemake(self.folder, *CONFIG, "--cores", "1", "--dry-run", *arguments)


@pytest.fixture(scope="session")
def workflow(tmp_path_factory) -> Workflow:
    """Return a small workflow that has run to its report under another results folder than the Snakefile's."""
    folder = tmp_path_factory.mktemp("report")
    (folder / "Snakefile").write_text(SNAKEFILE.format(stages="\n\n".join(map(stage, STAGES))))
    shutil.copytree(ROOT / "scripts", folder / "scripts", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(ROOT / "resources" / "captions", folder / "resources" / "captions")
    shutil.copy(ROOT / "resources" / "report.css", folder / "resources")
    shutil.copytree(ROOT / "config" / "schemas", folder / "config" / "schemas")
    (folder / "resources" / "captions" / "figure.rst").write_text(
        "Figure {{ snakemake.wildcards.figure }}, n = {{ snakemake.params.n }}\n"
    )
    for name in ("rules/report", "envs", "config"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    for name in ("archive.smk", "manifest.smk"):
        shutil.copy(ROOT / "rules" / "report" / name, folder / "rules" / "report")
    (folder / "envs" / "report.yaml").write_text("dependencies: []\n")
    config = yaml.safe_load((ROOT / "config" / "config.yaml").read_text())
    demo = yaml.safe_load((ROOT / "config" / "demo" / "config.yaml").read_text())
    # The folder's own config differs from the run's, so that a report of the wrong one would fail.
    (folder / "config" / "config.yaml").write_text(yaml.safe_dump(complete(config) | {"samples": "the folder's"}))
    run = complete(merged(config, demo)) | {"samples": "run.tsv", "units": None, "pathvars": {"results": "out/run"}}
    run["cells"] |= {"species": {"method": "threshold", "graft_min": 0.75, "host_max": 0.25}}
    run["cells"]["qc"] |= {"method": "fixed", "min_counts": 250, "max_counts": 100_000}
    (folder / "run.tsv").write_text("sample\tassay\tmatrix\nA1\tscrna\tcounts/A1.h5ad\nB1\tscrna\t\n")
    (folder / "run.yaml").write_text(yaml.safe_dump(run))
    figure, _ = plt.subplots(figsize=(2, 2))
    figure.savefig(folder / "figure.png")
    plt.close(figure)
    done = Workflow(folder)
    ran = done.run("out/run/report/report.zip", "out/run/manifest.json")
    assert ran.code == 0, ran.text + "".join(p.read_text() for p in (folder / "out").rglob("*.log"))
    return done

"""The workflow as a module of another one, which lies elsewhere, brings its own config and decides where results go."""

import os
import re
import subprocess
import sys
from pathlib import Path

import anndata
import in_process
import pytest
import yaml
from outer_workflow import CONFIG, OUTER, write_outer

from scripts.study.resources import MEASURED


def run(folder: Path, *arguments: str, code: int = 0, **variables: str) -> str:
    """Call Snakemake on the outer workflow, which ends with this code; return what it says.

    In a process of its own, which finds modules and workflow from where it runs. ``variables``: of its environment.
    """
    environment = {key: value for key, value in os.environ.items() if key not in ("SNAKEMAKE_PROFILE", "PYTHONPATH")}
    environment |= {"XDG_CACHE_HOME": str(folder / "cache"), **variables}
    command = [sys.executable, "-m", "snakemake", "--cores", "1", *arguments]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout + done.stderr


def dry_run(folder: Path, *arguments: str, code: int = 0) -> str:
    """Ask in this process what there is to do in the outer workflow."""
    said = in_process.snakemake(folder, "--cores", "1", "--dry-run", *arguments)
    assert said.code == code, said.text
    return said.text


@pytest.fixture
def outer(tmp_path) -> Path:
    """Return the folder of the outer workflow."""
    return write_outer(tmp_path)


def test_all_of_it_is_there_under_the_outer_one_s_config(outer):
    """Two seeds, one patient, two matrices; no input is looked for where the outer workflow lies but its own."""
    said = dry_run(outer)
    jobs = dict(re.findall(r"^((?:persisters|make)_\w+) +(\d+)$", said, re.MULTILINE))
    assert jobs["persisters_infer_network"] == "2" and jobs["persisters_import_matrix"] == "2"
    assert jobs["persisters_make_report"] == jobs["persisters_make_manifest"] == jobs["make_own"] == "1"
    assert "results/" not in said.replace("out/persisters", "")


def test_a_job_of_it_runs_from_the_outer_one(outer):
    """Scripts find this workflow's modules, results go where the outer config says; then nothing is left to do."""
    target = "out/persisters/counts/A_AC.h5ad"
    run(outer, target, "own.txt")
    assert anndata.read_h5ad(outer / target).shape == (2, 3)
    assert (outer / "own.txt").read_text() == "outer\n"
    assert (outer / "out" / "persisters" / "logs" / "import_matrix" / "A_AC.log").exists()
    assert not (outer / "results").exists() and not (outer / "logs").exists()
    assert "Nothing to be done" in dry_run(outer, target, "own.txt")
    # What was measured of a rule holds by the name that the outer workflow gives it.
    said = dry_run(outer, "out/persisters/cells/A_AC.droplets.parquet")
    rows = [line.split() for line in MEASURED.read_text().splitlines()]
    (base,) = (float(row[3]) for row in rows if row[0] == "call_cells")
    (asked,) = re.findall(r"rule persisters_call_cells:.*?mem_mb=(\d+)", said, re.DOTALL)
    assert int(asked) == pytest.approx(base, abs=2)


def test_the_outer_one_may_say_where_results_go_in_snakemake_s_words(outer):
    """By pathvars of the module; what asks Snakemake about the workflow once more, as preflight does, knows it too.

    The databases are empty: the page is printed, and then refused.
    """
    place = '        config["persisters"]\n'
    text = OUTER.replace(place, f'{place}    pathvars:\n        results="there",\n')
    (outer / "Snakefile").write_text(text)
    own = {key: value for key, value in CONFIG.items() if key != "pathvars"}
    (outer / "outer.yaml").write_text(yaml.safe_dump({"word": "outer", "persisters": own}))
    assert "results/" not in dry_run(outer)
    said = run(outer, "there/preflight.txt", code=1)
    assert "Preflight of there" in said and "the file is empty; fetch it again" in said
    stages = {stage: int(number) for number, stage in re.findall(r"^ +(\d+) (\w+)$", said, re.MULTILINE)}
    assert stages["counts"] >= 2 and stages["regulons"] > 2 and stages["report"] > 2


def test_memory_of_the_outer_one_s_own_rules_is_its_own(outer):
    """Declared before the module or after it, by whatever Snakemake offers."""
    own = """

def need(wildcards, threads):
    return 700 * threads


rule ask_for_memory:
    output:
        "memory.txt",
    threads: 1
    resources:
        mem_mb=need,
        runtime=7,
    shell:
        "echo {resources.mem_mb} {resources.runtime} > {output}"
"""
    late = own.replace("need", "more").replace("ask_for", "want").replace("memory.txt", "late.txt")
    (outer / "Snakefile").write_text(own + OUTER + late)
    run(outer, "memory.txt", "late.txt")
    assert (outer / "memory.txt").read_text() == (outer / "late.txt").read_text() == "700 7\n"


def test_a_mistake_in_its_sheet_is_one_line_there_too(outer):
    path = outer / "sheets" / "samples.tsv"
    path.write_text(path.read_text().replace("persister\tAC", "persister\tAB"))
    said = dry_run(outer, "--quiet", code=1)
    assert "error: sheets/samples.tsv, row 3, column arm: 'AB' is not among arms of the config" in said
    assert "Traceback" not in said

"""A job of the workflow run by hand: what its script is given, and what it makes on a finished folder."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from checkout import REDUCED

from scripts.base.job import UserError
from scripts.base.mock import main, make_job, read_workflow

ROOT = Path(__file__).parents[2]
CONFIGS = [ROOT / name for name in REDUCED]


@pytest.fixture(scope="module")
def workflow():
    """Give the workflow of the reduced demo."""
    here = Path.cwd()
    with read_workflow(CONFIGS, ROOT, cores=2) as parsed:
        yield parsed
    assert Path.cwd() == here


@pytest.fixture
def sample(workflow) -> str:
    """Return a library."""
    return workflow.globals["study"].libraries[0]


def test_a_job_has_what_snakemake_gives_it(workflow, sample, tmp_path):
    job = make_job(workflow, "filter_cells", {"sample": sample})
    assert job.script == ROOT / "scripts" / "cells" / "filter_cells.py"
    given = job.snakemake
    assert given.input.counts == f"results/demo/counts/{sample}.h5ad"
    assert given.output.cells == given.output[0] == f"results/demo/cells/{sample}.h5ad"
    assert list(given.log) == [f"results/demo/logs/filter_cells/{sample}.log"]
    assert given.wildcards.sample == given.params.labels["sample"] == sample
    assert given.params.cells["qc"] == workflow.globals["config"]["cells"]["qc"]
    assert given.config["samples"] == "config/demo/reduced/samples.tsv"
    assert (given.rule, given.threads) == ("filter_cells", 1)
    # Never more threads than there are cores; outputs elsewhere, inputs where they are.
    group = workflow.globals["study"].groups[0]
    score = make_job(workflow, "score_activity", {"group": group}, tmp_path).snakemake
    assert 1 <= score.threads <= 2
    assert score.output.activity == str(tmp_path / "results" / "demo" / "regulons" / group / "activity.parquet")
    assert score.log[0].startswith(str(tmp_path)) and score.input.regulons == "results/demo/regulons/consensus.tsv"


@pytest.mark.parametrize(
    ("rule", "wildcards", "message"),
    [
        ("filter_cell", {"sample": "A"}, "no rule is called 'filter_cell'; did you mean filter_cells"),
        ("cells", {}, "rule cells is a target and runs nothing"),
        ("measure_quality", {"sample": "A", "unit": "1"}, "rule measure_quality runs a shell command, not a script"),
        ("filter_cells", {}, "rule filter_cells has the wildcards: sample; give each as name=value"),
        ("join_genomes", {"sample": "A"}, "rule join_genomes has the wildcards: none"),
        ("filter_cells", {"sample": "A"}, "rule filter_cells has no job with sample=A"),
    ],
)
def test_what_is_no_job_is_refused(workflow, rule, wildcards, message):
    with pytest.raises(UserError, match=message):
        make_job(workflow, rule, wildcards)


def test_an_input_that_is_absent_is_named(workflow, sample, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    job = make_job(workflow, "filter_cells", {"sample": sample}, tmp_path)
    with pytest.raises(UserError, match=rf"counts/{sample}.h5ad and 4 more inputs of rule filter_cells: missing"):
        job.run()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "message"),
    [(["filter_cells"], "--into --in-place"), (["filter_cells", "A", "--in-place"], "name=value, not 'A'")],
)
def test_what_the_command_needs_is_said(capsys, arguments, message):
    with pytest.raises(SystemExit):
        main(arguments)
    assert message in capsys.readouterr().err


def test_a_script_runs_by_hand_on_a_finished_folder(reduced, tmp_path):
    """It makes what the workflow made, byte for byte, and leaves the folder as it was."""
    results = reduced / "results" / "demo"
    made = results / "expression" / "differential_expression.tsv"
    before = made.stat().st_mtime_ns
    command = [sys.executable, "-m", "scripts.base.mock", "compare_expression", "--configfile", *REDUCED]
    done = subprocess.run(
        [*command, "--directory", reduced, "--into", tmp_path],
        cwd=ROOT,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    own = tmp_path / made.relative_to(reduced)
    assert str(own) in done.stdout.splitlines() and own.read_bytes() == made.read_bytes()
    assert made.stat().st_mtime_ns == before
    assert sorted(path.name for path in own.parent.iterdir()) == [
        "differential_expression.tsv",
        "expression_design.tsv",
    ]
    assert (tmp_path / "results" / "demo" / "logs" / "compare_expression.log").exists()

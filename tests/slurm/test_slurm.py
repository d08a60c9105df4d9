"""The workflow on a real Slurm: same results as on this machine, and more memory for a job that had too little."""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import anndata
import pytest
from checkout import RESULTS, contents, copy_checkout, run
from cluster import CLIENTS, DAEMONS, StartError, missing_programs, slurm
from outer_workflow import TARGET, git, write_outer

ROOT = Path(__file__).parents[2]
PROFILE = ROOT / "config" / "profiles" / "slurm"
HERE = ["--slurm-status-command", "squeue", "--latency-wait", "10", "--slurm-init-seconds-before-status-checks", "10"]
"""What this cluster differs in from the profile: there is no accounting, and most jobs take less than ten seconds."""


@pytest.fixture(scope="module")
def cluster():
    """Have a cluster for the tests here. They are skipped without Slurm's programs, and fail if it doesn't start."""
    if missing := missing_programs():
        pytest.skip(f"not installed (Debian: slurm-wlm, munge): {', '.join(missing)}")
    # Paths of sockets are limited to some 100 characters, which pytest's own folders may exceed.
    with tempfile.TemporaryDirectory(prefix="slurm-") as name, slurm(Path(name)):
        yield


@pytest.mark.full
def test_results_are_those_of_a_run_without_a_cluster(cluster, reduced, tmp_path):
    """From simulated reads on, through the profile as it is shipped. Threads differ too: 8 asked for there, 2 here."""
    checkout = copy_checkout(tmp_path / "checkout")
    for folder in ("simulated", "truth", "references/whitelists"):
        shutil.copytree(reduced / RESULTS / folder, checkout / RESULTS / folder)
    shutil.copytree(reduced / ".snakemake" / "metadata", checkout / ".snakemake" / "metadata")
    ran = run(checkout, "--profile", str(PROFILE), "--jobs", "12", *HERE)
    said = ran.stdout + ran.stderr
    assert ran.returncode == 0, said[-8000:]
    # No job needed a second attempt: what the rules ask for is enough for a Slurm that enforces it.
    assert "Trying to restart job" not in said and "Error in rule" not in said
    submitted = re.findall(r"has been submitted with SLURM jobid", said)
    assert len(submitted) > 50
    here, there = contents(reduced / RESULTS), contents(checkout / RESULTS)
    assert set(there) == set(here)
    assert [name for name in there if there[name] != here[name]] == []


@pytest.mark.full
def test_a_job_out_of_memory_is_tried_again_with_more(cluster, tmp_path):
    """700 MB are asked for and 800 held: Slurm ends the first attempt; the second has 1,400."""
    for source in (ROOT / "tests" / "slurm" / "retry").iterdir():
        if source.is_file():
            shutil.copy(source, tmp_path)
    shutil.copytree(ROOT / "scripts", tmp_path / "scripts", ignore=shutil.ignore_patterns("__pycache__"))
    command = [sys.executable, "-m", "snakemake", "--profile", str(PROFILE), *HERE]
    ran = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    said = ran.stdout + ran.stderr
    assert ran.returncode == 0, said[-8000:]
    assert (tmp_path / "held.txt").read_text() == "800000000\n"
    assert (tmp_path / "hold.log").read_text() == "1400\n"
    assert list(dict.fromkeys(re.findall(r"resources:.* mem_mb=(\d+)", said))) == ["700", "1400"]
    assert "exceeded memory limit" in said, "it was Slurm that ended the first attempt"


@pytest.mark.full
def test_a_module_by_name_runs_on_the_cluster(cluster, tmp_path):
    """Jobs there parse the workflow again, from the clone that the first process made."""
    repository = copy_checkout(tmp_path / "elsewhere" / "regulons")
    git(repository, "init", "--quiet", "--initial-branch", "main")
    git(repository, "add", "--all")
    git(repository, "commit", "--quiet", "--message", "works")
    folder = tmp_path / "outer"
    folder.mkdir()
    write_outer(folder, f'"git+file://{repository}/Snakefile@main"')
    command = [sys.executable, "-m", "snakemake", "--profile", str(PROFILE), *HERE, "--", TARGET]
    place = os.environ | {"XDG_CACHE_HOME": str(tmp_path / "cache")}
    ran = subprocess.run(command, cwd=folder, env=place, capture_output=True, text=True, check=False)
    said = ran.stdout + ran.stderr
    assert ran.returncode == 0, said[-8000:]
    assert "has been submitted with SLURM jobid" in said
    assert anndata.read_h5ad(folder / TARGET).shape == (2, 3)
    assert len(list((tmp_path / "cache" / "persister-regulons").iterdir())) == 1


def test_a_slurm_that_is_installed_but_does_not_start_is_a_failure(tmp_path, monkeypatch):
    """Its daemons are programs that end at once: that is an error with their last words, and no reason to skip."""
    for name in (*DAEMONS, *CLIENTS):
        program = tmp_path / "installed" / name
        program.parent.mkdir(exist_ok=True)
        program.write_text("#!/bin/sh\necho no key >&2\nexit 1\n")
        program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path / 'installed'}:/usr/bin:/bin")
    (tmp_path / "cluster").mkdir()
    assert missing_programs() == []
    with pytest.raises(StartError, match="munged doesn't start: munged: no key"), slurm(tmp_path / "cluster"):
        pass


def test_programs_that_are_missing_are_named(tmp_path, monkeypatch):
    monkeypatch.setattr("cluster.SEARCHED", ())
    monkeypatch.setenv("PATH", str(tmp_path))
    assert missing_programs() == [*DAEMONS, *CLIENTS]

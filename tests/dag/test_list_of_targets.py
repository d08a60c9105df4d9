"""What a user meets first: the list of targets, the last line of `make demo`, and what git leaves alone."""

import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def test_every_target_is_listed_with_a_sentence(rules):
    """`snakemake --list-target-rules` prints it; a target is a rule without outputs."""
    targets = {name: rule.docstring for name, rule in rules.items() if not rule.output}
    assert {"all", "cells", "switches", "report", "biopsy", "freeze"} <= set(targets)
    assert [name for name, text in targets.items() if not text or not text.endswith(".") or len(text) < 30] == []


def test_the_demo_ends_with_the_path_of_its_report():
    said = subprocess.run(["make", "--dry-run", "demo"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert said.splitlines()[-1] == f'echo "The report: {ROOT}/results/demo/report/report.html"'


@pytest.mark.parametrize("path", ["data/patient_R1.fastq.gz", "mine/samples.tsv", "studies/a/config.yaml"])
def test_git_leaves_the_data_of_patients_and_studies_alone(tmp_path, path):
    shutil.copy(ROOT / ".gitignore", tmp_path)
    subprocess.run(["git", "init", "--quiet"], cwd=tmp_path, check=True)
    for name in (path, f"scripts/study/{Path(path).name}"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    command = ["git", "status", "--porcelain", "--untracked-files=all"]
    found = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True).stdout
    assert path not in found and "scripts/study/" in found

"""`make lint` heeds what Snakemake's linter finds, but for the one finding that is meant."""

import subprocess
import sys
from pathlib import Path

import pytest

LINT = Path(__file__).parents[1] / "lint_workflow.py"
RULE = (
    'rule copy:\n    input:\n        get_file,\n    output:\n        "b.txt",\n    {log}conda:\n        '
    '"env.yaml"\n    shell:\n        "cp {{input}} {{output}}"\n'
)
FUNCTION = 'def get_file(wildcards):\n    return "a.txt"\n\n\n'


@pytest.mark.parametrize(("log", "code"), [('log:\n        "copy.log",\n    ', 0), ("", 1)], ids=["with", "without"])
def test_a_rule_without_a_log_is_refused_and_functions_beside_rules_are_not(tmp_path, log, code):
    (tmp_path / "Snakefile").write_text('include: "rules.smk"\n')
    (tmp_path / "rules.smk").write_text(FUNCTION + RULE.format(log=log))
    done = subprocess.run([sys.executable, LINT], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == code, done.stderr
    assert ("No log directive defined" in done.stderr) == bool(code)
    assert "Mixed rules" not in done.stderr


def test_a_workflow_that_can_not_be_read_is_refused(tmp_path):
    (tmp_path / "Snakefile").write_text("rule copy:\n    nothing: 1\n")
    done = subprocess.run([sys.executable, LINT], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 1 and "nothing" in done.stderr

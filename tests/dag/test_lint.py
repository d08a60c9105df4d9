"""`make lint` heeds what Snakemake's linter finds, and refuses functions, globals and imports that are out of place."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import lint_workflow
import pytest

ROOT = Path(__file__).parents[2]
LINT = ROOT / "tests" / "lint_workflow.py"
RULE = (
    'rule copy:\n    input:\n        get_file,\n    output:\n        "b.txt",\n    {log}conda:\n        '
    '"env.yaml"\n    shell:\n        "cp {{input}} {{output}}"\n'
)
LOG = 'log:\n        "copy.log",\n    '
FUNCTION = 'def get_file(wildcards):\n    """A file."""\n    return "a.txt"\n'


def lint(folder: Path, **files: str) -> subprocess.CompletedProcess:
    """Run the linter on a workflow of these files of rules."""
    (folder / "rules").mkdir()
    for name, text in files.items():
        (folder / "rules" / f"{name}.smk").write_text(text)
    (folder / "Snakefile").write_text("".join(f'include: "rules/{name}.smk"\n' for name in files))
    return subprocess.run([sys.executable, LINT], cwd=folder, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(("log", "code"), [(LOG, 0), ("", 1)], ids=["with", "without"])
def test_a_rule_without_a_log_is_refused_and_functions_in_common_are_not(tmp_path, log, code):
    done = lint(tmp_path, common=FUNCTION, counts=RULE.format(log=log))
    assert done.returncode == code, done.stderr
    assert ("No log directive defined" in done.stderr) == bool(code)
    assert "Mixed rules" not in done.stderr and "get_file" not in done.stderr


def find_misplaced(**files: str) -> list[tuple[str, str]]:
    """Return what is out of place in these files of rules."""
    return lint_workflow.misplaced({Path("rules", f"{name}.smk"): text for name, text in files.items()})


def test_functions_are_defined_once_and_in_common():
    found = find_misplaced(common=FUNCTION, counts=FUNCTION + "\n\n" + RULE.format(log=LOG))
    assert found == [
        ("rules/counts.smk", "function get_file is defined in rules/common.smk too; the later one replaces it"),
        ("rules/counts.smk", "function get_file belongs in rules/common.smk"),
    ]


def test_a_function_that_nobody_uses_is_found():
    found = find_misplaced(common=FUNCTION, counts=RULE.format(log=LOG).replace("get_file", '"a.txt"'))
    assert found == [("rules/common.smk", "function get_file is used by nobody")]


def test_a_global_is_used_in_its_file_alone():
    """Names of attributes, arguments and rules are none, nor what a file imports or assigns; common is shared."""
    words = "import os\nfrom math import (\n    pi,\n    tau as turn,\n)\n\nfiles = ['a.txt']\n"
    uses = "import os\n\nnumbers = dict(files=1, pi=study.pi)\nwords = [os.sep, study.files, turn]  # pi\n"
    uses += "more = [*files]\n\n\n" + RULE.format(log=LOG)
    found = find_misplaced(common=FUNCTION + "\n\nstudy = None\n", references=words, counts=uses)
    advice = "is a global of rules/references.smk; import it here, or make it an attribute of study"
    assert found == [("rules/counts.smk:4", f"turn {advice}"), ("rules/counts.smk:5", f"files {advice}")]


@pytest.mark.parametrize("params", ["", 'code=code_of("counts/b.py"),'], ids=["none", "another's"])
def test_a_rule_that_runs_a_script_without_its_code_among_params_is_refused(params):
    text = (
        'rule a:\n    output:\n        "a",\n    params:\n        {}\n    script:\n        "../scripts/counts/a.py"\n'
    )
    found = lint_workflow.without_code({Path("rules/counts.smk"): text.format(params)})
    assert found == [("rules/counts.smk", 'rule a lacks code=code_of("counts/a.py") among its params')]
    assert lint_workflow.without_code({Path("rules/a.smk"): text.format('code=code_of("counts/a.py"),')}) == []


def test_a_file_of_more_than_300_lines_is_two_things():
    long, named = Path("scripts", "a.py"), next(iter(lint_workflow.LONGER))
    assert lint_workflow.too_long({long: "\n" * 300, named: "\n" * 301}) == []
    found = dict(lint_workflow.too_long({long: "\n" * 301, named: "\n" * 300}))
    assert "301 lines" in found[str(long)] and "remove it from LONGER" in found[str(named)]


def test_what_is_out_of_place_is_refused_and_a_workflow_that_can_not_be_read(tmp_path):
    done = lint(tmp_path, common="rule copy:\n    nothing: 1\n", counts=FUNCTION)
    assert done.returncode == 1 and "nothing" in done.stderr
    assert "function get_file belongs in rules/common.smk" in done.stderr


MISPLACED = [
    ("reads/check_reads.py", "scripts.regulons.consensus", "A stage imports what comes before it"),
    ("base/files.py", "scripts.report.source", "A stage imports what comes before it"),
    ("stage_of_its_own/jobs.py", "scripts.base", "A stage imports what comes before it"),
    ("scenic/aucell.py", "scripts.study.config", "The SCENIC kernels know no stage"),
    ("cells/figures.py", "scanpy", "Figures are drawn from tables: envs/figures.yaml has none of these"),
]
"""Modules, what they import, and the contract that this breaks."""


@pytest.fixture(scope="module")
def refused(tmp_path_factory) -> str:
    """Return what is said of a copy of the project in which each of these modules imports what it may not."""
    folder = tmp_path_factory.mktemp("misplaced")
    shutil.copy(ROOT / "pyproject.toml", folder)
    shutil.copytree(ROOT / "scripts", folder / "scripts", ignore=shutil.ignore_patterns("__pycache__"))
    for module, imported, _ in MISPLACED:
        path = folder / "scripts" / module
        path.parent.mkdir(exist_ok=True)
        (path.parent / "__init__.py").touch()
        path.write_text((path.read_text() if path.exists() else "") + f"\nimport {imported}\n")
    code = "from importlinter.cli import lint_imports_command; lint_imports_command(['--no-logo', '--no-cache'])"
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 1, done.stdout + done.stderr
    return done.stdout


@pytest.mark.parametrize(("module", "imported", "contract"), MISPLACED)
def test_imports_go_down(refused, module, imported, contract):
    """A module of a higher stage, a stage without a place, and what isn't in the environment are refused by name."""
    assert f"{contract} BROKEN" in refused
    name = f"scripts.{module.removesuffix('.py').replace('/', '.')}"
    is_placed = (ROOT / "scripts" / module).exists()
    expected = rf"{re.escape(name)} -> {re.escape(imported)} " if is_placed else rf"- {name.rpartition('.')[0]}\n"
    of_contract = refused.rpartition(f"{contract}\n---")[2]
    assert re.search(expected, of_contract), refused

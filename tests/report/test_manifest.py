"""The manifest: what it holds, that a run from its config gives its hashes, and what two manifests are compared by."""

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from scripts.report import manifest, reproduce

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def written(workflow) -> dict:
    """Return the manifest of the small workflow's run."""
    return json.loads((workflow.folder / "out" / "run" / "manifest.json").read_text())


def test_it_says_what_made_the_results(workflow, written):
    made = written["workflow"]
    assert re.fullmatch(r"[0-9a-f]{64}", made["source"])
    assert made["python"].startswith("3.11.")
    # The workflow here is a copy in a folder without git, project file and lock.
    assert made["commit"] is made["dirty"] is made["version"] is made["lock"] is None
    assert written["config"]["samples"] == "run.tsv"
    assert written["seeds"]["cells.seed"] == 0 and written["seeds"]["regulons.seeds"] == [1, 2, 3]
    sheet = hashlib.sha256((workflow.folder / "run.tsv").read_bytes()).hexdigest()
    assert written["inputs"]["sheets"] == {"run.tsv": sheet}
    assert written["inputs"]["matrices"] == {"counts/A1.h5ad": None}, "it isn't there, and is no reason to fail"
    assert set(written["inputs"]["references"]) >= {written["config"]["references"]["graft"]["fasta"]}
    assert written["run"]["host"] and written["run"]["first_result"] <= written["run"]["last_result"]


def test_it_has_the_hash_of_every_table_and_of_no_page(workflow, written):
    results = workflow.folder / "out" / "run"
    hashes = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in results.glob("*.txt")}
    assert written["results"] == hashes and len(hashes) == 17


def test_it_is_written_once(workflow):
    said = workflow.dry_run("out/run/report/report.zip", "out/run/manifest.json")
    assert "Nothing to be done" in said.text


def test_a_run_from_its_config_gives_its_hashes_and_another_seed_does_not(workflow, tmp_path):
    """In another results folder, by the commands that reproduce.py tells."""
    first = workflow.folder / "out" / "run" / "manifest.json"
    tool = [sys.executable, "-m", "scripts.report.reproduce"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    told = subprocess.run([*tool, "config", first], env=environment, capture_output=True, text=True, check=True)
    (workflow.folder / "again.yaml").write_text(told.stdout)
    for folder, seed in (("again", []), ("other", ["cells={seed: 3}"])):
        arguments = ["--configfile", "again.yaml", "--replace-workflow-config", f"out/{folder}/manifest.json"]
        ran = workflow.run(*arguments, "--config", f"pathvars={{results: out/{folder}}}", *seed)
        assert ran.code == 0, ran.text
    second, other = (workflow.folder / "out" / folder / "manifest.json" for folder in ("again", "other"))
    compared = subprocess.run([*tool, "compare", first, second], env=environment, capture_output=True, text=True)
    assert compared.returncode == 0
    assert "config/pathvars/results" in compared.stdout, "the one thing that differs is told"
    compared = subprocess.run([*tool, "compare", first, other], env=environment, capture_output=True, text=True)
    assert compared.returncode == 1
    assert "seeds/cells.seed: 0 ≠ " in compared.stdout
    assert re.search(r"results/reads\.txt: \"[0-9a-f]+… ≠ ", compared.stdout)


def test_the_project_itself_is_described():
    """Every dependency has a version, and the lock agrees with what is installed."""
    found = manifest.describe_software(ROOT)
    assert found["version"] == re.search(r'^version = "(.*)"', (ROOT / "pyproject.toml").read_text(), re.MULTILINE)[1]
    assert found["packages"]["snakemake"] and len(found["packages"]) > 25
    assert [name for name, own in found["packages"].items() if own is None] == []
    assert found["lock"] == hashlib.sha256((ROOT / "requirements.lock").read_bytes()).hexdigest()
    assert found["lock_has_other_version"] == {}


def test_a_commit_is_told_and_whether_files_differ_from_it(tmp_path):
    """A folder inside of another's repository has no commit of its own."""
    if shutil.which("git") is None:
        pytest.skip("git isn't installed")
    assert manifest.describe_commit(tmp_path) == {"commit": None, "dirty": None}
    run = ["git", "-C", str(tmp_path), "-c", "user.name=a", "-c", "user.email=a@b"]
    (tmp_path / "inner").mkdir()
    (tmp_path / "Snakefile").write_text("a")
    for command in (["init", "-q"], ["add", "Snakefile"], ["commit", "-q", "-m", "a"]):
        subprocess.run([*run, *command], check=True, capture_output=True)
    found = manifest.describe_commit(tmp_path)
    assert re.fullmatch("[0-9a-f]{40}", found["commit"]) and found["dirty"] is False
    (tmp_path / "results").write_text("untracked")
    assert manifest.describe_commit(tmp_path)["dirty"] is False
    (tmp_path / "Snakefile").write_text("b")
    assert manifest.describe_commit(tmp_path)["dirty"] is True
    assert manifest.describe_commit(tmp_path / "inner") == {"commit": None, "dirty": None}


@pytest.mark.skipif(os.getuid() != 0, reason="only root can give a folder away")
def test_a_checkout_of_somebody_else_has_its_commit(tmp_path):
    """As where one installs the workflow for all: git asks for such a folder to be called safe."""
    if shutil.which("git") is None:
        pytest.skip("git isn't installed")
    run = ["git", "-C", str(tmp_path), "-c", "user.name=a", "-c", "user.email=a@b"]
    for command in (["init", "-q"], ["commit", "-q", "--allow-empty", "-m", "a"]):
        subprocess.run([*run, *command], check=True, capture_output=True)
    for path in [tmp_path, *tmp_path.rglob("*")]:
        os.chown(path, 65534, 65534)
    assert subprocess.run(["git", "-C", str(tmp_path), "rev-parse", "HEAD"], capture_output=True).returncode != 0
    assert re.fullmatch("[0-9a-f]{40}", manifest.describe_commit(tmp_path)["commit"])


def test_a_run_began_when_its_first_result_was_written_not_when_a_database_was(tmp_path):
    """Databases of the user's are links among the results, to files that may be years old."""
    old, made = tmp_path / "db.feather", tmp_path / "a.tsv"
    for path in (old, made):
        path.touch()
    os.utime(old, (10**9, 10**9))
    (tmp_path / "link.feather").symlink_to(old)
    told = manifest.describe_run([tmp_path / "link.feather", made])
    assert told["first_result"] > "2020" and told["last_result"] >= told["first_result"]


def test_without_git_there_is_no_commit(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert manifest.describe_commit(ROOT) == {"commit": None, "dirty": None}


def test_the_source_s_hash_follows_content_and_names(tmp_path):
    (tmp_path / "rules" / "__pycache__").mkdir(parents=True)
    (tmp_path / "Snakefile").write_text("a")
    (tmp_path / "rules" / "x.smk").write_text("x")
    first = manifest.hash_tree(tmp_path)
    (tmp_path / "rules" / "__pycache__" / "y.pyc").write_text("y")
    assert manifest.hash_tree(tmp_path) == first
    (tmp_path / "rules" / "x.smk").rename(tmp_path / "rules" / "y.smk")
    assert manifest.hash_tree(tmp_path) != first


@pytest.mark.parametrize(
    ("content", "words"), [(None, "no manifest"), ("x", "no manifest"), ("{}", "lacks config or results")]
)
def test_what_is_no_manifest_is_told_in_one_line(tmp_path, content, words):
    path = tmp_path / "m.json"
    if content is not None:
        path.write_text(content)
    with pytest.raises(SystemExit, match=rf"^error: .*m\.json: .*{words}.*; give"):
        reproduce.main(["config", str(path)])

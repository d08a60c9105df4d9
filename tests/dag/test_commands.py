"""The commands of README and documents that are no plain call of Snakemake: each runs, dry where it takes long."""

import json
import re
import shlex
import shutil
import subprocess
from pathlib import Path

import in_process
import pytest
import yaml
from dry import arguments_of, dry_run
from snakemake.cli import parse_args
from test_docs import COMMANDS, DOCUMENTS, MINE, READMES, SNAKEMAKE

from scripts.study.reference_manifest import FILES, FORMAT, FORMAT_VERSION, MANIFEST

ROOT = Path(__file__).parents[2]
PAGES = [*READMES, *DOCUMENTS]
INDENTED = re.compile(r"^    ((?:make|source|cp|python) \S.*?)(?:  +#.*)?$|`((?:make|python) [^`\n]+)`", re.MULTILINE)
"""Commands of the shell on lines of their own, and calls of make and Python within sentences."""
OTHERS = sorted({
    *(one or two for page in PAGES for one, two in INDENTED.findall(page.read_text())),
    *(command.split("  ")[0] for command in COMMANDS),
} - set(SNAKEMAKE))  # fmt: skip
BIOPSY = [command for command in MINE if re.search("PATH|FOLDER", command)]
REAL = sorted({command for command in MINE if "tests/real" in command})
FIRST = {"make", "source", "export", "mkdir", "cp", "apptainer", "python"}
SAMPLES = (
    "sample\tmodel\ttimepoint\tarm\treplicate\tassay\tmatrix\trole\nB1\tP9\tday21\tunknown\t1\tscrna\tB1.h5\tquery\n"
)


def words_of(first: str) -> list[list[str]]:
    """Return the words of every command that begins with ``first``."""
    return [shlex.split(command)[1:] for command in OTHERS if command.split()[0] == first]


def test_every_command_is_of_a_kind_that_a_test_runs():
    assert {command.split()[0] for command in OTHERS} == FIRST
    assert len(BIOPSY) == 2 and len(REAL) == 2 and len(OTHERS) >= 15


@pytest.mark.parametrize("command", sorted(command for command in OTHERS if command.startswith("make ")))
def test_make_knows_its_targets(command):
    """``--dry-run`` prints what would run, and fails where a target is missing; with an environment in place."""
    stamp = ["--old-file=.venv/.requirements.lock", "--old-file=requirements.lock"]
    done = subprocess.run(
        ["make", "--dry-run", *stamp, *shlex.split(command)[1:]], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip()


def test_templates_are_copied_as_the_pages_say(tmp_path):
    """Each page's commands of the shell in their order, in a folder that holds the checkout's config."""
    ran = 0
    for page in PAGES:
        own = [one or two for one, two in INDENTED.findall(page.read_text())]
        own += [
            c for block in re.findall(r"^```sh\n(.*?)^```", page.read_text(), re.M | re.S) for c in block.splitlines()
        ]
        folder = tmp_path / page.relative_to(ROOT).as_posix().replace("/", "_")
        shutil.copytree(ROOT / "config", folder / "config")
        for command in own:
            if command.split()[:1] in (["mkdir"], ["cp"]):
                subprocess.run(["bash", "-c", command], cwd=folder, check=True)
                ran += 1
        if any(command.startswith("cp ") for command in own):
            assert (folder / "mine" / "samples.tsv").exists() and (folder / "mine" / "config.yaml").exists()
    assert ran >= 3


def test_the_environment_is_activated_by_its_own_file():
    """``make env`` makes it by venv, which writes this file."""
    assert words_of("source") == [[".venv/bin/activate"]]
    assert "-m venv $(VENV)" in (ROOT / "Makefile").read_text()


@pytest.mark.parametrize("words", words_of("python"), ids=" ".join)
def test_scripts_of_python_exist_and_have_their_options(words):
    file = ROOT / (words[1].replace(".", "/") + ".py" if words[0] == "-m" else words[0])
    source = file.read_text()
    compile(source, str(file), "exec")
    for option in (word.split("=")[0] for word in words[1:] if word.startswith("--")):
        assert f'"{option}"' in source, option


def test_a_run_with_a_cache_asks_for_the_folder_that_the_page_exports(shipped, monkeypatch):
    """The block's ``export``, then its command as a dry run: rules that share their results are among the jobs."""
    ((exported,),) = words_of("export")
    name, _ = exported.split("=")
    (shipped.folder / "cache").mkdir()
    monkeypatch.setenv(name, str(shipped.folder / "cache"))
    (command,) = [command for command in SNAKEMAKE if "--cache" in command]
    words = [word.replace("mine/config.yaml", "config/config.yaml") for word in shlex.split(command)[1:]]
    assert shipped.dry_run("--executor", "local", *words, "--", "counts").jobs["index_kb"] == 1
    assert name == "SNAKEMAKE_OUTPUT_CACHE"


def test_an_image_is_built_from_the_recipe_and_runs_the_workflow_in_it(shipped):
    """The builders are not part of the environment: their words are checked, and what runs in the image runs dry."""
    build, execute = sorted(words_of("apptainer"))
    assert build[0] == "build" and (ROOT / build[2]).exists() and build[1] == execute[1]
    place = Path(execute[execute.index("--snakefile") + 1])
    assert f". {place.parent}\n" in (ROOT / "apptainer.def").read_text() and (ROOT / place.name).exists()
    rest = execute[execute.index("--snakefile") + 2 :]
    words = [word.replace("mine/config.yaml", "config/config.yaml") for word in rest]
    assert execute[0] == "exec" and execute[2] == "snakemake"
    assert shipped.dry_run("--executor", "local", *words, "--", "counts").jobs["count_kb"] > 0


def test_jobs_in_an_image_are_planned_with_the_options_that_the_page_names(shipped):
    """Without Apptainer, Snakemake reads options and config and then asks for it in one line."""
    config = shipped.config | {"container": "persister-regulons.sif"}
    (shipped.folder / "config" / "config.yaml").write_text(yaml.safe_dump(config))
    page = (ROOT / "resources" / "docs" / "faq.md").read_text()
    bound = shlex.split(re.search(r"`(--apptainer-args [^`]*)`", page)[1])
    words = [*shlex.split(re.search(r"`(--sdm apptainer)`", page)[1]), *bound]
    _, read = parse_args(["--cores", "1", *words])
    assert read.apptainer_args == bound[1] and [str(way) for way in read.software_deployment_method] == ["apptainer"]
    said = in_process.snakemake(shipped.folder, *arguments_of(shipped.folder, *words, "--", "counts"))
    if shutil.which("apptainer") or shutil.which("singularity"):
        assert said.code == 0, said.text
    else:
        assert "apptainer or singularity command has to be available" in said.text and "Traceback" not in said.text


@pytest.mark.parametrize("command", BIOPSY)
def test_a_biopsy_is_scored_at_another_site(tmp_path, command):
    """PATH is the checkout, PATH/reference and FOLDER a frozen reference; the site has a sheet and a config."""
    config = yaml.safe_load((ROOT / "config" / "config.yaml").read_text())
    frozen = tmp_path / "reference"
    frozen.mkdir()
    study = {key: config[key] for key in ("timepoints", "contrast", "arms", "models")} | {"cells": {}, "prefixes": {}}
    (frozen / MANIFEST).write_text(json.dumps({"format": FORMAT, "format_version": FORMAT_VERSION, "study": study}))
    for name in FILES:
        (frozen / name).touch()
    shutil.copytree(ROOT / "resources", tmp_path / "resources")
    (tmp_path / "B1.h5").touch()
    (tmp_path / "samples.tsv").write_text(SAMPLES)
    for folder in ("config", "other"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "config.yaml").write_text("samples: samples.tsv\n")
    words = [
        word.replace("PATH/reference", str(frozen)).replace("FOLDER", str(frozen)) for word in shlex.split(command)
    ]
    if "--snakefile" in words:
        at = words.index("--snakefile")
        assert (ROOT / words[at + 1].removeprefix("PATH/")).exists()
        del words[at : at + 2]
    assert dry_run(tmp_path, "--executor", "local", *words[1:]).jobs["score_biopsy"] == 1


@pytest.mark.full
@pytest.mark.skipif(not (ROOT.parent / "shared" / "data").is_dir(), reason="../shared/data isn't here")
@pytest.mark.parametrize("command", REAL)
def test_runs_on_real_data_can_be_planned(command):
    assert dry_run(
        ROOT, "--executor", "local", "--rerun-triggers", "mtime", "--forceall", *shlex.split(command)[1:]
    ).jobs

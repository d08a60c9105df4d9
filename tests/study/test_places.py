"""Places that aren't as others: blanks in paths, a home folder that can't be written, object stores."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from scripts.base.job import UserError
from scripts.study.resources import check_python

ROOT = Path(__file__).parents[2]
NOWHERE = "/proc/no-home"
"""A folder that nobody can make, not even root."""


@pytest.mark.parametrize(
    ("sheet", "row", "column"),
    [("units", 2, "fq1"), ("units", 3, "fq2"), ("samples", 4, "matrix"), ("samples", 6, "matrix")],
)
def test_another_address_in_a_sheet_is_refused(draft, sheet, row, column):
    """With row and column, and how to fetch the file; addresses of s3:// have tests of their own."""
    draft.put(sheet, row, column, "gs://bucket/a.fastq.gz")
    message = rf"{sheet}\.tsv, row {row}, column {column}: 'gs://bucket/a\.fastq\.gz' is an address.*rclone"
    with pytest.raises(UserError, match=message):
        draft.load()


@pytest.mark.parametrize("address", ["gs://b/x.fa", "https://example.org/x.fa"])
def test_an_address_for_a_genome_is_refused(draft, address):
    """A database may have `url` with its sum; a genome is a path."""
    draft.set("references.graft.fasta", address)
    with pytest.raises(UserError, match=r"references\.graft\.fasta: '.*' is an address"):
        draft.load()


def test_a_blank_in_the_path_of_python_is_refused():
    """Snakemake calls scripts by it without quotes: exit 126 and no word."""
    with pytest.raises(UserError, match="the path of this Python has a blank"):
        check_python("/home/me/my tools/bin/python")
    check_python("/usr/bin/python3")


def run(folder: Path, python: str, **environment: str) -> subprocess.CompletedProcess:
    """Ask for a whitelist in a checkout."""
    settings = ["--configfile", "config/demo/config.yaml", "--workflow-profile", "config/profiles/local"]
    target = "results/demo/references/whitelists/v2.npy"
    command = [python, "-m", "snakemake", "--cores", "1", *settings, "--", target]
    inherited = {key: value for key, value in os.environ.items() if not key.startswith(("SNAKEMAKE_PROFILE", "XDG"))}
    return subprocess.run(command, cwd=folder, env=inherited | environment, capture_output=True, text=True)


@pytest.fixture(scope="module")
def checkout(tmp_path_factory):
    """Return a copy of the workflow in a folder with a blank."""
    folder = tmp_path_factory.mktemp("places") / "my check out"
    folder.mkdir()
    shutil.copy(ROOT / "Snakefile", folder)
    for name in ("config", "rules", "scripts", "resources", "envs"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__", "results"))
    return folder


def test_a_blank_in_the_path_of_the_checkout_is_fine_and_a_home_that_cannot_be_written(checkout, tmp_path):
    """With XDG_CACHE_HOME, as `make` sets it; Snakemake and numba keep their caches there."""
    done = run(checkout, sys.executable, HOME=NOWHERE, XDG_CACHE_HOME=str(tmp_path / "cache"))
    assert done.returncode == 0, done.stdout + done.stderr
    assert (checkout / "results/demo/references/whitelists/v2.npy").stat().st_size


def test_a_blank_in_the_path_of_python_is_one_line(checkout, tmp_path):
    """Before anything starts."""
    environment = tmp_path / "my python"
    environment.symlink_to(Path(sys.prefix))
    done = run(checkout, str(environment / "bin" / "python"))
    said = done.stdout + done.stderr
    assert done.returncode == 1 and "the path of this Python has a blank" in said and "Traceback" not in said


@pytest.mark.skipif(shutil.which("make") is None, reason="make is not installed")
@pytest.mark.parametrize(("home", "kept"), [(NOWHERE, f"{ROOT}/.cache"), (None, "")])
def test_make_names_a_cache_where_home_cannot_be_written(tmp_path, home, kept):
    """And leaves a good home alone."""
    environment = {key: value for key, value in os.environ.items() if key != "XDG_CACHE_HOME"}
    environment["HOME"] = home or str(tmp_path)
    command = ["make", "-s", "--eval", "show: ; @echo [$${XDG_CACHE_HOME:-}]", "show"]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == f"[{kept}]"
